# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Copies to listen to: rate, sides, level, and that they sound as the original."""

import numpy as np
import pytest
import soundfile

from models.sound import listening
from tests.support.listening import assert_listenable


@pytest.mark.parametrize("rate", [192_000, 48_000, 44_100, 24_000])
@pytest.mark.parametrize("peak", [0.001, 1.0, 7.9])
def test_a_tone_stays_a_tone(tmp_path, rate, peak):
    """The spectrum is a line at the pitch, whatever the level was; nothing is clipped."""
    wave = peak * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)
    listening.write(tmp_path / "a.wav", wave, rate)
    samples = assert_listenable(tmp_path / "a.wav", seconds=1)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    assert np.argmax(spectrum) == 1000
    assert spectrum[997:1004].sum() > (1 - 1e-6) * spectrum.sum()
    assert np.count_nonzero(np.abs(samples) == 23198) < 0.05 * len(samples)  # no flat tops


def test_what_is_above_24_khz_does_not_fold(tmp_path):
    wave = np.sin(2 * np.pi * 1000 * np.arange(192_000) / 192_000)
    wave += np.sin(2 * np.pi * 30_000 * np.arange(192_000) / 192_000)
    samples = listening.listening_copy(wave, 192_000)[12_000:36_000, 0].astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    assert spectrum[497:504].sum() > (1 - 1e-6) * spectrum.sum()


def test_silence_stays_silent():
    assert not listening.listening_copy(np.zeros(999), 192_000).any()
    assert listening.listening_copy(np.zeros(1), 192_000).shape[1] == 2


@pytest.mark.parametrize("program", list(listening.PLAYERS))
def test_the_command_that_plays_it(monkeypatch, program):
    monkeypatch.setattr("shutil.which", lambda name: name if name == program else None)
    line = listening.how_to_play("out/a b.wav")
    assert line.startswith(f"to listen: {program} ") and line.endswith("'out/a b.wav'")


def test_without_a_player_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert listening.how_to_play("a.wav") == (
        "to listen: apt-get install alsa-utils, then aplay a.wav"
    )


def test_it_lies_beside_the_true_file(tmp_path):
    assert listening.beside("out/a.flac").as_posix() == "out/a.listen.wav"
    listening.write(listening.beside(tmp_path / "a.b.wav"), np.ones(9), 48_000)
    assert soundfile.info(tmp_path / "a.b.listen.wav").channels == 2
