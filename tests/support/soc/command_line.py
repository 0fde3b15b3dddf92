# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Command lines run in the test's own process."""


def run_main(main, argv, capsys):
    """(status, stdout, stderr) of main([...]); argv may hold what is no string yet."""
    try:
        status = main([str(word) for word in argv])
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err
