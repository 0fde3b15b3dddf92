# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Gauss-Newton steps on nets of some ten thousand parameters, whose normal equations are too large.

Conjugate gradients want no more of J^T J than its products with vectors: one pass through the net
and one back. The directions that matter most come first; what comes late fits these examples alone,
so a step ends where the error on others is least. What is left over of the gradient after a step is
known to first order: it is remembered, and the mean with the next step's examples is less noisy.

Source: Martens, Deep learning via Hessian-free optimization (2010). The preconditioner is J^T J
among the parameters of each output channel (Ollivier, Riemannian metrics for neural networks,
2015), with the uses of a weight at several times taken as independent.
"""

import numpy as np

from models.training.newton.gauss_newton import FLOOR, error

FIRST, LEAST, MOST = 4e-3, 1e-6, 1e6  # damping
ITERATIONS, EVERY = 30, 5  # of conjugate gradients: at most, and between two looks at the error
MEMORY = 0.8  # share of the gradient that is remembered
CURVED = 4  # one in so many windows makes the curvature, all make the gradient
CHUNK = 4096  # windows that go through the net at once
SAMPLE = 8192  # windows that the preconditioner is made of


class TruncatedNewton:
    """Improves a Tree without repeats in place, its parameters within its number format's range.

    fixed  : Windows that a step is judged by
    damping: of the next step
    free   : bool [size], which parameters a step may move; all at first
    left   : float64 [size], what the gradient should be after the last step; None before the first
    """

    def __init__(self, tree, fixed):
        self.tree, self.fixed = tree, fixed
        self.damping, self.left = FIRST, None
        self.free = np.ones(tree.size, bool)

    def step(self, seen):
        """One step on fresh Windows. Returns the error on `fixed`; where no step is better the
        parameters stay."""
        tree, at = self.tree, Linearised(self.tree, seen)
        gradient = at.gradient
        if self.left is not None:
            gradient = MEMORY * self.left + (1 - MEMORY) * gradient
        start, before = tree.vector, error(tree, self.fixed)
        best, last = (before, start, 0), np.inf
        for number, move in enumerate(self._moves(at, gradient), start=1):
            if number % EVERY:
                continue
            tree.vector = np.clip(start - move, tree.low, tree.high)
            found = error(tree, self.fixed)
            if found < best[0]:
                best = found, tree.vector, number
            if found > last or number >= ITERATIONS:
                break
            last = found
        found, tree.vector, number = best
        if number <= EVERY:
            self.damping = min(3 * self.damping, MOST)
        elif number == ITERATIONS:
            self.damping = max(self.damping / 2, LEAST)
        self.left = gradient + at.times(tree.vector - start)
        return found

    def _moves(self, at, gradient):
        """Yields what to subtract from the parameters, as conjugate gradients find it."""
        curvature = at.curvature_of_channels()
        diagonal = at.join([np.diagonal(block, axis1=1, axis2=2) for block in curvature])
        scale = self.damping * (diagonal + FLOOR * diagonal.mean())
        inverses = [
            np.linalg.inv(block + part[:, :, None] * np.eye(part.shape[1]))
            for block, part in zip(curvature, at.split(scale), strict=True)
        ]

        def precondition(vector):
            parts = zip(inverses, at.split(vector), strict=True)
            found = at.join([(inverse @ part[:, :, None])[:, :, 0] for inverse, part in parts])
            return self.free * found

        def product(vector):
            return self.free * at.times(vector) + scale * vector

        return _conjugate_gradients(product, self.free * gradient, precondition)


def _conjugate_gradients(product, wanted, precondition):
    """Yields ever better solutions x of product(x) = wanted."""
    solution, left = np.zeros_like(wanted), wanted.copy()
    nearer = precondition(left)
    direction, size = nearer, left @ nearer
    while True:
        image = product(direction)
        length = size / (direction @ image)
        solution = solution + length * direction
        left = left - length * image
        yield solution
        nearer = precondition(left)
        before, size = size, left @ nearer
        direction = nearer + size / before * direction


class Linearised:
    """A Tree with the parameters it has now, on Windows, to first order.

    gradient: J^T e, float64 [size], of the weighted mean over the windows, e output - target
    """

    def __init__(self, tree, seen):
        self.kernels = [kernel.copy() for kernel in tree.kernels]
        self.tree, self.traces, gradient = tree, [], 0
        count = len(seen.frames)
        for start in range(0, count, CHUNK):
            part = slice(start, start + CHUNK)
            kept, outputs = self._trace(seen.frames[part])
            weights = seen.weights[part]
            gradient = gradient + self._back(kept, (outputs - seen.targets[part]) * weights)
            if start < count / CURVED:
                self.traces.append((kept, weights))
        self.gradient = gradient / count
        self.count = sum(len(weights) for _, weights in self.traces)

    def _trace(self, frames):
        """(per layer (window, 1 where its sum passes), outputs [batch])."""
        trace = self.tree.forward(frames)
        layers = (layer for _, layer in self.tree.passes)
        kept = [
            (window, self.tree.passed(layer, total).astype(np.float32))
            for layer, (window, total) in zip(layers, trace, strict=True)
        ]
        return kept, np.clip(trace[-1][1][:, 0, 0], self.tree.low, self.tree.high)

    def times(self, vector):
        """J^T J times `vector` [size], of the weighted mean over one in CURVED windows."""
        moved, total = self.tree.split(vector.astype(np.float32)), 0
        for kept, weights in self.traces:
            change = None
            layers = zip(moved, self.kernels, kept, strict=True)
            for (kernel, bias), old, (window, passed) in layers:
                sums = window.reshape(-1, len(kernel)) @ kernel + bias
                if change is not None:
                    sums += change.reshape(-1, len(old)) @ old
                change = sums.reshape(passed.shape)
                change *= passed
            total = total + self._back(kept, change[:, 0, 0] * weights)
        return total / self.count

    def _slopes(self, kept, errors):
        """Per layer, last first, (index, window [rows, taps * in], error there [rows, out]): what
        `errors` [batch] of the output are sums of."""
        slopes = np.zeros_like(kept[-1][1])
        slopes[:, 0, 0] = errors
        for index in reversed(range(len(kept))):
            window, passed = kept[index]
            slopes = (slopes.reshape(passed.shape) * passed).reshape(-1, passed.shape[-1])
            yield index, window.reshape(len(slopes), -1), slopes
            if index:
                slopes = slopes @ self.kernels[index].T

    def _back(self, kept, errors):
        """J^T times `errors` [batch], float64 [size]."""
        found = [None] * len(kept)
        for index, window, slopes in self._slopes(kept, errors):
            found[index] = (window.T @ slopes).ravel(), slopes.sum(axis=0)
        return np.concatenate([part for pair in found for part in pair]).astype(np.float64)

    def curvature_of_channels(self):
        """Per layer, float64 [out, taps * in + 1, taps * in + 1]: the part of J^T J that lies among
        the parameters of each output channel, from the first SAMPLE windows."""
        found, count = [0] * len(self.kernels), 0
        for kept, weights in self.traces[: -(-SAMPLE // CHUNK)]:
            count += len(weights)
            for index, window, slopes in self._slopes(kept, np.sqrt(weights)):
                window = np.column_stack([window, np.ones(len(window), np.float32)])
                found[index] = found[index] + np.array([_squares(window, s) for s in slopes.T])
        return [block / count for block in found]

    def split(self, vector):
        """Per layer [out, taps * in + 1]: the parameters of each output channel."""
        return [np.vstack([kernel, bias]).T for kernel, bias in self.tree.split(vector)]

    def join(self, parts):
        """The vector [size] of which `split` makes `parts`."""
        pairs = ((part[:, :-1].T.ravel(), part[:, -1]) for part in parts)
        return np.concatenate([array for pair in pairs for array in pair])


def _squares(window, slopes):
    """Sum of the outer squares of rows of `window`, each times its slope; few are not 0."""
    rows = np.flatnonzero(slopes)
    scaled = window[rows] * slopes[rows, None]
    return (scaled.T @ scaled).astype(np.float64)
