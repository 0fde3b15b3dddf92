# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Another model, and `bench`, on builds of other kinds: clocks, outputs, layers, rates."""

import numpy as np
import pytest

from boards.targets.packages import set_up_cpu
from models import image
from tests.support.soc.live import SMALL_A, SMALL_B, SMALL_RATE, A, B, sound
from tests.support.soc.load_runs import upload
from tests.support.soc.soc_runs import (
    TIMEOUT_S,
    network_frames,
    planned,
    simulation,
    swap_rows,
)


def swapped(model, other, outputs, rate=192_000, bench=True, **options):
    """Loads `other` while `model` plays, benches it; holds every frame to the two."""
    with simulation(model, rate, frames=sound(), endless=True, **options) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        reply = sim.console.type(b"load\n" + upload(image.pack(other)), TIMEOUT_S)
        assert f"crc=0x{image.crc_of(image.pack(other)):08x}" in reply
        result = sim.console.values("bench", TIMEOUT_S) if bench else None
        assert sim.console.values("status", TIMEOUT_S)["overruns"] == "0"
    assert not bench or result["integers"] == "equal"
    heard = sim.frames_out[sim.soc.frame_latency :] >> 16
    assert not heard[:, outputs:].any()
    given = network_frames(model.spec, sim.frames_in)
    models = [each.narrowed(outputs) for each in (model, other)]
    assert len(swap_rows(models, given, heard[:, :outputs])) == 1
    return result


def test_a_faster_clock_and_two_of_four_outputs():
    """The image is of the whole net: what is not built is left out."""
    folding = planned(A, ratio=4, outputs=2)
    result = swapped(A, B, 2, folding=folding, wavenet_clk_ratio=4)
    assert result["accelerator_cycles"] == "256"


def test_powers_of_two_and_repeated_layers():
    assert not np.array_equal(SMALL_A.weights[0][0], SMALL_B.weights[0][0])
    swapped(SMALL_A, SMALL_B, 4, rate=SMALL_RATE)


@pytest.mark.slow
@pytest.mark.parametrize("cpu_type", ["vexriscv", "serv"])
def test_other_cpus(cpu_type):
    set_up_cpu(cpu_type)
    # SERV, a bit a cycle and without a multiplier, would take minutes of simulation.
    swapped(A, B, 4, bench=cpu_type != "serv", cpu_type=cpu_type)
