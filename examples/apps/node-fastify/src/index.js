import Fastify from "fastify";

const server = Fastify({ logger: true });

server.get("/health", async () => ({ status: "ok" }));
server.get("/", async () => ({ weather: "fine" }));

await server.listen({ host: "0.0.0.0", port: Number(process.env.PORT ?? 8080) });
