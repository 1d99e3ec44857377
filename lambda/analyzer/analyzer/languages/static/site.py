"""The image that serves a folder of files: nginx without privileges, by one complete configuration.

The only stage of its kind, for pages that Node.js builds, for plain folders and for sites of documentation alike. The
configuration replaces nginx.conf, so that the official image and Debian's package behave the same.
"""

from __future__ import annotations

import re

from analyzer.render.recipe import Copy, Entry, Env, Expose, Health, Run, Stage, Step

BASE = "nginx:1.28-bookworm"
PORT = 8080
"""Above 1024: no capability is needed to listen on it."""
ROOT = "/srv"
ARGV = ("nginx", "-e", "stderr")
"""The log that nginx opens before it reads its configuration is not writable for everyone."""
HASHED = (
    r"~^/(?:_next/static|_astro|_nuxt|_app/immutable)/"
    r"|[.-](?=[\w-]*\d)[\w-]{8,}\.(?:js|mjs|css|woff2?)$"
    r"|\.[0-9a-f]{8,}\.\w+$"
)
"""Files whose name changes with their content: folders of Next.js, Astro, Nuxt and SvelteKit, names with a hash."""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def stage(*, source: str | None, folder: str, fallback: str = "", port: int = PORT) -> Stage:
    """The last stage of a recipe; files are taken from a folder of another stage, or of the build context.

    `fallback` answers paths without a file, for pages that route in the browser; without it they are answered 404, by
    404.html if there is one.
    """
    written = " ".join(f"'{line}'" for line in configuration(fallback, port))
    steps: tuple[Step, ...] = (
        Env((("PORT", str(port)),)),
        Run((f"printf '%s\\n' {written} > /etc/nginx/nginx.conf", "touch --date=@0 /etc/nginx/nginx.conf")),
        Copy((folder,), ROOT, stage=source),
        Expose(port),
        health(port),
        Entry(ARGV),
    )
    return Stage(BASE, steps)


def health(port: int) -> Health:
    """A request by bash itself; the image has no other client that can be relied on."""
    ask = f"exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'HEAD / HTTP/1.0\\r\\n\\r\\n' >&3; read -r _ status _ <&3"
    return Health(("bash", "-c", f"{ask}; (( status < 500 ))"))


def configuration(fallback: str, port: int) -> tuple[str, ...]:
    """The lines of nginx.conf. What nginx writes goes to /tmp, the only place that may be writable."""
    routed = re.fullmatch(r"[\w./-]+", fallback) and fallback != "404.html"
    missing = f"/{fallback}" if routed else "=404"
    return (
        "daemon off;",
        "worker_processes auto;",
        "pid /tmp/nginx.pid;",
        "error_log stderr warn;",
        "events { worker_connections 1024; }",
        "http {",
        "  include mime.types;",
        "  default_type application/octet-stream;",
        "  access_log /dev/stdout;",
        "  server_tokens off;",
        "  sendfile on;",
        "  absolute_redirect off;",
        "  gzip on;",
        "  gzip_vary on;",
        "  gzip_types text/css text/javascript application/javascript application/json image/svg+xml application/wasm;",
        *(f"  {name}_temp_path /tmp/{name};" for name in TEMPORARY),
        f'  map $uri $kept {{ default "no-cache"; "{HASHED}" "public, max-age=31536000, immutable"; }}',
        "  server {",
        f"    listen {port};",
        f"    root {ROOT};",
        "    index index.html index.htm;",
        "    error_page 403 =404 /404.html;",
        "    error_page 404 /404.html;",
        "    add_header Cache-Control $kept;",
        "    add_header X-Content-Type-Options nosniff;",
        f"    location / {{ try_files $uri $uri.html $uri/ {missing}; }}",
        r"    location ~ /\.(?!well-known/) { return 404; }",
        "  }",
        "}",
    )
