"""Each correction of the embedded cloud: our launcher behaves like AWS, and MiniStack as it comes does not.

A probe answers whether an emulator behaves like AWS in one respect. When MiniStack has learned it, the second test
fails: then the correction can go.
"""

from __future__ import annotations

import inspect
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local import corrections
from scripts.local.corrections.upstream import service as upstream
from tests.e2e.local.helpers import ACCOUNT, REGION, Emulator, docker, server, until
from tests.e2e.local.service import Service

MakeService = Callable[[Emulator], Service]
Probe = Callable[[Emulator, MakeService], bool]
MANY = 4_000


def unknown_tag_is_an_error(emulator: Emulator, _: MakeService) -> bool:
    emulator.push("unknown-tag")
    try:
        emulator.client("ecr").describe_images(repositoryName="unknown-tag", imageIds=[{"imageTag": "absent"}])
    except ClientError as error:
        return bool(error.response["Error"]["Code"] == "ImageNotFoundException")
    return False


def layers_stay_out_of_the_state_file(emulator: Emulator, _: MakeService) -> bool:
    emulator.push("layers")
    state = emulator.state / "snapshots/current/ecr.json"
    until(lambda: state.exists() and "layers" in state.read_text("utf-8"))
    return bool(state.stat().st_size < 1_000_000)


