# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What an ideal shaper makes of inputs that are no steady triangle, against targets known."""

import numpy as np
import pytest

from models.sound import shaping, waves
from models.sound.plane import STANDARD
from models.topologies import get
from models.training import windows

SPEC = get("original")  # sees 64 samples
COUNT = shaping.history(SPEC)
AGES = np.arange(COUNT)[::-1]
EYE = np.eye(4)
NAMES = STANDARD.names


def slope_of(x):
    return np.sign(np.diff(x, prepend=x[:, :1], axis=1))


def still(value):
    x = np.full((4, COUNT), float(value))
    return shaping.targets(x, np.zeros_like(x), EYE, SPEC, STANDARD)


@pytest.mark.parametrize("pitch", [16.0, 440.0, 4000.0])
def test_a_steady_triangle_has_the_target_that_it_always_has(pitch):
    starts = np.linspace(0, 1, 40, endpoint=False)
    phase = waves.phase_at(np.full(40, pitch), SPEC.sample_rate, -AGES, starts)
    for place in (*map(STANDARD.corner, NAMES), STANDARD.inside(0.3, -0.2)):
        found = shaping.targets(
            waves.triangle(phase), np.where(phase < 0.5, 1, -1), np.array([place.gains] * 40),
            SPEC, STANDARD,
        )  # fmt: skip
        _, wanted = windows.windows([place] * 40, np.full(40, pitch), starts, AGES, SPEC)
        np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_silence_is_silent_and_a_value_that_stands_still_is_the_mean_of_its_phases():
    np.testing.assert_allclose(still(0), [0, 0, 0, 0], atol=1e-12)
    # 0.5 is phase 3/8 or 5/8: sine 0.707, ramp -1/4 or 1/4, square 1 or -1, zigzag 0.5.
    np.testing.assert_allclose(still(0.5), [np.sqrt(0.5), 0, 0, 0.5], atol=1e-12)
    np.testing.assert_allclose(still(7), still(1), atol=1e-12)  # clipped


def test_what_stood_still_for_half_a_field_no_longer_knows_whether_it_rose():
    x = np.full((4, COUNT), 0.5)
    for since, trust in ((0, 1), (15, 0.57), (40, 0)):
        slope = np.zeros_like(x)
        slope[:, -1 - since] = -1
        values = shaping.targets(x, slope, EYE, SPEC, STANDARD)
        newest = (1 - since / 32) if since < 32 else 0  # faith fades over half of 64 samples
        square = values[2]
        assert -1 <= square <= 0 and square <= -0.1 * newest + 1e-12, (trust, square)
    slope = np.zeros_like(x)
    slope[:, -20:] = -1
    assert shaping.targets(x, slope, EYE, SPEC, STANDARD)[2] == pytest.approx(-1)


def test_breaks_are_of_five_kinds_and_new_after_them():
    rng, size = np.random.default_rng(1), 4000
    pitch = np.full(size, 600.0)
    x, slope = shaping.random_breaks(rng, pitch, SPEC)
    assert x.shape == slope.shape == (size, COUNT)
    assert np.abs(x).max() <= shaping.CHANGED and np.isfinite(x).all()
    silent = (x == 0).sum(axis=1) > 3
    assert np.mean(silent) == pytest.approx(0.4, abs=0.06)  # begin and end, but for the late
    assert not slope[x == 0].all() and set(np.unique(slope)) == {-1, 0, 1}
    inside = (np.abs(x[:, 1:]) <= 1) & (slope[:, 1:] != 0) & (slope[:, :-1] == slope[:, 1:])
    rises = np.diff(x, axis=1) > 0
    assert np.mean((slope[:, 1:] > 0)[inside] == rises[inside]) > 0.98  # all but the breaks


def test_foreign_inputs_reach_the_ends_and_half_of_the_still_ones_are_silent():
    x, slope = shaping.random_foreign(np.random.default_rng(2), 6000, SPEC)
    assert 7.5 < np.abs(x).max() <= 8
    still = (x == x[:, :1]).all(axis=1)
    assert np.mean(still) == pytest.approx(1 / 3, abs=0.05)
    assert np.mean((x == 0).all(axis=1)) == pytest.approx(1 / 6, abs=0.03)
    assert not slope[still].any()
    sines = (slope != 0).any(axis=1)
    assert np.abs(np.diff(x[sines], 2, axis=1)).max() < 0.11 * 8  # 10 kHz at 192 kHz
    assert np.array_equal(slope[sines], slope_of(np.clip(x[sines], -1, 1)))
    assert 0.2 < np.mean(sines) < 0.35  # a third, but for those that are clipped all the time
    targets = shaping.targets(x, slope, EYE[np.arange(6000) % 4], SPEC, STANDARD)
    assert np.abs(targets).max() <= 1, "tame, whatever comes in"


def test_windows_are_inputs_on_the_grid_and_the_place_s_embedding():
    x, slope = shaping.random_foreign(np.random.default_rng(3), 5, SPEC)
    places = [STANDARD.inside(0.25, -0.5)] * 5
    back = np.array([3, 0])
    frames, targets = shaping.windows(x, slope, places, back, SPEC, STANDARD)
    assert np.array_equal(frames[:, :, 0], SPEC.number_format.from_float(x[:, [-4, -1]]))
    assert np.unique(frames[:, :, 1:].reshape(-1, 3), axis=0).tolist() == [[1024, -2048, 0]]
    gains = np.array([places[0].gains] * 5)
    assert np.array_equal(targets, shaping.targets(x, slope, gains, SPEC, STANDARD))
