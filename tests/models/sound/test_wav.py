# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Sound files: what is read, what is refused, and that nothing half-written stays."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.files import FileError, check_writable
from models.sound import wav


def make(path, values, rate=48_000, **kwargs):
    soundfile.write(path, values, rate, **kwargs)
    return path


def raises(message, function, *args):
    with pytest.raises(FileError) as caught:
        function(*args)
    assert str(caught.value) == message


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_samples_come_out_exactly(tmp_path, channels):
    rng = np.random.default_rng(channels)
    codes = rng.integers(-32768, 32768, (500, channels)).astype(np.int16)
    values = wav.read(make(tmp_path / "a.wav", codes), 48_000)
    assert values.shape == (500, channels)
    assert np.array_equal(values * 32768, codes)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000, 192_000])
def test_other_rates_are_resampled(tmp_path, rate):
    """A tone far below both Nyquist rates keeps its pitch, phase and level."""
    tone = 0.5 * np.sin(2 * np.pi * 200 * np.arange(rate // 2) / rate)
    values = wav.read(make(tmp_path / "a.wav", tone, rate, subtype="FLOAT"), 48_000)[:, 0]
    assert len(values) == 24_000
    wanted = 0.5 * np.sin(2 * np.pi * 200 * np.arange(24_000) / 48_000)
    assert np.abs(values - wanted)[1000:-1000].max() < 1e-3


def test_bad_files_are_refused(tmp_path):
    none, empty, five = (tmp_path / f"{name}.wav" for name in ("none", "empty", "five"))
    raises(f"{none}: no such file", wav.read, none, 48_000)
    make(empty, np.zeros((0, 2)))
    raises(f"{empty}: must have at least 1 sample, got 0", wav.read, empty, 48_000)
    make(five, np.zeros((10, 5)))
    raises(f"{five}: must have 1 to 4 channels, got 5", wav.read, five, 48_000)
    text = tmp_path / "text.wav"
    text.write_text("this is no sound")
    raises(f"{text}: must be {wav.ALLOWED}, got another kind of file", wav.read, text, 48_000)
    raises(f"{tmp_path}: is a folder, not a file", wav.read, tmp_path, 48_000)
    nan = make(tmp_path / "nan.wav", np.array([0.0, np.nan]), subtype="FLOAT")
    raises(f"{nan}: holds samples that are not numbers", wav.read, nan, 48_000)


def test_a_pipe_or_device_is_not_replaced(tmp_path):
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    raises(f"{pipe}: is a device or a pipe, not a file", check_writable, pipe)
    raises(f"{pipe}: is a device or a pipe, not a file", wav.write, pipe, np.zeros(1), 48_000)
    assert pipe.is_fifo()


def test_write(tmp_path):
    codes = np.array([[1, -2], [32767, -32768]], np.int16)
    wav.write(tmp_path / "out.wav", codes, 192_000)
    info = soundfile.info(tmp_path / "out.wav")
    assert (info.format, info.subtype, info.samplerate) == ("WAV", "PCM_16", 192_000)
    assert np.array_equal(soundfile.read(tmp_path / "out.wav", dtype="int16")[0], codes)
    assert [file.name for file in tmp_path.iterdir()] == ["out.wav"]


def test_where_nothing_can_be_written(tmp_path, monkeypatch):
    path = tmp_path / "none" / "out.wav"
    message = f"{path}: the folder {path.parent} does not exist"
    raises(message, check_writable, path)
    raises(message, wav.write, path, np.zeros(3, np.int16), 48_000)
    raises(f"{tmp_path}: is a folder, not a file", check_writable, tmp_path)
    # Root may write anywhere, so the answer of the system is played here.
    monkeypatch.setattr("os.access", lambda path, mode: False)
    path = tmp_path / "out.wav"
    raises(f"{path}: the folder {tmp_path} is not writable", check_writable, path)


def disk_full(path, *_):
    path.touch()
    raise OSError(28, "No space left on device")


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path, monkeypatch):
    path = tmp_path / "out.wav"
    path.write_bytes(b"old")
    monkeypatch.setattr(Path, "write_bytes", disk_full)
    message = f"{path}: cannot be written: No space left on device"
    raises(message, wav.write, path, np.zeros(3, np.int16), 48_000)
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["out.wav"]


@pytest.mark.parametrize(
    "suffix, form", [("wav", "WAV"), ("FLAC", "FLAC"), ("aiff", "AIFF"), ("aif", "AIFF")]
)
@pytest.mark.parametrize("bits", [16, 32])
def test_the_suffix_says_the_format(tmp_path, suffix, form, bits):
    """And what is written comes back, to the integer."""
    codes = np.random.default_rng(bits).integers(-32768, 32768, (500, 4))
    codes = codes.astype(np.int16) if bits == 16 else (codes << 16).astype(np.int32)
    path = tmp_path / f"out.{suffix}"
    wav.write(path, codes, 192_000, f"PCM_{bits}")
    info = soundfile.info(path)
    assert (info.format, info.samplerate, info.channels) == (form, 192_000, 4)
    assert np.array_equal(soundfile.read(path, dtype=codes.dtype.name)[0], codes)
    assert np.array_equal(wav.read(path, 192_000) * 2.0 ** (bits - 1), codes)


@pytest.mark.parametrize("suffix", [".mp3", ".ogg", ""])
def test_a_suffix_that_says_no_format_is_refused(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    message = f"{path}: must end in .wav, .flac, .aiff or .aif, got {suffix or 'no suffix'}"
    raises(message, wav.check_output, path, 48_000)
    raises(message, wav.write, path, np.zeros(3, np.int16), 48_000)
    assert not path.exists()


def test_flac_holds_24_bits_and_not_every_rate(tmp_path):
    path = tmp_path / "out.flac"
    words = np.array([1 << 8, 3], np.int32)
    message = f"{path}: FLAC holds 24 bits, the samples have 32; .wav keeps them"
    raises(message, wav.write, path, words, 48_000, "PCM_32")
    with pytest.raises(FileError, match="FLAC cannot hold 1 channels of PCM_16 at 10000000 Hz"):
        wav.check_output(path, 10_000_000)
    assert not path.exists()


def test_what_is_read_is_not_written(tmp_path):
    """By whatever name: itself, a hard link, a link, a link in another folder, a folder's link."""
    source = make(tmp_path / "in.wav", np.zeros(9))
    (tmp_path / "hard.wav").hardlink_to(source)
    (tmp_path / "soft.wav").symlink_to("in.wav")
    (tmp_path / "there").symlink_to(tmp_path)
    for name in ("in.wav", "hard.wav", "soft.wav", "there/in.wav", "there/../in.wav"):
        path = tmp_path / name
        if not path.exists():
            path = Path(os.path.relpath(source))
        message = f"{path}: is {source}, which is read; another file is needed"
        raises(message, wav.check_output, path, 48_000, [source])
    wav.check_output(tmp_path / "new.wav", 48_000, [source])


def test_a_link_is_followed(tmp_path):
    """To an existing file and to a new one; permissions stay."""
    target = tmp_path / "target.wav"
    for _ in range(2):
        link = tmp_path / "link.wav"
        link.unlink(missing_ok=True)
        link.symlink_to("target.wav")
        wav.write(link, np.zeros(9, np.int16), 48_000)
        assert link.is_symlink() and soundfile.info(target).frames == 9
        target.chmod(0o640)
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(file.name for file in tmp_path.iterdir()) == ["link.wav", "target.wav"]


def test_a_file_beside_it_is_not_taken_for_a_part(tmp_path):
    part = make(tmp_path / "out.wav.part", np.ones(9) / 2, format="WAV")
    wav.write(tmp_path / "out.wav", np.zeros(3, np.int16), 48_000)
    assert soundfile.info(part).frames == 9


@pytest.mark.parametrize("form", ["FLAC", "AIFF", "RF64", "W64"])
def test_lossless_files_are_read(tmp_path, form):
    codes = np.random.default_rng(1).integers(-32768, 32768, (500, 2), np.int16)
    assert np.array_equal(wav.read(make(tmp_path / "a", codes, format=form), 48_000) * 32768, codes)
