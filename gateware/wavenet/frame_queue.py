# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

# Frame Queue --------------------------------------------------------------------------------------

class FrameQueue(LiteXModule):
    """Which frames are in a memory: their tags, in the order in which they came.

    layout  : of a tag
    depth   : frames that the memory has room for

    free    : there is room for one more
    written : strobe, the last beat of a frame is on its way into the memory, with its `tag`
    waiting : a frame is there that has not been started;  head : its tag
    start   : strobe, the reading of that frame begins; the next one takes its place
    release : strobe, the oldest frame that was started is done, its place is free

    Latency: LATENCY cycles from `written` to `waiting`: the last beat is in the memory then.
    """
    LATENCY = 2
    def __init__(self, layout, depth):
        self.free    = Signal()
        self.written = Signal()
        self.tag     = Record(layout)
        self.waiting = Signal()
        self.head    = Record(layout)
        self.start   = Signal()
        self.release = Signal()

        # # #

        # Counts.
        # -------
        occupied = Signal(max=depth + 1)                     # Frames written and not released.
        count    = Signal(max=depth + 1)                     # Frames written and not started.
        arrived  = Signal()
        self.comb += [
            self.free.eq(occupied != depth),
            self.waiting.eq(count != 0),
        ]
        self.sync += [
            occupied.eq(occupied + self.written - self.release),
            arrived.eq(self.written),
            count.eq(count + arrived - self.start),
        ]

        # Tags.
        # -----
        tags   = [Record(layout) for _ in range(2**bits_for(depth))]
        newest = Signal(max=len(tags))
        turn   = Signal(max=len(tags))
        self.comb += [field.eq(Array(getattr(tag, name) for tag in tags)[turn])
            for name, field in ((name, getattr(self.head, name)) for name, _ in layout)]
        self.sync += [
            If(self.written,
                [If(newest == place, tag.raw_bits().eq(self.tag.raw_bits()))
                    for place, tag in enumerate(tags)],
                newest.eq(newest + 1),
            ),
            If(self.start, turn.eq(turn + 1)),
        ]
