# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The integer reference: streaming, vectorised, plain Python, fxpmath and hand sums agree."""

import numpy as np
import pytest
from fxpmath import Fxp
from hypothesis import given, settings
from hypothesis import strategies as st

from models import reference
from models.reference import Reference, exact_dtype
from models.spec import Conv1DSpec, Model, ModelError, NetworkSpec, NumberFormat
from tests.support.hdl import naive
from tests.support.hdl.nets import random_frames, random_model

Q4_12 = NumberFormat()
FORMATS = (
    NumberFormat(16, 12, "half_even"),
    NumberFormat(16, 12, "floor"),
    NumberFormat(4, 3, "half_even"),
    NumberFormat(8, 1, "floor"),
    NumberFormat(18, 13, "half_even"),
    NumberFormat(24, 23, "half_even"),
    NumberFormat(24, 20, "floor"),
)


@st.composite
def networks(draw):
    """Networks of 1 to 3 layers, any format, kernels, dilations, ReLUs, some layers repeated."""
    size = st.integers(1, 5)
    channels = [draw(size)]
    layers = []
    for _ in range(draw(st.integers(1, 3))):
        repeat = draw(st.sampled_from([1, 1, 2, 3]))
        channels.append(channels[-1] if repeat > 1 else draw(size))
        shape = draw(st.integers(1, 4)), draw(st.integers(1, 7)), draw(st.booleans())
        layers.append(Conv1DSpec(channels[-2], channels[-1], *shape, repeat=repeat))
    return NetworkSpec(layers, draw(st.sampled_from(FORMATS)))


def one_layer(kernel, bias, relu=False, number_format=Q4_12, dilation=1, repeat=1):
    kernel = np.array(kernel)
    layer = Conv1DSpec(
        kernel.shape[1], kernel.shape[2], kernel.shape[0], dilation, relu, repeat=repeat
    )
    return Reference(Model(NetworkSpec((layer,), number_format), [(kernel, np.array(bias))]))


def unrolled(model):
    """The same net with every repeated layer written out, for `naive.run`."""
    layers, weights = [], []
    for layer, pair in zip(model.spec.layers, model.weights, strict=True):
        once = Conv1DSpec(
            layer.in_channels, layer.out_channels, layer.kernel_size, layer.dilation, layer.relu
        )
        layers += [once] * layer.repeat
        weights += [pair] * layer.repeat
    return Model(NetworkSpec(layers, model.spec.number_format), weights)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(spec=networks(), seed=st.integers(0, 999), scale=st.sampled_from([1.0, 0.3, 0.05]))
def test_streaming_equals_vectorised_equals_plain_python(spec, seed, scale):
    """Scale 1.0 saturates nearly everywhere, 0.05 nearly nowhere."""
    model = random_model(spec, seed, scale)
    frames = random_frames(spec, 40, seed)
    streaming, vectorised = Reference(model), Reference(model)
    wanted = naive.run([unrolled(model)], [0] * len(frames), frames)
    stepped = np.array([streaming.step(frame) for frame in frames])
    assert stepped.tolist() == wanted
    # In pieces, so that histories carry over, and an empty one.
    pieces = [vectorised.run(piece) for piece in np.split(frames, [0, 3, 4, 25])]
    assert np.array_equal(np.concatenate(pieces), stepped)
    assert streaming.saturations == vectorised.saturations
    # Both ways may be mixed, and a reset starts afresh.
    vectorised.reset()
    assert vectorised.saturations == [0] * len(spec.layers)
    mixed = [vectorised.step(frames[0]), *vectorised.run(frames[1:]).tolist()]
    assert np.array_equal(mixed, stepped)


@pytest.mark.parametrize("rounding", ["half_even", "floor"])
def test_long_runs_cross_blocks(rounding):
    spec = NetworkSpec(
        (Conv1DSpec(4, 6, 4, 300), Conv1DSpec(6, 2, 3, 700, relu=False)),
        NumberFormat(16, 12, rounding),
    )
    model = random_model(spec, seed=3, scale=0.2)
    frames = random_frames(spec, 2 * reference.BLOCK + 77, seed=4)
    streaming, vectorised = Reference(model), Reference(model)
    result = vectorised.run(frames)
    assert np.array_equal(result, [streaming.step(frame) for frame in frames])
    assert vectorised.saturations == streaming.saturations and min(vectorised.saturations) > 0
    assert result.dtype == np.int64


