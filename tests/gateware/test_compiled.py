# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""compiled.py against Migen's own simulator: every signal in every cycle."""

import operator
import random

import pytest
from litex.gen import LiteXModule
from litex.gen.sim import run_simulation as interpreted
from migen import Array, Case, Cat, If, Memory, Mux, Replicate, Signal, passive

from gateware.wavenet.accelerator import WaveNetAccelerator
from tests.support.benches.core_runs import build
from tests.support.hdl.clocks import UNRELATED, aligned
from tests.support.hdl.nets import random_frames, random_network
from tests.support.hdl.streams import FrameCollector, FrameDriver
from tests.support.simulators.compiled import run_simulation as compiled

BINARY = [
    *(operator.add, operator.sub, operator.mul, operator.and_, operator.or_, operator.xor),
    *(operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge),
]


class RandomLogic(LiteXModule):
    """Registers and combinational signals of random widths, random expressions, all statements."""

    def __init__(self, seed, most):
        self.choose = choose = random.Random(seed)

        def shape():
            return (choose.randint(1, most), choose.random() < 0.5)

        self.inputs = [Signal(shape()) for _ in range(4)]
        self.registers = [
            Signal((bits, signed), reset=choose.getrandbits(bits - 1))
            for bits, signed in [shape() for _ in range(6)]
        ]
        self.known = [*self.inputs, *self.registers]
        self.wires = []
        for _ in range(8):
            wire = Signal(shape(), reset=choose.getrandbits(1))
            self.comb += self.statement([wire])
            self.wires.append(wire)
            self.known.append(wire)
        memory = Memory(most, 11)  # beyond the end is the last word
        port, other = memory.get_port(write_capable=True), memory.get_port(async_read=True)
        self.specials += memory, port, other
        self.comb += [
            port.adr.eq(self.expression()),
            port.we.eq(self.expression()),
            port.dat_w.eq(self.expression()),
            other.adr.eq(self.expression()),
        ]
        self.wires += [port.dat_r, other.dat_r]
        self.known += [port.dat_r, other.dat_r]
        for _ in range(6):
            self.sync += self.statement(self.registers)

    def signal(self):
        return self.choose.choice(self.known)

    def expression(self, depth=3):
        choose = self.choose
        if depth == 0:
            return choose.choice([self.signal, self.signal, lambda: choose.randint(-9, 9)])()
        a, b, c = (self.expression(depth - 1) for _ in range(3))
        kind = choose.randrange(10)
        signal = self.signal()
        if kind < 4:
            return choose.choice(BINARY)(signal, b)
        if kind == 4:
            return Mux(a, b, c)
        if kind == 5:
            return choose.choice([operator.neg, operator.invert])(signal)
        if kind == 6:
            start = choose.randrange(len(signal))
            return Cat(signal[start : choose.randint(start + 1, len(signal))], self.signal())
        if kind == 7:
            return Replicate(signal, choose.randint(1, 3))
        if kind == 8:
            return choose.choice([operator.lshift, operator.rshift])(signal, self.signal()[:3])
        return Array(self.signal() for _ in range(3))[self.signal()[:3]]

    def target(self, targets):
        choose, signal = self.choose, self.choose.choice(targets)
        kind = choose.randrange(4) if len(targets) > 1 else 0
        if kind == 1:
            start = choose.randrange(len(signal))
            return signal[start : choose.randint(start + 1, len(signal))]
        if kind == 2:
            return Cat(*choose.sample(targets, 3))
        if kind == 3:
            return Array(choose.sample(targets, 3))[self.signal()[:2]]
        return signal

    def statement(self, targets, depth=2):
        choose = self.choose
        kind = choose.randrange(3) if depth else 0
        if kind == 0:
            return self.target(targets).eq(self.expression())
        branches = [self.statement(targets, depth - 1) for _ in range(3)]
        if kind == 1:
            return If(self.expression(), *branches[:2]).Else(branches[2])
        cases = {0: branches[0], 1: branches[1]}
        if choose.random() < 0.5:
            cases["default"] = branches[2]
        return Case(self.signal()[:2], cases)


def trace(run_simulation, dut, watched, stimulus, cycles, clocks=None):
    """What `watched` is in each cycle; stimulus: {signal: values of each cycle}."""
    seen = []

    def bench():
        for cycle in range(cycles):
            for signal, values in stimulus.items():
                yield signal.eq(values[cycle])
            yield
            seen.append((yield list(watched)))

    run_simulation(dut, bench(), **({"clocks": clocks} if clocks else {}))
    return seen


@pytest.mark.parametrize("most", [9, 30])
@pytest.mark.parametrize("seed", range(12))
def test_random_logic(seed, most):
    traces = []
    for run_simulation in (interpreted, compiled):
        dut = RandomLogic(seed, most)
        values = random.Random(seed)
        stimulus = {
            signal: [values.getrandbits(len(signal)) for _ in range(30)] for signal in dut.inputs
        }
        watched = [*dut.inputs, *dut.registers, *dut.wires]
        traces.append(trace(run_simulation, dut, watched, stimulus, 30))
    assert traces[0] == traces[1], f"seed {seed}"
    assert len(set(map(tuple, traces[0]))) > 5


@pytest.mark.parametrize("seed, clocks", [(104, {"sys": 10}), (108, aligned(2)), (8, UNRELATED[0])])
def test_an_accelerator_with_its_crossings(seed, clocks):
    """Frames, and the cycle in which each comes; counters wider than a machine word."""
    heard = []
    for run_simulation in (interpreted, compiled):
        model, folding = random_network(seed)
        domain = "wavenet" if "wavenet" in clocks else "sys"
        dut = WaveNetAccelerator(build(model, folding), clock_domain=domain, with_csr=False)
        frames, counters = random_frames(model.spec, 4, seed), []
        driver = FrameDriver(dut.sink, frames, stall=0.3)
        collector = FrameCollector(dut.source, len(frames), stall=0.3)

        @passive
        def watch(dut=dut, counters=counters):
            while True:
                counters.append((yield [dut.cycles_used, *dut.saturations, dut.frames]))
                yield

        run_simulation(dut, {"sys": [driver.run(), collector.run(), watch()]}, clocks)
        heard.append((collector.frames, counters))
    assert heard[0] == heard[1]


def test_what_no_c_type_holds_is_refused():
    class Wide(LiteXModule):
        def __init__(self):
            self.total = Signal(130)
            self.sync += self.total.eq(self.total + 1)

    with pytest.raises(NotImplementedError, match="^131 bits"):
        trace(compiled, Wide(), [], {}, 1)
