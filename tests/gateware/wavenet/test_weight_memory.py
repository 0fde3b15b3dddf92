# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""WeightMemory alone: a dictionary of words, written, read back and read by the MVU at random."""

import random

import numpy as np
import pytest
from litex.gen import LiteXModule

from gateware.wavenet.po2 import Po2Decoder, Po2Encoder, po2_bits, po2_code
from gateware.wavenet.weight_memory import ReadBack, WeightLayout, WeightMemory, any_of
from models.spec import Conv1DSpec
from tests.support.simulators.compiled import run_simulation

BITS = 10
LOW, HIGH = -(2 ** (BITS - 1)), 2 ** (BITS - 1) - 1

# in_channels, out_channels, kernel_size, pe, simd
SHAPES = [(1, 1, 1, 1, 1), (2, 3, 2, 1, 1), (3, 4, 3, 2, 3), (2, 6, 5, 3, 10), (5, 9, 2, 9, 1)]


def word(choose, po2):
    if po2:
        return choose.choice([0, 1, -1]) * 2 ** choose.randrange(BITS - 1)
    return choose.choice([LOW, HIGH, choose.randint(LOW, HIGH)])


def make(shape, weights, seed):
    """Layer, layout, {(lane, bank, row): word} of both banks at power-up, and the memory."""
    inputs, outputs, taps, pe, simd = shape
    choose = random.Random(seed)
    layer = Conv1DSpec(inputs, outputs, taps, weights=weights)
    layout = WeightLayout(layer, pe, simd)
    shape = (taps, inputs, outputs)
    kernel = np.array([word(choose, weights == "po2") for _ in range(np.prod(shape))])
    kernel = kernel.reshape(shape)
    bias = [word(choose, False) for _ in range(outputs)]
    held = {}
    for bank in range(2):
        for o in range(outputs):
            for tap in range(taps):
                for c in range(inputs):
                    f = tap * inputs + c
                    lane, row = o % pe * simd + f % simd, o // pe * (taps * inputs // simd)
                    held[lane, bank, row + f // simd] = int(kernel[tap, c, o])
            held[pe * simd, bank, o] = bias[o]
    return layout, held, WeightMemory(layout, BITS, kernel, bias)


def test_latencies():
    assert WeightMemory.LATENCY == 3
    assert WeightMemory.BIAS_LATENCY == 3
    assert WeightMemory.BUS_LATENCY == 5
    assert ReadBack.LATENCY == 2


@pytest.mark.parametrize("bits", [8, 16, 18])
def test_every_power_of_two_goes_into_its_code_and_back(bits):
    weights = [0, *(sign * 2**k for k in range(bits - 1) for sign in (1, -1)), -(2 ** (bits - 1))]
    encoder, decoder, seen = Po2Encoder(bits), Po2Decoder(bits), []
    dut = LiteXModule()
    dut.submodules += encoder, decoder
    dut.comb += decoder.code.eq(encoder.code)

    def bench():
        for weight in weights:
            yield encoder.word.eq(weight % 2**bits)
            yield
            yield
            seen.append(((yield encoder.code), (yield decoder.word)))

    run_simulation(dut, bench())
    assert seen == [(po2_code(weight, bits), weight % 2**bits) for weight in weights]
    assert len({code for code, _ in seen}) == 2 * bits and len(encoder.code) == po2_bits(bits)


@pytest.mark.parametrize("weights", ["fixed", "po2"])
@pytest.mark.parametrize("shape", SHAPES)
def test_any_order_of_writes_and_reads(shape, weights):
    """The bus writes one bank and reads either, an access a cycle, while the MVU reads the other;
    every answer comes in its cycle. Then the banks change places."""
    layout, held, dut = make(shape, weights, seed=sum(shape))
    choose, half = random.Random(7), 250
    wanted = []  # in each cycle: weights, bias, and what a read of the bus gives
    biases = layout.lanes - 1

    def drive():
        for cycle in range(2 * half):
            playing = cycle // half
            lane, bank, row = choose.choice(sorted(held))
            access = choose.choice(["write", "read", "idle"])
            if cycle % half < 10:
                access = "idle"  # what was written before is in when the MVU reads it
            value = word(choose, weights == "po2" and lane < biases)
            if access == "write":
                bank = 1 - playing
                held[lane, bank, row] = value
            yield dut.bus_adr.eq(layout.address(lane, bank, row))
            yield dut.bus_dat_w.eq(value)
            yield dut.bus_we.eq(access == "write")
            yield dut.bus_select.eq(access == "read")
            row_read, output = choose.randrange(layout.groups * layout.fold), choose.choice(outputs)
            yield dut.row.eq(row_read)
            yield dut.output.eq(output)
            yield dut.bank.eq(playing)
            yield dut.bias_bank.eq(playing)
            words = [held[lane, playing, row_read] for lane in range(biases)]
            if weights == "po2":
                words = [po2_code(value, BITS) for value in words]
            else:
                words = [value % 2**BITS for value in words]
            answer = held[lane, bank, row] % 2**BITS if access == "read" else 0
            wanted.append((words, held[biases, playing, output], answer))
            yield

    def watch():
        """What is seen behind an edge was asked for LATENCY edges before it."""
        for cycle in range(2 * half):
            yield
            for place, (signal, latency) in enumerate(
                [
                    (dut.weights, WeightMemory.LATENCY),
                    (dut.bias, WeightMemory.BIAS_LATENCY),
                    (dut.bus_dat_r, WeightMemory.BUS_LATENCY),
                ]
            ):
                if cycle >= latency:
                    asked = cycle - latency
                    assert (yield signal) == wanted[asked][place], f"cycle {asked}: {place}"

    outputs = range(layout.groups * layout.pe)
    run_simulation(dut, [drive(), watch()])
    assert len(wanted) == 2 * half


def test_the_worked_example_of_the_docstring():
    layout = WeightLayout(Conv1DSpec(16, 4, 4), 2, 1)
    assert layout.fan_in == 64 and layout.weight(5, 3) == (1, 131)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_layout_gives_each_parameter_a_place_of_its_own(shape):
    inputs, outputs, taps, pe, simd = shape
    layout = WeightLayout(Conv1DSpec(inputs, outputs, taps), pe, simd)
    places = [layout.weight(o, f) for o in range(outputs) for f in range(taps * inputs)]
    places += [layout.bias(o) for o in range(outputs)]
    addresses = {layout.address(lane, bank, row) for lane, row in places for bank in range(2)}
    assert len(addresses) == 2 * len(places) == 2 * outputs * (taps * inputs + 1)
    assert max(addresses) < 2**layout.address_bits


def test_any_of_is_the_or_of_all():
    for count in range(1, 12):
        words = [1 << i for i in range(count)]
        assert any_of(words) == 2**count - 1
