"""`make bench` (python3 -m tests.bench): what the accelerator costs and how fast it is."""
