"""What the templates promise, whatever they look like."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from settings import Service
from settings.model import service_key
from stacks.constructs.load_balancer import load_balancer_name
from tests.stacks.conftest import SERVICES, Synthesis, make_settings, synthesise
from tests.stacks.test_rules import nag_findings

SERVICE = "AWS::ECS::Service"
TASK = "AWS::ECS::TaskDefinition"
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
ROLE = "AWS::IAM::Role"
PARAMETER = "AWS::SSM::Parameter"
SERVICE_KEYS = ("service-gateway", "service-hello")


def statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    """All statements of a role's inline policies."""
    return [statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]]


@pytest.mark.parametrize("key", SERVICE_KEYS)
def test_a_rollout_keeps_full_strength_and_rolls_back(synthesis: Synthesis, key: str) -> None:
    configuration = synthesis.resource(key, SERVICE)["DeploymentConfiguration"]
    assert configuration["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert (configuration["MinimumHealthyPercent"], configuration["MaximumPercent"]) == (100, 200)
    assert configuration["EarlySuccessCriteria"]["SourceServiceRevisionCleanup"] == "DEFERRED"


@pytest.mark.parametrize("key", SERVICE_KEYS)
def test_the_image_is_the_registrys_under_the_tag_parameter(synthesis: Synthesis, key: str) -> None:
    (container,) = synthesis.resource(key, TASK)["ContainerDefinitions"]
    repository = synthesis.settings.image(container["Name"], "")
    assert container["Image"] == {"Fn::Join": ["", [repository, {"Ref": "ImageTag"}]]}
    assert "HealthCheck" not in container


def test_the_tag_is_the_only_parameter_and_has_no_default(synthesis: Synthesis) -> None:
    parameters = synthesis.template("service-hello")["Parameters"]
    assert list(parameters) == ["ImageTag"]
    assert "Default" not in parameters["ImageTag"]


def test_inline_mode_changes_only_the_asset_manifest(embedded: Synthesis) -> None:
    inline = synthesise(make_settings("embedded"), inline=(("hello", "src-0123456789ab"),))
    for key in embedded.settings.stack_keys:
        assert inline.template(key) == embedded.template(key)
    assert embedded.assets("service-hello").get("dockerImages", {}) == {}
    (image,) = inline.assets("service-hello")["dockerImages"].values()
    (destination,) = image["destinations"].values()
    assert destination == {
        "repositoryName": "slipway-local/hello",
        "imageTag": "src-0123456789ab",
        "region": "us-east-1",
    }
    assert image["source"]["executable"][2:] == ["--target", "local", "hello", "src-0123456789ab"]
    assert inline.assets("service-gateway").get("dockerImages", {}) == {}


@pytest.mark.parametrize("key", SERVICE_KEYS)
def test_a_task_may_pull_its_own_images_and_nothing_else(synthesis: Synthesis, key: str) -> None:
    execution, task = synthesis.resources(key, ROLE)
    name = key.removeprefix("service-")
    pulls = [s["Resource"] for s in statements(execution) if "ecr:BatchGetImage" in s["Action"]]
    target = synthesis.settings.target
    repository = synthesis.settings.repository(name)
    assert pulls == [f"arn:aws:ecr:{target.region}:{target.account}:repository/{repository}"]
    assert [s["Action"] for s in statements(execution) if s["Resource"] == "*"] == ["ecr:GetAuthorizationToken"]
    assert ("Policies" in task) == (name == "gateway")


def test_the_gateway_reads_its_own_and_writes_reports_only(synthesis: Synthesis) -> None:
    _, task = synthesis.resources("service-gateway", ROLE)
    allowed = statements(task)
    target, prefix = synthesis.settings.target, synthesis.settings.prefix
    here = f"{target.region}:{target.account}"
    table = f"arn:aws:dynamodb:{here}:table/{synthesis.settings.gateway_table}"
    path = f"arn:aws:ssm:{here}:parameter/slipway/{prefix}/gateway"
    cluster = {"ArnEquals": {"ecs:cluster": f"arn:aws:ecs:{here}:cluster/{prefix}"}}
    assert [(one["Action"], one["Resource"], one.get("Condition")) for one in allowed] == [
        (["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"], table, None),
        (
            "dynamodb:PutItem",
            table,
            {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["gateway-tasks"]}},
        ),
        ("ssm:GetParametersByPath", [path, f"{path}/*"], None),
        ("ecs:ListTasks", "*", cluster),
        ("ecs:DescribeTasks", f"arn:aws:ecs:{here}:task/{prefix}/*", cluster),
    ]


