# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What there is to say of a sound on its way through a net: level, pitch, channels."""

from dataclasses import dataclass

import numpy as np

from models.sound.pitch import pitch_range

SILENT = 2.0**-15  # of full scale; a step of 16 bits is no silence
CLIPPED = 1 - 2.0**-15  # of full scale: the largest sample of 16 bits
FAINT = 0.25  # of the trained level: what is lower is worth a word
NEAR = 1.02  # a level or a pitch so little above the trained one is not worth a word


@dataclass(frozen=True)
class Trained:
    """What a net has heard in training: level, the peak of its wave in the net's values; pitch: the
    lowest and the highest in Hz, None where it is not known."""

    level: float
    pitch: tuple[float, float] | None


def trained_range(meta):
    """The Trained of a Model's meta, None where it does not say.

    Training writes meta["trained"] = {"level": 1.0, "pitch_hz": [30, 1000]}. Files from before that
    tell of the synthetic waves, whose triangle has an amplitude of 1.0 and 30 to 1000 Hz, and by
    what factor their recipe went beyond.
    """
    said = meta.get("trained")
    if said is None and str(meta.get("data", "")).startswith("synthetic waves"):
        recipe = meta.get("recipe")
        beyond = recipe.get("beyond", 1.0) if isinstance(recipe, dict) else 1.0
        if not _numbers([beyond], least=1):
            return None
        said = {"level": 1.0, "pitch_hz": [30.0 / beyond, 1000.0 * beyond]}
    if not isinstance(said, dict) or not _numbers([said.get("level")]):
        return None
    pitch = said.get("pitch_hz")
    known = isinstance(pitch, list) and len(pitch) == 2 and _numbers(pitch)
    return Trained(float(said["level"]), tuple(map(float, pitch)) if known else None)


def _numbers(values, least=0.0):
    """Whether all are numbers above 0 and at least `least`: meta may hold anything."""
    kinds = (isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return all(kinds) and all(0 < value < 1e9 and value >= least for value in values)


def describe_channels(path, values, uses):
    """Lines on the channels of a sound, float [n, channels], that may surprise.

    uses: what becomes of channel 1, 2, ..., a text each; those without one are not used.
    """
    peaks = np.abs(values).max(axis=0)
    if peaks[0] < SILENT:
        others = [str(index) for index, peak in enumerate(peaks) if peak >= SILENT]
        if others:
            yield f"{path}: channel 0, the wave, is silent; channel {', '.join(others)} is not"
        else:
            yield f"{path}: is silent"
    for index in range(1, len(peaks)):
        use = uses[index - 1] if index <= len(uses) else "is not used"
        yield f"{path}: channel {index} {use}"


@dataclass(frozen=True)
class Input:
    """wave: float [n] in the net's values, as it is given;  recorded: float [n] as the file has it,
    full scale 1.0;  rate: Hz;  gain: the user's, which is in `wave`;  option: how the user sets it,
    None where that is not possible."""

    wave: np.ndarray
    recorded: np.ndarray
    rate: float
    gain: float = 1.0
    option: str | None = "--gain"


def describe_input(given, number_format, trained=None):
    """Lines on an Input: what it is, and where it leaves what the net has heard in training."""
    peak = float(np.abs(given.wave).max(initial=0))
    clipped = np.count_nonzero(np.abs(given.recorded) >= CLIPPED)
    found = pitch_range(given.wave, given.rate)
    line = f"input: peak {_level(peak)}, {share(clipped, len(given.wave))} clipped"
    if found:
        line += f", pitch {' to '.join(dict.fromkeys(f'{hertz:.0f}' for hertz in found))} Hz"
    yield line
    limit = -number_format.min / number_format.one
    beyond = np.count_nonzero(np.abs(given.wave) > limit)
    if beyond:
        yield f"input: {share(beyond, len(given.wave))} beyond the net's full scale {_level(limit)}"
    if trained is None:
        return
    if peak > NEAR * trained.level or 0 < peak < FAINT * trained.level:
        line = f"input: peak {_level(peak)}, trained on {_level(trained.level)}"
        if given.option and given.gain:
            line += f": try {given.option} {_gain(abs(given.gain) * trained.level / peak)}"
        yield line
    if found and trained.pitch:
        low, high = trained.pitch
        if found[1] > NEAR * high:
            yield f"input: {found[1]:.0f} Hz is above {high:.0f} Hz, the highest trained pitch"
        if found[0] < low / NEAR:
            yield f"input: {found[0]:.0f} Hz is below {low:.0f} Hz, the lowest trained pitch"


def describe_output(values, number_format, saturations=None):
    """A line on what a net has played: float [n] in its values, and its saturations per layer."""
    limit = -number_format.min / number_format.one
    clipped = np.count_nonzero((values <= -limit) | (values >= limit - 1 / number_format.one))
    peak = float(np.abs(values).max(initial=0))
    line = f"output: peak {_level(peak)}, {share(clipped, len(values))} clipped"
    if saturations is not None:
        counts = f" ({', '.join(map(str, saturations))} by layer)" if sum(saturations) else ""
        line += f", saturations {sum(saturations)}{counts}"
    return line


def _level(value):
    """Three digits, and a point: 4.0."""
    text = f"{value:.3g}"
    return text if "." in text or "e" in text else f"{text}.0"


def share(part, whole):
    """As a percentage that is 0 only for none."""
    if not part:
        return "0%"
    percent = 100 * part / max(whole, 1)
    return f"{percent:.1f}%" if percent >= 0.1 else "below 0.1%"


def _gain(factor):
    """Rounded down to two digits, so that the level is not above the trained one again."""
    digits = 10.0 ** (np.floor(np.log10(factor)) - 1)
    return f"{np.floor(factor / digits + 1e-9) * digits:.2g}"
