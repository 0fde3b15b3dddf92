"""WAV files at the codec's analogue side: what the ADCs see, what the DACs get."""

from pathlib import Path

import numpy as np
import soundfile
import soxr

CHANNELS   = 4
CODE_BITS  = 24
FULL_SCALE = 8.192 # volts

class WavError(ValueError):
    """A WAV file that cannot be used; the message is one line for the user."""

def read_wav(path, sample_rate):
    """The codec's input codes for a recording: int32 [frames, 4], signed 24 bits.

    A 16-bit sample n is the code n << 8, so full scale is FULL_SCALE volts. 1 to 4 channels go to the
    inputs from 0 up, further inputs are 0. Another rate than `sample_rate` (Hz) is resampled (soxr, very
    high quality); at that rate the samples pass unchanged.
    Raises WavError for a file that is missing, no WAV, empty, or has more than 4 channels.
    """
    try:
        with soundfile.SoundFile(path) as file:
            rate, channels, frames = file.samplerate, file.channels, file.frames
            if channels > CHANNELS:
                raise WavError(f"{path}: {channels} channels are not allowed: 1 to {CHANNELS}")
            if frames == 0:
                raise WavError(f"{path}: 0 samples are not allowed: at least 1")
            exact   = file.subtype in ("PCM_U8", "PCM_S8", "PCM_16", "PCM_24", "PCM_32")
            samples = file.read(dtype="int32" if exact else "float64", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        reason = "no such file" if not Path(path).exists() else "not a readable WAV"
        raise WavError(f"{path}: {reason}") from error
    low, high = -(1 << CODE_BITS - 1), (1 << CODE_BITS - 1) - 1
    if exact and rate == sample_rate:
        codes = samples >> (32 - CODE_BITS)
    else:
        volume = samples/2.0**31 if exact else samples
        if rate != sample_rate:
            volume = soxr.resample(volume, rate, sample_rate, quality="VHQ")
        if not np.isfinite(volume).all():
            raise WavError(f"{path}: samples that are no numbers are not allowed: -1 to 1")
        codes = np.clip(np.rint(volume*(1 << CODE_BITS - 1)), low, high)
    frames = np.zeros((max(len(codes), 1), CHANNELS), np.int32)
    frames[:len(codes), :channels] = codes
    return frames

def write_wav(path, words, sample_rate):
    """Writes what the DACs got, int32 [frames, 4] (32-bit words), as a 4-channel PCM_32 WAV.

    The file appears whole or not at all. Raises WavError when it cannot be written.
    """
    path    = Path(path)
    partial = path.with_name(path.name + ".part")
    try:
        soundfile.write(partial, np.asarray(words, np.int32).reshape(-1, CHANNELS), round(sample_rate),
            subtype="PCM_32", format="WAV")
        partial.replace(path)
    except (soundfile.LibsndfileError, OSError) as error:
        raise WavError(f"{path}: cannot be written") from error
    finally:
        partial.unlink(missing_ok=True)
