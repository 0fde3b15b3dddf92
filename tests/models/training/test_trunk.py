# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The trunk of a wide net: rounded layer by layer, ended early where nothing gets better."""

from dataclasses import replace

import numpy as np

from models.spec import Conv1DSpec, NetworkSpec
from models.training.newton import gauss_newton
from models.training.newton.blocks import narrow
from models.training.recipe import Recipe
from models.training.train import Synthetic
from models.training.trunk import ROUNDED, Trunk

WIDE = NetworkSpec(
    (
        Conv1DSpec(3, 8, 2, 1),
        Conv1DSpec(8, 8, 3, 4),
        Conv1DSpec(8, 8, 2, 16),
        Conv1DSpec(8, 8),
        Conv1DSpec(8, 1, relu=False),
    ),
    sample_rate=24_000,
    name="small",
)
RECIPE = Recipe(
    blocks=2, held_by=(1, 2), trunk=(1, 2, 3), trunk_steps=3, windows=4000, jumping=0, patience=3
)


def trunk_of(recipe):
    rng = np.random.default_rng(1)
    block = narrow(WIDE, 2, recipe.held_by)
    blocks = [
        [
            (
                rng.normal(size=(layer.kernel_size, layer.in_channels, layer.out_channels)) * 0.4,
                rng.normal(size=layer.out_channels) * 0.1,
            )
            for layer in block.layers
        ]
        for _ in range(2)
    ]
    return Trunk(WIDE, recipe, Synthetic(WIDE, recipe), blocks, 0.0)


def test_layers_are_rounded_one_after_the_other():
    trunk = trunk_of(RECIPE)
    number_format = trunk.net.number_format
    rounded, errors = [], []
    for error in trunk.steps():
        errors.append(error)
        pairs = [
            [number_format.to_float(number_format.from_float(x)) for x in p] for p in trunk.pairs
        ]
        # Nothing follows the last layer, so that its own numbers make up for each other, below.
        rounded.append(
            [
                all((a == b).all() for a, b in zip(pair, on_grid, strict=True))
                for pair, on_grid in zip(trunk.pairs[:2], pairs[:2], strict=True)
            ]
        )
    assert rounded == 3 * [[False, False]] + ROUNDED * [[True, False]] + ROUNDED * [[True, True]]
    assert len(errors) == trunk.total == 3 + 2 * ROUNDED
    assert errors[-1] < 0.9 * errors[0], "what is left goes on to learn"
    for kernel, bias in trunk.pairs:
        for array in (kernel, bias):
            np.testing.assert_array_equal(
                array, number_format.to_float(number_format.from_float(array))
            )
    assert gauss_newton.error(trunk.newton.tree, trunk.newton.fixed) < 1.001 * errors[-1]


def test_a_trunk_that_gets_no_better_is_rounded_early(monkeypatch):
    trunk = trunk_of(replace(RECIPE, trunk_steps=50))
    monkeypatch.setattr(trunk.newton, "step", lambda seen: 0.5)
    assert list(trunk.steps()) == (3 + 2 * ROUNDED) * [0.5]
    assert trunk.rounds_from == 3
