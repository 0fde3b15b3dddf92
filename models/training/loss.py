# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a training makes small."""

import tensorflow as tf

FRAMES = (32, 128, 512)  # samples of an STFT's frames, a quarter of which is the hop


def mean_squared(output, target):
    return tf.reduce_mean((output - target) ** 2)


def slope(output, target):
    """Mean squared error of the steps from sample to sample; [batch, time] each."""
    return mean_squared(output[:, 1:] - output[:, :-1], target[:, 1:] - target[:, :-1])


def spectral(output, target):
    """Multi-resolution STFT distance: the mean, over the resolutions in FRAMES that fit, of the
    magnitudes' mean squared difference, Hann windows of mean square 1. Signals [batch, time].

    Source: Yamamoto, Song, Kim: Parallel WaveGAN (2020), section 2.2; squared and without its
    logarithm, so that it weighs like mean_squared().
    """
    distances = []
    for length in FRAMES:
        if length <= output.shape[1]:
            a, b = (tf.abs(tf.signal.stft(x, length, length // 4) + 1e-7) for x in (output, target))
            distances.append(mean_squared(a, b) * 8 / 3 / length)
    return tf.add_n(distances) / len(distances)


def mix(recipe):
    """A function (output, target), [batch, time] each, of a Recipe's loss."""

    def loss(output, target):
        total = mean_squared(output, target)
        if recipe.slope:
            total += recipe.slope * slope(output, target)
        if recipe.spectral:
            total += recipe.spectral * spectral(output, target)
        return total

    return loss
