# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What the console's `bench` needs to run a network in plain C beside the accelerator."""

from models.graph.chain import chain_network
from models.graph.program import needed_words, program

RAM_MOST   = 32*1024 # bytes; 16 block RAMs
DEPTH_MOST = 2048    # frames recorded
WORD_BITS  = 16
FRAMES     = 4       # frames compared and timed

class BenchPlan:
    """Sizes for a network as it is built (NetworkSpec, without the outputs that are not there).

    depth, frames   : frames that are recorded, and the last ones of them that are computed in full
    inputs, outputs : channels recorded of both: the others are zero, or cannot be heard
    places          : array of firmware/net/net.h's struct net -> its first byte in the memory
    memory          : bytes for all of them
    fits            : whether that is within RAM_MOST, DEPTH_MOST and 16-bit words
    """
    def __init__(self, spec, codec_slots):
        self.frames  = FRAMES
        self.depth   = spec.receptive_field - 1 + FRAMES
        self.inputs  = min(spec.in_channels, 3)
        self.outputs = min(spec.out_channels, codec_slots)
        self.places, self.memory, self.fits = {}, 0, False
        if spec.number_format.bits > WORD_BITS or self.depth > DEPTH_MOST:
            return
        network       = chain_network(spec)
        self.program  = program(network)
        self.word     = network.out_word
        self.channels = max(network.channels.values())
        sizes = {
            "totals"  : 8*self.program.most_outputs,
            "slots"   : 4*len(network.channels),
            "needed"  : 4*needed_words(network, self.depth),
            "weights" : 2*self.program.weight_words,
            "rings"   : 2*self.program.ring_words,
            "window"  : 2*self.program.window_words,
        }
        for name, size in sizes.items(): # The widest first, so that each is aligned.
            self.places[name] = self.memory
            self.memory      += size
        self.memory = 4*((self.memory + 3)//4)
        self.fits   = self.memory <= RAM_MOST

    @property
    def constants(self):
        """For the firmware."""
        return {
            "NET_CHAIN"     : 1, # All that the pipeline builds.
            "NET_BITS"      : WORD_BITS,
            "NET_FRAC"      : self.word.frac,
            "NET_FLOOR"     : int(self.word.rounding == "floor"),
            "NET_CHANNELS"  : self.channels,
            "NET_SIGNALS"   : self.program.signals,
            "BENCH_DEPTH"   : self.depth,
            "BENCH_FRAMES"  : self.frames,
            "BENCH_INPUTS"  : self.inputs,
            "BENCH_OUTPUTS" : self.outputs,
            **{f"BENCH_{name.upper()}": place for name, place in self.places.items()},
        }

    def header(self):
        """C: the tables, initialisers of an array of int32_t, see models/graph/program.py."""
        return "#define NET_PROGRAM " + ", ".join(map(str, self.program.words)) + "\n"
