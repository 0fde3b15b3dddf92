# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""WaveNetCore against models.reference: the same integers, the planner's cycles."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from migen import Instance, Memory, ResetInserter

from gateware.wavenet.pipeline.core import WaveNetCore
from models.arch.folding import Folding, LayerFolding
from models.arch.planner import plan
from models.reference import Reference
from models.spec import Conv1DSpec, NetworkSpec
from tests.support.benches.core_runs import build, simulate
from tests.support.hdl.nets import random_frames, random_model, random_network
from tests.support.hdl.streams import FrameCollector, FrameDriver
from tests.support.simulators.compiled import Design


@pytest.mark.parametrize("seed", range(100, 116))
def test_interval_and_latency_equal_the_plan(seed):
    model, folding = random_network(seed)
    core = build(model, folding)
    assert (core.cycles, core.latency) == (folding.cycles, folding.latency)
    assert [s.latency for s in core.stages] == [f.latency for f in folding.layers]
    driver, collector, _ = simulate(core, random_frames(model.spec, 1, seed))
    assert collector.starts[0] - driver.ends[0] == folding.latency, f"seed {seed}: {folding}"

    # As fast as it takes them: a repeating layer takes bursts of up to `burst`, over and over.
    core = build(model, folding)
    burst = max(stage.burst for stage in core.stages)
    _, collector, counters = simulate(core, random_frames(model.spec, 20 + 4 * burst, seed))
    took = np.diff(collector.starts)[10:-burst]  # the first fill the caches, the last drain them
    periods = [p for p in range(1, burst + 1) if np.array_equal(took[p:], took[:-p])]
    assert periods, f"seed {seed}: {folding}: {took}"
    assert took[: periods[0]].mean() == folding.cycles, f"seed {seed}: {folding}: {took}"
    assert counters.cycles_used == max(fold.cycles for fold in folding.layers)


def test_the_original_net_keeps_up_with_its_plan():
    layers = [
        Conv1DSpec(4, 16, 4, 1),
        Conv1DSpec(16, 16, 4, 4),
        Conv1DSpec(16, 4, 4, 16, relu=False),
    ]
    model = random_model(NetworkSpec(layers), seed=1, scale=0.05)
    folding = plan(model.spec, 256)
    frames = random_frames(model.spec, 8, seed=1)
    _, collector, _ = simulate(build(model, folding), frames)
    assert np.array_equal(collector.frames, Reference(model).run(frames))
    assert set(np.diff(collector.starts[3:])) == {256}


@pytest.mark.parametrize(
    "inputs, outputs, pe, simd", [(9, 2, 1, 9), (5, 2, 2, 10), (2, 9, 9, 2), (5, 9, 9, 10)]
)
def test_more_lanes_than_one_register_drives(inputs, outputs, pe, simd):
    """Registers for groups of 8 memories or multipliers, before the caches or after them."""
    layer = Conv1DSpec(inputs, outputs, 2, 3)
    model = random_model(NetworkSpec([layer]), seed=pe, scale=0.1)
    fold = LayerFolding(layer, pe, simd)
    frames = random_frames(model.spec, 10, seed=simd)
    driver, collector, _ = simulate(build(model, Folding(model.spec, (fold,), 0)), frames)
    assert np.array_equal(collector.frames, Reference(model).run(frames))
    assert collector.starts[0] - driver.ends[0] == fold.latency
    assert set(np.diff(collector.starts[6:])) == {max(fold.cycles, inputs)}


def test_a_reset_in_any_cycle_of_a_frame_leaves_nothing_under_way():
    """Held for reset_cycles; layers of one tap, since histories outlive a reset."""
    layers = [Conv1DSpec(3, 4), Conv1DSpec(4, 4, weights="po2"), Conv1DSpec(4, 2, relu=False)]
    model = random_model(NetworkSpec(layers), seed=1, scale=0.1)
    folds = tuple(
        LayerFolding(layer, pe, simd) for layer, pe, simd in zip(layers, (2, 1, 1), (1, 4, 2))
    )
    folding = Folding(model.spec, folds, 0)
    expected = Reference(model).run(random_frames(model.spec, 3, seed=2)).tolist()
    core = build(model, folding)
    dut = ResetInserter()(core)
    design = Design(dut)
    for cycle in range(3 * folding.cycles, 5 * folding.cycles):
        heard = frames_after_a_reset(core, dut, design, model.spec, cycle)
        assert heard == expected, f"reset in cycle {cycle}"


def frames_after_a_reset(core, dut, design, spec, cycle):
    """Frames flow, the reset comes in `cycle`; what is heard of three frames of seed 2 after it."""
    after = FrameDriver(core.sink, random_frames(spec, 3, seed=2))
    collector = FrameCollector(core.source, 3)
    sink, beats = core.sink, random_frames(spec, cycle, seed=1).ravel()

    def drive():
        sent = 0
        for _ in range(cycle):
            channel = sent % spec.in_channels
            yield sink.valid.eq(1)
            yield sink.data.eq(int(beats[sent]))
            yield sink.first.eq(channel == 0)
            yield sink.last.eq(channel == spec.in_channels - 1)
            yield
            sent += yield sink.ready
        yield sink.valid.eq(0)
        yield dut.reset.eq(1)
        for _ in range(core.reset_cycles):
            yield
        yield dut.reset.eq(0)
        yield
        yield from after.run()

    def collect():
        yield core.source.ready.eq(1)
        for _ in range(cycle + core.reset_cycles + 1):
            yield
        yield from collector.run()

    design.run([drive(), collect()])
    return collector.frames


