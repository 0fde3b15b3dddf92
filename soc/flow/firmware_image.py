# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Compiles soc/firmware into the words of the integrated ROM: one call of the cross compiler."""

import os
import re
import subprocess
from pathlib import Path

import litex.soc.cores.cpu
from litex.soc.integration import export
from litex.soc.integration.common import get_mem_data

from models.errors import FAILED, UserError

from soc.flow.toolchain import environment

SOURCES = Path(__file__).parents[1] / "firmware"

# No libc: the firmware needs none, and picolibc would cost 26 s and 450 MB a build folder.
FLAGS = (
    "-std=gnu11", "-Os", "-g", "-flto", "-ffreestanding", "-fno-builtin", "-fno-stack-protector",
    "-fomit-frame-pointer", "-no-pie", "-ffunction-sections", "-fdata-sections",
    "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror",
    "-nostdlib", "-Wl,--gc-sections", "-Wl,--build-id=none", "-Wl,--no-warn-rwx-segments",
)

class FirmwareError(UserError):
    """The firmware does not compile or does not fit; the message holds the compiler's words."""
    exit_status = FAILED

def compile_firmware(soc, include_dir, output_dir):
    """Compiles the firmware for `soc` (a finalised SoCCore) and returns the ROM as 32-bit words.

    include_dir : holds generated/ with csr.h, soc.h, regions.ld, output_format.ld (LiteX's Builder)
    output_dir  : gets firmware.elf, firmware.map, firmware.bin

    Raises FirmwareError when the compiler fails, which includes an image too big for ROM or SRAM,
    and ToolError when there is no compiler.
    """
    environment(["riscv64-unknown-elf-gcc"]) # LiteX would list 17 names it looked for.
    output_dir = Path(output_dir)
    output_dir.mkdir(parents=True, exist_ok=True)
    variables = dict(export.get_cpu_mak(soc.cpu, True))
    cpu_dir   = Path(variables["CPU_DIRECTORY"])
    software  = Path(litex.soc.cores.cpu.__file__).parents[2] / "software"
    includes  = [SOURCES, include_dir, cpu_dir, software / "include", software / "libbase"]
    elf, image = output_dir / "firmware.elf", output_dir / "firmware.bin"

    _run([
        f"{variables['TRIPLE']}-gcc", *FLAGS, *variables["CPUFLAGS"].split(),
        "-msave-restore", # LiteX's flags say no; it makes a tenth less code.
        *[f"-I{path}" for path in includes],
        "-include", "generated/soc.h", # Settings of net.h, which other programs compile, too.
        f"-L{include_dir}", f"-T{SOURCES / 'linker.ld'}", f"-Wl,-Map,{output_dir / 'firmware.map'}",
        str(cpu_dir / "crt0.S"), *map(str, _sources()),
        _libgcc(variables), "-o", str(elf),
    ])
    _run([f"{variables['TRIPLE']}-objcopy", "-O", "binary", str(elf), str(image)])
    return get_mem_data(str(image), data_width=32, endianness=soc.cpu.endianness)

def _sources():
    """All C files, in one order whatever their folders are called: the linker keeps it."""
    return sorted(SOURCES.rglob("*.c"), key=lambda path: path.name)

def _libgcc(variables):
    """The libgcc for the CPU; it divides where the CPU cannot.

    GCC finds none by itself for LiteX's spelling of the ISA, rv32i2p0_m, which in turn the start-up
    code needs for its CSR instructions.
    """
    flags = re.sub(r"(-march=rv32i)2p0_?", r"\1", variables["CPUFLAGS"]).split()
    return _run([f"{variables['TRIPLE']}-gcc", *flags, "-print-libgcc-file-name"]).strip()

def _run(command):
    result = subprocess.run(command, capture_output=True, text=True,
        env={**os.environ, "LC_ALL": "C"})
    if result.returncode:
        raise FirmwareError(f"{Path(command[0]).name} failed:\n{result.stderr.strip()}")
    return result.stdout
