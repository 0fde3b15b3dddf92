"""Single outputs with the frames that they depend on."""

import numpy as np
import pytest

from models.topologies import get
from models.training import waves, windows
from models.training.gauss_newton import ages

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


def test_few_random_windows_have_a_jump_and_all_repeat():
    back = ages(SPEC)
    draws = [windows.random_windows(np.random.default_rng(s), 4000, back, SPEC) for s in (1, 1, 2)]
    assert all(np.array_equal(a, b) for a, b in zip(draws[0], draws[1], strict=True))
    assert not np.array_equal(draws[0][1], draws[2][1])
    embeddings = draws[0][0][:, :, 1:3]
    jumping = (embeddings != embeddings[:, :1]).any(axis=(1, 2)).sum()
    assert 0 < jumping <= round(0.005 * 4000)


def test_windows_behind_turns_are_drawn_more_often_and_weigh_less():
    """Any mean over all phases stays what it is."""
    rng, newest = np.random.default_rng(3), np.zeros(1, int)
    args = 40_000, newest, SPEC
    flat = windows.random_windows(rng, *args, jumping=0)
    sharp = windows.random_windows(rng, *args, jumping=0, sharp=0.5)
    assert (flat[2] == 1).all()
    # Within 12 of some 500 samples the triangle is near its end.
    near = [np.abs(np.abs(inputs[:, 0, 0] / 4096) - 1) < 0.02 for inputs, _, _ in (flat, sharp)]
    assert near[1].mean() > 4 * near[0].mean()
    assert sharp[2][near[1]].mean() < 0.5 < 1 < sharp[2][~near[1]].mean() < 2
    assert sharp[2].mean() == pytest.approx(1, abs=0.02)
    for value in (lambda inputs, targets: targets**2, lambda inputs, targets: inputs[:, 0, 0] > 0):
        means = [np.mean(value(x, y) * weights) for x, y, weights in (flat, sharp)]
        assert means[0] == pytest.approx(means[1], abs=0.015)
