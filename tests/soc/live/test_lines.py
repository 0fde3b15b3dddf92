# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Whatever comes over the bridge's line and the console's, bus and console answer after it."""

import random
import socket
import struct
from contextlib import contextmanager

import pytest

from soc import __main__ as command_line
from soc.host import bus as host_bus
from soc.host.bus import ClientError, UARTBus
from soc.host.client import Build, Client
from soc.sim.console import Console, ConsoleError
from tests.support.soc.command_line import run_main
from tests.support.soc.live import SMALL_A, SMALL_RATE, heard_and_given, sound
from tests.support.soc.soc_runs import TIMEOUT_S, simulation, swap_rows

WRITE, READ, WRITE_FIXED, READ_FIXED = 1, 2, 3, 4
ROM, NOWHERE = 0, 0x5000_0000  # addresses that no garbage can harm


def command(kind, words, address, data=b""):
    return struct.pack(">BBI", kind, words, address // 4) + data


def read_anywhere(seed):
    """Commands to read as many words as there can be, most of them where nothing is; in between
    noise and half commands. What writes goes to the ROM or to nothing."""
    choose, data = random.Random(seed), b""
    for _ in range(60):
        kind = choose.choice([READ, READ_FIXED, WRITE, WRITE_FIXED, 0, 5, 0x23, 0xFF])
        size = choose.choice([0, 1, 2, 255])
        address = choose.choice([ROM, NOWHERE, NOWHERE + 4 * choose.randrange(2**24)])
        writes = kind in (WRITE, WRITE_FIXED)
        data += command(kind, size, address, choose.randbytes(4 * size) if writes else b"")
    return data + command(WRITE, 255, NOWHERE)[: choose.randrange(1, 6)]


GARBAGE = {
    "half a header": command(READ, 1, ROM)[:3],
    "half a write": command(WRITE, 255, NOWHERE, bytes(99)),
    "no words": command(READ, 0, ROM) + command(WRITE, 0, ROM),
    "as long as can be, where nothing is": 8 * command(READ, 255, NOWHERE),
    "what a console is sent": b"status\nembed 1 1\nload\n",
    "all of it": read_anywhere(1),
    "all of it, otherwise": read_anywhere(2),
}


@pytest.fixture(scope="module")
def sim():
    with simulation(
        SMALL_A, SMALL_RATE, frames=sound(), endless=True, with_uartbone=True
    ) as running:
        running.wait_frames(100, TIMEOUT_S)
        yield running
    heard, given = heard_and_given(running)
    assert running.report["complaints"] == []
    assert swap_rows([SMALL_A], given, heard) == []


@contextmanager
def console(sim):
    connected = Console(sim.port)
    try:
        yield connected
    finally:
        connected.close()


def port(sim):
    return f"socket://localhost:{sim.bridge_port}"


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_into_the_bridge(sim, garbage):
    with socket.create_connection(("localhost", sim.bridge_port)) as host:
        host.sendall(GARBAGE[garbage])
    with console(sim) as at_console:
        assert at_console.values("status", TIMEOUT_S)["overruns"] == "0"
    bus = UARTBus(port(sim))
    client = Client(bus, Build(sim.folder / "csr.json"))
    with client.banks() as token, console(sim) as at_console:
        assert client.status()["owner"] == token
        assert f"(token {token})" in at_console.command("swap", TIMEOUT_S)
    assert client.status()["owner"] == client.status()["bank"] == 0
    bus.close()


def test_a_status_of_the_consoles_port(sim, capsys, monkeypatch):
    """No time-out is waited for: the test's own would end it."""
    monkeypatch.setattr(host_bus, "TIMEOUT_S", 10 * TIMEOUT_S)
    where = ["--port", f"socket://localhost:{sim.port}", "--csr", sim.folder / "csr.json"]
    status, out, err = run_main(command_line.main, ["status", *where], capsys)
    assert (status, out) == (2, "")
    assert err == (
        f"python3 -m soc status: error: socket://localhost:{sim.port}: is the console's port; the "
        "bridge has another one (--with-uartbone)\n"
    )
    with console(sim) as at_console:
        assert at_console.values("status", TIMEOUT_S)["overruns"] == "0"


def test_a_second_client_of_the_console(sim, capsys):
    with console(sim) as first:
        with pytest.raises(ConsoleError, match="console: busy: this port serves one client at a"):
            Console(sim.port)
        where = ["--port", f"socket://localhost:{sim.port}", "--csr", sim.folder / "csr.json"]
        status, out, err = run_main(command_line.main, ["status", *where], capsys)
        assert status == 2 and "busy: this port serves one client at a time" in err
        assert first.values("status", TIMEOUT_S)["overruns"] == "0"


def test_a_second_host_on_the_bridge(sim, capsys):
    first = UARTBus(port(sim))
    where = ["--port", port(sim), "--csr", sim.folder / "csr.json"]
    status, out, err = run_main(command_line.main, ["status", *where], capsys)
    assert (status, out) == (2, "")
    assert err == (
        f"python3 -m soc status: error: {port(sim)}: busy: this port serves one client at a time; "
        "close the other one\n"
    )
    client = Client(first, Build(sim.folder / "csr.json"))
    assert client.get("wavenet_frames") > 0
    first.close()
    assert run_main(command_line.main, ["status", *where], capsys)[0] == 0


def test_another_builds_addresses_are_called_so(sim):
    build = Build(sim.folder / "csr.json")
    build.registers["banks_topology"] = NOWHERE
    bus = UARTBus(port(sim))
    with pytest.raises(ClientError, match="but nothing at the address of banks_topology, 0x5000"):
        Client(bus, build)
    bus.close()
