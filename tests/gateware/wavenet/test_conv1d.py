# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Conv1D alone against loops over integers (tests/support/hdl/naive.py), and its times."""

import random
from itertools import groupby

import numpy as np
import pytest
from migen import passive

from gateware.wavenet.pipeline.conv1d import Conv1D
from models.arch.folding import LayerFolding
from models.spec import Conv1DSpec, NetworkSpec, NumberFormat
from tests.support.hdl import naive
from tests.support.hdl.nets import random_frames, random_model
from tests.support.hdl.streams import Clock, FrameCollector, FrameDriver
from tests.support.simulators.compiled import Design

# in_channels, out_channels, kernel_size, dilation, what else; pe, simd, contexts
STAGES = {
    "one multiplication": (1, 1, 1, 1, {}, 1, 1, 1),
    "one channel, two taps": (1, 1, 2, 1, {}, 1, 1, 2),
    "narrow and fast": (2, 2, 1, 1, {}, 2, 2, 1),
    "as many cycles to leave as to compute": (3, 4, 2, 2, {}, 4, 3, 2),
    "longer to leave than to compute": (3, 6, 1, 1, {}, 6, 3, 1),
    "in groups": (3, 6, 5, 2, {}, 2, 1, 3),
    "several taps at once": (2, 4, 6, 3, {"relu": False}, 1, 6, 1),
    "powers of two": (4, 4, 3, 2, {"weights": "po2"}, 2, 4, 2),
    "repeated": (3, 3, 2, 2, {"repeat": 3}, 1, 1, 1),
    "repeated in contexts": (2, 2, 2, 1, {"repeat": 2, "weights": "po2"}, 2, 1, 3),
}
FORMATS = (NumberFormat(), NumberFormat(8, 5, "floor"))


class Stage:
    def __init__(self, stage, number_format, seed=1):
        inputs, outputs, taps, dilation, more, pe, simd, self.contexts = stage
        self.layer = layer = Conv1DSpec(inputs, outputs, taps, dilation, **more)
        self.model = random_model(NetworkSpec([layer], number_format), seed, scale=0.3)
        self.fold = LayerFolding(layer, pe, simd, number_format, self.contexts)
        (kernel, bias), *_ = self.model.weights
        self.dut = Conv1D(layer, number_format, pe, simd, kernel, bias, self.contexts)
        self.design = Design(self.dut)

    def play(self, frames, contexts, stalls=(0.0, 0.0), seed=0):
        """driver, collector, and how often `saturated` and `frame_done` were set."""
        clock, counts = Clock(), {"saturated": 0, "frame_done": 0, "lost": 0}
        driver = FrameDriver(self.dut.sink, frames, None, stalls[0], seed, clock, contexts)
        collector = FrameCollector(self.dut.source, len(frames), stalls[1], seed + 1, clock)

        @passive
        def watch():
            dut, fifo = self.dut, self.dut.results.fifo.sink
            while True:
                yield
                counts["saturated"] += yield dut.saturated
                counts["frame_done"] += yield dut.frame_done
                counts["lost"] += (yield fifo.valid) and not (yield fifo.ready)

        self.design.run([clock.run(), driver.run(), watch(), collector.run()])
        return driver, collector, counts

    def wanted(self, frames, contexts):
        """Each context's frames alone, one layer's passes one after the other."""
        spec, answers, clipped = self.model.spec, [None] * len(frames), 0
        for context in set(contexts):
            own = [index for index, tag in enumerate(contexts) if tag == context]
            words = [frames[index] for index in own]
            for _ in range(self.layer.repeat):
                args = (self.layer, spec.number_format, self.model.weights * len(own))
                words, lost = naive.convolve(*args, words), naive.clipped(*args, words)
                clipped += lost
            for index, word in zip(own, words):
                answers[index] = word
        return answers, clipped


@pytest.mark.parametrize("number_format", FORMATS, ids=str)
@pytest.mark.parametrize("stalls", [(0.0, 0.0), (0.6, 0.2), (0.0, 0.9)], ids=str)
@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_the_integers_under_stalls(stage, stalls, number_format):
    """No result ever finds the FIFO full, whoever waits for whom."""
    bench = Stage(stage, number_format)
    frames = random_frames(bench.model.spec, 40, seed=2).tolist()
    contexts = random.Random(3).choices(range(bench.contexts), k=len(frames))
    _, collector, counts = bench.play(frames, contexts, stalls, seed=4)
    answers, clipped = bench.wanted(frames, contexts)
    assert collector.contexts == contexts
    assert collector.frames == answers
    passes = len(frames) * bench.layer.repeat
    assert counts == {"saturated": clipped, "frame_done": passes, "lost": 0}


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_latency_and_interval_are_those_of_the_plan(stage):
    bench = Stage(stage, NumberFormat())
    dut, fold = bench.dut, bench.fold
    assert (dut.cycles, dut.latency, dut.latency_last) == (
        fold.cycles,
        fold.latency,
        fold.latency_last,
    )
    assert (dut.burst, dut.interval) == (fold.burst, fold.interval)
    inputs = bench.layer.in_channels
    driver, collector, _ = bench.play(random_frames(bench.model.spec, 1, 5), [0])
    assert collector.starts[0] - driver.ends[0] == dut.latency

    # Sustained, as fast as frames come: a repeating layer gives bursts, over and over.
    count = 40 + 4 * dut.burst
    _, collector, _ = bench.play(random_frames(bench.model.spec, count, 6), [0] * count)
    took = np.diff(collector.starts)[10 : -dut.burst]
    slowest = max(dut.cycles, inputs, bench.layer.out_channels)
    periods = [p for p in range(1, dut.burst + 1) if np.array_equal(took[p:], took[:-p])]
    assert periods and took[: periods[0]].mean() == slowest
    assert len(list(groupby(took))) == 1 or bench.layer.repeat > 1


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_a_stage_whose_output_waits_fills_its_fifo(stage):
    """To the last place, so that it runs ahead by as many groups as the plan gives it."""
    bench = Stage(stage, NumberFormat())
    depth = bench.fold.memories[-1].depth
    frames = random_frames(bench.model.spec, bench.dut.frames_inside + 2, 5)
    levels = []

    @passive
    def drive():
        yield from FrameDriver(bench.dut.sink, frames).run()

    def watch():
        for _ in range(4 * bench.dut.latency + depth * bench.dut.interval):
            yield
        levels.append((yield bench.dut.results.fifo.level))

    bench.design.run([drive(), watch()])
    assert bench.dut.results.fifo.depth == depth
    # A layer that repeats lets in what goes round, not what fills the FIFO.
    assert levels == [depth] or bench.layer.repeat > 1


def test_frames_inside_is_what_a_stage_holds_at_most():
    """The output waits; one channel, so that each word is a frame."""
    bench = Stage(STAGES["one multiplication"], NumberFormat())
    taken = []

    def fill():
        sink = bench.dut.sink
        yield sink.valid.eq(1)
        yield sink.first.eq(1)
        yield sink.last.eq(1)
        for _ in range(300):
            yield
            taken.append((yield sink.ready))

    bench.design.run([fill()])
    assert 10 < sum(taken) <= bench.dut.frames_inside
    assert not any(taken[-100:])
