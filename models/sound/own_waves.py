# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Waves as a command line gives them: NAME=FORMULA, a WAV of one period, or a standard name."""

import re
from pathlib import Path

import numpy as np

from models.files import FileError
from models.messages import must_be
from models.sound import wav
from models.sound.plane import LONGEST, PLACES, STANDARD, Plane, Wave
from models.spec import ModelError

FORMS = "NAME=FORMULA, NAME=FILE.wav, FILE.wav, or one of " + ", ".join(STANDARD.names)
PERIOD = (8, 65_536)  # samples of a file
CHANNELS_MOST = 8
SOUND = tuple(wav.FORMATS)


def read(texts):
    """The Plane of 2 to 8 texts of FORMS, in the order of plane.PLACES. Raises ModelError."""
    if len(texts) not in PLACES:
        raise ModelError(must_be("--waves", "2 to 8", len(texts)))
    return Plane([_wave(text) for text in texts])


def _wave(text):
    found = re.match(r"\s*(\w+)\s*=(?!=)(.*)", text, re.DOTALL)
    name, what = found.groups() if found else (None, text)
    if Path(what).suffix.lower() in SOUND:
        return Wave(name or re.sub(r"\W", "_", Path(what).stem)[:16], period=_period(what))
    if name is None:
        if text in STANDARD.names:
            return STANDARD.waves[STANDARD.names.index(text)]
        raise ModelError(f"--waves: a wave must be {FORMS}, got {text[:40]!r}")
    return Wave(name, what.strip())


def _period(path):
    """The file's first channel as integers n / 32768 with a peak of 32768, at most LONGEST."""
    try:
        sound = wav.read_sound(path, CHANNELS_MOST, most_frames=PERIOD[1])
    except FileError as error:
        raise ModelError(str(error)) from error
    values = sound.values[:, 0]
    if len(values) < PERIOD[0]:
        raise ModelError(f"{path}: must have at least {PERIOD[0]} samples, got {len(values)}")
    peak = np.abs(values).max()
    if not np.isfinite(peak) or peak < 1e-3:
        raise ModelError(f"{path}: must sound, got a peak of {peak:.3g}")
    if len(values) > LONGEST:  # a whole period: its spectrum may be cut
        spectrum = np.fft.rfft(values)[: LONGEST // 2]
        values = np.fft.irfft(spectrum, LONGEST) * (LONGEST / len(values))
        peak = np.abs(values).max()
    return tuple(np.rint(values / peak * 32768).astype(int).tolist())
