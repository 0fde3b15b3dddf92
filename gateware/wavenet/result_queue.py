# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream

from gateware.layouts import frame_layout
from gateware.wavenet.mvu import delayed
from gateware.wavenet.requantise import Requantise

# Result Queue -------------------------------------------------------------------------------------

class ResultQueue(LiteXModule):
    """From the sums of a group of outputs to words of a frame: one by one, requantised, in a FIFO.

        sums --> registers, one sum after the other --> Requantise --> FIFO --> source
        tag ---> output, bank --> memory of biases -------^

    fmt, relu    : number format and activation of the words
    pe           : sums of a group, ready at once;  out_channels : of a frame
    contexts     : of the frames
    credits      : groups that the FIFO has room for
    bias_latency : cycles from `output` and `bank` to `bias`

    begins       : strobe, a group begins whose sums will come;  credit : one more may
    announced    : strobe, `done` comes early(pe, bias_latency) cycles later
    first, tag   : with it, whether the group is its frame's first, and {context, bank}
    sums, done   : pe signed sums, in the cycle in which their done[p] is set
    output, bank : whose bias is wanted;  bias : fmt.bits wide
    source       : frame_layout(fmt.bits, contexts)
    saturated    : strobe, one word was clipped

    A pipeline cannot stall, so a group is issued only when the FIFO has a place for it: a credit,
    which it gives back with its last word.

    Initiation interval: pe cycles per group. Latency: latency(pe) cycles from `done` to `source`.
    """
    def __init__(self, fmt, relu, accumulator_bits, pe, out_channels, contexts, credits,
        bias_latency):
        self.begins    = Signal()
        self.credit    = Signal()
        self.announced = Signal()
        self.first     = Signal()
        self.tag       = Signal(1 + bits_for(contexts - 1))
        self.sums      = [Signal((accumulator_bits, True)) for _ in range(pe)]
        self.done      = [Signal() for _ in range(pe)]
        self.output    = Signal(max=max(out_channels, 2))
        self.bank      = Signal()
        self.bias      = Signal((fmt.bits, True))
        self.source    = stream.Endpoint(frame_layout(fmt.bits, contexts))

        self.requantise = requantise = Requantise(accumulator_bits, fmt.bits, fmt.frac,
            fmt.rounding, relu)
        self.saturated  = requantise.saturated

        # # #

        # Whose turn it is.
        # -----------------
        left    = Signal(max=pe + 1)
        leaving = Signal()
        tag     = Signal(len(self.tag), reset_less=True)
        self.comb += [
            leaving.eq(left != 0),
            self.bank.eq(tag[0]),
        ]
        self.sync += [
            If(leaving,
                left.eq(left - 1),
                self.output.eq(self.output + 1),
            ),
            If(self.announced,
                left.eq(pe),
                tag.eq(self.tag),
                If(self.first, self.output.eq(0)),
            ),
        ]

        # Sums that wait for it; the only one of pe = 1 does not.
        # -------------------------------------------------------
        waiting = self.sums
        if self.waits(pe):
            waiting    = [Signal((accumulator_bits, True), reset_less=True) for _ in range(pe)]
            self.sync += [If(done, held.eq(total)).Else(held.eq(after))
                for held, total, done, after in zip(waiting, self.sums, self.done,
                    waiting[1:] + waiting[-1:])]

        # Words and their marks.
        # ----------------------
        marks = Cat(self.output == 0, self.output == (out_channels - 1), tag)
        self.comb += [
            requantise.accumulator.eq(waiting[0]),
            requantise.bias.eq(self.bias),
            requantise.valid_in.eq(delayed(self, leaving, bias_latency)),
        ]
        marks = delayed(self, marks, bias_latency + Requantise.LATENCY)

        # FIFO.
        # -----
        self.fifo = fifo = stream.SyncFIFO(frame_layout(fmt.bits, contexts), credits*pe)
        in_flight = Signal(max=credits + 1)
        place     = Signal(max=max(pe, 2))
        leaves    = Signal()
        self.comb += [
            fifo.sink.valid.eq(requantise.valid_out),
            fifo.sink.data.eq(requantise.word),
            Cat(fifo.sink.first, fifo.sink.last, fifo.sink.bank, fifo.sink.context).eq(marks),
            fifo.source.connect(self.source),
            leaves.eq(self.source.valid & self.source.ready),
            self.credit.eq(in_flight != credits),
        ]
        self.sync += [
            If(leaves, place.eq(Mux(place == (pe - 1), 0, place + 1))),
            in_flight.eq(in_flight + self.begins - (leaves & (place == (pe - 1)))),
        ]

    @staticmethod
    def waits(pe):
        """Cycles for which the first of pe sums waits for its turn."""
        return int(pe > 1)

    @classmethod
    def early(cls, pe, bias_latency):
        """Cycles before `done` in which `announced` must come, for the first bias to be there."""
        return bias_latency + 1 - cls.waits(pe)

    @classmethod
    def latency(cls, pe):
        """Cycles from a group's `done` to its first word at `source`, the FIFO empty."""
        return cls.waits(pe) + Requantise.LATENCY + 1
