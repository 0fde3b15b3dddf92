# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Two banks: one plays while the other is written, and a frame is computed by one of them alone."""

import numpy as np
import pytest
from litex.gen import LiteXModule

from gateware.audio.embedding import Ingress
from models.arch.folding import Folding, LayerFolding
from models.spec import Conv1DSpec, NetworkSpec
from tests.support.benches.core_runs import (
    build,
    bus_write,
    bus_write_and_read,
    parameters,
    simulate,
)
from tests.support.hdl import naive
from tests.support.hdl.nets import random_frames, random_model
from tests.support.hdl.streams import FrameCollector, FrameDriver
from tests.support.simulators.compiled import Design


@pytest.mark.parametrize("pe, simd", [(1, 1), (3, 4)])
def test_a_bank_written_while_frames_flow_computes_the_frames_that_carry_its_tag(pe, simd):
    """The idle bank is written and read back under load; then the tags are random."""
    layers = [Conv1DSpec(2, 3, 2, 2), Conv1DSpec(3, 2, 1, relu=False)]
    model, other = (random_model(NetworkSpec(layers), seed, scale=0.3) for seed in (1, 2))
    folds = (LayerFolding(layers[0], pe, simd), LayerFolding(layers[1], 1, 3))
    core = build(model, Folding(model.spec, folds, 0))
    words = list(parameters(core, other, bank=1))
    assert len(words) == model.spec.parameters
    # A bus access takes 8 cycles and the driver waits a cycle in two: enough frames for all.
    warm, mixed = 16 * len(words) // core.cycles + 10, 16
    banks = [0] * warm + [int(b) for b in np.random.default_rng(pe).integers(0, 2, mixed)]
    frames = random_frames(model.spec, len(banks), seed=pe)
    read_back = []
    _, collector, _ = simulate(
        core,
        frames,
        banks,
        stall=0.5,
        seed=pe,
        extra=[bus_write_and_read(core.bus, words, read_back)],
    )
    assert read_back == words
    assert collector.banks == banks
    assert collector.frames == naive.run([model, other], banks, frames.tolist())


class IngressAndCore(LiteXModule):
    """As in the SoC: frames get their tag where they come in."""

    def __init__(self, model, folding):
        self.core = build(model, folding)
        self.ingress = Ingress(model.spec.in_channels, model.spec.number_format, with_csr=False)
        self.comb += self.ingress.source.connect(self.core.sink)


def play_a_swap(dut, design, other, codec_frames, period, commit):
    """Outputs and tags when software asks for bank 1 in cycle `commit` after bank 1 was written."""
    driver = FrameDriver(dut.ingress.sink, [])
    collector = FrameCollector(dut.core.source, len(codec_frames))
    ready = []

    def drive():
        for address, value in parameters(dut.core, other, bank=1):
            yield from bus_write(dut.core.bus, address, value % 2**32)
        ready.append(True)
        for frame in codec_frames:
            driver.frames, driver.banks, driver.contexts = [frame], [0], [0]
            yield from driver.run()
            for _ in range(period - len(frame)):
                yield

    def swap():
        while not ready:
            yield
        for _ in range(commit):
            yield
        yield dut.ingress.bank.eq(1)

    design.run([drive(), swap(), collector.run()])
    return collector.frames, collector.banks


def test_a_swap_in_any_cycle_of_a_frame_mixes_no_banks():
    """Every cycle of a frame period, with every stage at work on another frame."""
    layers = [Conv1DSpec(3, 3, 2, 1), Conv1DSpec(3, 3, 2, 2, weights="po2"), Conv1DSpec(3, 2)]
    model, other = (random_model(NetworkSpec(layers), seed, scale=0.3) for seed in (1, 2))
    folding = Folding(model.spec, tuple(LayerFolding(layer, 1, 1) for layer in layers), 0)
    period, swapped = folding.cycles, set()
    codec_frames = np.random.default_rng(0).integers(-4096, 4097, (9, 4))
    frames = [[a, b, c] for a, b, c, _ in codec_frames.tolist()]
    dut = IngressAndCore(model, folding)
    design = Design(dut)
    commits = range(2 * period, 3 * period)
    for commit in commits:
        heard, banks = play_a_swap(dut, design, other, codec_frames, period, commit)
        assert banks == sorted(banks) and set(banks) == {0, 1}, f"commit {commit}: {banks}"
        assert heard == naive.run([model, other], banks, frames), f"commit {commit}"
        swapped.add(banks.index(1))
    assert len(swapped) >= 2  # before one frame and before the next
