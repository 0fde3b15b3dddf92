# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Sequencer against the loops of its docstring, its numbers given as integers and as Signals."""

import random

import pytest
from litex.gen import LiteXModule
from migen import Signal

from gateware.wavenet.sequencer import Sequencer
from tests.support.simulators.compiled import run_simulation

# fold, interval, groups, words, stride, slots
SHAPES = [
    (1, 1, 1, 1, 1, 2),
    (1, 1, 5, 1, 0, 4),
    (4, 4, 3, 2, 1, 8),
    (6, 6, 4, 3, 2, 7),
    (3, 5, 2, 1, 3, 11),
    (8, 9, 3, 4, 5, 13),
    (12, 12, 1, 4, 16, 40),
]
ROW_BITS, SLOT_BITS, NUMBER_BITS = 8, 6, 6


def numbers(shape):
    fold, interval, groups, words, stride, slots = shape
    return fold - 1, interval - 1, groups - 1, words - 1, stride, slots


class Tabled(LiteXModule):
    """A Sequencer whose numbers a table would give it."""

    def __init__(self):
        self.numbers = [Signal(NUMBER_BITS) for _ in range(6)]
        self.sequencer = Sequencer(*self.numbers, ROW_BITS, SLOT_BITS)


def beats(shape, oldest):
    """(row, slot, word, first, last, first_group) of every beat of a frame."""
    fold, _, groups, words, stride, slots = shape
    return [
        [
            group * fold + step,
            (oldest + step // words * stride) % slots,
            step % words,
            step == 0,
            step == fold - 1,
            group == 0,
        ]
        for group in range(groups)
        for step in range(fold)
    ]


class Run:
    """Plays frames of (shape, oldest slot); `heard`: the beats, `starts`: the cycles of a start."""

    def __init__(self, dut, frames, credit=1.0, gap=0.0, table=None, seed=1):
        sequencer = dut.sequencer if table else dut
        choose = random.Random(seed)
        self.heard, self.starts, self.ends, self.beginnings = [], [], [], 0

        def play():
            index = cycle = 0
            while len(self.ends) < len(frames):
                # A table's numbers are steady from start to done.
                free = not table or not ((yield sequencer.busy) or (yield sequencer.start))
                ready = index < len(frames) and free and choose.random() >= gap
                if index < len(frames):
                    shape, oldest = frames[index]
                    yield sequencer.oldest.eq(oldest)
                    if table and free:
                        for signal, number in zip(table, numbers(shape)):
                            yield signal.eq(number)
                yield sequencer.waiting.eq(ready)
                yield sequencer.credit.eq(choose.random() < credit)
                yield
                cycle += 1
                assert cycle < 5000
                if (yield sequencer.issue):
                    names = ("row", "slot", "word", "first", "last", "first_group")
                    self.heard.append((yield [getattr(sequencer, name) for name in names]))
                self.beginnings += yield sequencer.begins
                if (yield sequencer.done):
                    self.ends.append(cycle)
                if (yield sequencer.start):
                    self.starts.append(cycle)
                    index += 1

        run_simulation(dut, play())


def played(shape, count, seed):
    choose = random.Random(seed)
    return [(shape, choose.randrange(shape[-1])) for _ in range(count)]


@pytest.mark.parametrize("credit, gap", [(1.0, 0.0), (0.4, 0.0), (0.7, 0.6)])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_integers_give_the_beats_of_the_loops(shape, credit, gap):
    frames = played(shape, 5, seed=sum(shape))
    run = Run(Sequencer(*numbers(shape), ROW_BITS, SLOT_BITS), frames, credit, gap)
    assert run.heard == [beat for frame in frames for beat in beats(*frame)]
    assert run.beginnings == len(frames) * shape[2]
    if credit == 1.0:  # the first beat LATENCY cycles after the start, the next start with `done`
        cycles = shape[2] * shape[1]
        assert [end - start for start, end in zip(run.starts, run.ends)] == [cycles] * len(frames)
        assert run.starts[1:] == run.ends[:-1]


@pytest.mark.parametrize("credit", [1.0, 0.4])
def test_signals_give_the_beats_of_one_shape_after_the_other(credit):
    """As a table would: the numbers change between two frames."""
    frames = [frame for seed in range(3) for shape in SHAPES for frame in played(shape, 1, seed)]
    dut = Tabled()
    run = Run(dut, frames, credit, gap=0.3, table=dut.numbers)
    assert run.heard == [beat for frame in frames for beat in beats(*frame)]


def test_latency():
    assert Sequencer.LATENCY == 1
