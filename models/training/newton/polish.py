# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Gauss-Newton steps on a QKeras net: its weights out, a step, and back."""

import numpy as np

from models.training.newton import gauss_newton, powers
from models.training.newton.gauss_newton import Tree, Windows, error

CHUNK = 1024  # windows drawn at once
CHECKS = 16_384  # windows of the check while kernels of powers of two are free
WORSE = 1.2  # a step may make the check so much worse: single examples are noisy, divergence is not
CURVATURE = 0.6  # share of the curvature before where few examples make it
MEMORY = 0.8  # share of the examples before in a step that remembers
ROUNDING = (0.3, 0.6)  # of all steps: where the rounding to powers of two begins and ends
EXCHANGED = 32  # powers of two that a step may change after that
SHARES = (1.0, 0.5, 0.25)  # of the other parameters' way that are tried with it


class Polish:
    """Improves the QKeras model `net` of `spec` in place.

    data  : windows(rng, size, ages), as models.training.windows.random_windows returns them
    count : single outputs a step
    check : function() -> error of `net` on examples that are always the same
    curved: one in so many outputs makes the curvature, which is remembered from step to step if
            that is not all

    Kernels of powers of two are free at first; in the share ROUNDING of the steps they are rounded,
    a few in each, those first that matter least, and the other parameters make up for it. Then
    each step exchanges some for others (powers.py).

    Single steps are noisy, which does no harm far from the ground; the last ones remember what
    examples before said, and the noise goes.

    fixed : bool [parameters], which of them are rounded
    memory: (curvature, gradient) of the examples so far, None before the first
    """

    def __init__(self, net, spec, data, count, check, curved=1):
        self.net, self.spec, self.data, self.count, self.check = net, spec, data, count, check
        self.curved = curved
        self.ages = gauss_newton.ages(spec)
        self.damping, self.memory = gauss_newton.FIRST, None
        self.powers = np.concatenate(
            [
                np.full(size, layer.weights == "po2" and is_kernel)
                for layer in spec.layers
                for is_kernel, size in (
                    (True, layer.kernel_size * layer.in_channels * layer.out_channels),
                    (False, layer.out_channels),
                )
            ]
        )
        self.fixed = np.zeros(len(self.powers), bool)

    @property
    def is_rounded(self):
        """All powers of two are: the net is one that the hardware can play."""
        return bool((self.fixed == self.powers).all())

    def step(self, rng, share, remembers):
        """One step on fresh examples; `share` of all steps are done after it. Returns the check, of
        the unrounded net where it is not. remembers: bool, whether examples before count too."""
        tree = Tree(self.spec, self._pairs())
        seen = self._draw(rng, self.count)
        if self.is_rounded and self.powers.any():
            self._exchange(tree, seen)
            self._put(tree.pairs)
            return self.check()
        check = self.check if self.is_rounded else self._check_of_tree(tree)
        limit = WORSE * check()

        def is_good(moved):
            self._put(moved.pairs)
            return check() < limit

        start, kept = tree.vector, MEMORY if remembers else 0.0
        self.damping, facts = gauss_newton.step(
            tree,
            seen,
            self.damping,
            is_good,
            self.fixed,
            self.memory,
            kept,
            self.curved,
            max(kept, CURVATURE) if self.curved > 1 else kept,
        )
        begin, end = ROUNDING
        due = self.powers.sum() * np.clip((share - begin) / (end - begin), 0, 1)
        count = int(np.ceil(due)) - self.fixed.sum()
        if count > 0:
            free = np.flatnonzero(self.powers & ~self.fixed)
            tree.vector, self.fixed = gauss_newton.round_some(
                tree.vector, facts[0], self.fixed, free, self._nearest, count
            )
        self.memory = gauss_newton.foreseen(facts, tree.vector - start)
        self._put(tree.pairs)
        return self.check() if self.is_rounded else check()

    def _check_of_tree(self, tree):
        seen = self._draw(np.random.default_rng(0), CHECKS)
        return lambda: error(tree, seen)

    def _draw(self, rng, count):
        return draw(self.data, rng, count, self.ages, self.spec.number_format)

    def _nearest(self, values):
        return powers.nearest(values, self.spec.number_format)

    def round(self, rng):
        """Round all that is not yet, word by word; those that are left make up for it."""
        tree = Tree(self.spec, self._pairs())
        _, curvature, _ = gauss_newton.normal_equations(tree, self._draw(rng, self.count))
        args = curvature, self.fixed, self.spec.number_format
        tree.vector = gauss_newton.round_all(tree.vector, *args)
        self._put(tree.pairs)

    def _exchange(self, tree, seen):
        """Change as many powers of two as make the error less on windows always the same."""
        error_of, start = self._check_of_tree(tree), tree.vector
        best = error_of(), start
        facts = gauss_newton.normal_equations(tree, seen)
        number_format = self.spec.number_format
        exchange = powers.Exchange(start, self.powers, *facts, number_format, EXCHANGED)
        count = len(exchange.changes)
        while best[1] is start:
            for share in SHARES:
                moved = exchange.moved(count, share)
                tree.vector = np.clip(moved, tree.low, tree.high)
                best = min(best, (error_of(), tree.vector), key=lambda found: found[0])
            if not count:
                break
            count //= 2
        tree.vector = best[1]

    def _pairs(self):
        """Per layer (kernel, bias), clipped as the quantisers clip."""
        number_format = self.spec.number_format
        low, high = (x / number_format.one for x in (number_format.min, number_format.max))
        layers = (self.net.get_layer(f"conv{index}") for index in range(len(self.spec.layers)))
        return [tuple(np.clip(x, low, high) for x in layer.get_weights()) for layer in layers]

    def _put(self, pairs):
        for index, pair in enumerate(pairs):
            self.net.get_layer(f"conv{index}").set_weights(pair)


def draw(data, rng, count, ages, number_format):
    """`count` Windows of data.windows."""
    drawn = []
    for start in range(0, count, CHUNK):
        inputs, targets, weights = data.windows(rng, min(CHUNK, count - start), ages)
        frames = number_format.to_float(inputs).astype(np.float32)
        drawn.append((frames, targets.astype(np.float32), weights.astype(np.float32)))
    return Windows(*map(np.concatenate, zip(*drawn, strict=True)))
