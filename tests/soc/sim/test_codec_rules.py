# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The C model of the codec is strict: each rule broken is named and silences it, or is refused.

Each test runs LiteX's own simulation core with the compiled modules: see sim_process.py.
"""

import numpy as np
import pytest

from tests.support.hdl.codec_pins import (
    CLOCKS_48,
    CLOCKS_96,
    CLOCKS_192,
    SETUP,
    SETUP_192,
    Clocks,
    Script,
    first_frame,
    setup,
    words,
)
from tests.support.soc.sim_process import play, simulation

# I2C and power-up


def test_premature_i2c_is_not_acknowledged(tmp_path):
    script = Script().power_up(9.97e-3).write(0, 0x36)
    _, result = play(tmp_path, script, power_up_ms=10)
    assert result.acks(script) == [False] * 3 and result.silent
    assert result.complaints[0] == (
        "ak4619: I2C transfer 9.991 ms after PDN rose: not acknowledged; "
        "allowed: 10 ms after it (power_up_ms)"
    )


def test_another_power_up_time_is_announced(tmp_path):
    script = Script().power_up(0.6e-3).write(0, 0x36)
    _, result = play(tmp_path, script, power_up_ms=0.5)
    assert result.acks(script) == [True] * 3
    assert result.stdout == "ak4619: power_up_ms = 0.5 instead of the data sheet's 10 ms\n"


def test_pdn_must_be_low_for_600_ns(tmp_path):
    script = Script().pdn(0, 590e-9).pdn(1, 0.2e-3).write(0, 0x36)
    _, result = play(tmp_path, script)
    assert result.acks(script) == [False] * 3 and result.silent
    assert "PDN was low for 590.0 ns; allowed: at least 600 ns" in result.complaints[0]


def test_pdn_must_have_been_low_at_all(tmp_path):
    script = Script().pdn(1, 0.2e-3).write(0, 0x36)
    _, result = play(tmp_path, script)
    assert result.acks(script) == [False] * 3
    assert "I2C transfer without a reset by PDN before" in result.complaints[0]


def test_pdn_low_is_deaf_and_forgets_the_registers(tmp_path):
    script = Script().bring_up(SETUP_192).pdn(0, 1e-6).write(0, 0x36)
    script.pdn(1, 0.2e-3).read(0, 3)
    _, result = play(tmp_path, script)
    assert result.acks(script)[-6:-3] == [False] * 3
    assert result.bytes_read(script) == bytes(3)
    assert "I2C transfer while PDN is low" in result.complaints[0]


def test_other_addresses_are_left_alone(tmp_path):
    script = Script().power_up(0.2e-3).write(0, 0x37, address=0x05).write(0, 0x55).read(0, 1)
    _, result = play(tmp_path, script)
    assert result.acks(script) == [False] * 3 + [True] * 6
    assert result.bytes_read(script) == b"\x55"


def test_registers_above_0x14_are_refused(tmp_path):
    script = Script().power_up(0.2e-3).write(0x13, 0x05, 0x0A, 0x77).write(0x7F, 0x00).read(0x13, 3)
    _, result = play(tmp_path, script)
    assert result.acks(script)[:8] == [True] * 4 + [False] + [True] * 2 + [False]
    assert result.bytes_read(script) == b"\x05\x0a\xff"
    assert result.complaints[:2] == [
        "ak4619: register 0x15 is written (77): not acknowledged; allowed: 0x00 to 0x14",
        "ak4619: register 0x7F is written (00): not acknowledged; allowed: 0x00 to 0x14",
    ]


def test_scl_above_400_khz_is_reported(tmp_path):
    script = Script(quarter=61).power_up(0.2e-3).write(0, 0x36)
    _, result = play(tmp_path, script)
    assert result.complaints[0] == "ak4619: SCL = 402.9 kHz; allowed: at most 400 kHz"
    assert all(result.acks(script))


def test_setup_must_be_written_in_reset(tmp_path):
    script = Script().power_up(0.2e-3).write(0, *SETUP_192)
    _, result = play(tmp_path, script)
    assert result.silent
    for i, value in ((1, "AF"), (2, "1C"), (3, "04")):
        assert f"register 0x0{i} changes from 00 to {value} while RSTN=1" in result.stderr
    assert len(result.complaints) == 3


def test_a_reset_ends_the_silence(tmp_path):
    script = (
        Script().power_up(0.2e-3).write(0, *SETUP_192).wait(50e-6).write(0, 0x36).write(0, 0x37)
    )
    _, result = play(tmp_path, script)
    assert len(result.complaints) == 3 and result.report["frames"] > 8


# Registers


@pytest.mark.parametrize(
    "registers, message",
    [
        ({"r00": 0x35}, "register 0x00 = 35: power management bits"),
        ({"r01": 0x2F}, "register 0x01 = 2F: TDM=0, stereo, is not modelled; allowed: TDM=1"),
        ({"r01": 0xFF}, "register 0x01 = FF: DCF=111 is not modelled; allowed: 010"),
        ({"r01": 0xAB}, "register 0x01 = AB: DSL=10 is not modelled; allowed: 11"),
        (
            {"r01": 0xAE},
            "BICK = 24.577 MHz with register 0x01 = AE, SDOPH=0; allowed: SDOPH=1 above",
        ),
        ({"r02": 0x0C}, "register 0x02 = 0C: SLOT=0 is not modelled; allowed: SLOT=1"),
        ({"r02": 0x1F}, "register 0x02 = 1F: DODL=11; allowed: 00 (24 bits), 01 (20), 10 (16)"),
        ({"r03": 0x00}, "MCLK/LRCK = 128 with register 0x03 = 00; allowed: 256"),
        ({"r06": 0x00}, "register 0x06 = 00 is not modelled; allowed: 30"),
        ({"r14": 0x3A}, "register 0x14 = 3A is not modelled; allowed: 0A"),
    ],
)
def test_a_wrong_register_silences_the_codec(tmp_path, registers, message):
    script = Script().bring_up(setup(**({"r01": 0xAF, "r03": 0x04} | registers)))
    _, result = play(tmp_path, script)
    assert result.silent and result.status == 0
    assert message in result.complaints[0]
    assert result.report["complaints"] == [line[len("ak4619: ") :] for line in result.complaints]


def test_a_codec_in_reset_is_silent(tmp_path):
    script = Script().bring_up(setup(r00=0x36, r01=0xAF, r03=0x04))
    _, result = play(tmp_path, script)
    assert result.silent
    assert "no frame was played: register 0x00 = 36, the codec is in reset" in result.complaints[0]


def test_a_codec_that_is_never_powered_up_is_silent(tmp_path):
    _, result = play(tmp_path, Script().pdn(0, 100e-6))
    assert result.silent
    assert result.complaints == ["ak4619: no frame was played: PDN is low"]


# Clocks


def test_no_lrck_at_all(tmp_path):
    def stop(levels, tick):
        levels["lrck"][:] = 1

    _, result = play(tmp_path, Script().bring_up(SETUP_192), change=stop)
    assert result.silent
    assert result.complaints == [
        "ak4619: no frame was played: no whole frame of LRCK was seen since RSTN=1"
    ]


@pytest.mark.parametrize(
    "clocks, values, message",
    [
        (
            Clocks(bits=127),
            SETUP_192,
            "BICK/LRCK = 127 with registers 0x01 = AF, 0x02 = 1C (TDM128)",
        ),
        (Clocks(bits=256, bick_half=1), SETUP_192, "BICK/LRCK = 256"),
        (Clocks(mclk_half=1), SETUP_192, "MCLK/LRCK = 256 with register 0x03 = 04; allowed: 128"),
        (
            Clocks(mclk_half=1 << 20),
            SETUP_192,
            "MCLK/LRCK = 0 with register 0x03 = 04; allowed: 128",
        ),
        (CLOCKS_96, setup(), "fs = 96.005 kHz with register 0x03 = 00; allowed: 8 to 48 kHz"),
        (
            CLOCKS_48,
            setup(r03=0x01),
            "fs = 48.002 kHz with register 0x03 = 01; allowed: 96 to 96 kHz",
        ),
        (
            Clocks(mclk_half=1, bick_half=4),
            setup(r03=0x03),
            "MCLK = 49.155 MHz; allowed: at most 24.822 MHz",
        ),
        (
            Clocks(lrck_late=2),
            SETUP_192,
            "LRCK changes where BICK falls, with register 0x01 = AF, BCKP=1",
        ),
        (
            Clocks(bckp=0),
            SETUP_192,
            "LRCK changes where BICK falls, with register 0x01 = AF, BCKP=1",
        ),
        (CLOCKS_48, SETUP, "LRCK changes where BICK rises, with register 0x01 = AC, BCKP=0"),
        (Clocks(sdin_late=2), SETUP_192, "SDIN1 changes where BICK falls, where it is sampled"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_clocks_silence_the_codec(tmp_path, clocks, values, message):
    if "BCKP=0" in message:
        values = setup(r01=0xAC)
    script = Script().bring_up(values)
    _, result = play(tmp_path, script, clocks)
    assert message in result.stderr
    assert len(result.complaints) <= 3 and result.status == 0
    assert result.frames_out.size == 0
    if "SDIN1" not in message:
        assert result.silent


@pytest.mark.parametrize("tick_in_frame, level", [(0, 0), (127 * 4, 1)])
def test_an_lrck_pulse_of_less_than_one_bick_silences_the_codec(tmp_path, tick_in_frame, level):
    def pulse(levels, tick):
        here = np.arange(len(levels["lrck"])) % CLOCKS_192.frame_ticks == tick_in_frame
        levels["lrck"] = np.where(here, level, 1 - level)

    _, result = play(tmp_path, Script().bring_up(SETUP_192), change=pulse)
    assert result.silent
    assert result.complaints == [
        "ak4619: LRCK is high or low for less than one BICK; allowed: at least one BICK each"
    ]


def test_clocks_may_not_change_while_it_plays(tmp_path):
    def halve(levels, tick):
        levels |= {
            name: np.concatenate([level[:tick], new[: len(level) - tick]])
            for name, level in levels.items()
            for new in [np.repeat(level[tick:], 2) if name in CLOCKED else level[tick:]]
        }

    CLOCKED = ("mclk", "bick", "lrck", "sdin1")
    script = Script().bring_up(SETUP_192).wait(200e-6)
    start, falls = first_frame(script, CLOCKS_192)
    _, result = play(tmp_path, script, frames=40, change=halve)
    assert len(result.complaints) == 1
    assert "clocks changed while RSTN=1" in result.complaints[0]
    assert "silent until RSTN goes 0 -> 1" in result.complaints[0]
    frames_before = np.count_nonzero(falls[start:] < script.now - 40 * CLOCKS_192.frame_ticks)
    assert len(result.frames_out) == frames_before - 1
    assert not result.sdout1[script.now - 36 * CLOCKS_192.frame_ticks :].any()


def test_clocks_may_change_in_reset(tmp_path):
    script = Script().bring_up(setup()).write(0, 0x36)
    switch = script.now
    script.write(3, 0x04).write(1, 0xAF).write(0, 0x37)
    later = Clocks(first=switch)
    ticks = script.now + 20 * later.frame_ticks
    script.hold(ticks - script.now)
    before, after = CLOCKS_48.levels(ticks, words(200)), later.levels(ticks, words(200))
    levels = script.levels() | {
        name: np.concatenate([before[name][:switch], after[name][switch:]]) for name in before
    }
    result = simulation().run_codec(tmp_path, levels)
    assert result.complaints == [] and result.report["frames"] > 15