@pytest.mark.parametrize("outputs", [1, 3])
def test_outputs_that_nobody_wants_are_not_built(outputs):
    """The first channels, as the whole net and as the narrowed net have them."""
    layers = [Conv1DSpec(3, 4, 2, 2), Conv1DSpec(4, 6, 3, 2, relu=False)]
    model = random_model(NetworkSpec(layers), seed=outputs, scale=0.2)
    folding = plan(model.spec, 40, outputs=outputs)
    frames = random_frames(model.spec, 30, seed=outputs)
    core = build(model, folding)
    assert core.stages[1].layout.groups * core.stages[1].layout.pe == outputs
    _, collector, _ = simulate(core, frames, stall=0.3, seed=outputs)
    assert np.array_equal(collector.frames, Reference(model).run(frames)[:, :outputs])
    assert np.array_equal(collector.frames, Reference(model.narrowed(outputs)).run(frames))


@pytest.mark.parametrize("seed", range(200, 240))
def test_the_memories_are_those_of_the_plan(seed):
    """Before synthesis: every memory of every stage, in words and bits, and who goes round."""
    contexts = 1 + seed % 5
    model, folding = random_network(seed, contexts)
    number_format = model.spec.number_format
    core = build(model, folding, contexts)
    for stage, fold in zip(core.stages, folding.layers):
        fold = replace(fold, number_format=number_format, contexts=contexts)
        assert stage.burst == fold.burst
        built = Counter(
            (special.width, special.depth)
            for special in stage.get_fragment().specials
            if isinstance(special, Memory)
        )
        planned = Counter()
        for memory in fold.memories:
            planned[memory.width, memory.depth] += memory.count
        assert built == planned, f"seed {seed}: {fold}"


@pytest.mark.parametrize("seed", range(300, 320))
def test_the_cells_are_those_of_the_plan(seed):
    """Block RAMs and multipliers of the ECP5, whatever synthesis makes of the rest."""
    contexts = 1 + seed % 5
    model, folding = random_network(seed, contexts)
    number_format = model.spec.number_format
    core = build(model, folding, contexts, "ecp5")
    for stage, fold in zip(core.stages, folding.layers):
        fold = replace(fold, number_format=number_format, contexts=contexts)
        cells = Counter(
            special.of for special in stage.get_fragment().specials if isinstance(special, Instance)
        )
        assert cells["DP16KD"] == fold.block_rams, f"seed {seed}: {fold}"
        assert cells["MULT18X18D"] == fold.multipliers, f"seed {seed}: {fold}"


def test_parameters_that_do_not_fit_are_refused():
    layer = Conv1DSpec(6, 4, 3, 2)
    spec = NetworkSpec([layer])
    model = random_model(spec, 0)

    def fold(pe, simd, layers=1, **changed):
        built = SimpleNamespace(pe=pe, simd=simd, layer=replace(layer, **changed))
        return SimpleNamespace(layers=[built] * layers)

    def message(folding, spec=spec):
        with pytest.raises(ValueError) as caught:
            WaveNetCore(spec, folding, model.weights)
        return str(caught.value)

    assert message(fold(3, 1)) == "layer 0: pe must divide out_channels (4), got 3"
    assert message(fold(0, 1)) == "layer 0: pe must divide out_channels (4), got 0"
    assert message(fold(1, 0)) == "layer 0: simd must be at least 1, got 0"
    wrong = "simd must divide in_channels (6), or be in_channels times a divisor of kernel_size (3)"
    for simd in (4, 9, 12):
        assert message(fold(1, simd)) == f"layer 0: {wrong}, got {simd}"
    assert message(fold(1, 1, layers=2)) == (
        "1 layers, 2 foldings and 1 weight pairs: they must be equally many"
    )
    assert message(fold(1, 1, in_channels=3)) == ("layer 0: folded in_channels must be 6, got 3")
    assert message(fold(1, 1, weights="po2")) == "layer 0: folded weights must be fixed, got po2"
    assert message(fold(1, 1, out_channels=5)) == (
        "layer 0: folded out_channels must be 1 to 4, got 5"
    )
    with pytest.raises(ValueError, match=r"^contexts must be at least 1, got 0$"):
        build(model, fold(1, 1), contexts=0)

    # Only the last layer may be built with fewer outputs.
    spec = NetworkSpec([layer, Conv1DSpec(4, 1)])
    model = random_model(spec, 0)
    narrow = fold(1, 1, layers=2, out_channels=2)
    assert message(narrow, spec) == "layer 0: folded out_channels must be 4 to 4, got 2"
