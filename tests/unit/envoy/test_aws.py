"""Signatures as the reference client makes them; credentials; discovery in pages."""

from __future__ import annotations

from typing import Any

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Reference

from agent import discovery
from agent.aws import signed
from agent.credentials import Credentials, NoCredentials, Provider

BODY = b'{"TableName": "t", "Key": {}}'
HEADERS = {
    "content-type": "application/x-amz-json-1.0",
    "host": "dynamodb.eu-central-1.amazonaws.com",
    "x-amz-target": "DynamoDB_20120810.GetItem",
}


@pytest.mark.parametrize("token", ["", "a/session+token=="])
def test_a_signature_is_the_reference_client_s(token: str) -> None:
    request = AWSRequest("POST", f"https://{HEADERS['host']}/", headers=dict(HEADERS), data=BODY)
    reference = botocore.auth.SigV4Auth(Reference("AKID", "secret", token or None), "dynamodb", "eu-central-1")
    reference.add_auth(request)
    now = request.headers["X-Amz-Date"]
    made = signed(HEADERS, BODY, Credentials("AKID", "secret", token), scope=(now, "eu-central-1", "dynamodb"))
    assert made["authorization"] == request.headers["Authorization"]


def test_credentials_of_the_environment() -> None:
    provider = Provider({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c"})
    assert provider.get() == Credentials("a", "b", "c")
    with pytest.raises(NoCredentials):
        Provider({}).get()


class Pages:
    """An API that answers page by page."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages, self.asked = list(pages), list[dict[str, Any]]()

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(request)
        return self.pages.pop(0)


def task(group: str, address: str, status: str = "RUNNING") -> dict[str, Any]:
    details = [{"name": "subnetId", "value": "s"}, {"name": "privateIPv4Address", "value": address}]
    return {"group": group, "lastStatus": status, "attachments": [{"details": details}]}


def test_parameters_are_read_to_the_last_page() -> None:
    first = {"Parameters": [{"Name": "/p/auth", "Value": "1"}], "NextToken": "more"}
    api = Pages(first, {"Parameters": [{"Name": "/p/services/a", "Value": "2"}]})
    assert discovery.parameters(api, "/p") == {"auth": "1", "services/a": "2"}
    assert "NextToken" not in api.asked[0]
    assert api.asked[1]["NextToken"] == "more"


def test_only_running_tasks_of_services_count() -> None:
    tasks = [
        task("service:shop", "10.0.0.1"),
        task("service:shop", "10.0.0.2"),
        task("service:shop", "10.0.0.3", "PENDING"),
        task("family:shop", "10.0.0.4"),
    ]
    api = Pages({"taskArns": ["a"], "nextToken": "t"}, {"taskArns": ["b"]}, {"tasks": tasks})
    assert discovery.addresses(api, "c") == {"shop": frozenset({"10.0.0.1", "10.0.0.2"})}


def test_of_two_services_for_one_path_the_first_by_name_counts(capsys: pytest.CaptureFixture[str]) -> None:
    found = {"services/b": '{"port": 1, "path": "/x"}', "services/a": '{"port": 2, "path": "/x"}', "services/c": "{}"}
    assert [service.name for service in discovery.services(found)] == ["a"]
    assert "a service is left out" in capsys.readouterr().out


@pytest.mark.parametrize("page", [{}, {"Parameters": 1}, {"Parameters": [{}]}, {"Parameters": [1]}])
def test_an_answer_of_another_shape_is_trouble_of_the_api(page: dict[str, Any]) -> None:
    with pytest.raises(OSError, match="another shape"):
        discovery.parameters(Pages(page), "/p")


@pytest.mark.parametrize("tasks", [1, [1], [task("service:a", "localhost")], [task("service:a", "10.0.0.1\n")]])
def test_tasks_of_another_shape_are_trouble_of_the_api(tasks: Any) -> None:
    with pytest.raises(OSError, match="another shape"):
        discovery.addresses(Pages({"taskArns": ["a"]}, {"tasks": tasks}), "c")


def test_a_listing_that_never_ends_is_given_up() -> None:
    with pytest.raises(OSError, match="pages"):
        discovery.parameters(Pages(*[{"Parameters": [], "NextToken": "again"}] * 300), "/p")
