"""The size that `.slipway.toml` states instead of the recommended one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from analyzer.intent import typed
from analyzer.intent.stated import FARGATE_MEMORY
from analyzer.model import Service, Size

REASON = ".slipway.toml states it"


def applied(service: Service) -> Service:
    """The service with the stated CPU and memory; where one is stated alone, the other is made to fit it."""
    stated = typed.table(service.details.get("settings"))
    if "cpu" not in stated and "memory" not in stated:
        return service
    return replace(service, size=_size(stated, service.size))


def _size(stated: dict[str, Any], recommended: Size | None) -> Size:
    wanted = stated.get("memory", recommended.memory if recommended else 0)
    cpu = stated.get("cpu") or _smallest(wanted, recommended.cpu if recommended else 0)
    memory = next((size for size in FARGATE_MEMORY[cpu] if size >= wanted), FARGATE_MEMORY[cpu][-1])
    return Size(cpu, stated.get("memory", memory), (REASON,))


def _smallest(memory: int, recommended: int) -> int:
    """The recommended CPU if it comes with that much memory, else the smallest that does."""
    fitting = [cpu for cpu, sizes in FARGATE_MEMORY.items() if memory in sizes]
    return recommended if recommended in fitting else fitting[0]
