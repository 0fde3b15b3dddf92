# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Messages as the sources print them: string literals of Python, C and shell as patterns."""

import ast
import re
from functools import cache

PARTS = (".py", ".c", ".h", ".sh", ".cpp")
ANYTHING = r".*"
C_FORMAT = re.compile(r"%[-+ #0]*\d*(?:\.\d+)?(?:hh?|ll?|z|j)?[diouxXcsfgeEp]|%\"\s*PRI\w+\s*\"")


def sources(root):
    """The files whose messages a user can see."""
    rooms = ("models", "gateware", "soc", "boards")
    files = [path for room in rooms for path in (root / room).rglob("*") if path.suffix in PARTS]
    return [root / "build.py", *sorted(files)]


def quoted(line):
    """The code spans with blanks in a table row's first cell: what stands there as a message."""
    if not line.startswith("| `"):
        return []
    spans = re.findall(r"(`+)(.+?)\1(?!`)", line.split(" | ")[0])
    return [text.strip() for _, text in spans if " " in text.strip()]  # not names of keys


def printed(text, files):
    """Whether literals of the files print `text`, behind a program's name or a path
    (`build.py: error: `) where one stands there; `...` parts what several literals print."""
    patterns = [pattern for file in files for pattern in _patterns(file)]
    if " ..." in text:
        parts = [re.escape(part.strip()) for part in text.split("...") if part.strip()]
        return all(any(part in pattern for pattern in patterns) for part in parts)
    return any(re.fullmatch(rf"(?:[^:]*: )*{pattern}", text) for pattern in patterns)


def _fixed(pattern):
    return max((re.sub(r"\\(.)", r"\1", part) for part in pattern.split(ANYTHING)), key=len)


@cache
def _patterns(path):
    """Patterns of the file's literals that say something of their own."""
    return [pattern for pattern in _literals(path) if len(_fixed(pattern)) >= 12]


def _literals(path):
    text = path.read_text(errors="replace")
    if path.suffix == ".py":
        return [p for node in ast.walk(ast.parse(text)) if (p := _python(node))]
    joined = re.sub(r'"\s*\n\s*"', "", text)
    literals = re.findall(r'"((?:[^"\\\n]|\\.)*)"', joined)
    if path.suffix == ".sh":
        literals = [
            re.sub(r"\$\{[^}]*\}|\$\w+|\$\([^)]*\)|\$[*@]", "%s", literal) for literal in literals
        ]
    return [_pattern(C_FORMAT.split(re.sub(r"\\[rn]", "", literal))) for literal in literals]


def _pattern(parts):
    return ANYTHING.join(re.escape(part.strip("\r\n")) for part in parts)


def _python(node):
    """A literal, an f-string, a format string or a sum of them as a pattern."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _pattern(re.split(r"\{[^{}]*\}|%\([^)]*\)\w|%[sdr]", node.value))
    if isinstance(node, ast.JoinedStr):
        return _pattern(
            "".join(
                part.value if isinstance(part, ast.Constant) else "\0" for part in node.values
            ).split("\0")
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _python(node.left), _python(node.right)
        return left + right if left and right else None
    return None
