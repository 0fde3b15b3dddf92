# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The real litex_term program, in a pseudo-terminal, as someone sits at it."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

from tests.support.limits import HANG_S

PROMPT = "wavenet> "


class Terminal:
    """litex_term on localhost:`port`, run in `folder`, as a context manager; `options` are its own.

    type(text): keys. wait(mark): all that it showed until `mark` came, "\\n" line ends; the rest is
    kept for the next wait. Raises TimeoutError with what was shown.
    """

    def __init__(self, port, *options, folder=None):
        self.folder = folder
        self.command = [sys.executable, "-m", "litex.tools.litex_term"]
        self.command += [f"socket://localhost:{port}", *map(str, options)]
        self.shown = ""

    def __enter__(self):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            self.command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            cwd=self.folder,
        )
        os.close(slave)
        return self

    def __exit__(self, *_):
        # Its threads read and write for ever; twice Ctrl-C would leave the port as well.
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self.master)

    def type(self, text):
        os.write(self.master, text.encode())

    def wait(self, mark, timeout=HANG_S):
        deadline = time.monotonic() + timeout
        while mark not in self.shown:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {mark!r} in {timeout} s, only:\n{self.shown}")
            if select.select([self.master], [], [], 0.1)[0]:
                self.shown += os.read(self.master, 65536).decode("ascii", "replace")
                self.shown = self.shown.replace("\r", "")
        text, _, self.shown = self.shown.partition(mark)
        return text


def without_progress(text):
    """`text` without the bars that litex_term draws over each other."""
    return re.sub(r"\|=*> *\| \d+%", "", text)


def load(terminal, timeout=HANG_S):
    """Types `load` and returns what is shown from then on to the next prompt."""
    terminal.type("# here\n")
    terminal.wait("# here\n" + PROMPT, timeout)
    terminal.type("load\n")
    return without_progress(terminal.wait(PROMPT, timeout))


def values(text):
    """The key=value lines of a reply."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
