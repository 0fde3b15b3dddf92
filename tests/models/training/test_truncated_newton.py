# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Truncated Gauss-Newton: products are those of the derivatives, steps help on other examples."""

import itertools

import numpy as np
import pytest

from models.spec import Conv1DSpec, NetworkSpec
from models.training.newton import gauss_newton, truncated_newton
from models.training.newton.gauss_newton import Tree, Windows
from models.training.newton.truncated_newton import Linearised, TruncatedNewton

NET = NetworkSpec(
    (
        Conv1DSpec(3, 6, 2, 1),
        Conv1DSpec(6, 5, 3, 2),
        Conv1DSpec(5, 4),
        Conv1DSpec(4, 2, 2, 5, relu=False),
    ),
    name="small",
)


def random_tree(spec, seed):
    rng = np.random.default_rng(seed)
    pairs = [
        (
            rng.normal(size=(layer.kernel_size, layer.in_channels, layer.out_channels)) * 0.5,
            rng.normal(size=layer.out_channels) * 0.3,
        )
        for layer in spec.layers
    ]
    return Tree(spec, pairs)


def seen_by(spec, teacher, count, seed):
    rng = np.random.default_rng(seed)
    shape = count, len(gauss_newton.ages(spec)), spec.in_channels
    frames = rng.uniform(-1, 1, shape).astype(np.float32)
    weights = rng.uniform(0.2, 1.8, count).astype(np.float32)
    return Windows(frames, teacher.outputs(frames), weights)


def test_products_are_those_of_the_derivatives(monkeypatch):
    """In pieces, and also when the tree has moved since. The first windows make the curvature."""
    monkeypatch.setattr(truncated_newton, "CHUNK", 50)
    monkeypatch.setattr(truncated_newton, "CURVED", 2)
    tree = random_tree(NET, 1)
    seen = seen_by(NET, random_tree(NET, 2), 300, 3)
    at = Linearised(tree, seen)
    outputs, rows = tree.derivatives(seen.frames)
    rows = rows.astype(np.float64)
    weighted = rows * seen.weights[:, None]
    gradient = weighted.T @ (outputs - seen.targets) / 300
    np.testing.assert_allclose(at.gradient, gradient, atol=1e-5)
    tree.vector = np.zeros(tree.size)
    for seed in range(3):
        vector = np.random.default_rng(seed).normal(size=tree.size)
        product = weighted[:150].T @ (rows[:150] @ vector) / 150
        np.testing.assert_allclose(at.times(vector), product, atol=1e-4)


def test_the_preconditioner_is_the_curvature_of_each_channel():
    """Exactly, where a net uses its weights but once."""
    spec = NetworkSpec((Conv1DSpec(3, 6, 4), Conv1DSpec(6, 5), Conv1DSpec(5, 1, relu=False)))
    tree = random_tree(spec, 4)
    seen = seen_by(spec, random_tree(spec, 5), 200, 6)
    at = Linearised(tree, seen)
    _, rows = tree.derivatives(seen.frames)
    whole = (rows * seen.weights[:, None]).T @ rows / 200
    places = at.split(np.arange(tree.size))
    for blocks, channels in zip(at.curvature_of_channels(), places, strict=True):
        for block, channel in zip(blocks, channels, strict=True):
            np.testing.assert_allclose(block, whole[np.ix_(channel, channel)], atol=1e-5)
    np.testing.assert_array_equal(at.join(places), np.arange(tree.size))


def test_the_step_of_a_linear_net_is_least_squares():
    spec = NetworkSpec((Conv1DSpec(3, 1, 4, relu=False),))
    teacher, tree = random_tree(spec, 7), random_tree(spec, 8)
    seen, fixed = (seen_by(spec, teacher, 500, seed) for seed in (9, 10))
    newton = TruncatedNewton(tree, fixed)
    newton.damping = 1e-6
    error = newton.step(seen)
    np.testing.assert_allclose(tree.vector, teacher.vector, atol=1e-3)
    assert error == gauss_newton.error(tree, fixed) < 1e-6
    np.testing.assert_allclose(newton.left, 0, atol=1e-3)


