# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Calibration: the formula, exactly, per channel, with the registers of software."""

import numpy as np
import pytest

from gateware.audio.calibration import Calibration
from tests.support.hdl.calibration import calibrated
from tests.support.hdl.streams import Clock, FrameCollector, FrameDriver
from tests.support.simulators.compiled import run_simulation

MODULE = [(-157, 1156), (-182, 1157), (64, 1162), (-140, 1157)]


def run(calibration, frames, change=None):
    """Frames through a Calibration; change: (frame, slot, offset, gain) set before that frame."""
    clock = Clock()
    driver = FrameDriver(calibration.sink, frames, banks=[i % 2 for i in range(len(frames))])
    driver.clock = clock
    collector = FrameCollector(calibration.source, len(frames), clock=clock)

    def drive():
        split = change[0] if change else len(frames)
        everything, banks = driver.frames, driver.banks
        driver.frames, driver.banks = everything[:split], banks[:split]
        driver.contexts = [0] * len(everything)
        yield from driver.run()
        if change:
            _, slot, offset, gain = change
            for _ in range(Calibration.LATENCY):
                yield
            yield calibration.offsets[slot].eq(offset)
            yield calibration.gains[slot].eq(gain)
            yield
            driver.frames, driver.banks = everything[split:], banks[split:]
            yield from driver.run()

    run_simulation(calibration, [clock.run(), drive(), collector.run()])
    assert collector.banks == [i % 2 for i in range(len(frames))]
    assert collector.starts[0] + len(frames[0]) - 1 == driver.ends[0] + Calibration.LATENCY
    return np.array(collector.frames)


def words(count, bits=16, channels=4, seed=0):
    """Random words with both ends of the range in every channel."""
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    random = np.random.default_rng(seed).integers(low, high + 1, (count, channels))
    return np.vstack([np.full(channels, low), np.full(channels, high), random])


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("bits", [8, 16, 18])
def test_the_formula(bits, invert):
    frames = words(40, bits)
    got = run(Calibration(MODULE, bits, invert, with_csr=False), frames.tolist())
    assert (got == calibrated(frames, MODULE, bits, invert)).all()


def test_the_formula_by_hand():
    """An ADC that reads -157 where 0 V is, and 4,000/1.1289 counts a volt, not 4,000."""
    frames = [[-157, 3386, 64, 32767], [3386, -157, -3000, -32768]]
    got = run(Calibration(MODULE, with_csr=False), frames)
    assert got.tolist() == [[0, 4031, 0, 32767], [3999, 28, -3477, -32768]]


def test_neutral_constants_change_nothing():
    frames = words(40)
    assert (
        run(Calibration([Calibration.NEUTRAL] * 4, with_csr=False), frames.tolist()) == frames
    ).all()


def test_extreme_constants_saturate():
    constants = [(-32768, 32767), (32767, 32767), (-32768, -32768), (32767, -32768)]
    frames = words(40)
    got = run(Calibration(constants, with_csr=False), frames.tolist())
    assert (got == calibrated(frames, constants)).all()
    assert got.max() == 32767 and got.min() == -32768


def test_two_slots():
    frames = words(10, channels=2)
    got = run(Calibration(MODULE[:2], with_csr=False), frames.tolist())
    assert (got == calibrated(frames, MODULE[:2])).all()


def test_a_channel_changes_alone():
    frames = words(10)
    got = run(Calibration(MODULE, with_csr=False), frames.tolist(), change=(5, 2, 1000, -512))
    after = [*MODULE[:2], (1000, -512), MODULE[3]]
    assert (got[:5] == calibrated(frames[:5], MODULE)).all()
    assert (got[5:] == calibrated(frames[5:], after)).all()


def test_registers_hold_the_constants():
    calibration = Calibration(MODULE)
    for slot, (offset, gain) in enumerate(MODULE):
        csr = getattr(calibration, f"_channel{slot}")
        assert csr.storage.reset.value == (offset & 0xFFFF) | gain << 16


@pytest.mark.parametrize(
    "constants, bits, message",
    [
        ([(40000, 1024)], 16, "offset of channel 0 must be -32768 to 32767, got 40000"),
        ([(0, 1024), (0, -32769)], 16, "gain of channel 1 must be -32768 to 32767, got -32769"),
        ([(0, 1024)], 24, "bits must be 2 to 18, got 24"),
    ],
)
def test_what_does_not_fit(constants, bits, message):
    with pytest.raises(ValueError, match=message):
        Calibration(constants, bits)
