# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Copies to listen to, beside the true files: 48 kHz, stereo, normalised to -3 dBFS."""

import shlex
import shutil
from pathlib import Path

import numpy as np
import soxr

from models.sound import wav

RATE = 48_000  # Hz
PEAK = 10 ** (-3 / 20)  # of full scale
PLAYERS = {
    "aplay": "aplay {}",
    "paplay": "paplay {}",
    "pw-play": "pw-play {}",
    "ffplay": "ffplay -autoexit -nodisp {}",
    "afplay": "afplay {}",
}
PACKAGE = "alsa-utils"


def listening_copy(values, rate):
    """int16 [m, 2] at RATE Hz of float [n] at `rate` Hz: the same on both sides, its peak at PEAK;
    silence stays silent. Raises nothing for any n >= 1."""
    values = np.asarray(values, np.float64)
    if rate != RATE:
        values = soxr.resample(values, rate, RATE, quality="VHQ")
    peak = np.abs(values).max(initial=0)
    samples = np.rint(values * (PEAK * 32768 / peak if peak > 0 else 0)).astype(np.int16)
    return np.repeat(samples[:, None], 2, axis=1)


def write(path, values, rate):
    """The listening copy as a file. Raises FileError."""
    wav.write(path, listening_copy(values, rate), RATE)


def how_to_play(path):
    """A line: the command that plays `path` with a player that this machine has, or what to
    install."""
    for program, command in PLAYERS.items():
        if shutil.which(program):
            return f"to listen: {command.format(shlex.quote(str(path)))}"
    return f"to listen: apt-get install {PACKAGE}, then aplay {shlex.quote(str(path))}"


def beside(path):
    """Where the listening copy of `path` goes: out.flac has out.listen.wav, which all play."""
    return Path(path).with_suffix(".listen.wav")
