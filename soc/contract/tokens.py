# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What firmware, hosts and gateware must agree on besides the registers: constants of every SoC.

LiteX writes them to generated/soc.h and, in lower case, to csr.json and csr.csv.
"""

from gateware.audio.calibration import Calibration
from gateware.audio.recorder import FrameRecorder
from gateware.shapes import ramp
from gateware.wavenet.banks.ledger import BankLedger

from models import image

PROMPT = "wavenet> " # of the console

def console():
    """Of each SoC."""
    return {
        "CONSOLE_PROMPT"    : PROMPT,
        "RAMP_MS_MOST"      : ramp.MS_MOST,
        "CALIBRATION_UNITY" : 2**Calibration.GAIN_FRAC,
    }

def banks(spec, crc):
    """Of a SoC with weight banks: who may have them, and what an image for them begins with.

    spec, crc : of the built-in model; the CRC-32 of its image, 0 if it has none
    """
    return {
        "BANKS_CONSOLE"        : BankLedger.CONSOLE,
        "BANKS_TOKEN_BITS"     : BankLedger.TOKEN_BITS,
        "BANKS_BUILT_IN"       : BankLedger.BUILT_IN,
        "WAVENET_FINGERPRINT"  : spec.fingerprint,
        "WAVENET_IMAGE_WORDS"  : image.payload_words(spec),
        "WAVENET_IMAGE_HEADER" : image.HEADER_BYTES,
        "WAVENET_CRC"          : crc,
    }

def recorder():
    """Of a SoC with the console's `bench`."""
    return {
        "RECORDER_INPUT_STEP"  : FrameRecorder.INPUT_STEP,
        "RECORDER_ANSWER_STEP" : FrameRecorder.ANSWER_STEP,
        "RECORDER_ANSWERS"     : FrameRecorder.ANSWERS,
    }

def image_header(spec):
    """C: the words of an image's header in the order in which they are checked, and the faults, of
    firmware/model/image.h's enum, in the same order."""
    words  = image.header(spec.fingerprint, image.payload_words(spec))
    faults = ", ".join(f"IMAGE_{name.upper()}" for name in words)
    return (f"#define IMAGE_HEADER {', '.join(f'{word}u' for word in words.values())}\n"
        f"#define IMAGE_HEADER_FAULTS {faults}\n")
