# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The weight map alone: every value of an image's payload at its place, value by value."""

import re
from dataclasses import asdict, fields, replace
from random import Random

import numpy as np
import pytest

from gateware.wavenet.weight_memory import WeightLayout
from models import image
from models.arch.folding import legal_pe, legal_simd
from models.spec import Conv1DSpec, NetworkSpec
from soc.contract.weight_map import LayerMap, WeightMap
from tests.support.hdl.nets import random_model


def random_layer(seed):
    """A layer, the outputs of it that are built, its layout and the base of its window."""
    choose = Random(seed)
    layer = Conv1DSpec(choose.randint(1, 7), choose.randint(1, 9), choose.randint(1, 5))
    built = replace(layer, out_channels=choose.randint(1, layer.out_channels))
    pe, simd = choose.choice(legal_pe(built)), choose.choice(legal_simd(built))
    return layer, built, WeightLayout(built, pe, simd), choose.randrange(4) << 14


def naive_addresses(layer, built, layout, base, bank):
    """Payload: weights output by output, tap by tap, channel by channel; biases; a filler."""
    addresses = []
    fan_in = layer.kernel_size * layer.in_channels
    fold = fan_in // layout.simd
    for output in range(layer.out_channels):
        for flat in range(fan_in):
            lane = output % layout.pe * layout.simd + flat % layout.simd
            row = output // layout.pe * fold + flat // layout.simd
            place = base + lane * 2 ** (layout.row_bits + 1) + bank * 2**layout.row_bits + row
            addresses.append(place if output < built.out_channels else -1)
    lane = layout.pe * layout.simd
    for output in range(layer.out_channels):
        place = base + lane * 2 ** (layout.row_bits + 1) + bank * 2**layout.row_bits + output
        addresses.append(place if output < built.out_channels else -1)
    return addresses + [-1] * (len(addresses) % 2)


@pytest.mark.parametrize("seed", range(40))
def test_every_value_of_a_layer_has_its_place(seed):
    layer, built, layout, base = random_layer(seed)
    made = LayerMap.of(layer, built, layout, base)
    for bank in range(2):
        wanted = naive_addresses(layer, built, layout, base, bank)
        assert made.addresses(bank).tolist() == wanted, f"seed {seed}: {made}"
    assert made.padding == (layer.out_channels * (layer.kernel_size * layer.in_channels + 1)) % 2


@pytest.mark.parametrize("seed", range(5))
def test_layers_follow_each_other_as_in_the_payload(seed):
    """As many words as models/image.py packs, and zeros where a value only fills up a word."""
    layers = [random_layer(10 * seed + i)[0] for i in range(3)]
    chain = [layers[0]]
    for layer in layers[1:]:
        chain.append(replace(layer, in_channels=chain[-1].out_channels))
    maps = [
        LayerMap.of(layer, layer, WeightLayout(layer, 1, 1), index << 14)
        for index, layer in enumerate(chain)
    ]
    whole = WeightMap(maps)
    assert whole.addresses(1).tolist() == sum((m.addresses(1).tolist() for m in maps), [])
    assert ((whole.addresses(0) == -1) == whole.padding).all()
    model = random_model(NetworkSpec(chain), seed)
    packed = np.frombuffer(image.pack(model), "<i2")
    payload = packed[-2 * whole.payload_words - 2 : -2]  # the CRC is behind it
    values = [
        [*np.transpose(kernel, (2, 0, 1)).ravel(), *bias] + [0] * (layer.padding)
        for (kernel, bias), layer in zip(model.weights, maps)
    ]
    assert payload.tolist() == [int(value) for layer in values for value in layer]


def test_text_header_and_back():
    maps = []
    for seed in range(3):
        layer, built, layout, base = random_layer(seed)
        maps.append(LayerMap.of(layer, built, layout, base))
    made = WeightMap(maps)
    assert WeightMap.parse(str(made)).layers == made.layers
    assert (
        made.header().startswith("#define LAYERS ") and made.header().count("\n") == len(maps) + 1
    )
    rows = re.findall(r"\{ (\.[^{}]*) \},", made.header())
    named = [dict(re.findall(r"\.(\w+) = (-?\d+)", row)) for row in rows]
    assert named == [
        {name: str(number) for name, number in asdict(layer).items()} for layer in maps
    ]


WHOLE = " ".join(f"{field.name}=1" for field in fields(LayerMap))


@pytest.mark.parametrize(
    "text",
    ["", "1 2 3", "pe=1;simd=2", WHOLE + " lanes=1", WHOLE.replace("pe=1", "pe=a"), WHOLE + ";"],
)
def test_a_text_that_is_no_map_is_refused(text):
    with pytest.raises(ValueError):
        WeightMap.parse(text)
    backwards = " ".join(reversed(WHOLE.split()))  # by name, not by position
    assert WeightMap.parse(backwards).layers == (LayerMap(*[1] * len(fields(LayerMap))),)


def test_a_layout_that_is_not_linear_is_refused():
    class Shuffled(WeightLayout):
        def weight(self, output, flat):
            lane, row = super().weight(output, flat)
            return lane, row ^ (output > 2)

    layer = Conv1DSpec(2, 4, 2)
    with pytest.raises(ValueError, match="is not linear in its digits$"):
        LayerMap.of(layer, layer, Shuffled(layer, 1, 1), 0)
