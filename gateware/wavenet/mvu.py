# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from gateware.primitives import Accumulator, Broadcast, GROUP
from gateware.wavenet.lanes import AdderTree

# Helpers ------------------------------------------------------------------------------------------

def delayed(module, signal, cycles):
    """`signal`, `cycles` clock cycles later; at most 0 of them lose nothing and cost nothing."""
    for _ in range(cycles):
        register     = Signal(len(signal), reset_less=True)
        module.sync += register.eq(signal)
        signal       = register
    return signal

# Matrix Vector Unit -------------------------------------------------------------------------------

class MVU(LiteXModule):
    """PE x SIMD matrix-vector unit: `pe` dot products at once, `simd` multiplications each a cycle.

        sums[p] = sum over the group's cycles and i of activations[i]*weights[p*simd + i]

    Timeline of one beat:

        cycle  0         1                    LATENCY of a lane   .. tree ..
               a ------> registers, one for GROUP lanes --+
                         w -----------------------------> lane ------> adder tree --> accumulator

    fold     : beats of a group; with 1 there is nothing to accumulate
    early    : cycles before `done` that its announcement is wanted
    spread   : activations come in cycle 1, from as many memories as there are lanes, and are not
               registered
    lane_cls : Multiplier or ShiftLane

    activations[simd], first, last : in cycle 0; first and last beat of a group, whose beats follow
                                     each other without gaps
    weights[pe*simd]               : one cycle later, as the lane takes them
    sums[pe], done                 : a group's sums, in the cycle in which its done[p] is set
    announced                      : `early` cycles before done

    Latency: self.latency cycles from a group's last beat to `done`; groups may follow at once. The
    accumulators cannot overflow (width from the caller).
    """
    def __init__(self, pe, simd, fold, early, spread, bits, accumulator_bits, lane_cls,
        primitives="inferred"):
        self.activations = [Signal((bits, True)) for _ in range(simd)]
        self.weights     = []
        self.first       = Signal()
        self.last        = Signal()
        self.sums        = []

        # # #

        groups      = -(-pe//GROUP)
        activations = [[activation] for activation in self.activations]
        if not spread:
            for i, activation in enumerate(self.activations):
                broadcast = Broadcast(activation, groups, primitives)
                self.add_module(f"activation{i}", broadcast)
                activations[i] = broadcast.copies

        firsts = []
        for p in range(pe):
            products = []
            for i in range(simd):
                lane = lane_cls(bits, primitives)
                self.add_module(f"lane{p}_{i}", lane)
                self.weights.append(lane.b)
                self.comb += lane.a.eq(activations[i][p//GROUP])
                products.append(lane.product)
            tree = AdderTree(products)
            self.add_module(f"tree{p}", tree)
            if fold == 1:
                self.sums.append(tree.total)
                continue
            accumulator = Accumulator(tree.total, accumulator_bits, primitives)
            self.add_module(f"accumulator{p}", accumulator)
            firsts.append(accumulator.first)
            self.sums.append(accumulator.total)

        before       = Broadcast.LATENCY + lane_cls.LATENCY + tree.latency
        self.latency = before + (fold > 1)
        if fold > 1:
            self.first_marks = Broadcast(delayed(self, self.first, before - 1), pe, primitives)
            self.comb += [first.eq(mark) for first, mark in zip(firsts, self.first_marks.copies)]

        self.announced  = delayed(self, self.last, self.latency - early)
        self.done_marks = Broadcast(delayed(self, self.announced, early - 1), pe, primitives)
        self.done       = self.done_marks.copies
