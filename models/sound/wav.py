# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Sound files at the edge of the integer world: the one place that reads and writes them."""

import io
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from models.files import FileError, check_readable, check_writable, write_bytes
from models.messages import either

MAX_CHANNELS = 4
RATES = (1_000, 10_000_000)  # Hz, of a file: below, resampling would make a thousand of each sample
# Samples of all channels, as read and as resampled: 1 GiB of float64, 11 minutes at 192 kHz.
MOST_VALUES = 1 << 27
FORMATS = {".wav": "WAV", ".flac": "FLAC", ".aiff": "AIFF", ".aif": "AIFF"}
# Lossless, or a sample for a sample.
SUBTYPES = ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
ALLOWED = "WAV, FLAC or AIFF with PCM or float samples"
BLOCK = 1 << 16  # frames read at a time
# Format tags of a WAV's "fmt " chunk that libsndfile does not know, or knows too well.
TAGS = {2: "MS ADPCM", 0x11: "IMA ADPCM", 0x31: "GSM 6.10", 0x50: "MPEG", 0x55: "MP3",
        0x161: "WMA", 0xFF: "AAC"}  # fmt: skip


class WavError(FileError):
    """A sound file that cannot be read or written; the message is one line for the user."""


@dataclass(frozen=True)
class Sound:
    """values: float64 [n, channels], full scale = +/-1.0;  rate: Hz;  comment: the file's own."""

    values: np.ndarray
    rate: int
    comment: str = ""


# Reading ------------------------------------------------------------------------------------------


def read(path, rate):
    """The sound in `path` at `rate` Hz: float64 [n, channels], n >= 1, full scale = +/-1.0.

    WAV, FLAC or AIFF, any rate in RATES, 1 to 4 channels; soxr resamples (HQ) where the file's rate
    differs, and only then: 16-bit samples come out as n / 32768 exactly. Raises WavError.
    """
    sound = read_sound(path, MAX_CHANNELS, rate)
    return resample(path, sound.values, sound.rate, rate)


def read_sound(path, most_channels, rate=None, most_frames=None):
    """The Sound in a file of at least one sample, at its own rate.

    rate: Hz that it is going to be resampled to, where it is. A file that is too long then, or too
    long as it is, is refused before it is read, and so is one of more than `most_frames`.
    Raises WavError.
    """
    with _opened(path) as file:
        if not 1 <= file.channels <= most_channels:
            raise WavError(f"{path}: must have 1 to {most_channels} channels, got {file.channels}")
        check_length(path, file.frames, file.channels, file.samplerate, rate)
        if most_frames is not None and file.frames > most_frames:
            raise WavError(f"{path}: must have at most {most_frames} samples, got {file.frames}")
        # The header may tell of more frames than there are, so memory follows what is read.
        blocks, left = [], MOST_VALUES // file.channels
        while left > 0:
            block = file.read(min(BLOCK, left), dtype="float64", always_2d=True)
            if not len(block):
                break
            blocks.append(block)
            left -= len(block)
        sound_rate, comment = file.samplerate, file.comment
    if not blocks:
        raise WavError(f"{path}: must have at least 1 sample, got 0")
    values = np.concatenate(blocks)
    if not np.isfinite(values).all():
        raise WavError(f"{path}: holds samples that are not numbers")
    return Sound(values, sound_rate, comment)


def check_length(path, frames, channels, file_rate, rate=None):
    """Raise WavError for a rate outside RATES, and for more than MOST_VALUES, before or after
    resampling from `file_rate` to `rate` Hz."""
    low, high = RATES
    if not low <= file_rate <= high:
        raise WavError(f"{path}: the sample rate must be {low} to {high} Hz, got {file_rate:g}")
    highest = max(file_rate, rate or 0)
    if frames * channels * (highest / file_rate) > MOST_VALUES:
        raise WavError(
            f"{path}: {frames / file_rate:.0f} s of {channels} channels are too long: at most "
            f"{MOST_VALUES // channels / highest:.0f} s at {highest:g} Hz"
        )


def resample(path, values, file_rate, rate):
    """float [n, channels] of the file `path` at `rate` Hz instead. Raises WavError."""
    if file_rate == rate:
        return values
    values = soxr.resample(values, file_rate, rate)
    if len(values) == 0:
        raise WavError(f"{path}: must have at least 1 sample at {rate:g} Hz, got 0")
    return values


