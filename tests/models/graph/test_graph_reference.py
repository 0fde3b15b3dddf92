# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The reference of version 2: equal to naive integers, streaming = vectorised, settled = warm."""

import numpy as np
import pytest

from models.graph.reference import BLOCK, GraphReference
from tests.support.graphs import naive_run, random_frames, random_graph

GRAPHS = range(500)
PER_TEST = 25


@pytest.mark.parametrize("first", range(0, len(GRAPHS), PER_TEST))
def test_random_graphs_equal_the_naive_model(first):
    for seed in GRAPHS[first : first + PER_TEST]:
        model = random_graph(seed)
        frames = random_frames(model.spec, 14, seed)
        wanted, saturations = naive_run(model, frames)
        reference = GraphReference(model)
        assert reference.run(frames).tolist() == wanted, f"seed {seed}"
        assert reference.saturations == saturations, f"seed {seed}"
        reference.reset()
        assert [reference.step(frame).tolist() for frame in frames] == wanted, f"seed {seed}"
        assert reference.saturations == saturations, f"seed {seed}"


def test_the_random_graphs_have_every_kind_of_part():
    seen = set()
    for seed in GRAPHS:
        model = random_graph(seed)
        saturations = (
            sum(naive_run(model, random_frames(model.spec, 3, seed))[1].values())
            if seed < 40
            else 0
        )
        seen |= {"saturates"} if saturations else set()
        for layer in model.spec.layers:
            seen |= {type(layer).__name__, layer.activation.kind, layer.word.rounding}
            seen |= {"add"} if layer.adds else set()
            seen |= {"wide"} if layer.wide else set()
            seen |= {"several terms"} if len(layer.terms) > 1 else set()
            seen |= {"no terms"} if layer.adds and not layer.terms else set()
            seen |= {"shared"} if any(term.share for term in layer.terms) else set()
            seen |= {"shared bias"} if layer.bias_of else set()
            seen |= {term.weights for term in layer.terms}
            if any(layer.adds) and any(
                model.spec.by_name[a].wide for a in layer.adds if a != "input"
            ):
                seen.add("wide add")
    assert seen >= {
        "Layer", "Product", "linear", "relu", "clip", "leaky", "table", "half_even", "floor", "add",
        "wide", "wide add", "several terms", "no terms", "shared", "shared bias", "fixed", "po2",
        "saturates",
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_blocks_and_steps_may_be_mixed(seed):
    model = random_graph(seed)
    frames = random_frames(model.spec, BLOCK + 40, seed)
    whole = GraphReference(model).run(frames)
    mixed = GraphReference(model)
    parts = [mixed.run(frames[:5]), [mixed.step(frame) for frame in frames[5:9]]]
    parts += [mixed.run(frames[9:9]), mixed.run(frames[9:])]
    parts = [np.reshape(part, (-1, model.spec.out_channels)) for part in parts]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("seed", range(40))
def test_warm_is_what_endless_silence_leaves(seed):
    model = random_graph(seed)
    frames = random_frames(model.spec, 30, seed)
    silence = np.zeros((model.spec.receptive_field + 60, model.spec.in_channels), np.int64)
    heard = GraphReference(model)
    settled = heard.run(silence)[-1]
    warm = GraphReference(model, warm=True)
    np.testing.assert_array_equal(warm.run(silence[:3]), np.tile(settled, (3, 1)))
    np.testing.assert_array_equal(GraphReference(model, warm=True).run(frames), heard.run(frames))
