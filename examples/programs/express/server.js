const express = require("express");

const app = express();
app.get("/health", (_request, response) => response.send("ok"));
app.post("/sum", express.json(), ({ body }, response) => response.json({ sum: body.a + body.b }));

const server = app.listen(Number(process.env.PORT), "0.0.0.0");
process.on("SIGTERM", () => server.close());