def test_steps_lower_the_error_on_other_examples():
    teacher, tree = random_tree(NET, 11), random_tree(NET, 12)
    newton = TruncatedNewton(tree, seen_by(NET, teacher, 2000, 13))
    errors = [gauss_newton.error(tree, newton.fixed)]
    errors += [newton.step(seen_by(NET, teacher, 2000, 20 + seed)) for seed in range(8)]
    assert all(a >= b for a, b in zip(errors, errors[1:], strict=False))
    assert errors[-1] < 0.1 * errors[0]


def test_what_is_left_of_the_gradient_is_remembered(monkeypatch):
    """Of a linear net it is known exactly, so that noise of the targets averages out."""
    spec = NetworkSpec((Conv1DSpec(3, 1, 4, relu=False),))
    teacher, fixed = random_tree(spec, 21), seen_by(spec, random_tree(spec, 21), 500, 22)
    # Whatever a step finds is taken: what is judged here is the gradient.
    better = itertools.count(0, -1)
    monkeypatch.setattr(truncated_newton, "error", lambda tree, seen: next(better))
    distances = {}
    for memory in (0.0, 0.8):
        monkeypatch.setattr(truncated_newton, "MEMORY", memory)
        newton = TruncatedNewton(random_tree(spec, 23), fixed)
        rng = np.random.default_rng(24)
        for seed in range(30):
            seen = seen_by(spec, teacher, 200, 30 + seed)
            noise = rng.normal(size=200).astype(np.float32)
            newton.step(seen._replace(targets=seen.targets + noise))
        distances[memory] = np.linalg.norm(newton.tree.vector - teacher.vector)
    assert distances[0.8] < 0.7 * distances[0.0]


def test_where_no_step_is_better_the_parameters_stay():
    tree = random_tree(NET, 14)
    before = tree.vector
    newton = TruncatedNewton(tree, seen_by(NET, tree, 500, 17))
    seen = seen_by(NET, random_tree(NET, 15), 500, 16)
    assert newton.step(seen) == 0
    np.testing.assert_array_equal(tree.vector, before)
    assert newton.damping == pytest.approx(3 * truncated_newton.FIRST)
    np.testing.assert_array_equal(newton.left, Linearised(tree, seen).gradient)


def test_parameters_that_are_not_free_stay():
    """The others go where they make the best of it."""
    spec = NetworkSpec((Conv1DSpec(3, 1, 4, relu=False),))
    tree, teacher = random_tree(spec, 25), random_tree(spec, 26)
    seen, before = seen_by(spec, teacher, 500, 27), tree.vector
    newton = TruncatedNewton(tree, seen)
    newton.free, newton.damping = np.arange(tree.size) % 3 != 0, 1e-6
    newton.step(seen)
    assert ((tree.vector == before) == ~newton.free).all()
    roots = np.sqrt(seen.weights)[:, None].astype(np.float64)
    _, rows = tree.derivatives(seen.frames)
    wanted = roots[:, 0] * (seen.targets - rows[:, ~newton.free] @ before[~newton.free])
    best, *_ = np.linalg.lstsq(roots * rows[:, newton.free], wanted, rcond=None)
    np.testing.assert_allclose(tree.vector[newton.free], best, atol=1e-3)


def test_parameters_stay_in_range():
    spec = NetworkSpec((Conv1DSpec(3, 1, relu=False),))
    tree = random_tree(spec, 18)
    frames = np.full((100, 1, 3), 0.01, np.float32)
    seen = Windows(frames, np.full(100, 7, np.float32), np.ones(100, np.float32))
    TruncatedNewton(tree, seen).step(seen)
    assert tree.low <= tree.vector.min() and tree.vector.max() <= tree.high
