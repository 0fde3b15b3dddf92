"""The network in plain C: the reference's integers on this machine, `bench` on the SoC's CPU."""

import ctypes
import subprocess

import numpy as np
import pytest

from models.image import MOST_BITS
from models.reference import Reference
from models.spec import Conv1DSpec, Model, NetworkSpec, NumberFormat
from soc.bench_plan import RAM_MOST, BenchPlan
from soc.firmware_image import SOURCES
from soc.sim_soc import generate
from tests.support.limits import HANG_S
from tests.support.live import A, sound
from tests.support.nets import random_frames, random_model, random_network
from tests.support.soc_runs import TIMEOUT_S, planned, simulation


class Net(ctypes.Structure):
    _fields_ = [
        ("weights", ctypes.c_void_p),
        ("histories", ctypes.c_void_p),
        ("start", ctypes.c_int32),
        ("to", ctypes.c_int32),
    ]


def run_c(folder, model, frames, start):
    """Outputs [n, out] of net.c from frame `start` on; its memory must be what BenchPlan says."""
    spec, plan = model.spec, BenchPlan(model.spec, codec_slots=4)
    (folder / "generated").mkdir()
    constants = plan.constants | {
        "WAVENET_BITS": spec.number_format.bits,
        "WAVENET_FRAC": spec.number_format.frac,
    }
    lines = [f"#define {name} {value}" for name, value in constants.items()]
    (folder / "generated" / "soc.h").write_text("\n".join(lines) + "\n")
    (folder / "generated" / "net.h").write_text(plan.header())
    library = folder / "net.so"
    subprocess.run(
        ["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined", "-shared", "-fPIC"]
        + ["-fno-sanitize-recover", "-static-libubsan", f"-I{folder}", SOURCES / "net.c"]
        + ["-o", library],
        check=True,
        timeout=HANG_S,
    )
    guard = 16
    memory = np.full(plan.memory // 2 + guard, 0x5555, np.int16)
    at = 0
    for kernel, bias in model.weights:
        for values in (kernel.transpose(2, 0, 1).ravel(), bias):
            memory[at : at + len(values)] = values
            at += len(values)
    base = memory.ctypes.data
    net = Net(base, base + 2 * at, start, len(frames) - 1)
    step = ctypes.CDLL(str(library)).net_step
    words = np.zeros(plan.constants["NET_CHANNELS"], np.int16)
    outputs = []
    for time, frame in enumerate(frames):
        words[: spec.in_channels] = frame
        step(ctypes.byref(net), words.ctypes.data_as(ctypes.c_void_p), time)
        outputs.append(words[: spec.out_channels].copy())
    assert (memory[-guard:] == 0x5555).all()
    return np.array(outputs)[start:]


@pytest.mark.parametrize("seed", range(25))
def test_the_c_network_is_the_reference(tmp_path, seed):
    """Any layers, repeats, roundings; without history before its first frame as from the middle."""
    model, _ = random_network(seed)
    if model.spec.number_format.bits > MOST_BITS:
        return
    field = model.spec.receptive_field
    frames = random_frames(model.spec, field + 12, seed)
    wanted = Reference(model).run(frames)[field - 1 :]
    np.testing.assert_array_equal(run_c(tmp_path, model, frames, field - 1), wanted)


def test_every_frame_when_every_frame_counts(tmp_path):
    """Zeros before the first frame are in the memory, as in the reference."""
    spec = NetworkSpec((Conv1DSpec(2, 3, 1), Conv1DSpec(3, 2, 1, relu=False)))
    model = random_model(spec, 3)
    frames = random_frames(spec, 40, 4)
    np.testing.assert_array_equal(run_c(tmp_path, model, frames, 0), Reference(model).run(frames))


def test_bench():
    """On the live sound, and once more after the banks were swapped."""
    with simulation(A, frames=sound(), endless=True) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        results = [sim.console.values("bench", TIMEOUT_S)]
        sim.console.command("swap", TIMEOUT_S)
        results.append(sim.console.values("bench", TIMEOUT_S))
        status = sim.console.values("status", TIMEOUT_S)
    for result in results:
        assert (result["frames"], result["integers"]) == ("4", "equal")
        assert result["accelerator_cycles"] == status["cycles_used"]
        assert int(result["c_cycles"]) > A.spec.macs_per_sample * 40  # a PicoRV32's multiplication
        assert int(result["ratio"]) == int(result["c_cycles"]) // int(status["cycles_used"])
    print(results)
    assert status["overruns"] == "0"


def test_integers_that_differ(tmp_path):
    """The firmware of a build whose words are rounded down, on the hardware that rounds to even."""
    spec = NetworkSpec(A.spec.layers, NumberFormat(rounding="floor"), name=A.spec.name)
    other = Model(spec, A.weights)
    _, gateware, _ = generate(other, planned(other), tmp_path)
    rom = [int(word, 16) for word in (gateware / "sim_rom.init").read_text().split()]
    with simulation(A, frames=sound(), endless=True, rom=rom) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        result = sim.console.values("bench", TIMEOUT_S)
    assert (result["frames"], result["integers"]) == ("4", "differ")
    assert int(result["c_cycles"]) > A.spec.macs_per_sample * 40


def test_a_build_without_it():
    with simulation(A, frames=sound(), endless=True, with_bench=False) as sim:
        sim.wait_frames(10, TIMEOUT_S)
        assert sim.console.command("bench", TIMEOUT_S) == (
            "bench: the network in C does not fit this build's memory\n"
        )
        assert "bench" not in sim.console.command("help", TIMEOUT_S)


def test_what_does_not_fit():
    wide = NetworkSpec((Conv1DSpec(4, 64, 4, 8), Conv1DSpec(64, 64, 4, 64)))
    assert BenchPlan(wide, 4).memory > RAM_MOST and not BenchPlan(wide, 4).fits
    assert BenchPlan(A.spec, 4).fits
    assert planned(A).spec.parameters == 1572
