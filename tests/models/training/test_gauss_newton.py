# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Gauss-Newton: the tree is the net, its derivatives are derivatives, its steps go down."""

from dataclasses import replace

import numpy as np
import pytest

from models.sound.errors import FloatTwin
from models.spec import Conv1DSpec, ModelError, NetworkSpec
from models.topologies import get
from models.training import windows
from models.training.loop import Training
from models.training.newton import gauss_newton
from models.training.newton.gauss_newton import Tree, Windows, ages
from models.training.recipe import Recipe
from models.training.train import Synthetic

REUSE = NetworkSpec(
    (
        Conv1DSpec(3, 4, 3, 2),
        Conv1DSpec(4, 4, 2, 5, repeat=2),
        Conv1DSpec(4, 2, weights="po2"),
        Conv1DSpec(2, 2, 2, 1, relu=False, repeat=2),
    ),
    name="small",
)


def random_pairs(spec, seed):
    rng = np.random.default_rng(seed)
    return [
        (
            rng.normal(size=(layer.kernel_size, layer.in_channels, layer.out_channels)) * 0.7,
            rng.normal(size=layer.out_channels) * 0.3 + 0.1,
        )
        for layer in spec.layers
    ]


def windows_of(inputs, spec):
    """The frames of `ages` for every output that has all its history."""
    back, last = ages(spec), spec.receptive_field - 1
    return np.array([inputs[t - back] for t in range(last, len(inputs))])


def alike(frames, targets):
    """Windows of the same weight."""
    return Windows(frames, np.float32(targets), np.ones(len(frames), np.float32))


@pytest.mark.parametrize("spec", [REUSE, get("mcu"), get("po2"), get("waveshaper")])
def test_the_tree_computes_the_net(spec):
    pairs = random_pairs(spec, 1)
    rng = np.random.default_rng(2)
    inputs = rng.integers(-9000, 9000, (spec.receptive_field + 40, spec.in_channels))
    wanted = FloatTwin(spec, pairs)(inputs)[spec.receptive_field - 1 :]
    frames = spec.number_format.to_float(windows_of(inputs, spec)).astype(np.float32)
    tree = Tree(spec, pairs)
    outputs, _ = tree.derivatives(frames)
    np.testing.assert_allclose(outputs, wanted, atol=2e-4)
    np.testing.assert_array_equal(tree.outputs(frames), outputs)
    for given, kept in zip(pairs, tree.pairs, strict=True):
        np.testing.assert_array_equal(np.float32(given[0]), kept[0])
        np.testing.assert_array_equal(np.float32(given[1]), kept[1])


def test_derivatives_are_differences():
    """Of every parameter; a few outputs cross a bend of ReLU or clipping in between."""
    rng = np.random.default_rng(3)
    frames = rng.normal(size=(50, len(ages(REUSE)), 3)).astype(np.float32)
    tree = Tree(REUSE, random_pairs(REUSE, 4))
    assert tree.size == REUSE.parameters
    _, rows = tree.derivatives(frames)
    assert np.abs(rows).max() > 0.1
    start, step = tree.vector, 2.0**-10
    for index in range(tree.size):
        ends = []
        for sign in (1, -1):
            moved = start.copy()
            moved[index] += sign * step
            tree.vector = moved
            ends.append(tree.outputs(frames).astype(np.float64))
        near = np.isclose((ends[0] - ends[1]) / (2 * step), rows[:, index], atol=0.02, rtol=0.02)
        assert near.mean() > 0.9, f"parameter {index}"


def test_one_step_solves_a_linear_net():
    """Without a bend in the way least squares are exact."""
    spec = NetworkSpec((Conv1DSpec(3, 1, 4, 2, relu=False),))
    rng = np.random.default_rng(5)
    truth, start = random_pairs(spec, 6), random_pairs(spec, 7)
    frames = rng.uniform(-1, 1, (500, 4, 3)).astype(np.float32)
    targets = Tree(spec, truth).outputs(frames)
    tree = Tree(spec, start)
    damping, _ = gauss_newton.step(tree, alike(frames, targets), 1e-8, lambda tree: True)
    np.testing.assert_allclose(tree.pairs[0][0], truth[0][0], atol=1e-4)
    assert damping == 1e-8


def test_a_weight_counts_as_so_many_windows():
    spec = NetworkSpec((Conv1DSpec(3, 4), Conv1DSpec(4, 1, relu=False)))
    rng = np.random.default_rng(12)
    frames = rng.uniform(-1, 1, (300, 1, 3)).astype(np.float32)
    targets = Tree(spec, random_pairs(spec, 13)).outputs(frames)
    counts = rng.integers(1, 4, 300)
    many = alike(np.repeat(frames, counts, axis=0), np.repeat(targets, counts))
    weighted = Windows(frames, targets, np.float32(counts * 300 / counts.sum()))
    moved = []
    for seen in (many, weighted):
        tree = Tree(spec, random_pairs(spec, 14))
        moved.append((gauss_newton.error(tree, seen), tree))
        gauss_newton.step(tree, seen, 1.0, lambda tree: True)
    assert moved[0][0] == pytest.approx(moved[1][0], rel=1e-5)
    np.testing.assert_allclose(moved[0][1].vector, moved[1][1].vector, atol=1e-4)


