# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a build says about itself, in the csr.csv or csr.json that LiteX writes."""

import csv
import json
from pathlib import Path

from models.files import FileError, read_text

from soc.contract import corners, csr_fields
from soc.host.bus import ClientError
from soc.contract.weight_map import WeightMap

MOST_BYTES = 16 << 20 # of such a file

class Build:
    """What a build says about itself: registers (name: address), memories (name: base), constants.

    path: its csr.csv or csr.json. Raises ClientError.
    """
    def __init__(self, path):
        path = Path(path)
        try:
            text = read_text(path, MOST_BYTES)
            (self._read_json if path.suffix == ".json" else self._read_csv)(text)
            constants        = self.constants
            self.fingerprint = int(constants["wavenet_fingerprint"])
            self.words       = int(constants["wavenet_image_words"])
            self.crc         = int(constants["wavenet_crc"])
            self.bits        = int(constants["wavenet_bits"])
            self.frac        = int(constants["wavenet_frac"])
            self.corners     = corners.parse(constants.get("wavenet_corners", ""))
            self.window      = self.memories["wavenet"]
            self.map         = WeightMap.parse(constants["wavenet_map"])
            self.sample_rate = float(constants["audio_sample_rate"])
            self.fs          = int(constants["audio_fs"])
            self.ramp_most   = int(constants["ramp_ms_most"])
            self.fields      = csr_fields.parse(constants["csr_fields"])
            self.console     = int(constants["banks_console"])
            self.token_bits  = int(constants["banks_token_bits"])
            self.built_in    = int(constants["banks_built_in"])
            self.unity       = int(constants["calibration_unity"])
        except FileError as error:
            raise ClientError(str(error)) from error
        except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise ClientError(f"{path}: not a csr.csv or csr.json of this SoC: {error}") from error

    def _read_json(self, text):
        data = json.loads(text)
        self.registers = {name: csr["addr"] for name, csr in data["csr_registers"].items()}
        self.memories  = {name: memory["base"] for name, memory in data["memories"].items()}
        self.constants = data["constants"]

    def _read_csv(self, text):
        rows = [row for row in csv.reader(text.splitlines()) if len(row) == 5]
        def of(kind):
            return {name: value for group, name, value, *_ in rows if group == kind}
        self.registers = {name: int(value, 0) for name, value in of("csr_register").items()}
        self.memories  = {name: int(value, 0) for name, value in of("memory_region").items()}
        self.constants = of("constant")

    @property
    def embedding_fields(self):
        """Fields of the registers ingress_embedding and ingress_control."""
        return self.fields["ingress_embedding"], self.fields["ingress_control"]

    def point(self, words, sources):
        """(e0, e1) of what the registers ingress_embedding and ingress_control hold; None: the
        codec's input."""
        values, software = self.embedding_fields
        return tuple(values[f"e{index}"].signed(words)/2**self.frac
            if software[f"e{index}_source"].get(sources) else None for index in range(2))
