# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Offline rendering: the reference's integers, in the scale that is promised."""

import numpy as np
import pytest

from models.reference import Reference
from models.sound import render as render_module
from models.sound.render import full_scale, render, to_pcm16
from models.spec import Conv1DSpec, Model, ModelError, NetworkSpec, NumberFormat
from tests.support.calls import calls
from tests.support.hdl.nets import random_model

SPEC = NetworkSpec((Conv1DSpec(4, 5, 3, 7), Conv1DSpec(5, 2, 2, 3, relu=False)))


def test_render_is_the_reference(monkeypatch):
    """Also across chunks; the wave saturates, channel 3 is zero."""
    monkeypatch.setattr(render_module, "CHUNK", 64)
    model = random_model(SPEC, 1, 0.1)
    wave = np.random.default_rng(1).uniform(-9, 9, 300)
    frames = np.zeros((300, 4), np.int64)
    frames[:, 0] = np.clip(np.rint(wave * 4096), -32768, 32767)
    frames[:, 1:3] = 2048, -4096
    wanted = Reference(model).run(frames)[:, 0]
    assert np.array_equal(render(model, wave, (0.5, -1.0)) * 4096, wanted)


def test_the_zoo_renders_in_blocks(zoo):
    """Faster than real time (0.1 s a second at 192 kHz): a call has to do with many frames."""
    model = Model.load(zoo)
    wave = np.random.default_rng(4).uniform(-1, 1, model.spec.sample_rate)
    result, count = calls(render, model, wave, (1.0, -1.0))
    assert len(result) == 192_000 and count < len(result) / 10


def test_the_embedding_may_move():
    model = random_model(SPEC, 2, 0.1)
    path = np.linspace([-1, -1], [1, 1], 50)
    frames = np.zeros((50, 4), np.int64)
    frames[:, 1:3] = np.rint(path * 4096)
    assert np.array_equal(
        render(model, np.zeros(50), path) * 4096, Reference(model).run(frames)[:, 0]
    )


@pytest.mark.parametrize(
    "embedding, message",
    [
        ((8.0, 0.0), "embedding: must be in [-8, 8), got 8"),
        ((0.0, -8.001), "embedding: must be in [-8, 8), got -8.001"),
        ((float("nan"), 0.0), "embedding: must be in [-8, 8), got nan"),
        ((float("inf"), 0.0), "embedding: must be in [-8, 8), got inf"),
        ([[0.0, 0.0], [0.0, 9.0]], "embedding: must be in [-8, 8), got 9"),
    ],
)
def test_embedding_out_of_range(embedding, message):
    with pytest.raises(ModelError) as caught:
        render(random_model(SPEC, 1), np.zeros(2), embedding)
    assert str(caught.value) == message


def test_the_range_of_the_embedding_is_that_of_the_format():
    assert full_scale(NumberFormat()) == 8 and full_scale(NumberFormat(8, 5)) == 4
    model = random_model(NetworkSpec(SPEC.layers, NumberFormat(8, 5)), 1)
    assert len(render(model, np.zeros(3), (-4.0, 3.99))) == 3
    with pytest.raises(ModelError, match=r"embedding: must be in \[-4, 4\), got 4"):
        render(model, np.zeros(3), (0, 4.0))


def test_bad_wave_and_net():
    with pytest.raises(ModelError, match=r"^wave: shape must be \(n\), got \(3, 1\)$"):
        render(random_model(SPEC, 1), np.zeros((3, 1)), (0, 0))
    two = random_model(NetworkSpec((Conv1DSpec(2, 1),)), 1)
    with pytest.raises(ModelError, match="^network: 2 input channels; wave, e0 and e1 need 3$"):
        render(two, np.zeros(3), (0, 0))


@pytest.mark.parametrize(
    "number_format, words, wanted",
    [
        (NumberFormat(), [-32768, -1, 4096, 32767], [-32768, -1, 4096, 32767]),
        (NumberFormat(8, 5), [-128, 1, 127], [-32768, 256, 32512]),
        (NumberFormat(18, 13), [-131072, 2, 6, 131071], [-32768, 0, 2, 32767]),
    ],
)
def test_words_as_16_bit_samples(number_format, words, wanted):
    samples = to_pcm16(number_format.to_float(words), number_format)
    assert samples.dtype == np.int16 and samples.tolist() == wanted
