"""Recordings of frames at the codec, in bursts, as .npz or WAV files."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from soc.wav import WavError

SUFFIXES     = (".npz", ".wav")
COMMENT_MOST = 2000 # characters; libsndfile loses a comment of more than 2045

@dataclass(frozen=True)
class Recording:
    """Bursts of frames; within a burst no frame is missing, between two any number.

    frames      : int16 [n, channels], words of the codec, calibrated; 4096 is 1.0 for a Q4.12 net
    starts      : int [bursts], the row that each burst begins with, all as long but for the last
    first       : int [bursts], the SoC's count of frames, of 32 bits, at these rows
    embedding   : float [bursts, 2], what the network was given, NaN: the codec's channel in1, in2
    channels    : names of the columns, in0 ... and out0 ...
    sample_rate : the true one, Hz
    targets     : (name of a column, e0, e1): that column is what a net is to learn at this point
    """
    frames      : np.ndarray
    starts      : np.ndarray
    first       : np.ndarray
    embedding   : np.ndarray
    channels    : tuple
    sample_rate : float
    targets     : tuple = ()

    def save(self, path):
        """Writes `path`, .npz or .wav, whole or not at all. Raises WavError when it cannot."""
        path = check_path(path)
        part = path.with_name(f"{path.name}.part")
        try:
            (self._write_npz if path.suffix == ".npz" else self._write_wav)(part)
            os.replace(part, path)
        except (soundfile.SoundFileError, OSError) as error:
            raise WavError(f"{path}: cannot be written: {error}") from error
        finally:
            part.unlink(missing_ok=True)

    def _write_npz(self, path):
        with open(path, "wb") as file:
            np.savez(file, frames=self.frames, starts=self.starts, first=self.first,
                embedding=self.embedding, channels=np.array(self.channels),
                sample_rate=self.sample_rate, targets=np.array(json.dumps(self.targets)))

    def _write_wav(self, path):
        """16 bits; what else there is to know is JSON in its comment (LIST INFO, ICMT)."""
        changes = [burst for burst in range(len(self.starts))
            if burst == 0 or not np.array_equal(*self.embedding[burst - 1:burst + 1], True)]
        comment = json.dumps({
            "sample_rate" : self.sample_rate,
            "burst"       : int(self.starts[1]) if len(self.starts) > 1 else len(self.frames),
            "channels"    : self.channels,
            "embedding"   : [[burst, *(None if np.isnan(value) else value
                for value in self.embedding[burst].tolist())] for burst in changes],
            "targets"     : self.targets,
        })
        if len(comment) > COMMENT_MOST:
            raise WavError("the embedding changed too often for a WAV file's comment; an .npz "
                "keeps it")
        with soundfile.SoundFile(path, "w", round(self.sample_rate), len(self.channels), "PCM_16",
            format="WAV") as file:
            file.comment = comment
            file.write(self.frames)

def check_path(path):
    """The Path where a recording can be written. Raises WavError."""
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise WavError(f"{path}: a recording is {' or '.join(SUFFIXES)}")
    if path.exists() and not path.is_file():
        raise WavError(f"{path}: is no file that can be replaced")
    try:
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise WavError(f"{path}: cannot be written: {error.strerror}") from error
    return path
