# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Recordings as training data: read as they were written, split, sampled, and found fault with."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from models.number_format import ModelError
from models.recordings import faults
from models.recordings.files import read, read_folder
from models.recordings.takes import SPLITS, Recordings
from models.sound import waves
from models.spec import Conv1DSpec, NetworkSpec
from soc.host.recording import Recording as Taken

RATE = 24_000
SPEC = NetworkSpec((Conv1DSpec(4, 2, kernel_size=5),), sample_rate=RATE, name="small")
NAMES = ("sine", "ramp", "square")  # targets of the channels in1, in2, in3
POINTS = {f"in{index}": waves.CORNERS[name] for index, name in enumerate(NAMES, start=1)}


def take(seed, rate=RATE, count=6000, bursts=1, names=NAMES):
    """Volumes [n, 1 + targets] as a module gives them: the triangle and its targets at 1.0 of 8.0,
    each burst at another pitch."""
    rng, rows = np.random.default_rng(seed), []
    for pitch in np.exp(rng.uniform(*np.log((40.0, 400.0)), bursts)):
        phase = waves.phase(pitch, rate, count + waves.SMOOTHING - 1, rng.random())
        signals = [waves.triangle(phase)[waves.SMOOTHING - 1 :]]
        signals += [waves.smooth(waves.WAVES[name](phase)) for name in names]
        rows.append(np.transpose(signals))
    return np.concatenate(rows) / 8


def write(folder, seeds=range(5), rate=RATE, spoil=lambda index, frames: None, subtype="PCM_24"):
    """WAVs 0.wav ... of a data logger, and labels for all of them."""
    for index, seed in enumerate(seeds):
        frames = take(seed, rate)
        spoil(index, frames)
        soundfile.write(folder / f"{index}.wav", frames, rate, subtype=subtype)
    label(folder, {"*": POINTS})


def label(folder, labels):
    (folder / "labels.json").write_text(json.dumps(labels))


def captured(frames, burst, **changes):
    """What `python3 -m soc capture` writes, of int16 frames."""
    count = len(frames) // burst
    values = dict(
        frames=frames,
        starts=np.arange(count) * burst,
        first=np.arange(count) * 5000,
        embedding=np.full((count, 2), np.nan),
        channels=tuple(f"in{index}" for index in range(frames.shape[1])),
        sample_rate=RATE * 1.0003,
        targets=tuple((name, *point) for name, point in POINTS.items()),
    )
    return Taken(**values | changes)


def words(seed, count=2000, bursts=3):
    return np.rint(take(seed, count=count, bursts=bursts) * 2**15).astype(np.int16)


@pytest.mark.parametrize("suffix", ["npz", "wav"])
def test_what_the_soc_recorded_is_read(tmp_path, suffix):
    """Both kinds of files, from the side that writes them to this one, to the integer."""
    path, frames = tmp_path / f"a.{suffix}", words(1)
    captured(frames, 2000).save(path)
    recording = read(path)
    np.testing.assert_array_equal(np.concatenate(recording.bursts) * 2**15, frames)
    assert [len(burst) for burst in recording.bursts] == [2000] * 3
    assert recording.channels == ("in0", "in1", "in2", "in3")
    assert recording.rate == RATE * 1.0003  # The WAV's header has 24007 Hz.
    assert recording.points == [{1: (-1, -1), 2: (-1, 1), 3: (1, 1)}] * 3


@pytest.mark.parametrize("suffix", ["npz", "wav"])
def test_the_socs_embedding_is_the_label_of_the_first_target(tmp_path, suffix):
    points = np.array([[0.5, -0.25], [0.5, 0.75], [np.nan, 0.0]])
    captured(words(1), 2000, embedding=points, targets=()).save(tmp_path / f"a.{suffix}")
    assert read(tmp_path / f"a.{suffix}").points == [{1: (0.5, -0.25)}, {1: (0.5, 0.75)}, {}]


