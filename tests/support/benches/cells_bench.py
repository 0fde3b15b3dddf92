# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The test bench of tests/support/hdl/ecp5_cells.v, run by cocotb inside the simulator.

Module `cells` holds one DP16KD or MULT18X18D for each mode of job.json; all get the same random
inputs, and each must show what its Python model shows, cycle by cycle. See tests/gateware/
test_ecp5_cells.py.
"""

import json
import random
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadOnly

from tests.support.hdl.ram_model import ROWS, Port, Ram

NEAR = (0, 1, 2, 1022, 1023)  # few rows, so that the ports meet
EXTREMES = (0, 1, 2**17 - 1, 2**17, 2**18 - 1)


def port_pins(rng, row=None):
    """Random pins of a port; with `row` a reading of that row."""
    scan = row is not None
    return {
        "ad": (row if scan else rng.choice(NEAR)) << 4 | rng.randrange(16),
        "di": rng.getrandbits(18),
        "ce": int(scan or rng.random() < 0.8),
        "we": int(not scan and rng.random() < 0.4),
        "oce": int(rng.random() < 0.7),
        "rst": int(not scan and rng.random() < 0.05),
    }


def keep_apart(a, b):
    """In a row that both write, A writes the lower byte and B the upper one, whatever the width."""
    if a["ce"] and a["we"] and b["ce"] and b["we"] and a["ad"] >> 4 == b["ad"] >> 4:
        a["ad"] = a["ad"] & ~0b1011 | 0b0001
        b["ad"] = b["ad"] & ~0b1011 | 0b1010


def rams(job):
    for mode in job["rams"]:
        a, b = (Port(*mode[side]) for side in "ab")
        yield Ram(job["rows"], a, b, mode["asynchronous"])


@cocotb.test()
async def block_rams(dut):
    job = json.loads(Path("job.json").read_text())
    rng = random.Random(job["seed"])
    models = list(rams(job))
    undefined = {True: 0, False: 0}
    Clock(dut.clk, 10, unit="ns").start()
    for cycle in range(ROWS + job["cycles"]):
        await FallingEdge(dut.clk)
        row = cycle if cycle < ROWS else None
        pins = [port_pins(rng, row), port_pins(rng, row)]
        keep_apart(*pins)
        if job["clash"] and cycle == ROWS + 100:
            for own in pins:
                own.update(ad=0b0011, ce=1, we=1, rst=0)
        for side, own in zip("ab", pins):
            for pin, value in own.items():
                getattr(dut, pin + side).value = value
        await ReadOnly()
        for index, model in enumerate(models):
            for side, (value, known) in zip("ab", model.settle(pins)):
                port = model.ports["ab".index(side)]
                shown = int(getattr(dut, f"do{side}{index}").value)
                where = f"seed {job['seed']}, cycle {cycle}: {job['rams'][index]}, port {side}"
                expected = value & known & port.defined
                assert shown & known & port.defined == expected, where
                for bit in range(18):
                    if not known >> bit & 1:
                        undefined[shown >> bit & 1 == value >> bit & 1] += 1
            model.edge(pins)
    # Neither the old bit nor the new one can be relied on where the ports meet.
    assert min(undefined.values()) > 0.4 * sum(undefined.values()) > 100


def product(a, b, signs):
    a -= (a >> 17 & signs >> 1) << 18
    b -= (b >> 17 & signs & 1) << 18
    return a * b % (1 << 36)


@cocotb.test()
async def multipliers(dut):
    job = json.loads(Path("job.json").read_text())
    rng = random.Random(job["seed"])
    states = [dict.fromkeys(("a", "b", "pipeline", "output"), 0) for _ in job["multipliers"]]
    Clock(dut.clk, 10, unit="ns").start()
    for cycle in range(job["cycles"]):
        await FallingEdge(dut.clk)
        a, b = (rng.choice([*EXTREMES, *[rng.getrandbits(18)] * 5]) for _ in range(2))
        rst = int(rng.random() < 0.03)
        ce = int(rst or rng.random() < 0.8)
        dut.a.value, dut.b.value, dut.ce.value, dut.rst.value = a, b, ce, rst
        await ReadOnly()
        for index, ((signs, stages), state) in enumerate(zip(job["multipliers"], states)):
            inputs = [state[s] if s in stages else now for s, now in (("a", a), ("b", b))]
            exact = product(*inputs, signs)
            piped = state["pipeline"] if "pipeline" in stages else exact
            shown = state["output"] if "output" in stages else piped
            where = f"seed {job['seed']}, cycle {cycle}: signs {signs}, registers {stages}"
            assert int(getattr(dut, f"p{index}").value) == shown, where
            if rst:
                state.update(a=0, b=0, pipeline=0, output=0)
            elif ce:
                state.update(a=a, b=b, pipeline=exact, output=piped)
