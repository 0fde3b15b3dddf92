# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The planner finds the best folding there is, keeps to the device and says what is short."""

import functools
import random
from itertools import product

import pytest

from models.arch.devices import DEVICES, Device, get
from models.arch.folding import Folding, LayerFolding, legal_pe, legal_simd
from models.arch.planner import OBJECTIVES, plan
from models.spec import Conv1DSpec, ModelError, NetworkSpec, NumberFormat
from models.topologies import get as topology
from tests.support.calls import calls

ORIGINAL = topology("original")
BIG = NetworkSpec(
    [
        Conv1DSpec(4, 64, 4, 1),
        Conv1DSpec(64, 64, 4, 4),
        Conv1DSpec(64, 64, 4, 16),
        Conv1DSpec(64, 64, 4, 64),
        Conv1DSpec(64, 4, 4, 256, relu=False),
    ]
)


def refusal(*args, **kwargs):
    with pytest.raises(ModelError) as caught:
        plan(*args, **kwargs)
    return str(caught.value)


@pytest.mark.parametrize("cycles, multipliers", [(1024, 3), (512, 4), (256, 6), (128, 12)])
def test_the_original_net_takes_the_fewest_multipliers(cycles, multipliers):
    folding = plan(ORIGINAL, cycles)
    assert folding.multipliers == multipliers
    assert folding.cycles <= cycles


def test_objectives_of_the_original_net():
    """Golden numbers; the simulation of such foldings is held to them in tests/gateware."""
    device = "LFE5UM5G-85F"
    area = plan(ORIGINAL, 256, "area", device)
    assert (str(area), area.cycles, area.latency) == ("1x1 4x1 1x1", 256, 619)
    fastest = plan(ORIGINAL, 256, "latency", device, outputs=1)
    assert (fastest.cycles, fastest.latency, fastest.multipliers) == (16, 86, 112)
    often = plan(ORIGINAL, 256, "throughput", device)
    assert (often.cycles, often.multipliers, often.utilisation) == (16, 96, 1.0)


def test_area_is_the_choice_of_each_layer_alone():
    """Fewest lanes, cycles, block RAMs, then smallest pe, with no device as with a large one."""
    for spec, cycles in ((ORIGINAL, 300), (topology("po2"), 100), (topology("reuse"), 500)):
        for device in (None, "LFE5U-85F"):
            folding = plan(spec, cycles, device=device)
            for fold in folding.layers:
                layer = fold.layer
                options = [
                    LayerFolding(layer, pe, simd)
                    for pe, simd in product(legal_pe(layer), legal_simd(layer))
                ]
                options = [o for o in options if o.cycles <= cycles]
                best = min(options, key=lambda o: (o.lanes, o.cycles, o.block_rams, o.pe))
                assert (fold.pe, fold.simd) == (best.pe, best.simd)


def random_spec(seed):
    choose = random.Random(seed)
    channels = [choose.choice([1, 2, 3, 4, 6, 8]) for _ in range(choose.randint(2, 4))]
    layers = [
        Conv1DSpec(
            a,
            b,
            kernel_size=choose.randint(1, 4),
            dilation=choose.choice([1, 30]),
            weights=choose.choice(["fixed", "fixed", "po2"]),
            repeat=choose.randint(1, 2) if a == b else 1,
        )
        for a, b in zip(channels, channels[1:])
    ]
    return NetworkSpec(layers, choose.choice([NumberFormat(), NumberFormat(20, 14)]))


def every_folding(spec, cycles, device, contexts):
    """All foldings that keep up and fit, the slow way."""
    options = [
        [
            LayerFolding(layer, pe, simd, spec.number_format, contexts)
            for pe, simd in product(legal_pe(layer), legal_simd(layer))
        ]
        for layer in spec.layers
    ]
    for layers in product(*options):
        folding = Folding(spec, layers, cycles, contexts)
        if folding.cycles * contexts <= cycles and (
            device is None
            or folding.multipliers <= device.multipliers
            and folding.block_rams <= device.block_rams
            and folding.luts <= device.luts
        ):
            yield folding


@functools.lru_cache(maxsize=1)  # the objectives of a seed follow each other
def random_case(seed):
    """(arguments of plan but the objective, figures of every folding that fits) of a seed."""
    choose = random.Random(seed)
    spec, contexts = random_spec(seed), choose.choice([1, 1, 3])
    cycles = choose.choice([40, 100, 400])
    device = choose.choice(
        [
            None,
            Device("tight", 6, 4, 3000),
            Device("small", 20, 12, 5000),
            Device("few", 9, 99, 9999),
        ]
    )
    foldings = every_folding(spec, cycles, device, contexts)
    return (spec, cycles, device, contexts), [figures(folding) for folding in foldings]


def figures(folding):
    return folding.latency, folding.cycles, folding.multipliers, folding.lanes


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(30))
def test_the_search_finds_what_trying_all_foldings_finds(objective, seed):
    (spec, cycles, device, contexts), every = random_case(seed)

    def costs(figures):
        latency, interval, *sizes = figures
        first = {"area": (), "latency": (latency,), "throughput": (interval,)}
        return *first[objective], *sizes

    best = min(map(costs, every), default=None)
    if best is None:
        message = refusal(spec, cycles, objective, device, contexts)
        assert ", got " in message or message.endswith(" short")
    else:
        folding = plan(spec, cycles, objective, device, contexts)
        assert costs(figures(folding)) == best
        assert folding == plan(spec, cycles, objective, device, contexts)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("device", [None, *DEVICES])
