# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The other side of the codec's pins: levels to play to it, and what to make of its answers.

A test writes the levels of all pins, tick by tick (`Script` for PDN and I2C, `Clocks` for the
audio), and has them played to the C model by sim_process.py. One tick is half a cycle
of the system clock.
"""

from dataclasses import dataclass, field

import numpy as np

TICK_PS = 10_172  # of the clock in sim_process
PIN_NAMES = ("mclk", "bick", "lrck", "sdin1", "scl_oe", "sda_oe", "pdn")
SETUP = bytes.fromhex("37AE1C00222230303030225500061818181804050A")  # for 8-48 kHz, MCLK 256fs


def setup(**registers):
    """The known set-up with registers replaced, e.g. setup(r01=0xAF, r03=0x04)."""
    values = bytearray(SETUP)
    for name, value in registers.items():
        values[int(name[1:], 16)] = value
    return bytes(values)


SETUP_192 = setup(r01=0xAF, r03=0x04)


def words(count, seed=1):
    """Random 32-bit slots for the DACs, uint32[count, 4]."""
    return np.random.default_rng(seed).integers(0, 1 << 32, (count, 4), np.uint32)


def codes(count, seed=2):
    """Random 24-bit codes for the ADCs, int32[count, 4]."""
    return np.random.default_rng(seed).integers(-(1 << 23), 1 << 23, (count, 4), np.int32)


@dataclass
class Clocks:
    """Levels of MCLK, BICK, LRCK and SDIN1; half periods in ticks, positions in BICK periods.

    Tick 0 is the start of LRCK frame 0. `bckp`: BICK's level after the edge that comes with LRCK's.
    `lrck_late`, `sdin_late`: ticks by which these miss the edge of BICK that they belong to.
    """

    mclk_half: int = 2
    bick_half: int = 2
    bits: int = 128
    lrck_low: int = 64
    bckp: int = 1
    lrck_late: int = 0
    sdin_late: int = 0
    first: int = 0  # tick of this object's tick 0

    @property
    def frame_ticks(self):
        return 2 * self.bick_half * self.bits

    @property
    def sample_rate(self):
        return 1e12 / (self.frame_ticks * TICK_PS)

    def levels(self, ticks, words):
        """Pins {name: uint8[ticks]}; `words` uint32[frames, 4]: slots of LRCK frame n, then 0."""
        t = np.arange(ticks) - self.first
        bick_late = 2 * self.bick_half
        in_low_half = (t % bick_late) >= self.bick_half
        position = (t - self.lrck_late) // bick_late % self.bits
        k = (t - self.sdin_late) // bick_late - 1  # data are one BICK behind LRCK
        frame, bit = k // self.bits, k % self.bits
        padded = np.zeros((max(frame.max() + 1, len(words)) + 1, 4), np.uint32)
        padded[: len(words)] = words
        word = padded[np.maximum(frame, -1), bit // 32 % 4]
        return {
            "mclk": (t // self.mclk_half % 2 == 0).astype(np.uint8),
            "bick": (in_low_half ^ bool(self.bckp)).astype(np.uint8),
            "lrck": (position >= self.lrck_low).astype(np.uint8),
            "sdin1": (word >> (31 - bit % 32).astype(np.uint32) & 1).astype(np.uint8),
        }

    def falls(self, ticks):
        """Ticks at which LRCK falls."""
        return np.arange(self.first % self.frame_ticks, ticks, self.frame_ticks)


@dataclass
class Script:
    """PDN and an I2C master, one step after the other; remembers where to look for the answers."""

    quarter: int = 62  # of an SCL period, in ticks: 396 kHz
    steps: list = field(default_factory=list)  # (ticks, pdn, scl_oe, sda_oe)
    acks: list = field(default_factory=list)  # ticks at which ACKs are sampled
    reads: list = field(default_factory=list)  # 8 ticks for each byte that is read
    written: int = 0  # tick at which the last byte was complete
    now: int = 0
    level: int = 0

    def hold(self, ticks, scl=1, sda=1):
        self.steps.append((ticks, self.level, 1 - scl, 1 - sda))
        self.now += ticks
        return self

    def wait(self, seconds):
        return self.hold(round(seconds * 1e12 / TICK_PS))

    def pdn(self, level, seconds):
        self.level = level
        return self.wait(seconds)

    def power_up(self, seconds):
        """PDN low for 1 us, then high for `seconds`."""
        return self.pdn(0, 1e-6).pdn(1, seconds)

    def start(self):
        q = self.quarter
        return self.hold(q, 1, 1).hold(q, 1, 0).hold(q, 0, 0)

    def repeated_start(self):
        return self.hold(self.quarter, 0, 1).start()

    def stop(self):
        q = self.quarter
        return self.hold(q, 0, 0).hold(q, 1, 0).hold(q, 1, 1)

    def bit(self, level):
        """Returns the tick at which the bit is sampled."""
        q = self.quarter
        self.hold(q, 0, level).hold(q, 1, level)
        middle = self.now
        self.hold(q, 1, level).hold(q, 0, level)
        return middle

    def byte(self, value):
        for i in range(7, -1, -1):
            self.bit(value >> i & 1)
        self.written = self.now - self.quarter
        self.acks.append(self.bit(1))
        return self

    def read_byte(self, ack):
        self.reads.append([self.bit(1) for _ in range(8)])
        self.bit(0 if ack else 1)
        return self

    def write(self, register, *values, address=0x10):
        self.start().byte(address << 1).byte(register)
        for value in values:
            self.byte(value)
        return self.stop()

    def read(self, register, count):
        self.start().byte(0x20).byte(register).repeated_start().byte(0x21)
        for i in range(count):
            self.read_byte(i + 1 < count)
        return self.stop()

    def bring_up(self, values, seconds=0.1e-3):
        """Power-up, set-up in reset, RSTN last."""
        self.power_up(seconds).write(0, values[0] & 0xFE, *values[1:])
        return self.write(0, values[0])

    def levels(self):
        steps = np.array(self.steps)
        columns = np.repeat(steps[:, 1:], steps[:, 0], axis=0).astype(np.uint8)
        return dict(zip(("pdn", "scl_oe", "sda_oe"), columns.T))


def first_frame(script, clocks):
    """(index, falls): LRCK frame `index` is frame 0 of the data; ticks at which frames start.

    After RSTN=1 (the script's last write) one whole frame is measured, the next one plays.
    """
    falls = clocks.falls(script.now + 3 * clocks.frame_ticks)
    return int(np.flatnonzero(falls >= script.written)[1]), falls


def slots(levels, heard, clocks, frames):
    """What a master hears in the LRCK frames `frames` (index): uint32[frames, 4].

    Sampled where BICK makes the edge that it does not make at LRCK.
    """
    bick = levels["bick"]
    sampling = np.flatnonzero((bick[1:] != bick[:-1]) & (bick[1:] != clocks.bckp)) + 1
    sampling = sampling[(sampling >= clocks.first) & (sampling < len(heard))]
    bits = heard[sampling][1:]  # the first holds the end of the frame before
    bits = bits[: len(bits) // clocks.bits * clocks.bits].reshape(-1, 4, 32).astype(np.uint32)
    return (bits << np.arange(31, -1, -1, dtype=np.uint32)).sum(axis=2, dtype=np.uint32)[frames]


CLOCKS_192 = Clocks()
CLOCKS_96 = Clocks(mclk_half=2, bick_half=4)
CLOCKS_48 = Clocks(mclk_half=4, bick_half=8)
