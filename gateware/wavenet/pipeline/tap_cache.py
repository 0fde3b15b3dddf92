# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from math import gcd

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream

from gateware.layouts import frame_layout
from gateware.primitives import ram_blocks, worth_a_block
from gateware.wavenet.frame_queue import FrameQueue
from gateware.wavenet.ring import Ring
from gateware.wavenet.tap_memory import TapMemory

# Helpers ------------------------------------------------------------------------------------------

def ring_slots(least, words, bits):
    """Slots of a ring that has at least `least` of `words` words: a power of two, whose pointers
    wrap by themselves, unless that takes a third more block RAM."""
    rounded = 2**log2_int(least, need_pow2=False)
    def blocks(slots):
        return ram_blocks(bits, slots*words) if worth_a_block(bits, slots*words, readers=1) else 0
    return rounded if 3*blocks(rounded) <= 4*blocks(least) + 3 else least

# Beat Merger --------------------------------------------------------------------------------------

class BeatMerger(LiteXModule):
    """One beat per cycle from the first of several sinks that has one, with its place in its frame.

        channel = word*lanes + lane

    sinks, source : `layout`, frames of lanes*words channels; their beats may alternate

    No latency.
    """
    def __init__(self, layout, sinks, lanes, words):
        self.sinks  = [stream.Endpoint(layout) for _ in range(sinks)]
        self.source = stream.Endpoint(layout)
        self.lane   = Signal(max=max(lanes, 2))
        self.word   = Signal(max=max(words, 2))

        # # #

        granted = []
        for sink in self.sinks:
            own_lane, own_word = Signal.like(self.lane), Signal.like(self.word)
            granted.append([
                sink.connect(self.source),
                self.lane.eq(own_lane),
                self.word.eq(own_word),
            ])
            self.sync += If(sink.valid & sink.ready,
                own_lane.eq(own_lane + 1),
                If(own_lane == (lanes - 1),
                    own_lane.eq(0),
                    own_word.eq(own_word + 1),
                ),
                If(sink.last,
                    own_lane.eq(0),
                    own_word.eq(0),
                ),
            )
        choice = granted[-1]
        for sink, grant in reversed(list(zip(self.sinks, granted[:-1]))):
            choice = If(sink.valid, grant).Else(choice)
        self.comb += choice

# Tap Cache ----------------------------------------------------------------------------------------

class TapCache(LiteXModule):
    """History of a layer's input, written channel by channel, read `simd` inputs at once.

        sinks --> BeatMerger --> TapMemory --> data
                      |             ^
                      |    Ring of each copy's next slot
                      +--> FrameQueue, Ring of the oldest tap's slot --> head

    A ring of `slots` frames for each context: those the taps reach back to and `pending` more,
    which the producer fills while the stage still reads. Frame n of a context sits in slot
    n + (K-1)*dilation of copy 0, its oldest tap in slot n.

    A slot is `words` words in each of `lanes` memories, lanes = min(simd, in_channels). With
    simd > in_channels several taps are read at once, so the ring exists `copies` times; copy j is
    written j*dilation slots earlier, and one read slot serves all copies.

    sinks    : frame_layout(bits, contexts); beats of several producers may alternate, the first
               sink goes first. Ready while a slot is free
    waiting, head, start, release : see FrameQueue; head is bank, context and `slot`, that of the
               frame's oldest tap
    context, slot, word : what to read; `data` (simd words, flat input order tap*in_channels +
               channel) follows LATENCY cycles later, with `spread` one more, see TapMemory. No slot
               is read while it is written
    step     : slots from a tap that is read to the next one

    History is zero at power-up. Raises ValueError when simd does not divide the fan-in as
    in_channels/simd words or simd/in_channels taps.
    """
    LATENCY = TapMemory.LATENCY
    def __init__(self, bits, in_channels, kernel_size, dilation, simd, contexts=1, sinks=1,
        pending=2, spread=False, primitives="inferred"):
        lanes  = gcd(simd, in_channels)
        copies = simd // lanes
        if lanes != min(simd, in_channels) or kernel_size % copies:
            raise ValueError(f"simd must divide in_channels ({in_channels}), or be in_channels "
                f"times a divisor of kernel_size ({kernel_size}), got {simd}")

        self.words = words = in_channels // lanes
        self.step  = copies*dilation
        per_slot   = 2**(log2_int(words, need_pow2=False) + log2_int(contexts, need_pow2=False))
        least      = (kernel_size - 1)*dilation + 1 + pending
        self.slots = slots = ring_slots(least, per_slot, bits)

        self.merger  = merger = BeatMerger(frame_layout(bits, contexts), sinks, lanes, words)
        self.memory  = memory = TapMemory(bits, lanes, copies, slots, words, contexts, spread,
            primitives)
        tag          = [("bank", 1), ("context", bits_for(contexts - 1))]
        self.queue   = queue  = FrameQueue(tag, 1 + pending)
        self.sinks   = merger.sinks
        self.waiting = queue.waiting
        self.head    = head   = Record(tag + [("slot", bits_for(slots - 1))])
        self.start   = queue.start
        self.release = queue.release
        self.context = memory.context
        self.slot    = memory.slot
        self.word    = memory.word
        self.data    = memory.read_data

        # # #

        # Write side: a beat to the next slot of its context, which moves on behind the last one.
        # ---------------------------------------------------------------------------------------
        beat = merger.source
        self.comb += [
            beat.ready.eq(queue.free),
            memory.write.eq(beat.valid & beat.ready),
            memory.data.eq(beat.data),
            memory.lane.eq(merger.lane),
            memory.write_word.eq(merger.word),
            memory.write_context.eq(beat.context),
            queue.written.eq(memory.write & beat.last),
            queue.tag.bank.eq(beat.bank),
            queue.tag.context.eq(beat.context),
        ]
        for copy, place in enumerate(memory.places):
            ring = Ring(slots, contexts, reset=((kernel_size - 1 - copy)*dilation) % slots)
            self.add_module(f"newest{copy}", ring)
            self.comb += [
                ring.context.eq(beat.context),
                ring.advance.eq(queue.written),
                place.eq(ring.pointer),
            ]

        # Read side: the slot of the oldest tap moves on with each frame.
        # ---------------------------------------------------------------
        self.oldest = oldest = Ring(slots, contexts)
        self.comb += [
            oldest.context.eq(queue.head.context),
            oldest.advance.eq(self.start),
            head.bank.eq(queue.head.bank),
            head.context.eq(queue.head.context),
            head.slot.eq(oldest.pointer),
        ]
