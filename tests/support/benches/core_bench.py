# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The test bench of a core in Verilog, run by cocotb inside the simulator.

It plays job.json of the simulator's folder (see core_jobs.py) and writes seen.json there:
the cycles in which each frame's last beat went in (`ends`) and its first came out (`starts`).
Inputs change at the falling edge and are settled long before the rising edge that acts on them, so
no race with the clock can hide a cycle. Ports: `tests.support.hdl.verilog.write_verilog`.
"""

import json
import random
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadOnly


class Sender:
    """Offers the frames beat by beat, idle with probability `stall`; `gate` shut, a tail waits."""

    def __init__(self, dut, job, stalls):
        self.dut, self.stall, self.random = dut, job["stall"], stalls
        self.beats = [
            (value, bank, context, channel == 0, channel == len(frame) - 1)
            for frame, bank, context in zip(job["frames"], job["banks"], job["contexts"])
            for channel, value in enumerate(frame)
        ]
        self.gate = len(self.beats) // len(job["frames"]) * job["gate"]
        self.sent, self.offered = 0, False
        self.ends, self.cycle = [], 0

    def drive(self, gate_open):
        dut, last = self.dut, len(self.beats) if gate_open else self.gate
        if not self.offered and self.sent < last:
            self.offered = self.random.random() >= self.stall
            if self.offered:
                value, bank, context, first, last = self.beats[self.sent]
                dut.sink_data.value = value % (1 << len(dut.sink_data))
                dut.sink_bank.value = bank
                dut.sink_context.value = context
                dut.sink_first.value = first
                dut.sink_last.value = last
        dut.sink_valid.value = self.offered

    def sample(self):
        self.cycle += 1
        if self.offered and self.dut.sink_ready.value:
            if self.dut.sink_last.value:
                self.ends.append(self.cycle)
            self.sent += 1
            self.offered = False


class Receiver:
    """Takes beats, not ready with probability `stall`: frames, banks, contexts, start cycles."""

    def __init__(self, dut, job, stalls):
        self.dut, self.stall, self.random = dut, job["stall"], stalls
        self.frames, self.banks, self.contexts, self.starts = [], [], [], []
        self.ready, self.inside, self.cycle = False, False, 0

    def drive(self):
        self.ready = self.random.random() >= self.stall
        self.dut.source_ready.value = self.ready

    def sample(self):
        dut, self.cycle = self.dut, self.cycle + 1
        if not (self.ready and dut.source_valid.value):
            return
        bank, context = int(dut.source_bank.value), int(dut.source_context.value)
        assert bool(dut.source_first.value) != self.inside, "first is set inside a frame only"
        if not self.inside:
            self.frames.append([])
            self.banks.append(bank)
            self.contexts.append(context)
            self.starts.append(self.cycle)
        assert (bank, context) == (self.banks[-1], self.contexts[-1]), "a tag changes in a frame"
        self.frames[-1].append(dut.source_data.value.to_signed())
        self.inside = not dut.source_last.value

    def complete(self, count):
        return len(self.frames) == count and not self.inside


class Bus:
    """Writes all words, then reads them back: `words` [(address, value)], `read` [(address, value)]

    One classic Wishbone cycle after the other.
    """

    def __init__(self, dut, words):
        self.dut, self.busy, self.read = dut, False, []
        self.todo = [(address, value) for address, value in words]
        self.todo += [(address, None) for address, _ in words]
        self.todo.reverse()

    @property
    def done(self):
        return not (self.todo or self.busy)

    def drive(self):
        dut, start = self.dut, not self.busy and self.todo
        if start:
            address, value = self.todo[-1]
            dut.bus_adr.value = address
            dut.bus_we.value = value is not None
            dut.bus_dat_w.value = (value or 0) % (1 << 32)
            dut.bus_sel.value = 0xF
        self.busy = self.busy or bool(start)
        dut.bus_cyc.value = self.busy
        dut.bus_stb.value = self.busy

    def sample(self):
        if self.busy and self.dut.bus_ack.value:
            address, value = self.todo.pop()
            if value is None:
                self.read.append([address, self.dut.bus_dat_r.value.to_signed()])
            self.busy = False


@cocotb.test()
async def core_equals_the_reference(dut):
    job = json.loads(Path("job.json").read_text())
    stalls = random.Random(job["seed"])
    sender, receiver = Sender(dut, job, stalls), Receiver(dut, job, stalls)
    bus = Bus(dut, job["words"])
    dut.sys_rst.value = 1
    dut.sink_valid.value = dut.source_ready.value = dut.bus_cyc.value = dut.bus_stb.value = 0
    Clock(dut.sys_clk, 10, unit="ns").start()
    for _ in range(3):
        await FallingEdge(dut.sys_clk)
    dut.sys_rst.value = 0

    count = len(job["frames"])
    while not (receiver.complete(count) and bus.done):
        assert receiver.cycle < job["cycles"], (
            f"{len(receiver.frames)} of {count} frames, {len(bus.todo)} bus cycles left"
        )
        sender.drive(bus.done)
        receiver.drive()
        bus.drive()
        await ReadOnly()
        sender.sample()
        receiver.sample()
        bus.sample()
        await FallingEdge(dut.sys_clk)

    seed = f"seed {job['seed']}"
    assert bus.read == job["words"], seed
    assert receiver.banks == job["banks"], seed
    assert receiver.contexts == job["contexts"], seed
    for index, (frame, expected) in enumerate(zip(receiver.frames, job["expected"])):
        assert frame == expected, f"{seed}: frame {index} is {frame}, the reference {expected}"
    for index, saturations in enumerate(job["saturations"]):
        assert int(getattr(dut, f"saturations{index}").value) == saturations, f"{seed}: {index}"
    if job["interval"]:
        starts = receiver.starts[len(receiver.starts) // 2 :]
        assert {b - a for a, b in zip(starts, starts[1:])} == {job["interval"]}, seed
    seen = {"ends": sender.ends, "starts": receiver.starts}
    Path("seen.json").write_text(json.dumps(seen))
