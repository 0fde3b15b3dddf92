# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from gateware.wavenet.ring import ring_add

# Helpers ------------------------------------------------------------------------------------------

def index_bits(last):
    """Width of an index that counts to `last`, an integer or a Signal."""
    return bits_for(last) if isinstance(last, int) else len(last)

def is_mask(last):
    """Whether an index to `last` is the low bits of a longer count: known before synthesis only."""
    return isinstance(last, int) and (last + 1) & last == 0

# Sequencer ----------------------------------------------------------------------------------------

class Sequencer(LiteXModule):
    """The order in which a convolution reads: groups of outputs, taps, words of a tap.

        for group in range(groups):
            for step in range(interval):                 # step 0 waits for `credit`
                if step < fold:                          # a beat: `issue`
                    row  = group*fold + step
                    slot = (oldest + step//words*stride) % slots
                    word = step % words

    Each of the six numbers is an integer, or a Signal that is steady from `start` to `done`; an
    integer saves the counters that another one has already. Loops are given by their last index:

    last_beat  : fold - 1, beats of a group;  last_step : interval - 1, cycles of a group, >= fold
    last_group : groups - 1;                  last_word : words - 1, words divides fold
    stride     : slots from a tap to the next one that is read
    slots      : of the ring

    waiting, oldest : a frame is there, and the slot of its oldest tap
    start    : strobe, that frame is taken; in the cycle after it its first beat may be issued
    credit   : there is room for the results of one more group
    busy     : a frame is being read;  done : strobe, its last cycle, `start` may come with it
    slot, word, row : what to read
    issue    : strobe, they are a beat of the group
    first    : of a group's beats, set while step 0 waits as well;  last : strobe, the last beat
    begins   : strobe, the first beat of a group;  first_group : it is the frame's first group

    Initiation interval: groups*interval cycles per frame. Latency: LATENCY cycles from `start` to
    the first beat.
    """
    LATENCY = 1
    def __init__(self, last_beat, last_step, last_group, last_word, stride, slots, row_bits,
        slot_bits):
        self.waiting     = Signal()
        self.oldest      = Signal(slot_bits)
        self.start       = Signal()
        self.credit      = Signal()
        self.busy        = Signal()
        self.done        = Signal()
        self.slot        = Signal(slot_bits)
        self.word        = Signal(index_bits(last_word))
        self.row         = Signal(row_bits)
        self.issue       = Signal()
        self.first       = Signal()
        self.last        = Signal()
        self.begins      = Signal()
        self.first_group = Signal()

        # # #

        # Groups, and steps in them.
        # --------------------------
        step       = Signal(index_bits(last_step))
        group      = Signal(index_bits(last_group))
        advance    = Signal()
        group_last = Signal()
        self.comb += [
            self.first.eq(step == 0),
            self.first_group.eq(group == 0),
            advance.eq(self.busy & (self.credit | ~self.first)),
            self.begins.eq(advance & self.first),
            self.issue.eq(advance & ((step <= last_beat) | (last_beat == last_step))),
            self.last.eq(self.issue & (step == last_beat)),
            group_last.eq(step == last_step),
            self.done.eq(advance & group_last & (group == last_group)),
            self.start.eq(self.waiting & (~self.busy | self.done)),
        ]
        self.sync += [
            If(advance,
                step.eq(step + 1),
                If(group_last,
                    step.eq(0),
                    group.eq(group + 1),
                ),
            ),
            If(self.done,
                self.busy.eq(0),
                group.eq(0),
            ),
            If(self.start, self.busy.eq(1)),
        ]

        # Taps: each group begins at the oldest one.
        # ------------------------------------------
        begin    = Signal(slot_bits)
        tap_last = Signal()
        self.comb += tap_last.eq(self.word == last_word)
        self.sync += [
            If(advance,
                If(self.issue & tap_last, self.slot.eq(ring_add(self.slot, stride, slots))),
                If(group_last, self.slot.eq(begin)),
            ),
            If(self.start,
                begin.eq(self.oldest),
                self.slot.eq(self.oldest),
            ),
        ]

        # Words and rows: a count of beats modulo a power of two is part of `step`.
        # -------------------------------------------------------------------------
        if is_mask(last_word):
            self.comb += self.word.eq(step & last_word)
        else:
            self.sync += If(self.issue, self.word.eq(Mux(tap_last, 0, self.word + 1)))
        if is_mask(last_beat):
            turn       = group << log2_int(last_beat + 1)
            self.comb += self.row.eq(turn | (step & last_beat))
        else:
            self.sync += [
                If(self.issue, self.row.eq(self.row + 1)),
                If(self.done, self.row.eq(0)),
            ]
