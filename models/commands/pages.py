"""Tables in Markdown pages, written by commands between two markers."""

from pathlib import Path

from models.spec import ModelError

BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"


def row(cells):
    return f"| {' | '.join(map(str, cells))} |"


def head(cells):
    return [row(cells), row(["---"] * len(cells))]


def with_tables(page, lines):
    """The text of a page (path) with `lines` between its markers. Raises ModelError without."""
    text = Path(page).read_text()
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
    partial = Path(f"{page}.part")
    try:
        partial.write_text(text)
        partial.replace(page)
    finally:
        partial.unlink(missing_ok=True)
