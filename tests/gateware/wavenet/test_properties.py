# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Any net, any folding: random ones, each equal to the reference under random stalls."""

import numpy as np
import pytest

from models.reference import Reference
from tests.support.benches.core_runs import build, simulate
from tests.support.hdl.nets import random_frames, random_network

SLOW = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(200, 2_200)]


@pytest.mark.parametrize("seed", [*range(200), *SLOW])
def test_random_networks_equal_the_reference_under_stalls(seed):
    """Any layer kind, folding, format; one to three contexts that take turns as they like."""
    contexts = 1 + seed % 3
    model, folding = random_network(seed, contexts)
    frames = random_frames(model.spec, 60, seed)
    order = np.random.default_rng(seed).integers(0, contexts, len(frames))
    references = [Reference(model) for _ in range(contexts)]
    expected = [references[c].step(frame).tolist() for c, frame in zip(order, frames)]
    core = build(model, folding, contexts)
    _, collector, counters = simulate(core, frames, stall=0.4, seed=seed, contexts=order.tolist())
    assert collector.contexts == order.tolist(), f"seed {seed}: {folding}"
    assert collector.frames == expected, f"seed {seed}: {folding}"
    saturations = np.sum([reference.saturations for reference in references], axis=0)
    assert counters.saturations == saturations.tolist(), f"seed {seed}"
