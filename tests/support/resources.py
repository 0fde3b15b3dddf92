# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A pytest plugin: the longest files first, and what a run took of processor and memory.

The files go to the workers in the order of `seconds.json` beside this file, so that two workers
end together. It holds the CPU seconds of each file by its name, which depend neither on what else
the machine does nor on where the file lies; `--write-seconds` writes them anew from the run. The
summary tells the CPU seconds of all processes and the most memory of each worker, and names a
worker above MEMORY_AIM; above MEMORY_MOST it fails the run.
"""

import gc
import json
import os
import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
SECONDS = Path(__file__).with_name("seconds.json")
UNKNOWN_S = 10  # of a file that seconds.json does not have
MEMORY_AIM = 1500  # MB of a worker; told in the summary
MEMORY_MOST = 8000  # MB of a worker that fails the run


def cpu_seconds():
    """Of this process and of all its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def memory_mb():
    """The most that this program has had in memory; ru_maxrss would count whoever forked it."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+) kB", status).group(1)) / 1000


def forget():
    """Frees what a file of tests leaves: the graphs of Keras, the circles of Migen's objects."""
    if "keras" in sys.modules:
        sys.modules["keras"].backend.clear_session()
    gc.collect()


def forget_names():
    """Empties the lists by which Migen numbers the names of signals: they hold every module, and
    what else was on the stack when a signal was made, for ever."""
    if "migen.fhdl.tracer" in sys.modules:
        tracer = sys.modules["migen.fhdl.tracer"]
        tracer.classname_to_objs.clear()
        tracer.name_to_idx.clear()


def ordered(items, seconds):
    """`items`, the files of most seconds first; the tests of a file stay as they are."""

    def cost(item):
        return -seconds.get(item.path.name, UNKNOWN_S), item.nodeid.split("::")[0]

    return sorted(items, key=cost)


class Resources:
    """Counts in a worker, or in the one process of a run without workers."""

    def __init__(self, config):
        self.config = config
        self.files, self.workers = defaultdict(float), {}

    def pytest_collection_modifyitems(self, items):
        items[:] = ordered(items, json.loads(SECONDS.read_text()))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        before = cpu_seconds()
        try:
            return (yield)
        finally:
            self.files[item.path.name] += cpu_seconds() - before

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item, nextitem):
        result = yield
        forget_names()
        if nextitem is None or nextitem.path != item.path:
            forget()
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session):
        figures = {"cpu": cpu_seconds(), "memory": memory_mb(), "files": dict(self.files)}
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["resources"] = figures
            return
        if not self.workers:
            self.workers["this process"] = figures
        if any(figures["memory"] > MEMORY_MOST for figures in self.workers.values()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node, error):
        if "resources" in getattr(node, "workeroutput", {}):
            self.workers[node.gateway.id] = node.workeroutput["resources"]

    def pytest_terminal_summary(self, terminalreporter):
        if not self.workers:
            return
        terminalreporter.section("processor and memory")
        for name, figures in sorted(self.workers.items()):
            terminalreporter.line(
                f"{name}: {figures['cpu']:.0f} CPU s, at most {figures['memory']:.0f} MB"
            )
            if figures["memory"] > MEMORY_AIM:
                verdict = "ERROR " if figures["memory"] > MEMORY_MOST else ""
                terminalreporter.line(
                    f"{verdict}{name}: a worker should stay below {MEMORY_AIM} MB, "
                    f"must below {MEMORY_MOST}",
                    red=True,
                )
        total = sum(figures["cpu"] for figures in self.workers.values())
        terminalreporter.line(f"{total:.0f} CPU s in all")
        if self.config.getoption("write_seconds"):
            self._write_seconds()

    def _write_seconds(self):
        seconds = defaultdict(float)
        for figures in self.workers.values():
            for name, spent in figures["files"].items():
                seconds[name] += spent
        known = json.loads(SECONDS.read_text()) | {k: round(v) for k, v in seconds.items()}
        known = {name: value for name, value in known.items() if any(TESTS.rglob(name))}
        table = dict(sorted(known.items(), key=lambda pair: (-pair[1], pair[0])))
        SECONDS.write_text(json.dumps(table, indent=1) + "\n")


def pytest_addoption(parser):
    parser.addoption(
        "--write-seconds",
        action="store_true",
        help="write the CPU seconds of each file run into tests/support/seconds.json",
    )


def pytest_configure(config):
    config.pluginmanager.register(Resources(config), "project-resources")
