# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What `fit` pads into a larger topology: the same integers, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from models.fit import fit
from models.reference import Reference
from models.spec import Conv1DSpec, Model, ModelError, NetworkSpec, NumberFormat
from models.topologies import get
from tests.support.hdl.nets import random_frames, random_model

Q = NumberFormat()
SMALL = NetworkSpec((Conv1DSpec(2, 3, 2, 4), Conv1DSpec(3, 2, 2, 6, relu=False)), name="small")


def spec_of(*layers, number_format=Q):
    return NetworkSpec(layers, number_format, name="large")


def plays_the_same(model, spec):
    """The fitted model gives the model's integers, whatever its further inputs are."""
    fitted = fit(model, spec)
    assert fitted.spec.fingerprint == spec.fingerprint
    assert fitted.spec.name == model.spec.name
    frames = random_frames(spec, 200, seed=7)
    outputs = Reference(model).run(frames[:, : model.spec.in_channels])
    assert np.ptp(outputs, axis=0).all()  # else the comparison below says nothing
    padded = Reference(fitted).run(frames)
    np.testing.assert_array_equal(padded[:, : outputs.shape[1]], outputs)
    assert not padded[:, outputs.shape[1] :].any()


@pytest.mark.parametrize(
    "spec",
    [
        SMALL,
        spec_of(Conv1DSpec(4, 8, 2, 4), Conv1DSpec(8, 5, 2, 6, relu=False)),  # channels
        spec_of(Conv1DSpec(2, 3, 4, 4), Conv1DSpec(3, 2, 3, 6, relu=False)),  # older taps
        spec_of(Conv1DSpec(2, 3, 5, 1), Conv1DSpec(3, 2, 3, 3, relu=False)),  # finer dilation
        spec_of(  # 1.0 before, between (ReLU'd values through a ReLU) and behind
            Conv1DSpec(2, 4, relu=False),
            Conv1DSpec(4, 3, 2, 4),
            Conv1DSpec(3, 3, 2, 9),
            Conv1DSpec(3, 2, 2, 6, relu=False),
            Conv1DSpec(2, 2, weights="po2", repeat=2, relu=False),
        ),
    ],
)
def test_fit_is_exact(spec):
    plays_the_same(random_model(SMALL, seed=5, scale=0.3), spec)


def test_the_zoo_sized_net_fits_a_wider_and_deeper_one():
    narrow = random_model(NetworkSpec(get("waveshaper").layers[:1]), 1, 0.2)
    layers = (
        Conv1DSpec(4, 32, 4, 8),
        Conv1DSpec(32, 32, 2, 100),
        Conv1DSpec(32, 16, 4, 128, relu=False),
    )
    plays_the_same(narrow, spec_of(*layers))


def test_repeated_layers_stay_repeated_or_are_spread():
    model = random_model(spec_of(Conv1DSpec(2, 2, 2, 3, repeat=2)), 2, 0.3)
    plays_the_same(model, spec_of(Conv1DSpec(3, 3, 2, 3, repeat=2)))
    plays_the_same(model, spec_of(Conv1DSpec(2, 4, 2, 3), Conv1DSpec(4, 2, 2, 3)))


def test_powers_of_two():
    po2 = spec_of(Conv1DSpec(2, 2, 2, weights="po2"))
    fixed = spec_of(Conv1DSpec(2, 3, 2))
    plays_the_same(random_model(po2, 3), fixed)
    plays_the_same(random_model(po2, 3), spec_of(Conv1DSpec(2, 3, 2, weights="po2")))
    lucky = Model(spec_of(Conv1DSpec(1, 1)), [([[[-2048]]], [3])])
    plays_the_same(lucky, spec_of(Conv1DSpec(1, 2, weights="po2")))
    with pytest.raises(ModelError, match="layer 0: weights must be powers of two"):
        fit(random_model(fixed, 3), spec_of(Conv1DSpec(2, 3, 2, weights="po2")))


@pytest.mark.parametrize(
    "spec, message",
    [
        (
            replace(SMALL, number_format=NumberFormat(16, 11)),
            "number format must be Q5.11 half_even, got Q4.12 half_even",
        ),
        (spec_of(SMALL.layers[0]), "more layers than the topology has"),
        (
            spec_of(Conv1DSpec(2, 2, 2, 4), Conv1DSpec(2, 2, 2, 6, relu=False)),
            "layer 0 in the place of layer 0: out_channels must be at most 2, got 3",
        ),
        (
            spec_of(SMALL.layers[0], replace(SMALL.layers[1], relu=True)),
            "layer 1 in the place of layer 1: relu must be True, got False",
        ),
        (
            spec_of(SMALL.layers[0], replace(SMALL.layers[1], dilation=4)),
            "layer 1 in the place of layer 1: its taps must be among those of kernel_size 2, "
            "dilation 4, got kernel_size 2, dilation 6",
        ),
        (
            spec_of(*SMALL.layers, Conv1DSpec(2, 2)),
            "layer 2 of the topology is in excess: its ReLU would clip",
        ),
        (
            spec_of(*SMALL.layers, Conv1DSpec(2, 1, relu=False)),
            "layer 2 of the topology is in excess: it passes fewer than 2 channels",
        ),
        (
            spec_of(Conv1DSpec(2, 3, 2, 4), Conv1DSpec(3, 3, repeat=2), Conv1DSpec(3, 3)),
            "layer 1 in the place of layer 2: relu must be True, got False",
        ),
    ],
)
def test_what_does_not_fit_is_refused(spec, message):
    with pytest.raises(ModelError) as error:
        fit(random_model(SMALL, seed=5, scale=0.3), spec)
    assert str(error.value) == f"fit: {message}"


def test_a_format_without_one_has_no_layer_in_excess():
    half = NumberFormat(8, 7)
    model = random_model(spec_of(Conv1DSpec(1, 1), number_format=half), 1)
    with pytest.raises(ModelError, match="Q1.7 half_even has no 1.0"):
        fit(model, spec_of(Conv1DSpec(1, 1), Conv1DSpec(1, 1), number_format=half))
