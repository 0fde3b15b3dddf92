# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The capture buffer in a SoC: where it listens, and what it shows to the CPU and to a host."""

from litex.soc.integration.soc import SoCRegion

from gateware.audio.capture import FrameCapture

CAPTURE_FRAMES = 1024 # by default; four block RAMs
CAPTURE_SIZES  = FrameCapture.DEPTHS

def add_capture(soc, frames=CAPTURE_FRAMES, outputs=0):
    """Adds a FrameCapture of `frames` frames: all inputs of the codec, calibrated, as the network
    has them before the embedding is placed, and the first `outputs` words that it gives to the
    codec for them, not yet calibrated.

    Words of the codec, 16 bits; windows capture_inputs and capture_outputs on the bus, see Rows in
    gateware/audio/capture.py, and constants of the same names for the number of channels.

    Raises ValueError for sizes that do not fit, and for outputs of a SoC without a network.
    """
    slots   = soc.tdm.slots
    ingress = getattr(soc, "ingress", None)
    most    = 0 if ingress is None else slots
    if not 0 <= outputs <= most:
        raise ValueError(f"capture_outputs must be 0 to {most}, got {outputs}")
    soc.capture = FrameCapture(soc.calibration_in.source, frames, soc.tdm.frames.status,
        input_channels  = slots,
        outputs         = soc.calibration_out.sink,
        output_channels = outputs,
        dropped         = 0 if ingress is None else ingress.dropped,
    )
    windows = {"capture_inputs": (soc.capture.rows, slots)}
    if outputs:
        windows["capture_outputs"] = (soc.capture.answers, outputs)
    for name, (rows, _) in windows.items():
        soc.bus.add_slave(name, rows.bus, SoCRegion(
            origin = soc.mem_map[name],
            size   = 4*2**rows.address_bits,
            cached = False,
        ))
    soc.add_constant("CAPTURE_FRAMES",  frames)
    soc.add_constant("CAPTURE_INPUTS",  slots)
    soc.add_constant("CAPTURE_OUTPUTS", outputs)
