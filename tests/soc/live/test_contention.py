# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Console and host at the banks at once, and resets of the CPU, at dozens of moments."""

import time
from contextlib import contextmanager

import pytest

from models import image
from soc.host.bus import ClientError, UARTBus
from soc.host.client import Build, Client
from tests.support.soc.live import A, B, C, crc, heard_and_given, sound
from tests.support.soc.load_runs import MAGIC_ACK, jump, load_frames
from tests.support.soc.soc_runs import TIMEOUT_S, simulation, swap_rows

FRAMES = [MAGIC_ACK, *load_frames(image.pack(B)), jump()]


@contextmanager
def playing(*models):
    """(sim, client) while A plays; at the end `models` have followed it, and nothing else."""
    with simulation(A, frames=sound(), endless=True, with_uartbone=True) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        bus = UARTBus(f"socket://localhost:{sim.bridge_port}")
        yield sim, Client(bus, Build(sim.folder / "csr.json"))
        assert sim.console.values("status", TIMEOUT_S)["overruns"] == "0"
        bus.close()
    heard, given = heard_and_given(sim)
    assert len(swap_rows([A, *models], given, heard)) == len(models)


def wait_for_console(client):
    deadline = time.monotonic() + TIMEOUT_S
    while client.get("banks_owner") != 1:
        assert time.monotonic() < deadline, "the console does not claim the banks"


def test_each_tries_in_every_step_of_the_other():
    """The second is refused; neither its try nor the refusal harms what the first has begun."""
    with playing(B, C) as (sim, client):
        sim.console.send(b"load\n")
        wait_for_console(client)
        for step, data in enumerate(FRAMES[:-1]):
            sim.console.send(data)
            if step % 2:
                continue
            with pytest.raises(ClientError, match="not this host's but the console has them"):
                client.swap(image.pack(C) if step % 4 else None)
        said = sim.console.type(FRAMES[-1], TIMEOUT_S)
        assert crc(B) in said and "refused" not in said

        replies = []

        def interfere(done):
            command = ("load", "swap")[len(replies) % 2]
            reply = sim.console.command(command, TIMEOUT_S)
            assert reply.startswith(f"{command}: a host has the banks (token ")
            replies.append(reply)

        assert client.swap(image.pack(C), update=interfere) == 0
        assert len(replies) > 30


def test_a_script_that_writes_the_bank_that_plays():
    """Its writes are counted, and no more; a write of the other bank it can do."""
    with playing(B) as (sim, client):
        build = client.build
        for bank, kept in ((0, True), (1, False)):
            addresses = build.map.addresses(bank)
            first = int(addresses[addresses >= 0].min())
            where = build.window + 4 * first
            before = client.bus.read(where, 16)
            client.bus.write(where, [word ^ 1 for word in before])
            assert (client.bus.read(where, 16) == before) == kept
            assert client.status()["blocked_writes"] == 16
        assert sim.console.values("status", TIMEOUT_S)["blocked_writes"] == "16"
        assert client.swap(image.pack(B)) == 1
        assert client.status()["blocked_writes"] == 16


def test_the_cpu_is_reset_behind_any_frame_of_an_upload():
    """It says so when it starts again; the bank is not played before it was loaded anew."""
    with playing(B) as (sim, client):
        for count in [0, 1, 2, 3, *range(5, len(FRAMES), 8), len(FRAMES) - 1]:
            sim.console.send(b"load\n" + b"".join(FRAMES[:count]))
            wait_for_console(client)
            if count > 3:  # the header came with the first frame
                while client.crc(1):
                    pass
            client.set("ctrl_reset", 2)
            client.set("ctrl_reset", 0)
            said = sim.console.read_until("with the banks\r\nwavenet> ", TIMEOUT_S)
            assert said.endswith("\na reset broke off what the console did ")
            sim.console.synchronise()
            assert client.get("banks_owner") == 0
        assert "holds no whole model" in sim.console.command("swap", TIMEOUT_S)
        said = sim.console.type(b"load\n" + b"".join(FRAMES), TIMEOUT_S)
        assert crc(B) in said
