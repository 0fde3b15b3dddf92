# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Each source file begins with the holder's name, as in LICENSE, and the licence's SPDX line."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUFFIXES = (".py", ".sh", ".c", ".h", ".cpp", ".ld")


def test_every_source_file_has_a_header():
    git = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"]
    listing = subprocess.run(git, capture_output=True, text=True, check=True).stdout
    sources = [name for name in listing.split("\0") if name.endswith(SUFFIXES)]
    assert len(sources) > 100
    holder = re.search(r"^Copyright \(c\) .*$", (ROOT / "LICENSE").read_text(), re.M)[0].strip()
    without = []
    for name in sources:
        head = "".join((ROOT / name).read_text().splitlines(keepends=True)[:4])
        if holder not in head or "SPDX-License-Identifier: BSD-2-Clause" not in head:
            without.append(name)
    assert without == []
