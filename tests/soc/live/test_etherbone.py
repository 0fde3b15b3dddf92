# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Status and swaps over Etherbone: LiteX's server and UDP client, LiteEth in the simulated SoC."""

from functools import partial

from litex.tools.litex_server import RemoteServer
from litex.tools.remote.comm_udp import CommUDP

from models import image
from soc import __main__ as command_line
from soc.sim.runner import free_port
from tests.support.soc.command_line import run_main
from tests.support.soc.ethernet import SOC_IP, FramePHY, Wire
from tests.support.soc.live import SMALL_A, SMALL_B, SMALL_RATE, crc, heard_and_given, sound
from tests.support.soc.soc_runs import TIMEOUT_S, simulation, swap_rows
from tests.support.soc.terminal import values

run = partial(run_main, command_line.main)  # python3 -m soc


def test_status_and_swap_over_etherbone(tmp_path, capsys):
    """Also a record of 200 words, which LiteX's buffer of 16 would wait for forever."""
    (tmp_path / "b.bin").write_bytes(image.pack(SMALL_B))
    options = dict(with_etherbone=True, eth_phy=FramePHY)
    with simulation(SMALL_A, SMALL_RATE, frames=sound(), endless=True, **options) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        wire = Wire(sim.bridge_port)
        comm = CommUDP(SOC_IP)
        comm.socket = wire
        comm.probe(SOC_IP, comm.port)
        server = RemoteServer(comm, "localhost", free_port())
        server.open()
        server.start(1)
        csr = sim.folder / "csr.json"
        where = ["--tcp", f"localhost:{server.bind_port}", "--csr", csr]

        status, out, err = run(["status", *where], capsys)
        assert (status, err) == (0, ""), err
        said = values(out)
        assert (said["bank"], said["crc"], said["overruns"]) == ("0", crc(SMALL_A), "0")

        words = list(range(7, 7 + 200))
        base = sim.soc.bus.regions["bench_ram"].origin
        comm.write(base, words)
        assert comm.read(base, 200) == words

        status, out, err = run(["swap", tmp_path / "b.bin", *where], capsys)
        assert (status, err) == (0, ""), err
        assert f"bank 1 plays, crc {crc(SMALL_B)}" in out
        assert sim.console.values("status", TIMEOUT_S)["crc"] == crc(SMALL_B)
        wire.close()
    heard, given = heard_and_given(sim)
    assert len(swap_rows([SMALL_A, SMALL_B], given, heard)) == 1
