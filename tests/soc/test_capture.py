"""Recordings through the capture buffer: of the simulated SoC, to the integer, and in files."""

from functools import partial

import numpy as np

from soc import __main__ as command_line
from tests.support.command_line import run_main
from tests.support.live import A, sound
from tests.support.soc_runs import (
    TIMEOUT_S,
    after_silence,
    assert_plays,
    network_frames,
    simulation,
)

run = partial(run_main, command_line.main)  # python -m soc


def url(sim):
    return f"socket://localhost:{sim.bridge_port}"


def row_of(burst, played):
    """The row of `played` [n, 4] that a burst [m, 4] begins with, the only one there is."""
    candidates = np.flatnonzero((played[: 1 - len(burst)] == burst[0]).all(axis=1))
    (row,) = [row for row in candidates if np.array_equal(played[row:][: len(burst)], burst)]
    return row


def test_what_is_played_is_recorded(tmp_path, capsys):
    """Inputs integer for integer, with the network's answers to them; the DACs notice nothing."""
    with simulation(A, frames=sound(), endless=True, with_uartbone=True, capture_outputs=4) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        where = ["--port", url(sim), "--csr", sim.folder / "csr.json"]
        path = tmp_path / "a.npz"
        status, out, err = run(["capture", path, "--seconds", "0.015", *where], capsys)
        assert (status, err) == (0, "")
        assert out.startswith(f"{path}: 0.016 s at 192000 Hz, 3 bursts of 1024 frames of in0, in1,")
    heard = after_silence(A).run(network_frames(A.spec, sim.frames_in))
    assert_plays(sim, heard)
    assert sim.report["complaints"] == []

    with np.load(path) as file:
        assert list(file["channels"]) == [f"{side}{n}" for side in ("in", "out") for n in range(4)]
        assert file["sample_rate"] == 192_000 and np.isnan(file["embedding"]).all()
        bursts = np.split(file["frames"], file["starts"][1:])
        first = file["first"]
    rows = [row_of(burst[:, :4], sim.frames_in >> 8) for burst in bursts]
    assert (np.diff(first) == np.diff(rows)).all() and np.diff(rows).min() >= 1024
    for row, burst in zip(rows, bursts):
        np.testing.assert_array_equal(burst[:, 4:], heard[row : row + 1024])
