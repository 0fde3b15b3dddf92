"""Numbers that gateware and its models both compute with, in plain Python: no Migen, no NumPy."""
