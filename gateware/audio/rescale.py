from migen import *

# Rescale ------------------------------------------------------------------------------------------

def rescale(word, shift, bits):
    """word * 2**shift as a signed word of `bits` bits, rounded down and saturated (combinational).

    word: signed signal or expression. With shift 0 and equal widths it is the word itself.
    """
    if shift < 0:
        word = word >> -shift
    elif shift > 0:
        word = word << shift
    width, _  = value_bits_sign(word)
    if width <= bits:
        return word
    low, high = -2**(bits - 1), 2**(bits - 1) - 1
    return Mux(word > high, high, Mux(word < low, low, word))
