# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Training data from the recordings of a folder, checked, and split by recording.

Like the synthetic waves of waves.py: a core wave and an embedding go in, a target is to come out.
"""

import zlib

import numpy as np

from models.number_format import ModelError
from models.recordings import faults
from models.recordings.files import Recording, read_folder
from models.sound import wav
from models.sound.errors import esr_db
from models.sound.render import full_scale

SAME_RATE = 0.005  # rates that differ by less are taken for the same
EDGE = 64  # samples that resampling spoils at a burst's ends
SHARE = 10  # one in so many recordings is for validation, and as many for the test
SPLITS = ("train", "validation", "test")


class Recordings:
    """The recordings of `folder` for a net of `spec`, resampled to its rate where it is another.

    notes  : what is wrong with them, a line each; nothing but silent channels is left out
    names  : {split: file names}; of the recordings of the same embeddings one in SHARE each, and at
             least one, is for validation and for the test, chosen by `seed`
    places : the embeddings (e0, e1) in them

    Raises ModelError for files that cannot be read, and unless there are 3 recordings of each.
    """

    esr_definition = (
        "ESR = sum((output-target)^2) / sum(target^2) in dB over the test's recordings of each "
        "embedding, after the receptive field has filled; output channel 0"
    )

    def __init__(self, folder, spec, seed=0):
        self.folder, self.spec = folder, spec
        if spec.in_channels < 3:
            raise ModelError(f"network: {spec.in_channels} input channels; wave, e0 and e1 need 3")
        found, self.notes = check(read_folder(folder))
        if not found:
            raise ModelError(f"{folder}: no recording is left: {self.notes[0]}")
        divided = split(found, np.random.default_rng(seed))
        self.names = {name: [recording.name for recording in divided[name]] for name in SPLITS}
        self.spans = {name: self._spans(divided[name]) for name in SPLITS}
        self.places = sorted(self.spans["train"])
        listed = (f"{name}: {', '.join(self.names[name])}" for name in SPLITS)
        heard = [words for spans in self.spans["train"].values() for words, _ in spans]
        peak = max(np.abs(words[:, 0]).max() for words in heard)
        self.facts = {"trained": {"level": float(peak / spec.number_format.one)}}
        self.description = f"recordings, crc 0x{self._crc():08x}; {'; '.join(listed)}"

    def _spans(self, found):
        """{(e0, e1): [(words int64 [n, in_channels], target float64 [n])]} of bursts."""
        number_format, spans = self.spec.number_format, {}
        scale = full_scale(number_format)
        for recording in found:
            for burst, points in zip(recording.bursts, recording.points, strict=True):
                values = self._at_rate(burst, recording.rate) * scale
                for column, point in points.items():
                    inputs = np.zeros((len(values), self.spec.in_channels))
                    inputs[:, 0] = values[:, 0]
                    inputs[:, 1:3] = point
                    span = number_format.from_float(inputs), values[:, column]
                    spans.setdefault(point, []).append(span)
        return spans

    def _at_rate(self, burst, rate):
        wanted = self.spec.sample_rate
        if abs(rate / wanted - 1) < SAME_RATE:
            return burst
        return wav.resample(self.folder, burst, rate, wanted)[EDGE:-EDGE]

    def _crc(self):
        """CRC-32 of all words and targets: files of the same names may hold something else."""
        crc = 0
        for name in SPLITS:
            for _, spans in sorted(self.spans[name].items()):
                for words, target in spans:
                    crc = zlib.crc32(target.tobytes(), zlib.crc32(words.tobytes(), crc))
        return crc

    def check_count(self, count):
        """Raises ModelError unless each split has `count` samples in a row of each embedding."""
        for name in SPLITS:
            for place, spans in self.spans[name].items():
                longest = max(len(target) for _, target in spans)
                if longest < count:
                    history = self.spec.receptive_field - 1
                    raise ModelError(
                        f"{self.folder}: the longest burst of embedding {place[0]:g} {place[1]:g} "
                        f"for {name} has {longest} samples at {self.spec.sample_rate} Hz; {count} "
                        f"are needed: {history} of history and {count - history} outputs"
                    )

    def batch(self, rng, size, count):
        """`size` random examples of `count` samples out of "train": the embedding with equal
        chance, then a place of its recordings.

        Returns (inputs int64 [size, count, in_channels], targets float64 [size, count]), as
        waves.random_examples does.
        """
        return self._examples("train", count, rng.random((size, 2)))

    def windows(self, rng, size, ages):
        """`size` single outputs of examples as `batch` has them, with the frames `ages` before:
        as windows.random_windows."""
        inputs, targets = self.batch(rng, size, 1 + int(ages.max()))
        return inputs[:, -1 - ages], targets[:, -1], np.ones(size)

    def fixed(self, size, count, name="validation"):
        """About `size` examples of a split, always the same ones: as many of each embedding, spread
        evenly over its recordings."""
        places = len(self.spans[name])
        each = -(-size // places)
        draws = [
            ((place + 0.5) / places, (index + 0.5) / each)
            for place in range(places)
            for index in range(each)
        ]
        return self._examples(name, count, np.array(draws))

    def _examples(self, name, count, draws):
        """draws: [size, 2] in [0, 1): which embedding, which place."""
        spans = self.spans[name]
        places = sorted(spans)
        starts = {  # Of examples in the bursts laid end to end.
            place: np.cumsum([0, *(max(len(target) - count + 1, 0) for _, target in spans[place])])
            for place in places
        }
        inputs, targets = [], []
        for which, where in draws:
            place = places[int(which * len(places))]
            start = int(where * starts[place][-1])
            index = np.searchsorted(starts[place], start, side="right") - 1
            words, target = spans[place][index]
            part = slice(start - starts[place][index], start - starts[place][index] + count)
            inputs.append(words[part])
            targets.append(target[part])
        return np.array(inputs), np.array(targets)

    def esr(self, net):
        """{"e0 e1": ESR in dB, to 0.01} over the test's recordings, see esr_definition; net: a
        function int64 [n, in] -> float [n] that starts with zero histories at each call."""
        skipped, result = self.spec.receptive_field - 1, {}
        for place, spans in sorted(self.spans["test"].items()):
            outputs = [net(words)[skipped:] for words, _ in spans]
            targets = [target[skipped:] for _, target in spans]
            esr = esr_db(np.concatenate(outputs), np.concatenate(targets))
            result[f"{place[0]:g} {place[1]:g}"] = round(esr, 2)
        return result


def split(found, rng):
    """{name of SPLITS: recordings}. Raises ModelError."""
    groups = {}
    for recording in found:
        groups.setdefault(tuple(sorted(recording.places)), []).append(recording)
    divided = {name: [] for name in SPLITS}
    for places, group in sorted(groups.items()):
        if len(group) < len(SPLITS):
            said = ", ".join(f"{e0:g} {e1:g}" for e0, e1 in places)
            raise ModelError(
                f"{len(group)} recordings of the embeddings {said}; at least 3 are needed, one "
                f"each for {', '.join(SPLITS)}: {', '.join(recording.name for recording in group)}"
            )
        share = -(-len(group) // SHARE)
        order = rng.permutation(len(group))
        parts = (order[2 * share :], order[:share], order[share : 2 * share])
        for name, part in zip(SPLITS, parts, strict=True):
            divided[name] += [group[index] for index in sorted(part)]
    return divided


def check(found):
    """(the recordings and targets that can be used, what is wrong, a line each)."""
    kept, lines = [], []
    for recording in found:
        name, channels = recording.name, recording.channels
        said = faults.describe(f"{name}: {channels[0]}, the core wave,", recording.bursts, 0)
        if faults.is_silent(f"{name}: {channels[0]}, the core wave,", said):
            lines.append(f"{said[0]}: left out")
            continue
        lines += said
        points = [dict(burst) for burst in recording.points]
        for column in sorted({column for burst in points for column in burst}):
            said = faults.describe(f"{name}: {channels[column]}", recording.bursts, column)
            if faults.is_silent(f"{name}: {channels[column]}", said):
                said = [f"{said[0]}: left out"]
                for burst in points:
                    burst.pop(column, None)
            elif faults.mirrors_core(recording.bursts, column):
                said.append(f"{name}: {channels[column]} is the core wave upside down: inverted?")
            lines += said
        if any(points):
            kept.append(Recording(name, recording.bursts, recording.rate, channels, points))
    return kept, lines + _inverted(kept)


def _inverted(found):
    """A line for each target that is upside down against others of the same embedding."""
    same = {}
    for recording in found:
        for column in sorted({column for points in recording.points for column in points}):
            for point in sorted(
                {points[column] for points in recording.points if column in points}
            ):
                bursts = [
                    burst
                    for burst, points in zip(recording.bursts, recording.points, strict=True)
                    if points.get(column) == point
                ]
                name = f"{recording.name}: {recording.channels[column]}"
                same.setdefault(point, []).append((name, faults.signature(bursts, column)))
    lines = []
    for (e0, e1), channels in sorted(same.items()):
        names, signatures = zip(*channels, strict=True)
        for name, turned in zip(names, faults.inverted(signatures), strict=True):
            if turned:
                lines.append(f"{name} is inverted against the others of embedding {e0:g} {e1:g}")
    return lines
