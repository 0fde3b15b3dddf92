# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Every board's pins: the codec where its table has it, nothing twice, all that a SoC asks for."""

import pytest
from litex.build.generic_platform import ConstraintError

from boards.platforms import BOARDS
from boards.platforms.codec_pmods import CODEC_PMODS, ak4619, i2s
from gateware.audio.i2c import I2CPads

# eurorack-pmod by ribbon cable, from its makers' pin maps (gateware/boards/*/pinmap.lpf).
SIGNALS = ("sdin1", "sdout1", "lrck", "bick", "scl", "sda", "pdn", "mclk")
RIBBON = {
    ("ecpix5", "pmod0"): "T25 U25 U24 V24 T26 U26 V26 W26",
    ("colorlight_i5", "pmodc"): "P17 R18 C18 U16 M17 R17 T18 K18",
    ("colorlight_i9", "pmodc"): "P17 R18 C18 L2 M17 R17 T18 K18",
    # J1 of the ULX3S, from its constraint file: GP3 to GP0, GN3 to GN0.
    ("ulx3s", "gp0"): "B9 A9 A10 B11 C10 B10 A11 C11",
}
PORTS = [(name, port) for name, board in BOARDS.items() for port in board.Platform.pmod_ports]


def constraints(name, extension, *requests):
    """Site and further constraints of every pin, by "signal" or "signal[bit]"."""
    platform = BOARDS[name].Platform()
    platform.add_extension(extension)
    for request in requests:
        platform.request(request)
    found = {}
    for signal, sites, others, (
        _,
        _,
        subsignal,
    ) in platform.constraint_manager.get_sig_constraints():
        for index, site in enumerate(sites):
            key = subsignal or signal.backtrace[-1][0]
            key = f"{key}[{index}]" if len(sites) > 1 else key
            found[key] = site, {getattr(each, "misc", getattr(each, "name", "")) for each in others}
    return found


def sites(name, extension):
    return {key: site for key, (site, _) in constraints(name, extension, "codec").items()}


@pytest.mark.parametrize("name, port", RIBBON)
def test_codec_by_a_ribbon_and_plugged_in(name, port):
    pins = RIBBON[name, port].split()
    assert BOARDS[name].Platform.pmod_ports[0] == port
    assert sites(name, ak4619(port)) == dict(zip(SIGNALS, pins))
    mirrored = pins[4:] + pins[:4]
    assert sites(name, ak4619(port, "direct")) == dict(zip(SIGNALS, mirrored))


def test_dac_and_adc_of_the_i2s_pmod():
    pins = RIBBON["ecpix5", "pmod0"].split()
    names = ("mclk[0]", "lrck[0]", "bick[0]", "sdin1", "mclk[1]", "lrck[1]", "bick[1]", "sdout1")
    assert sites("ecpix5", i2s("pmod0")) == dict(zip(names, pins))


@pytest.mark.parametrize("codec", CODEC_PMODS)
@pytest.mark.parametrize("name, port", PORTS)
def test_no_pin_is_used_twice_and_all_are_of_3_3_volts(name, port, codec):
    platform = BOARDS[name].Platform()
    resources = [entry[0] for entry in platform.constraint_manager.available]
    pins = constraints(name, CODEC_PMODS[codec](port), "codec", *resources)
    assert len(pins) >= 8 + 3
    places = [site for site, _ in pins.values()]
    assert len(set(places)) == len(places)
    for site, others in pins.values():
        assert "LVCMOS33" in others, site


def test_lines_without_a_codec_are_quiet():
    pins = constraints("ecpix5", ak4619("pmod0"), "codec")
    pulls = {key: pull for key, (_, others) in pins.items() for pull in others if "PULL" in pull}
    assert pulls == {"sdout1": "PULLMODE=DOWN", "scl": "PULLMODE=UP", "sda": "PULLMODE=UP"}


@pytest.mark.parametrize("name", BOARDS)
def test_devices_and_i2c_pads(name):
    module = BOARDS[name]
    for device in module.Platform.devices:
        platform = module.Platform(device)
        assert platform.device.startswith(f"{device}-")
        assert platform.name == name
    platform.add_extension(ak4619(platform.pmod_ports[0]))
    I2CPads(platform.request("codec"))
    platform.request("serial")


def test_a_wrong_plug_is_refused():
    with pytest.raises(ValueError, match="^pmod_plug must be ribbon or direct, got 'upside-down'"):
        ak4619("pmod0", "upside-down")


def test_a_board_has_one_codec():
    platform = BOARDS["ulx3s"].Platform()
    platform.add_extension(ak4619("gp0"))
    platform.request("codec")
    with pytest.raises(ConstraintError):
        platform.request("codec")
