# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What the firmware's `info`, and a host, know of the network: constants of the SoC."""

from soc.contract.corners import constant, to_words

def describe_layer(layer):
    """One layer in the short form of `info`, such as "4->16 K4 D8 relu"."""
    return (f"{layer.in_channels}->{layer.out_channels} K{layer.kernel_size} D{layer.dilation}"
        + (" relu" if layer.relu else "") + (" po2" if layer.weights == "po2" else "")
        + (f" x{layer.repeat}" if layer.repeat > 1 else ""))

def net_constants(model, folding, latency, clk_ratio, sys_clk_freq):
    """Name -> value, of a model as it was built: folding.spec may have fewer outputs.

    latency : cycles of the accelerator's clock, which is clk_ratio*sys_clk_freq Hz
    """
    spec = folding.spec
    return {
        "WAVENET_NAME"       : spec.name,
        "WAVENET_CLK_FREQ"   : sys_clk_freq*clk_ratio,
        "WAVENET_CLK_RATIO"  : clk_ratio,
        "WAVENET_TOPOLOGY"   : "; ".join(map(describe_layer, spec.layers)),
        "WAVENET_OUTPUTS"    : f"{spec.out_channels} of {model.spec.out_channels}",
        "WAVENET_FORMAT"     : str(spec.number_format),
        "WAVENET_BITS"       : spec.number_format.bits,
        "WAVENET_FRAC"       : spec.number_format.frac,
        "WAVENET_PARAMETERS" : spec.parameters,
        "WAVENET_FOLDING"    : str(folding),
        "WAVENET_CORNERS"    : constant(to_words(model.corners, spec.number_format.bits,
            spec.number_format.frac)),
        "WAVENET_LAST_LAYER" : len(spec.layers) - 1,
        "WAVENET_LATENCY"    : latency,
    }
