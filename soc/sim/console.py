# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Talks to the firmware's console over the TCP port of a simulation, as a program."""

import re
import socket
import time

from models.errors import FAILED, UserError

from soc.contract import tokens

PROMPT = tokens.PROMPT.encode()

class ConsoleError(UserError):
    """The console did not answer in time, or the connection was lost."""
    exit_status = FAILED

class Console:
    """A connection to the console on localhost:`port`. One at a time: the port serves one client.

    timeout : seconds of real time to wait for the first prompt.
    alive   : called while waiting; raises when there is nothing left to wait for.
    Raises ConsoleError.
    """
    def __init__(self, port, timeout=60.0, alive=lambda: None):
        self.alive  = alive
        deadline    = time.monotonic() + timeout
        self.socket = self._connect(port, deadline)
        self.buffer = b""
        self.synchronise(timeout=timeout)

    def close(self):
        self.socket.close()

    def synchronise(self, data=b"", timeout=60.0):
        """Sends bytes as they are, discards the line they may leave, and waits for the next prompt.

        Prompts may have been printed before anyone listened, or be on their way: only the one that
        follows the echo of a comment, which is sent last, is the newest.
        """
        deadline = time.monotonic() + timeout
        mark     = b"# %d" % time.monotonic_ns()
        self.send(data + b"\n" + mark + b"\n")
        self._read_until(mark, deadline)
        self._read_until(PROMPT, deadline)

    def command(self, line, timeout=60.0):
        """Types a line and returns the reply: text up to the next prompt, without echo, "\\n" ends.

        timeout: seconds of real time. Raises ConsoleError.
        """
        return self.type(line.encode() + b"\n", timeout).partition("\n")[2]

    def type(self, data, timeout=60.0):
        """Types bytes as they are and returns all that comes back up to the next prompt."""
        self.send(data)
        return self._read_until(PROMPT, time.monotonic() + timeout)

    def values(self, line, timeout=60.0):
        """The key=value lines of a command's reply as a dict of strings."""
        lines = self.command(line, timeout).splitlines()
        return dict(item.split("=", 1) for item in lines if "=" in item)

    def _connect(self, port, deadline):
        while True:
            self.alive()
            try:
                return socket.create_connection(("localhost", port), timeout=1)
            except OSError as error:
                if time.monotonic() > deadline:
                    raise ConsoleError(f"console: no connection to port {port}: {error}") from error
                time.sleep(0.05)

    def send(self, data):
        """Types bytes as they are and waits for nothing."""
        try:
            self.socket.settimeout(10)
            self.socket.sendall(data)
        except OSError as error:
            raise ConsoleError(f"console: {error}") from error

    def read_until(self, mark, timeout=60.0):
        """All that comes up to the text `mark`, "\\n" ends. Raises ConsoleError."""
        return self._read_until(mark.encode(), time.monotonic() + timeout)

    def _read_until(self, mark, deadline):
        while mark not in self.buffer:
            if time.monotonic() > deadline:
                raise ConsoleError(f"console: no {mark.decode()!r} in time, only {self.buffer!r}")
            self.alive()
            self.buffer += self._receive()
        text, _, self.buffer = self.buffer.partition(mark)
        return text.decode("ascii", "replace").replace("\r\n", "\n")

    def _receive(self):
        self.socket.settimeout(0.2)
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            return b""
        except OSError as error:
            raise ConsoleError(f"console: {error}") from error
        if not data:
            busy = re.search(rb"serial_tcp: (busy: [^\r\n]*)", self.buffer)
            raise ConsoleError("console: " + (busy[1].decode() if busy else
                "the simulation closed the connection"))
        return data