def test_a_step_that_is_refused_leaves_all_as_it_was():
    spec = NetworkSpec((Conv1DSpec(3, 1, relu=False),))
    tree = Tree(spec, random_pairs(spec, 8))
    before, frames = tree.vector, np.ones((10, 1, 3), np.float32)
    seen = alike(frames, np.ones(10))
    damping, _ = gauss_newton.step(tree, seen, 0.1, lambda tree: False)
    np.testing.assert_array_equal(tree.vector, before)
    assert damping == gauss_newton.FIRST


def linear(seed, count=400):
    """(spec, a Tree of it, noisy Windows of another): a parabola whose ground noise hides."""
    spec = NetworkSpec((Conv1DSpec(3, 1, 2, 1, relu=False),))
    rng = np.random.default_rng(seed)
    frames = rng.uniform(-1, 1, (count, 2, 3)).astype(np.float32)
    targets = Tree(spec, random_pairs(spec, 15)).outputs(frames) + rng.normal(size=count) * 0.5
    return spec, Tree(spec, random_pairs(spec, 16)), alike(frames, targets)


def test_foreseen_is_the_gradient_behind_the_step():
    """Of a linear net exactly."""
    _, tree, seen = linear(17)
    start = tree.vector
    _, facts = gauss_newton.step(tree, seen, 1.0, lambda tree: True)
    _, gradient = gauss_newton.foreseen(facts, tree.vector - start)
    assert np.abs(gradient).max() > 0.01, "with so much damping it is not at the ground"
    np.testing.assert_allclose(gradient, gauss_newton.normal_equations(tree, seen)[2], atol=1e-5)


def test_a_step_that_remembers_is_one_on_all_examples():
    """Half memory of 400 windows and 400 new ones are a step on 800."""
    _, tree, old = linear(18)
    _, other, new = linear(19)
    start = tree.vector
    _, *memory = gauss_newton.normal_equations(tree, old)
    gauss_newton.step(tree, new, 1e-6, lambda tree: True, memory=memory, share=0.5)
    both = Windows(*(np.concatenate(pair) for pair in zip(old, new, strict=True)))
    gauss_newton.step(other, both, 1e-6, lambda tree: True)
    np.testing.assert_allclose(tree.vector, other.vector, atol=1e-5)
    assert np.abs(tree.vector - start).max() > 0.1


def test_steps_that_remember_come_nearer_to_the_truth():
    spec, forgetful, _ = linear(20)
    truth, remembering = Tree(spec, random_pairs(spec, 15)).vector, linear(20)[1]
    memory, distances = None, []
    for seed in range(21, 61):
        seen = linear(seed)[2]
        gauss_newton.step(forgetful, seen, 1e-6, lambda tree: True)
        start = remembering.vector
        _, facts = gauss_newton.step(
            remembering, seen, 1e-6, lambda tree: True, memory=memory, share=0.8
        )
        memory = gauss_newton.foreseen(facts, remembering.vector - start)
        distances.append([np.linalg.norm(tree.vector - truth) for tree in (forgetful, remembering)])
    forgot, remembered = np.mean(distances[20:], axis=0)
    assert remembered < 0.6 * forgot


def test_a_wide_net_is_refused():
    recipe = Recipe(steps=1, batch=1, outputs=8, polish=1)
    spec = get("wide")
    with pytest.raises(ModelError) as caught:
        Training(spec, recipe, Synthetic(spec, recipe))
    assert str(caught.value) == (
        f"wide: Gauss-Newton steps take at most 6000 parameters, got {spec.parameters}; "
        "--polish 0 leaves them out"
    )


def polished(name, steps):
    """(first check, Training) of a short training at 24 kHz."""
    spec = replace(get(name), sample_rate=24_000)
    recipe = Recipe(
        steps=40, batch=8, outputs=64, check_every=40, polish=steps, windows=6000, seed=2
    )
    training = Training(spec, recipe, Synthetic(spec, recipe))
    list(training.descend())
    first = training.check()
    assert len(list(training.polish())) == steps
    return first, training


@pytest.mark.parametrize("name", ["original", "mcu", "reuse"])
def test_polishing_goes_on_where_descent_ends(name):
    first, training = polished(name, 3)
    assert training.best == min(loss for _, loss in training.history["polish"]) < 0.9 * first
    assert training.history["unrounded"] == []


