# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from litex.soc.interconnect.csr import *

# Frame Recorder -----------------------------------------------------------------------------------

class FrameRecorder(LiteXModule):
    """Keeps `depth` frames in a row that go into a network, and its answers to the last `answers`.

    sink, source : endpoints that are only looked at: the network's input and output, frame_layout
    bits         : of a word, at most 16
    inputs       : channels that are kept, at most 4
    outputs      : likewise of the answers, at most 8

    A write to the control register starts with the next frame that begins; `done` is high from the
    last answer on. Input channel c of frame f is the word INPUT_STEP*f + c, output channel c of the
    answer to frame depth - answers + f is the word ANSWERS + ANSWER_STEP*f + c, each sign-extended.

    Frames that are on their way when it starts are counted, so that answers go with their frames
    however long they take. Raises ValueError for what does not fit.
    """
    INPUT_STEP, ANSWER_STEP = 4, 8
    ANSWERS_BIT = 15
    ANSWERS     = 2**ANSWERS_BIT
    def __init__(self, sink, source, depth, answers, bits, inputs, outputs):
        for name, value, most in (("bits", bits, 16), ("inputs", inputs, self.INPUT_STEP),
            ("outputs", outputs, self.ANSWER_STEP), ("depth", depth, 2**13),
            ("answers", answers, depth)):
            if not 1 <= value <= most:
                raise ValueError(f"{name} must be 1 to {most}, got {value}")
        self.go   = Signal()
        self.done = Signal(reset=1)
        self.word = Signal(16)           # address
        self.data = Signal((bits, True)) # a cycle later

        # # #

        def beats(endpoint, most):
            """A handshake, whether it is the last of its frame, and its channel up to `most`."""
            channel = Signal(4)
            beat    = Signal()
            self.comb += beat.eq(endpoint.valid & endpoint.ready)
            self.sync += If(beat,
                If(endpoint.last,
                    channel.eq(0),
                ).Elif(channel != most,
                    channel.eq(channel + 1),
                ),
            )
            return beat, beat & endpoint.last, channel

        beat_in,  last_in,  channel_in  = beats(sink,   inputs)
        beat_out, last_out, channel_out = beats(source, outputs)

        # Frames inside, and how many of them belong to the time before the start.
        inside = Signal(8)
        self.sync += inside.eq(inside + last_in - last_out)

        armed    = Signal()
        begin    = Signal()
        entering = Signal() # Frames are being taken.
        frame    = Signal(max=max(depth, 2))
        before   = Signal(8)
        answer   = Signal(max=max(depth, 2))
        self.comb += begin.eq(armed & beat_in & (channel_in == 0))
        self.sync += [
            If(begin,
                armed.eq(0),
                entering.eq(1),
                before.eq(inside - last_out),
            ),
            If(last_in & (entering | begin),
                frame.eq(frame + 1),
                If(frame == (depth - 1), entering.eq(0)),
            ),
            If(last_out & ~self.done & ~armed,
                If(before != 0,
                    before.eq(before - 1),
                ).Else(
                    answer.eq(answer + 1),
                    If(answer == (depth - 1), self.done.eq(1)),
                ),
            ),
            If(self.go,
                armed.eq(1),
                entering.eq(0),
                self.done.eq(0),
                frame.eq(0),
                answer.eq(0),
            ),
        ]

        # Memories.
        # ---------
        kept   = Signal(max=max(answers, 2))
        inputs_memory  = Memory(bits, self.INPUT_STEP*depth)
        answers_memory = Memory(bits, self.ANSWER_STEP*answers)
        in_write,  in_read  = inputs_memory.get_port(write_capable=True),  inputs_memory.get_port()
        out_write, out_read = answers_memory.get_port(write_capable=True), answers_memory.get_port()
        self.specials += inputs_memory, answers_memory, in_write, in_read, out_write, out_read
        is_answer = Signal()
        self.sync += is_answer.eq(self.word[self.ANSWERS_BIT])
        self.comb += [
            in_write.adr.eq(Cat(channel_in[:2], frame)),
            in_write.dat_w.eq(sink.data),
            in_write.we.eq(beat_in & (entering | begin) & (channel_in != inputs)),
            kept.eq(answer - (depth - answers)),
            out_write.adr.eq(Cat(channel_out[:3], kept)),
            out_write.dat_w.eq(source.data),
            out_write.we.eq(beat_out & (channel_out != outputs) & ~self.done & ~armed
                & (before == 0) & (answer >= (depth - answers))),
            in_read.adr.eq(self.word),
            out_read.adr.eq(self.word),
            self.data.eq(Mux(is_answer, out_read.dat_r, in_read.dat_r)),
        ]

    def add_csr(self):
        self._control = CSRStorage(fields=[
            CSRField("go", size=1, pulse=True, description="Record from the next frame on."),
        ])
        self._status  = CSRStatus(fields=[
            CSRField("done", size=1, description="All is recorded."),
        ])
        self._address = CSRStorage(16, description="Word to read, see FrameRecorder.")
        self._data    = CSRStatus(16, description="The word, sign-extended.")
        data = self.data
        self.comb += [
            self.go.eq(self._control.fields.go),
            self._status.fields.done.eq(self.done),
            self.word.eq(self._address.storage),
            self._data.status.eq(Cat(data, Replicate(data[-1], 16 - len(data)))),
        ]
