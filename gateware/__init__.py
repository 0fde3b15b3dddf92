"""The accelerator and the audio around it, in Migen; gateware.shapes is plain Python."""
