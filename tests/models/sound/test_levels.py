# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Level and pitch of what goes into a net, and what it was trained on."""

from pathlib import Path

import numpy as np
import pytest

from models.number_format import NumberFormat
from models.sound import levels, waves
from models.sound.pitch import pitch_range, pitches
from models.spec import Model

ZOO = Path(__file__).resolve().parents[3] / "models" / "zoo"
TRAINED = levels.Trained(1.0, (30.0, 1000.0))


def tone(hertz, rate=192_000, seconds=0.5, wave=waves.triangle):
    return wave((0.1 + hertz * np.arange(round(seconds * rate)) / rate) % 1)


@pytest.mark.parametrize("rate", [192_000, 48_000])
@pytest.mark.parametrize("hertz", [31.0, 98.7, 440.0, 1306.0, 3001.0])
@pytest.mark.parametrize("wave", [waves.triangle, waves.ramp, waves.square, waves.sine])
def test_the_pitch_of_a_tone(rate, hertz, wave):
    low, high = pitch_range(tone(hertz, rate, wave=wave), rate)
    assert low == pytest.approx(hertz, rel=2e-3) and high == pytest.approx(hertz, rel=2e-3)


def test_a_pitch_in_noise_and_with_dc():
    noise = np.random.default_rng(1).normal(0, 0.05, 96_000)
    assert pitch_range(tone(110) + noise + 3, 192_000)[0] == pytest.approx(110, rel=2e-3)


@pytest.mark.parametrize(
    "wave",
    [np.zeros(96_000), np.random.default_rng(2).normal(size=96_000), np.ones(3), np.zeros(0)],
    ids=["silence", "noise", "three samples", "none"],
)
def test_what_has_no_pitch(wave):
    assert len(pitches(wave, 192_000)) == 0 and pitch_range(wave, 192_000) is None


def test_a_tune_has_a_range():
    notes = np.concatenate([tone(hertz) for hertz in np.geomspace(98, 1306, 12)])
    low, high = pitch_range(np.concatenate([np.zeros(50_000), notes]), 192_000)
    assert low < 130 and high > 1000


@pytest.mark.parametrize(
    "meta, wanted",
    [
        ({}, None),
        ({"trained": {"level": 1.0, "pitch_hz": [30, 1000]}}, TRAINED),
        ({"trained": {"level": 0.5}}, levels.Trained(0.5, None)),
        ({"data": "synthetic waves (models/sound/waves.py)"}, TRAINED),
        (
            {"data": "synthetic waves", "recipe": {"beyond": 2}},
            levels.Trained(1.0, (15.0, 2000.0)),
        ),
        ({"data": "recordings, crc 0x1"}, None),
        ({"trained": 5}, None),
        ({"trained": {"level": "loud"}}, None),
        ({"trained": {"level": float("nan")}}, None),
        ({"trained": {"level": 1, "pitch_hz": [0, "x"]}}, levels.Trained(1.0, None)),
        ({"data": "synthetic waves", "recipe": {"beyond": "far"}}, None),
        ({"data": "synthetic waves", "recipe": 7}, TRAINED),
    ],
)
def test_what_a_net_was_trained_on(meta, wanted):
    assert levels.trained_range(meta) == wanted


def test_every_net_of_the_zoo_says_it():
    found = {path.stem: levels.trained_range(Model.load(path).meta) for path in ZOO.glob("*.npz")}
    assert all(trained.level == 1.0 for trained in found.values())
    assert found["waveshaper"].pitch == (30, 1000)
    assert found["wide"].pitch == pytest.approx((30 / 1.1, 1100))


def lines(wave, gain=1.0, trained=TRAINED, option="--gain", recorded=None):
    recorded = wave / 8 if recorded is None else recorded
    given = levels.Input(wave, recorded, 192_000, gain, option)
    return list(levels.describe_input(given, NumberFormat(), trained))


def test_what_is_said_of_an_input():
    assert lines(tone(220)) == ["input: peak 1.0, 0% clipped, pitch 220 Hz"]
    assert lines(4 * tone(1306)) == [
        "input: peak 4.0, 0% clipped, pitch 1306 Hz",
        "input: peak 4.0, trained on 1.0: try --gain 0.25",
        "input: 1306 Hz is above 1000 Hz, the highest trained pitch",
    ]
    assert lines(0.1 * tone(25), gain=2.0)[1:] == [
        "input: peak 0.1, trained on 1.0: try --gain 20",
        "input: 25 Hz is below 30 Hz, the lowest trained pitch",
    ]
    assert lines(4 * tone(220), option=None)[1:] == ["input: peak 4.0, trained on 1.0"]
    assert lines(3 * tone(1600), trained=None) == ["input: peak 3.0, 0% clipped, pitch 1600 Hz"]
    assert lines(np.zeros(9)) == ["input: peak 0.0, 0% clipped"]


def test_the_advice_leads_to_the_trained_level():
    """With the gain that is advised nothing is said any more."""
    for peak in (1.7, 3.0, 6.66, 0.013):
        advised = float(lines(peak * tone(220))[1].rsplit(" ", 1)[1])
        assert lines(peak * advised * tone(220), gain=advised) == [
            lines(peak * advised * tone(220), gain=advised)[0]
        ]


def test_clipping_and_what_the_format_does_not_hold():
    recorded = np.clip(2 * tone(220), -1, 1 - 2.0**-15)
    said = lines(1 * recorded, recorded=recorded)
    assert said == ["input: peak 1.0, 50.0% clipped, pitch 220 Hz"]
    assert lines(16 * tone(220), trained=None)[1] == (
        "input: 50.0% beyond the net's full scale 8.0"
    )


def test_what_is_said_of_an_output():
    values = np.array([0, 1, -8, 8 - 2.0**-12])
    assert levels.describe_output(values, NumberFormat(), [0, 3]) == (
        "output: peak 8.0, 50.0% clipped, saturations 3 (0, 3 by layer)"
    )
    assert levels.describe_output(values[:2], NumberFormat(), [0, 0]) == (
        "output: peak 1.0, 0% clipped, saturations 0"
    )
    assert levels.describe_output(values[:0], NumberFormat()) == "output: peak 0.0, 0% clipped"


def test_channels_that_surprise():
    silent, loud = np.zeros(9), np.ones(9)

    def said(*channels, uses=()):
        return list(levels.describe_channels("a.wav", np.stack(channels, 1), uses))

    assert said(loud) == []
    assert said(silent) == ["a.wav: is silent"]
    assert said(silent, loud)[0] == "a.wav: channel 0, the wave, is silent; channel 1 is not"
    assert said(loud, loud) == ["a.wav: channel 1 is not used"]
    assert said(loud, silent, uses=["is e0"]) == ["a.wav: channel 1 is e0"]
