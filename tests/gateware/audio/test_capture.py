# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""FrameCapture: whole frames in a row, the answers to just these, whenever it is told to go."""

import random

import numpy as np
import pytest
from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import If, Signal, passive

from gateware.audio.capture import FrameCapture
from gateware.layouts import frame_layout
from tests.support.hdl.streams import FrameDriver
from tests.support.simulators.compiled import run_simulation

DEPTH = 16
FRAMES = 500
TIMEOUT = 5_000  # cycles a capture


class Pipe(LiteXModule):
    """A "network" that answers a frame with the frame itself, up to 64 words later, and takes none
    of context 1; beside it without a capture when `capture` is False."""

    def __init__(self, bits=16, count_from=0, capture=True, **options):
        self.sink = sink = stream.Endpoint(frame_layout(bits, contexts=2))
        self.source = stream.Endpoint(frame_layout(bits, contexts=2))
        self.frames = Signal(32, reset=count_from)

        # # #

        self.fifo = fifo = stream.SyncFIFO(frame_layout(bits, contexts=2), 64)
        self.comb += [
            sink.connect(fifo.sink, omit={"valid"}),
            fifo.sink.valid.eq(sink.valid & ~sink.context),
            fifo.source.connect(self.source),
        ]
        self.sync += If(sink.valid & sink.ready & sink.last, self.frames.eq(self.frames + 1))
        if capture:
            options = dict(outputs=self.source, dropped=sink.context, with_csr=False) | options
            self.capture = FrameCapture(sink, DEPTH, self.frames, **options)


def sound(channels=4, bits=16, seed=1):
    half = 2 ** (bits - 1)
    return np.random.default_rng(seed).integers(-half, half, (FRAMES, channels))


@passive
def drain(source, stall, seed, heard):
    """Takes the answers; heard: (cycle, word) of each."""
    dice, cycle = random.Random(seed), 0
    while True:
        yield source.ready.eq(dice.random() >= stall)
        yield
        cycle += 1
        if (yield source.valid) and (yield source.ready):
            heard.append((cycle, (yield source.data)))


@passive
def play(dut, frames, dropped, stall, seed):
    contexts = [int(index in dropped) for index in range(len(frames))]
    yield from FrameDriver(dut.sink, frames.tolist(), None, stall, seed, contexts=contexts).run()


