# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The cross-fade round a core that answers from tables: the twin's integers, frame by frame."""

import numpy as np
import pytest
from migen import passive

from gateware.wavenet.fade.crossfade import Crossfade
from gateware.wavenet.fade.gains import GAIN_FRAC, Gains
from models import crossfade
from tests.support.hdl.streams import Clock, FrameCollector, FrameDriver
from tests.support.simulators.compiled import run_simulation

WARM_UP, IN_CHANNELS = 4, 2
GARBAGE = 12345


def words(count, channels=2, bits=16, seed=0, most=None):
    """Two models' answers, random words with a common part: int [2, count, channels]."""
    rng = np.random.default_rng(seed)
    most = most or 2 ** (bits - 1) - 1
    common = rng.integers(-most, most + 1, (1, count, channels))
    own = rng.integers(-most, most + 1, (2, count, channels))
    return (common + own) // 2


class Run:
    """Frames that carry their number through a Crossfade whose core answers answers[bank][number].

    changes: {frame: (bank, frames of a fade)} as that frame is about to enter. What a context
    answers before it has heard WARM_UP frames of its bank in a row is garbage, but at the start.
    heard, banks: what came out; given: (frame, bank, context) of what the core was given
    """

    def __init__(
        self, answers, changes, bits=16, gap=60, delay=9, stall=0.0, in_channels=IN_CHANNELS
    ):
        count, channels = answers.shape[1:]
        self.dut = dut = Crossfade(bits, in_channels, channels, WARM_UP)
        clock = Clock()
        driver = FrameDriver(dut.sink, [], clock=clock)
        collector = FrameCollector(dut.source, count, stall, seed=3, clock=clock)
        self.given, queue = [], []

        def drive():
            for index in range(count):
                if index in changes:
                    bank, length = changes[index]
                    yield dut.bank.eq(bank)
                    yield dut.rate.eq(length and crossfade.rate_of(length))
                    yield
                frame = [index] * (in_channels - 1) + [-index]
                driver.frames, driver.banks, driver.contexts = [frame], [0], [0]
                yield from driver.run()
                for _ in range(gap):
                    yield

        @passive
        def takes():
            end, heard = dut.to_core, {0: (0, WARM_UP)}
            yield end.ready.eq(1)
            while True:
                yield
                if not ((yield end.valid) and (yield end.last)):
                    continue
                bank, context = (yield end.bank), (yield end.context)
                index = -(yield end.data)
                last_bank, run = heard.get(context, (None, 0))
                heard[context] = bank, run + 1 if bank == last_bank else 1
                answer = answers[bank][index].tolist()
                if heard[context][1] < WARM_UP:
                    answer = [GARBAGE] * channels
                self.given.append((index, bank, context))
                queue.append((clock.cycle + delay, answer, bank, context))

        @passive
        def gives():
            sender = FrameDriver(dut.from_core, [], stall=0.3, seed=5)
            while True:
                if queue and queue[0][0] <= clock.cycle:
                    _, answer, bank, context = queue.pop(0)
                    sender.frames, sender.banks, sender.contexts = [answer], [bank], [context]
                    yield from sender.run()
                yield

        processes = [clock.run(), drive(), takes(), gives(), collector.run()]
        run_simulation(dut, processes)
        self.heard, self.banks = np.array(collector.frames), collector.banks


