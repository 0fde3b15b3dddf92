# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The pages: quick figures of `make docs-check`, names that lead nowhere, the checker itself."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.docs_check import __main__ as command
from tests.docs_check import kinds, lint, messages, pages, records, session
from tests.docs_check.pages import ROOT, Block, PageError

END = "<!-- /check -->\n"


def block(kind, text, argument=""):
    lines = tuple(enumerate(text.splitlines(), 11))
    return Block("page.md", 10, kind, argument, lines)


def found(kind, text, argument=""):
    return [str(finding) for finding in kinds.check(block(kind, text, argument))]


# The pages


@pytest.mark.parametrize("page", pages.pages())
def test_every_figure_fits(page):
    assert [str(finding) for finding in command.check(page)] == []


def tracked():
    git = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"]
    listing = subprocess.run(git, capture_output=True, text=True, check=True).stdout
    return [name for name in listing.split("\0") if (ROOT / name).is_file()]


LINK = re.compile(r"\]\(([^)\s]+)\)")
NAMED = re.compile(
    r"(?<![\w./-])((?:models|gateware|soc|boards|tests|docs)/[\w./-]*\.(?:py|c|h|cpp|sh|md|npz|png)"
    r"|[A-Za-z_./-]*[A-Za-z_]\.md)\b(?!\*)"
)
PLACEHOLDER = re.compile(r"[A-Z]+\.\w+")  # PAGE.md, NAME.npz


def anchors(text):
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def dangling_links(root, name):
    """Links of a page to files, or to headings, that are not there."""
    text = (root / name).read_text()
    wrong = []
    for target in LINK.findall(text):
        path, _, anchor = target.partition("#")
        file = (root / name).parent / path if path else root / name
        if re.match(r"\w+:", target):
            continue
        if not file.exists() or (anchor and anchor not in anchors(file.read_text())):
            wrong.append(f"{name}: {target}")
    return wrong


def dangling_names(root, name):
    """Files of the project that a text names and that are not there."""
    try:
        lines = (root / name).read_text().splitlines()
    except UnicodeDecodeError:
        return []
    places = (root, (root / name).parent, root / "docs")
    return [
        f"{name}:{number}: {path}"
        for number, line in enumerate(lines, 1)
        if "github.com" not in line  # a file of another project
        for path in NAMED.findall(line)
        if not PLACEHOLDER.fullmatch(Path(path).name)
        and not any((place / path).exists() for place in places)
    ]


def test_no_link_dangles():
    linked = [name for name in tracked() if name.endswith(".md")]
    assert len(linked) > 10
    assert [wrong for name in linked for wrong in dangling_links(ROOT, name)] == []


def test_no_named_file_dangles():
    """Tests make up files; what they say of real ones is in their docstrings, and few."""
    names = [name for name in tracked() if not name.startswith("tests/")]
    assert [wrong for name in names for wrong in dangling_names(ROOT, name)] == []


