# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Cycles per frame and latency of a core, seen in the simulator beside the reference's integers."""

import json
import os
import sys
from contextlib import contextmanager

from tests.bench.tools import FOLDER, BenchError
from tests.support.benches.cocotb_runs import CocotbRuns
from tests.support.benches.core_jobs import make_job
from tests.support.benches.core_runs import build
from tests.support.hdl.verilog import TOP, write_verilog

SEED = 1
BENCH = "tests.support.benches.core_bench"
FRAMES_MORE = 10  # than it takes to fill the pipeline


def simulate(model, folding):
    """{"interval", "latency"} in cycles of the core's Verilog, fed as fast as it takes frames.

    interval: from a frame to the next once the pipeline is full
    latency : from the first frame's last input channel to its first output channel
    Raises BenchError when an integer differs from the reference's, and as in `cycles_seen`.
    """
    folder = FOLDER / "simulator"
    core = build(model, folding, folding.contexts)
    count = 4 * len(folding.layers) + FRAMES_MORE
    job = make_job(core, [model], (0, count), SEED, folding.contexts)
    log = folder / "log.txt"
    runs = CocotbRuns(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _output_to(log):
            runs.build([write_verilog(core, folder / "core")], TOP)
            runs.play(folder / "core", BENCH, job)
    except (RuntimeError, SystemExit) as error:
        raise BenchError(f"{folding.spec.name}: the simulation failed, see {log}") from error
    return cycles_seen(json.loads((folder / "core" / "seen.json").read_text()), folding)


def cycles_seen(seen, folding):
    """{"interval", "latency"} from {"starts", "ends"} (cycles per frame).

    Raises BenchError when the interval is not steady, or either differs from the planner's.
    """
    starts, name = seen["starts"], folding.spec.name
    steady = starts[2 * len(folding.layers) :]
    steps = {after - before for before, after in zip(steady, steady[1:])}
    if len(steps) != 1:
        raise BenchError(f"{name}: frames come every {sorted(steps)} cycles")
    found = {"interval": steps.pop(), "latency": starts[0] - seen["ends"][0]}
    planned = {"interval": folding.cycles, "latency": folding.latency}
    if found != planned:
        raise BenchError(f"{name}: {found} simulated, {planned} planned")
    return found


@contextmanager
def _output_to(path):
    """This process's and its children's standard output goes to the file."""
    sys.stdout.flush()
    kept = os.dup(1)
    with path.open("w") as file:
        os.dup2(file.fileno(), 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
