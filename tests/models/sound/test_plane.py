# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Waves of one's own: formulas are read, never run; each wave has its place on the plane."""

import json

import numpy as np
import pytest

from models.sound import formula, plane
from models.sound.plane import STANDARD, Plane, Wave
from models.spec import Conv1DSpec, Model, ModelError, NetworkSpec
from tests.support.hdl.nets import random_model

PHASES = np.arange(1000) / 1000
COUNTS = range(2, 9)


def plane_of(count):
    return Plane([Wave(f"w{i}", f"sin(2*pi*t)*{i + 1}/9") for i in range(count)])


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("t", PHASES),
        ("-1 + 2*t", 2 * PHASES - 1),
        ("1 if t < 0.25 else -1/3", np.where(PHASES < 0.25, 1, -1 / 3)),
        ("(t >= 0.5) - (t < 0.5)", np.where(PHASES < 0.5, -1.0, 1.0)),
        ("sin(2*pi*t)**2 % 0.3", np.sin(2 * np.pi * PHASES) ** 2 % 0.3),
        ("clip(3*tri(t), -1, 1)", np.clip(3 - 12 * np.abs(PHASES - 0.5), -1, 1)),
        ("max(cos(2*pi*t), min(0, tri(t)))",
         np.maximum(np.cos(2 * np.pi * PHASES), np.minimum(0, 1 - 4 * np.abs(PHASES - 0.5)))),
        ("1", np.ones(1000)),
    ],
)  # fmt: skip
def test_formulas(text, wanted):
    np.testing.assert_allclose(formula.evaluate(text, PHASES), wanted, rtol=0, atol=1e-14)


def test_fold_turns_back_at_its_ends():
    np.testing.assert_allclose(
        formula.fold(np.array([-3, -2, -1.5, 0, 1, 1.25, 3, 4.5])),
        [1, 0, -0.5, 0, 1, 0.75, -1, 0.5],
    )


MADE_OF = f"must be made of {formula.ALLOWED}"


@pytest.mark.parametrize(
    "text, reason",
    [
        ("__import__('os').system('id')", f"{MADE_OF}, got __import__('os').system('id')"),
        ("foo(t)", f"{MADE_OF}, got foo"),
        ("x", f"{MADE_OF}, got x"),
        ("t.real", f"{MADE_OF}, got t.real"),
        ("'a'", f"{MADE_OF}, got 'a'"),
        ("True", f"{MADE_OF}, got True"),
        ("1j", f"{MADE_OF}, got 1j"),
        ("[t][0]", f"{MADE_OF}, got [t][0]"),
        ("lambda: t", f"{MADE_OF}, got lambda: t"),
        ("t < 0.2 < 1", f"{MADE_OF}, got t < 0.2 < 1"),
        ("sin(t, t)", "sin takes 1 values, got 2"),
        ("sin(x=t)", f"{MADE_OF}, got sin"),
        ("1 if t", MADE_OF),
        ("", MADE_OF),
        ("t\0", MADE_OF),
    ],
)
def test_what_is_no_formula_is_refused_in_one_line(text, reason):
    with pytest.raises(ModelError) as caught:
        Wave("mine", text)
    assert str(caught.value).startswith(f"wave mine: formula {text!r}: {reason}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text, reason",
    [
        ("1/t", "must be finite, got inf at t = 0"),
        ("sqrt(0.5 - t)", "must be finite, got nan at t = 0.5"),
        ("9**9**9**9", "must be finite, got inf at t = 0"),
        ("1e400", "must be finite, got inf at t = 0"),
        ("3*t", "must stay within -2 to 2, got a peak of 3"),
        ("t*0", "is silent; an RMS of at least 0.01 is needed"),
        (
            "t" * 301,
            "formula: must have at most 300 characters, got tttttttttttttttttttttttttttttt",
        ),
    ],
)
def test_waves_that_no_net_can_make(text, reason):
    with pytest.raises(ModelError) as caught:
        Wave("mine", text)
    assert str(caught.value).startswith(f"wave mine: {reason}")


@pytest.mark.parametrize("name", ["", "a b", "1st", "x" * 17, "a=b", "ä", None, ["x"]])
def test_names(name):
    with pytest.raises(ModelError, match="a name must be a letter and at most 15"):
        Wave(name, "t")


def test_a_period_is_joined_by_straight_lines_and_closed():
    wave = Wave("mine", period=(0, 32768, 0, -32768))
    np.testing.assert_allclose(wave(np.array([0, 0.125, 0.25, 0.5, 0.875, 0.9375])),
                               [0, 0.5, 1, 0, -0.5, -0.25])  # fmt: skip
    assert np.isfinite(wave(np.nextafter(1, 0)))


@pytest.mark.parametrize("count", [0, 1, 9])
def test_two_to_eight_waves(count):
    with pytest.raises(ModelError, match=f"^waves must be 2 to 8, got {count}$"):
        plane_of(count)


