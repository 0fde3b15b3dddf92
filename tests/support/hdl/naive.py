# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The network's arithmetic in plain Python integers, loop by loop: a second opinion."""


def convolve(layer, fmt, pairs, frames):
    """One layer over `frames`; pairs[t] is the (kernel, bias) that computes frame t."""
    low = 0 if layer.relu else fmt.min
    return [
        [max(low, min(fmt.max, word)) for word in out] for out in sums(layer, fmt, pairs, frames)
    ]


def clipped(layer, fmt, pairs, frames):
    """How many output words saturate: what ReLU takes away does not."""
    words = [word for out in sums(layer, fmt, pairs, frames) for word in out]
    return sum(word > fmt.max or (word < fmt.min and not layer.relu) for word in words)


def sums(layer, fmt, pairs, frames):
    """Rounded, before they are clipped."""
    result = []
    for t in range(len(frames)):
        kernel, bias = pairs[t]
        out = []
        for o in range(layer.out_channels):
            total = int(bias[o]) << fmt.frac
            for tap in range(layer.kernel_size):
                source = t - (layer.kernel_size - 1 - tap) * layer.dilation
                for c in range(layer.in_channels if source >= 0 else 0):
                    total += int(kernel[tap, c, o]) * int(frames[source][c])
            word, rest = divmod(total, 1 << fmt.frac)
            if fmt.rounding == "half_even":
                half = 1 << (fmt.frac - 1)
                word += rest > half or (rest == half and word % 2)
            out.append(word)
        result.append(out)
    return result


def run(models, banks, frames):
    """Outputs of a network whose frame t is computed with models[banks[t]], history kept."""
    spec = models[0].spec
    for index, layer in enumerate(spec.layers):
        pairs = [models[bank].weights[index] for bank in banks]
        frames = convolve(layer, spec.number_format, pairs, frames)
    return frames