@pytest.mark.parametrize(
    "bits, frac, fan_in, kind",
    [(16, 12, 2**20, np.float64), (24, 12, 127, np.float64), (24, 12, 128, np.int64),
     (24, 12, 2**17 - 1, np.int64), (24, 12, 2**17, object)],
)  # fmt: skip
def test_arithmetic_is_chosen_so_that_sums_are_exact(bits, frac, fan_in, kind):
    assert exact_dtype(NumberFormat(bits, frac), fan_in) is kind


@pytest.mark.parametrize("kind", [np.float64, np.int64, object])
@pytest.mark.parametrize("rounding", ["half_even", "floor"])
def test_every_arithmetic_gives_the_same_integers(kind, rounding, monkeypatch):
    """The formats choose one; here each is forced on the same net, within its exact range."""
    spec = NetworkSpec((Conv1DSpec(3, 3, 2, 2, repeat=2),), NumberFormat(16, 12, rounding))
    model, frames = random_model(spec, seed=9), random_frames(spec, 50, seed=9)
    wanted = naive.run([unrolled(model)], [0] * 50, frames)
    monkeypatch.setattr(reference, "exact_dtype", lambda *_: kind)
    assert Reference(model).run(frames).tolist() == wanted
    assert [Reference(model).step(frame).tolist() for frame in frames[:1]] == wanted[:1]


def test_sums_past_53_bits_are_exact():
    """Partial sums pass 2**53 and cancel; what is left, one unit above a tie, decides."""
    number_format = NumberFormat(24, 12)
    top = number_format.max
    kernel = np.array([1, *[top] * 300, *[-top] * 300, 2048])
    frame = np.array([1, *[top] * 600, 1])
    assert 300 * top**2 > 2**53
    net = one_layer(kernel[None, :, None], [0], number_format=number_format)
    assert net.step(frame).tolist() == net.run(frame[None])[0].tolist() == [1]
    frame[0] = 0
    assert net.step(frame).tolist() == net.run(frame[None])[0].tolist() == [0]
    assert net.saturations == [0]


@pytest.mark.parametrize(
    "rounding, wanted",
    # sums in halves of an LSB: -3 -2 -1 0 1 2 3 5
    [("half_even", [-2, -1, 0, 0, 0, 1, 2, 2]), ("floor", [-2, -1, -1, 0, 0, 1, 1, 2])],
)
def test_rounding_of_ties(rounding, wanted):
    net = one_layer([[[2048]]], [0], number_format=NumberFormat(16, 12, rounding))
    frames = np.array([-3, -2, -1, 0, 1, 2, 3, 5])[:, None]
    assert net.run(frames)[:, 0].tolist() == wanted
    net.reset()
    assert [net.step(frame)[0] for frame in frames] == wanted


def test_rounding_next_to_a_tie():
    """One unit of 2**-24 beside the tie decides."""
    net = one_layer([[[1], [2048]]], [0])
    frames = np.array([[-1, 1], [0, 1], [1, 1], [-1, 3], [0, 3], [1, 3], [1, -1], [-1, -1]])
    assert net.run(frames)[:, 0].tolist() == [0, 0, 1, 1, 2, 2, 0, -1]


def test_bias_is_added_before_the_one_rounding():
    net = one_layer([[[2048]]], [7])
    assert net.run(np.array([[1], [3]]))[:, 0].tolist() == [8, 8]  # 7.5 and 8.5, half to even


def test_saturation_counts_what_was_clipped():
    """max is 32767: rounded 32767 is no saturation, 32768 is; a ReLU's zero is none."""
    frames = np.array([[32767], [-32768], [0], [4096]])
    line = one_layer([[[8192]]], [0])
    assert line.run(frames)[:, 0].tolist() == [32767, -32768, 0, 8192]
    assert line.saturations == [2]
    relu = one_layer([[[8192]]], [0], relu=True)
    assert relu.run(frames)[:, 0].tolist() == [32767, 0, 0, 8192]
    assert relu.saturations == [1]
    edge = one_layer([[[4096]]], [0])
    assert edge.run(frames)[:, 0].tolist() == frames[:, 0].tolist()
    assert edge.saturations == [0]
    half = one_layer([[[4096], [2048]]], [0])
    assert half.run(np.array([[32767, 1], [32766, 1]])).tolist() == [[32767], [32766]]
    assert half.saturations == [1]  # 32767.5 rounds to 32768; 32766.5 to 32766


