"""`make bench`: what the accelerator costs and how fast it is, measured (python -m tests.bench)."""
