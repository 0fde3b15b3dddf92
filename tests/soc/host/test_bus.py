# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A serial port, or a socket in its place: a bridge is met, and what is none is called so."""

import re
import socket
import threading

import pytest

from soc.host import bus as host_bus
from soc.host.bus import ClientError, UARTBus, connect


def test_a_port_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(host_bus, "TIMEOUT_S", 0.3)
    monkeypatch.setattr(host_bus, "RETRY_S", 0.1)
    with Peer(lambda data: b"") as peer:
        with pytest.raises(ClientError, match="no answer from a bridge"):
            connect(peer.url)
    assert peer.heard.count(READ) == 3  # asked again: it may have taken the first for data


class Peer:
    """Something on a TCP port that answers what it is sent by `answers`: bytes -> bytes, None
    closes."""

    def __init__(self, answers, greeting=b""):
        self.server, self.heard = socket.create_server(("localhost", 0)), b""
        self.url = f"socket://localhost:{self.server.getsockname()[1]}"
        self.answers, self.greeting = answers, greeting
        self.thread = threading.Thread(target=self._serve)

    def _serve(self):
        with self.server.accept()[0] as client:
            client.sendall(self.greeting)
            while data := client.recv(4096):
                self.heard += data
                answer = self.answers(data)
                if answer is None:
                    return
                client.sendall(answer)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join()
        self.server.close()


READ = bytes([2, host_bus.MEET_WORDS, 0, 0, 0, 0])  # of words from address 0 on
PROMPT = b"\r\nwavenet> "


@pytest.mark.parametrize("greeting", [b"", b"\r\nWaveNet SoC, build 123" + PROMPT])
def test_the_consoles_port_is_called_so_without_waiting(greeting, monkeypatch):
    """It echoes what prints, and answers line ends with a prompt. A time-out would take 600 s."""
    monkeypatch.setattr(host_bus, "TIMEOUT_S", 600)

    def console(data):
        printed = bytes(byte for byte in data if byte == 13 or 32 <= byte < 127)
        return printed.replace(b"\r", PROMPT)

    with Peer(console, greeting) as peer:
        expected = (
            f"{peer.url}: is the console's port; the bridge has another one (--with-uartbone)"
        )
        with pytest.raises(ClientError, match=re.escape(expected)):
            connect(peer.url)
    typed = bytes(byte for byte in peer.heard if byte == 13 or 32 <= byte < 127)
    assert re.fullmatch(rb"(#\r)+", typed)  # comments alone


def test_a_port_that_is_taken_is_called_so(monkeypatch):
    monkeypatch.setattr(host_bus, "TIMEOUT_S", 600)
    busy = b"serial_tcp: busy: this port serves one client at a time; close the other one\r\n"
    with Peer(lambda data: None, busy) as peer:
        expected = f"{peer.url}: busy: this port serves one client at a time; close the other one"
        with pytest.raises(ClientError, match=expected):
            connect(peer.url)


def test_a_bridge_that_first_takes_the_question_for_data(monkeypatch):
    monkeypatch.setattr(host_bus, "RETRY_S", 0.2)
    replies = [b"\xff\xff\xff\xff", b"\x0b\0\0\x6f" * host_bus.MEET_WORDS]

    def bridge(data):
        return replies.pop(0) if READ in data else b""

    with Peer(bridge) as peer:
        bus = connect(peer.url)
        assert isinstance(bus, UARTBus)
        bus.close()
    assert peer.heard.count(READ) == 2 and not replies


def test_something_else_at_the_port(monkeypatch):
    monkeypatch.setattr(host_bus, "TIMEOUT_S", 0.3)
    with Peer(lambda data: b"\x80abc\x80") as peer:
        with pytest.raises(ClientError, match="what answers is no bridge: b'.x80abc.x80"):
            connect(peer.url)
