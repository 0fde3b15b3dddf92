# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Place and route by nextpnr, hard blocks where soc/flow/floorplan.py puts them."""

import json
import re
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median_low

from soc.flow import floorplan
from soc.flow.route_report import CriticalPath
from tests.bench.tools import BenchError, error_line, execute, kept, key_of, version, write_whole

TIMEOUT_S = 4 * 3600
DEVICE = re.compile(r"LFE5(U|UM|UM5G)-(12|25|45|85)F-([678])")
FLOORPLAN = Path(floorplan.__file__).read_text()
RESOURCES = ("TRELLIS_COMB", "TRELLIS_FF", "DP16KD", "MULT18X18D")


@dataclass(frozen=True)
class Run:
    """One seed. `error` says why there is no fmax (MHz)."""

    seed: int
    fmax: float | None
    path: CriticalPath | None
    used: dict
    error: str = ""


def device_options(device):
    """nextpnr's options for a device with its speed grade, as in LFE5U-25F-6."""
    match = DEVICE.fullmatch(device)
    if not match:
        raise BenchError(f"device must be one like LFE5U-25F-6, got {device!r}")
    family, density, grade = match.groups()
    prefix = {"U": "", "UM": "um-", "UM5G": "um5g-"}[family]
    return [f"--{prefix}{density}k", "--speed", grade, "--package", "CABGA381"]


def route(netlist, device, clock, seed):
    """The Run of a linked netlist (path) with `clock` MHz asked for, kept or made anew.

    One that was stopped after TIMEOUT_S is not kept: it says more of the machine than of the net.
    """
    options = [*device_options(device), "--freq", f"{clock:g}", "--seed", str(seed)]
    key = key_of(netlist.read_bytes(), options, version("nextpnr-ecp5"), FLOORPLAN)
    try:
        found = kept("route", key, lambda: _route(netlist, device, options, seed))
    except subprocess.TimeoutExpired:
        return Run(seed, None, None, {}, f"not routed in {TIMEOUT_S} s")
    path = CriticalPath(**found["path"]) if found["path"] else None
    return Run(seed, found["fmax"], path, found["used"], found["error"])


def _route(netlist, device, options, seed):
    report = netlist.with_name(f"report-{seed}.json")
    report.unlink(missing_ok=True)
    start = time.monotonic()
    result = {"fmax": None, "path": None, "used": {}, "error": ""}
    try:
        placed = _floorplan(netlist, device, seed)
    except ValueError as error:
        return result | {"error": str(error), "seconds": 0}
    command = ["nextpnr-ecp5", *options, "--json", placed.name, "--report", report.name]
    command += ["--lpf-allow-unconstrained", "--timing-allow-fail"]
    run = execute(command, netlist.parent, TIMEOUT_S)
    write_whole(netlist.with_name(f"nextpnr-{seed}.log"), run.stdout + run.stderr)
    if run.returncode:
        result["error"] = error_line(run)
    else:
        result.update(read_report(json.loads(report.read_text())))
    return result | {"seconds": round(time.monotonic() - start)}


def _floorplan(netlist, device, seed):
    """The netlist (path) with its hard blocks on their sites."""
    design = json.loads(netlist.read_text())
    floorplan.fix_hard_blocks(design, device.split("-")[1], seed)
    placed = netlist.with_name("floorplan.json")
    placed.write_text(json.dumps(design))
    return placed


def read_report(report):
    """fmax, critical path and resources of nextpnr's report of a design with one clock."""
    if len(report["fmax"]) != 1:
        raise BenchError(f"one clock expected, not {', '.join(report['fmax']) or 'none'}")
    ((clock, timing),) = report["fmax"].items()
    steps = next(
        path["path"]
        for path in report["critical_paths"]
        if path["from"] == path["to"] == f"posedge {clock}"
    )
    path = asdict(CriticalPath.of(steps))
    used = {name: report["utilization"][name]["used"] for name in RESOURCES}
    return {"fmax": round(timing["achieved"], 2), "path": path, "used": used}


def best(runs):
    """The Run of the highest fmax; None where none was routed."""
    return max((run for run in runs if run.fmax), key=lambda run: run.fmax, default=None)


def median_fmax(runs):
    """The median, of an even number the lower; a seed that did not route counts as 0 MHz."""
    return median_low([run.fmax or 0.0 for run in runs])
