# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Single outputs with the frames that they depend on."""

import numpy as np
import pytest

from models.sound import waves
from models.topologies import get
from models.training import windows
from models.training.newton.gauss_newton import ages
from models.training.windows import Mixture

SPEC = get("waveshaper")
PLACES = [waves.corner("ramp"), waves.edge("ramp", "square", 0.3), waves.inside(0.2, -0.7)]
PITCH, START = np.array([80.0, 500.0, 999.0]), np.array([0.1, 0.98, 0.5])


def test_windows_are_examples_seen_from_their_last_sample():
    back = ages(SPEC)
    inputs, targets = windows.windows(PLACES, PITCH, START, back, SPEC)
    count = SPEC.receptive_field
    first = START - PITCH / SPEC.sample_rate * (count - 1)
    whole, wanted = waves.examples(PLACES, PITCH, first, count, SPEC)
    assert inputs.shape == (3, 64, 4) and inputs.dtype == np.int64
    np.testing.assert_allclose(targets, wanted[:, -1], atol=1e-9)
    # Phases that are computed from the other end may round to the other word.
    assert np.abs(inputs - whole[:, -1 - back]).max() <= 1
    assert np.mean(inputs == whole[:, -1 - back]) > 0.99


def test_a_jump_changes_the_embedding_of_what_came_before_it():
    before, after = [waves.corner("sine")] * 3, [waves.corner("square")] * 3
    back, last = np.arange(SPEC.receptive_field), SPEC.receptive_field
    jumped = np.array([0.0, 100.0, last])
    inputs, targets = windows.jumps(before, after, jumped, PITCH, START, back, SPEC)
    number_format = SPEC.number_format
    old, new = (
        number_format.from_float(np.array(waves.CORNERS[name])) for name in ("sine", "square")
    )
    assert (inputs[0, :, 1:3] == old).all(), "the jump comes with the output: all is older"
    assert (inputs[1, :100, 1:3] == new).all() and (inputs[1, 100:, 1:3] == old).all()
    assert (inputs[2, :, 1:3] == new).all()
    _, olds = windows.windows(before, PITCH, START, back, SPEC)
    _, news = windows.windows(after, PITCH, START, back, SPEC)
    turn = np.pi / 2 * jumped / last
    np.testing.assert_allclose(targets, np.cos(turn) * olds + np.sin(turn) * news, atol=1e-9)


def test_a_moving_embedding_is_an_example_seen_from_its_last_sample():
    back, count = ages(SPEC), SPEC.receptive_field
    path = windows.random_path(np.random.default_rng(4), 3, SPEC.sample_rate)
    inputs, targets = windows.moving(path, PITCH, START, back, SPEC)
    first = START - PITCH / SPEC.sample_rate * (count - 1)
    embeddings = path(np.arange(count + waves.SMOOTHING - 1)[::-1])
    whole, wanted = waves.moving(embeddings, PITCH, first, SPEC)
    np.testing.assert_allclose(targets, wanted[:, -1], atol=1e-9)
    assert np.abs(inputs - whole[:, -1 - back]).max() <= 1


def test_random_paths_stay_on_the_plane_and_are_never_still():
    paths = windows.random_path(np.random.default_rng(5), 500, 192_000)(np.arange(20_000, step=20))
    assert np.abs(paths).max() <= 1 and np.abs(paths).max() > 0.99
    assert (np.ptp(paths, axis=1).max(axis=-1) > 0.003).all()
    turns = np.abs(np.diff(np.sign(np.diff(paths[:, :, 0])))).sum(axis=1) / 2  # two a period
    hertz = turns / 2 / (20_000 / 192_000)
    assert 200 < np.median(hertz) < 270 and 2300 < hertz.max() < 2510, "log-uniform: 224 Hz"


