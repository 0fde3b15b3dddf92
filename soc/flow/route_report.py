# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What nextpnr reports of a routed design: clocks, critical paths, cells."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

@dataclass(frozen=True)
class CriticalPath:
    """The slowest way within a clock domain: from and to in the netlist's names, ns in cells and
    between them, wires passed."""
    start   : str
    end     : str
    logic   : float
    routing : float
    hops    : int

    @classmethod
    def of(cls, steps):
        """From a path of the report: its steps in cells and between them."""
        routing = [step["delay"] for step in steps if step["type"] == "routing"]
        def pin(place):
            return f"{place['cell']}.{place['port']}"
        return cls(pin(steps[0]["from"]), pin(steps[-1]["to"]),
            round(sum(step["delay"] for step in steps) - sum(routing), 3),
            round(sum(routing), 3), len(routing))

    def __str__(self):
        return (f"{self.logic + self.routing:.1f} ns from {self.start} to {self.end} "
            f"({self.logic:.1f} in cells, {self.routing:.1f} in {self.hops} wires)")

@dataclass(frozen=True)
class Clock:
    """A clock domain: MHz it can do, MHz it has; path is None where all it has are hard blocks."""
    name     : str
    achieved : float
    wanted   : float
    path     : CriticalPath

    def __str__(self):
        return f"{self.name} {self.achieved:.1f} MHz of {self.wanted:.1f} MHz"

@dataclass(frozen=True)
class RouteReport:
    """One run of nextpnr.

    clocks : Clock's, the tightest first;  cells : type -> (used, there)
    """
    seed   : int
    clocks : tuple
    cells  : dict

    @property
    def headroom(self):
        """Of the tightest clock, what it can do over what it has: 1 or more meets all clocks."""
        return min((clock.achieved/clock.wanted for clock in self.clocks), default=float("inf"))

    def failures(self):
        """A line for each clock that is not met, with its critical path."""
        return [f"{clock}: {clock.path}" for clock in self.clocks if clock.achieved < clock.wanted]

    @classmethod
    def load(cls, path, seed):
        """From the JSON file of nextpnr's --report."""
        report = json.loads(Path(path).read_text())
        paths  = {found["from"]: CriticalPath.of(found["path"])
            for found in report["critical_paths"] if found["from"] == found["to"]}
        clocks = [
            Clock(re.sub(r"^\$glbnet\$|\$TRELLIS_IO_IN$", "", name), figures["achieved"],
                figures["constraint"], paths.get(f"posedge {name}"))
            for name, figures in report["fmax"].items()
        ]
        clocks.sort(key=lambda clock: clock.achieved/clock.wanted)
        cells = {name: (count["used"], count["available"])
            for name, count in report["utilization"].items()}
        return cls(seed, tuple(clocks), cells)
