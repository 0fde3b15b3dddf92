# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The mutants of tests/mutants/*.toml and what is asked of them."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Mutant:
    """A fault: in `file`, the one `old` becomes `new`. `tests` (pytest's arguments) must fail, or
    `survives` says why none can."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = ()
    survives: str = ""

    def __post_init__(self):
        if bool(self.tests) == bool(self.survives):
            raise ValueError(f"{self.name}: either tests or survives must be given")
        if self.old == self.new:
            raise ValueError(f"{self.name}: old and new must differ")

    def applied(self, text):
        """`text` with the fault. Raises ValueError unless `old` is there once."""
        if text.count(self.old) != 1:
            raise ValueError(
                f"{self.name}: {self.file} must contain the old text once, "
                f"it is there {text.count(self.old)} times"
            )
        return text.replace(self.old, self.new)


def mutants(folder=FOLDER):
    """All mutants, file by file. Raises ValueError for two of one name."""
    found = {}
    for path in sorted(folder.glob("*.toml")):
        for entry in tomllib.loads(path.read_text())["mutant"]:
            mutant = Mutant(**entry | {"tests": tuple(entry.get("tests", ()))})
            if mutant.name in found:
                raise ValueError(f"{mutant.name}: a name must be given once")
            found[mutant.name] = mutant
    return list(found.values())