def test_services_are_reached_through_the_gateway_only(synthesis: Synthesis) -> None:
    resources = synthesis.template("platform")["Resources"]
    listeners = {name: row["Properties"]["Port"] for name, row in resources.items() if row["Type"] == LISTENER}
    doors = synthesis.resources("platform", "AWS::EC2::SecurityGroup")[0]["SecurityGroupIngress"]
    (behind,) = (name for name, port in listeners.items() if port not in (80, 443))
    assert listeners[behind] not in {door["FromPort"] for door in doors}
    assert all(door["FromPort"] == door["ToPort"] for door in doors)
    assert next(name for name in resources if name in listeners) in resources[behind]["DependsOn"]
    for key in ("service-gateway", "service-hello", "service-shop"):
        is_behind = "BehindListenerArn" in json.dumps(synthesis.resource(key, RULE)["ListenerArn"])
        assert is_behind == (key != "service-gateway"), key


def test_the_gateway_may_talk_to_services_and_they_to_nobody(synthesis: Synthesis) -> None:
    def groups(key: str) -> list[str]:
        network = synthesis.resources(key, SERVICE)[0]["NetworkConfiguration"]
        return [json.dumps(group) for group in network["AwsvpcConfiguration"]["SecurityGroups"]]

    _, gateway = groups("service-gateway")
    assert "Gateway" in gateway
    for key in ("service-hello", "service-shop"):
        assert len(groups(key)) == 1
        (serving,) = (
            group["SecurityGroupIngress"]
            for group in synthesis.resources(key, "AWS::EC2::SecurityGroup")
            if "SecurityGroupIngress" in group
        )
        sources = {row["Description"]: json.dumps(row["SourceSecurityGroupId"]) for row in serving}
        assert sources["Gateway"] == gateway
        assert {row["FromPort"] for row in serving} == {synthesis.settings.service(key[8:]).port}


def test_the_gateway_reads_of_a_service_what_the_agent_knows(synthesis: Synthesis) -> None:
    for service in synthesis.settings.services:
        found = synthesis.resources(service_key(service.name), PARAMETER)
        assert len(found) == (service.name != "gateway")
    shop = synthesis.resource("service-shop", PARAMETER)
    assert shop["Name"] == f"/slipway/{synthesis.settings.prefix}/gateway/services/shop"
    assert json.loads(shop["Value"]) == {
        "port": 8080,
        "host": "shop.example.com",
        "health_path": "/health",
        "timeout": 60,
        "rate": 0,
        "max_body": 0,
        "public": False,
        "sticky": "",
    }


def test_an_issuer_is_told_to_the_gateway(public: Synthesis) -> None:
    assert public.resources("gateway", PARAMETER) == []
    settings = make_settings("public")
    keys = "https://login.example.com/keys"
    target = replace(settings.target, jwt_issuer="https://login.example.com/", jwt_jwks=keys)
    synthesis = synthesise(replace(settings, target=target))
    auth = synthesis.resource("gateway", PARAMETER)
    assert auth["Name"] == "/slipway/slipway-staging/gateway/auth"
    assert json.loads(auth["Value"])["jwks_uri"] == keys


def test_without_a_gateway_nothing_is_behind_it() -> None:
    synthesis = synthesise(make_settings("public", SERVICES[1:]))
    assert "gateway" not in synthesis.settings.stack_keys
    assert [row["Port"] for row in synthesis.resources("platform", LISTENER)] == [80]
    assert len(synthesis.resources("platform", "AWS::EC2::SecurityGroup")) == 1
    assert synthesis.resources("service-hello", PARAMETER) == []
    (ingress,) = synthesis.resource("service-hello", "AWS::EC2::SecurityGroup")["SecurityGroupIngress"]
    assert ingress["Description"] == "Load balancer"


