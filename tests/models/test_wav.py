"""Sound files: what is read, what is refused, and that nothing half-written stays."""

import os

import numpy as np
import pytest
import soundfile

from models import wav


def make(path, values, rate=48_000, **kwargs):
    soundfile.write(path, values, rate, **kwargs)
    return path


def raises(message, function, *args):
    with pytest.raises(wav.WavError) as caught:
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
    raises(f"{empty}: 0 samples; at least 1 is needed", wav.read, empty, 48_000)
    make(five, np.zeros((10, 5)))
    raises(f"{five}: 5 channels; allowed 1 to 4", wav.read, five, 48_000)
    text = tmp_path / "text.wav"
    text.write_text("this is no sound")
    raises(f"{text}: not a readable WAV", wav.read, text, 48_000)
    raises(f"{tmp_path}: not a readable WAV", wav.read, tmp_path, 48_000)
    nan = make(tmp_path / "nan.wav", np.array([0.0, np.nan]), subtype="FLOAT")
    raises(f"{nan}: holds samples that are not numbers", wav.read, nan, 48_000)


def test_a_pipe_or_device_is_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    raises(f"{pipe}: is a device or a pipe, not a file", wav.check_writable, pipe)
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
    raises(message, wav.check_writable, path)
    raises(message, wav.write, path, np.zeros(3, np.int16), 48_000)
    raises(f"{tmp_path}: is a folder, not a file", wav.check_writable, tmp_path)
    # Root may write anywhere, so the answer of the system is played here.
    monkeypatch.setattr("os.access", lambda path, mode: False)
    path = tmp_path / "out.wav"
    raises(f"{path}: the folder {tmp_path} is not writable", wav.check_writable, path)


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path, monkeypatch):
    path = tmp_path / "out.wav"
    path.write_bytes(b"old")

    def disk_full(file, *_, **__):
        file.write_bytes(b"RIFF")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(soundfile, "write", disk_full)
    message = f"{path}: cannot be written: [Errno 28] No space left on device"
    raises(message, wav.write, path, np.zeros(3, np.int16), 48_000)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["out.wav"]
