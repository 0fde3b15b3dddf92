# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Stream layouts that the blocks of this gateware meet at."""

from migen import bits_for

from litex.soc.interconnect.stream import EndpointDescription


def frame_layout(bits, contexts=1):
    """A frame, one channel a beat, `first` on channel 0 and `last` on the last channel.

    data    : signed, `bits` wide
    bank    : weight bank that computes this frame, the same on every beat of the frame
    context : which of `contexts` independent streams (voices) the frame belongs to, likewise
    """
    return EndpointDescription(
        payload_layout = [("data", (bits, True))],
        param_layout   = [("bank", 1), ("context", bits_for(contexts - 1))],
    )
