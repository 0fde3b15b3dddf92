# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A wire from this machine to a simulated SoC's Ethernet: no tap device, no root.

FramePHY brings Ethernet frames over the simulation's second byte port, Wire is the far end of it
and the one host on that network: it answers ARP and carries UDP.
"""

import queue
import socket
import struct
import threading

from litex.gen import LiteXModule
from litex.soc.cores.uart import RS232PHYModel
from litex.soc.interconnect import stream
from migen import Cat, ClockDomain, ClockSignal, ResetSignal

HOST_MAC, SOC_MAC = bytes.fromhex("020000000001"), bytes.fromhex("10e2d5000000")
HOST_IP, SOC_IP = "192.168.1.100", "192.168.1.50"
ARP, IPV4, UDP = 0x0806, 0x0800, 17
SHORTEST = 60  # bytes of a frame without its CRC


class FramePHY(LiteXModule):
    """A LiteEth PHY whose bytes go as two on the port: the byte, then 1 if it ends the frame."""

    dw = 8
    with_preamble_crc = False
    model = True  # LiteX sets no timing constraints

    def __init__(self, platform):
        from liteeth.common import eth_phy_description

        self.cd_eth_rx = ClockDomain()
        self.cd_eth_tx = ClockDomain()
        self.sink = stream.Endpoint(eth_phy_description(8))
        self.source = stream.Endpoint(eth_phy_description(8))
        self.port = port = RS232PHYModel(platform.request("serial", 1))
        self.join = join = stream.Converter(8, 16)
        self.split = split = stream.Converter(16, 8)
        self.comb += [
            self.cd_eth_rx.clk.eq(ClockSignal("sys")),
            self.cd_eth_tx.clk.eq(ClockSignal("sys")),
            self.cd_eth_rx.rst.eq(ResetSignal("sys")),
            self.cd_eth_tx.rst.eq(ResetSignal("sys")),
            port.source.connect(join.sink),
            self.source.valid.eq(join.source.valid),
            self.source.data.eq(join.source.data[:8]),
            self.source.last.eq(join.source.data[8]),
            join.source.ready.eq(self.source.ready),
            split.sink.valid.eq(self.sink.valid),
            split.sink.data.eq(Cat(self.sink.data, self.sink.last)),
            self.sink.ready.eq(split.sink.ready),
            split.source.connect(port.sink),
        ]


def checksum(header):
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def datagram(payload, source_port, port):
    """The Ethernet frame of a UDP datagram from the host to the SoC."""
    udp = struct.pack(">HHHH", source_port, port, 8 + len(payload), 0) + payload
    ends = socket.inet_aton(HOST_IP) + socket.inet_aton(SOC_IP)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, UDP, 0) + ends
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return SOC_MAC + HOST_MAC + struct.pack(">H", IPV4) + ip + udp


class Wire:
    """The far end of a FramePHY at a TCP port, in place of a UDP socket of the host's.

    frames: what the SoC sent so far.
    """

    def __init__(self, port):
        self.connection = socket.create_connection(("localhost", port), timeout=10)
        self.connection.settimeout(None)
        self.frames, self.arrived, self.timeout = [], queue.Queue(), 1.0
        threading.Thread(target=self._receive, daemon=True).start()

    def close(self):
        self.connection.close()

    def send(self, frame):
        frame = frame.ljust(SHORTEST, b"\0")
        marked = bytearray(2 * len(frame))
        marked[::2] = frame
        marked[-1] = 1
        self.connection.sendall(marked)

    def _receive(self):
        with self.connection.makefile("rb") as stream:
            frame = b""
            while len(pair := stream.read(2)) == 2:
                frame += pair[:1]
                if pair[1]:
                    self._take(frame)
                    frame = b""

    def _take(self, frame):
        self.frames.append(frame)
        (kind,) = struct.unpack(">H", frame[12:14])
        if kind == ARP and frame[20:22] == b"\0\1" and frame[38:42] == socket.inet_aton(HOST_IP):
            answer = frame[14:20] + b"\0\2" + HOST_MAC + frame[38:42] + frame[22:32]
            self.send(SOC_MAC + HOST_MAC + frame[12:14] + answer)
        elif kind == IPV4 and frame[23] == UDP:
            (length,) = struct.unpack(">H", frame[38:40])
            self.arrived.put(frame[42 : 34 + length])

    # What CommUDP asks of a socket.
    def settimeout(self, seconds):
        self.timeout = seconds

    def sendto(self, payload, address):
        assert address[0] == SOC_IP
        self.send(datagram(payload, address[1], address[1]))

    def recvfrom(self, size):
        try:
            return self.arrived.get(timeout=self.timeout)[:size], (SOC_IP, 0)
        except queue.Empty:
            raise TimeoutError from None
