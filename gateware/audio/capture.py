# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from litex.soc.interconnect import wishbone
from litex.soc.interconnect.csr import *

# Rows ---------------------------------------------------------------------------------------------

class Rows(LiteXModule):
    """The first `channels` words of `depth` frames of a stream, a frame a row, two words at once.

    endpoint : is only looked at; frame_layout
    restart  : in, begins anew with row 0
    taking   : in, the beat of this cycle belongs to the row
    row      : rows that are filled, up to depth
    last     : the last beat of a frame, of any
    bus      : Wishbone, read only: word depth*p + r has channel 2*p of row r in its low half,
               channel 2*p + 1, if it is kept, in its high half
    address_bits : of such a word
    """
    autocsr_exclude = {"memory", "window"} # Or LiteX would give the memory CSRs of its own.
    def __init__(self, endpoint, channels, depth, name):
        self.restart = Signal()
        self.taking  = Signal()
        self.row     = row = Signal(max=depth + 1)
        self.last    = Signal()
        pairs        = (channels + 1)//2
        self.memory = memory = Memory(32, pairs*depth, name=name)
        self.window = wishbone.SRAM(memory, read_only=True)
        self.bus    = self.window.bus
        self.address_bits = bits_for(pairs*depth - 1)

        # # #

        beat    = Signal()
        ordinal = Signal(max=channels + 2) # Of channels, stops behind the last one kept.
        channel = Signal(max=channels + 2)
        even    = Signal(16, reset_less=True)
        word    = Signal((16, True))
        write   = memory.get_port(write_capable=True)
        self.specials += write
        self.comb += [
            beat.eq(endpoint.valid & endpoint.ready),
            channel.eq(Mux(endpoint.first, 0, ordinal)),
            self.last.eq(beat & endpoint.last),
            word.eq(endpoint.data),
            write.adr.eq(Cat(row[:log2_int(depth)], channel[1:])),
            write.dat_w.eq(Mux(channel[0], Cat(even, word), Cat(word, C(0, 16)))),
            write.we.eq(beat & self.taking & (channel < channels)),
        ]
        self.sync += [
            If(beat,
                even.eq(word),
                If(channel <= channels, ordinal.eq(channel + 1)),
            ),
            If(self.taking & self.last, row.eq(row + 1)),
            If(self.restart,            row.eq(0)),
        ]

# Frame Capture ------------------------------------------------------------------------------------

class FrameCapture(LiteXModule):
    """Keeps `depth` frames in a row of what comes in, and the answers to just these frames, for a
    host to read. The audio goes on as if it were not there.

    inputs, outputs : endpoints that are only looked at, frame_layout of at most 16 bits; outputs
                      may be None; an answer begins at least a cycle after its frame
    depth           : frames, a power of two
    input_channels  : the first so many of a frame are kept
    output_channels : likewise; 0 keeps no answers and needs no `outputs`
    frames          : a running count of frames that changes between the frames of `inputs`
    dropped         : with the last beat of `inputs`, the frame gets no answer

    go    : takes the frames from the next one on that begins. Again before `done`: takes anew.
    armed : `go` came, no frame has begun since
    done  : all frames and answers are there; 0 from `go` on
    first : `frames` at the beginning of the first frame
    count : frames that are there
    inputs_bus, outputs_bus : the words, see Rows; to be read while `done`

    A single shot and no ring: a host on a serial line reads some 100 times slower than the frames
    come, and a ring would not make that faster. Captures follow each other without a gap where
    `first` of one is `first` + `depth` of the one before.

    Raises ValueError for sizes that do not fit.
    """
    DEPTHS   = tuple(2**n for n in range(4, 17))
    CHANNELS = 16
    def __init__(self, inputs, depth, frames, input_channels=4, outputs=None, output_channels=0,
        dropped=0, with_csr=True):
        if depth not in self.DEPTHS:
            raise ValueError(f"capture: depth must be a power of two from {self.DEPTHS[0]} to "
                f"{self.DEPTHS[-1]}, got {depth}")
        for name, channels, least in (("input", input_channels, 1), ("output", output_channels, 0)):
            if not least <= channels <= self.CHANNELS:
                raise ValueError(f"capture: {name}_channels must be {least} to {self.CHANNELS}, "
                    f"got {channels}")
        for endpoint in filter(None, (inputs, outputs)):
            if len(endpoint.data) > 16:
                raise ValueError(f"capture: words must have at most 16 bits, "
                    f"got {len(endpoint.data)}")
        self.go    = Signal()
        self.armed = Signal()
        self.done  = Signal()
        self.first = Signal(32, reset_less=True)
        self.rows  = rows = Rows(inputs, input_channels, depth, "captured_inputs")
        self.count = rows.row

        # # #

        begin, entering = Signal(), Signal()
        self.inputs_bus = rows.bus
        self.comb += [
            begin.eq(self.armed & inputs.valid & inputs.ready & inputs.first),
            rows.taking.eq(begin | entering),
            rows.restart.eq(self.go),
        ]
        self.sync += [
            If(begin,
                self.armed.eq(0),
                entering.eq(1),
                self.first.eq(frames),
            ),
            If(rows.taking & rows.last & (rows.row == (depth - 1)), entering.eq(0)),
            If(self.go,
                self.armed.eq(1),
                entering.eq(0),
            ),
        ]
        if output_channels:
            self.add_answers(outputs, output_channels, depth, begin, dropped)
            all_answers = self.answers.row == depth
        else:
            all_answers = 1
        complete = (rows.row == depth) & all_answers
        self.sync += self.done.eq(complete & ~self.go)

        if with_csr:
            self.add_csr(depth)

    def add_answers(self, outputs, channels, depth, begin, dropped):
        self.answers     = answers = Rows(outputs, channels, depth,
            "captured_outputs")
        self.outputs_bus = answers.bus

        # # #

        # Answers that are due when the first frame begins are those to frames before it.
        due     = Signal(8)
        before  = Signal(8)
        leaving = Signal()
        self.comb += [
            answers.taking.eq(leaving & (before == 0)),
            answers.restart.eq(self.go),
        ]
        self.sync += [
            due.eq(due + (self.rows.last & ~dropped) - answers.last),
            If(answers.last & leaving,
                If(before != 0, before.eq(before - 1)),
                If(answers.taking & (answers.row == (depth - 1)), leaving.eq(0)),
            ),
            If(begin,
                before.eq(due - answers.last),
                leaving.eq(1),
            ),
            If(self.go, leaving.eq(0)),
        ]

    def add_csr(self, depth):
        self._control = CSRStorage(fields=[
            CSRField("go", size=1, pulse=True, description="Take frames, from the next one on."),
        ])
        self._status = CSRStatus(fields=[
            CSRField("armed", size=1, offset=0, description="The first frame has not begun yet."),
            CSRField("done",  size=1, offset=1, description="All frames are there to be read."),
            CSRField("count", size=bits_for(depth), offset=8,
                description="Frames that are there so far."),
        ])
        self._first = CSRStatus(32, description="Count of frames, as of the register tdm_frames, "
            "at the first frame that was taken.")
        self.comb += [
            self.go.eq(self._control.fields.go),
            self._status.fields.armed.eq(self.armed),
            self._status.fields.done.eq(self.done),
            self._status.fields.count.eq(self.count),
            self._first.status.eq(self.first),
        ]
