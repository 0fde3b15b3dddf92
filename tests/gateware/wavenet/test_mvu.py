# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""MVU, its lanes and its adder tree alone: dot products in Python's integers, in their cycle."""

import random

import pytest
from litex.gen import LiteXModule
from migen import Signal

from gateware.primitives import GROUP, Multiplier
from gateware.wavenet.lanes import AdderTree, ShiftLane
from gateware.wavenet.mvu import MVU, delayed
from gateware.wavenet.po2 import po2_bits, po2_code
from tests.support.simulators.compiled import run_simulation

BITS = 9
LOW, HIGH = -(2 ** (BITS - 1)), 2 ** (BITS - 1) - 1


def extreme_words(choose, count):
    """Random words, the ends of the range often among them."""
    return [choose.choice([LOW, HIGH, 0, -1, choose.randint(LOW, HIGH)]) for _ in range(count)]


def pipelined(dut, inputs, rows, outputs, latency):
    """The outputs, `latency` cycles after each row of `inputs` in a row of consecutive cycles."""
    seen = []

    def bench():
        for cycle in range(len(rows) + latency):
            for signal, value in zip(inputs, rows[min(cycle, len(rows) - 1)]):
                yield signal.eq(value)
            yield
            if cycle >= latency:
                seen.append((yield list(outputs)))

    run_simulation(dut, bench())
    return seen


@pytest.mark.parametrize(
    "terms, latency", [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (8, 3), (9, 4), (23, 5)]
)
def test_the_adder_tree_loses_no_bit(terms, latency):
    choose = random.Random(terms)

    class Tree(LiteXModule):
        def __init__(self):
            self.terms = [Signal((BITS, True)) for _ in range(terms)]
            self.tree = AdderTree(self.terms)

    dut = Tree()
    rows = [[end] * terms for end in (LOW, HIGH)]
    rows += [extreme_words(choose, terms) for _ in range(40)]
    assert dut.tree.latency == latency
    sums = pipelined(dut, dut.terms, rows, [dut.tree.total], latency)
    assert sums == [[sum(row)] for row in rows]


def powers():
    return [0, *[sign * 2**k for k in range(BITS - 1) for sign in (1, -1)], LOW]


def test_lanes_multiply():
    """Any word by any power of two or 0; words by words."""
    assert (ShiftLane.LATENCY, Multiplier.LATENCY) == (3, 4)
    pairs = [(a, w) for w in powers() for a in (LOW, -77, -1, 0, 1, 100, HIGH)]
    lane = ShiftLane(BITS)
    rows = [(a, po2_code(w, BITS)) for a, w in pairs]
    assert len(set(code for _, code in rows)) == len(powers()) < 2 ** po2_bits(BITS)
    seen = pipelined(lane, [lane.a, lane.b], rows, [lane.product], ShiftLane.LATENCY)
    assert seen == [[a * w] for a, w in pairs]
    lane = Multiplier(BITS)
    seen = pipelined(lane, [lane.a, lane.b], pairs, [lane.product], Multiplier.LATENCY)
    assert seen == [[a * w] for a, w in pairs]


@pytest.mark.parametrize("cycles", [0, 1, 5])
def test_delayed(cycles):
    class Delay(LiteXModule):
        def __init__(self):
            self.word = Signal(8)
            self.later = delayed(self, self.word, cycles)

    dut = Delay()
    rows = [[value] for value in range(30)]
    assert pipelined(dut, [dut.word], rows, [dut.later], cycles) == rows


@pytest.mark.parametrize("lane_cls", [Multiplier, ShiftLane])
@pytest.mark.parametrize(
    "pe, simd, fold, early, spread",
    [
        (1, 1, 1, 1, False),
        (1, 1, 5, 2, False),
        (2, 3, 4, 3, False),
        (3, 4, 1, 2, False),
        (GROUP + 1, 2, 3, 3, False),
        (2, GROUP + 2, 2, 3, True),
    ],
)
def test_groups_of_dot_products(pe, simd, fold, early, spread, lane_cls):
    """Groups at random distances; sums and `done` LATENCY cycles after the last beat, announced
    `early` cycles before."""
    choose = random.Random(pe * simd)
    bits = 2 * BITS + (simd * fold).bit_length() + 1
    dut = MVU(pe, simd, fold, early, spread, BITS, bits, lane_cls)
    tree = (simd - 1).bit_length()
    assert dut.latency == 1 + lane_cls.LATENCY + tree + (fold > 1)
    beats, wanted = [], {}
    for group in range(30):
        beats += [None] * choose.choice([0, 0, 1, 4])
        a = [extreme_words(choose, simd) for _ in range(fold)]
        if lane_cls is ShiftLane:
            w = [choose.choices(powers(), k=pe * simd) for _ in range(fold)]
        else:
            w = [extreme_words(choose, pe * simd) for _ in range(fold)]
        if group == 0:  # the largest sum
            a, w = [[LOW] * simd] * fold, [[LOW] * (pe * simd)] * fold
        beats += [(a[i], w[i], i == 0, i == fold - 1) for i in range(fold)]
        wanted[len(beats) - 1 + dut.latency] = [
            sum(a[i][s] * w[i][p * simd + s] for i in range(fold) for s in range(simd))
            for p in range(pe)
        ]
    sums, announced = {}, []

    def bench():
        for cycle in range(len(beats) + dut.latency + 2):
            now = beats[cycle] if cycle < len(beats) else None
            before = beats[cycle - 1] if 0 < cycle <= len(beats) else None
            activations = (before if spread else now) or [extreme_words(choose, simd)]
            for signal, value in zip(dut.activations, activations[0]):
                yield signal.eq(value)
            for signal, value in zip(dut.weights, before[1] if before else [0] * pe * simd):
                yield signal.eq(po2_code(value, BITS) if lane_cls is ShiftLane else value)
            yield dut.first.eq(bool(now and now[2]))
            yield dut.last.eq(bool(now and now[3]))
            yield
            done = yield list(dut.done)
            assert len(set(done)) == 1
            if done[0]:
                sums[cycle] = yield list(dut.sums)
            if (yield dut.announced):
                announced.append(cycle)

    run_simulation(dut, bench())
    assert sums == wanted
    assert announced == [cycle - early for cycle in wanted]