def windows(frames, count):
    """All [count, channels] parts of frames, by their bytes."""
    return {frames[row : row + count].tobytes() for row in range(len(frames) - count + 1)}


def test_batches_are_parts_of_the_recordings(tmp_path):
    """Of those for training only, of no two bursts at once, labelled, all embeddings in turn; the
    fixed examples are parts of those for validation."""
    for index in range(4):
        captured(words(index, 500), 500).save(tmp_path / f"{index}.npz")
    data = Recordings(tmp_path, SPEC, seed=3)
    assert data.notes == [] and data.places == sorted(POINTS.values())
    assert sorted(sum(data.names.values(), [])) == [f"{index}.npz" for index in range(4)]
    count, rng = 40, np.random.default_rng(0)
    batches = {"train": data.batch(rng, 300, count), "validation": data.fixed(60, count)}
    batches["test"] = data.fixed(60, count, "test")
    for name, (inputs, targets) in batches.items():
        bursts = [
            frames
            for file in data.names[name]
            for frames in np.split(words(int(file[0]), 500).astype(np.int64), 3)
        ]
        seen = {}
        for example, target in zip(inputs, targets, strict=True):
            assert (example[:, 1:3] == example[0, 1:3]).all() and not example[:, 3:].any()
            point = tuple(example[0, 1:3] / 4096)
            seen[point] = seen.get(point, 0) + 1
            column = 1 + list(POINTS.values()).index(point)
            pair = np.stack([example[:, 0], np.rint(target * 4096).astype(np.int64)], axis=1)
            assert any(pair.tobytes() in windows(burst[:, [0, column]], count) for burst in bursts)
            assert not (target * 4096 % 1).any()
        assert len(seen) == 3 and min(seen.values()) > len(inputs) / 5
    again = data.fixed(60, count)
    np.testing.assert_array_equal(again[0], batches["validation"][0])


def test_one_in_ten_recordings_each(tmp_path):
    write(tmp_path, range(21))
    data = Recordings(tmp_path, SPEC)
    assert [len(data.names[name]) for name in SPLITS] == [15, 3, 3]
    assert len({name for names in data.names.values() for name in names}) == 21
    again = Recordings(tmp_path, SPEC)
    assert (again.names, again.description) == (data.names, data.description)
    frames, _ = soundfile.read(tmp_path / "7.wav")
    soundfile.write(tmp_path / "7.wav", frames[1:], RATE, subtype="PCM_24")
    changed = Recordings(tmp_path, SPEC)  # The same names, but not the same data.
    assert changed.names == data.names and changed.description != data.description
    assert Recordings(tmp_path, SPEC, seed=1).names != data.names


def test_every_embedding_is_in_every_split(tmp_path):
    """Recordings of one target each are split apart from those of another."""
    for index in range(6):
        soundfile.write(tmp_path / f"{index}.wav", take(index)[:, :2], RATE)
    label(tmp_path, {"*": {"in1": [-1, -1]}, "1.wav": {"in1": [1, 1]}, "4.wav": {"in1": [1, 1]}})
    with pytest.raises(ModelError, match="2 recordings of the embeddings 1 1; at least 3 .* 1.wav"):
        Recordings(tmp_path, SPEC)
    files = {f"{index}.wav": {"in1": [1, 1]} for index in (1, 4, 5)}
    label(tmp_path, {"*": {"in1": [-1, -1]}, **files})
    data = Recordings(tmp_path, SPEC)
    for name in SPLITS:
        assert len(data.names[name]) == 2 and len(data.spans[name]) == 2


def test_another_rate_is_resampled(tmp_path):
    """To what the same waves are at the net's rate, but for the ends; 0.03 % off is no other."""
    write(tmp_path, rate=96_000)
    data = Recordings(tmp_path, SPEC)
    for inputs, target in data.spans["train"][(-1, -1)]:
        core = inputs[:, 0] / 4096
        assert len(target) == 6000 // 4 - 128
        # The targets of take() lag by 4.5 samples of 96 kHz; a sine of a triangle is its sine.
        lag = np.gradient(target) * 4.5 / 4
        error = target + lag - np.sin(np.pi / 2 * core)
        assert 10 * np.log10(np.mean(error**2) / np.mean(target**2)) < -45


