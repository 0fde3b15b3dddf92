# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""No write of the bus reaches a bank that plays or still has frames inside; all others do."""

import numpy as np
import pytest

from gateware.wavenet.accelerator import WaveNetAccelerator
from models import crossfade
from models.arch.folding import Folding, LayerFolding
from models.reference import Reference
from models.spec import Conv1DSpec, NetworkSpec
from tests.support.benches.core_jobs import BankedReference
from tests.support.benches.core_runs import build, bus_read, bus_write, parameters
from tests.support.hdl.clocks import aligned
from tests.support.hdl.nets import random_frames, random_model, random_network
from tests.support.hdl.streams import FrameCollector, FrameDriver
from tests.support.simulators.compiled import Design, run_simulation

LAYERS = [Conv1DSpec(1, 2, 2, 2), Conv1DSpec(2, 1, 1, relu=False)]
MODEL, OTHER = (random_model(NetworkSpec(LAYERS), seed, scale=0.6) for seed in (1, 2))
FOLDS = (LayerFolding(LAYERS[0], 1, 1), LayerFolding(LAYERS[1], 1, 2))
CLOCKS = [{"sys": 10}, aligned(2)]


def some(dut, model, bank):
    """(address, value) of every parameter."""
    return list(parameters(dut.core, model, bank))


class Bench:
    def __init__(self, clocks):
        self.clocks = clocks
        domain = "wavenet" if "wavenet" in clocks else "sys"
        core = build(MODEL, Folding(MODEL.spec, FOLDS, 0))
        self.dut = WaveNetAccelerator(core, clock_domain=domain, with_csr=False)
        self.words = {bank: some(self.dut, OTHER, bank) for bank in range(2)}

    def write(self, bank):
        """Writes OTHER into `bank`; returns how many words it then holds, and how many blocked."""
        dut, held = self.dut, 0
        before = yield dut.blocked_writes
        for address, value in self.words[bank]:
            yield from bus_write(dut.bus, address, value % 2**32)
        after = yield dut.blocked_writes
        for address, value in self.words[bank]:
            held += (yield from bus_read(dut.bus, address)) == value % 2**32
        return held, after - before

    def run(self, *generators):
        run_simulation(self.dut, {"sys": list(generators)}, self.clocks)


@pytest.mark.parametrize("clocks", CLOCKS)
def test_the_bank_that_plays_is_not_written_and_the_other_is(clocks):
    bench = Bench(clocks)
    dut, results = bench.dut, []
    was = some(dut, MODEL, 0)
    alike = sum(a == b for a, b in zip(was, bench.words[0]))
    count = len(bench.words[0])
    assert count == 9 and alike < 3

    def work():
        results.append((yield from bench.write(0)))
        results.append((yield from bench.write(1)))
        yield dut.bank.eq(1)  # asked for, not yet heard: neither
        yield
        results.append((yield from bench.write(0)))
        results.append((yield from bench.write(1)))
        driver = FrameDriver(dut.sink, random_frames(MODEL.spec, 1, 1), banks=[1])
        yield from driver.run()
        while not (yield dut.bank_out):
            yield
        results.append((yield from bench.write(1)))
        results.append((yield from bench.write(0)))

    bench.run(work(), FrameCollector(dut.source, 1).run())
    # Bank 1 holds OTHER since the second write, bank 0 before the last one MODEL.
    assert results == [(alike, count), (count, 0)] + [(alike, count), (count, count)] + [
        (count, count),
        (count, 0),
    ]


def test_no_word_selected_is_no_write():
    bench = Bench(CLOCKS[0])

    def work():
        bus = bench.dut.bus
        yield bus.we.eq(1)
        yield bus.sel.eq(0)
        yield bus.cyc.eq(1)
        yield bus.stb.eq(1)
        for _ in range(20):
            yield
        assert (yield bench.dut.blocked_writes) == 0

    bench.run(work())


