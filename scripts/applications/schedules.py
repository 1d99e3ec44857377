"""Schedules as applications write them, as EventBridge Scheduler has them; pure.

cron on Unix has five fields and counts Sunday as 0 or 7; EventBridge has six, counts Sunday as 1, and wants `?` in one
of the two fields for days. Source: EventBridge Scheduler user guide, "Cron-based schedules".
"""

from __future__ import annotations

import re

from scripts.engine.errors import BadInput

NAMED = {
    "@yearly": "cron(0 0 1 1 ? *)",
    "@monthly": "cron(0 0 1 * ? *)",
    "@weekly": "cron(0 0 ? * 1 *)",
    "@daily": "cron(0 0 * * ? *)",
    "@hourly": "cron(0 * * * ? *)",
}
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
"""Lowest and highest value of each field of cron."""
FIELD = re.compile(r"(?P<first>\*|\d+)(?:-(?P<last>\d+))?(?:/(?P<step>[1-9]\d*))?")
DAY, WEEKDAY = 2, 4


def expression(text: str, where: str) -> str:
    """The expression of EventBridge Scheduler; raises BadInput for what it cannot express."""
    text = text.strip()
    if text in NAMED:
        return NAMED[text]
    if text.startswith(("rate(", "cron(", "at(")):
        return text
    fields = text.split()
    if len(fields) != len(BOUNDS):
        raise _refused(text, where, "is not a cron expression of five fields")
    if fields[DAY] != "*" and fields[WEEKDAY] != "*":
        raise _refused(text, where, "names days of the month and of the week: AWS takes one of them")
    minute, hour, day, month, weekday = (_field(text, where, at, field) for at, field in enumerate(fields))
    days = (day, "?") if fields[WEEKDAY] == "*" else ("?", weekday)
    return f"cron({minute} {hour} {days[0]} {month} {days[1]} *)"


def _field(text: str, where: str, at: int, field: str) -> str:
    if field == "*":
        return field
    low, high = BOUNDS[at]
    values: list[int] = []
    for part in _numbers(field, at).split(","):
        found = FIELD.fullmatch(part)
        if found is None:
            raise _refused(text, where, f"has {part!r} in a field that takes numbers, ranges and steps")
        first = low if found["first"] == "*" else int(found["first"])
        last = int(found["last"]) if found["last"] else high if found["first"] == "*" or found["step"] else first
        if not low <= first <= last <= high:
            raise _refused(text, where, f"has {part!r} where {low} to {high} is allowed")
        values += range(first, last + 1, int(found["step"] or 1))
    if at == WEEKDAY:
        values = [value % 7 + 1 for value in values]
    return ",".join(map(str, sorted(set(values))))


def _numbers(field: str, at: int) -> str:
    """Names of days as numbers; months are left to be refused, cron knows them by number just as well."""
    if at != WEEKDAY:
        return field
    return re.sub(r"[A-Za-z]{3}", lambda word: _day(word[0].upper()), field)


def _day(word: str) -> str:
    return str(DAYS.index(word)) if word in DAYS else word


def _refused(text: str, where: str, why: str) -> BadInput:
    return BadInput(
        f"the schedule {text!r} {why}",
        where=where,
        remedy='write it in .slipway.toml as "rate(1 hour)" or "cron(0 3 * * ? *)", in UTC',
    )
