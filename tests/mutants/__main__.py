# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""`python3 -m tests.mutants [WORD ...]`: puts each fault of tests/mutants/*.toml whose name has one
of the words into a copy of the tree, runs its tests there and expects them to fail. Exit status 1
where a mutant survives, or where the tests fail without it."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.mutants.catalogue import mutants

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "build" / "mutants"
FAILED = 1  # pytest's exit status when tests ran and some failed; 2 to 5: they could not run


def copy_tree():
    """The files that git knows, as they are now."""
    shutil.rmtree(COPY, ignore_errors=True)
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in listing.stdout.decode().split("\0"):
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, COPY / name)
    (COPY / ".venv").symlink_to(Path(sys.prefix))


def status(tests):
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    run = subprocess.run(command, cwd=COPY, capture_output=True, text=True)
    return run.returncode, run.stdout


def verdict(mutant, healthy):
    """(whether all is as it should be, what to print)."""
    if mutant.survives:
        return True, f"survives: {mutant.survives}"
    if mutant.tests not in healthy:
        healthy[mutant.tests] = status(mutant.tests)[0] == 0
    if not healthy[mutant.tests]:
        return False, "its tests fail without it"
    path = COPY / mutant.file
    text = path.read_text()
    path.write_text(mutant.applied(text))
    code, output = status(mutant.tests)
    path.write_text(text)
    if code != FAILED:
        return False, "SURVIVES" if code == 0 else f"pytest ends with status {code}"
    failures = [line for line in output.splitlines() if line.startswith("FAILED")]
    return True, "killed by " + failures[0].removeprefix("FAILED ").split(" - ")[0]


def main(words):
    copy_tree()
    healthy, good = {}, []
    for mutant in mutants():
        if not words or any(word in mutant.name for word in words):
            fine, said = verdict(mutant, healthy)
            print(f"{mutant.file}: {mutant.name}: {said}", flush=True)
            good.append(fine)
    print(f"{sum(good)} of {len(good)} as they should be")
    return 0 if good and all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
