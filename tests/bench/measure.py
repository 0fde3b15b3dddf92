# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""One row measured: planned, simulated, synthesised, placed and routed."""

from dataclasses import dataclass, replace

from models import topologies
from models.arch import devices
from models.arch.folding import Folding
from models.arch.planner import plan
from tests.bench.cycles import simulate
from tests.bench.route import RESOURCES, Run, best, median_fmax, route
from tests.bench.rows import Row
from tests.bench.synthesis import linked_netlist, synthesise, without_comments
from tests.bench.tools import FOLDER, kept, key_of
from tests.support.benches.core_runs import build
from tests.support.hdl.nets import random_model
from tests.support.hdl.verilog import write_verilog

SEED, SCALE = 1, 0.05  # of the weights, which change neither cells nor cycles


@dataclass(frozen=True)
class Measured:
    """What a row was seen to take and to do; figures after routing are None where none was routed.

    interval, latency: cycles, simulated
    frame            : cells of the frame of registers round the core, by nextpnr's names
    runs             : one per seed
    """

    row: Row
    folding: Folding
    interval: int
    latency: int
    frame: dict
    runs: tuple[Run, ...]

    @property
    def multiplications(self):
        """Of one frame; those by powers of two are among them."""
        return self.folding.spec.macs_per_sample

    @property
    def cycles(self):
        """For a sample of every context."""
        return self.interval * self.row.contexts

    @property
    def utilisation(self):
        """Useful products over what the lanes (multipliers, shifters) could do."""
        return self.multiplications / (self.folding.lanes * self.interval)

    @property
    def best(self):
        """The Run of the highest Fmax."""
        return best(self.runs)

    @property
    def fmax(self):
        """MHz, the best seed's."""
        return self.best and self.best.fmax

    @property
    def median(self):
        """MHz; 0 where half of the seeds were not routed."""
        return median_fmax(self.runs)

    def used(self, resource):
        """Cells of the core alone, as nextpnr counts them."""
        return self.best and self.best.used[resource] - self.frame[resource]

    @property
    def frames_per_second(self):
        return self.best and self.best.fmax * 1e6 / self.interval

    @property
    def latency_us(self):
        return self.best and self.latency / self.best.fmax


def plan_row(row):
    """(Model, Folding) of a row."""
    spec = topologies.get(row.topology)
    device = devices.get(row.device)
    if row.multipliers:
        device = replace(device, multipliers=row.multipliers)
    folding = plan(spec, row.cycles, row.objective, device, row.contexts, row.outputs)
    return random_model(folding.spec, SEED, SCALE), folding


def measure(row, seeds, progress):
    """The Measured of a row with `seeds` seeds; what was measured before is not done again."""
    model, folding = plan_row(row)
    folder = FOLDER / row.name
    for old in folder.glob("*.init"):
        old.unlink()
    verilog = write_verilog(build(model, folding, row.contexts, "ecp5"), folder)
    key = key_of(without_comments(verilog.read_text()), repr(folding))
    with progress.step(f"{row.name}: simulation"):
        cycles = kept("cycles", key, lambda: simulate(model, folding))
    with progress.step(f"{row.name}: synthesis"):
        cells = synthesise(verilog, ["sink_context"] if row.contexts == 1 else [])
    runs = []
    for seed in range(1, seeds + 1):
        with progress.step(f"{row.name}: place and route, seed {seed} of {seeds}"):
            runs.append(route(linked_netlist(verilog), row.device, row.clock, seed))
    frame = {name: cells["frame"].get(name, 0) for name in RESOURCES}
    frame["TRELLIS_COMB"] = cells["frame"]["LUT4"]
    return Measured(row, folding, cycles["interval"], cycles["latency"], frame, tuple(runs))
