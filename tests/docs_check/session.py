# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Transcripts of a console and a host, played while the simulation runs that the block starts.

The block's first line is `$ python3 build.py --sim ...`; then `wavenet> ` lines are typed into
the console (into litex_term where a `$ litex_term ...` line started it) and other `$ ` lines run,
with the ports that the simulation printed. The block's argument lists words whose number differs
from run to run: `frames` makes `frames=13832` and `frames=1` the same.
"""

import re
import shlex
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from soc.sim.console import Console
from tests.docs_check import records
from tests.docs_check.pages import CONSOLE, Step, compare, steps
from tests.docs_check.records import RunError
from tests.support.soc.terminal import PROMPT, Terminal, without_progress

START_S = 900  # the simulator is compiled
STEP_S = 300


def play(block):
    """Findings of all steps. Raises RunError where the simulation does not start."""
    first, *rest = steps(block)
    if not first.command.startswith("python3 build.py --sim"):
        raise RunError(f"{block.page}:{first.line}: a session begins with python3 build.py --sim")
    found = []
    with ExitStack() as stack:
        player = Player(stack, first.command)
        for step in rest:
            wanted = tuple((n, even(line, block.argument)) for n, line in step.expected)
            said = even(player.do(step), block.argument)
            found += compare(block, Step(step.prompt, step.command, step.line, wanted), said)
    return found


def even(text, words):
    """The text with the number behind each word made equal; `rows`: first columns of numbers."""
    if "rows" in words.split():
        text = re.sub(r"(?m)^(\s*)-?\d+(?= )", r"\1#", text)
    for word in words.split():
        text = re.sub(rf"\b({word}[=: (]*)-?[\d.]+", r"\1#", text)
    return text


class Player:
    """A simulation on free ports in a folder of its own, and who talks to it."""

    def __init__(self, stack, command):
        self.stack = stack
        self.folder = records.folder()
        self.build = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="docs_check_")))
        arguments = [sys.executable, *shlex.split(command)[1:], "--output-dir", str(self.build)]
        self.process = stack.enter_context(
            subprocess.Popen(
                arguments,
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        stack.callback(self.process.terminate)
        self.ports = {}
        for line in self.process.stdout:
            if match := re.search(r"^(console|bridge): .*socket://localhost:(\d+)", line):
                self.ports[match[1]] = match[2]
            if line.startswith("playing"):
                break
        else:
            raise RunError(f"{command}: ended with status {self.process.wait()}")
        self.console, self.terminal = None, None
        self._wait_for_the_codec()

    def _wait_for_the_codec(self):
        console = Console(int(self.ports["console"]), timeout=STEP_S)
        while console.values("codec", STEP_S)["codec"] == "starting":
            time.sleep(0.1)
        console.close()

    def do(self, step):
        """What is printed in answer to a Step."""
        if step.prompt == CONSOLE:
            return self._type(step.command)
        if self.console:
            self.console.close()
            self.console = None
        if step.command.startswith("head "):
            subprocess.run(step.command, shell=True, cwd=self.folder, check=True)
            return ""
        words = shlex.split(step.command)
        if words[0] == "litex_term":
            self.terminal = self.stack.enter_context(
                Terminal(self.ports["console"], *words[2:], folder=self.folder)
            )
            self.terminal.type("\n")
            self.terminal.wait(PROMPT, STEP_S)  # it runs, and the pseudo-terminal echoes no more
            self.terminal.type("# here\n")
            self.terminal.wait("# here\n" + PROMPT, STEP_S)
            return ""
        return self._run(words)

    def _type(self, command):
        if self.terminal:
            self.terminal.type(command + "\n")
            said = without_progress(self.terminal.wait(PROMPT, STEP_S))
            return said.partition("\n")[2]
        self.console = self.console or Console(int(self.ports["console"]), timeout=STEP_S)
        return self.console.command(command, STEP_S)

    def _run(self, words):
        words = [word.replace("PORT", self.ports.get("bridge", "PORT")) for word in words]
        words[0] = sys.executable
        if "soc" in words and "--csr" not in words:
            words += ["--csr", str(self.build / "csr.json")]
        done = subprocess.run(
            words, cwd=self.folder, capture_output=True, text=True, timeout=STEP_S
        )
        return done.stdout + done.stderr
