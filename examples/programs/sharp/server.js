const { createServer } = require("node:http");
const sharp = require("sharp");

const drawing = Buffer.from('<svg width="64" height="64"><circle cx="32" cy="32" r="30" fill="tomato"/></svg>');

createServer(async ({ url }, response) => {
  if (url === "/health") return response.end("ok");
  const image = await sharp(drawing).resize(16).png().toBuffer();
  response.setHeader("Content-Type", "image/png").end(image);
}).listen(Number(process.env.PORT), "0.0.0.0");