def test_the_analyzer_reaches_its_table_its_bucket_and_its_logs_only(synthesis: Synthesis) -> None:
    allowed = {
        json.dumps(statement["Action"]): json.dumps(statement["Resource"])
        for statement in statements(synthesis.resource("analysis", ROLE))
    }
    assert set(allowed) == {
        '["dynamodb:GetItem", "dynamodb:PutItem"]',
        '"s3:GetObject"',
        '"s3:PutObject"',
        '["logs:CreateLogStream", "logs:PutLogEvents"]',
    }
    bucket = f"arn:aws:s3:::{synthesis.settings.analysis_bucket}"
    assert json.loads(allowed['"s3:GetObject"']) == [f"{bucket}/documents/*", f"{bucket}/sources/*"]
    assert json.loads(allowed['"s3:PutObject"']) == f"{bucket}/documents/*"
    assert "BEDROCK_MODEL_ID" not in analyzer_variables(synthesis)


@pytest.mark.parametrize(
    ("model", "resources"),
    [
        ("maker.model-1:0", ["arn:aws:bedrock:eu-central-1::foundation-model/maker.model-1:0"]),
        (
            "eu.maker.model-1:0",
            [
                "arn:aws:bedrock:*::foundation-model/maker.model-1:0",
                "arn:aws:bedrock:eu-central-1:111111111111:inference-profile/eu.maker.model-1:0",
            ],
        ),
        ("arn:aws:bedrock:eu-central-1:111111111111:inference-profile/mine", None),
    ],
)
def test_the_analyzer_may_ask_the_model_that_the_settings_name(model: str, resources: list[str] | None) -> None:
    settings = make_settings("public")
    settings = replace(settings, target=replace(settings.target, bedrock_model=model))
    synthesis = synthesise(settings)
    (found,) = (s for s in statements(synthesis.resource("analysis", ROLE)) if s["Action"] == "bedrock:InvokeModel")
    assert found["Resource"] == (resources[0] if resources and len(resources) == 1 else resources or model)
    assert analyzer_variables(synthesis)["BEDROCK_MODEL_ID"] == model
    assert nag_findings(synthesis.stacks["analysis"]) == []


