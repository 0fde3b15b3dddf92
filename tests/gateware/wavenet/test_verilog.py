# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The generated Verilog under Verilator and cocotb: models.reference's integers, bit for bit."""

import pytest

from models.arch.folding import Folding, LayerFolding
from models.arch.planner import plan
from models.spec import Conv1DSpec, NetworkSpec, NumberFormat
from tests.support.benches.core_jobs import make_job
from tests.support.benches.core_runs import build
from tests.support.hdl.nets import random_model, random_network
from tests.support.hdl.verilog import TOP, write_verilog
from tests.support.soc.soc_runs import zoo_model

BENCH = "tests.support.benches.core_bench"


@pytest.fixture
def run(runs, tmp_path):
    """Plays models[0] and, once the bus has written it to bank 1, models[1] on a core; the job."""

    def run(models, folding, counts, seed, contexts=1, stall=0.0):
        core = build(models[0], folding, contexts)
        runs.build([write_verilog(core, tmp_path)], TOP)
        job = make_job(core, models, counts, seed, contexts, stall)
        runs.play(tmp_path, BENCH, job)
        return job

    return run


@pytest.mark.parametrize("cycles, stall", [(256, 0.0), (512, 0.3)])
def test_the_zoos_model(cycles, stall, run):
    """At full speed a frame leaves every `cycles` cycles; stalls leave the integers as they are."""
    model = zoo_model()
    run([model], plan(model.spec, cycles), (0, 200), seed=cycles, stall=stall)


def test_powers_of_two_repeated_in_three_contexts_through_a_bank_swap(run):
    layers = [
        Conv1DSpec(2, 4, 3, 2),
        Conv1DSpec(4, 4, 2, 3, weights="po2", repeat=2),
        Conv1DSpec(4, 3, 1, relu=False),
    ]
    folds = (
        LayerFolding(layers[0], 2, 2),
        LayerFolding(layers[1], 2, 4),
        LayerFolding(layers[2], 1, 2),
    )
    spec = NetworkSpec(layers)
    models = [random_model(spec, seed, scale=0.3) for seed in (1, 2)]
    run(models, Folding(spec, folds, 0), (80, 120), seed=3, contexts=3, stall=0.4)


def test_eighteen_bits_rounded_down_through_a_bank_swap(run):
    layers = [Conv1DSpec(3, 6, 2, 4), Conv1DSpec(6, 2, 3, 1, relu=False)]
    folds = (LayerFolding(layers[0], 3, 6), LayerFolding(layers[1], 1, 3))
    spec = NetworkSpec(layers, NumberFormat(18, 13, "floor"))
    models = [random_model(spec, seed) for seed in (4, 5)]  # weights that saturate
    run(models, Folding(spec, folds, 0), (80, 120), seed=6, stall=0.4)


def test_a_large_random_net_with_an_uneven_ring_in_two_contexts(run):
    """16 channels, 6 taps, a ring of 143 slots, whose pointers Verilog does not wrap by itself."""
    model, folding = random_network(409, contexts=2)
    stages = build(model, folding, 2).stages
    assert [stage.cache.slots for stage in stages] == [143, 4, 8]
    run([model], folding, (0, 60), seed=7, contexts=2, stall=0.1)


def test_what_differs_from_the_reference_is_seen(run, runs, tmp_path):
    layers = [Conv1DSpec(1, 1, 1, relu=False)]
    spec = NetworkSpec(layers)
    models = [random_model(spec, seed) for seed in (7, 8)]
    job = run(models, Folding(spec, (LayerFolding(layers[0], 1, 1),), 0), (4, 4), seed=9)
    (address, value), count = job["words"][-1], len(job["frames"])
    wrong = {
        "expected": [*job["expected"][:-1], [job["expected"][-1][0] ^ 1]],
        "saturations": [job["saturations"][0] + 1],
        "words": [*job["words"], [address, value ^ 1]],  # its reading shows in both places
        "interval": job["interval"] + 1,
        "cycles": count,
    }
    for part, value in wrong.items():
        with pytest.raises(SystemExit):
            runs.play(tmp_path, BENCH, job | {part: value})