def test_what_moves_is_drawn_more_often_and_weighs_less():
    back = ages(SPEC)
    draws = [
        windows.random_windows(
            np.random.default_rng(seed), 4000, back, SPEC, Mixture(jumping=0.01, modulated=0.02)
        )
        for seed in (1, 1, 2)
    ]
    assert all(np.array_equal(a, b) for a, b in zip(draws[0], draws[1], strict=True))
    assert not np.array_equal(draws[0][1], draws[2][1])
    inputs, _, weights = draws[0]
    places = [len(np.unique(one[:, 1:3], axis=0)) for one in inputs]
    still, jumping, moving = (np.array(x) for x in zip(*((n == 1, n == 2, n > 2) for n in places)))
    drawn = np.array([0.97, 0.16, 0.32]) / 1.45
    np.testing.assert_allclose([still.mean(), jumping.mean(), moving.mean()], drawn, atol=0.02)
    # A path may stand still for a window's length, a jump may come too late to be seen.
    shares = [weights[x].sum() / 4000 for x in (still, jumping, moving)]
    np.testing.assert_allclose(shares, [0.97, 0.01, 0.02], atol=0.003)
    assert weights.mean() == pytest.approx(1)
    assert weights[moving].max() < 0.1


def test_without_motion_every_window_stands_still():
    inputs, _, weights = windows.random_windows(np.random.default_rng(1), 500, ages(SPEC), SPEC)
    assert (inputs[:, :, 1:3] == inputs[:, :1, 1:3]).all() and (weights == 1).all()


def test_windows_behind_turns_are_drawn_more_often_and_weigh_less():
    """Any mean over all phases stays what it is."""
    rng, newest = np.random.default_rng(3), np.zeros(1, int)
    args = 40_000, newest, SPEC
    flat = windows.random_windows(rng, *args)
    sharp = windows.random_windows(rng, *args, Mixture(sharp=0.5))
    assert (flat[2] == 1).all()
    # Within 12 of some 500 samples the triangle is near its end.
    near = [np.abs(np.abs(inputs[:, 0, 0] / 4096) - 1) < 0.02 for inputs, _, _ in (flat, sharp)]
    assert near[1].mean() > 4 * near[0].mean()
    assert sharp[2][near[1]].mean() < 0.5 < 1 < sharp[2][~near[1]].mean() < 2
    assert sharp[2].mean() == pytest.approx(1, abs=0.02)
    for value in (lambda inputs, targets: targets**2, lambda inputs, targets: inputs[:, 0, 0] > 0):
        means = [np.mean(value(x, y) * weights) for x, y, weights in (flat, sharp)]
        assert means[0] == pytest.approx(means[1], abs=0.015)


def test_what_is_broken_and_foreign_is_drawn_often_and_counts_little():
    mixture = Mixture(jumping=0.001, modulated=0.002, broken=0.004, foreign=0.003)
    counts, each = mixture.counts(8000)
    assert counts.sum() == 8000 and counts[4] < 0.87 * 8000
    np.testing.assert_allclose(counts * each / 8000, [0.001, 0.002, 0.004, 0.003, 0.99], rtol=1e-9)
    inputs, targets, weights = windows.random_windows(
        np.random.default_rng(1), 8000, ages(SPEC), SPEC, mixture
    )
    start = counts[:2].sum()
    strange = np.arange(start + counts[2], start + counts[2] + counts[3])
    assert np.abs(inputs[strange, :, 0]).max() > 6 * 4096 > 1.3 * 4096
    steady = np.arange(8000) >= start + counts[2] + counts[3]
    assert np.abs(inputs[steady, :, 0]).max() <= 4096
    assert np.abs(targets).max() < 2 and np.isfinite(targets).all()
    assert weights[strange].max() < 0.1 and weights.mean() == pytest.approx(1)


def test_noise_is_on_the_embedding_alone_and_of_up_to_so_many_lsb():
    args = 4000, ages(SPEC), SPEC
    clean = windows.random_windows(np.random.default_rng(2), *args)
    noisy = windows.random_windows(np.random.default_rng(2), *args, Mixture(noise=8.0))
    for kind in (1, 2):
        assert np.array_equal(clean[kind], noisy[kind])
    difference = noisy[0] - clean[0]
    assert not difference[:, :, 0].any() and not difference[:, :, 3].any()
    deviations = difference[:, :, 1:3].std(axis=(1, 2))
    assert deviations.min() < 0.3 and 7 < deviations.max() < 10
    np.testing.assert_allclose(np.quantile(deviations, [0.25, 0.5, 0.75]), [2, 4, 6], atol=0.3)
