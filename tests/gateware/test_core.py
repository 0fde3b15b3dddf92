"""WaveNetCore against models.reference: the same integers, the planner's cycles."""

from types import SimpleNamespace

import numpy as np
import pytest
from litex.gen.sim import run_simulation

from gateware.wavenet.core import WaveNetCore
from models.folding import Folding, LayerFolding, plan
from models.reference import Reference
from models.spec import Conv1DSpec, NetworkSpec
from tests.support import naive
from tests.support.nets import random_frames, random_model, random_network
from tests.support.streams import Clock, FrameCollector, FrameDriver


def build(model, folding, contexts=1):
    return WaveNetCore(model.spec, folding, model.weights, contexts, with_csr=False)


def simulate(core, frames, banks=None, stall=0.0, seed=0, extra=(), contexts=None):
    """Run `frames` through the core; returns driver, collector and the counters at the end."""
    clock = Clock()
    driver = FrameDriver(core.sink, frames, banks, stall, seed, clock, contexts)
    collector = FrameCollector(core.source, len(frames), stall, seed + 1, clock)
    counters = SimpleNamespace()

    def collect():
        yield from collector.run()
        yield
        counters.saturations = []
        for counter in core.saturations:
            counters.saturations.append((yield counter))
        counters.frames = yield core.frames
        counters.cycles_used = yield core.cycles_used

    run_simulation(core, [clock.run(), driver.run(), collect(), *extra])
    return driver, collector, counters


@pytest.mark.parametrize("seed", range(24))
def test_random_networks_equal_the_reference_under_stalls(seed):
    """Any layer kind, folding, format; one to three contexts that take turns as they like."""
    model, folding = random_network(seed)
    contexts = 1 + seed % 3
    frames = random_frames(model.spec, 14, seed)
    order = np.random.default_rng(seed).integers(0, contexts, len(frames))
    references = [Reference(model) for _ in range(contexts)]
    expected = [references[c].step(frame).tolist() for c, frame in zip(order, frames)]
    core = build(model, folding, contexts)
    _, collector, counters = simulate(core, frames, stall=0.4, seed=seed, contexts=order.tolist())
    assert collector.contexts == order.tolist(), f"seed {seed}: {folding}"
    assert collector.frames == expected, f"seed {seed}: {folding}"
    saturations = np.sum([reference.saturations for reference in references], axis=0)
    assert counters.saturations == saturations.tolist(), f"seed {seed}"
    assert counters.frames == len(frames)


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


def bus_write(bus, address, value):
    yield bus.adr.eq(address)
    yield bus.dat_w.eq(value)
    yield bus.we.eq(1)
    yield from bus_cycle(bus)


def bus_read(bus, address):
    yield bus.adr.eq(address)
    yield bus.we.eq(0)
    yield from bus_cycle(bus)
    return (yield bus.dat_r)


def bus_cycle(bus):
    yield bus.sel.eq(0xF)
    yield bus.cyc.eq(1)
    yield bus.stb.eq(1)
    for _ in range(20):
        yield
        if (yield bus.ack):
            yield bus.cyc.eq(0)
            yield bus.stb.eq(0)
            return
    raise TimeoutError("the bus does not answer")


def parameters(core, model, bank):
    """(bus address, value) of every parameter of `model` in `bank`."""
    for index, (stage, pair) in enumerate(zip(core.stages, model.weights)):
        for lane, rows in enumerate(stage.layout.rom(*pair)):
            is_bias = lane >= stage.layout.pe * stage.layout.simd
            count = stage.layout.groups * (1 if is_bias else stage.layout.fold)
            for row in range(count):
                address = stage.layout.address(lane, bank, row)
                yield (index << core.window_bits) + address, rows[row]


@pytest.mark.parametrize("pe, simd", [(1, 1), (3, 4)])
def test_a_bank_written_while_frames_flow_computes_the_frames_that_carry_its_tag(pe, simd):
    """The idle bank is written and read back under load; then the tags are random."""
    layers = [Conv1DSpec(2, 3, 2, 2), Conv1DSpec(3, 2, 1, relu=False)]
    model, other = (random_model(NetworkSpec(layers), seed, scale=0.3) for seed in (1, 2))
    folds = (LayerFolding(layers[0], pe, simd), LayerFolding(layers[1], 1, 3))
    core = build(model, Folding(model.spec, folds, 0))
    words = list(parameters(core, other, bank=1))
    assert len(words) == model.spec.parameters
    # A bus access takes 4 cycles and the driver waits a cycle in two: enough frames for all.
    warm, mixed = 8 * len(words) // core.cycles + 10, 16
    banks = [0] * warm + [int(b) for b in np.random.default_rng(pe).integers(0, 2, mixed)]
    frames = random_frames(model.spec, len(banks), seed=pe)
    read_back = []
    _, collector, _ = simulate(
        core, frames, banks, stall=0.5, seed=pe, extra=[write_and_read(core, words, read_back)]
    )
    assert read_back == words
    assert collector.banks == banks
    assert collector.frames == naive.run([model, other], banks, frames.tolist())


def write_and_read(core, words, read_back):
    for address, value in words:
        yield from bus_write(core.bus, address, value % 2**32)
    for address, _ in words:
        value = yield from bus_read(core.bus, address)
        read_back.append((address, value - (value >> 31 << 32)))


def test_parameters_that_do_not_fit_are_refused():
    layer = Conv1DSpec(6, 4, 3, 2)
    spec = NetworkSpec([layer])
    model = random_model(spec, 0)

    def fold(pe, simd, layers=1):
        return SimpleNamespace(layers=[SimpleNamespace(pe=pe, simd=simd)] * layers)

    def message(folding, spec=spec):
        with pytest.raises(ValueError) as caught:
            WaveNetCore(spec, folding, model.weights, with_csr=False)
        return str(caught.value)

    assert message(fold(3, 1)) == "layer 0: pe 3 is not allowed: a divisor of out_channels 4"
    assert message(fold(0, 1)) == "layer 0: pe 0 is not allowed: a divisor of out_channels 4"
    assert message(fold(1, 0)) == "layer 0: simd 0 is not allowed: at least 1"
    wrong = "a divisor of in_channels 6, or 6 times a divisor of kernel_size 3"
    for simd in (4, 9, 12):
        assert message(fold(1, simd)) == f"layer 0: simd {simd} is not allowed: {wrong}"
    assert message(fold(1, 1, layers=2)) == (
        "1 layers, 2 foldings and 1 weight pairs: they must be equally many"
    )
    with pytest.raises(ValueError, match=r"^contexts 0 is not allowed: at least 1$"):
        build(model, fold(1, 1), contexts=0)