def test_what_dangles_is_seen(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text(
        "# One two\n[b](b.md) [c](a.md#one-two) [d](#three) https://x"
    )
    assert dangling_links(tmp_path, "docs/a.md") == ["docs/a.md: b.md", "docs/a.md: #three"]
    (tmp_path / "x.py").write_text('"""See DESIGNS.md, soc/gone.py, docs/a.md, a.md, NAME.md."""')
    assert dangling_names(tmp_path, "x.py") == ["x.py:1: soc/gone.py"]
    (tmp_path / "x.py").write_text('"""See DESIGN.md of github.com/a/b."""\n# notes.md')
    assert dangling_names(tmp_path, "x.py") == ["x.py:2: notes.md"]


# The checker


PLAN = "python3 -m models plan models/zoo/waveshaper.npz --cycles 256"


def test_run_compares_line_by_line():
    assert found("run", f"    $ {PLAN}\n    layer ...\n".replace(" ...", "")) != []
    whole = records.run(PLAN).rstrip().splitlines()
    text = "\n".join(["    $ " + PLAN, *("    " + line for line in whole)])
    assert found("run", text) == []
    wrong = text.replace("618", "619")
    line = 11 + next(i for i, line in enumerate(wrong.splitlines()) if "619" in line)
    [said] = found("run", wrong)
    assert said.startswith(f"page.md:{line}: ") and "619" in said and "618" in said
    short = "\n".join(text.splitlines()[:-1])
    assert "it goes on: '256 of 256" in found("run", short)[0]
    assert found("run", "\n".join([*text.splitlines()[:2], "    ..."])) == []
    assert found("run", "\n".join(["    $ " + PLAN, "    ...", "    " + whole[-1]])) == []
    assert "nothing more" in found("run", text + "\n    more")[0]


def test_a_command_that_fails_is_a_finding():
    [said] = found("run", "    $ python3 -m models plan no.npz\n    x\n")
    assert said.startswith("page.md:10: python3 -m models plan no.npz: exit status 2: ")
    assert "begins with python3" in found("numbers", "1", "rm -rf x")[0]


def test_numbers_must_be_measured_rounded_as_they_stand():
    facts = "python3 -m tests.docs_check.facts net"
    good = "1,572 parameters, 2.6 ms (505 of Q4.12, `77 ms`, LFE5U-25F, 0x10)"
    assert found("numbers", good, facts) == []
    assert found("numbers", "one\n1,573 parameters", facts) == [
        "page.md:12: 1573 is not among what is measured now"
    ]
    assert "2.7" in found("numbers", "2.7 ms", facts)[0]


def test_stored_figures_and_their_age(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "FIGURES", tmp_path)

    class Probe:
        command = "python3 -m tests.docs_check.facts net"
        verilog = "a" * 20

        def inputs(self):
            return {"Verilog": self.verilog, "yosys": "0.70"}

    monkeypatch.setattr(records, "RECORDS", {"net": Probe()})
    assert "cannot be read" in found("stored", "1", "net")[0]
    assert records.record("net") == tmp_path / "net.json"
    assert found("stored", "505 samples", "net") == []
    assert found("stored", "506 samples", "net") != []
    transcript = f"    $ {Probe.command}\n    parameters: 1572\n    ...\n"
    assert found("stored", transcript, "net") == []
    assert "1572" in found("stored", transcript.replace("1572", "1573"), "net")[0]
    assert "not recorded" in found("stored", "    $ python3 x\n    1", "net")[0]
    assert kinds.check_inputs("net") == []
    Probe.verilog = "b" * 20
    assert kinds.check_inputs("net") == ["Verilog"]
    monkeypatch.setattr(Probe, "inputs", lambda self: {"Verilog": "a" * 20, "yosys": "0.71"})
    assert kinds.check_inputs("net") == ["yosys 0.70, now 0.71"]


def test_messages_are_found_in_the_sources(tmp_path):
    (tmp_path / "a.py").write_text(
        'print(f"port {port} is used: {why}; choose " f"another")\nX="no"'
    )
    (tmp_path / "b.c").write_text(
        'puts("the image is torn, "\n  "bytes %u\\n"); puts("; the model plays on\\n");'
    )
    (tmp_path / "c.sh").write_text('die "missing packages: ${missing[*]}"')
    files = [tmp_path / name for name in ("a.py", "b.c", "c.sh")]
    for text in (
        "port 80 is used: no; choose another",
        "build.py: error: port 80 is used: no; choose another",
        "the image is torn, bytes 12",
        "setup: missing packages: a b",
        "the image is torn ... the model plays on",
    ):
        assert messages.printed(text, files), text
    for text in ("port 80 is taken: no; choose another", "the image is torn, words 12", "no"):
        assert not messages.printed(text, files), text
    assert messages.quoted("| `a b` | `c d` |") == ["a b"]
    assert messages.quoted("| `` a `b` c `` or `d e` | x |") == ["a `b` c", "d e"]
    assert found("message", "| `no such message at all` | x |") == [
        "page.md:11: nothing prints 'no such message at all'"
    ]


def test_lint_reports_what_is_in_no_block():
    lines = list(
        enumerate(("at 63.1 MHz", "| a | 12 | 13 |", "at 192 kHz, 16-bit, `5 ms`", "7 nets"), 1)
    )
    assert [str(finding) for finding in lint.figures("p.md", lines)] == [
        "p.md:1: '63.1 MHz' is in no <!-- check --> block",
        "p.md:2: a row of figures is in no <!-- check --> block",
    ]


@pytest.mark.parametrize(
    "text, message",
    [
        ("<!-- check: run -->\nx", "p.md:1: a block without <!-- /check -->"),
        (END, "p.md:1: no block ends here"),
        ("<!-- check: fun -->\n" + END, "p.md:1: kind 'fun'; allowed: run, numbers, "),
        ("<!-- check: run -->\n<!-- check: run -->\n", "p.md:2: a block begins inside of that"),
        ("a <!-- check: run -->\n", "p.md:1: no marker that is known"),
    ],
)
def test_wrong_markers(text, message):
    with pytest.raises(PageError) as error:
        pages.parse("p.md", text, kinds.KINDS)
    assert str(error.value).startswith(message)


def test_tables_are_those_that_the_command_writes():
    page = "models/zoo/README.md"
    blocks, _ = pages.parse(page, (ROOT / page).read_text(), kinds.KINDS)
    [tables] = [block for block in blocks if block.kind == "tables"]
    assert tables.argument.startswith("python3 -m models zoo ") and kinds.check(tables) == []
    at = next(i for i, (_, line) in enumerate(tables.lines) if "`waveshaper.npz`" in line)
    number, line = tables.lines[at]
    wrong = (*tables.lines[:at], (number, line.replace("1,572", "1,573")), *tables.lines[at + 1 :])
    [said] = kinds.check(replace(tables, lines=wrong))
    assert said.line == number and "1,573" in said.text and "1,572" in said.text
    [said] = kinds.check(replace(tables, lines=tables.lines[:-1]))
    assert "lines stand here; now: " in said.text


def test_numbers_of_another_page():
    assert found("page", "139 multipliers", "docs/benchmarks.md") == []
    assert "140" in found("page", "140 multipliers", "docs/benchmarks.md")[0]


def test_a_session_evens_out_what_differs_from_run_to_run():
    text = "frames=12\nframe=3\nplays, after 0.57 s\n-4 0 0\ncrc=0x12"
    evened = "frames=#\nframe=3\nplays, after # s\n# 0 0\ncrc=0x12"
    assert session.even(text, "frames after rows") == evened
    assert "begins with python3 build.py --sim" in found("session", "    wavenet> info\n    x")[0]


def test_slow_kinds_are_left_out_of_the_quick_run():
    assert kinds.is_slow(block("session", "")) and not kinds.is_slow(block("run", ""))
    assert kinds.is_slow(block("tables", "", "python3 -m models evaluate x"))


def test_dated_and_source_say_what():
    assert (
        found("dated", "1 ms", "0123abc make x") == [] and found("source", "1 ms", "a sheet") == []
    )
    assert found("dated", "1 ms", "make x") != [] and found("source", "1 ms") != []


def test_command_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "p.md").write_text("takes 5 ms\n")
    monkeypatch.setattr(command, "ROOT", tmp_path)
    assert command.main(["p.md"]) == 1
    assert capsys.readouterr().out == "p.md:1: '5 ms' is in no <!-- check --> block\n"
    (tmp_path / "p.md").write_text("takes a while\n")
    assert command.main(["--quick", "p.md"]) == 0
    (tmp_path / "p.md").write_text(END)
    assert command.main(["p.md"]) == 2
    assert "p.md:1: no block ends here" in capsys.readouterr().err