def test_tap_order_and_dilation():
    """An impulse comes out as the kernel, newest tap first, `dilation` samples apart."""
    net = one_layer([[[3]], [[5]], [[7]]], [0], number_format=NumberFormat(16, 1), dilation=2)
    frames = np.zeros((7, 1), int)
    frames[0] = 2
    assert net.run(frames)[:, 0].tolist() == [7, 0, 5, 0, 3, 0, 0]


def test_repeated_layer_has_a_history_for_each_pass():
    net = one_layer([[[2]], [[2]]], [0], number_format=NumberFormat(16, 1), repeat=2)
    frames = np.zeros((4, 1), int)
    frames[0] = 5
    assert net.run(frames)[:, 0].tolist() == [5, 10, 5, 0]  # (1 + z)(1 + z)


def test_floor_is_the_arithmetic_of_the_original_hardware():
    """Its order: sum, bias, clip while wide to [-2**27, 2**27 - 2**12], bits 27..12, ReLU."""
    rng = np.random.default_rng(11)
    number_format = NumberFormat(16, 12, "floor")
    kernel = rng.integers(-9000, 9000, (4, 4, 5))
    bias = rng.integers(-32768, 32768, 5)
    frames = rng.integers(-32768, 32768, (500, 4))
    for relu in (False, True):
        net = one_layer(kernel, bias, relu, number_format)
        history = [np.zeros(4, int)] * 3
        saturated = 0
        for frame in frames:
            history = [*history[-3:], frame]
            accum = sum(history[k] @ kernel[k] for k in range(4)) + (bias << 12)
            assert np.abs(accum).max() < 2**31, "its accumulator would wrap"
            clipped = np.clip(accum, -(2**27), 2**27 - 2**12)
            saturated += np.count_nonzero(clipped != accum)
            word = ((clipped >> 12) & 0xFFFF).astype(np.uint16).view(np.int16)
            wanted = np.where(relu & (word < 0), 0, word)
            assert net.step(frame).tolist() == wanted.tolist()
        assert saturated > 50


@pytest.mark.parametrize("rounding, theirs", [("half_even", "around"), ("floor", "floor")])
def test_equals_fxpmath(rounding, theirs):
    """An independent fixed-point arithmetic: exact products and sums, one resize to Q4.12."""
    rng = np.random.default_rng(7)
    kernel = rng.integers(-6000, 6000, (2, 3, 2))
    kernel[0] &= ~0xFF  # coarse weights and words: sums often lie on a tie
    kernel[1] = rng.choice([2048, -2048, 6144], (3, 2))
    bias = rng.integers(-9000, 9000, 2)
    frames = np.concatenate([rng.integers(-32768, 32768, (40, 3)), rng.integers(-9, 9, (40, 3))])
    net = one_layer(kernel, bias, number_format=NumberFormat(16, 12, rounding), dilation=1)
    result = net.run(frames)

    def wide(value):
        return Fxp(value, signed=True, n_word=44, n_frac=24)

    window = np.concatenate([np.zeros((1, 3), int), frames])
    for t, row in enumerate(result):
        for channel, got in enumerate(row):
            total = wide(int(bias[channel]) / 4096)
            for tap in range(2):
                for i in range(3):
                    weight = Fxp(int(kernel[tap, i, channel]) / 4096, True, 16, 12)
                    word = Fxp(int(window[t + tap, i]) / 4096, True, 16, 12)
                    total = wide(total + weight * word)
            word = Fxp(total, True, 16, 12, rounding=theirs, overflow="saturate")
            assert int(word.val) == got
    assert net.saturations[0] > 0


@pytest.mark.parametrize(
    "method, frames, message",
    [
        ("step", [1, 2], "input: shape must be (3), got (2,)"),
        ("step", [[1, 2, 3]], "input: shape must be (3), got (1, 3)"),
        ("run", [1, 2, 3], "input: shape must be (n, 3), got (3,)"),
        ("run", [[1, 2]], "input: shape must be (n, 3), got (1, 2)"),
        ("run", [[1.0, 2, 3]], "input: must be integers, got float64"),
        ("step", [True, False, True], "input: must be integers, got bool"),
        ("step", [0, 32768, -1], "input: must be -32768 to 32767, got -1 to 32768"),
        ("run", [[0, 3, -32769]], "input: must be -32768 to 32767, got -32769 to 3"),
    ],
)
def test_bad_input(method, frames, message):
    net = one_layer(np.ones((1, 3, 1), int), [0])
    with pytest.raises(ModelError) as caught:
        getattr(net, method)(frames)
    assert str(caught.value) == message
