# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The core in a clock domain of its own: the same integers, parameters and counters as in sys."""

import random

import numpy as np
import pytest
from litex.gen import LiteXModule
from migen import passive
from migen.fhdl.tools import list_clock_domains

from gateware.primitives import PRIMITIVES
from gateware.wavenet.accelerator import WaveNetAccelerator
from gateware.wavenet.frame_crossing import SinkCrossing
from models.arch.folding import Folding, LayerFolding
from models.spec import Conv1DSpec, NetworkSpec
from tests.support.benches.core_jobs import BankedReference
from tests.support.benches.core_runs import build, bus_write, bus_write_and_read, parameters
from tests.support.hdl.clocks import UNRELATED, aligned, paths_between_domains
from tests.support.hdl.nets import random_frames, random_model, random_network
from tests.support.hdl.streams import FrameCollector, FrameDriver
from tests.support.simulators.compiled import run_simulation

CLOCKS = [{"sys": 10}, aligned(4), UNRELATED[0]]
COUNTERS_LATE = 40  # sys cycles, more than a counter takes to come over


def accelerator(model, folding, clocks, contexts=1):
    domain = "wavenet" if "wavenet" in clocks else "sys"
    core = build(model, folding, contexts)
    return WaveNetAccelerator(core, clock_domain=domain, with_csr=False)


def small_net():
    """Two models of one shape, and its folding: some frames saturate."""
    layers = [Conv1DSpec(1, 2, 2, 2), Conv1DSpec(2, 2, 1, relu=False)]
    models = [random_model(NetworkSpec(layers), seed, scale=0.6) for seed in (1, 2)]
    folds = (LayerFolding(layers[0], 1, 1), LayerFolding(layers[1], 2, 1))
    return models, Folding(models[0].spec, folds, 0)


@passive
def watch(counters, seen):
    """Every value that the counters take, as a CPU may read them in any cycle."""
    while True:
        now = yield counters
        if not seen or now != seen[-1]:
            seen.append(now)
        yield


@pytest.mark.parametrize("clocks", CLOCKS)
def test_frames_parameters_and_counters_cross(clocks):
    """The idle bank is written and read back under load; then tags and contexts are random."""
    models, folding = small_net()
    dut = accelerator(models[0], folding, clocks, contexts=2)
    words = list(parameters(dut.core, models[1], bank=1))
    rng = np.random.default_rng(4)
    frames, banks, contexts, read_back, seen, ends = [], [], [], [], [], []
    driver = FrameDriver(dut.sink, [], stall=0.4, seed=6)
    collector = FrameCollector(dut.source, None, 0.4, 7)

    def drive():
        mixed = 16
        while mixed:
            written = len(read_back) == len(words)
            mixed -= written
            frames.append(random_frames(models[0].spec, 1, seed=len(frames))[0])
            banks.append(int(rng.integers(0, 2)) if written else 0)
            contexts.append(int(rng.integers(0, 2)))
            driver.frames, driver.banks, driver.contexts = frames[-1:], banks[-1:], contexts[-1:]
            collector.count = None if mixed else len(frames)
            yield from driver.run()

    def collect():
        yield from collector.run()
        yield
        ends.extend([(yield dut.frames), (yield dut.bank_out)])
        for _ in range(COUNTERS_LATE):
            yield
        ends.append((yield dut.core.cycles_used))

    counters = [dut.cycles_used, *dut.saturations]
    processes = [
        drive(),
        collect(),
        bus_write_and_read(dut.bus, words, read_back),
        watch(counters, seen),
    ]
    run_simulation(dut, {"sys": processes}, clocks)
    reference = BankedReference(models, 2)
    expected = [reference.step(*triple) for triple in zip(frames, banks, contexts)]
    assert read_back == words
    assert collector.frames == expected
    assert collector.banks == banks and collector.contexts == contexts
    assert ends[:2] == [len(frames), banks[-1]]
    assert seen[0] == [0, 0, 0] and seen[-1] == [ends[2], *reference.saturations]
    assert ends[2] >= folding.cycles  # more where the output stalls
    assert min(reference.saturations) > 5
    for before, after in zip(seen, seen[1:]):
        assert before[1] <= after[1] and before[2] <= after[2]