@contextmanager
def _opened(path):
    """A soundfile.SoundFile of lossless samples. Raises WavError."""
    try:
        check_readable(path)
    except FileError as error:
        raise WavError(str(error)) from error
    try:
        with soundfile.SoundFile(path) as file:
            if file.subtype not in SUBTYPES:
                kind = file.format if file.format == "MP3" else f"{file.format} of {file.subtype}"
                raise WavError(f"{path}: {_must_be_sound(kind)}")
            yield file
    except (soundfile.SoundFileError, OSError) as error:
        raise WavError(f"{path}: {_why_unreadable(path, error)}") from error


def _must_be_sound(kind):
    return f"must be {ALLOWED}, got {kind}"


def _why_unreadable(path, error):
    """What a file is that libsndfile does not read, from its first bytes."""
    with open(path, "rb") as file:
        head = file.read(4096)
    if not head:
        return "is empty"
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:12] == b"WAVE":
        return _why_no_wav(head, error)
    if head[:3] == b"ID3" or (head[0] == 0xFF and head[1:2] and head[1] & 0xE0 == 0xE0):
        return _must_be_sound("MP3")
    if head[4:8] == b"ftyp":
        return _must_be_sound("MPEG-4 (AAC)")
    if head[:4] in (b"fLaC", b"OggS") or head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return f"is damaged: {_detail(error)}"
    return _must_be_sound("another kind of file")


def _why_no_wav(head, error):
    order = ">" if head[:4] == b"RIFX" else "<"
    at = head.find(b"fmt ", 12)
    if at < 0 or len(head) < at + 16:
        return "is damaged: the WAV has no description of its samples"
    tag, channels, rate = struct.unpack(f"{order}HHI", head[at + 8 : at + 16])
    if tag in TAGS:
        return _must_be_sound(f"WAV of {TAGS[tag]}")
    if rate == 0:
        return f"the sample rate must be {RATES[0]} to {RATES[1]} Hz, got 0"
    if channels == 0:
        return f"must have 1 to {MAX_CHANNELS} channels, got 0"
    return f"is damaged: {_detail(error)}"


def _detail(error):
    """libsndfile's reason, without the file's name, on one line."""
    text = getattr(error, "error_string", "") or getattr(error, "strerror", "") or str(error)
    return " ".join(text.split()).rstrip(".")


# Writing ------------------------------------------------------------------------------------------


def check_output(path, rate, inputs=(), channels=1, subtype="PCM_16"):
    """Raise FileError unless sound can be written to `path`: asked before long work.

    inputs: paths of files that are read, none of which may be `path`.
    """
    form = format_of(path)
    check_writable(path, inputs)
    _encoded(path, np.zeros((0, channels), np.int16), rate, subtype, form)


def format_of(path):
    """libsndfile's name for what the suffix of `path` says. Raises WavError."""
    suffix = Path(path).suffix
    try:
        return FORMATS[suffix.lower()]
    except KeyError:
        raise WavError(
            f"{path}: must end in {either(FORMATS)}, got {suffix or 'no suffix'}"
        ) from None


def write(path, samples, rate, subtype="PCM_16", comment=""):
    """Write int16 or int32 [n] or [n, channels] in the format that the suffix says.

    subtype: PCM_16 or PCM_32; FLAC, which ends at 24 bits, takes the latter as PCM_24 and is
    refused where that loses anything. comment: LIST INFO, ICMT of a WAV. The file appears whole or
    not at all. Raises FileError.
    """
    form = format_of(path)
    check_writable(path)
    write_bytes(path, _encoded(path, np.asarray(samples), rate, subtype, form, comment))


def _encoded(path, samples, rate, subtype, form, comment=""):
    """The file as bytes: what cannot be written is known before anything is."""
    if form == "FLAC" and subtype == "PCM_32":
        subtype = "PCM_24"
        if samples.dtype == np.int32 and (samples & 0xFF).any():
            raise WavError(f"{path}: FLAC holds 24 bits, the samples have 32; .wav keeps them")
    buffer, channels = io.BytesIO(), 1 if samples.ndim == 1 else samples.shape[1]
    try:
        with soundfile.SoundFile(buffer, "w", rate, channels, subtype, format=form) as file:
            if comment:
                file.comment = comment
            file.write(samples)
    except (soundfile.SoundFileError, ValueError, OverflowError) as error:
        raise WavError(
            f"{path}: {form} cannot hold {channels} channels of {subtype} at {rate} Hz: "
            f"{_detail(error)}"
        ) from error
    return buffer.getvalue()
