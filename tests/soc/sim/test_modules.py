# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The C model of the codec: frames cross its pins, files are whole however a run ends.

Each test runs LiteX's own simulation core with the compiled modules: see sim_process.py.
"""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from tests.support.hdl.codec_pins import (
    CLOCKS_48,
    CLOCKS_96,
    CLOCKS_192,
    SETUP_192,
    TICK_PS,
    Clocks,
    Script,
    codes,
    first_frame,
    setup,
    slots,
    words,
)
from tests.support.soc.sim_process import TIMEOUT_S, play, simulation

# Playing


@pytest.mark.parametrize("bckp", [1, 0])
@pytest.mark.parametrize(
    "clocks, r01, r03",
    [
        (CLOCKS_192, 0xAF, 0x04),
        (CLOCKS_48, 0xAE, 0x00),
        (CLOCKS_96, 0xAE, 0x01),
        (Clocks(mclk_half=3, bick_half=9), 0xAE, 0x02),
        (Clocks(mclk_half=2, bick_half=8), 0xAF, 0x03),
        (Clocks(lrck_low=1), 0xAF, 0x07),
        (Clocks(lrck_low=127), 0xAF, 0x05),
    ],
    ids=["192k", "48k", "96k", "384fs", "512fs", "LRCK low 1 BICK", "LRCK high 1 BICK"],
)
def test_frames_cross_both_ways_bit_by_bit(tmp_path, clocks, r01, r03, bckp):
    clocks = Clocks(
        clocks.mclk_half, clocks.bick_half, lrck_low=clocks.lrck_low, bckp=bckp, first=37
    )
    script = Script().bring_up(setup(r01=r01 & ~2 | bckp << 1, r03=r03))
    start, falls = first_frame(script, clocks)
    count, dac, adc = 260, words(start + 300), codes(200)
    levels, result = play(tmp_path, script, clocks, 300, dac, adc=adc, duration_frames=count)
    assert result.complaints == [] and result.status == 0
    np.testing.assert_array_equal(result.frames_out, dac[start : start + count])
    heard = slots(levels, result.sdout1, clocks, slice(start, start + count))
    sent = np.zeros((count, 4), np.uint32)
    sent[:200] = adc.view(np.uint32) << 8
    np.testing.assert_array_equal(heard, sent)
    assert not result.sdout1[: falls[start]].any()
    report = result.report
    assert report["frames"] == count and report["bick_ratio"] == 128
    assert report["mclk_ratio"] == clocks.frame_ticks // (2 * clocks.mclk_half)
    assert report["sample_rate"] == pytest.approx(clocks.sample_rate, rel=1e-12)
    assert (
        report["registers"]["0x01"] == f"{r01 & ~2 | bckp << 1:02X}"
        and report["power_up_ms"] == 0.1
    )
    assert not (tmp_path / "report.json.progress").exists()


def test_every_acknowledge_is_given_at_400_khz_after_10_ms(tmp_path):
    script = Script().bring_up(SETUP_192, seconds=10e-3).read(0, 21)
    _, result = play(tmp_path, script, power_up_ms=10)
    assert result.acks(script) == [True] * len(script.acks)
    assert result.bytes_read(script) == SETUP_192
    assert result.complaints == [] and result.stdout == "" and result.report["frames"] > 0


def test_generator_is_a_220_hz_triangle_of_1_024_volts(tmp_path):
    script = Script().bring_up(SETUP_192)
    start, _ = first_frame(script, CLOCKS_192)
    levels, result = play(tmp_path, script, frames=1000)
    count = result.report["frames"]
    assert count > 900
    heard = (
        slots(levels, result.sdout1, CLOCKS_192, slice(start, start + count)).view(np.int32) >> 8
    )
    step = int(220.0 * 1e-12 * float(CLOCKS_192.frame_ticks * TICK_PS) * 2.0**64)
    p = np.array([n * step % 2**64 >> 40 for n in range(count)])
    np.testing.assert_array_equal(heard[:, 0], 2**20 - (abs(p - 2**23) >> 2))
    assert heard[:, 0].min() == -(2**20) and heard[:, 0].max() > 0.995 * 2**20
    assert not heard[:, 1:].any()


@pytest.mark.parametrize("field, bits", [(0, 24), (1, 20), (2, 16)])
def test_words_are_cut_to_didl_and_dodl(tmp_path, field, bits):
    script = Script().bring_up(setup(r01=0xAF, r02=0x10 | field << 2 | field, r03=0x04))
    start, _ = first_frame(script, CLOCKS_192)
    dac, adc, mask = words(start + 30), codes(20), np.uint32(0xFFFFFFFF << (32 - bits) & 0xFFFFFFFF)
    levels, result = play(tmp_path, script, dac=dac, frames=30, adc=adc)
    np.testing.assert_array_equal(result.frames_out[:20], dac[start : start + 20] & mask)
    heard = slots(levels, result.sdout1, CLOCKS_192, slice(start, start + 20))
    np.testing.assert_array_equal(heard, adc.view(np.uint32) << 8 & mask)


def test_a_reset_pauses_both_files_at_the_same_frame(tmp_path):
    script = Script().bring_up(SETUP_192)
    first, _ = first_frame(script, CLOCKS_192)
    script.wait(100e-6).write(0, 0x36)
    stopped = int(np.searchsorted(CLOCKS_192.falls(script.written), script.written)) - 1
    script.write(0, 0x37)
    again, _ = first_frame(script, CLOCKS_192)
    dac, adc = words(again + 100), codes(200)
    levels, result = play(tmp_path, script, dac=dac, frames=50, adc=adc)
    n = len(result.frames_out)
    played = np.concatenate([np.arange(first, stopped), np.arange(again, again + n)])[:n]
    np.testing.assert_array_equal(result.frames_out, dac[played])
    heard = slots(levels, result.sdout1, CLOCKS_192, played)
    np.testing.assert_array_equal(heard, adc[:n].view(np.uint32) << 8)
    assert result.complaints == [] and n > 50


# Files and the end of a run


def endless(folder, **args):
    script = Script().bring_up(SETUP_192)
    ticks = (script.now // 512 + 4) * 512 + 512
    script.hold(ticks - script.now)
    levels = script.levels() | CLOCKS_192.levels(ticks, words(ticks // 512 + 1))
    return simulation().start_codec(folder, levels, loop_from=ticks - 512, **args)


def wait_for_frames(folder, process, count):
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if int((folder / "report.json.progress").read_text().split()[0]) >= count:
                return
        except (FileNotFoundError, IndexError):
            pass
        time.sleep(0.02)
    raise AssertionError("no progress")


def cpu_seconds(pid):
    """Of a running process, from proc(5), to a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_whole_files(tmp_path, number):
    process = endless(tmp_path)
    wait_for_frames(tmp_path, process, 2000)
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    spent = cpu_seconds(process.pid)
    process.send_signal(number)
    process.send_signal(signal.SIGCONT)
    result = simulation().result(process, tmp_path)
    assert result.report["cpu_seconds"] - spent < 0.5  # a turn of its loop takes a millisecond
    assert result.status == 0 and result.complaints == []
    assert result.report["frames"] == len(result.frames_out) >= 2000
    assert result.report["sample_rate"] == pytest.approx(CLOCKS_192.sample_rate, rel=1e-12)
    assert result.report["sim_time_ps"] > 2000 * 5.2e6
    assert result.report["cpu_seconds"] <= result.report["wall_seconds"] * 1.1 + 0.1
    assert not (tmp_path / "report.json.progress").exists()


