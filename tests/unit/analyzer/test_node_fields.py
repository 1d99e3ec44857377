"""Ports, health paths and start scripts of Node.js applications."""

from __future__ import annotations

import pytest

from tests.unit.analyzer.node_service import YARN, codes, manifest, service

PORTS = [
    ("const port = Number(process.env.PORT) || 4001;\napp.listen(port)", 4001),
    ("app.listen(parseInt(process.env.PORT, 10) || 4002)", 4002),
    ("const { PORT = 4003 } = process.env\napp.listen(PORT)", 4003),
    ("const port = process.env.PORT ? Number(process.env.PORT) : 4004\napp.listen(port)", 4004),
    ("z.object({ PORT: z.coerce.number().default(4005) })\napp.listen(env.PORT)", 4005),
    ("fastify.listen({ host: '0.0.0.0', port: 4006 })", 4006),
    ("// app.listen(1)\napp.listen(4007, '0.0.0.0')", 4007),
    ("config.get('PORT', 4008); await app.listen(x)", 4008),
    ("server.listen(process.env.PORT)", 3000),
    ("console.log('no server')", None),
]


@pytest.mark.parametrize(("text", "port"), PORTS)
def test_ports_in_sources(text: str, port: int | None) -> None:
    assert service({"package.json": manifest({"start": "node index.js"}), "index.js": text}).value("port") == port


def test_a_port_has_its_line() -> None:
    files = {"package.json": manifest({"start": "node index.js"}), "index.js": "// a\n\napp.listen(4000)\n"}
    evidence = service(files).fields["port"].evidence[0]
    assert (evidence.path, evidence.line, evidence.text) == ("index.js", 3, "app.listen(4000)")


HEALTH = [
    ({"index.js": "app.get('/healthz', f); app.listen(1234)"}, "/healthz"),
    ({"index.js": "app.get('/', f)\napp.listen(1234)"}, "/"),
    ({"index.js": "import './a.js'", "src/health.controller.ts": "@Controller('health')"}, "/health"),
    ({"app/api/health/route.ts": "export const GET = 1", "index.js": ""}, "/api/health"),
    ({"server/api/health.get.ts": "", "index.js": ""}, "/api/health"),
    ({"src/routes/healthz/+server.ts": "", "index.js": ""}, "/healthz"),
    ({"index.js": "if (req.url === '/ping') res.end()"}, "/ping"),
    ({"index.js": "app.listen(1)"}, None),
]


@pytest.mark.parametrize(("files", "path"), HEALTH)
def test_health_paths(files: dict[str, str], path: str | None) -> None:
    assert service({"package.json": manifest({"start": "node index.js"}), **files}).value("health_path") == path


@pytest.mark.parametrize(
    ("text", "needs", "warned"),
    [
        ("app.listen(3000, 'localhost')", [], True),
        ("server.listen({ port: 3000, host: '127.0.0.1' })", [], True),
        ("fastify.listen({ port: 3000 })", ["fastify"], True),
        ("fastify.listen({ port: 3000, host: '0.0.0.0' })", ["fastify"], False),
        ("app.listen(3000)", ["express"], False),
    ],
)
def test_what_listens_on_loopback_only_is_told(text: str, needs: list[str], warned: bool) -> None:
    found = service({"package.json": manifest({"start": "node index.js"}, needs), "index.js": text})
    assert ("binds_loopback" in codes(found)) == warned


STARTS = [
    ("node server.js", ("node", "server.js")),
    ("NODE_ENV=production node server.js", ("node", "server.js")),
    ("cross-env NODE_ENV=production node server.js", ("node", "server.js")),
    ("PORT=80 node server.js", ("env", "PORT=80", "node", "server.js")),
    ("npx next start", ("next", "start")),
    ("node server.js --port $PORT", ("sh", "-c", "exec node server.js --port 3000")),
    ("npm run build && node server.js", ("npm", "run", "start")),
    ("nodemon server.js", ("node", "server.js")),
    ("tsx watch src/server.ts", ("tsx", "src/server.ts")),
    ("pm2 start server.js", ("pm2-runtime", "start", "server.js")),
]


@pytest.mark.parametrize(("script", "argv"), STARTS)
def test_a_script_of_one_command_runs_without_the_package_manager(script: str, argv: tuple[str, ...]) -> None:
    start = service({"package.json": manifest({"start": script}, ["express"]), "server.js": ""}).value("start")
    assert (start.kind, start.target, start.command, start.argv) == ("package-script", "start", "npm run start", argv)


def test_a_script_with_a_hook_needs_the_package_manager() -> None:
    files = {"package.json": manifest({"prestart": "x", "start": "node a.js"}), "yarn.lock": YARN, "a.js": ""}
    assert service(files).value("start").argv == ("yarn", "run", "start")


def test_a_start_script_for_developers_is_told() -> None:
    assert "development_server" in codes(service({"package.json": manifest({"start": "nodemon a.js"}), "a.js": ""}))
