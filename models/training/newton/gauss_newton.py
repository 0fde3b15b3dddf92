# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Gauss-Newton steps on all weights of a small net at once: what gradient descent leaves undone.

A step solves (J^T J + damping) d = J^T e, with J the derivatives of the output in each parameter
and e the error of many single outputs. It needs memory for the square of the parameters.

Source: Marquardt (1963); the scaled damping is More's (1978), with a floor for idle parameters.
"""

from typing import NamedTuple

import numpy as np

from models.spec import ModelError

MAX_PARAMETERS = 6000  # 0.3 GB for J^T J in float64
MEMORY = 2**20  # nodes of the tree, all examples together, that are in memory at once
FLOOR = 0.3  # of the mean diagonal of J^T J: damping of parameters that hardly matter
FIRST, LEAST, MOST = 1e-3, 1e-8, 1e6  # damping
BOUNDED = 3  # times that a step is solved for, with more and more parameters at an end
ROUND_DAMPING = 1e-4  # of the curvature where parameters are rounded


class Windows(NamedTuple):
    """Single outputs that are wanted, each with the frames of `ages` that it is made from.

    frames : float32 [batch, n, in]
    targets: float32 [batch]
    weights: float32 [batch], of the squared errors: 1, or less for what was drawn more often
    """

    frames: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


def passes(spec):
    """(index, layer) of every pass of every layer, in the order of computation."""
    return [(index, layer) for index, layer in enumerate(spec.layers) for _ in range(layer.repeat)]


def ages(spec):
    """How many samples ago the frames are that one output depends on, int [n]; in the order of
    [tap of the last pass, .., tap of the first] made flat."""
    found = np.zeros(1, int)
    for _, layer in reversed(passes(spec)):
        taps = layer.dilation * (layer.kernel_size - 1 - np.arange(layer.kernel_size))
        found = (found[:, None] + taps).reshape(-1)
    return found


def check_size(spec):
    """Raises ModelError for a net of more than MAX_PARAMETERS."""
    if spec.parameters > MAX_PARAMETERS:
        raise ModelError(
            f"{spec.name}: Gauss-Newton steps take at most {MAX_PARAMETERS} parameters, got "
            f"{spec.parameters}; --polish 0 leaves them out"
        )


class Tree:
    """A net for single outputs of channel 0, from the few frames that an output depends on.

    The frames of `ages` go in: every layer is then a matrix product and a reshape. Signals are
    float32, clipped as the number format does and not rounded.

    pairs : per layer (kernel [tap, in, out], bias [out]) floats
    """

    def __init__(self, spec, pairs):
        number_format = spec.number_format
        self.low = number_format.min / number_format.one
        self.high = number_format.max / number_format.one
        self.passes = passes(spec)
        self.kernels = [
            np.asarray(kernel, np.float32).reshape(-1, kernel.shape[2]) for kernel, _ in pairs
        ]
        self.biases = [np.asarray(bias, np.float32) for _, bias in pairs]
        self.shapes = [kernel.shape for kernel, _ in pairs]
        self.chunk = max(1, MEMORY // len(ages(spec)))
        self.size = sum(array.size for array in self._parameters())

    def _parameters(self):
        """The arrays that `vector` strings together, per layer kernel and bias."""
        for kernel, bias in zip(self.kernels, self.biases, strict=True):
            yield from (kernel, bias)

    @property
    def vector(self):
        """All parameters, float64 [size]."""
        return np.concatenate([array.ravel() for array in self._parameters()]).astype(np.float64)

    @vector.setter
    def vector(self, values):
        parts = [part for pair in self.split(values) for part in pair]
        for array, part in zip(self._parameters(), parts, strict=True):
            array[...] = part

    def split(self, values):
        """Per layer (kernel [taps * in, out], bias [out]): the pieces of a `vector`."""
        found, start = [], 0
        for kernel, bias in zip(self.kernels, self.biases, strict=True):
            middle, stop = start + kernel.size, start + kernel.size + bias.size
            found.append((values[start:middle].reshape(kernel.shape), values[middle:stop]))
            start = stop
        return found

    @property
    def pairs(self):
        """Per layer (kernel, bias), as they were given."""
        return [
            (kernel.reshape(shape), bias.copy())
            for kernel, shape, bias in zip(self.kernels, self.shapes, self.biases, strict=True)
        ]

    def forward(self, frames):
        """Per pass (window [batch, nodes, taps * in], sum before clipping [batch, nodes, out]), for
        frames float32 [batch, n, in]."""
        signal, trace = frames, []
        for index, layer in self.passes:
            window = signal.reshape(len(signal), -1, len(self.kernels[index]))
            total = window @ self.kernels[index] + self.biases[index]
            trace.append((window, total))
            signal = np.clip(total, 0 if layer.relu else self.low, self.high)
        return trace

    def passed(self, layer, total):
        """bool: which sums the layer's ReLU and clipping leave as they are."""
        return (total > (0 if layer.relu else self.low)) & (total < self.high)

    def outputs(self, frames):
        """Channel 0 [batch] for frames float32 [batch, n, in]."""
        return np.clip(self.forward(frames)[-1][1][:, 0, 0], self.low, self.high)

    def chunked_outputs(self, frames):
        """`outputs` of many frames, in pieces that fit into memory."""
        return np.concatenate([self.outputs(frames[part]) for part in _chunks(self, len(frames))])

    def derivatives(self, frames):
        """(outputs [batch], derivatives float32 [batch, size]) for frames as `outputs` takes."""
        trace = self.forward(frames)
        found = [0] * 2 * len(self.kernels)
        for index, window, slopes in self._back(trace, 1):
            kernel_rows = (window.transpose(0, 2, 1) @ slopes).reshape(len(frames), -1)
            found[2 * index] = found[2 * index] + kernel_rows
            found[2 * index + 1] = found[2 * index + 1] + slopes.sum(axis=1)
        outputs = np.clip(trace[-1][1][:, 0, 0], self.low, self.high)
        return outputs, np.concatenate(found, axis=1)

    def gradient(self, frames, targets, weights):
        """(outputs [batch], sum over the batch of derivatives times weighted errors [size])."""
        trace = self.forward(frames)
        outputs = np.clip(trace[-1][1][:, 0, 0], self.low, self.high)
        found = [0] * 2 * len(self.kernels)
        for index, window, slopes in self._back(trace, ((outputs - targets) * weights)[:, None]):
            flat = slopes.reshape(-1, slopes.shape[-1])
            kernel = window.reshape(len(flat), -1).T @ flat
            found[2 * index] = found[2 * index] + kernel.ravel()
            found[2 * index + 1] = found[2 * index + 1] + flat.sum(axis=0)
        return outputs, np.concatenate(found).astype(np.float64)

    def _back(self, trace, last):
        """Per pass, last first, (index, window, derivatives in its sums [batch, nodes, out]) of
        `last` times the output."""
        slopes = np.zeros_like(trace[-1][1])
        slopes[..., 0] = last
        for (index, layer), (window, total) in zip(reversed(self.passes), reversed(trace)):
            slopes = slopes * self.passed(layer, total)
            yield index, window, slopes
            slopes = slopes @ self.kernels[index].T
            slopes = slopes.reshape(len(slopes), -1, slopes.shape[-1] // layer.kernel_size)


def step(tree, seen, damping, check, fixed=None, memory=None, share=0.0, curved=1, kept=None):
    """Move the tree's parameters by one damped Gauss-Newton step.

    seen    : Windows
    damping : as the step before returned it, FIRST before the first
    check   : function(tree) -> bool; a step that it refuses is tried again with more damping
    fixed   : bool [size], parameters that stay
    memory  : (curvature, gradient) of examples before, which count with `share`
    curved  : one in so many windows makes the curvature, all make the gradient
    kept    : share of the memory in the curvature; None: `share`

    Returns (damping of the next step, (curvature [size, size], gradient [size]) before this one,
    memory and all). Where no damping helps, the parameters stay.
    """
    before, *new = normal_equations(tree, seen, curved)
    facts = new
    if memory is not None:
        shares = share if kept is None else kept, share
        facts = [
            part * old + (1 - part) * value
            for part, old, value in zip(shares, memory, new, strict=True)
        ]
    free = np.flatnonzero(~fixed) if fixed is not None else np.arange(tree.size)
    (part, gradient), (own_part, own_gradient) = (
        (curvature[np.ix_(free, free)], gradient[free]) for curvature, gradient in (facts, new)
    )
    start, scale = tree.vector, np.diag(part) + FLOOR * np.trace(part) / len(free)
    while damping < MOST:
        move = _solve(part + damping * np.diag(scale), gradient, start[free], tree)
        moved = start.copy()
        moved[free] -= move
        tree.vector = moved
        promised = 2 * own_gradient @ move - move @ own_part @ move
        better = before - error(tree, seen)
        if better > 0.1 * promised > 0 and check(tree):
            if better > 0.75 * promised:
                return max(damping / 2, LEAST), facts
            return damping * 2 if better < 0.25 * promised else damping, facts
        damping *= 4
    tree.vector = start
    return FIRST, facts


def _solve(matrix, gradient, start, tree):
    """The move [size] with matrix @ move = gradient, but that start - move stays in the number
    format's range: what would leave it goes to its end, and the others make up for it."""
    held, move = np.zeros(len(start), bool), np.zeros(len(start))
    for _ in range(BOUNDED):
        rest = ~held
        known = matrix[np.ix_(rest, held)] @ move[held]
        move[rest] = np.linalg.solve(matrix[np.ix_(rest, rest)], gradient[rest] - known)
        inside = np.clip(start - move, tree.low, tree.high)
        beyond = inside != start - move
        move = start - inside
        if not beyond.any():
            break
        held |= beyond
    return move


def foreseen(facts, moved):
    """(curvature, gradient) as they should be after the parameters moved by float64 [size]."""
    curvature, gradient = facts
    return curvature, gradient + curvature @ moved


def normal_equations(tree, seen, curved=1):
    """(mean squared error, J^T J [size, size], J^T e [size]), the latter over the examples too;
    J^T J over one in `curved` of them."""
    if curved > 1:
        _, curvature, _ = normal_equations(tree, Windows(*(part[::curved] for part in seen)))
        squares, gradient = _gradient(tree, seen)
        return squares, curvature, gradient
    curvature, gradient = np.zeros((tree.size, tree.size)), np.zeros(tree.size)
    squares = 0.0
    for part in _chunks(tree, len(seen.frames)):
        outputs, rows = tree.derivatives(seen.frames[part])
        roots = np.sqrt(seen.weights[part])
        errors = (outputs - seen.targets[part]) * roots
        rows *= roots[:, None]
        curvature += rows.T @ rows
        gradient += rows.T @ errors
        squares += float(errors.astype(np.float64) @ errors)
    return tuple(value / len(seen.frames) for value in (squares, curvature, gradient))


def _gradient(tree, seen):
    """(mean squared error, J^T e [size]) without J: much less work than `normal_equations`."""
    gradient, squares = 0, 0.0
    for part in _chunks(tree, len(seen.frames)):
        outputs, found = tree.gradient(seen.frames[part], seen.targets[part], seen.weights[part])
        errors = (outputs - seen.targets[part]).astype(np.float64)
        gradient = gradient + found
        squares += float(seen.weights[part] @ errors**2)
    return squares / len(seen.frames), gradient / len(seen.frames)


def round_some(values, curvature, fixed, candidates, rounded, count):
    """Round `count` parameters; the free ones move so that the output changes least.

    values    : float64 [size];  curvature: as `step` returns it
    fixed     : bool [size];  candidates: indices, free, of which those go first that cost least
    rounded   : function of an array, to the grid
    Returns (values, fixed) after it.

    Source: Hassibi and Stork, Optimal Brain Surgeon (1993), with rounding for deletion.
    """
    values, fixed = values.copy(), fixed.copy()
    free = np.flatnonzero(~fixed)
    part = curvature[np.ix_(free, free)]
    scale = np.diag(part) + FLOOR * np.trace(part) / len(free)
    inverse = np.linalg.inv(part + ROUND_DAMPING * np.diag(scale))
    place = np.searchsorted(free, np.sort(candidates))
    for _ in range(count):
        wrong = values[free[place]] - rounded(values[free[place]])
        chosen = np.argmin(wrong**2 / inverse[place, place])
        index, amount = place[chosen], wrong[chosen]
        column = inverse[:, index].copy()
        values[free] -= amount / column[index] * column
        values[free[index]] = rounded(values[free[index]])
        fixed[free[index]] = True
        inverse -= np.outer(column, column) / column[index]
        place = np.delete(place, chosen)
        # What is rounded neither moves nor moves others: its row and column of the inverse are 0.
        inverse[index], inverse[:, index] = 0, 0
    return values, fixed


def round_all(values, curvature, fixed, number_format):
    """float64 [size]: `round_some` of all that is not fixed, to the words of the number format."""

    def rounded(values):
        return number_format.to_float(number_format.from_float(values))

    free = np.flatnonzero(~fixed)
    return round_some(values, curvature, fixed, free, rounded, len(free))[0]


def _chunks(tree, count):
    return [slice(start, start + tree.chunk) for start in range(0, count, tree.chunk)]


def error(tree, seen):
    """Mean squared error of channel 0 on Windows, each with its weight."""
    errors = (tree.chunked_outputs(seen.frames) - seen.targets).astype(np.float64)
    return float(np.mean(seen.weights * errors**2))
