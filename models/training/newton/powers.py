# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Kernels of powers of two: which of them to change, once all are rounded.

By the quadratic model of the error around a net, with the free parameters always where they make up
best for what changes, the best change of one power of two follows from two numbers of it; the next
one from the numbers as they are after it.
"""

import numpy as np

from models.training.newton.gauss_newton import FLOOR

GAIN = 2e-5  # of the error: what a change must promise
DAMPING = 1e-4  # of the free parameters


def grid(number_format):
    """0 and the powers of two that a po2 kernel may hold, ascending."""
    powers = 2.0 ** np.arange(number_format.bits - 1) / number_format.one
    return np.concatenate([-powers[::-1], [0], powers])


def nearest(values, number_format):
    """The nearest of the grid, per value."""
    allowed = grid(number_format)
    return allowed[np.abs(np.asarray(values)[..., None] - allowed).argmin(axis=-1)]


class Exchange:
    """At most `count` changes of powers of two, those first that promise most.

    values   : float64 [size], the parameters;  is_power: bool [size], which are powers of two
    error, curvature, gradient: there, as gauss_newton.normal_equations returns them

    changes: list of (index among the powers of two, new value - old)
    """

    def __init__(self, values, is_power, error, curvature, gradient, number_format, count):
        self.values, self.is_power = values, is_power
        powers, free = np.flatnonzero(is_power), np.flatnonzero(~is_power)
        diagonal = np.diag(curvature)
        damping = DAMPING * (diagonal + FLOOR * diagonal.mean())[free]
        across = curvature[np.ix_(powers, free)]
        own = curvature[np.ix_(free, free)] + np.diag(damping)
        solved = np.linalg.solve(own, np.column_stack([across.T, gradient[free]]))
        self.answer, self.alone = solved[:, :-1], solved[:, -1]  # of the free parameters
        steepness = curvature[np.ix_(powers, powers)] - across @ self.answer
        slope = gradient[powers] - across @ self.alone
        allowed, now = grid(number_format), values[powers].copy()
        self.changes = []
        while len(self.changes) < count:
            delta = allowed - now[:, None]
            promised = 2 * slope[:, None] * delta + np.diag(steepness)[:, None] * delta**2
            index, place = np.unravel_index(promised.argmin(), promised.shape)
            if promised[index, place] > -GAIN * error:
                break
            self.changes.append((index, delta[index, place]))
            slope = slope + steepness[:, index] * delta[index, place]
            now[index] = allowed[place]

    def moved(self, count, share):
        """The parameters after the first `count` changes; the free ones go `share` of their way."""
        delta = np.zeros(self.is_power.sum())
        for index, change in self.changes[:count]:
            delta[index] += change
        values = self.values.copy()
        values[self.is_power] += delta
        values[~self.is_power] -= share * (self.alone + self.answer @ delta)
        return values
