"""Sizes of processes."""

from __future__ import annotations

import os

from scripts.bench.memory import Peak, in_status, larger, tree

STATUS = "Name:\tpython\nVmPeak:\t  300000 kB\nVmHWM:\t   80000 kB\nVmRSS:\t   70000 kB\nThreads:\t3\n"


def test_sizes_are_bytes() -> None:
    assert in_status(STATUS, "VmRSS") == 70_000 * 1024
    assert in_status(STATUS, "VmHWM") == 80_000 * 1024


def test_a_process_that_has_ended_has_no_memory() -> None:
    assert in_status("Name:\tpython\nState:\tZ (zombie)\n", "VmRSS") == 0


def test_the_processes_belong_to_the_largest_sum() -> None:
    peak = larger(Peak(own=50, tree=90, processes=3), Peak(own=60, tree=80, processes=1))
    assert peak == Peak(own=60, tree=90, processes=3)


def test_a_tree_begins_with_its_root() -> None:
    assert next(tree(os.getpid())) == os.getpid()