def read(bus, channels):
    """What a host makes of the window: int [DEPTH, channels], or None of no channels."""
    columns = []
    for pair in range((channels + 1) // 2):
        words = []
        for row in range(DEPTH):
            words.append((yield from bus.read(DEPTH * pair + row)))
        columns += [[(word & 0xFFFF ^ 0x8000) - 0x8000 for word in words]]
        columns += [[(word >> 16 ^ 0x8000) - 0x8000 for word in words]]
    return np.array(columns[:channels]).T if channels else None


def go(capture):
    yield capture.go.eq(1)
    yield
    yield capture.go.eq(0)


def wait(capture):
    """Until it is done; holds the signals to each other meanwhile."""
    count = 0
    yield
    for _ in range(TIMEOUT):
        if (yield capture.done):
            assert (yield capture.count) == DEPTH and not (yield capture.armed)
            return
        assert (yield capture.count) >= count
        count = yield capture.count
        assert not (count and (yield capture.armed))
        yield
    raise TimeoutError(f"{count} of {DEPTH} frames after {TIMEOUT} cycles")


def captured(frames, starts, inputs=4, outputs=0, dropped=(), stall=0.0, again=None, **options):
    """[(first, inputs [DEPTH, n], answers [DEPTH, n])] of captures that begin so many cycles after
    the start, or after the one before; again: cycles after which `go` comes a second time."""
    dut = Pipe(input_channels=inputs, output_channels=outputs, **options)
    takes = []

    def control():
        for start in starts:
            for _ in range(start):
                yield
            yield from go(dut.capture)
            if again is not None:
                for _ in range(again):
                    yield
                yield from go(dut.capture)
            yield from wait(dut.capture)
            taken = yield from read(dut.capture.inputs_bus, inputs)
            heard = None
            if outputs:
                heard = yield from read(dut.capture.outputs_bus, outputs)
            takes.append(((yield dut.capture.first), taken, heard))

    run_simulation(
        dut,
        [play(dut, frames, dropped, 0.3, 1), drain(dut.source, stall, 2, []), control()],
    )
    return takes


@pytest.mark.parametrize("inputs, channels", [(4, 4), (1, 4), (3, 4), (4, 6), (2, 2), (1, 1)])
def test_frames_in_a_row(inputs, channels):
    frames = sound(channels)
    for first, taken, _ in captured(frames, (0, 1, 2, 3, 4, 5), inputs):
        np.testing.assert_array_equal(taken, frames[first : first + DEPTH, :inputs])


@pytest.mark.parametrize("outputs, channels", [(1, 4), (4, 4), (3, 5)])
@pytest.mark.parametrize("stall", [0.0, 0.25])
@pytest.mark.parametrize("dropped", [(), (3, 11, 12, 30), tuple(range(1, FRAMES, 3))])
def test_answers_go_with_their_frames(outputs, channels, stall, dropped):
    """However long they take; those of frames that get none are the ones that follow."""
    frames = sound(channels)
    answers = [row for row in range(FRAMES) if row not in dropped]
    for first, taken, heard in captured(frames, (5, 18), 4, outputs, dropped=dropped, stall=stall):
        np.testing.assert_array_equal(taken, frames[first : first + DEPTH, :4])
        wanted = [row for row in answers if row >= first][:DEPTH]
        np.testing.assert_array_equal(heard, frames[wanted, :outputs])


@pytest.mark.parametrize("again", [0, 7, 100, 121])
def test_go_again_takes_anew(again):
    frames = sound()
    for first, taken, heard in captured(frames, (9, 9), 4, 4, again=again):
        np.testing.assert_array_equal(taken, frames[first : first + DEPTH])
        np.testing.assert_array_equal(heard, frames[first : first + DEPTH])


def test_a_host_can_tell_a_gap():
    """`first` counts on where the count of frames passes its end."""
    takes = captured(sound(), (7, 20), count_from=2**32 - 20)
    rows = [(first + 20) % 2**32 for first, *_ in takes]
    assert takes[0][0] >= 2**32 - 20 > takes[1][0]
    for row, (_, taken, _) in zip(rows, takes):
        np.testing.assert_array_equal(taken, sound()[row : row + DEPTH])


def test_narrow_words_are_sign_extended():
    frames = sound(bits=9)
    for first, taken, heard in captured(frames, (3,), 4, 4, bits=9):
        np.testing.assert_array_equal(taken, frames[first : first + DEPTH])
        np.testing.assert_array_equal(heard, frames[first : first + DEPTH])


def test_the_audio_goes_on_as_if_it_were_not_there():
    """The same words in the same cycles, with captures and without any capture at all."""
    frames, played = sound(), []
    for capture in (False, True):
        dut, heard = Pipe(capture=capture), []

        def control(dut=dut, capture=capture):
            for cycle in range(600):
                if capture:
                    yield dut.capture.go.eq(cycle % 150 == 10)
                yield

        processes = [play(dut, frames, (4, 9), 0.3, 1), drain(dut.source, 0.2, 2, heard)]
        run_simulation(dut, [*processes, control()])
        played.append(heard)
    assert len(played[0]) > 300 and played[0] == played[1]


def test_csrs_are_described():
    dut = FrameCapture(stream.Endpoint(frame_layout(16)), DEPTH, Signal(32))
    fields = [
        *dut._control.fields.fields,
        *dut._status.fields.fields,
    ]
    assert [field.name for field in fields] == ["go", "armed", "done", "count"]
    assert all(field.description for field in fields) and dut._first.description


@pytest.mark.parametrize(
    "sizes, message",
    [
        (dict(depth=100), "capture: depth must be a power of two from 16 to 65536, got 100"),
        (dict(depth=8), "capture: depth must be .*, got 8"),
        (dict(input_channels=0), "capture: input_channels must be 1 to 16, got 0"),
        (dict(output_channels=17), "capture: output_channels must be 0 to 16, got 17"),
        (dict(bits=24), "capture: words must have at most 16 bits, got 24"),
    ],
)
def test_sizes(sizes, message):
    sizes = dict(depth=DEPTH) | sizes
    endpoint = stream.Endpoint(frame_layout(sizes.pop("bits", 16)))
    with pytest.raises(ValueError, match=message):
        FrameCapture(endpoint, frames=Signal(32), **sizes)
