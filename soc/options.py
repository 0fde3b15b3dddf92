# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a WaveNetSoC is made with, besides board, clocks and net: four groups of options."""

from dataclasses import dataclass, fields

from gateware.primitives import PRIMITIVES

from soc.capture_buffer import CAPTURE_FRAMES

@dataclass(frozen=True)
class AudioOptions:
    """The codec and its frames.

    codec         : "ak4619", or "i2s": a stereo one without registers
    sample_rate   : Hz, the nominal one: chooses the codec's registers
    input_calibration, output_calibration : (offset, gain) of each codec channel as they are after
                    power-up, see Calibration; None: words pass as they are
    invert_inputs : the module's inputs invert
    power_up_ms   : what the codec is given to wake up, over its 10 ms; a simulation may scale both
    """
    codec              : str          = "ak4619"
    sample_rate        : int          = 192_000
    input_calibration  : tuple | None = None
    output_calibration : tuple | None = None
    invert_inputs      : bool         = False
    power_up_ms        : float        = 12

@dataclass(frozen=True)
class AcceleratorOptions:
    """The net's gateware and what the console does with it.

    with_wavenet      : False plays the codec's inputs back at its outputs, to bring up a board
    wavenet_clk_ratio : 1, 2 or 4 cycles of the accelerator's clock in one of sys
    primitives        : see gateware/primitives.py
    patchable         : with primitives "ecp5", a bitstream takes another model, see
                        soc/flow/patch.py
    with_crossfade    : models change by a cross-fade of `fade_ms`, see gateware/wavenet/fade;
                        the folding is one for two contexts
    load_timeout_ms   : silence after which the console's `load` times out
    with_bench        : memory for the console's `bench`, see soc/contract/bench_plan.py
    """
    with_wavenet      : bool  = True
    wavenet_clk_ratio : int   = 1
    primitives        : str   = PRIMITIVES[0]
    patchable         : bool  = False
    with_crossfade    : bool  = False
    fade_ms           : float = 20
    load_timeout_ms   : float = 1000
    with_bench        : bool  = True

@dataclass(frozen=True)
class CaptureOptions:
    """Memory for `capture_frames` frames of the codec's inputs and the answers on the first
    `capture_outputs` outputs, see soc/capture_buffer.py."""
    with_capture    : bool = True
    capture_frames  : int  = CAPTURE_FRAMES
    capture_outputs : int  = 0

@dataclass(frozen=True)
class BridgeOptions:
    """Ways for a host onto the bus, see soc/bridges.py."""
    with_uartbone     : bool   = False
    with_jtagbone     : bool   = False
    with_etherbone    : bool   = False
    eth_phy           : object = None
    eth_ip            : str    = "192.168.1.50"
    bridge_timeout_ms : float  = 100

GROUPS = {
    "audio"       : AudioOptions,
    "accelerator" : AcceleratorOptions,
    "capture"     : CaptureOptions,
    "bridges"     : BridgeOptions,
}

def grouped(**options):
    """WaveNetSoC's keyword arguments of options by their names: the four groups; what is in none of
    them, SoCCore's, as it is."""
    given = {}
    for name, group in GROUPS.items():
        known       = [field.name for field in fields(group) if field.name in options]
        given[name] = group(**{field: options.pop(field) for field in known})
    return given | options
