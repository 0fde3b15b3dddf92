# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The ECP5's cells and their behavioural twins: the same words in the same cycles."""

import random

import pytest
from litex.gen import LiteXModule
from litex.gen.fhdl import verilog
from migen import ClockDomain, Signal

from gateware.primitives import (
    RAM_SHAPES,
    Accumulator,
    Broadcast,
    DualPortRAM,
    Multiplier,
    ram_blocks,
    ram_shape,
)
from soc.flow.toolchain import yosys_share
from tests.support.hdl.netlist import CELLS

BENCH = "tests.support.benches.twins_bench"
TOP = "twins"
BOTH = ("inferred", "ecp5")
# One memory a shape of the cell, with words that fill no whole number of cells, and two ranks.
RAMS = (
    (16, 700),
    (16, 1024),
    (10, 2048),
    (16, 2048),
    (6, 4096),
    (16, 6144),
    (3, 16384),
    (2, 20000),
)


class Twins(LiteXModule):
    """Every primitive twice on shared inputs; `job` names the ports."""

    def __init__(self):
        self.ports = set()
        self.inputs, self.pairs, self.rams = {}, [], []
        rng = random.Random(1)
        for bits in (8, 16, 18, 20):
            a, b = (self.entry(f"multiply{bits}_{n}", (bits, True)) for n in "ab")
            twins = [Multiplier(bits, primitives) for primitives in BOTH]
            for twin in twins:
                self.comb += [twin.a.eq(a), twin.b.eq(b)]
            self.add(f"multiply{bits}", twins, "product")
        for width, bits in ((33, 39), (17, 20), (8, 8)):
            value = self.entry(f"accumulate{bits}_value", (width, True))
            first = self.entry(f"accumulate{bits}_first", 1)
            twins = [Accumulator(value, bits, primitives) for primitives in BOTH]
            for twin in twins:
                self.comb += twin.first.eq(first)
            self.add(f"accumulate{bits}", twins, "total")
        source = self.entry("broadcast_source", 9)
        twins = [Broadcast(source, 3, primitives) for primitives in BOTH]
        for n in range(3):
            self.pair(f"broadcast{n}", [twin.copies[n] for twin in twins], None)
        self.submodules += twins
        for n, (width, depth) in enumerate(RAMS):
            init = [rng.getrandbits(width) for _ in range(depth)]
            twins = [DualPortRAM(width, depth, init, p, block=True) for p in BOTH]
            ports = {
                name: self.entry(f"ram{n}_{name}", len(getattr(twins[0], name)))
                for name in ("a_adr", "b_adr", "b_we", "b_dat_w")
            }
            for twin in twins:
                self.comb += [getattr(twin, name).eq(port) for name, port in ports.items()]
            self.rams.append({"depth": depth, "we": f"ram{n}_b_we"})
            self.rams[-1] |= {name: f"ram{n}_{name}" for name in ("a_adr", "b_adr")}
            self.pair(f"ram{n}_a", [twin.a_dat_r for twin in twins], None)
            self.pair(f"ram{n}_b", [twin.b_dat_r for twin in twins], f"ram{n}_b_we")
            self.submodules += twins

    def entry(self, name, shape):
        signal = Signal(shape, name_override=name)
        self.inputs[name] = len(signal)
        self.ports.add(signal)
        return signal

    def add(self, name, twins, output):
        self.submodules += twins
        self.pair(name, [getattr(twin, output) for twin in twins], None)

    def pair(self, name, outputs, we):
        names = []
        for kind, output in zip(BOTH, outputs):
            port = Signal(len(output), name_override=f"{name}_{kind}")
            self.comb += port.eq(output)
            self.ports.add(port)
            names.append(f"{name}_{kind}")
        self.pairs.append([*names, we])

    def write(self, folder):
        self.cd_sys = ClockDomain("sys")
        self.cd_sys.clk.name_override, self.cd_sys.rst.name_override = "sys_clk", "sys_rst"
        output = verilog.convert(self, self.ports | {self.cd_sys.clk, self.cd_sys.rst}, name=TOP)
        for name, contents in output.data_files.items():
            (folder / name).write_text(contents)
        path = folder / f"{TOP}.v"
        path.write_text(output.main_source)
        return path


@pytest.mark.timeout(900)  # on a new checkout the WebAssembly of yosys is unpacked first
def test_the_cells_do_what_their_twins_do(runs, tmp_path):
    twins = Twins()
    source = twins.write(tmp_path)
    folder = yosys_share() / "ecp5"
    runs.build([CELLS, folder / "cells_sim.v", source], TOP, [folder])
    job = {"inputs": twins.inputs, "pairs": twins.pairs, "rams": twins.rams}
    runs.play(tmp_path, BENCH, job | {"cycles": 4000, "settle": 8, "seed": 1})


def test_a_memory_takes_as_few_blocks_as_can_be():
    assert ram_shape(16, 1024) == (18, 1024)
    assert ram_shape(16, 2048) == (9, 2048)  # rather than two ranks of 18 bits
    assert ram_shape(16, 16384) == (1, 16384)
    assert [ram_blocks(16, depth) for depth in (1, 1024, 1025, 2048, 6208)] == [1, 1, 2, 2, 7]
    assert ram_blocks(6, 4096) == 2 and ram_blocks(9, 2048) == 1
    for width in (1, 6, 16, 18, 24):
        for depth in (100, 1500, 5000, 40000):
            every = [-(-width // bits) * -(-depth // words) for bits, words in RAM_SHAPES.items()]
            assert ram_blocks(width, depth) == min(every)


@pytest.mark.parametrize("make", [
    lambda primitives: Broadcast(Signal(2), 2, primitives),
    lambda primitives: Multiplier(16, primitives),
    lambda primitives: Accumulator(Signal((4, True)), 6, primitives),
    lambda primitives: DualPortRAM(4, 8, [0] * 8, primitives),
])  # fmt: skip
def test_an_unknown_choice_is_refused(make):
    with pytest.raises(ValueError, match=r"^primitives must be inferred or ecp5, got 'xilinx'$"):
        make("xilinx")
