# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Ingress and Egress: channel map, embedding sources, dropped frames, word formats."""

from types import SimpleNamespace

import numpy as np
import pytest

from gateware.audio.egress import Egress
from gateware.audio.embedding import Ingress
from models.spec import NumberFormat
from tests.support.hdl.streams import Clock, FrameCollector, FrameDriver
from tests.support.simulators.compiled import run_simulation

Q4_12 = NumberFormat()


def codec_frames(count, slots=4, seed=0):
    return np.random.default_rng(seed).integers(-(2**15), 2**15, (count, slots))


def spaced(driver, gap):
    """Run `driver`, leaving `gap` idle cycles between frames, as a codec does."""
    frames, banks = driver.frames, driver.banks
    for frame, bank in zip(frames, banks):
        driver.frames, driver.banks = [frame], [bank]
        yield from driver.run()
        for _ in range(gap):
            yield


def ingress_run(ingress, frames, expected, gap=12, stall=0.0, setup=()):
    clock = Clock()
    driver = FrameDriver(ingress.sink, frames, clock=clock)
    collector = FrameCollector(ingress.source, expected, stall, clock=clock)
    result = SimpleNamespace()

    def drive():
        for signal, value in setup:
            yield signal.eq(value)
        yield
        yield from spaced(driver, gap)

    def collect():
        yield from collector.run()
        for _ in range(4 * gap):
            yield
        result.overruns = yield ingress.overruns
        result.cycles_available = yield ingress.cycles_available

    run_simulation(ingress, [clock.run(), drive(), collect()])
    result.latency = collector.starts[0] - driver.ends[0]
    result.frames, result.banks = collector.frames, collector.banks
    return result


@pytest.mark.parametrize("in_channels", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("e0_source, e1_source", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_the_channel_map(in_channels, e0_source, e1_source):
    frames = codec_frames(6, seed=in_channels)
    ingress = Ingress(in_channels, Q4_12, with_csr=False)
    setup = [
        (ingress.e0_source, e0_source),
        (ingress.e1_source, e1_source),
        (ingress.e0, -1234),
        (ingress.e1, 4096),
        (ingress.bank, 1),
    ]
    result = ingress_run(ingress, frames, 6, setup=setup)
    for codec, frame in zip(frames.tolist(), result.frames):
        e0 = -1234 if e0_source else codec[1]
        e1 = 4096 if e1_source else codec[2]
        assert frame == [codec[0], e0, e1, 0, 0, 0][:in_channels]
    assert set(result.banks) == {1}
    assert result.latency == Ingress.LATENCY
    assert result.overruns == 0
    assert result.cycles_available == 4 + 12


def test_two_slots_leave_e1_to_software():
    frames = codec_frames(3, slots=2)
    result = ingress_run(Ingress(3, Q4_12, slots=2, with_csr=False), frames, 3)
    assert result.frames == [[a, b, 0] for a, b in frames.tolist()]


def test_a_frame_that_comes_too_early_is_dropped_whole_and_counted():
    """While frame 0 waits to leave, eleven more come and go; frame 12 is taken again."""
    frames = codec_frames(13)
    ingress = Ingress(4, Q4_12, with_csr=False)
    early, late = FrameDriver(ingress.sink, frames[:12]), FrameDriver(ingress.sink, frames[12:])
    collector = FrameCollector(ingress.source, 2)
    result = SimpleNamespace()

    def run():
        yield from early.run()
        for _ in range(5):
            yield
        result.overruns = yield ingress.overruns
        result.first = ((yield ingress.source.valid), (yield ingress.source.data))
        yield from late_and_collect()

    def late_and_collect():
        yield ingress.source.ready.eq(1)
        for _ in range(8):
            yield
        yield from late.run()

    def collect():
        while not hasattr(result, "overruns"):
            yield
        yield from collector.run()

    run_simulation(ingress, [run(), collect()])
    assert result.overruns == 11
    assert result.first == (1, frames[0][0])
    assert collector.frames == [[a, b, c, 0] for a, b, c, _ in frames[[0, 12]].tolist()]


@pytest.mark.parametrize("bits, frac, shift", [(16, 12, 0), (8, 5, 0), (18, 13, 0), (16, 12, 1)])
def test_codec_words_become_the_networks_format_and_come_back(bits, frac, shift):
    fmt = NumberFormat(bits, frac)
    frames = codec_frames(20, seed=bits)
    result = ingress_run(Ingress(3, fmt, shift=shift, with_csr=False), frames, 20)
    up = frac - 12 + shift
    words = np.clip(np.floor(frames[:, :3] * 2.0**up), fmt.min, fmt.max).astype(int)
    assert np.array_equal(result.frames, words)

    egress = Egress(3, fmt, shift=shift)
    driver = FrameDriver(egress.sink, words.tolist(), stall=0.3)
    collector = FrameCollector(egress.source, 20, stall=0.3)
    run_simulation(egress, [driver.run(), collector.run()])
    back = np.clip(np.floor(words * 2.0**-up), -(2**15), 2**15 - 1).astype(int)
    assert [frame[:3] for frame in collector.frames] == back.tolist()
    assert {frame[3] for frame in collector.frames} == {0}


@pytest.mark.parametrize("out_channels", [1, 3, 4, 7])
@pytest.mark.parametrize("slots", [2, 4])
def test_outputs_play_on_their_slots(out_channels, slots):
    frames = codec_frames(8, slots=out_channels).tolist()
    egress = Egress(out_channels, Q4_12, slots=slots)
    driver = FrameDriver(egress.sink, frames, banks=[0, 1] * 4, stall=0.4)
    collector = FrameCollector(egress.source, 8, stall=0.4, seed=1)
    run_simulation(egress, [driver.run(), collector.run()])
    assert collector.frames == [(frame + [0] * 4)[:slots] for frame in frames]
