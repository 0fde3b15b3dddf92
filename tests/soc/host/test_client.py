# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The host's side against a bus of this process: what it writes, refuses and leaves behind."""

import json
import re

import numpy as np
import pytest

from models import image
from models.arch.folding import Folding, LayerFolding
from models.spec import Conv1DSpec, Model, NetworkSpec
from soc import __main__ as command_line
from soc.contract.csr_fields import Field
from soc.contract.weight_map import WeightMap
from soc.host import client as module_client
from soc.host.bus import ClientError
from soc.host.client import Build, Client, runs
from soc.sim.sim_soc import generate
from tests.support.hdl.nets import random_model
from tests.support.soc.command_line import run_main
from tests.support.soc.load_runs import places, weight_map
from tests.support.soc.soc_runs import planned, zoo_model

LAYERS = (Conv1DSpec(3, 4, 2, 2), Conv1DSpec(4, 3, 1, relu=False))
SPEC = NetworkSpec(LAYERS, name="small")
FOLDING = Folding(SPEC, (LayerFolding(LAYERS[0], 2, 3), LayerFolding(LAYERS[1], 3, 2)), 0)
FIRST, OTHER = (random_model(SPEC, seed, 0.3) for seed in (1, 2))
WINDOW = 0x9000_0000


class Bus:
    """Registers and a window as the SoC has them; `damage` changes words on their way in.

    A bank that was asked for is heard LATE looks later; until then, as BankGuard has it, neither
    bank takes a write. before_read: {register: what is done before it is read}.
    """

    LATE = 3

    def __init__(self, build):
        self.names = {address: name for name, address in build.registers.items()}
        self.values = dict.fromkeys(build.registers, 0)
        self.values |= {"banks_topology": SPEC.fingerprint, "banks_crc0": 2**32 - 1}
        self.values |= {"banks_crc1": 2**32 - 1, "wavenet_frames": 77}
        self.window, self.damage = {}, lambda words: words
        self.log, self.before_read = [], {}
        self.looks, self.blocked = 0, 0  # until the bank is heard; writes that were kept out

    def close(self):
        pass

    def read(self, address, length):
        if address >= WINDOW:
            return [self.window.get((address - WINDOW) // 4 + i, 0) for i in range(length)]
        assert length == 1
        name = self.names[address]
        self.before_read.get(name, lambda: None)()
        if name == "wavenet_frames":
            self.values[name] += 5
        if name == "wavenet_status":
            self.looks = max(self.looks - 1, 0)
            if not self.looks:
                self.values[name] = self.values["wavenet_control"] & 1
        return [self.values[name]]

    def write(self, address, words):
        if address >= WINDOW:
            bank = self.values["wavenet_control"] & 1
            if self.looks or self.values["wavenet_status"] != bank:
                self.blocked += len(words)
                return
            for i, word in enumerate(self.damage(list(words))):
                self.window[(address - WINDOW) // 4 + i] = word
            return
        name, value = self.names[address], words[0]
        self.log.append((name, value))
        if name == "banks_claim" and self.values["banks_owner"] == 0:
            self.values["banks_owner"] = value
        if name == "banks_release" and self.values["banks_owner"] == value:
            self.values["banks_owner"] = 0
        if name == "wavenet_control":
            self.looks = self.LATE
        self.values[name] = value


@pytest.fixture
def build(tmp_path):
    registers = (
        "banks_claim banks_release banks_owner banks_crc0 banks_crc1 banks_topology "
        "wavenet_control wavenet_status wavenet_frames wavenet_cycles_used wavenet_saturations0 "
        "wavenet_saturations1 ingress_embedding ingress_glide ingress_control ingress_overruns "
        "wavenet_blocked_writes ingress_cycles_available"
    ).split()
    described = {
        "csr_registers": {name: {"addr": 4 * i} for i, name in enumerate(registers)},
        "memories": {"wavenet": {"base": WINDOW}},
        "constants": {
            "wavenet_fingerprint": SPEC.fingerprint,
            "wavenet_image_words": image.payload_words(SPEC),
            "wavenet_crc": image.crc_of(image.pack(FIRST)),
            "wavenet_bits": 16,
            "wavenet_frac": 12,
            "wavenet_name": "small",
            "wavenet_corners": "sine -4096 -4096; ramp -4096 4096",
            "wavenet_map": str(weight_map(SPEC, FOLDING)[0]),
            "audio_sample_rate": "192000",
            "audio_fs": 192_000,
            "ramp_ms_most": 10_000,
            "calibration_unity": 1024,
            "banks_console": 1,
            "banks_token_bits": 16,
            "banks_built_in": 2**32 - 1,
            "csr_fields": "wavenet_control bank 0 1; wavenet_status bank 0 1 fading 1 1; "
            "ingress_embedding e0 0 16 e1 16 16; ingress_control e0_source 0 1 e1_source 1 1",
        },
    }
    path = tmp_path / "csr.json"
    path.write_text(json.dumps(described))
    return Build(path)


@pytest.fixture
def client(build):
    return Client(Bus(build), build)


def wanted(model, bank):
    addresses, values = places(FOLDING, weight_map(SPEC, FOLDING)[1], model, bank)
    return dict(zip(addresses.tolist(), (values % 2**32).tolist()))


def test_swap_writes_each_parameter_to_its_place_and_nothing_else(client):
    done = []
    assert client.swap(image.pack(OTHER), update=done.append) == 1
    assert client.bus.window == wanted(OTHER, 1)
    assert done == sorted(done) and done[-1] == client.words() == 2 * SPEC.parameters
    assert client.crc(1) == image.crc_of(image.pack(OTHER))
    assert client.bus.values["banks_owner"] == 0
    assert client.swap(image.pack(FIRST)) == 0
    assert client.bus.window == wanted(OTHER, 1) | wanted(FIRST, 0)


def test_the_order_of_the_registers(client):
    """Claimed before and released after all; marked as torn while it is written."""
    client.swap(image.pack(OTHER))
    names = [name for name, _ in client.bus.log]
    order = ["banks_claim", "banks_crc1", "banks_crc1", "wavenet_control", "banks_release"]
    assert names == order
    assert client.bus.log[1] == ("banks_crc1", 0)


def test_what_the_bus_damages_does_not_play(client):
    client.bus.damage = lambda words: [word ^ 4 if word == max(words) else word for word in words]
    with pytest.raises(ClientError, match="bank 1 does not hold what was written, at word "):
        client.swap(image.pack(OTHER))
    assert client.bus.values["wavenet_control"] == 0 and client.crc(1) == 0
    assert client.bus.values["banks_owner"] == 0
    with pytest.raises(ClientError, match="bank 1 holds no whole model"):
        client.swap()


def test_an_exception_on_the_way_leaves_the_bank_marked_and_free(client):
    def stop(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.swap(image.pack(OTHER), update=stop)
    assert client.crc(1) == 0 and client.bus.values["banks_owner"] == 0
    assert client.bus.values["wavenet_control"] == 0


def test_who_loses_the_banks_on_the_way_does_not_swap(client):
    def taken(done):
        client.bus.values["banks_owner"] = 1

    with pytest.raises(ClientError, match="but the console has them"):
        client.swap(image.pack(OTHER), update=taken)
    assert client.bus.values["wavenet_control"] == 0 and client.bus.values["banks_owner"] == 1


@pytest.mark.parametrize("data", [image.pack(OTHER), None])
def test_who_loses_the_banks_at_the_last_moment_neither_marks_nor_swaps(client, data):
    """Behind the last word that is read back, or the look at what the bank holds."""

    def taken(done=None):
        if done in (None, client.words()):
            client.bus.values["banks_owner"] = 4711

    if data is None:
        client.bus.before_read["banks_crc1"] = taken
    with pytest.raises(ClientError, match="but another host .token 4711. has them"):
        client.swap(data, update=taken)
    written = [name for name, _ in client.bus.log]
    assert written == ["banks_claim", *["banks_crc1"] * bool(data), "banks_release"]
    assert client.bus.values["banks_owner"] == 4711
    assert client.crc(1) == (0 if data else image.crc_of(image.pack(FIRST)))


def test_a_bank_that_was_just_left_is_not_written_before_it_is_idle(client):
    """Bank 0 was asked for, and bank 1 is still heard."""
    client.bus.values["wavenet_status"] = 1
    client.bus.looks = 5
    assert client.swap(image.pack(OTHER)) == 1
    assert client.bus.blocked == 0 and client.bus.window == wanted(OTHER, 1)


def test_a_bank_that_never_gets_idle(client, monkeypatch):
    client.bus.looks = 10**9
    client.bus.values["wavenet_status"] = 1
    with pytest.raises(ClientError, match="bank 0 is not heard after 19[0-9]* frames"):
        client.swap(image.pack(OTHER))
    assert client.bus.blocked == 0 and client.crc(1) == client.build.crc
    assert client.bus.values["banks_owner"] == 0
    monkeypatch.setattr(module_client, "TIMEOUT_S", 0)
    client.bus.before_read["wavenet_frames"] = lambda: client.bus.values.update(wavenet_frames=0)
    with pytest.raises(ClientError, match="no frame of bank 0 was heard: no audio clock"):
        client.swap(image.pack(OTHER))


@pytest.mark.parametrize("bit", range(8 * image.HEADER_BYTES))
def test_a_damaged_header_touches_nothing(client, bit):
    data = bytearray(image.pack(OTHER))
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(image.ImageError):
        client.swap(bytes(data))
    assert client.bus.log == [] and client.bus.window == {}


def test_another_builds_description_is_refused(build):
    bus = Bus(build)
    bus.values["banks_topology"] = 5
    with pytest.raises(ClientError, match="the SoC has the topology 0x00000005, the build's"):
        Client(bus, build)


def test_a_bus_that_answers_from_nowhere_is_said_to(build):
    bus = Bus(build)
    bus.values["banks_topology"] = 2**32 - 1
    expected = "the bridge answers, but nothing at the address of banks_topology, 0x00000014: the"
    with pytest.raises(ClientError, match=expected):
        Client(bus, build)


@pytest.mark.parametrize(
    "point, words, sources",
    [
        ((0.5, -1), 0xF000_0800, 3),
        ((None, 7.99999), 0x7FFF_0000, 2),
        ((-8, None), 0x0000_8000, 1),
        ((1 / 8192, 3 / 8192), 0x0002_0000, 3),  # ties go to the even number
    ],
)
def test_embed(client, point, words, sources):
    said = client.embed(*point)
    order = [("ingress_embedding", words), ("ingress_glide", 0), ("ingress_control", sources)]
    assert client.bus.log == order
    e0, e1 = (words & 0xFFFF) / 4096, (words >> 16) / 4096
    e0, e1 = ((value - 16) if value >= 8 else value for value in (e0, e1))
    assert said == {
        "frame": 82,
        "glide_frames": 0,
        "e0": e0 if sources & 1 else "codec",
        "e1": e1 if sources & 2 else "codec",
    }
    assert client.embed(0, 0, glide_ms=1)["glide_frames"] == 192
    assert client.bus.values["ingress_glide"] == -(-(2**32) // 192)


def test_embed_refuses(client):
    with pytest.raises(ClientError, match="embedding must be -8 to below 8, or codec, got 8"):
        client.embed(8, 0)
    with pytest.raises(ClientError, match="embedding must be .*, got nan"):
        client.embed(float("nan"), 0)
    with pytest.raises(ClientError, match="glide must be 0 to 10000 ms, got -1"):
        client.embed(0, 0, -1)
    assert client.bus.log == []


def test_names_are_those_of_the_model_that_plays(client):
    assert client.place("sine") == (-1, -1) and client.place("ramp") == (-1, 1)
    expected = "embedding must be codec, sine, ramp or two numbers, got 'square'"
    with pytest.raises(ClientError, match=expected):
        client.place("square")
    client.swap(image.pack(OTHER))
    crc, own = (f"0x{image.crc_of(image.pack(model)):08x}" for model in (OTHER, FIRST))
    expected = f"crc {crc} plays, the names are those of {own}: --model MODEL.npz tells those of"
    with pytest.raises(ClientError, match=expected):
        client.place("sine")
    corners = {"pulse": (0.3, -9.5), "codec": (0, 0)}
    assert client.place("pulse", (corners, int(crc, 0))) == (round(0.3 * 4096) / 4096, -8)
    with pytest.raises(ClientError, match="must be codec, pulse or two numbers, got 'codec'"):
        client.place("codec", (corners, int(crc, 0)))
    with pytest.raises(ClientError, match=f"crc {crc} plays, the names are those of {own}"):
        client.place("pulse", (corners, int(own, 0)))


def test_runs():
    spans = list(runs(np.array([3, 4, 5, 6, 9, 10, 12]), 3))
    assert [(s.start, s.stop) for s in spans] == [(0, 3), (3, 4), (4, 6), (6, 7)]


def test_weight_map_goes_through_text(tmp_path):
    made, _ = weight_map(SPEC, FOLDING)
    again = WeightMap.parse(str(made))
    assert again.layers == made.layers
    assert again.payload_words == image.payload_words(SPEC)
    with pytest.raises(
        ValueError, match="a layer of the weight map must have bank, bias, .*, got '1 2 3'"
    ):
        WeightMap.parse("1 2 3")


def test_csv_and_json_of_a_build_say_the_same(tmp_path):
    model = zoo_model()
    soc, *_ = generate(model, planned(model), tmp_path, with_uartbone=True)
    one, other = Build(tmp_path / "csr.csv"), Build(tmp_path / "csr.json")
    assert one.registers == other.registers and one.window == other.window
    for build in (one, other):
        assert build.fingerprint == model.spec.fingerprint
        assert build.crc == image.crc_of(image.pack(model))
        assert build.map.layers == soc.weight_map.layers
        assert build.fields["wavenet_status"] == {"bank": Field(0, 1), "fading": Field(1, 1)}
        assert build.fields["capture_status"]["count"] == Field(8, 11)
        assert (build.console, build.token_bits, build.built_in) == (1, 16, 2**32 - 1)
        assert (build.fs, build.ramp_most, build.unity) == (192_000, 10_000, 1024)


@pytest.fixture
def command(client, tmp_path, monkeypatch, capsys):
    """Runs python3 -m soc on the fake bus."""
    monkeypatch.setattr(command_line, "connect", lambda *where: client.bus)
    monkeypatch.setattr(command_line, "CSR", tmp_path / "csr.json")
    return lambda *argv: run_main(command_line.main, [*argv, "--port", "x"], capsys)


@pytest.mark.parametrize(
    "argv, e0, e1, glide",
    [
        (["ramp"], "-1.0", "1.0", 0),
        (["ramp", "--glide", "1"], "-1.0", "1.0", 192),
        (["codec"], "codec", "codec", 0),
        (["-0.5", "codec"], "-0.5", "codec", 0),
        (["--glide", "2", "codec", "-1"], "codec", "-1.0", 384),
    ],
)
def test_embed_prints_what_the_console_prints(command, argv, e0, e1, glide):
    status, out, err = command("embed", *argv)
    assert (status, err) == (0, "")
    assert out == f"frame=82\nglide_frames={glide}\ne0={e0}\ne1={e1}\n"


def test_embed_lists_the_names(command):
    for argv in (["embed", "--help"], ["embed", "saw"]):
        _, out, err = command(*argv)
        assert "sine, ramp" in " ".join((out + err).split()), argv


def test_embed_takes_the_names_of_a_model_file(command, client, tmp_path):
    waves = [{"name": "pulse", "at": [1, -0.5]}]
    Model(SPEC, OTHER.weights, {"waves": waves}).save(tmp_path / "other.npz")
    argv = ["embed", "pulse", "--model", tmp_path / "other.npz"]
    status, out, err = command(*argv)
    assert (status, out) == (2, "") and " plays, the names are those of 0x" in err
    client.swap(image.pack(OTHER))
    status, out, err = command(*argv)
    assert (status, err) == (0, "") and out.endswith("e0=1.0\ne1=-0.5\n")


# Command line -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "argv, message",
    [
        (["status"], "one of the arguments --port --tcp is required"),
        (["status", "--tcp", "nowhere"], "--tcp must be HOST:PORT, got 'nowhere'"),
        (["status", "--tcp", "localhost:1"], "localhost:1: "),
        (["status", "--port", "/dev/none"], "/dev/none: "),
        (["embed", "one", "2", "--port", "x"], "argument E0: must be a number or codec, got 'one'"),
        (["embed", "1", "sine", "--port", "x"], "argument E1: must be a number or codec"),
        (
            ["embed", "1", "--port", "x"],
            "argument E1 is missing: a point must be two numbers, codec",
        ),
        (["embed", "1", "2", "3", "--port", "x"], "argument E2: a point must have two coord"),
        (["swap", "--port", "x", "--csr", "none.json"], "none.json: no such file"),
        (["swap", "--port", "x", "--csr", "bad.csv"], "bad.csv: not a csr.csv or csr.json of this"),
        (["swap", "--port", "x", "--csr", "bad.json"], "bad.json: not a csr.csv or csr.json of th"),
    ],
)
def test_what_is_wrong_is_one_line(argv, message, build, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.csv").write_text("constant,a,b,,\n")
    (tmp_path / "bad.json").write_text("{}")
    if "--csr" not in argv:
        argv = [*argv, "--csr", "csr.json"]
    status, out, err = run_main(command_line.main, argv, capsys)
    assert (status, out) == (2, "")
    assert re.match(rf"python3 -m soc {argv[0]}: error: {re.escape(message)}.*\n$", err)
