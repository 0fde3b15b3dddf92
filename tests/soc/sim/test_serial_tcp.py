# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The UART on a TCP port loses nothing, on however many ports, and clients come and go.

Each test runs LiteX's own simulation core with the compiled modules: see sim_process.py.
"""

import random
import signal
import socket
import threading
import time

import numpy as np
import pytest

from tests.support.soc.sim_process import TIMEOUT_S, free_ports, simulation


def uart_bytes(port, count):
    i = np.arange(count)
    return (7 * i + 13 * (i >> 8) + 101 * port).astype(np.uint8).tobytes()


class Uarts:
    """Two UARTs, each on its own TCP port, until the block is left."""

    def __init__(self, folder, *arguments):
        self.ports, self.folder = free_ports(2), folder
        modules = [("serial_tcp", ("serial", i), {"port": p}) for i, p in enumerate(self.ports)]
        self.process = simulation().popen(folder, modules, *arguments)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def connect(self, index, receive_buffer=None):
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            client = socket.socket()
            client.settimeout(TIMEOUT_S)
            if receive_buffer:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            try:
                client.connect(("127.0.0.1", self.ports[index]))
                return client
            except ConnectionRefusedError:
                client.close()
                assert time.monotonic() < deadline and self.process.poll() is None
                time.sleep(0.02)


def wait_for_file(path, size=0):
    deadline = time.monotonic() + TIMEOUT_S
    while not path.exists() or path.stat().st_size < size:
        assert time.monotonic() < deadline, path
        time.sleep(0.02)


def receive(client, count):
    data = b""
    while len(data) < count:
        part = client.recv(min(65536, count - len(data)))
        assert part, f"closed after {len(data)} of {count} bytes"
        data += part
    return data


def nothing_follows(uarts, index, client, before):
    """A byte more from `client` reaches the UART as the next one behind `before`, and then, when
    the simulation has ended, the client has got nothing since.

    The byte comes in order and takes simulated time: one too many in either direction, which would
    have gone at once, has gone before it.
    """
    client.sendall(b"!")
    path = uarts.folder / f"rx{index}"
    wait_for_file(path, len(before) + 1)
    assert path.read_bytes() == before + b"!"
    uarts.process.send_signal(signal.SIGSTOP)
    client.setblocking(False)
    with pytest.raises(BlockingIOError):
        client.recv(1)
    uarts.process.send_signal(signal.SIGCONT)


def test_two_uarts_carry_100_kilobytes_each_way_at_once(tmp_path):
    count, received, seed = 100_000, {}, 7
    sent = [np.random.default_rng(i).bytes(count) for i in range(2)]

    def send(client, data, rng):
        at = 0
        while at < count:
            size = rng.randrange(1, 9000)
            client.sendall(data[at : at + size])
            at += size
            time.sleep(rng.random() * 0.01)

    def take(index, client, rng):
        data = b""
        while len(data) < count:
            data += receive(client, min(rng.randrange(1, 9000), count - len(data)))
            time.sleep(rng.random() * 0.01)
        received[index] = data

    with Uarts(tmp_path, "serial", count, 1) as uarts:
        clients = [uarts.connect(i, receive_buffer=4096) for i in range(2)]
        threads = []
        for i, client in enumerate(clients):
            threads += [
                threading.Thread(target=send, args=(client, sent[i], random.Random(seed + i))),
                threading.Thread(target=take, args=(i, client, random.Random(seed + i + 2))),
            ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT_S)
        for i in range(2):
            wait_for_file(tmp_path / f"rx{i}", count)
        for i in range(2):
            assert received[i] == uart_bytes(i, count)
            nothing_follows(uarts, i, clients[i], sent[i])


def test_a_client_that_does_not_read_stops_the_uart(tmp_path):
    count = 300_000
    with Uarts(tmp_path, "serial", count, 1) as uarts:
        clients = [uarts.connect(i, receive_buffer=4096) for i in range(2)]
        for client in clients:
            client.sendall(b"x")
        assert receive(clients[1], count) == uart_bytes(1, count)
        wait_for_file(tmp_path / "given1")
        assert not (tmp_path / "given0").exists()
        assert receive(clients[0], count) == uart_bytes(0, count)
        wait_for_file(tmp_path / "given0")


def test_the_last_4_kilobytes_wait_for_a_client(tmp_path):
    with Uarts(tmp_path, "serial", 10_000, 0) as uarts:
        for i in range(2):
            wait_for_file(tmp_path / f"given{i}")
            with uarts.connect(i) as client:
                assert receive(client, 4096) == uart_bytes(i, 10_000)[-4096:]
                nothing_follows(uarts, i, client, b"")


def test_clients_come_and_go(tmp_path):
    with Uarts(tmp_path, "echo") as uarts:
        for n in range(20):
            with uarts.connect(0) as client:
                client.sendall(b"hello %d" % n)
                assert receive(client, len(b"hello %d" % n)) == b"hello %d" % n


BUSY = b"serial_tcp: busy: this port serves one client at a time; close the other one\r\n"


def test_a_second_client_is_told_so_and_closed(tmp_path):
    """The first one hears nothing of it, and the port is free as soon as it has left."""
    with Uarts(tmp_path, "echo") as uarts:
        first = uarts.connect(1)
        first.sendall(b"first")
        assert receive(first, 5) == b"first"
        for sent in (b"", b"second", bytes(60_000)):
            with uarts.connect(1) as second:
                try:
                    second.sendall(sent)
                except ConnectionError:  # closed before all was sent
                    assert len(sent) > 16384
                assert receive(second, len(BUSY)) == BUSY
                assert second.recv(1) == b""
        first.sendall(b"still here")
        assert receive(first, 10) == b"still here"
        first.close()
        with uarts.connect(1) as third:
            third.sendall(b"third")
            assert receive(third, 5) == b"third"


def test_a_refused_client_that_stays_does_not_fill_the_port(tmp_path):
    with Uarts(tmp_path, "echo") as uarts:
        first = uarts.connect(0)
        stay = [uarts.connect(0) for _ in range(50)]
        for client in stay:
            assert receive(client, len(BUSY)) == BUSY and client.recv(1) == b""
        first.close()
        with uarts.connect(0) as second:
            second.sendall(b"second")
            assert receive(second, 6) == b"second"


def test_a_client_is_served_behind_the_bytes_of_one_that_has_left(tmp_path):
    """The UART does not take bytes as fast as they come: the first has left, its bytes have not."""
    count = 200_000
    sent = np.random.default_rng(5).bytes(count)
    with Uarts(tmp_path, "serial", 0, 0) as uarts:
        for at in range(0, count, 50_000):  # more than the ring holds
            with uarts.connect(0) as client:
                client.sendall(sent[at : at + 50_000])
        wait_for_file(tmp_path / "rx0", count)
        assert (tmp_path / "rx0").read_bytes() == sent


def test_only_this_machine_can_connect(tmp_path):
    with Uarts(tmp_path, "echo") as uarts:
        uarts.connect(0).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", uarts.ports[0]), 1)


@pytest.mark.parametrize(
    "args, message",
    [
        ({"port": 0}, "serial_tcp: port must be a whole number from 1 to 65535, got 0"),
        ({"port": "x"}, 'serial_tcp: port must be a whole number from 1 to 65535, got "x"'),
        ({"prot": 1}, 'serial_tcp: unknown argument "prot"; allowed: port'),
        (None, 'serial_tcp: argument "port" is missing'),
    ],
)
def test_bad_uart_arguments(tmp_path, args, message):
    result = simulation().result(
        simulation().popen(tmp_path, [("serial_tcp", "serial", args)], "echo"), tmp_path
    )
    assert result.status != 0 and message in result.stderr and result.stderr.count("\n") == 1


def test_a_port_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        process = simulation().popen(tmp_path, [("serial_tcp", "serial", {"port": port})], "echo")
        result = simulation().result(process, tmp_path)
    assert result.status != 0
    expected = (
        f"serial_tcp: port {port} on 127.0.0.1: Address already in use; choose another port\n"
    )
    assert result.stderr == expected
