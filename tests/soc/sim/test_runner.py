# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Simulation and its parts, as a program uses them: cache, runs at once, time-outs, WAVs."""

import multiprocessing
import socket

import numpy as np
import pytest
import soundfile

from models.files import FileError
from soc import wav
from soc.flow.toolchain import environment
from soc.progress import Progress
from soc.sim import simulator
from soc.sim.frames import as_frames
from soc.sim.runner import Simulation, SimulationError
from soc.sim.sim_soc import MODULES, generate
from soc.sim.simulator import SimulatorError, build_simulator
from tests.support.soc.soc_runs import TIMEOUT_S, codes, planned, simulation, zoo_model


def test_two_runs_of_one_build_at_once():
    model = zoo_model()
    sounds = [codes(np.full((300, 1), level)) for level in (100, 3000)]
    with (
        simulation(model, frames=sounds[0], endless=True) as one,
        simulation(model, frames=sounds[1], endless=True) as two,
    ):
        assert one.port != two.port and one.run_dir != two.run_dir
        assert one.console.values("embed 1 1", TIMEOUT_S)["e0"] == "1.0"
        assert two.console.values("status", TIMEOUT_S)["e0"] == "codec"
        one.wait_frames(300, TIMEOUT_S)
        two.wait_frames(300, TIMEOUT_S)
    np.testing.assert_array_equal(one.frames_in[:300, 0], sounds[0][:, 0])
    np.testing.assert_array_equal(two.frames_in[:300, 0], sounds[1][:, 0])
    assert (one.frames_out[:300] != two.frames_out[:300]).any()
    assert not one.folder.exists() and not two.folder.exists()


def test_the_end_of_the_duration_and_what_is_left():
    model = zoo_model()
    with simulation(model, duration=50) as sim:
        sim.wait(TIMEOUT_S)
        with pytest.raises(SimulationError, match="the simulation has ended"):
            sim.check_alive()
    assert sim.frames_out.shape == (50, 4) and sim.frames_in is None
    assert sim.report["frames"] == 50 and sim.cycles_per_cpu_second > 0


def test_waiting_has_an_end():
    with simulation(zoo_model()) as sim:
        with pytest.raises(SimulationError, match="has not ended after 0.1 s"):
            sim.wait(0.1)
        with pytest.raises(SimulationError, match="1000000000 frames have not been played"):
            sim.wait_frames(10**9, 0.1)


def test_a_codec_that_is_not_set_up_is_heard_of(monkeypatch):
    """The strict codec model is in the loop: registers of another rate leave it silent."""
    from gateware.audio.ak4619 import AK4619

    honest = AK4619.commands
    monkeypatch.setattr(AK4619, "commands", classmethod(lambda cls, rate: honest(48_000)))
    with simulation(zoo_model()) as sim:
        console = sim.console
        while int(console.values("status", TIMEOUT_S)["frames"]) < 4000:
            pass
        assert sim.running
    assert sim.report["frames"] == 0 and len(sim.frames_out) == 0
    assert any("MCLK" in complaint for complaint in sim.report["complaints"])


def in_use(build):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        build(taken.getsockname()[1])


def test_port_in_use():
    model = zoo_model()
    with pytest.raises(SimulationError, match=r"port \d+ cannot be used: Address already in use"):
        in_use(lambda port: Simulation(model, planned(model), port=port))


@pytest.mark.parametrize("shape", [(0, 1), (5, 5), (2, 2, 2)])
def test_bad_frames(shape):
    with pytest.raises(ValueError, match="^frames must be "):
        as_frames(np.zeros(shape, np.int64))
    with pytest.raises(ValueError, match="24-bit"):
        as_frames([1 << 23])


def build_once(output, cache, results):
    model = zoo_model()
    _, gateware, sources = generate(model, planned(model), output)
    folder = build_simulator(gateware, sources, MODULES, cache, False, Progress(quiet=True))
    results.put((str(folder), (folder / "Vsim").stat().st_ino))


@pytest.mark.slow
def test_two_processes_build_a_design_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    runs = [
        context.Process(target=build_once, args=(tmp_path / name, tmp_path / "cache", results))
        for name in "ab"
    ]
    for run in runs:
        run.start()
    built = [results.get(timeout=TIMEOUT_S) for _ in runs]
    for run in runs:
        run.join(TIMEOUT_S)
    assert built[0] == built[1]


