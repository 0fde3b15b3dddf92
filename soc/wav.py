# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Sound at the codec's analogue side: codes that the ADCs give, words that the DACs take."""

import numpy as np

from models.sound import wav

CHANNELS   = 4
CODE_BITS  = 24
FULL_SCALE = 8.192 # volts

def to_codes(volume):
    """The ADCs' codes, int32 [n, 4] of 24 bits, for float [n, 1 to 4]; 1.0 is FULL_SCALE volts.

    A 16-bit sample n (n/32768) is the code n << 8 exactly. Rounded to nearest, saturated; channels
    that the sound does not have are 0, as the codec's open inputs are.
    """
    volume = np.asarray(volume, np.float64)
    if volume.ndim != 2 or not 1 <= volume.shape[1] <= CHANNELS:
        raise ValueError(f"sound must be of shape [n, 1 to {CHANNELS}], got {volume.shape}")
    one   = 1 << CODE_BITS - 1
    codes = np.zeros((len(volume), CHANNELS), np.int32)
    codes[:, :volume.shape[1]] = np.clip(np.rint(volume*one), -one, one - 1)
    return codes

def check_output(path, sample_rate, inputs=()):
    """Raises FileError unless write_wav can write `path`, which is none of `inputs`."""
    wav.check_output(path, round(sample_rate), inputs, CHANNELS, "PCM_32")

def write_wav(path, words, sample_rate):
    """Writes what the DACs got, int32 [n, 4] (32-bit words), with 4 channels: a WAV or AIFF of
    PCM_32, or a FLAC of PCM_24, by the suffix.

    The file appears whole or not at all. Raises FileError when it cannot be written.
    """
    words = np.asarray(words, np.int32).reshape(-1, CHANNELS)
    wav.write(path, words, round(sample_rate), "PCM_32")
