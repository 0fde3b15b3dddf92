# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What is typed in simulated time: scripts that are refused. test_demo.py runs one."""

import pytest

from tests.support.soc.sim_process import simulation

ALLOWED = "send TEXT, expect TEXT, until WANTED TEXT, wait CYCLES or end"


def refused(folder, **arguments):
    modules = [("serial_script", ("serial", 0), arguments)]
    result = simulation().result(simulation().popen(folder, modules, "serial", 0, 0), folder)
    assert result.status != 0
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("serial_script: ")]
    return line.removeprefix("serial_script: ")


@pytest.mark.parametrize(
    "line",
    ["say hello", "send", "send ", "until ready", "wait", "wait x", "wait 5 s", "end now", ""],
)
def test_a_line_that_is_no_step(tmp_path, line):
    (tmp_path / "script").write_text(f"wait 5\n{line}\nend\n")
    said = refused(tmp_path, script="script", transcript="said")
    assert said == f"script script: line 2 must be {ALLOWED}"


def test_files_that_are_not_there(tmp_path):
    said = refused(tmp_path, script="none", transcript="said")
    assert said == "script none: No such file or directory"
    (tmp_path / "modules").unlink()
    (tmp_path / "script").write_text("end\n")
    said = refused(tmp_path, script="script", transcript="none/said")
    assert said == "transcript none/said: No such file or directory"
    (tmp_path / "modules").unlink()
    assert refused(tmp_path, script="script") == ('arguments "script" and "transcript" are needed')
