# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The test bench of gateware/primitives.py's twins, run by cocotb inside the simulator.

Both twins of each primitive get the same random inputs; where the job names pairs of outputs, they
must be equal in every cycle. A RAM's port a does not read what port b writes, and what port b shows
of a cycle in which it writes is not compared: both are undefined.
"""

import json
import random
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadOnly


@cocotb.test()
async def twins_are_equal(dut):
    job = json.loads(Path("job.json").read_text())
    rng = random.Random(job["seed"])
    dut.sys_rst.value = 0
    Clock(dut.sys_clk, 10, unit="ns").start()
    writes = {ram["we"]: [1, 1] for ram in job["rams"]}
    differed, compared = set(), 0
    for cycle in range(job["cycles"]):
        await FallingEdge(dut.sys_clk)
        drive = {name: rng.getrandbits(width) for name, width in job["inputs"].items()}
        for ram in job["rams"]:
            limit = ram["depth"]
            near = rng.choice([8, limit])  # few words, so that what is written is read again
            drive[ram["b_adr"]] = rng.randrange(min(near, limit))
            drive[ram["a_adr"]] = (drive[ram["b_adr"]] + rng.randrange(1, limit) % limit) % limit
        for name, value in drive.items():
            getattr(dut, name).value = value
        await ReadOnly()
        for one, other, we in job["pairs"]:
            shown = [int(getattr(dut, name).value) for name in (one, other)]
            # Latency 2: what port b shows now was asked for two cycles ago.
            if cycle >= job["settle"] and not (we and writes[we][-2]):
                assert shown[0] == shown[1], f"seed {job['seed']}, cycle {cycle}: {one} {shown}"
                compared += 1
                differed.add((one, shown[0]))
        for we, history in writes.items():
            history.append(drive[we])
    assert compared > len(job["pairs"]) * job["cycles"] // 3
    assert len(differed) > 100 * len(job["pairs"])  # the outputs moved
