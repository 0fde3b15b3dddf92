# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""`python3 -m tests.docs_check`: every figure of the pages is held to the command that gives it.

A block is told by two comments, each on a line of its own, invisible on the page:

    <!-- check: run -->                 the commands behind `$ ` print what stands below them
    <!-- check: session WORDS -->       so do a console's and a host's while `build.py --sim` plays
    <!-- check: numbers COMMAND -->     each number is one that the command prints
    <!-- check: stored NAMES -->        the same of commands that take long: docs/figures/NAME.json
    <!-- check: page PAGE.md -->        the same of another page
    <!-- check: message [MODULE] -->    each `text` in the block's table is printed by the project,
                                        or by that module of another package
    <!-- check: dated COMMIT COMMAND -->  measured then, not measured again
    <!-- check: source TEXT -->         a data sheet says so, or another project
    ...
    <!-- /check -->

Tables between `<!-- tables: begin -->` and `end` are held to the command of their first line. A
line of `...` stands for any lines. Outside of blocks, numbers with units are those that
lint.ALLOWED knows. WORDS name what differs from run to run (`frames` of `frames=13832`).
"""
