# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Migen's simulator with the design compiled to C: the same values in every cycle, much sooner.

`run_simulation` is a drop-in for `litex.gen.sim.run_simulation`, whose clocks and generators it
keeps, without waveforms; only statements are no longer interpreted. Migen computes with Python's
unbounded integers, so each expression is given the C type that holds all values it can take
(`Value`), and what would need more than 126 bits is refused. tests/gateware/test_compiled.py holds
the two simulators to each other.

A design's C source has no memory contents in it, and its library is kept in build/tests/compiled
under a name made from the source: the same design is compiled once.
"""

import ctypes
import hashlib
import inspect
import os
import subprocess
import tempfile
from unittest import mock

from litex.gen.sim.core import Simulator, TimeManager
from migen import Signal
from migen.fhdl.structure import Constant, _Assign

from soc.flow.toolchain import BUILD
from tests.support.simulators.c_source import Source
from tests.support.statements import signals_of

FOLDER = BUILD / "tests" / "compiled"
COMPILE = ("cc", "-O0", "-fwrapv", "-shared", "-fPIC", "-w", "-x", "c", "-")
SPARE = 256  # slots for signals that only a test bench knows


class Design(Simulator):
    """A module compiled once, to be run from its reset any number of times.

    Its signals live in two arrays of int64, `now` and what they are `after` this edge. `clocks` and
    what `run` takes are those of litex.gen.sim.run_simulation.
    Raises NotImplementedError for what has no compiled form.
    """

    def __init__(self, module, clocks=None):
        # A memory becomes a signal a word; where in the source each was made takes half the time.
        with mock.patch("migen.fhdl.tracer.trace_back", lambda *args: []):
            super().__init__(module, {}, clocks or {"sys": 10})
        self.clocks = dict(sorted((clocks or {"sys": 10}).items()))
        self.slots = Slots(self.fragment, self.evaluator.replaced_memories)
        self.library = load(Source(self.slots).text(self.fragment))
        self.domains = {name: 1 << bit for bit, name in enumerate(sorted(self.fragment.sync))}
        size = self.slots.count + SPARE
        self.now, self.after = [(ctypes.c_int64 * size)() for _ in range(2)]
        clocks = {cd.clk for cd in self.fragment.clock_domains}
        self.clocks_are_read = bool(clocks & self.slots.used)
        # Migen's evaluator serves what a generator asks for besides plain signals.
        self.evaluator.signal_values = Values(self)

    def _slot(self, signal):
        if signal not in self.slots.index:
            assert self.slots.count + 2 <= len(self.now), "more signals than SPARE"
            self.slots.add(signal)
            for array in (self.now, self.after):
                self.slots.put(array, signal, signal.reset.value)
        return self.slots.index[signal]

    def _read(self, signal):
        self._slot(signal)
        return self.slots.get(self.now, signal)

    def _write(self, signal, value):
        self._slot(signal)
        self.slots.put(self.after, signal, value)

    def _evalexec_nested_lists(self, x):
        if type(x) is Signal:
            return self._read(x)
        if type(x) is _Assign and type(x.l) is Signal and type(x.r) is Constant:
            return self._write(x.l, x.r.value)
        return super()._evalexec_nested_lists(x)

    def _process_generators(self, cd):
        super()._process_generators(cd)
        for signal, value in self.evaluator.modifications.items():
            self._write(signal, value)
        self.evaluator.modifications.clear()

    def _settle(self):
        self.library.settle(self.now, self.after, self.slots.count)

    def run(self, generators):
        if not isinstance(generators, dict):
            generators = {"sys": generators}
        self.generators = {
            domain: [own] if inspect.isgenerator(own) else list(own)
            for domain, own in generators.items()
        }
        self.time = TimeManager(self.clocks)
        for signal in self.slots.index:
            self._write(signal, signal.reset.value)
        self._settle()
        while True:
            _, rising, falling = self.time.tick()
            edges = sum(self.domains.get(cd, 0) for cd in rising)
            for cd in rising | falling:
                self._write(self.fragment.clock_domains[cd].clk, int(cd in rising))
            if edges:
                self.library.edge(self.now, self.after, edges)
            for cd in rising:
                if cd in self.generators:
                    self._process_generators(cd)
            if rising or self.clocks_are_read:
                self._settle()
            if not self._continue_simulation():
                break


class Values:
    """What Migen's evaluator takes for its dict of signals."""

    def __init__(self, simulator):
        self.simulator = simulator

    def __getitem__(self, signal):
        return self.simulator._read(signal)


class Slots:
    """Where each signal lies: one int64, or two, the lower half first. Memories lie in a row."""

    def __init__(self, fragment, memories):
        self.index, self.count = {}, 0
        arrays = [array for _, array in sorted(memories.items(), key=lambda item: item[0].duid)]
        for array in arrays:
            for word in array:
                self.add(word)
        self.used = signals_of([fragment.comb, *fragment.sync.values()], self.index)
        signals = set(self.used)
        for cd in fragment.clock_domains:
            signals |= {cd.clk} | ({cd.rst} if cd.rst is not None else set())
        for signal in sorted(signals - self.index.keys(), key=lambda signal: signal.duid):
            self.add(signal)

    @staticmethod
    def wide(signal):
        return signal.nbits > 63 + signal.signed

    def add(self, signal):
        self.index[signal] = self.count
        self.count += 1 + self.wide(signal)

    def span(self, signal):
        return self.index[signal], self.index[signal] + 1 + self.wide(signal)

    def get(self, array, signal):
        place = self.index[signal]
        if self.wide(signal):
            return array[place] & (2**64 - 1) | array[place + 1] << 64
        return array[place]

    def put(self, array, signal, value):
        """Write `value`, cut to the signal's width."""
        value &= (1 << signal.nbits) - 1
        if signal.signed and value >> (signal.nbits - 1):
            value -= 1 << signal.nbits
        place = self.index[signal]
        array[place] = value
        if self.wide(signal):
            array[place + 1] = value >> 64


def load(text):
    """The library made from C source `text`, compiled where it is not there yet."""
    name = hashlib.sha256("\0".join([*COMPILE, text]).encode()).hexdigest()[:32]
    path = FOLDER / f"{name}.so"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            part = os.path.join(folder, "part.so")
            subprocess.run([*COMPILE, "-o", part], input=text, text=True, check=True)
            os.replace(part, path)
    return ctypes.CDLL(str(path))


def run_simulation(module, generators, clocks=None):
    """As litex.gen.sim.run_simulation, for one run of a design."""
    Design(module, clocks).run(generators)
