# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Tables in Markdown pages, written by commands between two markers."""

from models.files import read_text, written_whole
from models.spec import ModelError

PAGE_BYTES = 16 << 20
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"


def row(cells):
    return f"| {' | '.join(map(str, cells))} |"


def head(cells):
    return [row(cells), row(["---"] * len(cells))]


def with_tables(page, lines):
    """The text of a page (path) with `lines` between its markers. Raises ModelError without."""
    text = read_text(page, PAGE_BYTES)
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ModelError(
            f"{page}: the lines {BEGIN} and {END} must stand there once, in this order"
        )
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return before + "\n".join([BEGIN, "", *lines, "", END]) + after


def write_tables(page, lines):
    """The same, written whole or not at all."""
    text = with_tables(page, lines)
    with written_whole(page) as partial:
        partial.write_text(text)
