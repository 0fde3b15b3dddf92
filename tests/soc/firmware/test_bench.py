# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The network in plain C: the reference's integers on this machine, `bench` on the SoC's CPU."""

from models.spec import Conv1DSpec, Model, NetworkSpec, NumberFormat
from soc.contract.bench_plan import RAM_MOST, BenchPlan
from soc.sim.sim_soc import generate
from tests.support.soc.live import A, sound
from tests.support.soc.soc_runs import TIMEOUT_S, planned, simulation


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
