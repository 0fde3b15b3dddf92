# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Errors that an ear hears and the error-to-signal ratio does not tell: spectra and aliases."""

import numpy as np

STFT_SECONDS = (0.010, 0.021, 0.043)  # windows of 2048, 4096, 8192 samples at 192 kHz
FLOOR = 1e-4  # of the loudest bin: what is 80 dB below it counts as silent
AUDIBLE = 20_000.0  # Hz
ALIAS_PITCH = 1000.0  # Hz, about


def stft_distance(output, target, sample_rate):
    """(spectral convergence, mean log-magnitude distance in dB) over three resolutions.

    Spectral convergence is |T - O| / |T|, Frobenius norms of STFT magnitudes; the log-magnitude
    distance is the mean of |20 log10(T/O)|, magnitudes not below FLOOR of the loudest of T. Hann
    windows, hop of a quarter. After Yamamoto, Song, Kim, "Parallel WaveGAN", ICASSP 2020. The
    arrays are float [n], n at least the longest window, about 45 ms.
    """
    distances = []
    for seconds in STFT_SECONDS:
        length = 2 ** round(np.log2(seconds * sample_rate))
        got, wanted = (_magnitudes(signal, length) for signal in (output, target))
        convergence = np.linalg.norm(wanted - got) / np.linalg.norm(wanted)
        floor = FLOOR * wanted.max()
        ratio = np.maximum(wanted, floor) / np.maximum(got, floor)
        distances.append((convergence, np.mean(np.abs(20 * np.log10(ratio)))))
    return tuple(map(float, np.mean(distances, axis=0)))


def _magnitudes(signal, length):
    windows = np.lib.stride_tricks.sliding_window_view(signal, length)[:: length // 4]
    return np.abs(np.fft.rfft(windows * np.hanning(length)))


def alias_tone(sample_rate, pitch=ALIAS_PITCH):
    """(samples, periods): a window that holds a prime number of whole periods near `pitch` Hz.

    The window's length is a power of two, so an alias of any harmonic falls on a bin of its own,
    never on a harmonic in the audible band.
    """
    count = 2 ** round(np.log2(0.34 * sample_rate))
    wanted = pitch * count / sample_rate
    primes = [n for n in range(3, int(2 * wanted)) if all(n % d for d in range(2, int(n**0.5) + 1))]
    return count, min(primes, key=lambda prime: abs(prime - wanted))


def band_limited_triangle(count, periods):
    """The triangle over `count` samples without harmonics at or above half the sample rate."""
    phase = np.arange(count) * periods % count / count
    harmonics = range(1, -(-count // (2 * periods)), 2)
    return -8 / np.pi**2 * sum(np.cos(2 * np.pi * k * phase) / k**2 for k in harmonics)


def alias_to_signal_db(net, spec, sample_rate, at=(-1, -1), pitch=ALIAS_PITCH):
    """Energy between the harmonics over energy of the harmonics, up to 20 kHz without DC, in dB, at
    the embedding `at` for a triangle near `pitch` Hz, when the net is clocked at `sample_rate` Hz.

    net: float or integer words [n, in] -> values [n]. The triangle has no alias of its own; it is
    not rounded to words here, so a net in floats shows its aliases alone, and one that takes only
    integers must round (alias_words).
    """
    count, periods = alias_tone(sample_rate, pitch)
    lead = spec.receptive_field - 1
    wave = np.concatenate([wave := band_limited_triangle(count, periods), wave])[-lead - count :]
    inputs = np.zeros((len(wave), spec.in_channels))
    inputs[:, 0] = wave
    inputs[:, 1:3] = at
    return ratio_db(net(inputs * spec.number_format.one)[lead:], periods, sample_rate)


def ratio_db(values, periods, sample_rate):
    """The ratio of `alias_to_signal_db` for [n] values that hold `periods` whole periods; inf when
    the harmonics are silent."""
    count = len(values)
    energy = np.abs(np.fft.rfft(values)) ** 2
    energy = energy[: int(AUDIBLE * count / sample_rate) + 1]
    energy[0] = 0.0
    harmonics = energy[::periods].sum()
    energy[::periods] = 0.0
    if not harmonics:
        return np.inf  # a net that is silent: nothing to compare with
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(energy.sum() / harmonics))
