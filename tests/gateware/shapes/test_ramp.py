# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The times of glides and fades, in Python and in the firmware's C."""

import subprocess
import sys

import pytest

from gateware.shapes import ramp
from soc.flow.firmware_image import SOURCES
from tests.support.limits import HANG_S

# sys clock (Hz), cycles per sample: the simulation's, a board's (192,057.29 Hz), slower codecs.
CLOCKS = ((49_152_000, 256), (49_166_666, 256), (50_000_000, 1024), (48_000_000, 6000))
TIMES_MS = (0, 1, 2, 7, 20, 99, 1000, 9999, ramp.MS_MOST)

MAIN = """
#include <stdio.h>
#include <stdlib.h>
#include "audio/ramp.h"
#include "console/console.h"
int console_parse(const char *what, const char *text, uint32_t most, const char *unit,
    uint32_t *value)
{ *value = (uint32_t)atol(text); return *value > most; }
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        uint32_t frames;
        if (ramp_parse("", argv[i], &frames)) return 1;
        printf("%u %u %u\\n", frames, ramp_rate(frames), ramp_rate(ramp_rate(frames)));
    }
    return 0;
}
"""


@pytest.mark.parametrize("clock", CLOCKS)
def test_the_console_counts_as_the_host_does(clock, tmp_path):
    """20 ms are 3,840 frames at a board's 192,057 Hz on neither side: 3,841 on both."""
    (tmp_path / "generated").mkdir()
    fs = ramp.whole_rate(*clock)
    header = f"#define AUDIO_FS {fs}\n#define RAMP_MS_MOST {ramp.MS_MOST}\n"
    (tmp_path / "generated" / "soc.h").write_text(header)
    (tmp_path / "main.c").write_text(MAIN)
    program = tmp_path / "ramp"
    words = ["cc", "-Wall", "-Werror", f"-I{tmp_path}", f"-I{SOURCES}", "-o", program]
    words += [tmp_path / "main.c", SOURCES / "audio" / "ramp.c"]
    subprocess.run(words, check=True, timeout=HANG_S)
    done = subprocess.run(
        [program, *map(str, TIMES_MS)], capture_output=True, text=True, timeout=HANG_S
    )
    assert done.returncode == 0
    rows = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    frames = [ramp.frames_in(ms, fs) for ms in TIMES_MS]
    rates = [ramp.rate_of(count) for count in frames]
    assert rows == list(zip(frames, rates, map(ramp.frames_of, rates)))


def test_20_ms_of_a_boards_clock():
    assert ramp.frames_in(20, ramp.whole_rate(49_166_666, 256)) == 3841


@pytest.mark.parametrize("frames", [2, 3, 192, 3840, 3841, 65536])
def test_a_way_takes_its_frames(frames):
    rate = ramp.rate_of(frames)
    assert (frames - 1) * rate < ramp.PHASE <= frames * rate
    assert ramp.frames_of(rate) == frames


def test_less_than_two_frames_are_a_jump():
    assert [ramp.rate_of(frames) for frames in (0, 1)] == [0, 0]
    assert ramp.frames_of(0) == 0


def test_shapes_load_neither_migen_nor_numpy():
    code = "import sys, gateware.shapes.ramp; print({'migen', 'numpy'} & {*sys.modules})"
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, timeout=HANG_S)
    assert done.stdout == "set()\n"
