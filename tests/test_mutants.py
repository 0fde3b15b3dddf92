# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The list of mutants fits the files, so that `python3 -m tests.mutants` can run."""

from pathlib import Path

import pytest

from tests.mutants.catalogue import Mutant, mutants

ROOT = Path(__file__).resolve().parent.parent
MUTANTS = mutants()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_old_text_is_there_once_and_the_tests_exist(mutant):
    mutated = mutant.applied((ROOT / mutant.file).read_text())
    compile(mutated, mutant.file, "exec") if mutant.file.endswith(".py") else None
    files = [test for test in mutant.tests if test.startswith("tests/")]
    assert mutant.survives or files
    for file in files:
        assert (ROOT / file.split("::")[0]).is_file()


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"old": "b"}, "^m: f must contain the old text once, it is there 2 times$"),
        ({"old": "x"}, "^m: f must contain the old text once, it is there 0 times$"),
        ({"new": "a"}, "^m: old and new must differ$"),
        ({"tests": ()}, "^m: either tests or survives must be given$"),
        ({"survives": "why"}, "^m: either tests or survives must be given$"),
    ],
)
def test_what_does_not_fit_is_refused(changed, message):
    fits = dict(name="m", file="f", old="a", new="c", tests=("tests/test_mutants.py",))
    assert Mutant(**fits).applied("abb") == "cbb"
    with pytest.raises(ValueError, match=message):
        Mutant(**fits | changed).applied("abb")


def test_two_of_one_name_are_refused(tmp_path):
    entry = '[[mutant]]\nname = "m"\nfile = "f"\nold = "a"\nnew = "b"\nsurvives = "why"\n'
    (tmp_path / "a.toml").write_text(entry)
    assert len(mutants(tmp_path)) == 1
    (tmp_path / "b.toml").write_text(entry)
    with pytest.raises(ValueError, match="^m: a name must be given once$"):
        mutants(tmp_path)
