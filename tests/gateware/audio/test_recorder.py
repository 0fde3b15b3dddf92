# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""FrameRecorder: answers go with their frames, whatever is on its way, whenever it starts."""

import numpy as np
import pytest
from litex.gen import LiteXModule
from litex.soc.interconnect import stream

from gateware.audio.recorder import FrameRecorder
from gateware.layouts import frame_layout
from tests.support.hdl.streams import Clock, FrameCollector, FrameDriver
from tests.support.simulators.compiled import run_simulation

BITS, INPUTS, OUTPUTS = 16, 3, 2


class Pipe(LiteXModule):
    """A "network" that answers frame n with its own channels in a FIFO that holds many frames."""

    def __init__(self, depth, answers, bits=BITS, channels=INPUTS):
        self.sink = stream.Endpoint(frame_layout(bits))
        self.source = stream.Endpoint(frame_layout(bits))
        self.fifo = stream.SyncFIFO(frame_layout(bits), 64)
        self.pipeline = stream.Pipeline(self.sink, self.fifo, self.source)
        self.recorder = FrameRecorder(
            self.sink, self.source, depth, answers, bits, min(channels, INPUTS), OUTPUTS
        )


def record(frames, depth, answers, start, stall, channels=INPUTS):
    """(inputs [depth, 3], answers [answers, 2]) recorded; `go` comes in cycle `start`."""
    dut = Pipe(depth, answers, channels=channels)
    clock = Clock()
    driver = FrameDriver(dut.sink, frames.tolist(), stall=0.3, seed=start, clock=clock)
    collector = FrameCollector(dut.source, len(frames), stall, seed=start + 1, clock=clock)
    words = {}

    def read(address):
        yield dut.recorder.word.eq(address)
        yield
        yield
        return (yield dut.recorder.data)

    def control():
        for _ in range(start):
            yield
        yield dut.recorder.go.eq(1)
        yield
        yield dut.recorder.go.eq(0)
        yield
        for _ in range(20_000):
            if (yield dut.recorder.done):
                break
            yield
        else:
            raise TimeoutError
        kept = min(channels, INPUTS)
        words["in"] = []
        for frame in range(depth):
            row = []
            for channel in range(kept):
                row.append((yield from read(4 * frame + channel)))
            words["in"].append(row)
        words["out"] = []
        for frame in range(answers):
            row = []
            for channel in range(OUTPUTS):
                row.append((yield from read(2**15 + 8 * frame + channel)))
            words["out"].append(row)

    run_simulation(dut, [clock.run(), driver.run(), collector.run(), control()])
    return np.array(words["in"]), np.array(words["out"])


@pytest.mark.parametrize("start", [0, 1, 40, 41, 42, 43, 44, 97])
@pytest.mark.parametrize("stall", [0.0, 0.7])
@pytest.mark.parametrize("channels", [3, 5])
def test_answers_go_with_their_frames(start, stall, channels):
    frames = np.random.default_rng(start).integers(-(2**15), 2**15, (60, channels))
    depth, answers = 12, 4
    inputs, heard = record(frames, depth, answers, start, stall, channels)
    found = [
        first
        for first in range(len(frames) - depth + 1)
        if np.array_equal(frames[first : first + depth, :INPUTS], inputs)
    ]
    assert len(found) == 1
    first = found[0]
    assert np.array_equal(heard, frames[first + depth - answers : first + depth, :OUTPUTS])


@pytest.mark.parametrize(
    "sizes, message",
    [
        (dict(bits=18), "bits must be 1 to 16, got 18"),
        (dict(inputs=5), "inputs must be 1 to 4, got 5"),
        (dict(outputs=9), "outputs must be 1 to 8, got 9"),
        (dict(depth=10_000), "depth must be 1 to 8192, got 10000"),
        (dict(answers=13), "answers must be 1 to 12, got 13"),
    ],
)
def test_sizes(sizes, message):
    endpoint = stream.Endpoint(frame_layout(16))
    with pytest.raises(ValueError, match=message):
        FrameRecorder(
            endpoint,
            endpoint,
            **(dict(depth=12, answers=4, bits=16, inputs=3, outputs=2) | sizes),
        )
