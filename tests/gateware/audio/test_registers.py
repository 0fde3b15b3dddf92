# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The audio blocks' registers through LiteX's bank, in the order in which firmware and hosts write
and read them, with ticks between any two."""

import numpy as np
import pytest
from litex.gen.sim import run_simulation
from migen import passive

from gateware.audio.calibration import Calibration
from gateware.audio.capture import FrameCapture
from gateware.audio.embedding import Ingress
from gateware.audio.tdm import TDM
from models.spec import NumberFormat
from tests.gateware.audio.test_capture import DEPTH
from tests.gateware.audio.test_capture import Pipe as CapturePipe
from tests.gateware.audio.test_recorder import INPUTS, OUTPUTS
from tests.gateware.audio.test_recorder import Pipe as RecorderPipe
from tests.support.benches.core_runs import bus_read
from tests.support.hdl.calibration import calibrated
from tests.support.hdl.glides import rate_of
from tests.support.hdl.registers import Registers
from tests.support.hdl.streams import FrameCollector, FrameDriver
from tests.support.soc.serial_port import make_pads

FRAME = 24  # cycles
GAPS = [0, 7, 3 * FRAME + 5]


def codec(count, seed=0):
    return np.random.default_rng(seed).integers(-(2**15), 2**15, (count, 4))


@passive
def play(sink, frames, period=FRAME):
    """The frames at a codec's pace."""
    driver = FrameDriver(sink, [])
    for frame in frames.tolist():
        driver.frames, driver.banks, driver.contexts = [frame], [0], [0]
        yield from driver.run()
        for _ in range(period - len(frame)):
            yield


# Embedding ----------------------------------------------------------------------------------------


class Embedding:
    """Ingress and its registers; `script(self)` writes them while frames come.

    given: the embedding [n, 2] of the frames that left; wanted: what it must be
    """

    COUNT = 110

    def __init__(self, script, gap):
        self.dut = Registers(Ingress(3, NumberFormat()), gap=gap)
        self.ingress = ingress = self.dut.dut
        self.settings, self.complete, self.staged = {}, 0, {}
        frames = codec(self.COUNT)
        collector = FrameCollector(ingress.source, self.COUNT)

        @passive
        def count():
            while True:
                yield
                if (yield ingress.sink.valid) and (yield ingress.sink.last):
                    self.complete += 1

        run_simulation(
            self.dut, [play(ingress.sink, frames), count(), script(self), collector.run()]
        )
        self.given = np.array(collector.frames)[:, 1:]
        self.wanted = self.expected(frames[:, 1:3].tolist())

    def wait_frames(self, count):
        until = self.complete + count
        while self.complete < until:
            yield

    def stage(self, point, rate):
        """The first two of the three registers, in the order of console and host."""
        word = (point[0] & 0xFFFF) | (point[1] & 0xFFFF) << 16
        yield from self.dut.write("embedding", word)
        yield from self.dut.write("glide", rate)

    def embed(self, point, sources, rate=0):
        yield from self.stage(point, rate)
        before = self.complete
        yield from self.dut.write("control", sources)
        self.settings[before] = point, sources, rate  # from this frame on, or the next

    def expected(self, codec):
        """Per frame, by the promise of Ingress and Glide."""
        (point, sources, rate), last, before, k = ((0, 0), 0, 0), codec[0], codec[0], 0
        start, values = last, []
        for index, inputs in enumerate(codec):
            if index in self.settings:
                (point, sources, rate), start, k = self.settings[index], last, 0
            target = [point[i] if sources >> i & 1 else inputs[i] for i in range(2)]
            last = target
            if rate and k * rate < 2**32:
                part = k * rate >> 16
                last = [s + ((b - s) * part >> 16) for s, b in zip(start, before)]
            values.append(last)
            before, k = target, k + 1
        return np.array(values)


@pytest.mark.parametrize("gap", GAPS)
def test_embeddings_and_glides_count_from_the_control_register_on(gap):
    """A glide under way goes on as it is while the next one is written, register by register."""

    def script(run):
        yield from run.embed((0, 0), 3)
        yield from run.wait_frames(3)
        yield from run.embed((30000, -30000), 3, rate_of(60))
        yield from run.wait_frames(8)
        yield from run.embed((-30000, 123), 3, rate_of(4))
        yield from run.wait_frames(12)
        yield from run.embed((5, 6), 1, rate_of(9))
        yield from run.wait_frames(4)
        yield from run.embed((7, 8), 0)

    run = Embedding(script, gap)
    np.testing.assert_array_equal(run.given, run.wanted)


@pytest.mark.parametrize("rate", [0, 1, 2**32 - 1])
def test_a_host_that_dies_before_the_control_register_changes_nothing(rate):
    def script(run):
        yield from run.embed((0, 0), 3)
        yield from run.wait_frames(3)
        yield from run.embed((30000, -30000), 3, rate_of(60))
        yield from run.wait_frames(8)
        yield from run.stage((1, 2), rate)

    run = Embedding(script, 0)
    np.testing.assert_array_equal(run.given, run.wanted)
    assert run.given[-1].tolist() == [30000, -30000]


