const { createServer } = require("node:http");
const { WebSocketServer } = require("ws");

const server = createServer((_request, response) => response.end("ok"));
const sockets = new WebSocketServer({ server });
sockets.on("connection", (socket) => {
  socket.on("message", (message) => socket.send(`${process.env.KILN_GENERATION}: ${message}`));
});
server.listen(Number(process.env.PORT), "0.0.0.0");