# Faults -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [24_000, 48_000, 192_000])
def test_good_recordings_have_no_faults(tmp_path, rate):
    write(tmp_path, range(12), rate, subtype="PCM_16")
    assert Recordings(tmp_path, replace(SPEC, sample_rate=rate)).notes == []


def clip(index, frames):
    if index == 2:
        frames[:, 0] = np.clip(frames[:, 0] * 10, -1, 1 - 2**-15)


def noise(index, frames):
    if index == 1:
        frames[:, 2] += np.random.default_rng(1).normal(0, 0.004, len(frames))


def invert(index, frames):
    if index in (1, 3):
        frames[:, 2] *= -1


def invert_the_core(index, frames):
    if index == 4:
        frames[:, 0] *= -1


def turn_the_sine(index, frames):
    frames[:, 1] *= -1


def mute(index, frames):
    if index == 0:
        frames[:, 3] *= 0.001
    if index == 2:
        frames[:, 0] = 0


@pytest.mark.parametrize(
    "spoil, notes",
    [
        (
            clip,
            [r"2.wav: in0, the core wave, is clipped: 20\.\d% of its samples are at full scale"],
        ),
        (noise, [r"1.wav: in2 is noisy: -2[45] dB of its level; expected below -40"]),
        (
            invert,
            [
                "1.wav: in2 is inverted against the others of embedding -1 1",
                "3.wav: in2 is inverted against the others of embedding -1 1",
            ],
        ),
        (
            invert_the_core,
            ["4.wav: in1 is the core wave upside down: inverted?"]
            + [
                f"4.wav: in{column} is inverted against the others of embedding {point}"
                for column, point in ((1, "-1 -1"), (2, "-1 1"), (3, "1 1"))
            ],
        ),
        (
            turn_the_sine,
            [f"{index}.wav: in1 is the core wave upside down: inverted?" for index in range(5)],
        ),
    ],
)
def test_faults_are_told_in_a_line_each(tmp_path, spoil, notes):
    write(tmp_path, spoil=spoil)
    found = Recordings(tmp_path, SPEC).notes
    assert len(found) == len(notes), found
    for line, pattern in zip(found, notes):
        assert re.fullmatch(pattern, line) or line == pattern


def test_what_is_silent_is_left_out(tmp_path):
    write(tmp_path, range(9), spoil=mute)
    label(tmp_path, {"*": POINTS, **{f"{n}.wav": dict(list(POINTS.items())[:2]) for n in (5, 6)}})
    data = Recordings(tmp_path, SPEC)
    assert data.notes == [
        "0.wav: in3 is silent: left out",
        "2.wav: in0, the core wave, is silent: left out",
    ]
    assert sorted(sum(data.names.values(), [])) == [f"{n}.wav" for n in (0, 1, 3, 4, 5, 6, 7, 8)]


@pytest.mark.parametrize("level_db", [-60, -50, -35, -20])
@pytest.mark.parametrize("name", NAMES)
def test_the_noise_is_measured(name, level_db):
    """To 3 dB, whatever wave it is under."""
    signal = take(3, names=(name,))[:, 1]
    level = 10 ** (level_db / 20) * np.sqrt(np.mean(signal**2))
    noisy = signal + np.random.default_rng(2).normal(0, level, len(signal))
    assert abs(faults.noise_db([noisy]) - level_db) < 3
    assert faults.noise_db([signal]) < -65


