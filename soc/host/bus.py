# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Buses of a running SoC as a host reaches them: over a serial bridge, or through litex_server."""

import re
import socket
import time

import numpy as np
import serial
from litex.tools.litex_client import RemoteClient
from litex.tools.remote.comm_uart import CMD_READ_BURST_INCR, CMD_WRITE_BURST_INCR

from models.errors import UserError

TIMEOUT_S  = 10  # that the SoC may take to answer; a simulated one is slow
RETRY_S    = 3   # of it, until a bridge is asked again: by then it has aborted half a command
SILENCE_S  = 0.1 # after which an answer is complete
# To a bridge no command, of its six bytes; to a console three comments, which it answers.
NO_COMMAND = b"#\r#\r#\r"
# Of the first answer: one of another length is to our bytes as the end of half a command before.
MEET_WORDS = 7

class ClientError(UserError):
    """The SoC does not answer or refuses, or the build's description is of another one."""

class UARTBus:
    """A UARTBone or JTAGBone on a serial port, or on a URL of pyserial's. The protocol of LiteX's
    CommUART, a burst in one piece, and an error instead of waiting for ever."""
    def __init__(self, port, baudrate=115200):
        try:
            self.port = serial.serial_for_url(port, baudrate, timeout=TIMEOUT_S)
        except (serial.SerialException, ValueError) as error:
            raise ClientError(f"{port}: {error}") from error
        if hasattr(self.port, "_socket"): # Or a write behind another waits for TCP's late answer.
            self.port._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._meet()
        except BaseException:
            self.close()
            raise

    def close(self):
        self.port.close()

    def _meet(self):
        """Raises ClientError unless a bridge answers: at once where a console does."""
        start = time.monotonic()
        try:
            for end in (*np.arange(RETRY_S, TIMEOUT_S - RETRY_S/2, RETRY_S), TIMEOUT_S):
                before = self._drained()
                self.port.write(NO_COMMAND)
                self._send(CMD_READ_BURST_INCR, 0, MEET_WORDS)
                heard = self._listen(before, start + end)
                if is_meeting(heard):
                    return
        except serial.SerialException as error:
            raise ClientError(f"{self.port.port}: {error}") from error
        if heard:
            raise ClientError(f"{self.port.port}: what answers is no bridge: {heard[:40]!r}")
        raise ClientError(f"{self.port.port}: no answer from a bridge")

    def _drained(self):
        """What has come without being asked for: of a console, or answers to a host before."""
        heard = b""
        while self.port.in_waiting:
            heard += self.port.read(1)
            self._explain(heard)
        return heard

    def _listen(self, before, until):
        """What comes up to the moment `until`, or to the end of an answer."""
        heard, self.port.timeout = b"", SILENCE_S
        try:
            while time.monotonic() < until:
                more   = self.port.read(1)
                heard += more
                self._explain(before + heard)
                if not more and is_meeting(heard):
                    break
        finally:
            self.port.timeout = TIMEOUT_S
        return heard

    def _explain(self, heard):
        """Raises ClientError for text of a console, or of a simulated port that is taken."""
        busy = re.search(rb"serial_tcp: (busy: [^\r\n]*)\r", heard)
        if busy:
            raise ClientError(f"{self.port.port}: {busy[1].decode()}")
        if re.search(rb"\r\n\w+> ", heard): # a prompt
            raise ClientError(f"{self.port.port}: is the console's port; the bridge has "
                "another one (--with-uartbone)")

    def read(self, address, length):
        try:
            self.port.reset_input_buffer()
            self._send(CMD_READ_BURST_INCR, address, length)
            data = self.port.read(4*length)
        except serial.SerialException as error:
            raise ClientError(f"{self.port.port}: {error}") from error
        if len(data) != 4*length:
            raise ClientError(f"{self.port.port}: no answer from a bridge")
        return np.frombuffer(data, ">u4").tolist()

    def write(self, address, words):
        try:
            self._send(CMD_WRITE_BURST_INCR, address, len(words), np.array(words, ">u4").tobytes())
        except serial.SerialException as error:
            raise ClientError(f"{self.port.port}: {error}") from error

    def _send(self, command, address, length, data=b""):
        self.port.write(bytes([command, length]) + (address//4).to_bytes(4, "big") + data)

def is_meeting(heard):
    """Whether bytes are an answer of MEET_WORDS words, and no text."""
    return len(heard) == 4*MEET_WORDS and not re.fullmatch(rb"[\x20-\x7e\r\n\b]*", heard)

class TCPBus:
    """A litex_server at `host`:`port`."""
    def __init__(self, host="localhost", port=1234):
        self.name   = f"{host}:{port}"
        self.client = RemoteClient(host, port)
        self.client.csr_data_width = self.client.csr_bus_address_width = 32
        try:
            self.client.open()
            self.client.socket.settimeout(TIMEOUT_S)
        except OSError as error:
            raise ClientError(f"{self.name}: {error}") from error

    def close(self):
        self.client.close()

    def read(self, address, length):
        try:
            words = self.client.read(address, length)
        except (OSError, IndexError, ValueError) as error:
            raise ClientError(f"{self.name}: {error}") from error
        if len(words) != length:
            raise ClientError(f"{self.name}: no answer from litex_server")
        return words

    def write(self, address, words):
        try:
            self.client.write(address, [int(word) for word in words])
        except OSError as error:
            raise ClientError(f"{self.name}: {error}") from error

def connect(port=None, baudrate=115200, tcp=None):
    """The bus at a serial port (or pyserial URL) or, for tcp = "host:port", at a litex_server."""
    if tcp is None:
        return UARTBus(port, baudrate)
    host, _, number = tcp.rpartition(":")
    if not host or not number.isdigit() or not 1 <= int(number) <= 65535:
        raise ClientError(f"--tcp must be HOST:PORT, got {tcp!r}")
    try:
        return TCPBus(host, int(number))
    except socket.gaierror as error:
        raise ClientError(f"{tcp}: {error}") from error
