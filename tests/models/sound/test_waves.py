# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The training data against values worked out by hand."""

import numpy as np
import pytest

from models.sound import waves
from models.sound.plane import STANDARD, Place
from models.spec import Conv1DSpec, ModelError, NetworkSpec, NumberFormat
from models.topologies import get

HALF = np.sqrt(0.5)


@pytest.mark.parametrize(
    # phase            0    1/8    1/4    3/8    1/2    5/8    3/4    7/8
    "wave, wanted",
    [
        ("triangle", [-1.0, -0.5, 0.0, 0.5, 1.0, 0.5, 0.0, -0.5]),
        ("sine", [-1.0, -HALF, 0.0, HALF, 1.0, HALF, 0.0, -HALF]),
        ("ramp", [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75]),
        ("square", [1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0]),
        ("zigzag", [1.0, -0.5, 0.0, 0.5, -1.0, 0.5, 0.0, -0.5]),
    ],
)
def test_waves_phase_by_phase(wave, wanted):
    values = getattr(waves, wave)(np.arange(8) / 8)
    np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-15)


def test_zigzag_is_the_triangle_folded_three_times():
    """Driven threefold it is folded at +/-1, so it turns at triangle = +/-1/3 and the ends."""
    turns = (np.array([-1, -1 / 3, 1 / 3, 1]) + 1) / 4  # phases of the rising half
    np.testing.assert_allclose(waves.zigzag(turns), [1, -1, 1, -1], rtol=0, atol=1e-14)


def test_corners_and_edges():
    assert waves.corner("sine") == Place((-1.0, -1.0), (1.0, 0.0, 0.0, 0.0))
    assert waves.corner("ramp") == Place((-1.0, 1.0), (0.0, 1.0, 0.0, 0.0))
    assert waves.corner("square") == Place((1.0, 1.0), (0.0, 0.0, 1.0, 0.0))
    assert waves.corner("zigzag") == Place((1.0, -1.0), (0.0, 0.0, 0.0, 1.0))
    for a, b in waves.EDGES:
        assert np.abs(np.subtract(waves.CORNERS[a], waves.CORNERS[b])).sum() == 2, "neighbours"
    assert sorted(name for edge in waves.EDGES for name in edge) == sorted(2 * list(waves.WAVES))


def test_edge_fades_at_constant_power():
    third = waves.edge("ramp", "square", 1 / 3)  # sin(30 deg) of ramp, sin(60 deg) of square
    np.testing.assert_allclose(third.embedding, [1 / 3, 1.0], atol=1e-15)
    np.testing.assert_allclose(third.gains, [0, 0.5, np.sqrt(3) / 2, 0], atol=1e-15)
    for a in np.linspace(0, 1, 11):
        gains = waves.edge("zigzag", "sine", a).gains
        assert np.sum(np.square(gains)) == pytest.approx(1)
    assert waves.edge("sine", "ramp", 0.0).embedding == waves.corner("ramp").embedding


def test_phase_advances_by_pitch_over_rate_and_wraps():
    p = waves.phase(np.array([100.0, 250.0]), 1000, 12, start=np.array([0.25, 0.0]))
    wanted = [[(0.25 + 0.1 * i) % 1 for i in range(12)], [(0.25 * i) % 1 for i in range(12)]]
    np.testing.assert_allclose(p, wanted, atol=1e-12)
    assert p.min() >= 0 and p.max() < 1


def test_smooth_is_a_causal_average_of_10():
    impulse = np.zeros((2, 40))
    impulse[0, 15] = 1
    result = waves.smooth(impulse)
    assert result.shape == (2, 31)
    # Output i is the average of inputs i .. i+9: of input time i+9 and the nine before.
    np.testing.assert_allclose(result[0], [0.1 if 6 <= i <= 15 else 0 for i in range(31)])
    assert not result[1].any()


@pytest.mark.parametrize("rate", [192_000, 48_000])
def test_example_is_locked_to_its_triangle(rate):
    """Inputs are the wave and the embedding on the grid; the target is smoothed as if the tone
    had always sounded; the sample rate is the net's."""
    spec = NetworkSpec((Conv1DSpec(4, 1),), sample_rate=rate)
    place = waves.edge("ramp", "square", 1 / 3)
    pitch, start, count = 440.0, 0.3, 700
    inputs, target = waves.examples([place], np.array([pitch]), np.array([start]), count, spec)
    assert inputs.shape == (1, count, 4) and inputs.dtype == np.int64
    assert target.shape == (1, count)
    for i in (0, 1, 350, 699):
        p = (start + pitch * i / rate) % 1
        assert inputs[0, i].tolist() == [round(4096 * (1 - 4 * abs(p - 0.5))), 1365, 4096, 0]
        total = 0
        for back in range(10):
            q = (start + pitch * (i - back) / rate) % 1
            total += 0.5 * (2 * q - 1) + np.sqrt(3) / 2 * (1 if q < 0.5 else -1)
        assert target[0, i] == pytest.approx(total / 10, abs=1e-9)


def test_inputs_are_in_the_number_format_of_the_net():
    spec = NetworkSpec((Conv1DSpec(3, 1),), NumberFormat(8, 5))
    inputs, _ = waves.examples(
        [waves.corner("square")], np.array([1000.0]), np.array([0.5]), 9, spec
    )
    assert inputs[0, 0].tolist() == [32, 32, 32]


