# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Recordings of a core wave and 1 to 3 targets, from the WAV and .npz files of a folder.

A file is as `python3 -m soc capture` or a data logger writes it (docs/data.md): one burst or many,
any rate, full scale standing for the number format's (8.0 in Q4.12). The first channel is the core
wave. What a channel is the target of comes from the file, or from labels.json beside it.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models import npz
from models.files import FileError, read_text
from models.number_format import ModelError
from models.sound import wav

SUFFIXES = (".npz", *wav.FORMATS)
LABELS = "labels.json"
LABELS_BYTES = 1 << 20
MOST_CHANNELS = 32
RECORDING_BYTES = 2 * wav.MOST_VALUES  # as many samples of 16 bits
MOST_BURSTS = 1 << 16
ANY = "*"  # in LABELS: every file that is not named
TARGETS_MOST = 3


@dataclass(frozen=True)
class Recording:
    """bursts: [float64 [n, channels]] in [-1, 1], without gaps inside; rate: Hz;
    points: per burst {column: (e0, e1)}, what the targets are to be learnt for."""

    name: str
    bursts: list
    rate: float
    channels: tuple
    points: list

    @property
    def places(self):
        """What all it is about: a frozenset of (e0, e1)."""
        return frozenset(point for points in self.points for point in points.values())


# Files --------------------------------------------------------------------------------------------


def read(path):
    """The Recording in a WAV or .npz file. Raises ModelError."""
    path = Path(path)
    try:
        frames, said = (_read_npz if path.suffix == ".npz" else _read_wav)(path)
        channels = tuple(map(str, said["channels"]))
        targets = {name: (float(e0), float(e1)) for name, e0, e1 in said["targets"]}
        _check_starts(said["starts"], len(frames))
        if not targets:  # A channel beside the core wave, and the SoC's embedding of each burst.
            points = [
                {1: (float(e0), float(e1))} if np.isfinite([e0, e1]).all() else {}
                for e0, e1 in said["embedding"]
            ]
        else:
            columns = {channels.index(name): point for name, point in targets.items()}
            points = [columns] * len(said["starts"])
        rate = float(said["sample_rate"])
        bursts = np.split(frames, said["starts"][1:])
        if len(points) != len(bursts):
            raise ValueError(f"{len(points)} embeddings for {len(bursts)} bursts")
    except ModelError:
        raise
    except FileError as error:
        raise ModelError(str(error)) from error
    except (KeyError, ValueError, TypeError, IndexError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"{path}: no recording that can be read: {reason}") from error
    if frames.ndim != 2 or frames.shape[1] < 2 or not np.isfinite(frames).all() or not len(frames):
        raise ModelError(
            f"{path}: frames must be numbers [n, at least 2], the core wave and a target, got the "
            f"shape {frames.shape}"
        )
    try:
        wav.check_length(path, *frames.shape, rate)
    except FileError as error:
        raise ModelError(str(error)) from error
    if len(channels) != frames.shape[1]:
        raise ModelError(
            f"{path}: {len(channels)} names of channels for {frames.shape[1]} channels"
        )
    return Recording(path.name, bursts, rate, channels, points)


def _check_starts(starts, count):
    """Raises ValueError unless bursts begin at 0 and follow each other within `count` frames."""
    if not 1 <= len(starts) <= MOST_BURSTS:
        raise ValueError(f"must have 1 to {MOST_BURSTS} bursts, got {len(starts)}")
    starts = np.asarray(starts)
    if starts.ndim != 1 or starts.dtype.kind not in "iu":
        raise ValueError("starts of bursts must be integers")
    if starts[0] != 0 or (np.diff(starts.astype(float)) <= 0).any() or starts[-1] >= max(count, 1):
        raise ValueError(f"bursts must begin at 0, ascend, and end within {count} frames")


def _described(frames, rate, said):
    """What a capture says of itself; a file that says nothing is one burst without labels."""
    bursts = len(said.get("starts", [0]))
    return frames, {
        "sample_rate": rate,
        "channels": [f"in{index}" for index in range(frames.shape[1])],
        "starts": [0],
        "embedding": [(np.nan, np.nan)] * bursts,
        "targets": [],
    } | said


def _read_npz(path):
    said = npz.read(path, RECORDING_BYTES)
    frames = said.pop("frames")
    if frames.dtype.kind == "i":
        frames = frames / -float(np.iinfo(frames.dtype).min)
    said["targets"] = npz.read_json(said.get("targets", "[]"))
    return _described(np.asarray(frames, np.float64), said["sample_rate"], said)


def _read_wav(path):
    sound = wav.read_sound(path, MOST_CHANNELS)
    frames, rate = sound.values, sound.rate
    try:
        said = json.loads(sound.comment)
        starts = range(0, len(frames), said.pop("burst"))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):  # Any other comment.
        return _described(frames, rate, {})
    _check_starts(starts, len(frames))
    changes = {burst: point for burst, *point in said["embedding"]}
    embedding = [changes.get(0)]
    for burst in range(1, len(starts)):
        embedding.append(changes.get(burst, embedding[-1]))
    said |= {"starts": starts, "embedding": np.array(embedding, float)}
    return _described(frames, rate, said)


def recording_paths(folder):
    """The files of a folder that are recordings, at least one, by name. Raises ModelError."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such folder")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise ModelError(f"{folder}: no recording in it: {', '.join(SUFFIXES)}")
    return paths


def read_folder(folder):
    """All recordings of a folder, by name, labelled. Raises ModelError."""
    folder = Path(folder)
    paths = recording_paths(folder)
    labels = _labels(folder / LABELS)
    found = []
    for path in paths:
        recording = read(path)
        named = labels.get(path.name, labels.get(ANY))
        if named is not None:
            recording = _labelled(recording, named, folder / LABELS)
        counts = {len(points) for points in recording.points}
        if not (min(counts) >= 1 and max(counts) <= TARGETS_MOST):
            raise ModelError(
                f"{path}: {min(counts)} targets are labelled; 1 to {TARGETS_MOST} are needed: in "
                f"{LABELS}, or when it is captured (--target)"
            )
        found.append(recording)
    return found


def _labels(path):
    """{file name or ANY: {channel: [e0, e1]}} of labels.json, {} where there is none."""
    if not path.exists():
        return {}
    try:
        labels = json.loads(read_text(path, LABELS_BYTES))
        return {
            name: {channel: (float(e0), float(e1)) for channel, (e0, e1) in points.items()}
            for name, points in labels.items()
        }
    except FileError as error:
        raise ModelError(str(error)) from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(
            f'{path}: not labels, which are {{"take1.wav": {{"in1": [-1, 1]}}, "{ANY}": ...}}'
        ) from error


def _labelled(recording, named, path):
    for channel in named:
        if channel not in recording.channels[1:]:
            raise ModelError(
                f"{path}: {recording.name} has no target {channel!r}; there are: "
                f"{', '.join(recording.channels[1:])}"
            )
    points = {recording.channels.index(channel): point for channel, point in named.items()}
    points = [points] * len(recording.bursts)
    return Recording(recording.name, recording.bursts, recording.rate, recording.channels, points)
