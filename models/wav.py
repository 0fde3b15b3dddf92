"""Sound files at the edge of the integer world."""

import os
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
import soxr

MAX_CHANNELS = 4


class WavError(ValueError):
    """A sound file that cannot be read or written; the message is one line for the user."""


def read(path, rate):
    """The sound in `path` at `rate` Hz: float64 [n, channels], n >= 1, full scale = +/-1.0.

    Any file that libsndfile reads, any rate, 1 to 4 channels; soxr resamples (HQ) where the file's
    rate differs, and only then: 16-bit samples come out as n / 32768 exactly. Raises WavError.
    """
    try:
        values, file_rate = soundfile.read(path, dtype="float64", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        reason = "not a readable WAV" if Path(path).exists() else "no such file"
        raise WavError(f"{path}: {reason}") from error
    count, channels = values.shape
    if not 1 <= channels <= MAX_CHANNELS:
        raise WavError(f"{path}: {channels} channels; allowed 1 to {MAX_CHANNELS}")
    if count == 0:
        raise WavError(f"{path}: 0 samples; at least 1 is needed")
    if not np.isfinite(values).all():
        raise WavError(f"{path}: holds samples that are not numbers")
    if file_rate != rate:
        values = soxr.resample(values, file_rate, rate)
        if len(values) == 0:
            raise WavError(f"{path}: 0 samples are left at {rate} Hz; at least 1 is needed")
    return values


def check_writable(path):
    """Raise WavError unless a file `path` can appear in its folder: asked before long work."""
    path = Path(path)
    if not path.parent.is_dir():
        raise WavError(f"{path}: the folder {path.parent} does not exist")
    if not os.access(path.parent, os.W_OK):
        raise WavError(f"{path}: the folder {path.parent} is not writable")
    if path.is_dir():
        raise WavError(f"{path}: is a folder, not a file")
    if path.exists() and not path.is_file():  # it would be replaced, /dev/null too
        raise WavError(f"{path}: is a device or a pipe, not a file")


def write(path, samples, rate):
    """Write int16 [n] or [n, channels] as a 16-bit WAV. It appears whole or not at all. Raises
    WavError where the folder is missing or not writable."""
    check_writable(path)
    with _replaced(Path(path)) as partial:
        soundfile.write(partial, samples, rate, subtype="PCM_16", format="WAV")


@contextmanager
def _replaced(path):
    partial = path.with_name(path.name + ".part")
    try:
        yield partial
        partial.replace(path)
    except (soundfile.SoundFileError, OSError) as error:
        raise WavError(f"{path}: cannot be written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
