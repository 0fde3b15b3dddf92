"""The codecs, and the way of their frames to the accelerator and back."""

from gateware import signal_names

signal_names.install()
