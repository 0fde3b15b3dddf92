"""Sound at the codec's analogue side: codes that the ADCs give, words that the DACs take."""

from pathlib import Path

import numpy as np
import soundfile

CHANNELS   = 4
CODE_BITS  = 24
FULL_SCALE = 8.192 # volts

class WavError(ValueError):
    """A WAV file that cannot be written; the message is one line for the user."""

def to_codes(volume):
    """The ADCs' codes, int32 [n, 4] of 24 bits, for float [n, 1 to 4]; 1.0 is FULL_SCALE volts.

    A 16-bit sample n (n/32768) is the code n << 8 exactly. Rounded to nearest, saturated; channels
    that the sound does not have are 0, as the codec's open inputs are.
    """
    volume = np.asarray(volume, np.float64)
    if volume.ndim != 2 or not 1 <= volume.shape[1] <= CHANNELS:
        raise ValueError(f"sound of shape {volume.shape} is not allowed: [n, 1 to {CHANNELS}]")
    one   = 1 << CODE_BITS - 1
    codes = np.zeros((len(volume), CHANNELS), np.int32)
    codes[:, :volume.shape[1]] = np.clip(np.rint(volume*one), -one, one - 1)
    return codes

def write_wav(path, words, sample_rate):
    """Writes what the DACs got, int32 [n, 4] (32-bit words), as a 4-channel PCM_32 WAV.

    The file appears whole or not at all. Raises WavError when it cannot be written.
    """
    path    = Path(path)
    partial = path.with_name(path.name + ".part")
    try:
        words = np.asarray(words, np.int32).reshape(-1, CHANNELS)
        soundfile.write(partial, words, round(sample_rate), subtype="PCM_32", format="WAV")
        partial.replace(path)
    except (soundfile.SoundFileError, OSError) as error:
        raise WavError(f"{path}: cannot be written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