def test_names_differ():
    with pytest.raises(ModelError, match="^waves: two are called a; each needs a name of its own$"):
        Plane([Wave("a", "t"), Wave("b", "t"), Wave("a", "t")])


@pytest.mark.parametrize("count", COUNTS)
def test_a_wave_is_alone_at_its_place_and_power_is_constant(count):
    there = plane_of(count)
    for index, (name, at) in enumerate(there.corners.items()):
        alone = np.eye(count)[index]
        np.testing.assert_allclose(there.gains_at(np.array(at)), alone, atol=1e-12)
        assert there.corner(name).embedding == at
        np.testing.assert_allclose(there.corner(name).gains, alone)
        assert max(map(abs, at)) == 1
    points = np.random.default_rng(1).uniform(-1, 1, (500, 2))
    np.testing.assert_allclose(np.sum(there.gains_at(points) ** 2, axis=-1), 1)
    assert there.gains_at(points).min() >= 0
    if count > 2:
        np.testing.assert_allclose(there.gains_at(np.zeros(2)), 1 / np.sqrt(count))


@pytest.mark.parametrize("count", COUNTS)
def test_the_target_has_no_step_anywhere(count):
    there, line = plane_of(count), np.linspace(-1, 1, 401)
    gains = there.gains_at(np.stack(np.meshgrid(line, line), axis=-1))
    assert max(np.abs(np.diff(gains, axis=axis)).max() for axis in (0, 1)) < 0.02


@pytest.mark.parametrize("count", COUNTS)
def test_edges_fade_between_neighbours_and_meet_the_inside(count):
    there = plane_of(count)
    assert len(there.edges) == (1 if count == 2 else count)
    for a, b in there.edges:
        first, second = there.names.index(a), there.names.index(b)
        for share in (0.0, 0.3, 0.5, 1.0):
            place = there.edge(a, b, share)
            wanted = np.zeros(count)
            wanted[first], wanted[second] = np.sin(np.pi / 2 * np.array([share, 1 - share]))
            np.testing.assert_allclose(place.gains, wanted)
            np.testing.assert_allclose(there.inside(*place.embedding).gains, wanted, atol=1e-9)


@pytest.mark.parametrize("count", COUNTS)
def test_the_walk_goes_round_the_border_past_all_waves(count):
    there = plane_of(count)
    points = there.walk(np.linspace(0, count, 1601))
    np.testing.assert_allclose(np.abs(points).max(axis=1), 1)
    np.testing.assert_allclose(there.walk(np.arange(count + 1.0)), [*there.at, there.at[0]])
    assert np.abs(np.diff(points, axis=0)).max() < 0.01


def test_with_two_waves_only_e0_counts():
    there = plane_of(2)
    assert there.corners == {"w0": (-1, -1), "w1": (1, -1)}
    np.testing.assert_allclose(there.inside(0.3, -0.7).gains, there.inside(0.3, 0.9).gains)


def test_a_file_tells_its_waves():
    model = random_model(NetworkSpec([Conv1DSpec(3, 1)]), seed=0)
    assert plane.of_model(model) is STANDARD
    for one in (
        STANDARD,
        Plane([Wave("a", "t"), Wave("b", period=(0, 9000, -9000)), Wave("c", "tri(t)")]),
    ):
        meta = json.loads(json.dumps({"waves": one.to_meta()}))
        assert plane.of_model(Model(model.spec, model.weights, meta)) == one
    assert STANDARD.to_meta()[1] == {"name": "ramp", "at": [-1.0, 1.0], "formula": "2*t-1"}


@pytest.mark.parametrize(
    "told, reason",
    [
        (7, "meta: waves must be a list of name, at, and formula or period"),
        ([7, 8], "meta: waves must be a list of name, at, and formula or period"),
        ([], "waves must be 2 to 8, got 0"),
        ([{"name": "a"}, {"name": "b"}], "wave a: formula '': must be made of t, pi"),
        ([{"name": "a", "formula": 3}], "wave a: formula: must have at most 300 characters"),
        ([{"name": "a", "formula": "t"}, {"name": "b", "formula": "t"}],
         r"meta: wave a must lie at \[-1.0, -1.0\], got None"),
        ([{"name": "a", "period": [1.5]}], "meta: a period must be at most 2048 integers"),
        ([{"name": "a", "period": [10**9]}], "meta: a period must be at most 2048 integers"),
        ([{"name": "a", "period": [9999] * 2049}], "meta: a period must be at most 2048 integers"),
    ],
)  # fmt: skip
def test_a_file_that_tells_nonsense_is_refused(told, reason):
    spec = NetworkSpec([Conv1DSpec(3, 1)])
    model = Model(spec, random_model(spec, seed=0).weights, {"waves": told})
    with pytest.raises(ModelError, match=f"^{reason}"):
        plane.of_model(model)