def dead_target_is_unhealthy(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    one._balance()
    emulator.client("elbv2").register_targets(TargetGroupArn=one.group, Targets=[{"Id": "127.0.0.1", "Port": 9}])
    first = one.targets()[0]["State"]
    one.group, group = "", one.group
    deadline = time.monotonic() + 6
    while time.monotonic() < deadline:
        found = emulator.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        if found[0]["TargetHealth"]["State"] == "unhealthy":
            return first == "initial" and "Target.FailedHealthChecks" in str(found)
        time.sleep(0.2)
    return False


def requests_avoid_dead_targets(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    one._balance()
    with server("127.0.0.2") as port:
        targets = [{"Id": "127.0.0.2", "Port": port}, {"Id": "127.0.0.3", "Port": port}]
        emulator.client("elbv2").register_targets(TargetGroupArn=one.group, Targets=targets)
        one.group, group = "", one.group
        describe = emulator.client("elbv2").describe_target_health
        until(lambda: "healthy" in str(describe(TargetGroupArn=group)["TargetHealthDescriptions"]))
        return all(one.answer()[0] == 200 for _ in range(40))


def rule_rewrites_the_url(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    one._balance()
    elb = emulator.client("elbv2")
    with server("127.0.0.4") as port:
        elb.register_targets(TargetGroupArn=one.group, Targets=[{"Id": "127.0.0.4", "Port": port}])
        balancer = elb.describe_load_balancers(Names=[one.name])["LoadBalancers"][0]["LoadBalancerArn"]
        rewrite = {"Rewrites": [{"Regex": "^/shop/?(.*)$", "Replace": "/$1"}]}
        elb.create_rule(
            ListenerArn=elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"],
            Priority=10,
            Conditions=[{"Field": "path-pattern", "Values": ["/shop/*"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": one.group}],
            Transforms=[{"Type": "url-rewrite", "UrlRewriteConfig": rewrite}],
        )
        one.group = ""
        return one.answer("/shop/cart?x=1")[1] == "/cart?x=1"


def host_chooses_no_listener(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    one._balance()
    elb = emulator.client("elbv2")
    balancer = elb.describe_load_balancers(Names=[one.name])["LoadBalancers"][0]["LoadBalancerArn"]
    action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "299", "MessageBody": "inside"}}
    elb.create_listener(LoadBalancerArn=balancer, Port=8081, Protocol="HTTP", DefaultActions=[action])
    one.group = ""
    return emulator.get(one.name, headers={"Host": "shop.example.com:8081"})[0] != 299


def new_service_is_in_progress(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    one.create(MODE="silent")
    return one.states() == ["IN_PROGRESS"]


def sick_version_is_rolled_back(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    one.create(VERSION="good")
    until(one.is_steady)
    started = time.monotonic()
    one.update(VERSION="sick", MODE="sick")
    while time.monotonic() - started < 30:
        assert one.answer()[0] == 200
        if one.has_failed():
            reasons = {task["stoppedReason"] for task in one.stopped()}
            assert reasons == {f"Task failed ELB health checks in (target-group {one.group})"}
            assert one.answer() == (200, "good /")
            return True
        if one.states() == ["COMPLETED"]:
            break
        time.sleep(0.1)
    return False


def stopping_task_ends_its_requests(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    one.create(desired=1)
    until(lambda: one.is_steady() and one.is_healthy())
    ecs = emulator.client("ecs")
    tasks = ecs.list_tasks(cluster=one.name)["taskArns"]
    answers: list[tuple[int, str]] = []
    request = threading.Thread(target=lambda: answers.append(one.answer("/slow")))
    request.start()
    time.sleep(0.5)
    for task in tasks:
        ecs.stop_task(cluster=one.name, task=task)
    request.join()
    return answers == [(200, "1 /slow")]


def memory_is_limited(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    one.create(desired=1)
    until(one.is_steady)
    one.update(MODE="hungry", memory=512)
    deadline = time.monotonic() + 12
    while time.monotonic() < deadline:
        for task in one.stopped():
            container = task["containers"][0]
            if container.get("exitCode") == 137:
                return str(container.get("reason", "")).startswith("OutOfMemoryError")
        if one.is_steady():
            break
        time.sleep(0.2)
    return False


def start_error_is_named(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    one.create(desired=1, command=("/absent",))
    reason = str(until(one.stopped)[0]["stoppedReason"])
    return reason.startswith("CannotStartContainerError") and "/absent" in reason


def calm_watch(emulator: Emulator, _: MakeService) -> bool:
    """How often containers are inspected cannot be seen from outside: the pause is read from the source."""
    ours = "ecs-calm-watch" in _applied(emulator)
    return ours or "time.sleep(0.1)" not in inspect.getsource(upstream("ecs")._watch_task_lifecycle)


def condition_is_checked_once(emulator: Emulator, _: MakeService) -> bool:
    """A condition on the partition key alone costs nothing for each item; one with a range is still read for each."""
    client, name = emulator.client("dynamodb"), "conditions"
    keys = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    kinds = [{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")]
    client.create_table(TableName=name, KeySchema=keys, AttributeDefinitions=kinds, BillingMode="PAY_PER_REQUEST")
    for start in range(0, MANY, 25):
        rows = [{"PutRequest": {"Item": {"pk": {"S": "a"}, "sk": {"S": f"{n:06}"}}}} for n in range(start, start + 25)]
        client.batch_write_item(RequestItems={name: rows})

    def seconds(condition: str, values: dict[str, Any]) -> float:
        began = time.monotonic()
        found = client.query(
            TableName=name, Limit=1, KeyConditionExpression=condition, ExpressionAttributeValues=values
        )
        assert found["Count"] == 1
        return time.monotonic() - began

    # The quickest of several in turn: what a busy machine adds is in neither.
    whole, ranged = [], []
    for _turn in range(8):
        whole.append(seconds("pk = :pk", {":pk": {"S": "a"}}))
        ranged.append(seconds("pk = :pk AND sk >= :sk", {":pk": {"S": "a"}, ":sk": {"S": "0"}}))
    return min(whole) < min(ranged) / 3


def metrics_are_extracted(emulator: Emulator, _: MakeService) -> bool:
    logs, stream = emulator.client("logs"), {"logGroupName": "metrics", "logStreamName": "one"}
    logs.create_log_group(logGroupName="metrics")
    logs.create_log_stream(**stream)
    now = int(time.time() * 1000)
    directive = {"Namespace": "Shop", "Dimensions": [["Service"]], "Metrics": [{"Name": "Requests", "Unit": "Count"}]}
    line = {"_aws": {"Timestamp": now, "CloudWatchMetrics": [directive]}, "Service": "cart", "Requests": 7}
    logs.put_log_events(**stream, logEvents=[{"timestamp": now, "message": json.dumps(line)}])
    found = emulator.client("cloudwatch").get_metric_statistics(
        Namespace="Shop",
        MetricName="Requests",
        Dimensions=[{"Name": "Service", "Value": "cart"}],
        StartTime=now / 1000 - 60,
        EndTime=now / 1000 + 60,
        Period=60,
        Statistics=["Sum"],
    )
    return [point["Sum"] for point in found["Datapoints"]] == [7]


def failed_deployments_go(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    one.create(desired=1)
    until(one.is_steady)
    one.update(MODE="crash")
    until(one.has_failed)
    one.update(VERSION="2")
    until(lambda: one.states()[0] == "COMPLETED")
    time.sleep(1)
    return not one.has_failed()


def failing_task_is_replaced_slowly(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    one.create(desired=1, VERSION="good")
    until(one.is_steady)
    one.update(breaker=False, MODE="crash")
    until(lambda: len(one.stopped()) >= 4, 90)
    created = sorted(task["createdAt"].timestamp() for task in one.stopped())
    told = [row for row in one.record()["events"] if "unable to consistently start tasks" in row["message"]]
    one.update(VERSION="good")
    # The fourth begins two seconds after the third has failed, or later: a busy machine only adds to it.
    return bool(told) and created[3] - created[2] >= 2


def removed_container_is_replaced(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    one.create(desired=1)
    until(one.is_steady)
    label = f"label=com.amazonaws.ecs.task-arn={one.running()[0]['taskArn']}"
    docker("rm", "-f", docker("ps", "-q", "--filter", label))
    time.sleep(3)
    return bool(one.stopped()) and one.answer()[0] == 200


def entry_point_is_used(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    words = {"entryPoint": ["python3", "-c"], "command": ["raise SystemExit(23)"]}
    return bool(one.run(one.define(more=words))["containers"][0].get("exitCode") == 23)


def secure_strings_are_decrypted(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    emulator.client("ssm").put_parameter(Name=f"/{one.name}", Value="24", Type="SecureString")
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{one.name}"
    definition = one.define(
        command=("python3", "-c", "import os; raise SystemExit(int(os.environ['CODE']))"),
        more={"secrets": [{"name": "CODE", "valueFrom": arn}]},
    )
    return bool(one.run(definition)["containers"][0].get("exitCode") == 24)


def template_secrets_are_kept(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    secret = {"Name": "KEY", "ValueFrom": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/key"}
    container = {"Name": "app", "Image": one.image, "Secrets": [secret]}
    definition = {"Family": one.name, "Cpu": "256", "Memory": "512", "ContainerDefinitions": [container]}
    template = {"Resources": {"Definition": {"Type": "AWS::ECS::TaskDefinition", "Properties": definition}}}
    stacks = emulator.client("cloudformation")
    stacks.create_stack(StackName=one.name, TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName=one.name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    found = emulator.client("ecs").describe_task_definition(taskDefinition=one.name)["taskDefinition"]
    return bool(found["containerDefinitions"][0].get("secrets") == [{"name": "KEY", "valueFrom": secret["ValueFrom"]}])


def template_grace_period_is_kept(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    emulator.client("ecs").create_cluster(clusterName=one.name)
    properties = {
        "ServiceName": one.name,
        "Cluster": one.name,
        "TaskDefinition": one.define(),
        "DesiredCount": 0,
        "LaunchType": "FARGATE",
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}},
        "HealthCheckGracePeriodSeconds": 25,
    }
    template = {"Resources": {"Service": {"Type": "AWS::ECS::Service", "Properties": properties}}}
    stacks = emulator.client("cloudformation")
    stacks.create_stack(StackName=one.name, TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName=one.name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    return bool(one.record()["healthCheckGracePeriodSeconds"] == 25)


def schedules_run_their_tasks(emulator: Emulator, make: MakeService) -> bool:
    one = make(emulator)
    emulator.client("ecs").create_cluster(clusterName=one.name)
    emulator.client("scheduler").create_schedule(
        Name=one.name,
        ScheduleExpression="at(2020-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{one.name}",
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/any",
            "EcsParameters": {
                "TaskDefinitionArn": one.define(command=("python3", "-c", "raise SystemExit(25)")),
                "LaunchType": "FARGATE",
                "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"]}},
            },
        },
    )
    deadline = time.monotonic() + 16
    while time.monotonic() < deadline:
        if tasks := one.stopped():
            return bool(tasks[0]["containers"][0]["exitCode"] == 25)
        time.sleep(0.2)
    return False


def _applied(emulator: Emulator) -> tuple[str, ...]:
    return emulator.start().corrections


PROBES: dict[str, Probe] = {
    "ecr-describe-images": unknown_tag_is_an_error,
    "ecr-blobs-on-disk": layers_stay_out_of_the_state_file,
    "elb-target-health": dead_target_is_unhealthy,
    "elb-healthy-routing": requests_avoid_dead_targets,
    "elb-url-rewrite": rule_rewrites_the_url,
    "elb-public-listener": host_chooses_no_listener,
    "ecs-service-stability": new_service_is_in_progress,
    "ecs-target-health": sick_version_is_rolled_back,
    "ecs-draining": stopping_task_ends_its_requests,
    "ecs-memory": memory_is_limited,
    "ecs-start-errors": start_error_is_named,
    "ecs-calm-watch": calm_watch,
    "ecs-throttling": failing_task_is_replaced_slowly,
    "ecs-removed-containers": removed_container_is_replaced,
    "ecs-failed-deployments": failed_deployments_go,
    "ecs-entry-point": entry_point_is_used,
    "ecs-secure-strings": secure_strings_are_decrypted,
    "ecs-template-secrets": template_secrets_are_kept,
    "ecs-template-grace-period": template_grace_period_is_kept,
    "ecs-scheduled-tasks": schedules_run_their_tasks,
    "dynamodb-key-conditions": condition_is_checked_once,
    "logs-embedded-metrics": metrics_are_extracted,
}
ELSEWHERE = {"ecs-restored-tasks", "ecs-stopped-tasks"}
"""Need an emulator that is restarted: tests/e2e/local/test_restart.py."""


def test_every_correction_has_a_probe() -> None:
    assert {row.name for row in corrections.TABLE} == PROBES.keys() | ELSEWHERE


@pytest.mark.parametrize("name", PROBES)
def test_we_behave_like_aws(name: str, corrected: Emulator, service: MakeService) -> None:
    assert PROBES[name](corrected, service)


@pytest.mark.parametrize("name", PROBES)
def test_upstream_still_does_not(name: str, plain: Emulator, service: MakeService) -> None:
    assert not PROBES[name](plain, service), json.dumps({"remove the correction": name})
