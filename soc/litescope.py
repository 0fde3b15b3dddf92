# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A logic analyser on the way of the frames, for `litescope_cli` over a bridge."""

DEPTH = 1024 # samples of one sys cycle; about four frames at 192 kHz

def add_litescope(soc, csv):
    """LiteScope on the codec's and the accelerator's frames and the codec's bring-up.

    csv : path of the description for litescope_cli, written when the SoC is built
    """
    from litescope import LiteScopeAnalyzer # Only those who want it need the package.
    signals = [soc.tdm.mute]
    if hasattr(soc, "codec"):
        signals += [soc.codec.state, soc.codec.error]
    for stream in (soc.tdm.source, soc.wavenet.sink, soc.wavenet.source, soc.tdm.sink):
        signals += [stream.valid, stream.ready, stream.first, stream.last, stream.data]
    soc.analyzer = LiteScopeAnalyzer(signals, depth=DEPTH, clock_domain="sys",
        samplerate=soc.sys_clk_freq, csr_csv=str(csv))
