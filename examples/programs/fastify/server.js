const fastify = require("fastify")();

fastify.get("/health", async () => "ok");
fastify.get("/hello/:name", async ({ params }) => ({ hello: params.name }));

process.on("SIGTERM", () => fastify.close());
fastify.listen({ host: "0.0.0.0", port: Number(process.env.PORT) });
