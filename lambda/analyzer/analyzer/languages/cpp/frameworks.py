"""Web frameworks of C++ and how they are told where to listen."""

from __future__ import annotations

import re

from analyzer import confidence
from analyzer.languages.compiled.serving import listen

FRAMEWORKS = (
    ("functions-framework", re.compile(r"#include\s*[<\"]google/cloud/functions")),
    ("drogon", re.compile(r"#include\s*[<\"]drogon/")),
    ("crow", re.compile(r"#include\s*[<\"]crow(?:/|\.h|_all\.h)")),
    ("oatpp", re.compile(r"#include\s*[<\"]oatpp")),
    ("pistache", re.compile(r"#include\s*[<\"]pistache/")),
    ("cpp-httplib", re.compile(r"#include\s*[<\"](?:\w+/)?httplib\.h")),
    ("restinio", re.compile(r"#include\s*[<\"]restinio/")),
    ("poco", re.compile(r"#include\s*[<\"]Poco/Net/HTTPServer")),
    ("boost-beast", re.compile(r"#include\s*[<\"]boost/beast")),
)
TABLE = (
    listen(r'\b(?:listen|addListener|bind)\(\s*"(?P<host>[\w.:]*)",\s*(?P<port>\d{2,5})'),
    listen(r"\.port\(\s*(?P<port>\d{2,5})\s*\)"),
    listen(r"\b(?:Port|htons|ServerSocket)\(\s*(?P<port>\d{2,5})\s*\)"),
    listen(
        r"(?i:\b(?:const|constexpr|auto|int|#define)\b[^\n=;]{0,60}\bport\w*)\s*[= {(]\s*(?P<port>\d{2,5})\b",
        "holds the port",
        confidence.DEFAULT,
    ),
)
LISTENS = re.compile(r"\bhtons\(|\.listen\(|\baddListener\(|\bHTTPServer\b|\btcp::acceptor\b|\bCROW_ROUTE\(")
LISTENING = ("htons(", ".listen(", "addListener", "HTTPServer", "acceptor", "CROW_ROUTE")
ROOT = re.compile(r'(?:CROW_ROUTE\(\s*\w+,\s*|\bGet\(\s*|ENDPOINT\(\s*"GET",\s*)"/"')
