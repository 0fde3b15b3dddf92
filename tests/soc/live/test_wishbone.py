# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Models swapped by a host over the bridge while the simulated SoC plays, the console beside it."""

import re
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from models import image
from models.spec import Model
from soc import __main__ as command_line
from soc.host.bus import ClientError, UARTBus
from soc.host.client import Build, Client
from soc.sim.runner import free_port
from tests.support.limits import HANG_S
from tests.support.soc.command_line import run_main
from tests.support.soc.live import A, B, C, crc, heard_and_given, sound
from tests.support.soc.load_runs import MAGIC_ACK, jump, load_frames
from tests.support.soc.soc_runs import TIMEOUT_S, simulation, swap_rows

ROOT = Path(__file__).parents[3]
NAMED = {"waves": [{"name": "sine", "at": [-1, -1]}, {"name": "ramp", "at": [-1, 1]}]}
A = Model(A.spec, A.weights, NAMED)


def url(sim):
    return f"socket://localhost:{sim.bridge_port}"


run = partial(run_main, command_line.main)  # python3 -m soc


@pytest.fixture
def files(tmp_path):
    Model(B.spec, B.weights, NAMED).save(tmp_path / "b.npz")
    (tmp_path / "c.bin").write_bytes(image.pack(C))
    return tmp_path


def test_the_command_line_swaps_while_it_plays(files, capsys):
    """A, then B from .npz, then C from .bin, then back to B; refusals in between change nothing."""
    with simulation(A, frames=sound(), endless=True, with_uartbone=True) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        where = ["--port", url(sim), "--csr", sim.folder / "csr.json"]
        status, out, err = run(["swap", files / "b.npz", *where], capsys)
        assert (status, err) == (0, "")
        assert out.startswith(f"bank 1 plays, crc {crc(B)}, after ")
        where[3] = sim.folder / "csr.csv"
        assert run(["swap", files / "c.bin", *where], capsys)[0] == 0
        assert run(["swap", *where], capsys)[1].startswith(f"bank 1 plays, crc {crc(B)}, after ")
        (files / "bad.bin").write_bytes(image.pack(A)[:-1] + b"\0")
        status, out, err = run(["swap", files / "bad.bin", *where], capsys)
        assert (status, out) == (2, "")
        assert err.startswith("python3 -m soc swap: error: image: CRC-32 must be 0x")
        before = int(sim.console.values("status", TIMEOUT_S)["frames"])
        status, out, err = run(["embed", "sine", "--model", files / "b.npz", *where], capsys)
        assert (status, err) == (0, "") and out.endswith("glide_frames=0\ne0=-1.0\ne1=-1.0\n")
        assert run(["embed", "sine", *where], capsys)[0] == 2  # the build's model does not play
        assert sim.console.command("embed ramp", TIMEOUT_S) == (
            "embed: the names are those of waveshaper, which does not play; "
            "give two numbers: E0 E1\n"
        )
        status, out, err = run(["embed", "0.5", "codec", "--glide", "0.5", *where], capsys)
        assert (status, err) == (0, "")
        assert re.fullmatch(r"frame=\d+\nglide_frames=96\ne0=0\.5\ne1=codec\n", out)
        said = dict(line.split("=") for line in run(["status", *where], capsys)[1].splitlines())
        console = sim.console.values("status", TIMEOUT_S)
    for key in ("fs", "bank", "model", "crc", "idle_crc", "overruns", "cycles_used", "e0", "e1"):
        assert said[key] == console[key], key
    assert (said["e0"], said["e1"], said["owner"]) == ("0.5", "codec", "0")
    assert (said["crc"], said["idle_crc"]) == (crc(B), crc(C))
    assert console["overruns"] == "0" and sim.report["complaints"] == []
    heard, given = heard_and_given(sim)
    end = sim.input_frame(before)
    assert len(swap_rows([A, B, C, B], given[:end], heard[:end])) == 3


