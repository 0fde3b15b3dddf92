# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The nets this project knows by name: one table, shapes only."""

from models.spec import Conv1DSpec, ModelError, NetworkSpec


def _wavenet(name, dilations, sample_rate, channels=(4, 16, 16, 4), taps=4):
    """A chain of causal convolutions with ReLU on all but the last."""
    last = len(dilations) - 1
    layers = tuple(
        Conv1DSpec(channels[i], channels[i + 1], taps, dilation, relu=i != last)
        for i, dilation in enumerate(dilations)
    )
    return NetworkSpec(layers, sample_rate=sample_rate, name=name)


def _pair(channels):
    """A po2 pair: 1x1 convolutions that expand to twice the channels and contract again."""
    return (
        Conv1DSpec(channels, 2 * channels, weights="po2"),
        Conv1DSpec(2 * channels, channels, weights="po2"),
    )


def _po2_net(name, dilations, sample_rate):
    """4->8, pair, 8->8, pair, 8->4: convolutions of K=4 taps with po2 pairs between them.

    Parameters: (4*8 + 8*8 + 8*4)*K + 8 + 8 + 4 = 128*K + 20 and 2*(8*16 + 16 + 16*8 + 8) = 560 for
    the pairs; K=4 makes the 1,092 of the published net.
    """
    first, middle, last = dilations
    layers = (
        Conv1DSpec(4, 8, 4, first),
        *_pair(8),
        Conv1DSpec(8, 8, 4, middle),
        *_pair(8),
        Conv1DSpec(8, 4, 4, last, relu=False),
    )
    return NetworkSpec(layers, sample_rate=sample_rate, name=name)


def _reuse_net(name, dilations, sample_rate):
    """The waveshaper with its middle layer run twice: as many parameters, a longer memory."""
    first, middle, last = dilations
    layers = (
        Conv1DSpec(4, 16, 4, first),
        Conv1DSpec(16, 16, 4, middle, repeat=2),
        Conv1DSpec(16, 4, 4, last, relu=False),
    )
    return NetworkSpec(layers, sample_rate=sample_rate, name=name)


def _mcu_net(name, dilations, sample_rate):
    """Convolutions of 4, 4, 4, 8 channels, each followed by a 1x1, then one output: as small a net
    as a microcontroller runs. Wave, e0 and e1 go in: (3*4 + 4*4 + 4*4 + 4*8)*4 + 20 for the
    convolutions, 3*20 + 72 for their 1x1 and 9 for the output are 465 parameters.
    """
    layers, width = [], 3
    for channels, dilation in zip((4, 4, 4, 8), dilations):
        layers += [Conv1DSpec(width, channels, 4, dilation), Conv1DSpec(channels, channels)]
        width = channels
    layers.append(Conv1DSpec(width, 1, relu=False))
    return NetworkSpec(tuple(layers), sample_rate=sample_rate, name=name)


def _wide_net(name, dilations, sample_rate):
    """4->64, four 64->64, a 1x1, 64->1: what an LFE5UM5G-85F computes in 512 cycles per sample.

    A 64->64 layer of K=4 taps is 32 lanes of 512 cycles, its 1x1 layer 8: 139 of 156 multipliers,
    70,912 multiplications per sample, each lane's two banks of weights in one block RAM.
    """
    layers = (
        Conv1DSpec(4, 64, 4, dilations[0]),
        *(Conv1DSpec(64, 64, 4, dilation) for dilation in dilations[1:]),
        Conv1DSpec(64, 64),
        Conv1DSpec(64, 1, 4, relu=False),
    )
    return NetworkSpec(layers, sample_rate=sample_rate, name=name)


TOPOLOGIES = {
    spec.name: spec
    for spec in (
        # Sees 505 samples = 2.6 ms: enough to tell up from down at 192 kHz.
        _wavenet("waveshaper", dilations=(8, 32, 128), sample_rate=192_000),
        # The same for an oscillator's whole range: half as wide again, twice the multiplications.
        _wavenet(
            "oscillator", dilations=(8, 32, 128), sample_rate=192_000, channels=(4, 24, 24, 4)
        ),
        # The published net (matpalm/cached_dilated_causal_convolutions); sees 64 samples.
        _wavenet("original", dilations=(1, 4, 16), sample_rate=192_000),
        # The rate at which it was published.
        _wavenet("original_24k", dilations=(1, 4, 16), sample_rate=24_000),
        # Sees 256 samples.
        _mcu_net("mcu", dilations=(1, 4, 16, 64), sample_rate=48_000),
        # Two thirds of the waveshaper's parameters, 512 of them shifts; sees 505 samples.
        _po2_net("po2", dilations=(8, 32, 128), sample_rate=192_000),
        # Sees 601 samples.
        _reuse_net("reuse", dilations=(8, 32, 128), sample_rate=192_000),
        # 46 times the multiplications of the original, for one voice; sees 517 samples.
        _wide_net("wide", dilations=(1, 2, 8, 32, 128), sample_rate=192_000),
    )
}


def get(name):
    """The NetworkSpec called `name`. Raises ModelError that lists the known names."""
    try:
        return TOPOLOGIES[name]
    except KeyError:
        known = ", ".join(sorted(TOPOLOGIES))
        raise ModelError(f"topology {name!r} is not known; known: {known}") from None
