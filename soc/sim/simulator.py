# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Turns generated Verilog into a simulator, once for each different design (a cache by contents).

Memory contents (*.init: firmware, weights) are read when the simulator starts, so they are no part
of the design: new weights or new firmware need no new simulator.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import litex.build.sim

from models.errors import FAILED, UserError

from soc.flow.toolchain import environment, without_blanks
from soc.flow.verilog_text import without_comments

CORE        = Path(litex.build.sim.__file__).parent / "core"
CORE_C      = ("modules", "pads", "parse", "libdylib")
MODULES_DIR = Path(__file__).parent / "modules"
MAIN        = Path(__file__).parent / "main.cpp"

VERILATOR_FLAGS = (
    "--cc", "--exe", "--top-module", "sim", "-O3", "--x-assign", "fast", "--x-initial", "fast",
    "--no-assert", "--no-timing", "--unroll-count", "256", "-DPRINTF_COND=0", "-Wno-fatal",
    "-Wno-lint", "--relative-includes",
)
OPTIMISE  = "-O3"
PROGRAMS  = ("verilator", "perl", "make", "gcc", "c++")
LIBRARIES = "-Wl,--no-as-needed -ljson-c -levent -lm -ldl -lpthread"

class SimulatorError(UserError):
    """The simulator cannot be built; the message says which step failed and where the log is."""
    exit_status = FAILED

