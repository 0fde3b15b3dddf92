# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Recordings alone: what is written is what is read, whole or not at all."""

import json

import numpy as np
import pytest
import soundfile

from models.files import FileError
from soc.host.recording import COMMENT_MOST, Recording, check_path


def recording(embedding, bursts):
    frames = np.arange(-8, 8, dtype=np.int16).reshape(8, 2)
    return Recording(
        frames, np.arange(bursts) * (8 // bursts), np.zeros(bursts), embedding, ("in0", "in1"), 1e3
    )


def test_the_embedding_in_a_wav_changes_with_the_bursts(tmp_path):
    points = np.array([[0.5, np.nan], [0.5, np.nan], [0.5, 1.0], [0.5, np.nan]])
    recording(points, 4).save(tmp_path / "a.wav")
    with soundfile.SoundFile(tmp_path / "a.wav") as file:
        said = json.loads(file.comment)
    assert said["embedding"] == [[0, 0.5, None], [2, 0.5, 1.0], [3, 0.5, None]]
    assert said["burst"] == 2


def test_a_comment_that_a_wav_cannot_hold(tmp_path):
    bursts = COMMENT_MOST // 8
    points = np.random.default_rng(1).random((bursts, 2))
    many = recording(points, 1)
    many = Recording(many.frames, np.arange(bursts), points[:, 0], points, many.channels, 1e3)
    with pytest.raises(FileError, match="the embedding changed too often"):
        many.save(tmp_path / "a.wav")
    assert list(tmp_path.iterdir()) == []
    many.save(tmp_path / "a.npz")


def test_a_comment_as_long_as_it_may_be_is_kept(tmp_path):
    one = recording(np.zeros((1, 2)), 1)
    length = COMMENT_MOST - 160
    long = Recording(*list(vars(one).values())[:4], ("x" * length, "y"), 1e3)
    long.save(tmp_path / "a.wav")
    with soundfile.SoundFile(tmp_path / "a.wav") as file:
        assert len(file.comment) > COMMENT_MOST - 100
        assert json.loads(file.comment)["channels"] == ["x" * length, "y"]


def random_recording(seed, bursts=5, length=7, last=4):
    rng = np.random.default_rng(seed)
    count = (bursts - 1) * length + last
    return Recording(
        frames=rng.integers(-(2**15), 2**15, (count, 3)).astype(np.int16),
        starts=np.arange(bursts) * length,
        first=rng.integers(0, 2**32, bursts),
        embedding=np.where(rng.random((bursts, 2)) < 0.3, np.nan, rng.random((bursts, 2))),
        channels=("in0", "in2", "out0"),
        sample_rate=191_998.25,
        targets=(("out0", 0.5, -1.0),),
    )


@pytest.mark.parametrize("seed", range(3))
def test_every_field_of_an_npz(tmp_path, seed):
    one = random_recording(seed)
    one.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        for name in ("frames", "starts", "first", "embedding", "sample_rate"):
            np.testing.assert_array_equal(file[name], getattr(one, name))
        assert file["frames"].dtype == np.int16
        assert tuple(file["channels"].tolist()) == one.channels
        assert json.loads(str(file["targets"])) == [list(target) for target in one.targets]


@pytest.mark.parametrize("seed", range(3))
def test_every_word_and_the_comment_of_a_wav(tmp_path, seed):
    one = random_recording(seed)
    one.save(tmp_path / "a.wav")
    with soundfile.SoundFile(tmp_path / "a.wav") as file:
        assert (file.samplerate, file.subtype) == (191_998, "PCM_16")
        np.testing.assert_array_equal(file.read(dtype="int16"), one.frames)
        said = json.loads(file.comment)
    assert (said["sample_rate"], said["burst"]) == (one.sample_rate, 7)
    assert (said["channels"], said["targets"]) == (list(one.channels), [["out0", 0.5, -1.0]])
    points = [[None if np.isnan(v) else v for v in row] for row in one.embedding.tolist()]
    assert said["embedding"] == [
        [burst, *point]
        for burst, point in enumerate(points)
        if burst == 0 or point != points[burst - 1]
    ]


def test_one_burst_is_as_long_as_it_is(tmp_path):
    random_recording(0, bursts=1, last=9).save(tmp_path / "a.wav")
    with soundfile.SoundFile(tmp_path / "a.wav") as file:
        assert json.loads(file.comment)["burst"] == 9


@pytest.mark.parametrize("suffix", [".npz", ".wav"])
def test_what_cannot_be_written_leaves_nothing(tmp_path, suffix):
    with pytest.raises(FileError):
        random_recording(0).save(tmp_path / "missing" / f"a{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.mp3", "a", "a.WAV.txt", ".npz"])
def test_other_suffixes_are_refused(tmp_path, name):
    with pytest.raises(FileError, match="a recording is .npz or .wav$"):
        check_path(tmp_path / name)
    with pytest.raises(FileError, match="a recording is .npz or .wav$"):
        random_recording(0).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
