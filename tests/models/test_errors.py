# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""One base of all errors, and what a command line makes of one."""

import ast
import sys
from pathlib import Path

import pytest

from models.errors import FAILED, INTERRUPTED, REFUSED, UserError, reported

ROOT = Path(__file__).resolve().parents[2]


class BuildFailed(UserError):
    exit_status = FAILED


def raising(error):
    def run():
        raise error

    return run


@pytest.mark.parametrize(
    "error, status, line",
    [
        (UserError("a.npz: no such file"), REFUSED, "a.npz: no such file"),
        (BuildFailed("yosys failed"), FAILED, "yosys failed"),
        (OSError("no space left"), REFUSED, "no space left"),
        (MemoryError("3 GiB"), REFUSED, "out of memory: 3 GiB"),
    ],
)
def test_an_error_is_one_line_and_an_exit_status(error, status, line, capsys):
    assert reported("prog", raising(error)) == status
    assert capsys.readouterr() == ("", f"prog: {line}\n")


def test_what_the_input_did_not_cause_is_not_reported():
    with pytest.raises(ValueError, match="^of the program$"):
        reported("prog", raising(ValueError("of the program")))
    with pytest.raises(BrokenPipeError):
        reported("prog", raising(BrokenPipeError()))


def test_a_caller_adds_what_else_refuses_the_input(capsys):
    assert reported("prog", raising(ValueError("pe 3")), refused=(ValueError,)) == REFUSED
    assert capsys.readouterr().err == "prog: pe 3\n"


def test_an_interrupt_says_nothing_and_a_result_is_passed_on(capsys):
    assert reported("prog", raising(KeyboardInterrupt())) == INTERRUPTED
    assert reported("prog", lambda: 7) == 7
    assert capsys.readouterr() == ("", "")


def test_every_error_class_of_the_rooms_has_the_one_base():
    bases = {}
    for room in ("models", "soc", "boards"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    bases[node.name] = [getattr(base, "id", "") for base in node.bases]

    def is_user_error(name):
        return name == "UserError" or any(map(is_user_error, bases.get(name, ())))

    errors = [name for name in bases if name.endswith("Error")]
    assert len(errors) > 15
    assert [name for name in errors if not is_user_error(name)] == []


def test_litex_refusing_a_soc_is_one_line_on_a_stderr_that_is_still_there(capsys):
    from litex.soc.integration.soc import SoCError

    from soc.litex_private import soc_errors

    def run():
        with soc_errors():
            raise SoCError  # sets sys.stderr to None

    before = sys.stderr
    assert reported("build.py", run) == FAILED
    assert sys.stderr is before
    assert capsys.readouterr() == ("", "build.py: LiteX refuses this SoC for the reason above\n")