def test_five_layers_of_64_channels_take_a_million_calls_at_most(objective, device):
    """Less than a second; trying every folding would take years."""
    if device and get(device).multipliers < 50:
        message, count = calls(refusal, BIG, 1024, objective, device)
        assert message.startswith("plan: 50 multipliers wanted, ")
    elif device and get(device).block_rams < 185:
        message, count = calls(refusal, BIG, 1024, objective, device)
        assert " block RAMs wanted, " in message
    else:
        folding, count = calls(plan, BIG, 1024, objective, device)
        assert folding.cycles <= 1024
    assert count < 1_000_000


def test_devices_of_the_data_sheet():
    figures = {name: (d.multipliers, d.block_rams, d.luts) for name, d in DEVICES.items()}
    assert figures["LFE5U-12F"] == (28, 32, 12_144)
    assert figures["LFE5U-25F"] == figures["LFE5UM5G-25F"] == (28, 56, 24_288)
    assert figures["LFE5U-45F"] == figures["LFE5UM5G-45F"] == (72, 108, 43_848)
    assert figures["LFE5U-85F"] == figures["LFE5UM5G-85F"] == (156, 208, 83_640)
    assert get("lfe5u-25f-6BG381C") is DEVICES["LFE5U-25F"]


def test_what_is_short_and_by_how_much():
    assert refusal(BIG, 256, device="LFE5U-85F") == (
        "plan: 200 multipliers wanted, LFE5U-85F has 156: 44 short; "
        "288 block RAMs wanted, LFE5U-85F has 208: 80 short"
    )
    assert refusal(BIG, 1024, device="LFE5U-25F") == (
        "plan: 50 multipliers wanted, LFE5U-25F has 28: 22 short; "
        "188 block RAMs wanted, LFE5U-25F has 56: 132 short"
    )
    assert refusal(ORIGINAL, 16, device="LFE5U-45F") == (
        "plan: 96 multipliers wanted, LFE5U-45F has 72: 24 short"
    )
    tiny = Device("tiny", 99, 99, 1000)
    assert refusal(ORIGINAL, 512, device=tiny) == (
        "plan: 1144 LUTs wanted, tiny has 1000: 144 short"
    )


def test_resources_that_fit_one_by_one_but_not_together():
    """With the fewest block RAMs it takes more LUTs, and the other way round."""
    layer = Conv1DSpec(8, 8, 4, 1, weights="po2")  # many lanes: few weights each, in LUTs
    options = list(every_folding(NetworkSpec([layer]), 512, None, 1))
    least_rams = min(o.block_rams for o in options)
    cheapest = min(options, key=lambda o: (o.lanes, o.cycles))
    assert cheapest.block_rams > least_rams
    device = Device("narrow", 0, least_rams, cheapest.luts)
    assert refusal(NetworkSpec([layer]), 512, device=device) == (
        f"plan: {cheapest.block_rams} block RAMs wanted, narrow has {least_rams}: "
        f"{cheapest.block_rams - least_rams} short"
    )


def test_contexts_share_the_cycles_of_a_sample():
    assert str(plan(ORIGINAL, 1024, contexts=4)) == str(plan(ORIGINAL, 256))
    assert "4 x 256 of 1024 cycles per sample" in plan(ORIGINAL, 1024, contexts=4).table()
    assert refusal(ORIGINAL, 63, contexts=4) == (
        "plan: layer 0 needs at least 64 cycles per sample for 4 contexts, got 63"
    )
    assert refusal(ORIGINAL, 15, contexts=4) == (
        "plan: 4 input channels need 16 cycles per sample for 4 contexts, got 15"
    )
    one, four = plan(ORIGINAL, 256), plan(ORIGINAL, 1024, contexts=4)
    assert four.multipliers == one.multipliers
    for a, b in zip(one.layers, four.layers):
        assert b.memories[2].depth == 4 * a.memories[2].depth  # the tap caches, and only they
        assert b.memories[:2] == a.memories[:2]


def test_outputs_that_nobody_wants_cost_nothing():
    folding = plan(ORIGINAL, 256, outputs=1)
    assert folding.layers[-1].layer.out_channels == folding.spec.out_channels == 1
    assert folding.layers[-1].cycles == 64
    assert folding.spec.macs_per_sample == 256 + 1024 + 64
    assert plan(ORIGINAL, 256, outputs=4) == plan(ORIGINAL, 256)


def test_messages_name_the_value_and_what_is_allowed():
    assert refusal(ORIGINAL, 8) == "plan: layer 0 needs at least 16 cycles per sample, got 8"
    assert refusal(ORIGINAL, 3) == "plan: 4 input channels need 4 cycles per sample, got 3"
    message = "plan: objective must be area, latency or throughput, got 'speed'"
    assert refusal(ORIGINAL, 256, "speed") == message
    assert refusal(ORIGINAL, 256, contexts=0) == "plan: contexts must be at least 1, got 0"
    message = "plan: cycles_per_sample must be at least 1, got 0"
    assert refusal(ORIGINAL, 0) == message
    assert refusal(ORIGINAL, 256, outputs=5) == "network: outputs must be 1 to 4, got 5"
    assert refusal(ORIGINAL, 256, outputs=0) == "network: outputs must be 1 to 4, got 0"
    repeats = NetworkSpec([Conv1DSpec(2, 2, repeat=2)])
    message = "network: outputs must be 2 since the last layer repeats, got 1"
    assert refusal(repeats, 99, outputs=1) == message
    assert plan(repeats, 99, outputs=2) == plan(repeats, 99)
    assert refusal(ORIGINAL, 256, device="iCE40") == (
        "device 'iCE40' is not known; known: LFE5U-12F, LFE5U-25F, LFE5U-45F, LFE5U-85F, "
        "LFE5UM5G-25F, LFE5UM5G-45F, LFE5UM5G-85F"
    )
