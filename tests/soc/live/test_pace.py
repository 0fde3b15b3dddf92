# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Swaps and captures at the pace of a real line, which no flow control holds: nothing is lost, and
how long it takes.

`pytest -s tests/soc/live/test_pace.py` prints the figures of docs/live.md and docs/data.md.
"""

import numpy as np
import pytest

from models import image
from soc.host import bus
from soc.host.bus import UARTBus
from soc.host.capture import Capture
from soc.host.client import Build, Client
from tests.support.soc.live import SMALL_A, SMALL_B, SMALL_RATE, A, B, crc, heard_and_given, sound
from tests.support.soc.load_runs import upload
from tests.support.soc.soc_runs import TIMEOUT_S, simulation, swap_rows
from tests.support.soc.terminal import Terminal, load, values


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A read waits for the writes before it: 91 ms of a line at 115200 baud, a quarter of a minute
    where the machine has other work."""
    monkeypatch.setattr(bus, "TIMEOUT_S", TIMEOUT_S)


def ms(sim, frames):
    return 1e3 * frames / sim.sample_rate


def paced(baudrate, model=A, rate=192_000, **options):
    return simulation(model, rate, frames=sound(), endless=True, baudrate=baudrate, **options)


SMALL_NET = (SMALL_A, SMALL_B, SMALL_RATE)
NET = (A, B, 192_000)


@pytest.mark.parametrize("mode", [[], ["--safe"]], ids=["default", "safe"])
@pytest.mark.parametrize(
    "baudrate, net",
    [
        (115_200, SMALL_NET),
        (1_000_000, NET),
        pytest.param(115_200, NET, marks=pytest.mark.slow),
    ],
)
def test_litex_term(tmp_path, baudrate, net, mode):
    """Its default mode sends without a pause: the firmware must keep up."""
    model, other, rate = net
    image.write(tmp_path / "b.bin", other)
    with paced(baudrate, model, rate) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        with Terminal(sim.port, f"--images={tmp_path / 'b.json'}", *mode) as terminal:
            said = load(terminal, TIMEOUT_S)
        assert values(said)["crc"] == crc(other), said
        messages = sim.messages()
    assert "bytes were lost" not in messages
    heard, given = heard_and_given(sim)
    assert len(swap_rows([model, other], given, heard)) == 1


def by_uart(sim):
    """Frames from the command to the new model's first, a sender that never waits."""
    before = int(sim.console.values("status", TIMEOUT_S)["frames"])
    sim.console.send(b"load\n")
    sim.console.read_until("mkekro\n", TIMEOUT_S)
    reply = sim.console.type(upload(image.pack(B)), TIMEOUT_S)
    assert values(reply)["crc"] == crc(B)
    return int(values(reply)["frames"]) - before


def by_wishbone(sim):
    client = Client(UARTBus(f"socket://localhost:{sim.bridge_port}"), Build(sim.folder / "csr.csv"))
    before = client.get("wavenet_frames")
    assert client.swap(image.pack(B)) == 1
    return client.get("wavenet_frames") - before


@pytest.mark.parametrize("baudrate", [pytest.param(115_200, marks=pytest.mark.slow), 1_000_000])
@pytest.mark.parametrize("path", [by_uart, by_wishbone])
def test_time(path, baudrate):
    with paced(baudrate, with_uartbone=path is by_wishbone) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        time = ms(sim, path(sim))
    bytes_there = len(upload(image.pack(B)))
    print(f"{path.__name__} at {baudrate} baud: {time:.0f} ms")
    assert time > 1e4 * bytes_there / baudrate  # no faster than the line
    heard, given = heard_and_given(sim)
    assert len(swap_rows([A, B], given, heard)) == 1


@pytest.mark.parametrize(
    "channels, baudrate",
    [
        (None, 1_000_000),
        pytest.param(["in0", "in1"], 1_000_000, marks=pytest.mark.slow),
        pytest.param(None, 115_200, marks=pytest.mark.slow),
        pytest.param(["in0", "in1"], 115_200, marks=pytest.mark.slow),
    ],
)
def test_bursts(channels, baudrate):
    """From the begin of a burst to that of the next."""
    with paced(baudrate, with_uartbone=True) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        bridge = UARTBus(f"socket://localhost:{sim.bridge_port}")
        capture = Capture(Client(bridge, Build(sim.folder / "csr.csv")), channels)
        recording = capture.record(2 * capture.frames / sim.sample_rate)
        bridge.close()
        messages = sim.messages()
    assert "bytes were lost" not in messages
    time = ms(sim, recording.first[1] - recording.first[0])
    print(f"{len(capture.channels)} channels at {baudrate} baud: {time:.0f} ms a burst")
    assert time > 1e4 * recording.frames.nbytes / 2 / baudrate
    played = (sim.frames_in >> 8)[:, : len(capture.channels)]
    for burst in np.split(recording.frames, 2):
        rows = np.flatnonzero((played[: 1 - len(burst)] == burst[0]).all(axis=1))
        assert any(np.array_equal(played[row:][: len(burst)], burst) for row in rows)
