# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""LiteX's own simulation core around `sim_design.c`, which stands in for the SoC, with the modules
of the project, compiled by the Makefiles that LiteX calls."""

import atexit
import functools
import json
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from litex.build.sim.config import SimConfig
from litex.build.sim.verilator import core_directory

from tests.support.hdl.codec_pins import CLOCKS_192, PIN_NAMES, words
from tests.support.limits import HANG_S

MODULES = Path(__file__).parents[3] / "soc" / "sim" / "modules"
SYS_CLK_HZ = 49_154_541  # 2 * 10172 ps, the nearest to 49.152 MHz that LiteX's core can represent
TIMEOUT_S = HANG_S


@dataclass
class Result:
    status: int
    stdout: str
    stderr: str
    sdout1: np.ndarray = None
    sda: np.ndarray = None
    frames_out: np.ndarray = None
    report: dict = None

    @property
    def silent(self):
        """Nothing was played, nothing recorded."""
        return not self.frames_out.size and not self.sdout1.any() and self.report["frames"] == 0

    @property
    def complaints(self):
        return [line for line in self.stderr.splitlines() if line.startswith("ak4619: ")]

    def acks(self, script):
        return [bool(self.sda[tick] == 0) for tick in script.acks]

    def bytes_read(self, script):
        return bytes(int("".join(str(self.sda[t]) for t in ticks), 2) for ticks in script.reads)


class Simulation:
    """LiteX's simulation core, the stand-in for the SoC, and the modules, compiled in `folder`."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.program = self.folder / "sim"
        (self.folder / "variables.mak").write_text(
            f"SRC_DIR = {core_directory}\nEXTRA_MOD_BASE_DIR = {MODULES}\n"
        )
        for name, base in (
            ("clocker", Path(core_directory) / "modules"),
            ("ak4619", MODULES),
            ("serial_tcp", MODULES),
            ("serial_script", MODULES),
        ):
            place = self.folder / "modules" / name
            place.mkdir(parents=True)
            self._run(["make", f"MOD={name}", "-C", place, "-f", base / name / "Makefile"])
            (place / f"{name}.so").rename(self.folder / "modules" / f"{name}.so")
        sources = [
            f"{core_directory}/{name}.c" for name in "sim modules pads parse libdylib".split()
        ]
        self._run(
            ["gcc", "-O2", f"-I{core_directory}", "-o", self.program, *sources]
            + [Path(__file__).with_name("sim_design.c"), "-Wl,--no-as-needed"]
            + ["-ljson-c", "-levent", "-lm", "-ldl"]
        )

    @staticmethod
    def _run(command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
        assert done.returncode == 0, done.stderr

    def popen(self, folder, modules, *arguments):
        """Starts the program in `folder` with `modules`: [(name, interface, args)]."""
        config = SimConfig()
        config.add_clocker("sys_clk", freq_hz=SYS_CLK_HZ)
        for name, interface, args in modules:
            config.add_module(name, interface, args=args)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "sim_config.js").write_text(config.get_json())
        (folder / "modules").symlink_to(self.folder / "modules")
        return subprocess.Popen(
            [self.program, *map(str, arguments)],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start_codec(self, folder, levels, loop_from=None, adc=None, **args):
        """Starts to play `levels` to the codec; adc int32[n, 4] for frames_in, None: as in args."""
        folder.mkdir(parents=True, exist_ok=True)
        pins = sum(levels[name].astype(np.uint8) << i for i, name in enumerate(PIN_NAMES))
        loop = len(pins) if loop_from is None else loop_from
        (folder / "pins").write_bytes(np.uint64(loop).tobytes() + pins.tobytes())
        args = {"frames_out": "frames_out", "report": "report.json", "power_up_ms": 0.1} | args
        if adc is not None:
            (folder / "frames_in").write_bytes(np.asarray(adc, "<i4").tobytes())
            args["frames_in"] = "frames_in"
        return self.popen(folder, [("ak4619", "codec", args)], "codec", "pins", "heard")

    @staticmethod
    def result(process, folder):
        try:
            stdout, stderr = process.communicate(timeout=TIMEOUT_S)
        finally:
            process.kill()
        said = [line for line in stdout.splitlines(True) if not line.startswith("[clocker]")]
        result = Result(process.returncode, "".join(said), stderr)
        if (folder / "heard").exists():
            heard = np.frombuffer((folder / "heard").read_bytes(), np.uint8)
            result.sdout1, result.sda = heard & 1, heard >> 1 & 1
        if (folder / "frames_out").exists():
            data = (folder / "frames_out").read_bytes()
            result.frames_out = np.frombuffer(data, "<u4").reshape(-1, 4)
        if (folder / "report.json").exists():
            result.report = json.loads((folder / "report.json").read_text())
        return result

    def run_codec(self, folder, levels, **options):
        return self.result(self.start_codec(folder, levels, **options), folder)


@functools.cache
def simulation():
    """The compiled simulation, one for all tests of this process."""
    folder = tempfile.mkdtemp(prefix="sim_modules_")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Simulation(folder)


def play(folder, script, clocks=CLOCKS_192, frames=12, dac=None, change=None, **options):
    """Plays `script`, then `frames` LRCK frames more, to the codec; returns (levels, Result).

    `change(levels, tick)` may alter the pins from the end of the script on.
    """
    script_end = script.now
    ticks = script_end + frames * clocks.frame_ticks
    script.hold(ticks - script_end)
    if dac is None:
        dac = words(ticks // clocks.frame_ticks + 1)
    levels = script.levels() | clocks.levels(ticks, dac)
    if change:
        change(levels, script_end)
    return levels, simulation().run_codec(folder, levels, **options)


def free_ports(count):
    """Port numbers that are free on this machine now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports
