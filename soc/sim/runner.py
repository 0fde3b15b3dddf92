# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Runs the simulated SoC: builds what is not cached, starts it, collects what it played."""

import json
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from gateware.audio.ak4619 import AK4619

from models.errors import UserError

from soc.progress import Progress
from soc.sim.simulator import build_simulator
from soc.sim.console import Console
from soc.sim.frames import as_frames, read_frames
from soc.sim.sim_soc import MODULES, SYS_CLK_FREQ, generate

BUILD      = Path(__file__).parents[2] / "build"
SET_CYCLES = 20 # from a setting of the firmware until it has read the counter of frames
BRIDGE_TIMEOUT_MS = 10 # simulated; a host is some 20 to 100 times as fast, seen from there
START_S    = 60 # seconds of real time that the simulator may take to start; a busy machine is slow

class SimulationError(UserError):
    """The simulation did not start, ended by itself or did not end; the message is for the user."""

def free_port():
    """A TCP port of localhost that is free now."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]

def check_port(port):
    """Raises SimulationError unless something can listen on the TCP port now."""
    if not 1 <= port <= 65535:
        raise SimulationError(f"port must be 1 to 65535, got {port}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            raise SimulationError(f"port {port} cannot be used: {error.strerror}") from error

class Simulation:
    """A run of the whole SoC under Verilator, as a context manager.

        with Simulation(model, folding, frames=codes) as sim:
            print(sim.console.command("info"))
            sim.wait()
        print(sim.frames_out, sim.report["complaints"])

    model, folding : as WaveNetSoC takes them
    frames      : int [n, 1 to 4], the ADCs' codes of 24 bits, frame by frame; then silence. None: a
                  220 Hz triangle of 1.024 V on channel 0
    duration    : frames to play; default: len(frames), with frames=None until it is stopped
    endless     : play until it is stopped, also with frames
    port, bridge_port : TCP ports of the console and of the bridge (with_uartbone) or of an eth_phy
                  on the platform's second serial port; 0 takes a free one
    script      : steps of soc/sim/modules/serial_script, tuples of words, for the console, which
                  has no `port` then: typed in simulated time, runs are the same to the cycle
    trace       : write waveforms, sim.fst in the run folder (slow, large)
    output_dir  : where Verilog, firmware, csr.csv, ... go; default: a folder removed at the end
    power_up_ms : simulated time that the codec model wants to wake up, 10 in truth; the SoC gives
                  it a fifth more
    codec_address : on I2C, that the codec model answers to
    rom         : words of the ROM instead of the firmware
    baudrate    : of both ports, which then lose bytes as a real line does; None: as fast as can be
    progress    : soc.progress.Progress for the steps of the build; default: quiet
    soc_kwargs  : WaveNetSoC's: sample_rate and sys_clk_freq (Hz), wavenet_clk_ratio, cpu_type, ...

    While it runs: port, console, soc, sample_rate, cycles_per_sample.
    After the end: frames_in, frames_out int32 [n, 4] (ADC codes of 24 bits, DAC words of 32 bits;
    row n of both in the same frame; frames_in is None where frames is), report (dict of the codec
    model: frames, sample_rate, complaints, ...), cycles, cpu_seconds, wall_seconds,
    cycles_per_cpu_second; with a script its transcript.

    Raises ValueError for a network that cannot be built, SimulationError, FirmwareError,
    SimulatorError, ToolError.
    """
    def __init__(self, model, folding, frames=None, duration=None, endless=False, port=0,
        trace=False, output_dir=None, rom=None, builder_kwargs=None, progress=None,
        power_up_ms=10.0, codec_address=AK4619.I2C_ADDRESS, bridge_port=0, baudrate=None,
        script=None, **soc_kwargs):
        self.progress = progress or Progress(quiet=True)
        self.model, self.folding, self.trace, self.rom = model, folding, trace, rom
        self.soc_kwargs, self.builder_kwargs = soc_kwargs, builder_kwargs
        self.power_up_ms, self.baudrate = power_up_ms, baudrate
        self.codec_address, self.script = codec_address, script
        self.soc_kwargs.setdefault("power_up_ms", 1.2*power_up_ms)
        self.soc_kwargs.setdefault("bridge_timeout_ms", BRIDGE_TIMEOUT_MS)
        self.sys_clk_freq = soc_kwargs.get("sys_clk_freq", SYS_CLK_FREQ)
        self.input    = None if frames is None else as_frames(frames)
        self.duration = 0 if endless else duration or (0 if frames is None else len(self.input))
        self.port, self.bridge_port = port, bridge_port
        self.keep     = output_dir is not None
        self.folder   = Path(output_dir) if self.keep else None
        self.process, self._console = None, None
        for wanted in filter(None, (port, bridge_port)):
            check_port(wanted)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            if self.running:
                self.process.kill()
                self.process.wait()
            self._remove()
            raise
        return self

    def __exit__(self, kind, error, trace):
        try:
            self.stop()
        finally:
            self._remove()

    def _remove(self):
        if self.folder is not None and not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    # Start ----------------------------------------------------------------------------------------
    def start(self):
        """Builds and starts the simulation; returns when it runs and its ports listen."""
        if not self.keep:
            (BUILD / "runs").mkdir(parents=True, exist_ok=True)
            self.folder = Path(tempfile.mkdtemp(dir=BUILD / "runs"))
        with self.progress.step("SoC: Verilog and firmware"):
            self.soc, gateware, sources = generate(self.model, self.folding, self.folder,
                builder_kwargs=self.builder_kwargs, **self.soc_kwargs)
        self.sample_rate       = self.soc.sample_rate
        self.cycles_per_sample = self.soc.cycles_per_sample
        simulator = build_simulator(gateware, sources, MODULES, BUILD / "cache" / "sim", self.trace,
            self.progress)

        self.run_dir = self.folder / "run"
        shutil.rmtree(self.run_dir, ignore_errors=True)
        self.run_dir.mkdir()
        (self.run_dir / "modules").symlink_to(simulator / "modules")
        for init in gateware.glob("*.init"):
            shutil.copy(init, self.run_dir)
        if self.rom is not None:
            words = "".join(f"{word:08x}\n" for word in self.rom)
            (self.run_dir / "sim_rom.init").write_text(words)
        if self.input is not None:
            self.input.astype("<i4").tofile(self.run_dir / "frames_in.raw")
        self._launch(simulator / "Vsim")

    def _launch(self, program):
        self.port = self.port or free_port()
        pace      = {} if self.baudrate is None else {
            "cycles_per_byte": round(10*self.sys_clk_freq/self.baudrate)}
        console   = {"module": "serial_tcp", "args": {"port": self.port, **pace}}
        if self.script is not None:
            (self.run_dir / "script.txt").write_text(
                "".join(" ".join(map(str, step)) + "\n" for step in self.script))
            console = {"module": "serial_script",
                "args": {"script": "script.txt", "transcript": "transcript.txt"}}
        config = [
            {**console, "interface": ["serial", "sys_clk"]},
            {"module": "ak4619", "interface": ["codec"], "args": {
                "frames_in"       : "" if self.input is None else "frames_in.raw",
                "frames_out"      : "frames_out.raw",
                "duration_frames" : self.duration,
                "power_up_ms"     : self.power_up_ms,
                "i2c_address"     : self.codec_address,
                "report"          : "report.json",
            }},
            {"timebase": 1},
        ]
        if self.soc_kwargs.get("with_uartbone") or self.soc_kwargs.get("with_etherbone"):
            self.bridge_port = self.bridge_port or free_port()
            config.insert(1, {"module": "serial_tcp", "args": {"port": self.bridge_port, **pace},
                "interface": [{"name": "serial", "index": 1}, "sys_clk"]})
        (self.run_dir / "sim_config.js").write_text(json.dumps(config, indent=1))
        self.log       = self.run_dir / "sim.log"
        self.log_lines = 0
        self.started   = time.monotonic()
        with open(self.log, "wb") as log:
            # Its own session: Ctrl-C reaches this program alone, which then ends the simulation.
            # That takes signals as soon as it can end well, not before.
            self.process = subprocess.Popen(
                [program, str(round(self.sys_clk_freq)), str(self.soc.wavenet_clk_ratio)],
                cwd=self.run_dir, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=_block_signals)
        deadline = time.monotonic() + START_S
        while "[sim] running\n" not in self.messages():
            self.check_alive()
            if time.monotonic() > deadline:
                raise SimulationError(f"the simulation has not started after {START_S} s")
            self.pause(0.01)

    # While it runs --------------------------------------------------------------------------------
    @property
    def console(self):
        """The soc.sim_console.Console, connected when first used (waits for the prompt)."""
        if self._console is None:
            self._console = Console(self.port, alive=self.check_alive)
        return self._console

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def check_alive(self):
        """Raises SimulationError, with what the simulation said, unless it runs."""
        if not self.running:
            raise SimulationError(f"the simulation has ended:\n{self.messages().strip()}")

    def messages(self):
        """All that the simulation printed: the codec model's complaints, errors."""
        return self.log.read_text(errors="replace")

    def new_messages(self):
        """The whole lines that the simulation printed since this was last called."""
        lines = self.messages().split("\n")[:-1]
        new, self.log_lines = lines[self.log_lines:], len(lines)
        return new

    def pause(self, seconds):
        """Waits that long, or until the simulation ends."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass

    def frames_played(self):
        """Frames so far; follows the simulation by a quarter of a second."""
        try:
            return int((self.run_dir / "report.json.progress").read_text().split()[0])
        except (OSError, IndexError, ValueError):
            return 0

    def wait_frames(self, count, timeout=600.0):
        """Waits until `count` frames have been played. Raises SimulationError after `timeout` real
        seconds, and when the simulation ends before."""
        deadline = time.monotonic() + timeout
        while self.frames_played() < count:
            self.check_alive()
            if time.monotonic() > deadline:
                raise SimulationError(f"{count} frames have not been played after {timeout:g} s")
            time.sleep(0.02)

    def wait(self, timeout=600.0):
        """Waits for the end of the duration. Raises SimulationError after `timeout` real seconds.
        """
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise SimulationError(f"the simulation has not ended after {timeout:g} s") from None
        self._collect()

    # End ------------------------------------------------------------------------------------------
    def stop(self, timeout=30.0):
        """Ends the simulation where it is (SIGINT), collects the results. Harmless when ended."""
        if self._console is not None:
            self._console.close()
        if self.process is None:
            return
        if self.running:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise SimulationError(f"the simulation did not end within {timeout:g} s") from None
        self._collect()

    def _collect(self):
        self.process, code = None, self.process.returncode
        self.wall_seconds  = time.monotonic() - self.started
        if code:
            raise SimulationError(f"the simulation failed ({code}):\n{self.messages().strip()}")
        self.report     = json.loads((self.run_dir / "report.json").read_text())
        self.frames_out = read_frames(self.run_dir / "frames_out.raw")
        self.frames_in  = None
        if self.input is not None:
            count          = min(len(self.frames_out), len(self.input))
            self.frames_in = np.zeros_like(self.frames_out)
            self.frames_in[:count] = self.input[:count]
        self.transcript = "" if self.script is None else (
            self.run_dir / "transcript.txt").read_text("ascii", "replace").replace("\r\n", "\n")
        self.cpu_seconds = self.report["cpu_seconds"]
        self.cycles      = round(self.report["sim_time_ps"]*1e-12*self.sys_clk_freq)

    @property
    def cycles_per_cpu_second(self):
        return self.cycles/self.cpu_seconds

    def input_frame(self, counter):
        """The row of frames_in from which on a setting of the console counts; or the row after it.

        counter: the count of frames when it was set, as `embed` prints it. Only after the end.
        """
        # The core counts frames from reset on; the codec's frame 0 comes `started` frames later.
        # Its model closes a frame 2 cycles less half a BICK after the TDM's frame begins.
        half_bick = self.cycles_per_sample//256
        started   = (self.cycles - 2 + half_bick)//self.cycles_per_sample - self.report["frames"]
        return counter - started + (self.soc.counter_delay - SET_CYCLES)//self.cycles_per_sample

def _block_signals():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
