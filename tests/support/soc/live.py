# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Models and sound for the tests that swap while the SoC plays."""

import numpy as np

from models import image
from models.spec import Conv1DSpec, Model, NetworkSpec
from models.topologies import get
from tests.support.hdl.nets import random_model
from tests.support.soc.soc_runs import codes, network_frames


def loud(seed):
    """The zoo's shapes with random weights: all outputs busy."""
    model = random_model(get("waveshaper"), seed=seed, scale=0.2)
    return Model(model.spec, [(kernel, bias // 64) for kernel, bias in model.weights])


A, B, C = (loud(seed) for seed in (5, 6, 7))

# A net whose image has 500 bytes, all kinds of layers, at the half of A's rate. Its simulator and
# A's are those of tests/soc/sim/test_audio.py, and built once for all.
SMALL = NetworkSpec(
    [
        Conv1DSpec(4, 8, kernel_size=2, dilation=3, weights="po2"),
        Conv1DSpec(8, 8, kernel_size=2, dilation=5, repeat=3),
        Conv1DSpec(8, 4, relu=False, weights="po2"),
    ],
    name="kinds",
)
SMALL_RATE = 96_000
SMALL_A, SMALL_B = (random_model(SMALL, seed, 0.1) for seed in (4, 8))


def sound(frames=250_000):
    """ADC codes: noise, so that every frame tells the models apart."""
    return codes(np.random.default_rng(1).integers(-4096, 4097, (frames, 4)))


def heard_and_given(sim):
    heard = sim.frames_out[sim.soc.frame_latency :]
    assert len(heard) < len(sim.input), "the sound was over before the test"
    assert not (heard & 0xFFFF).any()
    return heard >> 16, network_frames(sim.model.spec, sim.frames_in)


def crc(model):
    return f"0x{image.crc_of(image.pack(model)):08x}"
