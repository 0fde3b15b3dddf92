# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a copy to listen to must be."""

import numpy as np
import soundfile


def assert_listenable(path, seconds):
    """48 kHz, stereo, both sides the same, its peak at -3 dBFS to the sample, of that length."""
    samples, rate = soundfile.read(path, dtype="int16")
    assert (rate, soundfile.info(path).format, samples.shape[1]) == (48_000, "WAV", 2)
    assert np.array_equal(samples[:, 0], samples[:, 1])
    assert abs(len(samples) - seconds * 48_000) <= 1
    assert np.abs(samples.astype(int)).max() == round(32768 * 10 ** (-3 / 20)) == 23198
    return samples[:, 0].astype(float)
