# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What the console says of the codec's bring-up, on the simulated SoC."""

from tests.support.soc.soc_runs import TIMEOUT_S, simulation, zoo_model

ABSENT = (
    "codec: no answer on I2C at 0x10: is the module plugged in, and at the build's --pmod-port? "
    "no sound until it answers"
)


def test_a_codec_that_answers():
    with simulation(zoo_model()) as sim:
        sim.wait_frames(1, TIMEOUT_S)
        assert sim.console.values("codec", TIMEOUT_S) == {"codec": "ready", "codec_retries": "0"}
        refused = sim.console.command("codec start", TIMEOUT_S).strip()
        assert refused == "codec: must be restart or nothing, got 'start'"

        before = sim.console.values("status", TIMEOUT_S)
        assert sim.console.values("codec restart", TIMEOUT_S)["codec"] == "starting"
        while (after := sim.console.values("status", TIMEOUT_S))["codec"] != "ready":
            assert after["codec"] == "starting"
    assert int(after["frames"]) > int(before["frames"]) and after["overruns"] == "0"
    assert sim.report["complaints"] == []


def test_a_codec_that_does_not_answer():
    """It is said once, without being asked; the console goes on, and so do the attempts."""
    with simulation(zoo_model(), codec_address=0x11, power_up_ms=0.1) as sim:
        sim.console.send(b"reboot\n")  # It may have been said before the console was connected.
        sim.console.read_until("WaveNet SoC", TIMEOUT_S)
        sim.console.read_until(ABSENT, TIMEOUT_S)
        sim.console.synchronise()
        assert sim.console.values("status", TIMEOUT_S)["codec"] == "error"
        said = sim.console.command("codec", TIMEOUT_S).splitlines()
        assert said[0] == "codec=error" and said[2] == ABSENT
        while int(sim.console.values("status", TIMEOUT_S)["codec_retries"]) < 2:
            pass
        assert ABSENT not in sim.console.command("status", TIMEOUT_S)
    assert sim.report["frames"] == 0
