# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Names the state of the sources that a build was made from."""

import subprocess
from pathlib import Path

def build_id():
    """Short git commit of this repository, "+" appended when tracked files differ from it.

    "unknown" outside of a git checkout.
    """
    def git(*args):
        return subprocess.run(["git", *args], cwd=Path(__file__).parent, check=True, timeout=10,
            capture_output=True, text=True).stdout.strip()
    try:
        commit = git("rev-parse", "--short=10", "HEAD")
        return commit + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"
