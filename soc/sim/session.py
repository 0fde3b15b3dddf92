# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A simulation that someone sits at: console on a port, progress shown, Ctrl-C ends it."""

import os
import shlex
import signal
import sys

from soc.flow.toolchain import script
from soc.wav import write_wav

POLL = 0.2 # seconds between two looks at the simulation

def run_session(sim, wav_out=None):
    """Starts `sim` (a Simulation), follows it to its end, Ctrl-C, SIGTERM or the end of the
    terminal (SIGHUP), writes `wav_out`.

    Returns an exit status: 0, or 1 where the codec model had complaints. Raises what Simulation
    raises, and WavError; no file is written then. Ctrl-C while it builds raises KeyboardInterrupt.
    """
    with sim:
        # A flag, no exception: Ctrl-C at any moment, and any number of times, leaves a whole file.
        stop   = []
        def on_signal(number, frame):
            if number == signal.SIGHUP: # Who prints to a terminal that is gone fails.
                _silence()
            stop.append(True)
        before = {number: signal.signal(number, on_signal)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            print(f"console: {script('litex_term')} socket://localhost:{sim.port}", flush=True)
            if sim.bridge_port:
                print(f"bridge: python3 -m soc status --port socket://localhost:{sim.bridge_port} "
                    f"--csr {shlex.quote(str(sim.folder / 'csr.json'))}", flush=True)
            print("playing; Ctrl-C ends it" if not sim.duration else
                f"playing {sim.duration/sim.sample_rate:g} s; Ctrl-C ends it earlier", flush=True)
            _follow(sim, stop)
            sim.stop()
            _relay(sim)
            if wav_out is not None:
                write_wav(wav_out, sim.frames_out, sim.sample_rate)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    _summary(sim, wav_out)
    return 1 if sim.report["complaints"] else 0

def _silence():
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)

def _follow(sim, stop):
    total = None if not sim.duration else sim.duration/sim.sample_rate
    with sim.progress.bar("simulated", total, "s") as update:
        while sim.running and not stop:
            sim.pause(POLL)
            _relay(sim)
            update(sim.frames_played()/sim.sample_rate)

def _relay(sim):
    for line in sim.new_messages():
        if not line.startswith("[sim]"):
            print(line, file=sys.stderr, flush=True)

def _summary(sim, wav_out):
    seconds = len(sim.frames_out)/sim.sample_rate
    print(f"played {len(sim.frames_out)} frames = {seconds:g} s at {sim.sample_rate:.10g} Hz"
        + ("" if wav_out is None else f" into {wav_out}"))
    print(f"{seconds/sim.wall_seconds:.3g} simulated seconds a second; "
        f"{sim.cycles_per_cpu_second/1e6:.2f} million cycles per second of CPU")
