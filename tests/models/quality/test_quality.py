# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The error-to-signal ratio, and that it is measured where it says."""

from pathlib import Path

import numpy as np
import pytest

from models.quality import evaluation, report
from models.reference import Reference
from models.sound import errors, waves
from models.sound.plane import STANDARD
from models.spec import Model
from models.topologies import get
from tests.support.hdl.nets import random_frames, random_model

SPEC = get("original")
ZOO = Path(__file__).resolve().parents[3] / "models" / "zoo"


def test_esr_of_known_errors():
    target = np.array([3.0, -4.0, 0.0])
    assert errors.esr_db(np.zeros(3), target) == 0.0
    assert errors.esr_db(1.1 * target, target) == pytest.approx(-20)
    assert errors.esr_db(-target, target) == pytest.approx(20 * np.log10(2))
    assert errors.esr_db(target, target) == -np.inf


def test_corner_signals_are_the_corner_at_16_pitches():
    signals = list(errors.corner_signals(SPEC, "square"))
    assert len(signals) == 16
    for inputs, target in signals:
        assert inputs.shape == (63 + 19_200, 4) and target.shape == (19_200,)
        assert np.unique(inputs[:, 1:], axis=0).tolist() == [[4096, 4096, 0]]
        assert np.abs(target).max() == pytest.approx(1)
    peaks = [np.sum(np.diff(np.sign(np.diff(i[63:, 0]))) < 0) for i, _ in signals]
    assert peaks[0] == 3 and peaks[-1] == 100  # 30 Hz and 1000 Hz for 0.1 s


def test_moving_signals_are_the_moments_of_the_places_they_pass():
    """At 20 Hz the embedding moves 0.0006 per sample: each output is nearly that of a place."""
    (inputs, target), *others = errors.moving_signals(SPEC, 20, (100.0, 200.0))
    assert inputs.shape == (63 + 19_200, 4) and target.shape == (19_200,) and len(others) == 1
    points = inputs[:, 1:3] / 4096
    np.testing.assert_allclose(np.hypot(*points.T), 1, atol=0.0002)
    turns = np.unwrap(np.arctan2(points[:, 1], points[:, 0])) / 2 / np.pi
    assert turns[-1] - turns[0] == pytest.approx(20 * (63 + 19_199) / 192_000, abs=0.001)
    for at in (100, 5000, 19_000):
        place = waves.inside(*points[at])
        p = waves.phase(100.0, 192_000, 10, 0.0, first=at - 9)
        wanted = waves.smooth(STANDARD.mix(np.array(place.gains), p))[0]
        assert target[at - 63] == pytest.approx(wanted, abs=0.005)


def test_a_net_that_copies_the_triangle_has_the_esr_of_the_triangle():
    def triangle(inputs):
        return inputs[:, 0] / 4096

    esr = errors.esr_per_corner(triangle, SPEC)
    # Sine against triangle: 1 + (1/3)/(1/2) - 2*(4/pi^2)/(1/2), before the smoothing.
    assert esr["sine"] == pytest.approx(10 * np.log10(1 + 2 / 3 - 16 / np.pi**2), abs=0.3)
    assert list(esr) == list(waves.WAVES)


def test_reference_of_starts_each_call_from_zero_histories():
    model = random_model(SPEC, 1, 0.1)
    frames = random_frames(SPEC, 200, 1)
    net = errors.reference_of(model)
    first = net(frames)
    assert np.array_equal(first, Reference(model).run(frames)[:, 0] / 4096)
    assert np.array_equal(net(frames), first)


def test_float_twin_is_the_net_without_rounding():
    """Against the integers of a net whose weights are on the grid: one rounding apart per layer."""
    model = random_model(SPEC, 2, 0.02)
    latent = [tuple(SPEC.number_format.to_float(a) for a in pair) for pair in model.weights]
    frames = random_frames(SPEC, 300, 2)
    exact = errors.FloatTwin(SPEC, latent)(frames)
    integers = errors.reference_of(model)(frames)
    assert 0 < np.abs(exact - integers).max() < 80 / 4096
    loud = [(50 * kernel, bias) for kernel, bias in latent]
    assert np.abs(errors.FloatTwin(SPEC, loud)(frames)).max() <= 8


def test_the_zoo_says_what_it_measures(zoo):
    """The ESR in the model's meta is what its integers do; outputs without a target are silent."""
    model = Model.load(zoo)
    esr = errors.esr_per_corner(errors.reference_of(model), model.spec)
    assert esr == model.meta["esr_db_integer"]
    assert model.spec == get("waveshaper")
    kernel, bias = model.weights[-1]
    assert not kernel[:, :, 1:].any() and not bias[1:].any()


@pytest.mark.parametrize(
    "name, corners, edges",
    [("waveshaper", -25, -20), pytest.param("wide", -35, -30, marks=pytest.mark.slow)],
)
def test_the_zoo_is_as_good_as_the_project_promises(name, corners, edges):
    """ESR in dB at each corner, and at each quarter of the edges, over the held-out pitches."""
    model = Model.load(ZOO / f"{name}.npz")
    net = errors.reference_of(model)

    def esr(place):
        pairs = list(errors.signals(model.spec, place, evaluation.TRAINED))
        outputs = [net(inputs)[-len(target) :] for inputs, target in pairs]
        return errors.esr_db(np.concatenate(outputs), np.concatenate([y for _, y in pairs]))

    found = {name: esr(waves.corner(name)) for name in waves.WAVES}
    assert max(found.values()) <= corners, found
    quarters = [(*edge, a) for edge in waves.EDGES for a in (0.25, 0.5, 0.75)]
    found = {quarter: esr(waves.edge(*quarter)) for quarter in quarters}
    assert max(found.values()) <= edges, found


def test_an_embedding_at_audio_rate_is_played(zoo):
    """At 2 kHz as well: a net that never saw one move has an error of four times the target."""
    model = Model.load(zoo)
    found = evaluation.circling_esr(errors.reference_of(model), model.spec, STANDARD)
    assert found[20] <= -25 and found[200] <= -16 and found[2000] <= -8, found


@pytest.mark.parametrize("path", sorted(ZOO.glob("*.npz")), ids=lambda path: path.stem)
def test_rounding_costs_next_to_nothing(path):
    assert report.noted_cost(Model.load(path)) <= 0.3


def test_the_zoo_says_where_it_comes_from(zoo):
    meta = Model.load(zoo).meta
    assert meta["command"].startswith("python3 -m models train waveshaper")
    assert meta["seed"] == meta["recipe"]["seed"]
    assert {"python", "numpy", "tensorflow_cpu", "keras", "qkeras-v3"} == set(meta["versions"])
