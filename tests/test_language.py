# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The language of messages, docs and comments: phrases that this project does not use.

A pattern is a regular expression for one line; beside it stands what to write instead. `ROOMS`
says where it is looked for.
"""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SELF = str(Path(__file__).relative_to(ROOT))
SUFFIXES = (".py", ".c", ".h", ".cpp", ".sh", ".md", ".toml", "Makefile")

PER = "sample|frame|layer"  # "a" is no "per"
PATTERNS = {
    r"\b(is|are) not allowed\b": "what must hold, then what was given: 'pe must divide ..., got 3'",
    rf"\b(cycles|multiplications|beats|BICK|numbers|words) a ({PER})\b": "cycles per sample",
    rf"\b(a|one) (line|row|column|step|stage|counter) a ({PER}|channel|place)\b": "one line per",
    r"steers it while": "controls it without interrupting the audio",
    r"in full and look": "builds a complete bitstream and checks its contents",
    r"multipliers do\b": "given twice the cycles, 4 multipliers suffice",
    r"asked for meanwhile": "a request made during a fade is handled when the fade ends",
    r"\blies? still\b": "data is held stable while a toggle signals it across",
    r"reach(es)? nobody": "is discarded",
    r"\b(build|file|folder|frame|one) that (is|was) there\b": "the existing build",
    r"\bgiven up\b|\bgives? up\b": "is released, ends, times out",
    r"\bnobody\b": "say which part does not",
}


def tracked(root=ROOT):
    git = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z"]
    listing = subprocess.run(git, capture_output=True, text=True, check=True).stdout
    return [name for name in listing.split("\0") if name.endswith(SUFFIXES) and name != SELF]


def hits(pattern, texts):
    """["file:line: text"] of lines that match; texts: {file: its text}."""
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]


@pytest.fixture(scope="module")
def texts():
    return {name: (ROOT / name).read_text() for name in tracked() if (ROOT / name).is_file()}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_phrase_is_not_used(pattern, texts):
    assert hits(pattern, texts) == [], f"write instead: {PATTERNS[pattern]}"


@pytest.mark.parametrize(
    "line",
    [
        "pe 3 is not allowed: a divisor of out_channels 4",
        "256 of 256 cycles a sample",
        "`slots` beats a frame",
        "one stage a layer",
        "next to a soft CPU that steers it while the sound goes on",
        "makes a bitstream in full and looks into it",
        "with twice the cycles 4 multipliers do (`--cycles 512`)",
        "what is asked for meanwhile is looked at when it is over",
        "the words lie still in registers while a toggle tells of them",
        "a write to it reaches nobody",
        "the build that is there",
        "the claim is given up",
        "when nobody else took frames",
    ],
)
def test_a_phrase_is_seen(line):
    assert any(hits(pattern, {"page.md": f"first line\n{line}\n"}) for pattern in PATTERNS)


@pytest.mark.parametrize(
    "line", ["pe must divide out_channels (4), got 3", "256 cycles per sample", "a frame of words"]
)
def test_plain_words_are_not(line):
    assert not any(hits(pattern, {"page.md": line}) for pattern in PATTERNS)
