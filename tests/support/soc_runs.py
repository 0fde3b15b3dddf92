"""Runs of the whole simulated SoC, and what the reference says that its codec must hear."""

from pathlib import Path

import numpy as np

from models.planner import plan
from models.reference import Reference
from models.spec import Model
from soc.sim_runner import Simulation
from soc.sim_soc import SYS_CLK_FREQ
from soc.wavenet_soc import cycles_per_sample

ZOO = Path(__file__).parents[2] / "models" / "zoo" / "waveshaper.npz"
TIMEOUT_S = 240  # of real time; the machine may be busy


def zoo_model():
    return Model.load(ZOO)


def planned(model, rate=192_000):
    return plan(model.spec, cycles_per_sample(SYS_CLK_FREQ, rate))


def simulation(model, rate=192_000, **options):
    return Simulation(model, planned(model, rate), sample_rate=rate, **options)


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
