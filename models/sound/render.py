# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A wave through a net, offline, on the integers that the hardware computes."""

import numpy as np
from tqdm import tqdm

from models.graph.reference import GraphReference
from models.graph.spec import Network
from models.messages import must_be
from models.reference import Reference
from models.spec import ModelError

CHUNK = 1 << 16  # frames at a time: bounds the memory, paces the progress bar


def full_scale(number_format):
    """The value that a WAV's full scale (1.0) stands for: 8.0 in Q4.12, so that the 16-bit sample n
    is the integer n."""
    return -number_format.min / number_format.one


def formats(spec):
    """(format of frames that come in, of those that go out) of a NetworkSpec or a Network."""
    if isinstance(spec, Network):
        return spec.in_word, spec.out_word
    return spec.number_format, spec.number_format


def reference_of(model):
    """A fresh reference of a Model or a GraphModel."""
    return GraphReference(model) if isinstance(model.spec, Network) else Reference(model)


def render(model, wave, embedding, progress=False, reference=None):
    """Output channel 0 of `model`, float64 [n], for the float wave [n]; both in the net's values.

    model: a Model or a GraphModel; one of 1 input channel gets the wave alone.
    embedding: (e0, e1), or an array [n, 2] of points. Wave and embedding are rounded to the number
    format; the wave saturates. Histories start at zero; channels 3 and up get zeros. reference: a
    fresh reference_of(model) to use, for who wants its saturations.
    Raises ModelError for an embedding outside the number format, a wave that is not one-dimensional
    or a net of 2 input channels.
    """
    spec = model.spec
    number_format, out_format = formats(spec)
    if spec.in_channels == 2:
        raise ModelError(f"network: {spec.in_channels} input channels; wave, e0 and e1 need 3")
    wave = np.asarray(wave, np.float64)
    if wave.ndim != 1:
        raise ModelError(must_be("wave: shape", "(n)", wave.shape))
    check_embedding(embedding, number_format)
    points = np.broadcast_to(number_format.from_float(embedding), (len(wave), 2))
    reference = reference or reference_of(model)
    result = np.empty(len(wave))
    bar = tqdm(total=len(wave), unit="frame", unit_scale=True, disable=not progress)
    with bar:
        for start in range(0, len(wave), CHUNK):
            here = slice(start, start + CHUNK)
            frames = np.zeros((len(wave[here]), spec.in_channels), np.int64)
            frames[:, 0] = number_format.from_float(wave[here])
            if spec.in_channels > 1:
                frames[:, 1:3] = points[here]
            result[here] = out_format.to_float(reference.run(frames)[:, 0])
            bar.update(len(frames))
    return result


def check_embedding(embedding, number_format):
    """Raise ModelError unless every coordinate is a number in the format's range, [-8, 8) in
    Q4.12."""
    values = np.asarray(embedding, np.float64)
    limit = full_scale(number_format)
    wrong = values[~((values >= -limit) & (values < limit))]
    if wrong.size:
        raise ModelError(f"embedding: must be in [{-limit:g}, {limit:g}), got {wrong[0]:g}")


def to_pcm16(values, number_format):
    """The net's values as 16-bit samples, half to even; exact for words of up to 16 bits."""
    scaled = np.rint(np.asarray(values) * (32768 / full_scale(number_format)))
    return np.clip(scaled, -32768, 32767).astype(np.int16)
