# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Names for places on the embedding plane, as the built-in model has them (Model.corners): in the
SoC's constants for hosts, in a header for the firmware."""

RESERVED      = "codec" # names the codec's inputs
REGISTER_BITS = 16

def to_words(corners, bits, frac):
    """{name: (e0, e1)} as the registers hold them: integers of `frac` fractional bits, rounded,
    saturated to `bits` and to the registers' width.

    corners: {name: (e0, e1)}, numbers; RESERVED is left out
    """
    most = 2**(min(bits, REGISTER_BITS) - 1)
    return {name: tuple(min(max(round(value*2**frac), -most), most - 1) for value in point)
        for name, point in corners.items() if name != RESERVED}

def constant(words):
    """As the text of a constant, "sine -4096 -4096; ramp -4096 4096"."""
    return "; ".join(f"{name} {e0} {e1}" for name, (e0, e1) in words.items())

def parse(text):
    """What `constant` made a text of. Raises ValueError."""
    words = {}
    for entry in filter(None, text.split("; ")):
        name, e0, e1 = entry.split()
        words[name] = int(e0), int(e1)
    return words

def header(words):
    """C: the names as text behind other words, and the rows of a table."""
    names = "".join(f", {name}" for name in words)
    rows  = " ".join(f'{{ "{name}", {{ {e0}, {e1} }} }},' for name, (e0, e1) in words.items())
    return f'#define CORNER_NAMES "{names}"\n#define CORNERS {rows}\n'
