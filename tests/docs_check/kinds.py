# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What each kind of block is held to."""

import importlib.util
import re
import subprocess
from pathlib import Path

from soc.sim.console import ConsoleError
from tests.docs_check import messages, records
from tests.docs_check.pages import ROOT, SHELL, Block, compare, missing, parse, steps
from tests.docs_check.records import RunError, run


def check_run(block):
    found = []
    for step in steps(block):
        if step.prompt != SHELL:
            return [block.finding(step.line, "a console's line needs a block of kind session")]
        found += compare(block, step, run(step.command))
    return found


def check_numbers(block):
    return missing(block, run(block.argument))


def check_stored(block):
    kept = [records.stored(name) for name in block.argument.split()]
    if any(line.strip().startswith(SHELL) for _, line in block.lines):
        printed = {record["command"]: "\n".join(record["output"]) for record in kept}
        return [
            finding
            for step in steps(block)
            for finding in (
                compare(block, step, printed[step.command])
                if step.command in printed
                else [block.finding(step.line, f"not recorded; recorded: {', '.join(printed)}")]
            )
        ]
    return missing(block, "\n".join(line for record in kept for line in record["output"]))


def check_tables(block):
    """The command of its first line writes them into a copy of the page."""
    page = records.folder() / "page.md"
    page.write_text((ROOT / block.page).read_text())
    run(f"{block.argument} --page {page}")
    tables = [b for b in parse(block.page, page.read_text(), KINDS)[0] if b.kind == "tables"]
    was, now = ([line for _, line in b.lines] for b in (block, tables[0]))
    for (number, line), other in zip(block.lines, now):
        if line != other and not line.startswith("Made by"):
            return [block.finding(number, f"{line!r} stands here; now: {other!r}")]
    if len(was) != len(now):
        return [block.finding(block.line, f"{len(was)} lines stand here; now: {len(now)}")]
    return []


def check_page(block):
    """Numbers of another page, which is held to its commands itself."""
    return missing(block, (ROOT / block.argument).read_text())


def check_message(block):
    sources = [
        Path(importlib.util.find_spec(name).origin) for name in block.argument.split()
    ] or messages.sources(ROOT)
    return [
        block.finding(number, f"nothing prints {text!r}")
        for number, line in block.lines
        for text in messages.quoted(line)
        if not messages.printed(text, sources)
    ]


def check_dated(block):
    name, _, command = block.argument.partition(" ")
    if not re.fullmatch(r"[0-9a-f]{7,40}", name) or not command:
        return [block.finding(block.line, "a dated block names its commit and its command")]
    return []


def check_source(block):
    return [] if block.argument else [block.finding(block.line, "a source is named: what says so")]


def check_session(block):
    from tests.docs_check.session import play

    return play(block)


KINDS = {
    "run": check_run,
    "numbers": check_numbers,
    "stored": check_stored,
    "message": check_message,
    "dated": check_dated,
    "source": check_source,
    "tables": check_tables,
    "page": check_page,
    "session": check_session,
}
SLOW = re.compile("session|evaluate")  # a minute or more each; `make docs-check` runs them too


def is_slow(block):
    return bool(SLOW.search(f"{block.kind} {block.argument}"))


def check(block: Block):
    """Findings of one block; a command that fails is one."""
    try:
        return KINDS[block.kind](block)
    except (RunError, TimeoutError, subprocess.TimeoutExpired, ConsoleError) as error:
        return [block.finding(block.line, str(error).strip().replace("\n", " / "))]


def check_inputs(name):
    """What of a record's inputs has changed since, as text; [] where it holds."""
    return records.differing(records.stored(name)["inputs"], records.RECORDS[name].inputs())