# Calibration --------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", GAPS)
def test_offset_and_gain_of_a_channel_change_together(gap):
    """As soc/host/calibration.py writes them, channel by channel, while words pass."""
    old, new = [(100, 1000), (-200, 1100), (300, 900), (0, 1024)], [(-3000, 512)] * 4
    dut = Registers(Calibration(old), gap=gap)
    frames, read = codec(40), []
    collector = FrameCollector(dut.dut.source, len(frames))

    def software():
        for _ in range(5 * FRAME + 3):
            yield
        for slot, (offset, gain) in enumerate(new):
            yield from dut.write(f"channel{slot}", (offset & 0xFFFF) | gain << 16)
        for slot in range(4):
            read.append((yield from dut.read(f"channel{slot}")))

    run_simulation(dut, [play(dut.dut.sink, frames), software(), collector.run()])
    assert read == [(offset & 0xFFFF) | gain << 16 for offset, gain in new]
    heard = np.array(collector.frames)
    before, after = calibrated(frames, old), calibrated(frames, new)
    assert (before != after).all()
    changes = []
    for slot in range(4):
        change = int(np.argmax(heard[:, slot] != before[:, slot]))
        np.testing.assert_array_equal(heard[change:, slot], after[change:, slot])
        changes.append(change)
    assert changes[0] >= 5 and changes == sorted(changes)


# Capture ------------------------------------------------------------------------------------------

DONE = 1 << 1


@pytest.mark.parametrize("gap", GAPS)
def test_captures_as_console_and_host_take_them(gap):
    """control, status until done, first; then rows and answers; then all over again."""
    pipe = CapturePipe(count_from=2**32 - 20, with_csr=True, input_channels=4, output_channels=2)
    dut = Registers(pipe, pipe.capture, gap)
    frames, taken = codec(300, seed=5), []

    @passive
    def drain():
        yield pipe.source.ready.eq(1)
        while True:
            yield

    def row(bus, index):
        words = []
        for pair in range(bus_pairs[bus]):
            words.append((yield from bus_read(bus, pair * DEPTH + index)))
        return words

    capture = pipe.capture
    bus_pairs = {capture.inputs_bus: 2, capture.outputs_bus: 1}

    def software():
        for _ in range(2):
            yield from dut.write("control", 1)
            seen = yield from dut.poll("status", DONE, DONE)
            assert seen[-1] == DEPTH << 8 | DONE and not seen[0] & DONE
            first = yield from dut.read("first")
            rows = []
            for index in (0, 1, DEPTH - 1):
                inputs = yield from row(capture.inputs_bus, index)
                outputs = yield from row(capture.outputs_bus, index)
                rows.append((index, inputs, outputs))
            assert (yield from dut.read("first")) == first
            taken.append((first, rows))

    run_simulation(dut, [play(pipe.sink, frames), drain(), software()])
    starts = [(first - (2**32 - 20)) % 2**32 for first, _ in taken]
    assert len(taken) == 2 and all(b >= a + DEPTH for a, b in zip(starts, starts[1:]))
    for start, (_, rows) in zip(starts, taken):
        for index, inputs, outputs in rows:
            words = [int(word) & 0xFFFF for word in frames[start + index]]
            assert inputs == [words[0] | words[1] << 16, words[2] | words[3] << 16]
            assert outputs == inputs[:1]


@pytest.mark.parametrize("gap", [0, 5])
def test_a_recording_as_bench_takes_it(gap):
    """control, status until done; then address and data, the one right behind the other."""
    depth, answers = 12, 4
    pipe = RecorderPipe(depth, answers)
    pipe.recorder.add_csr()
    dut = Registers(pipe, pipe.recorder, gap)
    frames, taken = codec(120, seed=6)[:, :INPUTS], {}

    @passive
    def drain():
        yield pipe.source.ready.eq(1)
        while True:
            yield

    def software():
        for number in range(2):
            yield from dut.write("control", 1)
            assert not (yield from dut.read("status"))
            yield from dut.poll("status", 1, 1)
            words = []
            for frame in range(depth):
                for channel in range(INPUTS):
                    yield from dut.write("address", 4 * frame + channel)
                    words.append((yield from dut.read("data")))
            for frame in range(answers):
                for channel in range(OUTPUTS):
                    yield from dut.write("address", 2**15 + 8 * frame + channel)
                    words.append((yield from dut.read("data")))
            taken[number] = np.array(words, np.uint32).astype(np.uint16).view(np.int16)

    run_simulation(dut, [play(pipe.sink, frames), drain(), software()])
    firsts = []
    for words in taken.values():
        inputs = words[: depth * INPUTS].reshape(depth, INPUTS)
        heard = words[depth * INPUTS :].reshape(answers, OUTPUTS)
        rows = np.flatnonzero((frames == inputs[0]).all(axis=1))
        firsts.append(int(rows[0]))
        span = frames[firsts[-1] : firsts[-1] + depth]
        np.testing.assert_array_equal(inputs, span)
        np.testing.assert_array_equal(heard, span[-answers:, :OUTPUTS])
    assert firsts[1] >= firsts[0] + depth


@pytest.mark.parametrize("gap", [0, 70])
def test_the_codec_ports_counters(gap):
    """What `capture` counts its time-out in, and the cycles of a frame."""
    tdm = TDM(make_pads(), slots=2, slot_width=16, sys_per_frame=64, mclk_per_frame=None)
    dut, seen = Registers(tdm, gap=gap), []

    @passive
    def count():
        while True:
            yield
            seen[-1] += yield tdm.frame_tick

    def software():
        for _ in range(4):
            before = seen[0]
            frames = yield from dut.read("frames")
            assert before - 1 <= frames <= seen[0]
            for _ in range(3 * 64 + 11):
                yield
        assert frames >= 9
        assert (yield from dut.read("sys_per_frame")) == 64

    seen.append(0)
    run_simulation(dut, [count(), software()])


def test_every_register_that_is_written_is_tested_here():
    """Of the audio blocks: what is added must be driven through the bank, too."""
    blocks = {
        Ingress(3, NumberFormat()): {"embedding", "glide", "control"},
        Calibration([Calibration.NEUTRAL]): {"channel0"},
        FrameCapture(CapturePipe(capture=False).sink, DEPTH, 0): {"control"},
    }
    for block, written in blocks.items():
        assert {csr.name for csr in block.get_csrs() if hasattr(csr, "storage")} == written
