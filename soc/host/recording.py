# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Recordings of frames at the codec, in bursts, as .npz or WAV files."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.sound import wav
from models.files import FileError, check_writable, written_whole

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
        """Writes `path`, .npz, .wav, whole or not at all. Raises FileError when it cannot."""
        path = check_path(path)
        if path.suffix == ".npz":
            self._write_npz(path)
        else:
            wav.write(path, self.frames, round(self.sample_rate), comment=self._comment())

    def _write_npz(self, path):
        with written_whole(path) as partial, open(partial, "wb") as file:
            np.savez(file, frames=self.frames, starts=self.starts, first=self.first,
                embedding=self.embedding, channels=np.array(self.channels),
                sample_rate=self.sample_rate, targets=np.array(json.dumps(self.targets)))

    def _comment(self):
        """What else there is to know, as JSON for a WAV's comment (LIST INFO, ICMT)."""
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
            raise FileError("the embedding changed too often for a WAV file's comment; an .npz "
                "keeps it")
        return comment

def check_path(path, inputs=()):
    """The Path where a recording can be written, none of `inputs`. Raises FileError."""
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise FileError(f"{path}: a recording is {' or '.join(SUFFIXES)}")
    check_writable(path, inputs)
    return path
