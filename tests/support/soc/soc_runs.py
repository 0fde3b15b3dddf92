# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Runs of the whole simulated SoC, and what the reference says that its codec must hear."""

from copy import deepcopy
from pathlib import Path

import numpy as np

from models.arch.planner import plan
from models.reference import Reference
from models.spec import Model
from soc.sim.runner import Simulation
from soc.sim.sim_soc import SYS_CLK_FREQ
from soc.wavenet_soc import cycles_per_sample
from tests.support.limits import HANG_S

ZOO = Path(__file__).parents[3] / "models" / "zoo" / "waveshaper.npz"
TIMEOUT_S = HANG_S


def zoo_model():
    return Model.load(ZOO)


def planned(model, rate=192_000, ratio=1, **options):
    return plan(model.spec, ratio * cycles_per_sample(SYS_CLK_FREQ, rate), **options)


def simulation(model, rate=192_000, folding=None, **options):
    return Simulation(model, folding or planned(model, rate), sample_rate=rate, **options)


def codes(samples):
    """ADC codes of 24 bits for samples of 16 bits."""
    return np.asarray(samples, np.int64) << 8


def network_frames(spec, frames_in, embeddings=None):
    """What the network is given: channel 0 the wave, 1 and 2 the embedding, further ones 0.

    embeddings: per frame (e0, e1), None for "from the codec"; default: all from the codec.
    """
    frames = np.zeros((len(frames_in), spec.in_channels), np.int64)
    frames[:, :3] = (frames_in >> 8)[:, :3]
    for row, point in enumerate(embeddings or ()):
        for channel, value in enumerate(point, start=1):
            if value is not None:
                frames[row, channel] = value
    return frames


def after_silence(model):
    """The reference as the SoC's network is when the codec starts: it has heard only zeros."""
    reference = Reference(model)
    reference.run(np.zeros((model.spec.receptive_field, model.spec.in_channels), np.int64))
    return reference


def assert_plays(sim, outputs):
    """Every word at the DACs is the reference's `outputs` [n, 4], `frame_latency` frames later."""
    latency = sim.soc.frame_latency
    words = sim.frames_out[latency:]
    assert not (words & 0xFFFF).any()
    np.testing.assert_array_equal(words >> 16, outputs[: len(words)])


def continued(reference, model):
    """A Reference of `model` that goes on with the histories of `reference`, as after a swap."""
    after = Reference(model)
    for old, new in zip(reference._passes, after._passes):
        for before, turn in zip(old, new):
            turn.history = before.history
    return after


SWAP_SLACK = 8  # frames in which two models may happen to answer alike before they part


def swap_rows(models, given, heard):
    """Rows from which on models[1], models[2], ... played; every row of `heard` is accounted for.

    models: as they must have followed each other; given: the network's frames [n, in], models[0]
    has heard silence before; heard: words [m, out], m <= n. AssertionError names the row that is
    none of the models'.
    """
    reference, row, rows = after_silence(models[0]), 0, []
    for following in models[1:]:
        expected = deepcopy(reference).run(given[row : len(heard)])
        wrong = np.flatnonzero((expected != heard[row:]).any(axis=1))
        assert len(wrong), f"the model after swap {len(rows)} played to the end"
        parted, choices = row + wrong[0], []
        for swap in range(max(row, parted - SWAP_SLACK), parted + 1):
            before = deepcopy(reference)
            before.run(given[row:swap])
            after = continued(before, following)
            span = slice(swap, swap + 2 * after.spec.receptive_field)
            expected = deepcopy(after).run(given[span][: len(heard) - swap])
            same = (expected == heard[span]).all(axis=1)
            choices.append((swap + int(np.argmin([*same, False])), swap, after))
        upto, row, reference = max(choices, key=lambda choice: choice[0])
        assert upto > parted, f"row {parted} is neither of two models"
        rows.append(row)
    np.testing.assert_array_equal(reference.run(given[row : len(heard)]), heard[row:])
    return rows
