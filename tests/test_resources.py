# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""tests/support/resources.py: order of the files, and what a run took."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support import resources

ROOT = Path(__file__).resolve().parents[1]
TEST = "def test_a():\n    pass\n\n\ndef test_b():\n    sum(range(10**7))\n"


def run(folder, limit, *arguments):
    for name in ("test_x.py", "test_y.py"):
        (folder / name).write_text(TEST)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "conftest.py").write_text(
        "from tests.support import resources\n"
        f"resources.MEMORY_AIM = resources.MEMORY_MOST = {limit}\n"
        f"resources.SECONDS = resources.Path({str(folder / 'seconds.json')!r})\n"
        f"resources.TESTS = resources.SECONDS.parent\n"
    )
    (folder / "seconds.json").write_text('{"test_x.py": 1, "test_gone.py": 5}')
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.resources", *arguments, folder]
    done = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("workers, names", [((), ["this process"]), (("-n", "2"), ["gw0", "gw1"])])
def test_the_summary_tells_what_each_worker_took(tmp_path, workers, names):
    status, text = run(tmp_path, 1500, *workers, "--write-seconds")
    assert status == 0, text
    found = re.findall(r"^(.*): (\d+) CPU s, at most (\d+) MB$", text, re.MULTILINE)
    assert [name for name, _, _ in found] == names
    assert all(10 < int(memory) < 1500 for _, _, memory in found)
    assert re.search(r"^\d+ CPU s in all$", text, re.MULTILINE)
    assert set(resources.json.loads((tmp_path / "seconds.json").read_text())) == {
        "test_x.py",
        "test_y.py",
    }


@pytest.mark.parametrize("workers, name", [((), "this process"), (("-n", "1"), "gw0")])
def test_a_worker_of_too_much_memory_fails_the_run(tmp_path, workers, name):
    status, text = run(tmp_path, 5, *workers)
    assert status == 1 and "4 passed" in text
    assert f"ERROR {name}: a worker should stay below 5 MB, must below 5" in text


def test_the_longest_files_go_first_and_stay_whole():
    names = ["a.py", "a.py", "b.py", "new.py", "c.py", "b.py"]
    items = [SimpleNamespace(path=Path(n), nodeid=f"{n}::{i}") for i, n in enumerate(names)]
    order = resources.ordered(items, {"a.py": 1, "b.py": 300, "c.py": 20})
    assert [item.nodeid for item in order] == [
        *("b.py::2", "b.py::5", "c.py::4", "new.py::3", "a.py::0", "a.py::1")
    ]
