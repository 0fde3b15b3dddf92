# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Pages and their blocks; numbers in text."""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BEGIN = re.compile(r"\s*<!-- check: (\w+) ?(.*?) -->\s*")
END = re.compile(r"\s*<!-- /check -->\s*")
TABLES_BEGIN, TABLES_END = "<!-- tables: begin -->", "<!-- tables: end -->"
MADE_BY = re.compile(r"Made by `(.*?) --page .*`")
SHELL, CONSOLE = "$ ", "wavenet> "
ANY = "..."

# A number that is no part of a name (Q4.12, LFE5U-25F, CRC-32, 0x10, v7.2, 1x64).
NUMBER = re.compile(r"(?<![\w.\-/])(\d+(?:,\d{3})*(?:\.\d+)?)(?![\w]|-[A-Za-z]|\.\d)")


class PageError(ValueError):
    """A page's markers are wrong. The message is one line that begins with file:line."""


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit. page: relative to the root; line: from 1."""

    page: str
    line: int
    text: str

    def __str__(self):
        return f"{self.page}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Block:
    """lines: [(line number, text)] between the markers."""

    page: str
    line: int
    kind: str
    argument: str
    lines: tuple

    def finding(self, line, text):
        return Finding(self.page, line, text)


@dataclass(frozen=True)
class Step:
    """A command of a transcript. prompt: SHELL or CONSOLE; expected: [(line number, text)]."""

    prompt: str
    command: str
    line: int
    expected: tuple


def pages(root=ROOT):
    """Paths of all pages, relative to root, as text."""
    found = [root / "README.md", *root.glob("docs/**/*.md"), *root.glob("*/zoo/README.md")]
    return sorted(str(path.relative_to(root)) for path in found)


def parse(page, text, kinds):
    """(blocks, [(line number, text)] outside of them). Raises PageError."""
    blocks, outside, begun, inside = [], [], None, []
    for number, line in enumerate(text.splitlines(), 1):
        begin = BEGIN.fullmatch(line)
        if begin:
            if begun:
                raise PageError(
                    f"{page}:{number}: a block begins inside of that of line {begun[0]}"
                )
            if begin[1] not in kinds:
                raise PageError(f"{page}:{number}: kind {begin[1]!r}; allowed: {', '.join(kinds)}")
            begun, inside = (number, begin[1], begin[2]), []
        elif END.fullmatch(line):
            if not begun:
                raise PageError(f"{page}:{number}: no block ends here")
            blocks.append(Block(page, *begun, tuple(inside)))
            begun = None
        elif line.strip() == TABLES_BEGIN and not begun:
            begun, inside = (number, "tables", ""), []
        elif line.strip() == TABLES_END and begun and begun[1] == "tables":
            command = next((m[1] for _, text in inside if (m := MADE_BY.match(text))), "")
            blocks.append(Block(page, number, "tables", command, tuple(inside)))
            begun = None
        elif "<!-- check" in line or "<!-- /check" in line:
            raise PageError(f"{page}:{number}: no marker that is known: {line.strip()}")
        else:
            (inside if begun else outside).append((number, line))
    if begun:
        raise PageError(f"{page}:{begun[0]}: a block without <!-- /check -->")
    return blocks, outside


def steps(block):
    """The Steps of the block's indented or fenced lines. Raises PageError where there is none."""
    found, expected, indent = [], None, ""
    for number, line in block.lines:
        bare = line.strip()
        prompt = next((p for p in (SHELL, CONSOLE) if bare.startswith(p)), None)
        if prompt:
            indent, expected = line[: len(line) - len(line.lstrip())], []
            found.append(Step(prompt, bare.removeprefix(prompt), number, expected))
        elif bare.startswith("```") or (bare and indent and not line.startswith(indent)):
            expected = None  # prose between transcripts
        elif expected is not None:
            expected.append((number, line.removeprefix(indent).rstrip()))
    if not found:
        raise PageError(f"{block.page}:{block.line}: no line begins with {SHELL!r}")
    return [Step(s.prompt, s.command, s.line, tuple(_stripped(s.expected))) for s in found]


def _stripped(lines):
    while lines and not lines[-1][1]:
        lines.pop()
    return lines


def compare(block, step, printed):
    """Findings: what the page has under a step against what is printed; ANY is any lines."""
    printed = [line.rstrip() for line in printed.rstrip().splitlines()]
    at, gap = 0, False
    for number, wanted in step.expected:
        if wanted.strip() == ANY:
            gap = True
            continue
        if gap and wanted in printed[at:]:
            at = printed.index(wanted, at)
        now = printed[at] if at < len(printed) else "nothing more"
        if now != wanted:
            return [block.finding(number, f"{wanted!r} stands here; now: {now!r}")]
        at, gap = at + 1, False
    if at < len(printed) and not gap and step.expected:
        line = step.expected[-1][0]
        return [block.finding(line, f"the output ends here; it goes on: {printed[at]!r}")]
    return []


def numbers(text):
    """The numbers in text that are no parts of names, as Decimals."""
    return [Decimal(match.replace(",", "")) for match in NUMBER.findall(text)]


def prose(line):
    """A page's line without its number in a list, code spans, links' targets, comments."""
    return re.sub(r"^\s*\d+\. |`[^`]*`|\]\([^)]*\)|<!--.*?-->|https?://\S+", " ", line)


def missing(block, printed):
    """Findings: numbers of the block's lines that `printed` does not have, rounded as they are."""
    there = numbers(printed)
    found = []
    for number, line in block.lines:
        for value in numbers(prose(line)):
            if not any(there_is.quantize(value) == value for there_is in there):
                found.append(block.finding(number, f"{value} is not among what is measured now"))
    return found
