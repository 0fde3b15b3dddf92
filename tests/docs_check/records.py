# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Figures of commands that take minutes, kept in docs/figures with what they depend on.

`python3 -m tests.docs_check --record NAME` runs the command and writes NAME.json:

    command, commit : what was run, on what
    inputs          : {what: hash or version}; where one differs now, the figures are out of date
    output          : what the command printed, line by line
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.bench.measure import plan_row
from tests.bench.rows import ROWS
from tests.bench.synthesis import without_comments
from tests.bench.tools import key_of, version, write_whole
from tests.docs_check.pages import ROOT
from tests.support.benches.core_runs import build
from tests.support.hdl.verilog import write_verilog

FIGURES = ROOT / "docs" / "figures"
TIMEOUT_S = 600
RECORD_S = 4 * 3600


class RunError(RuntimeError):
    """A command of a page failed. The message is one line."""


@dataclass(frozen=True)
class Board:
    """The report of a board's build, which depends on the Verilog and the tools."""

    arguments: str

    @property
    def command(self):
        return f"python3 build.py --board {self.arguments} --build --report"

    def inputs(self):
        with tempfile.TemporaryDirectory() as folder:
            run(
                f"python3 build.py --board {self.arguments} --build --no-compile-gateware "
                f"--output-dir {folder}"
            )
            verilog = "".join(
                without_comments(path.read_text())
                for path in sorted(Path(folder).glob("gateware/*.v"))
            )
        return {
            "Verilog": key_of(verilog),
            "yosys": version("yosys"),
            "nextpnr-ecp5": version("nextpnr-ecp5"),
        }


class Bench:
    """docs/benchmarks.md, which depends on the cores' Verilog and the tools."""

    command = "python3 -m tests.bench"

    def inputs(self):
        return {
            "Verilog": key_of([verilog_of(row) for row in ROWS.values()]),
            "yosys": version("yosys"),
            "nextpnr-ecp5": version("nextpnr-ecp5"),
        }


def verilog_of(row):
    """The Verilog of a row of the benchmarks as it is now."""
    model, folding = plan_row(row)
    with tempfile.TemporaryDirectory() as folder:
        core = build(model, folding, row.contexts, "ecp5")
        return without_comments(write_verilog(core, folder).read_text())


RECORDS = {
    "bench": Bench(),
    "colorlight_i5": Board("colorlight_i5"),
    "colorlight_i9": Board("colorlight_i9"),
    "ulx3s_12f": Board("ulx3s --device 12F"),
    "ecpix5": Board("ecpix5"),
}


@cache
def folder():
    """Where commands of pages run: all of the project is there, what they write goes with it."""
    place = tempfile.TemporaryDirectory(prefix="docs_check_")
    _folders.append(place)
    for entry in ROOT.iterdir():
        if not entry.name.startswith(".") and entry.name not in ("build", "out"):
            Path(place.name, entry.name).symlink_to(entry)
    return Path(place.name)


_folders = []  # removed with the process


@cache
def run(command, timeout=TIMEOUT_S):
    """What a command line prints (a page's `python3` is ours). Raises RunError."""
    words = command.split()
    if words[0] not in ("python3", ".venv/bin/python"):
        raise RunError(f"{command}: a page's command begins with python3")
    words[0] = sys.executable
    environment = dict(os.environ, COLUMNS="80", TERM="dumb")
    done = subprocess.run(
        words, cwd=folder(), env=environment, capture_output=True, text=True, timeout=timeout
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise RunError(f"{command}: exit status {done.returncode}: {last}")
    return done.stdout


def commit():
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def record(name):
    """Run a record's command and write its file; returns the path."""
    before = commit(), RECORDS[name].inputs()  # the tree may change while a build runs
    return keep(name, run(RECORDS[name].command, RECORD_S), *before)


def keep(name, output, at=None, inputs=None):
    """Write the file of a record whose command has just printed `output`; returns the path."""
    written = {
        "command": RECORDS[name].command,
        "commit": at or commit(),
        "inputs": inputs or RECORDS[name].inputs(),
        "output": output.replace(f"{ROOT}/", "").rstrip().splitlines(),
    }
    path = FIGURES / f"{name}.json"
    write_whole(path, json.dumps(written, indent=1, ensure_ascii=False) + "\n")
    return path


def stored(name):
    """The record of that name as a dict. Raises RunError where there is none."""
    try:
        return json.loads((FIGURES / f"{name}.json").read_text())
    except (OSError, json.JSONDecodeError) as error:
        raise RunError(f"docs/figures/{name}.json cannot be read: {error}") from error


def differing(then, now):
    """What inputs differ, as text: `Verilog`, `yosys 0.69, now 0.70`."""
    short = len(key_of(""))
    return [
        name if len(str(now.get(name))) == short else f"{name} {value}, now {now.get(name)}"
        for name, value in then.items()
        if value != now.get(name)
    ]