def build_simulator(gateware_dir, sources, modules, cache_dir, trace, progress):
    """The folder that holds Vsim and modules/*.so for the design; builds what is not cached.

    gateware_dir : sim.v, sim_header.h, sim_init.cpp as LiteX's SimPlatform generates them
    sources      : further Verilog files (the CPU)
    modules      : names of folders in soc/sim/modules
    cache_dir    : one folder a design; processes that want the same one wait for each other
    trace        : build with waveform tracing (a slower simulator)
    """
    env    = environment(PROGRAMS)
    design = _design_hash(gateware_dir, sources, modules, trace, env)
    final  = Path(cache_dir) / design
    final.parent.mkdir(parents=True, exist_ok=True)
    with open(final.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not final.exists():
            partial = final.with_suffix(".part")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            library = final.parent / "library"
            _Build(partial, env, progress, library).run(gateware_dir, sources, modules, trace)
            partial.rename(final)
    return final

def _design_hash(gateware_dir, sources, modules, trace, env):
    version = subprocess.run(["verilator", "--version"], env=env, capture_output=True, text=True)
    digest  = hashlib.sha256()
    options = (version.stdout, VERILATOR_FLAGS, OPTIMISE, LIBRARIES, modules, trace)
    digest.update(repr(options).encode())
    files   = [gateware_dir / name for name in ("sim.v", "sim_header.h", "sim_init.cpp")]
    files  += [Path(source) for source in sources] + [MAIN, *sorted(CORE.glob("*.[ch]"))]
    files  += sorted(path for path in MODULES_DIR.rglob("*") if path.is_file())
    for path in files:
        text = path.read_bytes()
        if path.suffix == ".v":
            text = without_comments(text.decode(errors="replace")).encode()
        digest.update(f"{path.name} {len(text)}\n".encode() + text)
    return digest.hexdigest()[:20]

class _Build:
    """One build in the folder `work`, each step's output kept in a log beside it.

    library: the folder of Verilator's own library, compiled, which builds share
    """
    def __init__(self, work, env, progress, library):
        self.work, self.env, self.progress, self.library = work, env, progress, library

    def run(self, gateware_dir, sources, modules, trace):
        for name in ("sim.v", "sim_header.h", "sim_init.cpp"):
            shutil.copy(gateware_dir / name, self.work)
        for init in gateware_dir.glob("*.init"):
            shutil.copy(init, self.work)
        with self.progress.step("Verilator: Verilog to C++"):
            self._verilate(sources, trace)
        with self.progress.step("Compiler: C++ to simulator") as update:
            self._compile(update)
        with self.progress.step("Compiler: codec and console models"):
            self._build_modules(modules)

    def _verilate(self, sources, trace):
        self._call("verilate", [
            "verilator", *VERILATOR_FLAGS, *(["--trace-fst"] if trace else []),
            "-CFLAGS", f"-I{CORE}", "-LDFLAGS", LIBRARIES,
            *map(str, sources), "sim.v", "sim_init.cpp", str(MAIN),
            *[f"../{name}.o" for name in CORE_C],
        ])

    def _compile(self, update):
        for name in CORE_C: # Verilator would take them for C++.
            self._call("compile", ["gcc", "-O2", "-c", str(CORE / f"{name}.c"), "-o", f"{name}.o"])
        make = ["make", "-C", "obj_dir", "-f", "Vsim.mk", f"-j{os.cpu_count()}",
            f"OPT_FAST={OPTIMISE}", f"OPT_GLOBAL={OPTIMISE}"]
        kept = [f"--old-file={name}" for name in self._fetch_library(make, update)]
        self._call("compile", [*make, *kept, "Vsim"], update)
        shutil.move(self.work / "obj_dir" / "Vsim", self.work / "Vsim")
        shutil.rmtree(self.work / "obj_dir")

    def _fetch_library(self, make, update):
        """Copies Verilator's own library, half of the work, to obj_dir; returns the objects' names.

        It is compiled where no build has done so yet with the same commands and programs.
        """
        classes = (self.work / "obj_dir" / "Vsim_classes.mk").read_text()
        names   = re.findall(r"^ +(verilated\w*) \\", classes, re.MULTILINE)
        objects = [f"{name}.o" for name in names]
        plan    = [*make, "--dry-run", "--no-print-directory", *objects]
        digest  = hashlib.sha256()
        for command in (["verilator", "--version"], ["c++", "--version"], plan):
            said = subprocess.run(command, cwd=self.work, env=self.env, capture_output=True)
            digest.update(said.stdout)
        folder = self.library / digest.hexdigest()[:20]
        folder.parent.mkdir(parents=True, exist_ok=True)
        with open(folder.with_suffix(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                self._call("compile", [*make, *objects], update)
                partial = folder.with_suffix(".part")
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir()
                for name in objects:
                    shutil.copy(self.work / "obj_dir" / name, partial)
                partial.rename(folder)
        for name in objects:
            shutil.copy(folder / name, self.work / "obj_dir")
        return objects

    def _build_modules(self, modules):
        # LiteX's makefiles write beside the sources, hence the copy.
        shutil.copytree(MODULES_DIR, self.work / "sources")
        (self.work / "modules").mkdir()
        (self.work / "variables.mak").write_text(
            without_blanks(f"SRC_DIR = {CORE}\nEXTRA_MOD_BASE_DIR = {self.work / 'sources'}\n"))
        for name in modules:
            folder = self.work / "modules" / name
            folder.mkdir()
            self._call("modules", ["make", "-C", str(folder), f"MOD={name}",
                "-f", str(self.work / "sources" / name / "Makefile")])
            shutil.copy(folder / f"{name}.so", self.work / "modules" / f"{name}.so")
            shutil.rmtree(folder)

    def _call(self, step, command, update=lambda text: None):
        command = [without_blanks(word) for word in command]
        log     = self.work / f"{step}.log"
        with open(log, "ab") as output:
            output.write((" ".join(command) + "\n").encode())
            process = subprocess.Popen(command, cwd=self.work, env=self.env, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            with process:
                for line in process.stdout:
                    output.write(line.encode())
                    source = re.search(r"(\w+)\.(c|cpp)$", line.rstrip())
                    if source:
                        update(source.group(0))
        if process.returncode:
            tail = log.read_text().strip().splitlines()[-5:]
            raise SimulatorError(f"{step} failed, see {log}:\n" + "\n".join(tail))