def test_powers_of_two_are_free_and_then_rounded():
    first, training = polished("po2", 8)
    unrounded, rounded = (training.history[kind] for kind in ("unrounded", "polish"))
    assert [step for step, _ in unrounded] == [1, 2, 3, 4]
    assert [step for step, _ in rounded] == [5, 6, 7, 8], "the last are rounded by 0.6 of 8 steps"
    assert unrounded[1][1] < 0.9 * first
    assert rounded[-1][1] < 0.9 * rounded[0][1], "powers of two are exchanged"
    for index, layer in enumerate(training.spec.layers):
        kernel, bias = training.net.get_layer(f"conv{index}").get_weights()
        exponents = np.log2(np.abs(kernel[kernel != 0]))
        assert (exponents == np.rint(exponents)).all() == (layer.weights == "po2")
    assert training.kept is not None and training.best <= first


def test_rounding_moves_the_others():
    """Two parameters that do the same: what one loses the other gains, the third stays alone."""
    curvature = np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]]) + 1e-6 * np.eye(3)
    values, fixed = np.array([0.9, 0.4, 0.3]), np.zeros(3, bool)
    args = curvature, fixed, np.array([0, 2]), np.rint
    moved, now_fixed = gauss_newton.round_some(values, *args, 1)
    assert now_fixed.tolist() == [True, False, False], "it costs less: 1 can make up for 0"
    np.testing.assert_allclose(moved, [1, 0.3, 0.3], atol=0.01)
    moved, now_fixed = gauss_newton.round_some(values, *args, 2)
    assert now_fixed.tolist() == [True, False, True]
    np.testing.assert_allclose(moved, [1, 0.3, 0], atol=0.01)
    assert values.tolist() == [0.9, 0.4, 0.3] and not fixed.any(), "the caller's arrays stay"


def test_words_that_make_up_for_each_other_err_less():
    """A net whose inputs are nearly one: rounded word by word the sum of its kernel stays."""
    rng = np.random.default_rng(22)
    common = rng.normal(size=(500, 1))
    rows = common + 0.02 * rng.normal(size=(500, 30))
    curvature, values = rows.T @ rows / 500, rng.normal(size=30)
    number_format, fixed = REUSE.number_format, np.arange(30) < 2
    rounded = gauss_newton.round_all(values, curvature, fixed, number_format)
    assert (rounded[:2] == values[:2]).all()
    words = rounded[2:] * number_format.one
    assert np.array_equal(words, np.rint(words)) and np.abs(rounded - values).max() < 0.001
    at_once = number_format.to_float(number_format.from_float(values))
    at_once[:2] = values[:2]
    errors = [np.mean((rows @ (found - values)) ** 2) for found in (rounded, at_once)]
    assert errors[0] < 0.3 * errors[1]


def test_fixed_parameters_stay():
    spec = NetworkSpec((Conv1DSpec(3, 1, relu=False),))
    tree = Tree(spec, random_pairs(spec, 9))
    frames = np.random.default_rng(1).uniform(-1, 1, (100, 1, 3)).astype(np.float32)
    targets = Tree(spec, random_pairs(spec, 10)).outputs(frames)
    before, fixed = tree.vector, np.array([False, True, False, True])
    gauss_newton.step(tree, alike(frames, targets), 1e-3, lambda tree: True, fixed)
    assert ((tree.vector == before) == fixed).all()


def test_windows_are_what_an_output_depends_on():
    back = ages(REUSE)
    assert back.max() == REUSE.receptive_field - 1 and back.min() == 0
    assert len(back) == 3 * 2 * 2 * 2 * 2
    inputs, _, _ = windows.random_windows(np.random.default_rng(1), 10, back, get("waveshaper"))
    assert inputs.shape == (10, len(back), 4)


@pytest.mark.parametrize("spec", [REUSE, get("waveshaper")])
def test_a_gradient_of_all_and_a_curvature_of_some(spec):
    """The gradient without derivatives is that of the normal equations; the curvature is theirs for
    one window in three."""
    rng = np.random.default_rng(5)
    tree = Tree(spec, random_pairs(spec, 6))
    frames = rng.normal(size=(60, len(ages(spec)), spec.in_channels)).astype(np.float32)
    seen = Windows(frames, *rng.uniform(0.1, 1, (2, 60)).astype(np.float32))
    squares, _, gradient = gauss_newton.normal_equations(tree, seen)
    some, curvature, alike = gauss_newton.normal_equations(tree, seen, curved=3)
    assert some == pytest.approx(squares, rel=1e-5)
    scale = np.abs(gradient).max()
    np.testing.assert_allclose(alike / scale, gradient / scale, atol=1e-5)
    third = Windows(*(part[::3] for part in seen))
    np.testing.assert_array_equal(curvature, gauss_newton.normal_equations(tree, third)[1])


def test_steps_of_little_curvature_go_down():
    spec = replace(get("original"), sample_rate=24_000)
    recipe = Recipe(steps=0, polish=6, windows=4000, outputs=32, curved=4, settling=0.5)
    training = Training(spec, recipe, Synthetic(spec, recipe))
    checks = list(training.polish())
    assert checks[-1] < 0.6 * training.history["descent"][0][1]
