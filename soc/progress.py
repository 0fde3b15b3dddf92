# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Shows which step of a build runs and for how long; plain lines where there is no terminal."""

import sys
import time
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as RichProgress
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

EVERY_S = 5 # seconds between two lines where there is no terminal

class Progress:
    """Reports steps on stderr. quiet: report nothing."""
    def __init__(self, quiet=False):
        self.quiet   = quiet
        self.console = Console(file=sys.stderr, highlight=False)

    @contextmanager
    def step(self, name):
        """Names the step that runs inside; yields update(text), which shows how far it is."""
        if self.quiet:
            yield lambda text: None
            return
        start = time.monotonic()
        if self.console.is_terminal:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
            with RichProgress(*columns, console=self.console, transient=True) as bars:
                bar = bars.add_task(name, total=None)
                yield lambda text: bars.update(bar, description=f"{name}: {text}")
        else:
            self._line(f"{name} ...")
            yield self._lines(lambda text: f"{name}: {text}")
        self._line(f"{name}: {time.monotonic() - start:.1f} s")

    @contextmanager
    def bar(self, name, total, unit):
        """Shows how much of `total` (None: endless) is done; yields update(done)."""
        if self.quiet:
            yield lambda done: None
            return
        if not self.console.is_terminal:
            end = "" if total is None else f" of {total:g}"
            yield self._lines(lambda done: f"{name}: {done:.3f}{end} {unit}")
            return
        of      = "" if total is None else " of {task.total:g}"
        count   = "{task.completed:.3f}" + f"{of} {unit}"
        columns = (TextColumn(name), BarColumn(), TextColumn(count), TimeElapsedColumn())
        with RichProgress(*columns, console=self.console, transient=True) as bars:
            bar = bars.add_task(name, total=total)
            yield lambda done: bars.update(bar, completed=done)

    def _line(self, text):
        self.console.print(text, soft_wrap=True, markup=False)

    def _lines(self, describe):
        """An update that prints a line now and then, for a log or a pipe."""
        due = time.monotonic() + EVERY_S
        def update(state):
            nonlocal due
            if time.monotonic() >= due:
                due = time.monotonic() + EVERY_S
                self._line(describe(state))
        return update
