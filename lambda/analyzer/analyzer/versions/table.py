"""Release cycles of runtimes with their ends of life, as they stood at DATE.

Source: endoflife.date, which collects what the projects themselves announce; check there when the table is renewed.
Java's dates are those of Eclipse Temurin, whose images are used. Whether a cycle is past its end is always judged by
DATE, never by today's clock: the same tree must give the same analysis on every day.

The default is what an application gets that pins nothing, and the newest that a range is answered with as long as an
older one does not have to be: the newest cycle that libraries, build tools and base images have caught up with, so
usually the long-term release, or the last but one where there is a release a year. A newer one is chosen only when it
is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

DATE = "2026-08-22"


@dataclass(frozen=True, slots=True)
class Cycle:
    """A line of releases that is maintained together, such as Python 3.12 or Node.js 22."""

    name: str
    end: str = ""
    """The last day of support as YYYY-MM-DD; empty when none is announced."""
    lts: str = ""
    """Code name or "lts" of a long-term release."""

    @property
    def ended(self) -> bool:
        """Whether it was past its end of life at DATE."""
        return bool(self.end) and self.end < DATE


@dataclass(frozen=True, slots=True)
class Product:
    """A runtime: its name for people, its default cycle, all cycles, newest first."""

    title: str
    default: str
    cycles: tuple[Cycle, ...]


ROWS: dict[str, tuple[str, str, str]] = {
    # Wheels of compiled packages and their pinned older releases are complete for the last release but one.
    "python": (
        "Python",
        "3.13",
        "3.14=2030-10-31 3.13=2029-10-31 3.12=2028-10-31 3.11=2027-10-31 3.10=2026-10-31 3.9=2025-10-31 "
        "3.8=2024-10-07 3.7=2023-06-27 3.6=2021-12-23 3.5=2020-09-30 3.4=2019-03-18 3.3=2017-09-29 3.2=2016-02-20 "
        "3.1=2012-04-09 3.0=2009-06-27 2.7=2020-01-01 2.6=2013-10-29",
    ),
    # The active long-term release; 26 becomes one only two months after DATE.
    "node": (
        "Node.js",
        "24",
        "26=2029-04-30 25=2026-06-01 24=2028-04-30=krypton 23=2025-06-01 22=2027-04-30=jod 21=2024-06-01 "
        "20=2026-04-30=iron 19=2023-06-01 18=2025-04-30=hydrogen 17=2022-06-01 16=2023-09-11=gallium 15=2021-06-01 "
        "14=2023-04-30=fermium 13=2020-06-01 12=2022-04-30=erbium 11=2019-06-30 10=2021-04-30=dubnium 9=2018-06-30 "
        "8=2019-12-31=carbon 7=2017-06-30 6=2019-04-30=boron 5=2016-06-30 4=2018-04-30=argon 0=2016-12-31",
    ),
    # Two releases are maintained; the older of them still gets every security fix.
    "go": (
        "Go",
        "1.26",
        "1.27 1.26 1.25=2026-08-19 1.24=2026-02-10 1.23=2025-08-12 1.22=2025-02-11 1.21=2024-08-13 1.20=2024-02-06 "
        "1.19=2023-09-06 1.18=2023-02-01 1.17=2022-08-02 1.16=2022-03-15 1.15=2021-08-16 1.14=2021-02-16 "
        "1.13=2020-08-11 1.12=2020-02-25 1.11=2019-09-03 1.10=2019-02-25",
    ),
    "ruby": (
        "Ruby",
        "3.4",
        "4.0=2029-03-31 3.4=2028-03-31 3.3=2027-03-31 3.2=2026-03-31 3.1=2025-03-26 3.0=2024-04-23 2.7=2023-03-31 "
        "2.6=2022-03-31 2.5=2021-03-31 2.4=2020-03-31 2.3=2019-03-31 2.2=2018-03-31 2.1=2017-03-31 2.0=2016-02-24 "
        "1.9=2015-02-23",
    ),
    # Gradle runs on 25 only from 9.1 on, so that most wrappers do not.
    "java": (
        "Java",
        "21",
        "26=2026-09-15 25=2031-09-30=lts 24=2025-09-16 23=2025-03-18 22=2024-09-17 21=2029-12-31=lts 20=2023-09-19 "
        "19=2023-03-31 18=2022-09-30 17=2027-10-31=lts 16=2021-09-30 15=2021-03-16 14=2020-09-16 13=2020-03-17 "
        "12=2019-09-17 11=2027-10-31=lts 10=2018-09-25 9=2018-03-20 8=2030-12-31=lts 7=2019-07-31 6=2018-12-31",
    ),
    "php": (
        "PHP",
        "8.4",
        "8.5=2029-12-31 8.4=2028-12-31 8.3=2027-12-31 8.2=2026-12-31 8.1=2025-12-31 8.0=2023-11-26 7.4=2022-11-28 "
        "7.3=2021-12-06 7.2=2020-11-30 7.1=2019-12-01 7.0=2019-01-10 5.6=2018-12-31 5.5=2016-07-21 5.4=2015-09-14 "
        "5.3=2014-08-14",
    ),
    "dotnet": (
        ".NET",
        "10.0",
        "10.0=2028-11-14=lts 9.0=2026-11-10 8.0=2026-11-10=lts 7.0=2024-05-14 6.0=2024-11-12=lts 5.0=2022-05-10 "
        "3.1=2022-12-13=lts 3.0=2020-03-03 2.2=2019-12-23 2.1=2021-08-21=lts 2.0=2018-10-01 1.1=2019-06-27 "
        "1.0=2019-06-27",
    ),
    "elixir": (
        "Elixir",
        "1.19",
        "1.20 1.19 1.18 1.17 1.16 1.15=2026-06-03 1.14=2025-10-16 1.13=2024-12-19 1.12=2024-06-12 1.11=2023-12-22 "
        "1.10=2023-06-19 1.9=2022-09-01 1.8=2021-12-03 1.7=2021-05-19 1.6=2020-10-06",
    ),
    "erlang": (
        "Erlang/OTP",
        "28",
        "29=2029-05-11 28=2028-05-20 27=2027-05-20 26=2026-05-26 25=2025-05-17 24=2024-05-10 23=2024-03-14 "
        "22=2024-03-18 21=2021-06-19 20=2020-06-21",
    ),
    # These have no maintained older lines: an older one is only older, so no ends are listed.
    "rust": ("Rust", "1.98", " ".join(f"1.{minor}" for minor in range(98, 30, -1))),
    "deno": ("Deno", "2.9", "2.9 2.8 2.7 2.6 2.5 2.4 2.3 2.2 2.1 2.0 1=2024-10-09"),
    "bun": ("Bun", "1", "1"),
    "dart": ("Dart", "3", "3 2"),
    "gleam": ("Gleam", "1.18", " ".join(f"1.{minor}" for minor in range(18, -1, -1))),
}
"""Product -> title, default, cycles newest first as `name[=end[=code name]]`."""


@cache
def product(name: str) -> Product | None:
    """The cycles of a runtime; None for one that is not in the table."""
    if name not in ROWS:
        return None
    title, default, cycles = ROWS[name]
    return Product(title, default, tuple(Cycle(*row.split("=")) for row in cycles.split()))


def title(name: str) -> str:
    """The runtime's name for people."""
    return ROWS[name][0] if name in ROWS else name