def test_the_old_bank_may_be_written_when_bank_out_shows_the_new_one():
    models, folding = small_net()
    clocks = aligned(2)
    dut = accelerator(models[0], folding, clocks)
    frames = random_frames(models[0].spec, 45, seed=8)
    banks = [1] * 10 + [0] * 35  # both banks hold models[0] at power-up
    garbage = [(address, 1) for address, _ in parameters(dut.core, models[0], bank=1)]
    driver = FrameDriver(dut.sink, frames, banks)
    collector = FrameCollector(dut.source, len(frames), stall=0.6, seed=9)
    started = []

    def overwrite():
        while not (yield dut.frames) or (yield dut.bank_out):
            yield
        started.append((yield dut.frames))
        for address, value in garbage:
            yield from bus_write(dut.bus, address, value)

    run_simulation(dut, {"sys": [driver.run(), collector.run(), overwrite()]}, clocks)
    assert started == [11]
    reference = BankedReference(models[:1], 1)
    assert collector.frames == [reference.step(frame, 0, 0) for frame in frames]


def times_of_outputs(dut, frame, clocks):
    """Sys cycles from the frame's first beat in to each of its beats out."""
    entered, left = [], []
    driver = FrameDriver(dut.sink, [frame])

    def collect():
        yield dut.source.ready.eq(1)
        for cycle in range(2000):
            yield
            if (yield dut.sink.valid) and (yield dut.sink.ready):
                entered.append(cycle)
            if (yield dut.source.valid):
                left.append(cycle)
                if (yield dut.source.last):
                    return
        raise TimeoutError("no frame comes out")

    run_simulation(dut, {"sys": [driver.run(), collect()]}, clocks)
    return [cycle - entered[0] for cycle in left]


@pytest.mark.parametrize("seed", range(300, 312))
def test_delay_is_exact_in_sys_and_between_its_bounds_behind_a_crossing(seed):
    choose = random.Random(seed)
    ratio = choose.choice([1, 2, 4])
    any_phase = {"sys": 40, "wavenet": (40 // ratio, choose.randrange(40 // ratio))}
    model, folding = random_network(seed)
    frame = random_frames(model.spec, 1, seed)[0]
    for clocks in ({"sys": 40}, any_phase if seed % 2 else aligned(ratio)):
        dut = accelerator(model, folding, clocks)
        times = times_of_outputs(dut, frame, clocks)
        bounds = [dut.delay(beats + 1, ratio) for beats in range(len(times))]
        where = f"seed {seed}, {clocks}: {times} within {bounds}"
        for time, (least, most) in zip(times, bounds):
            assert least <= time <= most, where
            # Skews of both crossings, and of each beat's that waits for the place of another.
            apart = 9 + 4 * ((model.spec.in_channels - 1) // SinkCrossing.DEPTH)
            assert (least == most) if "wavenet" not in clocks else most - least < apart, where


def inputs(dut):
    sink = dut.sink
    signals = [sink.valid, sink.first, sink.last, *sink.payload.flatten(), *sink.param.flatten()]
    bus = dut.bus
    signals += [dut.source.ready, bus.cyc, bus.stb, bus.we, bus.sel, bus.adr, bus.dat_w]
    return dict.fromkeys(signals, "sys")


def test_nothing_but_synchronisers_lies_between_the_domains():
    models, folding = small_net()

    class WithShortcut(LiteXModule):
        def __init__(self, signal):
            self.dut = accelerator(models[0], folding, aligned(2))
            self.sync += self.dut.frames[0].eq(signal(self.dut))

    dut = accelerator(models[0], folding, aligned(2))
    assert paths_between_domains(dut, inputs(dut)) == []
    for signal in (lambda dut: dut.core.cycles_used[0], lambda dut: dut.core.source.valid):
        dut = WithShortcut(signal)
        found = paths_between_domains(dut, inputs(dut.dut))
        assert found and {path[:2] for path in found} == {("wavenet", "sys")}


@pytest.mark.parametrize("primitives", PRIMITIVES)
def test_all_of_the_core_is_in_its_domain(primitives):
    models, folding = small_net()
    core = build(models[0], folding, primitives=primitives)
    dut = WaveNetAccelerator(core, clock_domain="wavenet")
    assert list_clock_domains(dut.core.get_fragment()) == {"wavenet"}


def test_in_sys_nothing_lies_between():
    models, folding = small_net()
    dut = accelerator(models[0], folding, {"sys": 10})
    fragment = dut.get_fragment()
    assert list(fragment.sync) == ["sys"]
