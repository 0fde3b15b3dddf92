# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Runs of a WaveNetCore compiled to C, and accesses to its parameters by the bus."""

from types import SimpleNamespace

from gateware.wavenet.pipeline.core import WaveNetCore
from tests.support.hdl.streams import Clock, FrameCollector, FrameDriver
from tests.support.simulators.compiled import run_simulation


def build(model, folding, contexts=1, primitives="inferred"):
    return WaveNetCore(model.spec, folding, model.weights, contexts, primitives)


def simulate(core, frames, banks=None, stall=0.0, seed=0, extra=(), contexts=None):
    """Run `frames` through the core; returns driver, collector and the counters at the end."""
    clock = Clock()
    driver = FrameDriver(core.sink, frames, banks, stall, seed, clock, contexts)
    collector = FrameCollector(core.source, len(frames), stall, seed + 1, clock)
    counters = SimpleNamespace()

    def collect():
        yield from collector.run()
        yield
        counters.saturations = []
        for counter in core.saturations:
            counters.saturations.append((yield counter))
        counters.cycles_used = yield core.cycles_used

    run_simulation(core, [clock.run(), driver.run(), collect(), *extra])
    return driver, collector, counters


def bus_write(bus, address, value):
    yield bus.adr.eq(address)
    yield bus.dat_w.eq(value)
    yield bus.we.eq(1)
    yield from bus_cycle(bus)


def bus_read(bus, address):
    yield bus.adr.eq(address)
    yield bus.we.eq(0)
    yield from bus_cycle(bus)
    return (yield bus.dat_r)


def bus_cycle(bus):
    yield bus.sel.eq(0xF)
    yield bus.cyc.eq(1)
    yield bus.stb.eq(1)
    for _ in range(20):
        yield
        if (yield bus.ack):
            yield bus.cyc.eq(0)
            yield bus.stb.eq(0)
            return
    raise TimeoutError("the bus does not answer")


def bus_write_and_read(bus, words, read_back):
    """Write `words` [(address, signed value)], then append what is read there to `read_back`."""
    for address, value in words:
        yield from bus_write(bus, address, value % 2**32)
    for address, _ in words:
        value = yield from bus_read(bus, address)
        read_back.append((address, value - (value >> 31 << 32)))


def parameters(core, model, bank):
    """(bus address, value) of every parameter of `model` in `bank`."""
    for index, (stage, pair) in enumerate(zip(core.stages, model.weights)):
        for lane, rows in enumerate(stage.layout.rom(*pair)):
            is_bias = lane >= stage.layout.pe * stage.layout.simd
            count = stage.layout.groups * (stage.layout.pe if is_bias else stage.layout.fold)
            for row in range(count):
                address = stage.layout.address(lane, bank, row)
                yield (index << core.window_bits) + address, rows[row]