@pytest.mark.parametrize("clocks", CLOCKS)
def test_a_bank_given_up_before_it_was_heard_is_shut_until_its_frames_are_out(clocks):
    """Bank 1 is asked for, a frame of it enters, bank 0 again, and only then anything leaves."""
    bench = Bench(clocks)
    dut, blocked = bench.dut, []
    words = bench.words[1]
    frames = random_frames(MODEL.spec, dut.frames_inside + 4, seed=5)
    banks = [1] + [0] * (len(frames) - 1)
    driver = FrameDriver(dut.sink, frames[:1], banks[:1])
    collector = FrameCollector(dut.source, len(frames))

    def work():
        yield dut.bank.eq(1)
        yield from driver.run()
        yield dut.bank.eq(0)
        yield
        assert (yield dut.bank_out) == 0 and (yield dut.frames) == 0
        for address, value in words:
            yield from bus_write(dut.bus, address, value % 2**32)
        blocked.append((yield dut.blocked_writes))
        driver.frames, driver.banks, driver.contexts = frames[1:], banks[1:], [0] * len(banks[1:])
        yield from driver.run()

    def collect():
        while not blocked:
            yield
        yield from collector.run()
        yield
        held = yield from bench.write(1)
        blocked.append(held)

    bench.run(work(), collect())
    assert collector.banks == banks
    reference = BankedReference([MODEL], 1)
    assert collector.frames == [reference.step(frame, 0, 0) for frame in frames]
    assert blocked == [len(words), (len(words), 0)]


NARROW = [Conv1DSpec(1, 1, 2, 3), Conv1DSpec(1, 1, 1), Conv1DSpec(1, 1, 1, relu=False)]
NARROW_MODEL = random_model(NetworkSpec(NARROW), seed=3, scale=0.6)
NARROW_FOLDS = tuple(LayerFolding(layer, 1, 1) for layer in NARROW)


class Narrow:
    """A net of one channel, which holds the most frames, and how many: `capacity`."""

    def __init__(self, clocks, model=NARROW_MODEL, folds=NARROW_FOLDS):
        self.dut = dut = WaveNetAccelerator(
            build(model, Folding(model.spec, folds, 0)),
            clock_domain="wavenet" if "wavenet" in clocks else "sys",
            with_csr=False,
        )
        self.design = Design(dut, clocks)
        self.channels = model.spec.in_channels
        self.run(self.fill())

    def run(self, *generators):
        self.design.run({"sys": list(generators)})

    def fill(self):
        """Beats until none is taken any more, while the output waits."""
        sink, beats, waits = self.dut.sink, 0, 0
        longest = 4 * self.dut.core.latency + 100  # cycles between two beats
        yield sink.valid.eq(1)
        while waits < longest:
            channel = beats % self.channels
            yield sink.first.eq(channel == 0)
            yield sink.last.eq(channel == self.channels - 1)
            yield
            taken = yield sink.ready
            beats, waits = (beats + 1, 0) if taken else (beats, waits + 1)
        self.capacity = beats // self.channels


@pytest.mark.parametrize("clocks", CLOCKS)
@pytest.mark.parametrize("seed", [None, 20, 24, 26, 29, 30])
def test_no_more_frames_are_inside_than_the_guard_counts(clocks, seed):
    if seed is None:
        bench = Narrow(clocks)
    else:
        model, folding = random_network(seed)
        bench = Narrow(clocks, model, folding.layers)
    # The one whose tag is being chosen is not inside yet.
    assert bench.capacity + 1 <= bench.dut.frames_inside
    assert bench.capacity > 5


