# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Random Keras models, saved and imported: the integers of QKeras's own forward in float64."""

import keras
import numpy as np
import pytest

from models.graph.chain import from_chain
from models.graph.reference import GraphReference
from models.keras.importing import Options, import_graph
from models.spec import Model
from tests.support.qkeras_forward import causal_convolutions, forward
from tests.support.qkeras_graphs import RandomKeras


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seeds", [range(0, 8), range(8, 16)], ids=lambda seeds: f"from{seeds[0]}")
def test_random_models_are_equal(seeds, tmp_path):
    versions = set()
    for seed in seeds:
        keras.backend.clear_session()
        with causal_convolutions():
            theirs = RandomKeras(seed).model
        path = tmp_path / f"{seed}.keras"
        theirs.save(path)
        imported = import_graph(path, None, Options(48_000))
        chain = isinstance(imported.model, Model)
        versions.add(1 if chain else 2)
        model = from_chain(imported.model) if chain else imported.model
        word = model.spec.in_word
        rng = np.random.default_rng(seed)
        frames = rng.integers(word.min, word.max + 1, (120, model.spec.in_channels))
        frames[60:] >>= 2
        wanted = forward(theirs, frames, word.frac)
        got = GraphReference(model).run(frames)[imported.late :]
        assert np.array_equal(model.spec.out_word.to_float(got), wanted), seed
    assert 2 in versions
