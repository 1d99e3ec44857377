"""What a Fargate task takes, from its definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

UNITS, MIB = 1024, 1024
"""CPU units of a vCPU, MiB of a GB."""
FREE_STORAGE = 20
"""GB of storage that every task has without paying. Source: AWS Fargate pricing."""
ARCHITECTURES = {"X86_64": "x86", "ARM64": "arm"}
PLATFORMS = {"linux/amd64": "x86", "linux/arm64": "arm"}


@dataclass(frozen=True)
class Size:
    """vCPUs, GB of memory, GB of storage beyond the free ones, and `x86` or `arm`."""

    vcpu: float
    memory: float
    storage: float
    kind: str

    def rows(self, *, public: bool) -> Iterator[tuple[str, str, float]]:
        """What one task takes: words, price row, quantity for each hour; with a public address where it has one."""
        yield f"{self.vcpu:g} vCPU ({self.kind})", f"fargate_{self.kind}_vcpu", self.vcpu
        yield f"{self.memory:g} GB memory ({self.kind})", f"fargate_{self.kind}_memory", self.memory
        if self.storage:
            yield f"{self.storage:g} GB more storage", "fargate_storage", self.storage
        if public:
            yield "public address", "public_ipv4", 1.0


def size_of(definition: Mapping[str, Any]) -> Size | None:
    """The size that a task definition names; None where it cannot be read from it."""
    platform = definition.get("RuntimePlatform", {})
    kind = ARCHITECTURES.get(platform.get("CpuArchitecture", "X86_64"))
    cpu, memory = _number(definition.get("Cpu")), _number(definition.get("Memory"))
    storage = definition.get("EphemeralStorage", {}).get("SizeInGiB", FREE_STORAGE)
    if platform.get("OperatingSystemFamily", "LINUX") != "LINUX" or not isinstance(storage, int):
        return None
    if kind is None or cpu is None or memory is None:
        return None
    return Size(cpu / UNITS, memory / MIB, float(max(0, storage - FREE_STORAGE)), kind)


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() else None
