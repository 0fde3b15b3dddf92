# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The frames of `python3 -m models examples` through the simulated SoC: equal, word by word."""

import numpy as np
import pytest

from models.commands.examples import play
from models.showcase import examples
from tests.support.soc.soc_runs import (
    TIMEOUT_S,
    after_silence,
    assert_plays,
    codes,
    network_frames,
    simulation,
    zoo_model,
)


def played(model, frames, timeout=TIMEOUT_S):
    """The simulation's end, having played `frames` [n, 4] of words from the codec's inputs."""
    with simulation(model, frames=codes(frames)) as sim:
        sim.wait(timeout)
    assert sim.report["complaints"] == []
    outputs = after_silence(model).run(network_frames(model.spec, sim.frames_in))
    assert_plays(sim, outputs)
    return outputs[:, 0]


def test_the_beginning_of_every_example():
    """The first 15 ms of each, after each other, as far as the net remembers in between."""
    model = zoo_model()
    sounds = examples.make(model.spec, pace=0.1)
    silence = np.zeros((model.spec.receptive_field, 4), int)
    each, pieces = 2880, []
    for sound in sounds:
        pieces += [examples.frames(sound, model.spec)[:each], silence]
    heard = played(model, np.concatenate(pieces))
    for index, sound in enumerate(sounds):
        start = index * (each + len(silence))
        wanted = play(model, sound)[:each] * model.spec.number_format.one
        assert np.array_equal(heard[start : start + each][: len(wanted)], wanted)


@pytest.mark.slow
def test_the_whole_phrase():
    """4 s, 768,000 frames."""
    model = zoo_model()
    phrase = examples.make(model.spec)[-1]
    heard = played(model, examples.frames(phrase, model.spec), timeout=3000)
    assert np.array_equal(heard, play(model, phrase) * model.spec.number_format.one)
