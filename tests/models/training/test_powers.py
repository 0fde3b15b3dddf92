# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Powers of two: the grid, and exchanges that lower a quadratic error most."""

import itertools

import numpy as np
import pytest

from models.number_format import NumberFormat
from models.training.newton import powers

FORMAT = NumberFormat()


def quadratic(seed, size=6):
    """(curvature, optimum) of an error (x - optimum)' C (x - optimum) + 1."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(size, size))
    return root @ root.T + 0.1 * np.eye(size), rng.uniform(-2, 2, size)


def exchange_at(values, is_power, curvature, optimum, count):
    left = values - optimum
    error = 1 + left @ curvature @ left
    return powers.Exchange(values, is_power, error, curvature, curvature @ left, FORMAT, count)


def test_the_grid_is_what_a_po2_kernel_may_hold():
    grid = powers.grid(FORMAT)
    assert len(grid) == 31 and 0 in grid and grid.max() == 4 and grid.min() == -4
    words = np.abs(FORMAT.from_float(grid[grid != 0]))
    assert (words & (words - 1) == 0).all() and (np.diff(grid) > 0).all()
    assert powers.nearest([0.9, -3.1, 1e-9, 100], FORMAT).tolist() == [1, -4, 0, 4]


@pytest.mark.parametrize("seed", range(5))
def test_one_change_is_the_best_there_is(seed, monkeypatch):
    """Of all single changes, with the free parameters at their optimum after each."""
    monkeypatch.setattr(powers, "DAMPING", 0)
    curvature, optimum = quadratic(seed)
    is_power = np.array([True, False, True, True, False, True])
    values = np.where(is_power, powers.nearest(optimum[::-1], FORMAT), 0.3)

    def error(changed):
        """With the best free parameters."""
        left = np.where(is_power, changed - optimum, 0)
        free = ~is_power
        left[free] = -np.linalg.solve(curvature[np.ix_(free, free)], (curvature @ left)[free])
        return left @ curvature @ left

    every = []
    for index, value in itertools.product(np.flatnonzero(is_power), powers.grid(FORMAT)):
        changed = values.copy()
        changed[index] = value
        every.append(error(changed))
    exchange = exchange_at(values, is_power, curvature, optimum, 1)
    moved = exchange.moved(1, 1.0)
    left = moved - optimum
    assert left @ curvature @ left == pytest.approx(min(every))
    assert np.isin(moved[is_power], powers.grid(FORMAT)).all()
    half = exchange.moved(1, 0.5)
    np.testing.assert_allclose(half[~is_power], (values + moved)[~is_power] / 2)
    np.testing.assert_array_equal(exchange.moved(0, 0.0), values)


def test_changes_end_where_none_promises_more():
    curvature, optimum = quadratic(9)
    is_power = np.ones(6, bool)
    values = powers.nearest(np.full(6, 2.0), FORMAT)
    exchange = exchange_at(values, is_power, curvature, optimum, 1000)
    errors = []
    for count in range(len(exchange.changes) + 1):
        left = exchange.moved(count, 1.0) - optimum
        errors.append(left @ curvature @ left)
    assert 1 < len(errors) < 1000 and (np.diff(errors) < 0).all()
    again = exchange_at(exchange.moved(1000, 1.0), is_power, curvature, optimum, 1000)
    assert again.changes == []
