# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Runs of yosys and nextpnr, whose results are kept under a key of all that they depend on."""

import hashlib
import json
import os
import re
import subprocess
from functools import cache

from soc.flow.toolchain import BUILD, environment

FOLDER = BUILD / "bench"
VERSIONS = {"yosys": r"Yosys (\S+)", "nextpnr-ecp5": r"Version nextpnr-([^\s)]+)"}


class BenchError(RuntimeError):
    """A measurement went wrong. The message is one line."""


@cache
def version(program):
    run = execute([program, "--version"], BUILD, 900)  # YoWASP's first call compiles it
    return re.search(VERSIONS[program], run.stdout + run.stderr)[1]


def execute(command, folder, timeout):
    """Run a program of environment() in `folder`; TimeoutExpired after `timeout` seconds."""
    return subprocess.run(
        command,
        cwd=folder,
        env=environment([command[0]]),
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def error_line(run):
    """The last line of a failed run that says why."""
    lines = (run.stdout + run.stderr).strip().splitlines() or ["no output"]
    return next((line for line in reversed(lines) if "ERROR" in line), lines[-1])


def key_of(*parts):
    """Hash of strings, bytes and what json takes."""
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
        digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()[:20]


def kept(kind, key, measure):
    """measure() as build/bench/kept has it under `kind` and `key`, or measured now and kept."""
    path = FOLDER / "kept" / f"{kind}-{key}.json"
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        pass
    result = measure()
    write_whole(path, json.dumps(result, indent=1))
    return result


def write_whole(path, text):
    """Write a file in one step: an interrupted run leaves the old one or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.part")
    temporary.write_text(text)
    os.replace(temporary, path)
