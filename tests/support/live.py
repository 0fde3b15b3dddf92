"""Models and sound for the tests that swap while the SoC plays."""

import numpy as np

from models import image
from models.spec import Model
from models.topologies import get
from tests.support.nets import random_model
from tests.support.soc_runs import codes, network_frames


def loud(seed):
    """The zoo's shapes with random weights: all outputs busy."""
    model = random_model(get("waveshaper"), seed=seed, scale=0.2)
    return Model(model.spec, [(kernel, bias // 64) for kernel, bias in model.weights])


A, B, C = (loud(seed) for seed in (5, 6, 7))


def sound():
    """ADC codes of 250,000 frames: noise, so that every frame tells the models apart."""
    return codes(np.random.default_rng(1).integers(-4096, 4097, (250_000, 4)))


def heard_and_given(sim):
    heard = sim.frames_out[sim.soc.frame_latency :]
    assert not (heard & 0xFFFF).any()
    return heard >> 16, network_frames(A.spec, sim.frames_in)


def crc(model):
    return f"0x{image.crc_of(image.pack(model)):08x}"
