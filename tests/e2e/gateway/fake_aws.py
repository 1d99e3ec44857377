"""The three AWS services as the agent calls them, on a port of this machine: table, parameters, tasks in memory."""

from __future__ import annotations

import calendar
import json
import threading
import time
from base64 import b64encode
from collections import Counter
from contextlib import suppress
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from scripts.engine.items import pack, unpack
from scripts.engine.policies.bundle import Bundle
from tests.e2e.gateway.faults import Fault, answer, refusal

Json = dict[str, Any]
TABLE = "slipway-test-gateway"


class FakeAws:
    """Answers until it is told to be down."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Json] = {}
        self.parameters: dict[str, str] = {}
        self.tasks: dict[str, Json] = {}
        self.is_down = False
        self.signatures: set[str] = set()
        self.connections = 0
        self.asked: Counter[str] = Counter()
        self.faults: dict[str, Fault] = {}
        """Operation or service, as in `x-amz-target` -> what comes instead of an answer."""
        self.ahead = 0.0
        """Seconds that this service's clock is ahead of the machine's; a signature counts for five minutes."""
        self.key = ""
        """The only access key that counts; empty: any."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                fake.connections += 1

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["content-length"])))
                fake.signatures.add(self.headers["authorization"].split()[0])
                target = self.headers["x-amz-target"]
                service, _, operation = target.partition(".")
                fake.asked[operation] += 1
                if fault := fake.faults.get(operation) or fake.faults.get(service) or fake.objection(self.headers):
                    with suppress(OSError):
                        fault(self)
                    return
                status, answer = (503, {}) if fake.is_down else fake.answer(target, request)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return super().date_time_string(time.time() + fake.ahead)

            def do_GET(self) -> None:
                row = {"AccessKeyId": fake.key, "SecretAccessKey": "s", "Expiration": "2100-01-01T00:00:00Z"}
                answer(200, json.dumps(row).encode())(self)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop answering for good."""
        self._server.shutdown()
        self._server.server_close()

    def objection(self, headers: Message) -> Fault | None:
        """What is said against a call's signature."""
        signed = calendar.timegm(time.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ"))
        if abs(signed - time.time() - self.ahead) > 300:
            return refusal("InvalidSignatureException")
        if self.key and f"Credential={self.key}/" not in headers["authorization"]:
            return refusal("ExpiredTokenException")
        return None

    def answer(self, target: str, request: Json) -> tuple[int, Json]:
        """Status and body."""
        match target.rpartition(".")[2]:
            case "GetItem":
                found = self.items.get((request["Key"]["pk"]["S"], request["Key"]["sk"]["S"]))
                return 200, {"Item": found} if found else {}
            case "BatchGetItem":
                return 200, {"Responses": {name: self._several(rows) for name, rows in request["RequestItems"].items()}}
            case "Query":
                return 200, {"Items": self._below(request["ExpressionAttributeValues"][":pk"]["S"])}
            case "PutItem":
                item = request["Item"]
                self.items[item["pk"]["S"], item["sk"]["S"]] = item
                return 200, {}
            case "GetParametersByPath":
                rows = [{"Name": name, "Value": value} for name, value in sorted(self.parameters.items())]
                at = int(request.get("NextToken", 0))
                more = {"NextToken": str(at + 10)} if len(rows) > at + 10 else {}
                return 200, {"Parameters": rows[at : at + 10], **more}
            case "ListTasks":
                return 200, {"taskArns": sorted(self.tasks)}
            case "DescribeTasks":
                return 200, {"tasks": [self.tasks[arn] for arn in request["tasks"] if arn in self.tasks]}
        return 400, {"__type": "com.example#UnknownOperationException", "message": target}

    def _several(self, request: Json) -> list[Json]:
        found = [((key["pk"]["S"], key["sk"]["S"]), key) for key in request["Keys"]]
        return [{**key, **self.items[name]} for name, key in found if name in self.items]

    def _below(self, partition: str) -> list[Json]:
        keys = sorted(key for key in list(self.items) if key[0] == partition)
        return [{"pk": {"S": pk}, "sk": {"S": sk}, **self.items[pk, sk]} for pk, sk in keys]

    def upload(self, bundle: Bundle, part: int = 1000) -> None:
        """A version as the engine stores it, in small parts."""
        import hashlib

        data = bundle.packed()
        sha256 = hashlib.sha256(data).hexdigest()
        parts = [data[at : at + part] for at in range(0, len(data), part)]
        for number, piece in enumerate(parts):
            key = f"policies#{bundle.version}#{sha256[:12]}", f"{number:04d}"
            self.items[key] = {"data": {"B": b64encode(piece).decode()}}
        head = {"parts": len(parts), "sha256": sha256}
        self.items["policies", bundle.version] = pack(head)

    def flip(self, version: str, changed: float) -> None:
        """Make a version live."""
        self.items["policies", "live"] = pack({"version": version, "changed": changed})

    def shadow(self, version: str, changed: float) -> None:
        """Make a version the candidate."""
        self.items["policies", "shadow"] = pack({"version": version, "changed": changed})

    def report(self) -> Json:
        """What the only task says."""
        found = [unpack(item) for (pk, _), item in list(self.items.items()) if pk == "gateway-tasks"]
        return found[0] if found else {}

    def run(self, task: str, service: str, address: str, status: str = "RUNNING") -> None:
        """A task of a service."""
        self.tasks[task] = {
            "taskArn": task,
            "group": f"service:{service}",
            "lastStatus": status,
            "attachments": [{"details": [{"name": "privateIPv4Address", "value": address}]}],
        }

    def shift(self, service: str, revision: int, **more: Any) -> None:
        """A service's traffic item."""
        self.items["traffic", service] = pack({"revision": revision, **more})

    def offer(self, service: str, port: int, **settings: Any) -> None:
        """A service's parameter."""
        name = f"/slipway/{TABLE.removesuffix('-gateway')}/gateway/services/{service}"
        self.parameters[name] = json.dumps({"port": port, **settings})