MAKEFILE = """verilated.o: ; echo verilated $(OPT_FAST) > $@
design.o: ; echo design $(OPT_FAST) > $@
Vsim: verilated.o design.o ; cat $^ > $@
"""


def test_builds_share_the_compiled_library_of_verilator(tmp_path, monkeypatch):
    """Half of the work; it is made anew for other flags of the compiler."""
    compiled = []
    for name, flags in (("one", "-O1"), ("two", "-O1"), ("three", "-O2")):
        monkeypatch.setattr(simulator, "OPTIMISE", flags)
        work = tmp_path / name
        (work / "obj_dir").mkdir(parents=True)
        (work / "obj_dir" / "Vsim.mk").write_text(MAKEFILE)
        (work / "obj_dir" / "Vsim_classes.mk").write_text("VM_GLOBAL_FAST += \\\n  verilated \\\n")
        env = environment(simulator.PROGRAMS)
        build = simulator._Build(work, env, Progress(quiet=True), tmp_path / "library")
        build._compile(lambda text: None)
        assert (work / "Vsim").read_text() == f"verilated {flags}\ndesign {flags}\n"
        log = (work / "compile.log").read_text().splitlines()
        assert log.count(f"echo design {flags} > design.o") == 1
        compiled.append(log.count(f"echo verilated {flags} > verilated.o"))
    assert compiled == [1, 0, 1]


def test_a_build_that_fails_leaves_no_simulator(tmp_path):
    model = zoo_model()
    _, gateware, sources = generate(model, planned(model), tmp_path / "soc")
    verilog = (gateware / "sim.v").read_text()
    (gateware / "sim.v").write_text(verilog.replace("endmodule", "nonsense", 1))
    with pytest.raises(SimulatorError, match="verilate failed, see .*verilate.log"):
        build_simulator(gateware, sources, MODULES, tmp_path, False, Progress(quiet=True))
    assert not list(tmp_path.rglob("Vsim"))


@pytest.mark.slow
def test_waveforms_on_request():
    model = zoo_model()
    with simulation(model, duration=5, trace=True) as sim:
        sim.wait(TIMEOUT_S)
        assert (sim.run_dir / "sim.fst").stat().st_size > 100_000
    with simulation(model, duration=5) as sim:
        sim.wait(TIMEOUT_S)
        assert not list(sim.run_dir.glob("sim.*st"))


def test_codes():
    """A 16-bit sample n is the code n << 8; full scale saturates; missing channels are 0."""
    samples = np.array([-32768, -1, 0, 1, 32767])
    result = wav.to_codes(samples[:, None] / 32768)
    assert result.dtype == np.int32
    np.testing.assert_array_equal(result[:, 0], samples << 8)
    assert not result[:, 1:].any()
    np.testing.assert_array_equal(wav.to_codes([[2.0, -2.0]])[0], [2**23 - 1, -(2**23), 0, 0])
    with pytest.raises(ValueError, match=r"must be of shape \[n, 1 to 4\], got \(3, 5\)"):
        wav.to_codes(np.zeros((3, 5)))


def test_write_wav_keeps_every_bit(tmp_path):
    words = np.random.default_rng(1).integers(-(2**31), 2**31, (100, 4)).astype(np.int32)
    wav.write_wav(tmp_path / "out.wav", words, 192_000.0)
    back, rate = soundfile.read(tmp_path / "out.wav", dtype="int32")
    assert rate == 192_000
    np.testing.assert_array_equal(back, words)
    with pytest.raises(FileError, match="the folder .* does not exist"):
        wav.write_wav(tmp_path / "no" / "out.wav", words, 192_000.0)
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav"]


def test_nothing_is_left_of_a_run():
    """Also when it is stopped before it has begun, and when it cannot be built."""
    model = zoo_model()
    with simulation(model) as sim:
        assert sim.folder.exists()
    assert not sim.folder.exists() and sim.report["frames"] == 0

    too_slow = Simulation(model, planned(model, 48_000), sample_rate=192_000)
    with pytest.raises(ValueError, match="cycles per sample, got 1024"), too_slow:
        pytest.fail("it started")
    assert not too_slow.folder.exists()
