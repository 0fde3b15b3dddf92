# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""TapCache against a list of frames, under random stalls; its rings at every pointer."""

import random

import pytest
from litex.gen import LiteXModule
from migen import Signal, passive

from gateware.primitives import DualPortRAM
from gateware.wavenet.frame_queue import FrameQueue
from gateware.wavenet.pipeline.tap_cache import TapCache, ring_slots
from gateware.wavenet.ring import ring_add
from tests.support.hdl.streams import FrameDriver
from tests.support.simulators.compiled import run_simulation


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7, 8, 12, 16, 31])
def test_ring_add_is_modulo_the_size(size):
    """Every pointer, every amount."""

    class Adders(LiteXModule):
        def __init__(self):
            self.pointer = Signal(max=size)
            self.sums = [Signal(max=size) for _ in range(size + 1)]
            self.comb += [
                total.eq(ring_add(self.pointer, amount, size))
                for amount, total in enumerate(self.sums)
            ]

    dut, seen = Adders(), []

    def bench():
        for pointer in range(size):
            yield dut.pointer.eq(pointer)
            yield
            yield
            seen.append((yield dut.sums))

    run_simulation(dut, bench())
    assert seen == [[(p + amount) % size for amount in range(size + 1)] for p in range(size)]


@pytest.mark.parametrize(
    "least, words, bits, slots",
    [
        (5, 1, 16, 8),  # small: a power of two
        (144, 32, 16, 144),  # 5 blocks where 256 slots take 8
        (161, 32, 16, 256),  # 6 blocks: not a third fewer
        (33, 128, 16, 33),
        (129, 64, 8, 129),
    ],
)
def test_a_ring_is_a_power_of_two_unless_that_takes_a_third_more_blocks(least, words, bits, slots):
    assert ring_slots(least, words, bits) == slots


def test_latency():
    assert TapCache.LATENCY == DualPortRAM.LATENCY == 2
    assert FrameQueue.LATENCY == 2


# in_channels, kernel_size, dilation, simd, contexts, sinks, pending, spread
SHAPES = {
    "one tap": (2, 1, 1, 1, 1, 1, 2, False),
    "tight ring of 4 slots": (2, 2, 1, 1, 1, 1, 2, False),
    "tight ring of 8 slots": (3, 3, 2, 3, 1, 1, 3, False),
    "three contexts": (3, 3, 2, 1, 3, 1, 2, False),
    "two taps at once": (2, 4, 3, 4, 1, 1, 2, False),
    "many lanes, registers before them": (10, 2, 2, 10, 1, 1, 2, True),
    "two producers": (3, 2, 3, 1, 4, 2, 4, False),
    "uneven ring": (16, 6, 6, 1, 8, 1, 3, False),
    "uneven ring, several taps at once": (2, 6, 55, 4, 16, 1, 2, False),
}


class Bench:
    """Frames of random words into all sinks; a reader that takes each frame's taps in order."""

    def __init__(self, shape, count, seed, reader_stall):
        channels, kernel, dilation, simd, contexts, sinks, pending, spread = shape
        self.choose = random.Random(seed)
        self.dut = dut = TapCache(
            16, channels, kernel, dilation, simd, contexts, sinks, pending, spread
        )
        self.shape, self.count, self.stall = shape, count, reader_stall
        self.order, self.heard, self.most = [], [], 0
        drivers = []
        for index, sink in enumerate(dut.sinks):
            frames = [
                [self.choose.randint(-(2**15), 2**15 - 1) for _ in range(channels)]
                for _ in range(count)
            ]
            # A producer has contexts of its own, as the passes of a layer that repeats.
            own = range(index, contexts, sinks)
            tags = [self.choose.choice(own) for _ in range(count)]
            banks = [self.choose.randrange(2) for _ in range(count)]
            drivers.append(FrameDriver(sink, frames, banks, 0.3, seed + index, None, tags))
        self.drivers = drivers
        run_simulation(dut, [*[d.run() for d in drivers], self.watch(), self.read()])

    @passive
    def watch(self):
        """The frames in the order in which their last beats were taken."""
        done = [0] * len(self.drivers)
        while True:
            yield
            for index, (sink, driver) in enumerate(zip(self.dut.sinks, self.drivers)):
                if (yield sink.valid) and (yield sink.ready) and (yield sink.last):
                    n = done[index]
                    done[index] += 1
                    self.order.append((driver.frames[n], driver.banks[n], driver.contexts[n]))
            self.most = max(self.most, len(self.order) - len(self.heard))

    def read(self):
        """Starts, reads all words of a frame as Conv1D does, at random times, and releases."""
        dut, (channels, kernel, _, simd, *_, spread) = self.dut, self.shape
        latency = TapCache.LATENCY + spread
        for _ in range(self.count * len(dut.sinks)):
            for _ in range(20_000):
                if (yield dut.waiting) and self.choose.random() >= self.stall:
                    break
                yield
            else:
                raise TimeoutError("no frame is waiting")
            bank, context, slot = yield [dut.head.bank, dut.head.context, dut.head.slot]
            yield dut.start.eq(1)
            yield dut.context.eq(context)
            yield
            yield dut.start.eq(0)
            taken, reads = [], kernel * channels // simd
            for step in range(reads + latency):
                if step < reads:
                    tap, word = divmod(step, dut.words)
                    yield dut.slot.eq((slot + tap * dut.step) % dut.slots)
                    yield dut.word.eq(word)
                yield
                if step >= latency:
                    taken += yield dut.data
            while self.choose.random() < self.stall:
                yield
            self.heard.append((taken, bank, context))
            yield dut.release.eq(1)
            yield
            yield dut.release.eq(0)

    def wanted(self):
        """The taps of every frame, oldest first, zeros before the first."""
        channels, kernel, dilation, *_ = self.shape
        histories, wanted = {}, []
        for frame, bank, context in self.order:
            past = histories.setdefault(context, [])
            past.append(frame)
            taps = []
            for tap in range(kernel):
                source = len(past) - 1 - (kernel - 1 - tap) * dilation
                taps += past[source] if source >= 0 else [0] * channels
            wanted.append((taps, bank, context))
        return wanted


@pytest.mark.parametrize("reader_stall", [0.0, 0.95])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_every_frame_is_read_with_its_history(shape, reader_stall):
    """A slow reader too: no more than 1 + pending frames come in before one is released."""
    bench = Bench(shape, 60, seed=len(str(shape)), reader_stall=reader_stall)
    assert len(bench.order) == 60 * len(bench.dut.sinks)
    assert bench.heard == bench.wanted()
    pending = shape[6]
    assert bench.most <= 1 + pending
    if reader_stall:
        assert bench.most == 1 + pending
    if "uneven" in [name for name, own in SHAPES.items() if own is shape][0]:
        assert bench.dut.slots & (bench.dut.slots - 1)


def test_a_simd_that_does_not_divide_the_fan_in_is_refused():
    with pytest.raises(ValueError) as caught:
        TapCache(16, 6, 3, 1, 4)
    assert str(caught.value) == (
        "simd must divide in_channels (6), or be in_channels times a divisor of kernel_size (3), "
        "got 4"
    )
