"""What a Go program serves: its framework, port and health path."""

from __future__ import annotations

import re

from analyzer import confidence
from analyzer.languages.compiled import serving
from analyzer.languages.compiled.serving import listen
from analyzer.languages.compiled.sources import Sources
from analyzer.languages.go.modules import Layout
from analyzer.project import Project

FRAMEWORKS = (
    ("gin", "github.com/gin-gonic/gin"),
    ("echo", "github.com/labstack/echo"),
    ("fiber", "github.com/gofiber/fiber"),
    ("beego", "github.com/beego/beego", "github.com/astaxie/beego"),
    ("buffalo", "github.com/gobuffalo/buffalo"),
    ("revel", "github.com/revel/revel"),
    ("iris", "github.com/kataras/iris"),
    ("hertz", "github.com/cloudwego/hertz"),
    ("pocketbase", "github.com/pocketbase/pocketbase"),
    ("go-zero", "github.com/zeromicro/go-zero"),
    ("kratos", "github.com/go-kratos/kratos"),
    ("gofr", "gofr.dev"),
    ("goa", "goa.design/goa"),
    ("martini", "github.com/go-martini/martini"),
    ("huma", "github.com/danielgtaylor/huma"),
    ("chi", "github.com/go-chi/chi"),
    ("gorilla", "github.com/gorilla/mux"),
    ("httprouter", "github.com/julienschmidt/httprouter"),
    ("fasthttp", "github.com/valyala/fasthttp"),
    ("connect", "connectrpc.com/connect"),
    ("grpc", "google.golang.org/grpc"),
)
"""Framework, then the modules that are it; one that builds on another comes first."""
DEFAULT_PORTS = {
    "gin": 8080,
    "beego": 8080,
    "iris": 8080,
    "martini": 3000,
    "pocketbase": 8090,
    "buffalo": 3000,
    "gofr": 8000,
}
"""Where the framework listens when it is told nothing, by its documentation."""
HOST = r'(?P<host>[^":\s]*)'
TABLE = (
    listen(rf'ListenAndServe(?:TLS)?\(\s*"{HOST}:(?P<port>\d+)"'),
    listen(rf'\.(?:Run|RunTLS|Start|StartTLS|Listen|ListenTLS)\(\s*(?:iris\.Addr\(\s*)?"{HOST}:(?P<port>\d+)"'),
    listen(rf'Listen\(\s*(?:\w+,\s*)?"tcp[46]?",\s*"{HOST}:(?P<port>\d+)"'),
    listen(rf'Addr:\s*"{HOST}:(?P<port>\d+)"'),
    listen(r'Sprintf\(\s*"(?P<host>[^":]*):%[dsv]",\s*"?(?P<port>\d{2,5})"?\s*\)'),
    listen(
        rf'\.(?:String|Int|Uint)(?:Var)?P?\((?:&[\w.]+,\s*)?"[\w-]*(?:port|addr|address|listen|http|bind)",\s*(?:"\w",\s*)?'
        rf'"?(?:{HOST}:)?(?P<port>\d{{2,5}})\b',
        "has a flag whose default is port",
    ),
    listen(
        r'\.SetDefault\("(?i:[\w.]*port|[\w.]*addr(?:ess)?)",\s*"?(?:[\w.]*:)?(?P<port>\d{2,5})"?\)',
        "sets the default port",
    ),
    listen(
        rf'\b(?i:\w*(?:port|addr|address|listen|bind))\b\s*(?:string|int|uint16)?\s*:?=\s*"?(?:{HOST}:)?(?P<port>\d{{2,5}})"?\s*$',
        "holds the port",
        confidence.DEFAULT,
    ),
    listen(
        r'(?:[dD]efault|value):"?\s*"?:?(?P<port>\d{4,5})"',
        "has a setting whose default is port",
        confidence.CONVENTION,
    ),
)
LISTENS = re.compile(
    r"\bListenAndServe(?:TLS)?\(|\bnet\.Listen\(|\bhttp\.Serve\(|\.Listen\(\s*[\":\w]|\.Run\(\s*(?:\)|[\":]|addr|port)|"
    r"\.Start\(\s*[\":]|\bhttp\.Server\{|grpc\.NewServer\(|\bautocert\.NewListener\("
)
LISTENING = ("Listen", "http.Serve", ".Run(", ".Start(", "grpc.NewServer(")
WORKERS = (
    "github.com/hibiken/asynq",
    "github.com/segmentio/kafka-go",
    "github.com/IBM/sarama",
    "github.com/Shopify/sarama",
    "github.com/twmb/franz-go",
    "github.com/confluentinc/confluent-kafka-go",
    "github.com/rabbitmq/amqp091-go",
    "github.com/streadway/amqp",
    "github.com/nats-io/nats.go",
    "github.com/robfig/cron",
    "go.temporal.io/sdk",
    "github.com/riverqueue/river",
    "github.com/bwmarrin/discordgo",
    "github.com/go-telegram-bot-api/telegram-bot-api",
    "gopkg.in/telebot.v3",
    "github.com/slack-go/slack",
)
"""Modules of programs that run on without listening."""
ROOT = re.compile(r'\.?(?:Handle(?:Func)?|GET|Get|Any|All)\(\s*"(?:GET )?/(?:\{\$\})?"')
FUNCTIONS = "github.com/GoogleCloudPlatform/functions-framework-go"