# What cannot be used ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels, message",
    [
        (None, r"0.wav: 0 targets are labelled; 1 to 3 are needed: in labels.json, or when"),
        ({"1.wav": POINTS}, r"0.wav: 0 targets are labelled"),
        ({"*": {"in0": [0, 0]}}, r"0.wav has no target 'in0'; there are: in1, in2, in3"),
        ({"*": {"in4": [0, 0]}}, r"0.wav has no target 'in4'"),
        ({"*": {"in1": [0]}}, r"labels.json: not labels, which are"),
        ({"*": {"in1": ["x", 0]}}, r"labels.json: not labels"),
        ([], r"labels.json: not labels"),
        ("{", r"labels.json: not labels"),
    ],
)
def test_bad_labels(tmp_path, labels, message):
    write(tmp_path, range(1))
    (tmp_path / "labels.json").unlink()
    if labels is not None:
        text = labels if isinstance(labels, str) else json.dumps(labels)
        (tmp_path / "labels.json").write_text(text)
    with pytest.raises(ModelError, match=message) as error:
        read_folder(tmp_path)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    "arrays, message",
    [
        (dict(sample_rate=RATE), "no recording that can be read: 'frames"),
        (dict(frames=np.zeros((9, 2), np.int16)), "no recording that can be read: 'sample_rate'"),
        (
            dict(frames=np.zeros((9, 1), np.int16), sample_rate=RATE),
            r"frames must be .* got the shape \(9, 1\)",
        ),
        (dict(frames=np.zeros(9, np.int16), sample_rate=RATE), "no recording that can be read"),
        (
            dict(frames=np.full((9, 2), np.nan), sample_rate=RATE),
            r"frames must be .* got the shape \(9, 2\)",
        ),
        (
            dict(frames=np.zeros((9, 2), np.int16), sample_rate=0),
            "the sample rate must be 1000 to 10000000 Hz, got 0",
        ),
        (
            dict(frames=np.array([[None, 1]]), sample_rate=RATE),
            "must hold plain arrays, got pickled",
        ),
        (
            dict(frames=np.zeros((9, 2)), sample_rate=RATE, channels=["a"]),
            "1 names of channels for 2",
        ),
    ],
)
def test_bad_npz(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ModelError, match=message) as error:
        read(tmp_path / "a.npz")
    assert len(str(error.value).splitlines()) == 1


def test_no_files(tmp_path):
    with pytest.raises(ModelError, match="none: no such folder"):
        Recordings(tmp_path / "none", SPEC)
    with pytest.raises(ModelError, match="no recording in it: .npz, .wav, .flac, .aiff, .aif"):
        Recordings(tmp_path, SPEC)
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(
        ModelError, match="a.wav: must be WAV, FLAC or AIFF .*, got another kind of file"
    ):
        Recordings(tmp_path, SPEC)


def test_bursts_that_are_too_short(tmp_path):
    for index in range(3):
        captured(words(index, 100), 100).save(tmp_path / f"{index}.npz")
    data = Recordings(tmp_path, SPEC)
    data.check_count(100)
    with pytest.raises(
        ModelError, match="has 100 samples at 24000 Hz; 101 are needed: 4 of history"
    ):
        data.check_count(101)


def test_a_net_that_is_too_narrow(tmp_path):
    write(tmp_path)
    with pytest.raises(ModelError, match="2 input channels; wave, e0 and e1 need 3"):
        Recordings(tmp_path, NetworkSpec((Conv1DSpec(2, 1),)))


def test_the_error_of_a_net(tmp_path):
    """Of the test's recordings alone; of what is right nothing is left, of silence all."""
    write(tmp_path)
    data = Recordings(tmp_path, SPEC)
    spans = {
        words.tobytes(): target for spans in data.spans["test"].values() for words, target in spans
    }
    assert data.esr(lambda words: spans[words.tobytes()]) == dict.fromkeys(
        ("-1 -1", "-1 1", "1 1"), -np.inf
    )
    silent = data.esr(lambda words: np.zeros(len(words)))
    assert silent == dict.fromkeys(("-1 -1", "-1 1", "1 1"), 0.0)