def test_the_analyzers_bucket_is_private_and_empties_itself(synthesis: Synthesis) -> None:
    bucket = synthesis.resource("analysis", "AWS::S3::Bucket")
    assert bucket["BucketName"] == synthesis.settings.analysis_bucket
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    days = {rule["Prefix"]: rule["ExpirationInDays"] for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert days == {"documents/": 31, "sources/": 1}
    policy = synthesis.resource("analysis", "AWS::S3::BucketPolicy")
    (deny,) = policy["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def analyzer_variables(synthesis: Synthesis) -> dict[str, Any]:
    """Environment of the analyzer function."""
    return dict(synthesis.resource("analysis", "AWS::Lambda::Function")["Environment"]["Variables"])


@pytest.mark.parametrize("key", SERVICE_KEYS)
def test_tasks_take_requests_from_groups_only(synthesis: Synthesis, key: str) -> None:
    for ingress in synthesis.resource(key, "AWS::EC2::SecurityGroup")["SecurityGroupIngress"]:
        assert "CidrIp" not in ingress
        assert "SourceSecurityGroupId" in ingress


@pytest.mark.parametrize("key", SERVICE_KEYS)
def test_replaced_task_definitions_stay_for_rollbacks(synthesis: Synthesis, key: str) -> None:
    (task,) = (r for r in synthesis.template(key)["Resources"].values() if r["Type"] == TASK)
    assert task["UpdateReplacePolicy"] == "Retain"


def test_the_prefix_is_stripped_and_the_root_comes_last(synthesis: Synthesis) -> None:
    hello, gateway = (synthesis.resource(key, RULE) for key in ("service-hello", "service-gateway"))
    (rewrite,) = hello["Transforms"][0]["UrlRewriteConfig"]["Rewrites"]
    assert rewrite == {"Regex": "^/hello/?(.*)$", "Replace": "/$1"}
    assert hello["Conditions"][0]["PathPatternConfig"]["Values"] == ["/hello", "/hello/*"]
    assert gateway["Conditions"][0]["PathPatternConfig"]["Values"] == ["/*"]
    assert "Transforms" not in gateway
    assert hello["Priority"] < gateway["Priority"] == 50_000


def test_autoscaling_owns_the_count_where_it_exists(public: Synthesis, embedded: Synthesis) -> None:
    scaling = public.resource("service-hello", "AWS::ApplicationAutoScaling::ScalableTarget")
    assert (scaling["MinCapacity"], scaling["MaxCapacity"]) == (2, 4)
    assert scaling["ResourceId"] == "service/slipway-staging/hello"
    assert "DesiredCount" not in public.resource("service-hello", SERVICE)
    assert embedded.resource("service-hello", SERVICE)["DesiredCount"] == 2


def test_a_service_of_fixed_size_is_not_scaled() -> None:
    fixed = Service(name="fixed", source="examples/hello", desired=3, min=3, max=3)
    synthesis = synthesise(make_settings("public", (fixed,)))
    assert synthesis.resource("service-fixed", SERVICE)["DesiredCount"] == 3
    assert synthesis.resources("service-fixed", "AWS::ApplicationAutoScaling::ScalableTarget") == []


def test_images_that_served_are_shielded_from_expiry(synthesis: Synthesis) -> None:
    for repository in synthesis.resources("registry", "AWS::ECR::Repository"):
        first, last = json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
        assert first["selection"]["tagPrefixList"] == ["live-"]
        assert (last["selection"]["tagStatus"], last["selection"]["countNumber"]) == ("any", 10)
        assert repository["ImageTagMutability"] == "IMMUTABLE"
        assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
        assert repository["EmptyOnDelete"] is True


def test_a_certificate_moves_the_services_to_https_on_the_same_listener(public: Synthesis, private: Synthesis) -> None:
    http = {name: r for name, r in public.template("platform")["Resources"].items() if r["Type"] == LISTENER}
    https = {name: r for name, r in private.template("platform")["Resources"].items() if r["Type"] == LISTENER}
    main, behind = http
    assert (http[main]["Properties"]["Port"], https[main]["Properties"]["Port"]) == (80, 443)
    (redirect,) = https.keys() - {main, behind}
    assert https[redirect]["DependsOn"] == [main]
    assert https[redirect]["Properties"]["DefaultActions"][0]["RedirectConfig"]["Protocol"] == "HTTPS"


def test_private_tasks_have_no_public_address(public: Synthesis, private: Synthesis) -> None:
    def addresses(synthesis: Synthesis) -> str:
        network = synthesis.resource("service-hello", SERVICE)["NetworkConfiguration"]
        return str(network["AwsvpcConfiguration"]["AssignPublicIp"])

    assert (addresses(public), addresses(private)) == ("ENABLED", "DISABLED")
    assert len(private.resources("platform", "AWS::EC2::NatGateway")) == 1
    assert public.resources("platform", "AWS::EC2::NatGateway") == []


def test_tables_are_encrypted_and_recoverable(synthesis: Synthesis) -> None:
    for key in ("ledger", "analysis"):
        table = synthesis.resource(key, "AWS::DynamoDB::Table")
        assert table["SSESpecification"] == {"SSEEnabled": True}
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
        assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_every_stack_says_what_it_was_synthesised_from(synthesis: Synthesis) -> None:
    prints = [synthesis.template(key)["Outputs"]["Fingerprint"]["Value"] for key in synthesis.settings.stack_keys]
    assert len(set(prints)) == len(prints)


def test_nothing_knows_how_many_services_there_are(public: Synthesis) -> None:
    # Services refer to the platform's exports; without all of them a new service would need another platform.
    many = tuple(
        Service(name=f"app{number}", source="examples/hello", path=f"/app{number}", priority=200 + number)
        for number in range(8)
    )
    synthesis = synthesise(make_settings("public", (*SERVICES, *many)))
    keys = [service_key(service.name) for service in synthesis.settings.services]
    priorities = [synthesis.resource(key, RULE)["Priority"] for key in keys]
    assert len(set(priorities)) == len(priorities) == 11
    one = synthesise(make_settings("public", SERVICES[:1]))
    assert synthesis.template("platform") == public.template("platform") == one.template("platform")
    assert synthesis.template("service-hello") == public.template("service-hello")


@pytest.mark.parametrize(
    ("prefix", "name"),
    [
        ("slipway-local", "slipway-local"),
        ("a" * 19 + "-" + "b" * 12, "a" * 19 + "-" + "b" * 12),
        ("a" * 20 + "-" + "b" * 12, "a" * 20 + "-bb-" + "d587e039"),
    ],
)
def test_load_balancer_names_fit(prefix: str, name: str) -> None:
    assert load_balancer_name(prefix) == name
    assert len(name) <= 32