def read(project: Project, layout: Layout, sources: Sources, *, chosen_one: bool) -> None:
    """Adds kind, framework, port and health path."""
    framework = _framework(project, layout, sources)
    sources = sources.serving()
    listening = sources.search(LISTENS, LISTENING)
    if not listening and not framework:
        _without_port(project, layout)
        return
    reason = f"{listening.path} listens for requests" if listening else f"it is built with {framework}"
    sure = confidence.PROVEN if listening else confidence.DEFAULT
    project.findings.add("kind", "web", sure, reason, *([listening.evidence] if listening else []))
    serving.find_port(project, sources, TABLE)
    serving.warn_of_loopback(project, sources, TABLE)
    serving.find_health(project, sources, ROOT)
    _default_port(project, framework, chosen_one=chosen_one)


def _framework(project: Project, layout: Layout, sources: Sources) -> str | None:
    for name, *paths in FRAMEWORKS:
        named = "|".join(map(re.escape, paths))
        imported = sources.search(re.compile(rf'^[^"\n`]*"(?:{named})(?:/[^"\n]*)?"', re.M), paths)
        if imported:
            project.findings.add("framework", name, confidence.PROVEN, f"{imported.path} imports it", imported.evidence)
            return name
    for name, *paths in FRAMEWORKS[:-1]:
        required = layout.requirement(*paths)
        if required and not required[1].indirect:
            reason = f"go.mod requires {required[0]}"
            project.findings.add("framework", name, confidence.DEFAULT, reason, required[1].evidence)
            return name
    return None


def _default_port(project: Project, framework: str | None, *, chosen_one: bool) -> None:
    findings = project.findings
    if findings.value("port") is not None:
        return
    if port := DEFAULT_PORTS.get(framework or ""):
        findings.add("port", port, confidence.DEFAULT, f"{framework} listens there when it is told nothing")
    elif "port_variable" in findings.details and chosen_one:
        name = findings.details["port_variable"]
        findings.add("port", 8080, confidence.DEFAULT, f"it listens where {name} says, which the image sets")
    serving.no_port(project)


def _without_port(project: Project, layout: Layout) -> None:
    add = project.findings.add
    if function := layout.requirement(FUNCTIONS):
        add("kind", "function", confidence.DEFAULT, f"go.mod requires {function[0]}", function[1].evidence)
    elif worker := layout.requirement(*WORKERS):
        add("kind", "worker", confidence.CONVENTION, f"it uses {worker[0]} and listens nowhere", worker[1].evidence)
    else:
        add("kind", "command", confidence.CONVENTION, "nothing in its source listens for requests")
