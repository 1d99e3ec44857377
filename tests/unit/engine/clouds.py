"""AWS below the SDK: real boto3 clients whose calls are answered from a table, checked against botocore's models."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.validate import validate_parameters

from scripts.engine.aws import Aws
from scripts.engine.connection import Connection

Answer = dict[str, Any]
Answers = Answer | Exception | list[Answer | Exception] | Callable[[Answer], Answer | Exception]

CONNECTION = Connection(
    account="111111111111",
    region="eu-central-1",
    registry_host="111111111111.dkr.ecr.eu-central-1.amazonaws.com",
    access_key="test",
    secret_key="test",
    load_balancer_url="http://{dns}",
)


class Refusal(Exception):
    """What AWS answers instead: an error code, its message and HTTP status."""

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message, status


class Cloud:
    """Answers `service:Operation`; a list is used up from the front, its last answer stays."""

    def __init__(self) -> None:
        self.aws = Aws(CONNECTION)
        self.answers: dict[str, Answers] = {}
        self.asked: list[tuple[str, Answer]] = []
        """Every call with its parameters."""
        self._own = threading.local()
        make = self.aws._make
        self.aws._make = lambda service, session: self._listen(make(service, session))  # type: ignore[method-assign]

    def reset(self) -> None:
        """Forget what was asked and what to answer; the clients stay, since making them takes time."""
        self.aws.connection = CONNECTION
        self.aws.calls.clear()
        self.answers, self.asked = {}, []

    def parameters(self, call: str) -> list[Answer]:
        """Parameters of every call of that name."""
        return [parameters for name, parameters in self.asked if name == call]

    def put(self) -> list[Answer]:
        """Every DynamoDB item that was put, alone or in a transaction, in order and in DynamoDB's notation."""
        found: list[Answer] = []
        for name, asked in self.asked:
            if name == "dynamodb:PutItem":
                found.append(asked["Item"])
            elif name == "dynamodb:TransactWriteItems":
                found += [row["Put"]["Item"] for row in asked["TransactItems"]]
        return found

    def _listen(self, client: Any) -> Any:
        client.meta.events.register("before-parameter-build.*.*", self._note)
        client.meta.events.register_last("before-call.*.*", self._reply)
        return client

    def _note(self, params: Answer, model: Any, **_: Any) -> None:
        self._own.parameters = dict(params)
        self.asked.append((f"{model.service_model.service_name}:{model.name}", self._own.parameters))

    def _reply(self, model: Any, **_: Any) -> tuple[AWSResponse, Answer]:
        name = f"{model.service_model.service_name}:{model.name}"
        answer = self._answer(name)
        if isinstance(answer, Refusal):
            detail = {"Code": answer.code, "Message": answer.message}
            return _response(answer.status), {"Error": detail, "ResponseMetadata": {"HTTPStatusCode": answer.status}}
        if isinstance(answer, Exception):
            raise answer
        if model.output_shape is not None:
            validate_parameters(answer, model.output_shape)
        return _response(200), {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}

    def _answer(self, name: str) -> Answer | Exception:
        found = self.answers.get(name)
        assert found is not None, f"the test has no answer to {name}"
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found(self._own.parameters) if callable(found) else found


def _response(status: int) -> AWSResponse:
    return AWSResponse("", status, {}, None)
