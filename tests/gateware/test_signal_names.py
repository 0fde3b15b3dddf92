# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Names of signals: the same on every Python, and those of the committed list."""

from migen import *
from migen.fhdl import tracer

from gateware import signal_names
from tests.support.soc.signal_names import LIST, NETS, names, summary, verilog


class Case(Module):
    """Signals made in every way whose byte code or frames differ between 3.11, 3.12 and 3.13."""

    def __init__(self, width, captured):
        chained = other = Signal()
        first, second = Signal(), Signal()
        self.both = both = Signal()
        self.attribute = [Signal() for _ in range(2)]
        variable = [Signal(width) for _ in range(2)]
        listed = [Signal(), Signal()]
        before = [Signal(), chained, other]
        keyed = {index: Signal() for index in range(2)}
        nested = [[Signal() for _ in range(2)] for _ in range(2)]
        generated = Array(Signal() for _ in range(2))
        arguments = Cat(Signal(), Signal())
        inner, self.outer = Signal(width), Signal()
        called = self.made(1)
        copied = called
        chain = copy = self.made(1)
        mapped = [self.made(index) for index in range(2)]
        plain = [made(index) for index in range(2)]
        iterable = [bit for bit in self.made(1)]
        stream = [signal for signal in self.two()]
        named = [Signal(name="given") for _ in range(2)]
        self.record = Record([("field", 1)])
        cell = Signal(2)
        captured_cells = [cell[index] & captured for index in range(2)]
        self.lambda_cell = (lambda: chain)()
        self.found = dict(
            chained=chained, first=first, second=second, both=both, attribute=self.attribute[1],
            variable=variable[0], listed0=listed[0], listed1=listed[1], before=before[0],
            keyed=keyed[1], nested=nested[1][0], generated=generated[1], argument=arguments.l[0],
            inner=inner, outer=self.outer, called=copied, chain=copy, mapped=mapped[1],
            plain=plain[1], iterable=iterable[0].value, stream=stream[1],
            named=named[1], record=self.record.field,
            cell=captured_cells[0].operands[0].value,
        )  # fmt: skip

    def made(self, width):
        made = Signal(width + 1)
        return made

    def two(self):
        for _ in range(2):
            yield Signal()


def made(width):
    result = wide = Signal(width + 1)
    return wide if width else result


# Of the signals above, as Migen 0.10.0 names them on Python 3.11: the path within Case. `chain`
# and `cell` are wrong there, too: Migen takes them for arguments, since arguments are cells.
EXPECTED = {
    "chained": "chained",
    "first": "",
    "second": "second",
    "both": "both",
    "attribute": "attribute",
    "variable": "variable",
    "listed0": "",
    "listed1": "listed",
    "before": "before",
    "keyed": "keyed",
    "nested": "nested",
    "generated": "generated",
    "argument": "",
    "inner": "",
    "outer": "",
    "called": "called case made",
    "chain": "width case made",
    "mapped": "mapped case case made",
    "plain": "plain made result",
    "iterable": "case made",
    "stream": "stream case",
    "named": "named <listcomp> given",
    "record": "record record record_field",
    "cell": "self",
}


def paths():
    """Of the signals of a Case: the names behind that of Case itself."""
    made_here = Case(3, Signal())
    found = {}
    for name, signal in made_here.found.items():
        words = [word for word, _ in signal.backtrace]
        found[name] = " ".join(words[words.index("made_here") + 2 :])
    return found


def test_every_way_to_make_a_signal_has_its_name_of_python_3_11():
    assert paths() == EXPECTED


def test_they_are_read_from_3_11s_own_byte_code_too(monkeypatch):
    monkeypatch.setattr(tracer, "trace_back", signal_names.trace_back)
    assert paths() == EXPECTED


def test_code_without_source_is_named_by_its_byte_code(monkeypatch):
    monkeypatch.setattr(tracer, "trace_back", signal_names.trace_back)
    room = {"__name__": "room", "Signal": Signal}
    exec("def f():\n    a = b = Signal()\n    return b\nfound = f()", room)
    assert [name for name, _ in room["found"].backtrace][-2:] == ["f", "a"]


def test_the_verilog_of_the_zoo_has_the_names_of_the_list():
    """Where it is meant to change: python -m tests.support.soc.signal_names lists anew."""
    found = {path.stem: names(verilog(path)) for path in NETS}
    assert summary(found) == LIST.read_text().splitlines()