def test_two_channels_are_not_enough():
    spec = NetworkSpec((Conv1DSpec(2, 1),))
    with pytest.raises(ModelError) as caught:
        waves.examples([waves.corner("sine")], np.array([50.0]), np.array([0.0]), 9, spec)
    assert str(caught.value) == "network: 2 input channels; wave, e0 and e1 need 3"


@pytest.mark.parametrize("edges, inside", [(0.0, 0.0), (0.4, 0.2), (1.0, 0.0), (0.3, 0.7)])
def test_random_places_have_their_shares(edges, inside):
    drawn = STANDARD.random_places(np.random.default_rng(1), 8000, edges, inside)
    places = [
        Place(tuple(point), tuple(gains)) for point, gains in zip(*map(np.ndarray.tolist, drawn))
    ]
    waves_there = np.array([sum(gain > 1e-9 for gain in place.gains) for place in places])
    for kinds, share in ((1, 1 - edges - inside), (2, edges), (4, inside)):
        assert np.mean(waves_there == kinds) == pytest.approx(share, abs=0.02)  # 3.6 sigma
    for name in waves.WAVES:
        wanted = 8000 * (1 - edges - inside) / 4
        assert abs(places.count(waves.corner(name)) - wanted) < 150
    for a, b in waves.EDGES:
        first, second = list(waves.WAVES).index(a), list(waves.WAVES).index(b)
        here = [
            place.gains[first]
            for place, kinds in zip(places, waves_there, strict=True)
            if kinds == 2 and place.gains[first] and place.gains[second]
        ]
        assert abs(len(here) - 8000 * edges / 4) < 150
        if here:
            assert 0.45 < np.mean(np.arcsin(here) / (np.pi / 2)) < 0.55
    points = [p.embedding for p, kinds in zip(places, waves_there, strict=True) if kinds == 4]
    if points:
        np.testing.assert_allclose(np.mean(points, axis=0), 0, atol=0.06)
        assert np.abs(points).max() > 0.95


def test_the_inside_meets_the_edges():
    """On the border `inside` is `edge`; in the middle all four waves are as loud."""
    for a, b in waves.EDGES:
        for share in (0.0, 0.3, 0.5, 1.0):
            wanted = waves.edge(a, b, share)
            place = waves.inside(*wanted.embedding)
            assert place.embedding == wanted.embedding
            np.testing.assert_allclose(place.gains, wanted.gains, atol=1e-12)
    np.testing.assert_allclose(waves.inside(0, 0).gains, 0.5)
    assert np.sum(np.square(waves.inside(0.3, -0.8).gains)) == pytest.approx(1)


def test_random_pitches_are_log_uniform(monkeypatch):
    seen = []
    monkeypatch.setattr(waves, "examples", lambda places, pitch, *rest: seen.extend(pitch))
    waves.random_examples(np.random.default_rng(2), 4000, 8, get("waveshaper"))
    assert 30.3 <= min(seen) < 31 and 970 < max(seen) <= 1000
    below = [np.mean(np.array(seen) < 30 * (1000 / 30) ** q) for q in (0.25, 0.5, 0.75)]
    np.testing.assert_allclose(below, [0.25, 0.5, 0.75], atol=0.03)


def test_no_training_pitch_is_near_a_held_out_one():
    pitches = waves.Pitches(16.0, 4200.0).draw(np.random.default_rng(3), 800_000)
    assert len(waves.HELD_OUT) == 18 and waves.HELD_OUT[3] == pytest.approx(30)
    assert waves.HELD_OUT[-1] == pytest.approx(4000) and waves.HELD_OUT[0] == 16.5
    assert list(waves.HELD_OUT) == sorted(waves.HELD_OUT)
    for held_out in waves.HELD_OUT:
        nearest = np.abs(np.log(pitches / held_out)).min()
        assert np.log(1.01) - 1e-12 <= nearest < np.log(1.0102), "no wider than it says"


def test_pitches_reach_as_far_as_asked_and_weigh_what_they_should():
    pitches = waves.Pitches(16.0, 4200.0, below=0.5, above=0.1)
    drawn = pitches.draw(np.random.default_rng(4), 50_000)
    assert 16 <= drawn.min() < 16.05 and 4190 < drawn.max() <= 4200
    np.testing.assert_array_equal(
        pitches.weights(np.array([16, 29.9, 30, 1000, 1001, 4200])), [0.5, 0.5, 1, 1, 0.1, 0.1]
    )
    weighted = pitches.draw_by_weight(np.random.default_rng(4), 50_000)
    assert len(weighted) == 50_000
    weights = pitches.weights(drawn)
    for low, high in ((16, 30), (30, 1000), (1000, 4200)):
        share = weights[(drawn >= low) & (drawn < high)].sum() / weights.sum()
        assert np.mean((weighted >= low) & (weighted < high)) == pytest.approx(share, abs=0.01)
    beyond = waves.Pitches(beyond=1.1).draw(np.random.default_rng(5), 50_000)
    assert 30 / 1.1 <= beyond.min() < 27.4 and 1095 < beyond.max() <= 1100


def test_random_batches_repeat_with_their_seed():
    spec = get("waveshaper")
    batches = [waves.random_examples(np.random.default_rng(s), 3, 20, spec) for s in (4, 4, 5)]
    assert np.array_equal(batches[0][0], batches[1][0])
    assert np.array_equal(batches[0][1], batches[1][1])
    assert not np.array_equal(batches[0][1], batches[2][1])
