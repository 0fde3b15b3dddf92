"""The accelerator: a dataflow pipeline, one stage per layer, folded to PE x SIMD multipliers."""

from gateware import signal_names

signal_names.install()
