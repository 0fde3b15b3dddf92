# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Names of places on the embedding plane, from a model's meta to registers and firmware."""

import pytest

from models import image
from models.number_format import ModelError
from models.spec import Model
from soc.contract import corners
from tests.support.hdl.nets import random_model
from tests.support.soc.soc_runs import ZOO, zoo_model

WAVES = [{"name": "pulse", "at": [-1, 0.5]}, {"name": "Saw_2", "at": [1, -1], "formula": "t"}]


def model(meta):
    spec = zoo_model().spec
    return Model(spec, random_model(spec, 1).weights, meta)


def test_a_model_tells_its_waves():
    assert model({"waves": WAVES}).corners == {"pulse": (-1, 0.5), "Saw_2": (1, -1)}


@pytest.mark.parametrize("path", sorted(ZOO.parent.glob("*.npz")), ids=lambda path: path.stem)
def test_each_net_of_the_zoo_has_names_at_its_corners(path):
    found = Model.load(path).corners
    assert sorted(found.values()) == [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    if "waves" not in Model.load(path).meta:
        assert list(found) == ["sine", "ramp", "square", "zigzag"]


def test_without_a_training_on_waves_there_are_no_names():
    for meta in ({}, {"data": "recordings, crc 0x12345678; train: a.npz"}, {"waves": []}):
        assert model(meta).corners == {}


def test_corners_of_a_file_go_with_its_image(tmp_path):
    named = model({"waves": WAVES})
    named.save(tmp_path / "named.npz")
    names, crc = image.corners(tmp_path / "named.npz")
    assert names == named.corners and crc == image.crc_of(image.pack(named))


@pytest.mark.parametrize(
    "waves, message",
    [
        ({}, "meta: waves must be a list of at most 8"),
        (WAVES * 5, "meta: waves must be a list of at most 8"),
        (["sine"], "meta: the name of a wave must be a letter and at most 15 letters, digits and"),
        ([{"name": 'a" b', "at": [0, 0]}], "each once, got 'a\" b'"),
        ([{"name": "a" * 17, "at": [0, 0]}], "each once, got 'aaaaaaaaaaaaaaaaa'"),
        ([WAVES[0], WAVES[0]], "each once, got 'pulse'"),
        ([{"name": "a"}], "meta: wave a must lie at two numbers of -1 to 1, got None"),
        ([{"name": "a", "at": [0, 1.5]}], "meta: wave a must lie at two numbers of -1 to 1, got"),
        ([{"name": "a", "at": [0, float("nan")]}], "meta: wave a must lie at two numbers of -1"),
        ([{"name": "a", "at": [0, True]}], "meta: wave a must lie at two numbers of -1 to 1"),
    ],
)
def test_bad_meta_is_one_line(waves, message):
    with pytest.raises(ModelError) as error:
        assert model({"waves": waves}).corners is None
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "bits, frac, words",
    [
        (16, 12, {"a": (-4096, 2048), "b": (1352, 4096)}),
        (8, 7, {"a": (-128, 64), "b": (42, 127)}),
        (18, 15, {"a": (-32768, 16384), "b": (10813, 32767)}),
    ],
)
def test_words_are_rounded_and_saturated_and_go_through_text(bits, frac, words):
    points = {"a": (-1, 0.5), "codec": (0, 0), "b": (0.33, 1)}
    assert corners.to_words(points, bits, frac) == words
    assert corners.parse(corners.constant(words)) == words
    assert corners.parse(corners.constant({})) == {}
