# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Paths of the embedding: points in time to words per frame."""

import numpy as np
import pytest

from models.files import FileError
from models.number_format import NumberFormat
from models.sound.embedding_path import read, words
from models.spec import ModelError
from tests.support.hdl.glides import line, rate_of

RATE = 48_000
Q = NumberFormat()


def test_it_stays_before_and_after_and_jumps():
    points = read(["0.001:1,-1", "0.002:1,-1", "0.002:0.5,0.25", "0.003:-1,1"])
    found = words(points, 200, RATE, Q)
    assert found.shape == (200, 2) and found.dtype == np.int64
    assert (found[:96] == [4096, -4096]).all()
    assert found[96].tolist() == [2048, 1024]
    assert (found[144:] == [-4096, 4096]).all()
    steps = np.diff(found[96:145], axis=0)
    assert (steps[:, 0] <= 0).all() and (steps[:, 1] >= 0).all() and steps.any(axis=1).all()


def test_the_way_is_the_glide_of_the_soc():
    points = read(["0:-1,0.5", "0.01:0.7,-0.3"])
    found = words(points, 1000, RATE, Q)
    for channel, (start, end) in enumerate(zip(Q.from_float((-1, 0.5)), Q.from_float((0.7, -0.3)))):
        wanted = line(int(start), [int(end)] * 480, rate_of(480))
        assert len(wanted) == 480
        assert found[:, channel].tolist() == wanted + [end] * 520


def test_a_way_of_minutes_arrives_in_time():
    """Longer than the SoC's glide can be: straight to the word."""
    points = read(["0:0,0", "60:1,-1"])
    found = words(points, 60 * RATE, RATE, Q)
    assert abs(found[30 * RATE] - [2048, -2048]).max() <= 1
    assert found[-1].tolist() == [4095, -4096]


def test_what_is_beyond_the_sound_does_not_count():
    points = read(["0:0,0", "1:1,1", "2:-1,-1"])
    assert words(points, RATE // 2, RATE, Q)[-1].tolist() in ([2047, 2047], [2048, 2048])
    assert (words(read(["5:1,1"]), 10, RATE, Q) == 4096).all()
    assert words(points, 0, RATE, Q).shape == (0, 2)


def test_a_csv_file(tmp_path):
    path = tmp_path / "path.csv"
    path.write_text("time,e0,e1\n0, 1, -1  # here\n\n# a comment\n2.5,-1,1\n")
    assert read([str(path)]) == [(0, 1, -1), (2.5, -1, 1)]


@pytest.mark.parametrize(
    "texts, message",
    [
        (["0:1"], "--path: a point must be TIME:E0,E1 "),
        (["0:1,x"], "--path: a point must be TIME:E0,E1 "),
        (["a:1,1"], "--path: a point must be TIME:E0,E1 "),
        (["-1:1,1"], "--path: the time must be 0 s or later, got -1 s"),
        (["nan:1,1"], "--path: the time must be 0 s or later, got nan s"),
        (["1:1,1", "0.5:1,1"], "--path: 0.5 s after 1 s; times must ascend"),
        (["none.csv"], "none.csv: no such file"),
    ],
)
def test_what_is_refused(texts, message):
    with pytest.raises((ModelError, FileError)) as caught:
        read(texts)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


def test_an_empty_file(tmp_path):
    (tmp_path / "a.csv").write_text("time,e0,e1\n")
    with pytest.raises(ModelError, match="a.csv: must have a point, TIME:E0,E1 .*, got none"):
        read([str(tmp_path / "a.csv")])