@pytest.mark.parametrize("clocks", CLOCKS)
def test_a_bank_given_up_is_shut_until_the_last_of_its_frames_is_out(clocks):
    """That frame is the last that the stalled pipeline takes; then the others leave one by one,
    and all the while the bus writes the bank."""
    bench = Narrow(clocks)
    dut, count = bench.dut, bench.capacity
    frames = random_frames(NARROW_MODEL.spec, count, seed=6)
    banks = [0] * (count - 1) + [1]
    garbage = [address for address, _ in some(dut, NARROW_MODEL, 1)]
    collector = FrameCollector(dut.source, count, stall=0.9, seed=7)
    full, out, written = [], [], []

    def drive():
        yield from FrameDriver(dut.sink, frames[:-1], banks[:-1]).run()
        yield dut.bank.eq(1)
        yield from FrameDriver(dut.sink, frames[-1:], [1]).run()
        yield dut.bank.eq(0)
        yield
        full.append(True)

    def write():
        while not full:
            yield
        while not out:
            for address in garbage:
                yield from bus_write(dut.bus, address, 1)
        # Frames of bank 0 go on, and the bank is free in the end.
        for _ in range(dut.frames_inside):
            yield from FrameDriver(dut.sink, frames[:1]).run()
        for _ in range(4 * dut.core.latency):
            yield
        yield from bus_write(dut.bus, garbage[0], 1)
        written.append((yield from bus_read(dut.bus, garbage[0])))

    def collect():
        while not full:
            yield
        yield from collector.run()
        out.append(True)
        yield dut.source.ready.eq(1)

    bench.run(drive(), write(), collect())
    reference = BankedReference([NARROW_MODEL], 1)
    assert collector.banks == banks
    assert collector.frames == [reference.step(frame, 0, 0) for frame in frames]
    assert written == [1]


@pytest.mark.parametrize("clocks", CLOCKS)
def test_the_bank_that_a_fade_leads_to_is_shut_until_it_is_over_whatever_is_asked_for(clocks):
    """It is withdrawn as soon as the fade has begun, which does not stop; the bus writes it all the
    while. Then the fade back begins, and behind it the bank is free."""
    length, asked, count = 70, 4, 240
    dut = WaveNetAccelerator(
        build(MODEL, Folding(MODEL.spec, FOLDS, 0), contexts=2),
        clock_domain="wavenet" if "wavenet" in clocks else "sys",
        with_csr=False,
        with_crossfade=True,
        fade_rate=crossfade.rate_of(length),
    )
    assert length > dut.frames_inside  # which the guard counts when a bank is released
    frames = random_frames(MODEL.spec, count, seed=8)
    collector = FrameCollector(dut.source, count)
    words, garbage = some(dut, OTHER, 1), [address for address, _ in some(dut, OTHER, 1)]
    loaded, blocked, held = [], [], []

    def drive():
        yield dut.crossfade.rate.eq(crossfade.rate_of(length))
        while not loaded:
            yield
        for index, frame in enumerate(frames):
            if index == asked:
                yield dut.bank.eq(1)
                yield
            yield from FrameDriver(dut.sink, [frame]).run()
            if index == asked + 1:
                assert (yield dut.fading) and not (yield dut.bank_out)
                yield dut.bank.eq(0)

    def write():
        for address, value in words:
            yield from bus_write(dut.bus, address, value % 2**32)
        loaded.append(True)
        while (yield dut.frames) <= asked + 1:
            yield
        while (yield dut.fading):
            before = yield dut.blocked_writes
            yield from bus_write(dut.bus, garbage[len(blocked) % len(garbage)], 1)
            blocked.append((yield dut.blocked_writes) - before)
        while (yield dut.bank_out) or (yield dut.fading):
            yield
        while (yield dut.frames) < count - 1:
            yield
        yield from bus_write(dut.bus, garbage[0], 1)
        held.append((yield from bus_read(dut.bus, garbage[0])))

    run_simulation(dut, {"sys": [drive(), write(), collector.run()]}, clocks)
    answers = [Reference(model).run(frames) for model in (MODEL, OTHER)]
    rate, warm_up = crossfade.rate_of(length), MODEL.spec.receptive_field
    there, end = crossfade.crossfade(
        answers[0][asked:], answers[1][asked:], warm_up, rate, MODEL.spec.number_format.bits
    )
    heard = np.array(collector.frames)
    assert np.array_equal(heard[:asked], answers[0][:asked])
    assert np.array_equal(heard[asked : asked + end], there[:end])
    assert len(blocked) > length and set(blocked) == {1}
    assert held == [1]
