"""One application behind a load balancer, made and watched through the AWS API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tests.e2e.local.helpers import Emulator, until

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


@dataclass
class Service:
    """One application behind a load balancer of its own."""

    emulator: Emulator
    name: str
    image: str
    group: str = ""

    def create(self, *, desired: int = 2, grace: int = 10, **definition: Any) -> None:
        self._balance()
        ecs = self.emulator.client("ecs")
        ecs.create_cluster(clusterName=self.name)
        ecs.create_service(
            cluster=self.name,
            serviceName=self.name,
            taskDefinition=self.define(**definition),
            desiredCount=desired,
            launchType="FARGATE",
            healthCheckGracePeriodSeconds=grace,
            loadBalancers=[{"targetGroupArn": self.group, "containerName": "app", "containerPort": 8000}],
            deploymentConfiguration=BREAKER,
            networkConfiguration=NETWORK,
        )

    def _balance(self) -> None:
        elb = self.emulator.client("elbv2")
        self.group = elb.create_target_group(
            Name=self.name,
            Protocol="HTTP",
            Port=8000,
            VpcId="vpc-1",
            TargetType="ip",
            HealthCheckPath="/health",
            HealthCheckIntervalSeconds=5,
            HealthCheckTimeoutSeconds=2,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "5"}
        elb.modify_target_group_attributes(TargetGroupArn=self.group, Attributes=[delay])
        balancer = elb.create_load_balancer(Name=self.name, Subnets=["subnet-1"])["LoadBalancers"][0]
        action = {"Type": "forward", "TargetGroupArn": self.group}
        elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Port=80, Protocol="HTTP", DefaultActions=[action]
        )

    def define(
        self,
        *,
        image: str = "",
        command: tuple[str, ...] = (),
        memory: int = 512,
        more: Mapping[str, Any] = MappingProxyType({}),
        **environment: str,
    ) -> str:
        """A new revision; `more` are further keys of the container definition."""
        container = {
            **more,
            "name": "app",
            "image": image or self.image,
            "essential": True,
            "portMappings": [{"containerPort": 8000}],
            "stopTimeout": 10,
            "environment": [{"name": name, "value": value} for name, value in environment.items()],
            **({"command": list(command)} if command else {}),
        }
        definition = self.emulator.client("ecs").register_task_definition(
            family=self.name,
            networkMode="awsvpc",
            cpu="256",
            memory=str(memory),
            requiresCompatibilities=["FARGATE"],
            runtimePlatform={"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
            containerDefinitions=[container],
        )
        return str(definition["taskDefinition"]["taskDefinitionArn"])

    def run(self, task_definition: str) -> dict[str, Any]:
        """Run one task to its end."""
        ecs = self.emulator.client("ecs")
        ecs.create_cluster(clusterName=self.name)
        task = ecs.run_task(
            cluster=self.name, taskDefinition=task_definition, launchType="FARGATE", networkConfiguration=NETWORK
        )["tasks"][0]["taskArn"]

        def ended() -> Any:
            (found,) = ecs.describe_tasks(cluster=self.name, tasks=[task])["tasks"]
            return found if found["lastStatus"] == "STOPPED" else None

        return dict(until(ended))

    def update(self, *, breaker: bool = True, **definition: Any) -> None:
        rules = BREAKER if breaker else {"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
        self.emulator.client("ecs").update_service(
            cluster=self.name,
            service=self.name,
            taskDefinition=self.define(**definition),
            deploymentConfiguration=rules,
        )

    def delete(self) -> None:
        self.emulator.client("ecs").delete_service(cluster=self.name, service=self.name, force=True)

    def record(self) -> dict[str, Any]:
        found = self.emulator.client("ecs").describe_services(cluster=self.name, services=[self.name])["services"]
        return dict(found[0])

    def states(self) -> list[str]:
        """Rollout states, newest deployment first."""
        return [row["rolloutState"] for row in self.record()["deployments"]]

    def is_steady(self) -> bool:
        record = self.record()
        states = [row["rolloutState"] for row in record["deployments"]]
        return states == ["COMPLETED"] and record["runningCount"] == record["desiredCount"]

    def has_failed(self) -> bool:
        return "FAILED" in self.states()

    def targets(self) -> list[dict[str, Any]]:
        found = self.emulator.client("elbv2").describe_target_health(TargetGroupArn=self.group)
        return [dict(row["TargetHealth"]) for row in found["TargetHealthDescriptions"]]

    def is_healthy(self) -> bool:
        targets = self.targets()
        return bool(targets) and all(row["State"] == "healthy" for row in targets)

    def running(self) -> list[dict[str, Any]]:
        return self._tasks("RUNNING")

    def stopped(self) -> list[dict[str, Any]]:
        return self._tasks("STOPPED")

    def _tasks(self, status: str) -> list[dict[str, Any]]:
        ecs = self.emulator.client("ecs")
        arns = ecs.list_tasks(cluster=self.name, desiredStatus=status)["taskArns"]
        return list(ecs.describe_tasks(cluster=self.name, tasks=arns)["tasks"]) if arns else []

    def answer(self, path: str = "/") -> tuple[int, str]:
        return self.emulator.get(self.name, path)