def test_a_host_and_the_console_at_once():
    """Whoever comes second is refused in one line, at any moment; what was begun comes to its end.

    Then a host that died with the banks: the console unlocks them, another host takes them.
    """
    frames = [MAGIC_ACK, *load_frames(image.pack(B)), jump()]
    with simulation(A, frames=sound(), endless=True, with_uartbone=True) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        client = Client(UARTBus(url(sim)), Build(sim.folder / "csr.json"))
        console = sim.console
        console.send(b"load\n" + b"".join(frames[:30]))
        while client.get("banks_owner") == 0 or client.crc(1) != 0:
            time.sleep(0.01)
        with pytest.raises(ClientError, match="but the console has them"):
            client.swap(image.pack(C))
        with pytest.raises(ClientError, match="but the console has them"):
            client.swap()
        assert crc(B) in console.type(b"".join(frames[30:]), TIMEOUT_S)

        with client.banks() as token:
            for command in ("load", "swap"):
                assert console.command(command, TIMEOUT_S) == (
                    f"{command}: a host has the banks (token {token}); try again when it is done, "
                    "or 'unlock' when it is gone\n"
                )
            with pytest.raises(ClientError, match=f"but another host .token {token}. has them"):
                client.swap()
        client.set("banks_claim", 4711)
        client.swap(image.pack(C), force=True)
        client.set("banks_claim", 4711)
        assert console.command("unlock", TIMEOUT_S) == "the banks are free\n"
        said = console.command("swap", TIMEOUT_S)
        assert f"\ncrc={crc(B)}\n" in said
        assert console.values("status", TIMEOUT_S)["overruns"] == "0"
    heard, given = heard_and_given(sim)
    assert len(swap_rows([A, B, C, B], given, heard)) == 3


def test_the_cpu_is_reset_in_an_upload_and_held_while_a_host_swaps():
    """The sound does not need it; the console says what happened, and loads again."""
    frames = [MAGIC_ACK, *load_frames(image.pack(B)), jump()]
    with simulation(A, frames=sound(), endless=True, with_uartbone=True) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        client = Client(UARTBus(url(sim)), Build(sim.folder / "csr.json"))
        sim.console.send(b"load\n" + b"".join(frames[:30]))
        while client.crc(1) != 0:
            time.sleep(0.01)
        client.set("ctrl_reset", 2)
        held = client.get("wavenet_frames")
        while client.get("wavenet_frames") < held + 2000:
            pass
        with pytest.raises(ClientError, match="but the console has them"):
            client.swap()
        client.set("ctrl_reset", 0)
        said = sim.console.read_until("wavenet> ", TIMEOUT_S)
        assert "a reset broke off what the console did with the banks\n" in said
        sim.console.synchronise()
        assert sim.console.command("swap", TIMEOUT_S) == (
            "swap: refused: bank 1 holds no whole model; 'load' one\n"
        )
        client.set("ctrl_reset", 2)
        client.swap(image.pack(C))
        client.set("ctrl_reset", 0)
        sim.console.synchronise()
        said = sim.console.type(b"load\n" + b"".join(frames), TIMEOUT_S)
        assert crc(B) in said
        assert sim.console.values("status", TIMEOUT_S)["overruns"] == "0"
    heard, given = heard_and_given(sim)
    assert len(swap_rows([A, C, B], given, heard)) == 2


@pytest.fixture
def server():
    """Starts litex_server for a simulation; returns its port."""
    started = []

    def start(sim):
        port = free_port()
        command = [sys.executable, "-m", "litex.tools.litex_server", "--uart"]
        command += ["--uart-port", url(sim), "--bind-port", str(port)]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        deadline = time.monotonic() + HANG_S
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("localhost", port), 1).close()
                return port
            except OSError:
                time.sleep(0.1)
        raise TimeoutError("litex_server does not listen")

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_litex_server(files, server, capsys, monkeypatch):
    """The same over litex_server, and the script of docs/live.md beside it."""
    with simulation(A, frames=sound(), endless=True, with_uartbone=True) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        port = server(sim)
        where = ["--tcp", f"localhost:{port}", "--csr", sim.folder / "csr.json"]
        status, out, err = run(["swap", files / "b.npz", *where], capsys)
        assert (status, err) == (0, "")
        assert f"bank 1 plays, crc {crc(B)}" in out
        assert "bank=1\n" in run(["status", *where], capsys)[1]
        before = int(sim.console.values("status", TIMEOUT_S)["frames"])
        script = (ROOT / "docs" / "live.md").read_text().split("```python\n")[1].split("```")[0]
        assert len(script.split("\n")) - script.count("\n\n") - 1 == 5
        script = script.replace("build/sim/csr.csv", str(sim.folder / "csr.csv"))
        done = subprocess.run(
            [sys.executable, "-c", script.replace("1234", str(port))],
            capture_output=True,
            text=True,
            timeout=HANG_S,
        )
        assert done.returncode == 0, done.stderr
        status = sim.console.values("status", TIMEOUT_S)
    assert (status["e0"], status["e1"], status["bank"]) == ("-1.0", "1.0", "1")
    heard, given = heard_and_given(sim)
    end = sim.input_frame(before)
    assert len(swap_rows([A, B], given[:end], heard[:end])) == 1
