# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The pitch of a sound, window by window.

De Cheveigne and Kawahara, "YIN, a fundamental frequency estimator for speech and music", J. Acoust.
Soc. Am. 111 (2002): the period is the first lag at which the sound hardly differs from itself,
against what it differs at all smaller lags.
"""

import numpy as np

RANGE = (20.0, 8000.0)  # Hz, of what is found
WINDOWS = 32  # at most, spread over the sound
PERIODS = 4  # of the lowest pitch in a window
UNLIKE = 0.1  # YIN's threshold: how much of the difference at all lags a period may leave
QUIET = 1e-3  # of the sound's RMS; windows below are silence


def pitches(wave, rate):
    """Pitches in Hz, ascending, float64 [at most WINDOWS], of the windows of `wave` (float [n] at
    `rate` Hz) that have one; within 0.2 % for a steady tone. Noise and silence have none."""
    wave = np.asarray(wave, np.float64)
    size = min(round(PERIODS * rate / RANGE[0]), len(wave))
    if size < 16:
        return np.empty(0)
    count = min(WINDOWS, max(len(wave) // size, 1))
    starts = np.linspace(0, len(wave) - size, count).astype(int)
    least = QUIET * np.sqrt(np.mean(wave**2))
    found = [_pitch(wave[start : start + size], rate, least) for start in starts]
    return np.sort([pitch for pitch in found if pitch is not None])


def pitch_range(wave, rate):
    """(lowest, highest) pitch in Hz of a sound, None where it has none.

    A sixteenth of its windows at either end is left out: there notes may change.
    """
    found = pitches(wave, rate)
    if not len(found):
        return None
    out = len(found) // 16
    return float(found[out]), float(found[-1 - out])


def _pitch(window, rate, least):
    window = window - window.mean()
    if not np.sqrt(np.mean(window**2)) > least:
        return None
    half = len(window) // 2
    difference = _differences(window, half)
    lags = np.arange(1, half)
    mean = np.cumsum(difference[1:half]) / lags
    unlike = np.ones(half)
    np.divide(difference[1:half], mean, out=unlike[1:], where=mean > 0)
    first = max(int(rate / RANGE[1]), 2)
    below = np.flatnonzero(unlike[first:-1] < UNLIKE)
    if not len(below):
        return None
    lag = first + below[0]
    while lag + 1 < half - 1 and unlike[lag + 1] < unlike[lag]:
        lag += 1
    # Many periods later the same difference counts less: from lag to lag twice as far.
    period, times = _lowest(difference, lag), 1
    while 2 * times * period < half - 2:
        times *= 2
        near = round(times * period)
        reach = max(round(0.05 * period), 1)
        span = slice(max(near - reach, 1), min(near + reach + 1, half - 1))
        period = _lowest(difference, span.start + int(np.argmin(difference[span]))) / times
    return rate / period if RANGE[0] <= rate / period <= RANGE[1] else None


def _differences(window, half):
    """sum((x[i] - x[i+lag])^2 for i < half), float64 [half], for lags from 0."""
    size = 1 << (2 * len(window) - 1).bit_length()
    spectrum = np.fft.rfft(window, size)
    first = np.fft.rfft(window[:half], size)
    products = np.fft.irfft(spectrum * first.conj(), size)[:half]
    squares = np.concatenate([[0.0], np.cumsum(window**2)])
    energies = squares[half : 2 * half] - squares[:half]
    return np.maximum(energies[0] + energies - 2 * products, 0)


def _lowest(values, index):
    """Where the parabola through a value and its neighbours is lowest."""
    before, here, after = values[index - 1 : index + 2]
    curve = before - 2 * here + after
    return index + (0.5 * (before - after) / curve if curve > 0 else 0.0)
