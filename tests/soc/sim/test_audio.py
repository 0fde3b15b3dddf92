# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Sound through the whole simulated SoC: every word at the codec's pins equals the reference's."""

from copy import deepcopy

import numpy as np
import pytest

from models.reference import Reference
from models.spec import Conv1DSpec, Model, NetworkSpec, NumberFormat
from models.topologies import get
from tests.support.hdl.calibration import calibrated
from tests.support.hdl.nets import random_model
from tests.support.soc.soc_runs import (
    TIMEOUT_S,
    after_silence,
    assert_plays,
    codes,
    network_frames,
    planned,
    simulation,
    zoo_model,
)

FRAMES = 2500
LATENCY = {192_000: 5, 96_000: 3, 48_000: 3}  # frames from the codec's ADC word to its DAC word
SILENCE = 600  # zeros behind the sound, longer than any net here remembers


def four_outputs():
    """The zoo's shapes with random weights: all four outputs busy, and loud enough to saturate."""
    model = random_model(get("waveshaper"), seed=5, scale=0.2)
    quiet = [(kernel, bias // 64) for kernel, bias in model.weights]
    return Model(model.spec, quiet)


def waves(seed):
    """int16 [FRAMES, 4]: a triangle and a slowly moving embedding, noise on all channels in it."""
    rng = np.random.default_rng(seed)
    time = np.arange(FRAMES)
    triangle = 4096 * (1 - 4 * np.abs(time * 220 / 48_000 % 1 - 0.5))
    moves = 4096 * np.sin(time[:, None] / [300, 500])
    channels = np.column_stack([triangle, moves, np.zeros(FRAMES)])
    return np.rint(channels).astype(np.int64) + rng.integers(-400, 401, (FRAMES, 4))


@pytest.mark.parametrize("rate", [192_000, 48_000])
@pytest.mark.parametrize("make_model", [zoo_model, four_outputs])
def test_codec_hears_the_reference(make_model, rate):
    model = make_model()
    with simulation(model, rate, frames=codes(waves(seed=rate)), endless=True) as sim:
        assert sim.soc.frame_latency == LATENCY[rate]
        sim.wait_frames(FRAMES + SILENCE, TIMEOUT_S)
        status = sim.console.values("status", TIMEOUT_S)
    assert len(sim.frames_in) >= FRAMES + SILENCE
    reference = after_silence(model)
    outputs = reference.run(network_frames(model.spec, sim.frames_in))
    assert_plays(sim, outputs)
    assert np.ptp(outputs, axis=0).astype(bool).sum() == (4 if make_model is four_outputs else 1)

    assert sim.report["complaints"] == []
    assert sim.report["sample_rate"] == pytest.approx(rate, rel=1e-9)
    folding = planned(model, rate)
    assert status["overruns"] == "0"
    assert status["cycles_used"] == str(folding.cycles)
    assert status["cycles_available"] == str(sim.cycles_per_sample)
    assert status["latency"] == str(folding.latency)
    counts = [int(status[f"saturations{i}"]) for i in range(3)]
    assert counts == list(reference.saturations)
    assert status["saturations"] == str(sum(counts))
    if make_model is four_outputs:
        assert sum(counts) > 0  # else the comparison above says nothing


def test_the_accelerator_at_four_times_the_clock_with_two_of_four_outputs():
    model, ratio = four_outputs(), 4
    folding = planned(model, ratio=ratio, outputs=2)
    assert folding.multipliers == 3 < planned(model).multipliers
    frames = codes(waves(seed=9))
    with simulation(
        model, folding=folding, wavenet_clk_ratio=ratio, frames=frames, endless=True
    ) as sim:
        sim.wait_frames(FRAMES + SILENCE, TIMEOUT_S)
        status = sim.console.values("status", TIMEOUT_S)
        info = sim.console.values("info", TIMEOUT_S)
    assert sim.soc.frame_latency == 3  # the network's latency takes fewer frames
    reference = after_silence(model.narrowed(2))
    outputs = reference.run(network_frames(model.spec, sim.frames_in))
    assert_plays(sim, np.pad(outputs, ((0, 0), (0, 2))))
    assert all(np.ptp(outputs, axis=0) > 1000)  # else the comparison above says nothing

    assert status["overruns"] == "0"
    assert status["cycles_used"] == str(folding.cycles) == "1024"
    assert status["cycles_available"] == "1024"
    assert status["latency"] == str(folding.latency)
    assert info["wavenet_clk"] == status["wavenet_clk"] == "196608000"
    assert (info["sys_clk"], info["wavenet_clk_ratio"]) == ("49152000", "4")
    assert info["outputs"] == "2 of 4" and info["topology"].endswith("16->2 K4 D128")
    counts = [int(status[f"saturations{i}"]) for i in range(3)]
    assert counts == list(reference.saturations) and sum(counts) > 0


def test_a_calibrated_module():
    """The constants of a real module, whose inputs invert, on both sides of the network."""
    model = four_outputs()
    module = {
        "input_calibration": [(-157, 1156), (-182, 1157), (64, 1162), (-140, 1157)],
        "output_calibration": [(-705, 997), (-603, 1000), (-568, 1100), (-747, 1004)],
    }
    frames = codes(waves(seed=12))
    with simulation(model, frames=frames, invert_inputs=True, **module) as sim:
        sim.wait(TIMEOUT_S)
    heard = calibrated(sim.frames_in >> 8, module["input_calibration"], invert=True)
    reference = Reference(model)
    still = calibrated(np.zeros((1, 4), int), module["input_calibration"], invert=True)
    reference.run(network_frames(model.spec, np.tile(still << 8, (model.spec.receptive_field, 1))))
    outputs = reference.run(network_frames(model.spec, heard << 8))
    expected = calibrated(outputs, module["output_calibration"])
    assert_plays(sim, expected)
    assert expected.max() == 32767 and expected.min() == -32768
    assert sim.report["complaints"] == []


def test_a_narrower_word_than_the_codec_s():
    """Both ends of the range are clipped on the way in, and words are widened on the way out."""
    layers = (Conv1DSpec(4, 4, kernel_size=2, relu=False),)
    spec = NetworkSpec(layers, NumberFormat(bits=14, frac=12), name="narrow")
    model = random_model(spec, seed=6, scale=0.2)
    frames = 8 * waves(seed=6)
    with simulation(model, frames=codes(np.clip(frames, -(2**15), 2**15 - 1))) as sim:
        sim.wait(TIMEOUT_S)
    heard = np.clip(sim.frames_in >> 8, -(2**13), 2**13 - 1)
    assert (heard == -(2**13)).any() and (heard == 2**13 - 1).any()
    assert_plays(sim, after_silence(model).run(network_frames(spec, heard << 8)))


def test_every_layer_kind():
    """Shift lanes, a layer that repeats and a 1x1 convolution, as Verilog."""
    layers = [
        Conv1DSpec(4, 8, kernel_size=2, dilation=3, weights="po2"),
        Conv1DSpec(8, 8, kernel_size=2, dilation=5, repeat=3),
        Conv1DSpec(8, 4, relu=False, weights="po2"),
    ]
    model = random_model(NetworkSpec(layers, name="kinds"), seed=4, scale=0.1)
    with simulation(model, 96_000, frames=codes(waves(seed=4))) as sim:
        sim.wait(TIMEOUT_S)
    reference = after_silence(model)
    outputs = reference.run(network_frames(model.spec, sim.frames_in))
    assert_plays(sim, outputs)
    assert all(np.ptp(outputs, axis=0) > 100)  # else the comparison above says nothing


def test_the_codecs_power_up_time_scales_and_says_so():
    model = zoo_model()
    options = dict(frames=codes(waves(seed=6)), duration=300)
    with simulation(model, power_up_ms=3.0, **options) as sim:
        sim.wait(TIMEOUT_S)
        said = sim.messages()
    assert "power_up_ms = 3 instead of the data sheet's 10 ms" in said
    assert sim.report["power_up_ms"] == 3.0 and sim.report["complaints"] == []
    assert_plays(sim, after_silence(model).run(network_frames(model.spec, sim.frames_in)))
    started_ps = sim.report["sim_time_ps"] - 300 / 192_000 * 1e12
    assert 3.6e9 < started_ps < 7e9


def test_96_khz():
    model = zoo_model()
    with simulation(model, 96_000, frames=codes(waves(seed=3))) as sim:
        assert sim.soc.frame_latency == LATENCY[96_000]
        sim.wait(TIMEOUT_S)
    assert sim.report["complaints"] == []
    assert_plays(sim, after_silence(model).run(network_frames(model.spec, sim.frames_in)))


def test_sound_needs_no_cpu():
    """The ROM holds nothing but jumps to themselves."""
    model = four_outputs()
    halt = [0x0000006F] * 16
    with simulation(model, frames=codes(waves(seed=1)), rom=halt) as sim:
        sim.wait(TIMEOUT_S)
    assert len(sim.frames_out) == FRAMES
    assert_plays(sim, after_silence(model).run(network_frames(model.spec, sim.frames_in)))


@pytest.mark.parametrize("rate", [192_000, 48_000])
def test_embedding_from_the_console_is_exact_and_survives_a_reboot(rate):
    model = zoo_model()
    frames = codes(np.tile(waves(seed=2), (20, 1)))
    steps = ["0.5 -1", "codec", "codec 1", "-8 7.999755859375", "1 codec"]
    points = [
        (None, None),
        (2048, -4096),
        (None, None),
        (None, 4096),
        (-32768, 32767),
        (4096, None),
    ]
    with simulation(model, rate, frames=frames, endless=True) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        counters = [int(sim.console.values(f"embed {step}", TIMEOUT_S)["frame"]) for step in steps]
        assert "WaveNet SoC" in sim.console.command("reboot", TIMEOUT_S)
        status = sim.console.values("status", TIMEOUT_S)
        assert (status["e0"], status["e1"]) == ("1.0", "codec")
        assert int(status["frames"]) > counters[-1]
    rows = [sim.input_frame(counter) for counter in counters]
    assert 0 < rows[0] and sorted(rows) == rows and rows[-1] < len(frames)

    # A setting counts from its row or the next one on: what was heard decides, sooner or later; all
    # else is equal.
    heard = sim.frames_out[sim.soc.frame_latency :] >> 16
    references, start = [after_silence(model)], 0
    for point, following, row in zip(points, [*points[1:], None], [*rows, len(heard)]):
        given = network_frames(model.spec, sim.frames_in[start:row], [point] * (row - start))
        references = [
            reference
            for reference in references
            if np.array_equal(reference.run(given), heard[start:row])
        ]
        assert references, f"frames {start} to {row} are not with {point}"
        if following is None:
            break
        forks = []
        for choice in (point, following):
            frame = network_frames(model.spec, sim.frames_in[row : row + 1], [choice])[0]
            for reference in deepcopy(references):
                if (reference.step(frame) == heard[row]).all():
                    forks.append(reference)
        assert forks, f"frame {row} is neither with {point} nor with {following}"
        references, start = forks, row + 1


@pytest.mark.slow
def test_codec_alone_plays_back_its_inputs():
    model = zoo_model()
    frames = codes(waves(seed=7))
    with simulation(model, frames=frames, with_wavenet=False) as sim:
        sim.wait_frames(1, TIMEOUT_S)
        sim.wait(TIMEOUT_S)
    latency = sim.soc.frame_latency
    np.testing.assert_array_equal(sim.frames_out[latency:] >> 16, sim.frames_in[:-latency] >> 8)


@pytest.mark.slow
def test_speed():
    """Issue 2: at least 2 million cycles per second of CPU."""
    model = zoo_model()
    with simulation(model, frames=codes(np.tile(waves(seed=4), (16, 1)))) as sim:
        sim.wait(TIMEOUT_S)
    print(f"{sim.cycles_per_cpu_second / 1e6:.2f} million cycles per second of CPU")
    assert sim.cycles_per_cpu_second >= 2e6
