"""The accelerator and the audio around it, in Migen."""

from gateware import signal_names

signal_names.install()
