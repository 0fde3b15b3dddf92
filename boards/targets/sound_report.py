# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What build.py says of the sound that goes into a simulation, and of what has come out."""

import numpy as np

from models.reference import Reference
from models.sound import levels
from soc.sim.demo import CODEC_FRAC, to_codes, to_words

FULL_SCALE = 2.0 ** (15 - CODEC_FRAC)  # the net's value of a codec word at full scale
USES = (
    "is the codec's input 1: the embedding e0, until `embed` is typed",
    "is the codec's input 2: the embedding e1, until `embed` is typed",
    "is the codec's input 3, which no net hears",
)
UNUSED = ("is not played: the demo sets the embedding itself",) * len(USES)


def entering(args, model, recording, rate):
    """Lines on --wav-in, float [n, channels] at `rate` Hz, --gain in channel 0."""
    number_format, wave = model.spec.number_format, recording[:, 0]
    yield from levels.describe_channels(args.wav_in, recording, UNUSED if args.demo else USES)
    recorded = wave / args.gain if args.gain else wave
    if args.demo:  # as soc/sim/demo.py plays it
        wave = wave / (np.abs(wave).max() or 1.0)
    else:
        wave = wave * FULL_SCALE
    option = None if args.demo else "--gain"
    given = levels.Input(wave, recorded, rate, args.gain, option)
    yield from levels.describe_input(given, number_format, levels.trained_range(model.meta))


def played(model, sim):
    """A line on what a finished Simulation has played on channel 0. Its saturations are those of
    the reference, where that has played the same: no `embed` was typed and no model loaded."""
    latency, number_format = sim.soc.frame_latency, model.spec.number_format
    channels = min(model.spec.out_channels, sim.frames_out.shape[1])
    heard = sim.frames_out[latency:, :channels]
    saturations = None
    if sim.frames_in is not None and len(heard):
        silence = model.spec.receptive_field
        frames = np.zeros((silence + len(heard), model.spec.in_channels), np.int64)
        inputs = min(model.spec.in_channels, 3)
        frames[silence:, :inputs] = to_words(sim.frames_in[: len(heard), :inputs], number_format)
        reference = Reference(model)
        words = to_codes(reference.run(frames)[silence:, :channels], number_format)
        if np.array_equal(words, heard):
            saturations = reference.saturations
    values = (heard[:, 0] >> 16) / 2.0**CODEC_FRAC
    line = levels.describe_output(values, number_format, saturations)
    return line if saturations is not None else f"{line}; saturations: `status` on the console"