def test_duration_ends_an_endless_run(tmp_path):
    result = simulation().result(endless(tmp_path, duration_frames=1234), tmp_path)
    assert result.status == 0 and len(result.frames_out) == result.report["frames"] == 1234


@pytest.mark.parametrize(
    "data, message",
    [
        (None, "frames_in nothing: No such file or directory"),
        (
            b"",
            "frames_in nothing: 0 bytes; allowed: a file of whole frames of 16 bytes, at least one",
        ),
        (bytes(24), "frames_in nothing: 24 bytes"),
        (np.int32([0, 0, 1 << 23, 0]).tobytes(), "frame 0 channel 2 is 8388608; allowed: 24 bits"),
    ],
)
def test_a_bad_input_file_ends_the_simulation(tmp_path, data, message):
    if data is not None:
        (tmp_path / "nothing").write_bytes(data)
    result = simulation().result(endless(tmp_path, frames_in="nothing"), tmp_path)
    assert result.status != 0 and message in result.stderr and result.stderr.count("\n") == 1
    assert result.frames_out is None and result.report is None


@pytest.mark.parametrize(
    "args, message",
    [
        ({"power_up_ms": -1}, "ak4619: power_up_ms must be a number from 0 to"),
        (
            {"duration_frames": 1.5},
            "ak4619: duration_frames must be a whole number from 0",
        ),
        ({"frames_out": 3}, "ak4619: frames_out must be a text, got 3"),
        ({"frames_out": "no/such/folder"}, "ak4619: frames_out no/such/folder: No such file"),
        ({"report": "no/such/folder"}, "ak4619: report no/such/folder: No such file"),
        ({"frame_out": "x"}, 'ak4619: unknown argument "frame_out"; allowed: frames_in frames_out'),
    ],
)
def test_bad_codec_arguments(tmp_path, args, message):
    result = simulation().result(endless(tmp_path, **args), tmp_path)
    assert result.status != 0 and message in result.stderr and result.stderr.count("\n") == 1


def test_a_full_disk_is_an_error(tmp_path):
    process = endless(tmp_path, frames_out="/dev/full", duration_frames=100)
    result = simulation().result(process, tmp_path)
    assert result.status == 1
    assert "frames_out /dev/full could not be written whole: No space left" in result.stderr
