# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The stereo Pmod: its clocks on all its pins, I2S, and the rates that both chips take."""

import pytest
from migen import *

from gateware.audio.i2s_pmod import I2SPmod
from gateware.audio.tdm import TDM
from tests.support.simulators.compiled import run_simulation


@pytest.mark.parametrize(
    "sys, rate, cycles, mclk",
    [
        (49.152e6, 48_000, 1024, 256),
        (49.1667e6, 96_000, 512, 128),
        (24.576e6, 96_000, 256, 128),
        (24.57e6, 48_000, 512, 256),
    ],
)
def test_format(sys, rate, cycles, mclk):
    form = I2SPmod.serial_format(sys, rate)
    assert (form["sys_per_frame"], form["mclk_per_frame"]) == (cycles, mclk)
    assert (form["slots"], form["slot_width"], form["data_delay"]) == (2, 32, 1)


@pytest.mark.parametrize(
    "sys, rate, message",
    [
        (49.152e6, 192_000, "sample_rate must be 48000 or 96000 Hz, got 192000"),
        (50e6, 96_000, "sys_clk_freq must be a multiple of 24576"),
    ],
)
def test_what_is_not_allowed(sys, rate, message):
    with pytest.raises(ValueError, match=f"^I2SPmod: {message}"):
        I2SPmod.serial_format(sys, rate)


def test_both_chips_get_the_clocks_and_words_come_back():
    """The DAC's words, looped to the ADC a pin's length away, are those that come in."""
    pads = Record([("mclk", 2), ("bick", 2), ("lrck", 2), ("sdin1", 1), ("sdout1", 1)])
    dut = Module()
    dut.submodules.pmod = pmod = I2SPmod(pads)
    dut.submodules.tdm = tdm = TDM(
        pmod.pads, **I2SPmod.serial_format(24.576e6, 96_000), with_csr=False
    )
    dut.comb += pads.sdout1.eq(pads.sdin1)
    words, edges, heard = [0x1234, -0x4321], {"mclk": 0, "bick": 0, "lrck": 0}, []

    def drive():
        for _ in range(3):
            for slot, word in enumerate(words):
                yield from [tdm.sink.valid.eq(1), tdm.sink.data.eq(word)]
                yield from [tdm.sink.first.eq(slot == 0), tdm.sink.last.eq(slot == 1)]
                yield
            yield tdm.sink.valid.eq(0)
            for _ in range(256):
                yield

    def look():
        before = dict.fromkeys(edges, 0)
        for cycle in range(3 * 256):
            for name in edges:
                level = yield getattr(pads, name)
                assert level in (0b00, 0b11)
                edges[name] += cycle >= 256 and level != before[name]
                before[name] = level
            if (yield tdm.source.valid):
                heard.append((yield tdm.source.data))
            yield

    run_simulation(dut, [drive(), look()])
    assert edges == {"mclk": 2 * 2 * 128, "bick": 2 * 2 * 64, "lrck": 2 * 2}
    assert [word & 0xFFFF for word in heard[-2:]] == [word & 0xFFFF for word in words]
