# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The layers of a wide net that do most, as a net of their own, by truncated Gauss-Newton steps.

They begin as narrow nets side by side (blocks.py). In the end they are rounded layer by layer, and
after each the layers behind it make up for it.
"""

import time
from dataclasses import asdict, replace

import numpy as np

from models.training import checkpoint
from models.training.newton import gauss_newton
from models.training.newton.blocks import join, narrow
from models.training.newton.gauss_newton import Tree
from models.training.newton.polish import draw
from models.training.newton.truncated_newton import Linearised, TruncatedNewton

CHECKS = 32_768  # windows that a step is judged by
ROUNDED = 4  # steps after a layer was rounded


class Trunk:
    """spec, recipe: of the wide net;  data: windows(rng, size, ages), description
    blocks : of each narrow net in the layers recipe.held_by, per layer (kernel [tap, in, out], bias
             [out]) floats;  seconds: that they took;  none before `load`

    net    : its NetworkSpec
    pairs  : as those of a block, of the best step so far
    history: list of (step, mean squared error on windows that are always the same)
    seconds: that blocks and steps took, interruptions left out
    rounds_from: length of `history` when the rounding began; None before
    """

    def __init__(self, spec, recipe, data, blocks=(), seconds=0.0):
        self.net = replace(narrow(spec, 1, recipe.trunk), name=f"{spec.name}-trunk")
        self.recipe, self.data, self.history, self.seconds = recipe, data, [], seconds
        self.rounds_from = None
        self.rng = np.random.default_rng(recipe.seed)
        held_by = tuple(index - recipe.trunk[0] for index in recipe.held_by)
        pairs = self._random_pairs()
        tree = Tree(self.net, join(self.net, pairs, blocks, held_by) if blocks else pairs)
        # Another stream than that of the steps.
        fixed = self._draw(np.random.default_rng([recipe.seed, 0x51DE]), CHECKS)
        self.newton = TruncatedNewton(tree, fixed)

    @property
    def pairs(self):
        return self.newton.tree.pairs

    def _random_pairs(self):
        """He-uniform kernels, as gradient descent begins with."""
        pairs = []
        for layer in self.net.layers:
            shape = layer.kernel_size, layer.in_channels, layer.out_channels
            limit = np.sqrt(6 / (layer.kernel_size * layer.in_channels))
            pairs.append((self.rng.uniform(-limit, limit, shape), np.zeros(layer.out_channels)))
        return pairs

    @property
    def total(self):
        """Steps in all, if none is left out because nothing gets better."""
        begun = self.recipe.trunk_steps if self.rounds_from is None else self.rounds_from
        return begun + ROUNDED * (len(self.net.layers) - 1)

    def steps(self):
        """Go on to the last step. Yields the error after each."""
        while len(self.history) < self.total:
            begun, done = time.monotonic(), len(self.history)
            if self.rounds_from is None and (done == self.recipe.trunk_steps or self._is_stale()):
                self.rounds_from = done
            if self.rounds_from is not None:
                self._round(1 + (done - self.rounds_from) // ROUNDED)
            found = self.newton.step(self._draw(self.rng, self.recipe.windows))
            self.history.append((done + 1, found))
            self.seconds += time.monotonic() - begun
            yield found
        self._round_last()

    def _round(self, count):
        """Round the first `count` layers and hold them."""
        tree, number_format = self.newton.tree, self.net.number_format
        for array in (*tree.kernels[:count], *tree.biases[:count]):
            array[...] = number_format.to_float(number_format.from_float(array))
        held = sum(array.size for array in (*tree.kernels[:count], *tree.biases[:count]))
        self.newton.free = np.arange(tree.size) >= held

    def _round_last(self):
        """Round the last layer, number by number; those that are left make up for it."""
        tree = self.newton.tree
        at = Linearised(tree, self._draw(self.rng, self.recipe.windows))
        (curvature,), (values,) = at.curvature_of_channels()[-1], at.split(tree.vector)[-1]
        none = np.zeros(len(values), bool)
        values = gauss_newton.round_all(values, curvature, none, self.net.number_format)
        tree.kernels[-1][:, 0], tree.biases[-1][:] = values[:-1], values[-1]

    def _is_stale(self):
        recent = [found for _, found in self.history[-self.recipe.patience :]]
        return len(recent) == self.recipe.patience and recent[0] == recent[-1]

    def _draw(self, rng, count):
        ages = gauss_newton.ages(self.net)
        return draw(self.data, rng, count, ages, self.net.number_format)

    def save(self, path):
        """Write all that `load` needs to go on as if nothing had been between."""
        state = {
            "history": self.history,
            "rounds_from": self.rounds_from,
            "seconds": self.seconds,
            "damping": self.newton.damping,
            "rng": self.rng.bit_generator.state,
        }
        tree = self.newton.tree
        arrays = {"kernels": tree.kernels, "biases": tree.biases, "left": [self.newton.left]}
        checkpoint.save(path, self._identity(), state, arrays)

    def load(self, path):
        """Go on where one of the same net, recipe and data was saved. Raises ModelError."""
        state, arrays = checkpoint.load(path, self._identity())
        self.history = [tuple(check) for check in state["history"]]
        self.rounds_from = state["rounds_from"]
        self.seconds, self.rng.bit_generator.state = state["seconds"], state["rng"]
        tree = self.newton.tree
        tree.kernels, tree.biases = arrays["kernels"], arrays["biases"]
        self.newton.damping, (self.newton.left,) = state["damping"], arrays["left"]

    def _identity(self):
        return {
            "network": self.net.to_dict(),
            "recipe": asdict(self.recipe),
            "data": self.data.description,
        }
