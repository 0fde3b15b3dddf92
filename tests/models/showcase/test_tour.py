# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The demo's tour: its lengths, its target, the error it states."""

import numpy as np
import pytest

from models.showcase.tour import PITCH, STOPS, Tour
from models.spec import Conv1DSpec, ModelError, NetworkSpec
from tests.support.hdl.nets import random_model

RATE = 48_000
MODEL = random_model(NetworkSpec([Conv1DSpec(3, 1, 4, 8)], sample_rate=RATE), seed=0)


def test_the_tour_visits_the_corners_and_an_edge_for_at_least_100_ms():
    tour = Tour(MODEL, RATE)
    assert tour.embeddings == [(-1, -1), (-1, 1), (1, 1), (1, -1), (1, 0)]
    assert len(STOPS) * tour.each >= 0.1 * RATE
    assert len(tour.input) >= len(STOPS) * tour.each
    assert tour.input[0] == 0 and np.abs(tour.input).max() <= 1.0


def test_the_error_is_that_of_the_settled_part_against_the_wave_of_each_stop():
    tour = Tour(MODEL, RATE)
    spans = [(i * tour.each, (i + 1) * tour.each) for i in range(len(STOPS))]
    target = tour.target(spans)
    # The square lags by half its smoothing: up for the first half of a period, then down.
    start, stop = spans[2]
    phase = (0.25 + PITCH / RATE * np.arange(start, stop)) % 1.0
    flat = (phase % 0.5) > 0.1
    assert np.array_equal(target[start:stop][flat], np.where(phase < 0.5, 1.0, -1.0)[flat])
    output = target.copy()
    for start, _ in spans:
        output[start : start + MODEL.spec.receptive_field] = 7.0
    assert tour.errors(output, spans) == [-np.inf] * len(STOPS)
    late = [(100, spans[0][1]), *spans[1:]]
    assert np.isnan(tour.target(late)[:100]).all()
    assert np.array_equal(tour.target(late)[100:], target[100:])
    assert tour.errors(output, late)[1:] == [-np.inf] * (len(STOPS) - 1)
    assert tour.errors(1.1 * target, spans)[0] < tour.errors(1.2 * target, spans)[0]


def test_a_recording_is_played_at_full_level_and_cut():
    recording = np.random.default_rng(0).normal(size=4 * RATE) * 0.01
    tour = Tour(MODEL, RATE, recording=recording)
    assert len(tour.input) == 2 * RATE and np.abs(tour.input).max() == 1.0
    assert tour.errors(tour.input, [(0, 1)] * len(STOPS)) == [None] * len(STOPS)
    assert len(Tour(MODEL, RATE, 0.5, recording).input) == RATE // 2
    assert not Tour(MODEL, RATE, recording=np.zeros(RATE)).input.any()


def test_a_tour_too_short_for_the_net_is_refused():
    message = r"^tour: must be at least 0\.00521 s for this net, got 0\.005 s$"
    with pytest.raises(ModelError, match=message):
        Tour(MODEL, RATE, seconds=0.005)
    with pytest.raises(ModelError, match=r"^tour: must be .*, got 0\.001 s$"):
        Tour(MODEL, RATE, recording=np.ones(48))


def test_a_net_without_an_embedding_is_refused():
    model = random_model(NetworkSpec([Conv1DSpec(2, 1)], sample_rate=RATE), seed=0)
    with pytest.raises(ModelError, match="^network: 2 input channels; wave, e0 and e1 need 3$"):
        Tour(model, RATE)
