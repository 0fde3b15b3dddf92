"""The accelerator: a dataflow pipeline, one stage a layer, folded to PE x SIMD multipliers."""

from gateware import signal_names

signal_names.install()
