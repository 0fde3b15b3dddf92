# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Groups of pyproject.toml that are installed when something first needs them."""

import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

from boards.targets.arguments import ROOT
from soc.flow.toolchain import ToolError

# CPU -> its group and Python package, of those that the demo does without.
CPUS = {"vexriscv": ("vexriscv", "pythondata_cpu_vexriscv")}


def set_up(group, require):
    """Installs `group` where require() raises ToolError and this Python is the project's.

    Raises ToolError where require() still does, or where the Python is not the project's.
    """
    try:
        require()
    except ToolError:
        venv = ROOT / ".venv"
        if venv.is_symlink() or Path(sys.prefix).resolve() != venv:
            raise
        subprocess.run([ROOT / "soc" / "flow" / "setup.sh", group], check=False)
        importlib.invalidate_caches()
        require()


def set_up_cpu(cpu_type):
    """Installs what a CPU needs beyond the demo. Raises ToolError where it cannot."""
    if cpu_type in CPUS:
        group, package = CPUS[cpu_type]
        set_up(group, lambda: require_package(package, f"soc/flow/setup.sh {group}"))


def require_package(package, install):
    """Raises ToolError, with what to type, unless the Python package can be imported."""
    if importlib.util.find_spec(package) is None:
        raise ToolError(f"{package} not found: run `{install}`")
