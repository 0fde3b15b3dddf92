# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What is wrong with a recorded channel: silent, clipped, noisy, inverted."""

import numpy as np

FULL_SCALE = 1 - 2**-14  # of a signal in [-1, 1]: the last code or two of 16 bits
SILENT = 1e-3  # rms of full scale, -60 dB
CLIPPED = 1e-3  # share of the samples at full scale
NOISY_DB = -40.0  # noise over signal
ORDER = 6  # of the differences that leave noise alone
SEGMENT = 1024  # samples that the noise is measured in
LEVELS = 8  # of the core wave, each rising and falling, that a target is averaged over
INVERTED = -0.5  # correlation
MIRRORED = -0.9  # correlation of a target with the core wave


def describe(name, bursts, column):
    """The faults of one channel of a recording, each as one line; bursts: list of float [n, c]."""
    signal = np.concatenate([burst[:, column] for burst in bursts])
    if np.sqrt(np.mean(signal**2)) < SILENT:
        return [f"{name} is silent"]
    found = []
    clipped = np.mean(np.abs(signal) >= FULL_SCALE)
    if clipped > CLIPPED:
        found.append(f"{name} is clipped: {clipped:.1%} of its samples are at full scale")
    noise = noise_db([burst[:, column] for burst in bursts])
    if noise > NOISY_DB:
        found.append(f"{name} is noisy: {noise:.0f} dB of its level; expected below {NOISY_DB:g}")
    return found


def is_silent(name, faults):
    return f"{name} is silent" in faults


def noise_db(signals):
    """White noise in tones, in dB of their level; signals: list of float [n].

    A difference of high order leaves next to nothing of tones far below half the sample rate, but
    for their edges, which are few: a low quantile of its size is that of the noise. Segments with
    many edges, of high pitch, tell too much: those that tell least count.
    """
    ratios = []
    level = np.sqrt(np.mean(np.concatenate(signals) ** 2))
    # The quantile 0.25 of |x| for normal x of deviation 1 is 0.3186; the difference of white noise
    # is larger than the noise by the root of the binomials' squares' sum.
    scale = 0.3186 * np.sqrt(np.sum(np.polynomial.polynomial.polypow([1, -1], ORDER) ** 2))
    for signal in signals:
        for start in range(0, max(len(signal) - SEGMENT, 0) + 1, SEGMENT):
            segment = signal[start : start + SEGMENT]
            if len(segment) > 4 * ORDER and np.std(segment) > level / 10:
                ratios.append(np.quantile(np.abs(np.diff(segment, ORDER)), 0.25) / scale / level)
    if not ratios:
        return -np.inf
    with np.errstate(divide="ignore"):
        return float(20 * np.log10(np.quantile(ratios, 0.1)))


def mirrors_core(bursts, column):
    """Whether the target is the core wave (column 0) upside down."""
    core = np.concatenate([burst[:, 0] for burst in bursts])
    target = np.concatenate([burst[:, column] for burst in bursts])
    return bool(np.corrcoef(core, target)[0, 1] < MIRRORED)


def signature(bursts, column):
    """The target's mean over levels of the core wave, rising and falling: [2*LEVELS], norm 1.

    Two recordings of one thing at other pitches have nearly the same; of an inverted one it is the
    negative.
    """
    total, count = np.zeros(2 * LEVELS), np.zeros(2 * LEVELS)
    peak = max(np.abs(burst[:, 0]).max() for burst in bursts)
    for burst in bursts:
        core = burst[:, 0]
        level = np.clip(((core / peak + 1) / 2 * LEVELS).astype(int), 0, LEVELS - 1)
        place = level + LEVELS * (np.gradient(core) >= 0)
        total += np.bincount(place, burst[:, column], 2 * LEVELS)
        count += np.bincount(place, minlength=2 * LEVELS)
    means = total / np.maximum(count, 1)
    return means / max(np.linalg.norm(means), 1e-30)


def inverted(signatures):
    """Which of the recordings of one thing are upside down, the fewer (of as many: the later)."""
    against = [float(np.dot(signatures[0], other)) < INVERTED for other in signatures]
    fewer = sum(against) <= len(against) / 2
    return [turned == fewer for turned in against] if any(against) else [False] * len(against)
