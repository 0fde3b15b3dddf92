# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The firmware's plain C network: the integers of the reference, for any network of version 2."""

import numpy as np
import pytest

from models.graph.chain import from_chain
from models.graph.reference import GraphReference
from models.spec import Model
from tests.support.graphs import random_frames, random_graph
from tests.support.soc.c_net import CNet, compile_net
from tests.support.soc.soc_runs import ZOO

GRAPHS = range(500)
PER_TEST = 50
NETS = ("mcu", "original", "po2", "reuse", "waveshaper")


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    return compile_net(tmp_path_factory.mktemp("net"))


@pytest.mark.parametrize("first", range(0, len(GRAPHS), PER_TEST))
def test_random_graphs(libraries, first):
    for seed in GRAPHS[first : first + PER_TEST]:
        model = random_graph(seed)
        frames = random_frames(model.spec, 40, seed)
        wanted = GraphReference(model).run(frames)
        np.testing.assert_array_equal(
            CNet(libraries, model).run(frames), wanted, err_msg=f"seed {seed}"
        )


@pytest.mark.parametrize("seed", range(60))
def test_only_what_is_needed(libraries, seed):
    """The last outputs are right though what they do not rest on was left out."""
    model = random_graph(seed, spans=40)
    depth = model.spec.receptive_field + 3
    frames = random_frames(model.spec, depth, seed)
    wanted = GraphReference(model).run(frames)[-4:]
    net = CNet(libraries, model, depth=depth, frames=4)
    np.testing.assert_array_equal(net.run(frames)[-4:], wanted)


@pytest.mark.parametrize("seed", range(60))
def test_settled_on_silence(libraries, seed):
    model = random_graph(seed)
    frames = random_frames(model.spec, 30, seed)
    net = CNet(libraries, model)
    net.settle()
    wanted = GraphReference(model, warm=True).run(frames)
    np.testing.assert_array_equal(net.run(frames), wanted)


@pytest.mark.parametrize("chain", [0, 1])
@pytest.mark.parametrize("name", NETS)
def test_the_zoo(libraries, name, chain):
    """As any network, and with what chains do not need left out, as in the firmware."""
    model = from_chain(Model.load(ZOO.with_name(f"{name}.npz")))
    frames = random_frames(model.spec, 300, 1)
    wanted = GraphReference(model).run(frames)
    np.testing.assert_array_equal(CNet(libraries, model, chain=chain).run(frames), wanted)


def test_no_end_of_time(libraries):
    """Positions wrap in each ring by themselves: nothing counts frames."""
    model = random_graph(3)
    net, reference = CNet(libraries, model), GraphReference(model)
    frames = random_frames(model.spec, 5000, 3)
    np.testing.assert_array_equal(net.run(frames), reference.run(frames))
    signals = len(model.spec.channels)
    sizes = net.plan.words[6 : 6 + 3 * signals].reshape(-1, 3)[:, 1]
    slots = net.arrays["slots"][:signals]
    assert (slots >= 0).all() and (slots < sizes).all()