@pytest.mark.parametrize(
    "length, channels, bits", [(2, 1, 16), (12, 3, 16), (5, 2, 18), (2, 2, 8), (12, 1, 8)]
)
def test_a_fade_there_and_back(length, channels, bits):
    answers = words(60, channels, bits, seed=length)
    run = Run(answers, {5: (1, length), 32: (0, length)}, bits)
    rate = crossfade.rate_of(length)
    there, end = crossfade.crossfade(*answers[:, 5:32], WARM_UP, rate, bits)
    back, _ = crossfade.crossfade(*answers[::-1, 32:], WARM_UP, rate, bits)
    np.testing.assert_array_equal(run.heard, np.vstack([answers[0][:5], there, back]))
    assert end >= WARM_UP + length
    # The tag, and so software, sees the new bank when the old one is heard no more.
    assert run.banks[:32] == [0] * (5 + end) + [1] * (27 - end)
    for index, (frame, bank, context) in enumerate(run.given[: 5 + 2 * (WARM_UP + length)]):
        pair = (index - 5) % 2 if index >= 5 else 0
        assert (frame, bank, context) == (min(index, 5 + (index - 5) // 2), pair, pair)


@pytest.mark.parametrize("in_channels", [1, 3])
def test_nets_of_other_inputs(in_channels):
    answers = words(40)
    run = Run(answers, {5: (1, 6)}, in_channels=in_channels)
    there, _ = crossfade.crossfade(*answers[:, 5:], WARM_UP, crossfade.rate_of(6))
    np.testing.assert_array_equal(run.heard, np.vstack([answers[0][:5], there]))


@pytest.mark.parametrize("stall", [0.0, 0.5])
@pytest.mark.parametrize("delay", [0, 70, 200])
def test_frames_under_way(delay, stall):
    """The core holds several frames; those of the old model that come late are dropped."""
    answers = words(60, seed=delay)
    run = Run(answers, {5: (1, 6), 36: (0, 6)}, delay=delay, stall=stall)
    rate = crossfade.rate_of(6)
    there, _ = crossfade.crossfade(*answers[:, 5:36], WARM_UP, rate)
    back, _ = crossfade.crossfade(*answers[::-1, 36:], WARM_UP, rate)
    np.testing.assert_array_equal(run.heard, np.vstack([answers[0][:5], there, back]))


def test_at_once():
    """rate 0: from the frame that is next on, in the same context, with its histories."""
    answers = words(30)
    run = Run(answers, {6: (1, 0), 17: (0, 0)})
    assert [given[1:] for given in run.given] == [(0, 0)] * 6 + [(1, 0)] * 11 + [(0, 0)] * 13
    assert run.banks == [0] * 6 + [1] * 11 + [0] * 13


def test_a_change_of_mind_is_looked_at_when_the_fade_is_over():
    answers = words(50, seed=4)
    run = Run(answers, {5: (1, 8), 9: (0, 8), 10: (1, 8), 12: (0, 8)})
    rate = crossfade.rate_of(8)
    there, end = crossfade.crossfade(*answers[:, 5:], WARM_UP, rate)
    alone = [frame for frame, bank, _ in run.given if frame > 5 and bank == 0]
    start = next(frame for frame in range(5 + end, 50) if frame in alone)
    assert start <= 5 + end + 2
    back, _ = crossfade.crossfade(*answers[::-1, start:], WARM_UP, rate)
    np.testing.assert_array_equal(run.heard, np.vstack([answers[0][:5], there[: start - 5], back]))


def test_a_fade_keeps_the_time_it_began_with():
    """Changes at once, asked for in its middle, do not hold it for ever."""
    answers = words(60, seed=9)
    run = Run(answers, {5: (1, 12), 14: (1, 0)})
    there, _ = crossfade.crossfade(*answers[:, 5:], WARM_UP, crossfade.rate_of(12))
    np.testing.assert_array_equal(run.heard, np.vstack([answers[0][:5], there]))


def test_models_that_say_the_same():
    """Constant power alone would make each step up to 1.41 times as large."""
    answers = words(40, seed=7)
    answers[1] = answers[0]
    run = Run(answers, {5: (1, 10)})
    steps, heard = (np.abs(np.diff(x, axis=0)).max(axis=0) for x in (answers[0], run.heard))
    assert (heard <= steps).all()
    mixes = [(crossfade.gain(2**32 - p) + crossfade.gain(p)) / 2**16 for p in (2**31, 2**30)]
    assert mixes[0] > 1.41 and mixes[1] > 1.3


def test_a_still_model_is_left_in_steps_of_one():
    """Nothing moves, so what is heard may move by one count per frame at most."""
    answers = np.zeros((2, 60, 1), int)
    answers[1] = 30
    run = Run(answers, {5: (1, 2)})
    assert run.heard[:, 0].tolist() == [0] * 9 + list(range(1, 31)) + [30] * 21


def test_the_gains():
    """At phases all over, the twin's, LATENCY cycles after they were asked for."""
    phases = [0, 1, 2**31, 2**32 - 1, 2**32, *range(7, 2**32, 2**32 // 37)]
    dut, seen = Gains(), []

    def drive():
        for phase in phases:
            yield dut.phase.eq(phase)
            yield dut.start.eq(1)
            yield
            yield dut.start.eq(0)
            yield
            for _ in range(Gains.LATENCY - 1):
                assert not (yield dut.ready)
                yield
            assert (yield dut.ready)
            seen.append(((yield dut.falls), (yield dut.rises)))

    run_simulation(dut, drive())
    assert seen == [(crossfade.gain(2**32 - phase), crossfade.gain(phase)) for phase in phases]
    powers = np.array(seen, float) ** 2 / 2 ** (2 * GAIN_FRAC)
    assert np.abs(powers.sum(axis=1) - 1).max() < 1e-4  # 0.0005 dB


def test_a_fade_back_waits_for_the_frames_under_way():
    """It is asked for during the fade there, whose model leaves its context with frames inside."""
    answers = words(80, seed=11)
    run = Run(answers, {5: (1, 6), 9: (0, 6)}, delay=300)
    rate = crossfade.rate_of(6)
    there, end = crossfade.crossfade(*answers[:, 5:], WARM_UP, rate)
    alone = [frame for frame, bank, _ in run.given if frame >= 5 and bank == 0]
    left = next(a for a, b in zip(alone, alone[1:]) if b > a + 1)
    start = alone[alone.index(left) + 1]
    assert end + 5 < left < start
    back, _ = crossfade.crossfade(*answers[::-1, start:], WARM_UP, rate)
    np.testing.assert_array_equal(run.heard, np.vstack([answers[0][:5], there[: start - 5], back]))
    assert start - left > 2  # those of `delay` cycles, of 60 cycles per frame and more
