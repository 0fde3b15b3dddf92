# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The host's side of a running SoC: status, embedding and another model over its Wishbone bus."""

import secrets
import time
from contextlib import contextmanager

import numpy as np

from gateware.shapes import ramp

from models import image

from soc.contract import corners
from soc.host.build_description import Build
from soc.host.bus import TIMEOUT_S, ClientError

__all__ = ["Build", "Client"]

READ_WORDS   = 128 # words a read burst; the protocol's most is 255
WRITE_WORDS  = 64
CHECK_BURSTS = 4 # write bursts between two looks at who has the banks
NOTHING      = 2**32 - 1 # what an address reads at which nothing answers

# Client -------------------------------------------------------------------------------------------

class Client:
    """A running SoC of `build` (Build) on `bus` (UARTBus, TCPBus).

    Raises ClientError when the SoC does not answer or has another network than the build.
    """
    def __init__(self, bus, build):
        self.bus, self.build = bus, build
        found = self.get("banks_topology")
        if found == NOTHING:
            raise ClientError("the bridge answers, but nothing at the address of banks_topology, "
                f"0x{build.registers['banks_topology']:08x}: the build's description is of another "
                "SoC")
        if found != build.fingerprint:
            raise ClientError(f"the SoC has the topology 0x{found:08x}, the build's description "
                f"0x{build.fingerprint:08x}: it is of another build")

    # Registers ------------------------------------------------------------------------------------
    def get(self, register):
        return self.bus.read(self.build.registers[register], 1)[0]

    def set(self, register, value):
        self.bus.write(self.build.registers[register], [value])

    def field(self, register, field):
        return self.build.fields[register][field].get(self.get(register))

    def crc(self, bank):
        """CRC-32 of the image in a bank; 0: none that is whole."""
        crc = self.get(f"banks_crc{bank}")
        return self.build.crc if crc == self.build.built_in else crc

    def status(self):
        """What the console's `status` says, under the same names, as numbers and strings."""
        bank      = self.field("wavenet_status", "bank")
        crc, idle = self.crc(bank), self.crc(1 - bank)
        values    = {
            "fs"               : f"{self.build.sample_rate:.10g}",
            "bank"             : bank,
            "model"            : self.build.constants["wavenet_name"] if crc == self.build.crc
                else "loaded",
            "crc"              : f"0x{crc:08x}",
            "idle_crc"         : f"0x{idle:08x}" if idle else "none",
            "owner"            : self.get("banks_owner"),
            "frames"           : self.get("wavenet_frames"),
            "overruns"         : self.get("ingress_overruns"),
            "blocked_writes"   : self.get("wavenet_blocked_writes"),
            "saturations"      : sum(self.get(name) for name in self.build.registers
                if name.startswith("wavenet_saturations")),
            "cycles_used"      : self.get("wavenet_cycles_used"),
            "cycles_available" : self.get("ingress_cycles_available"),
        }
        if "wavenet_fade" in self.build.registers:
            rate = self.get("wavenet_fade")
            values["fade_frames"] = ramp.frames_of(rate)
        return values | self._embedding()

    # Embedding ------------------------------------------------------------------------------------
    def _embedding(self):
        point = self.build.point(self.get("ingress_embedding"), self.get("ingress_control"))
        return {f"e{index}": "codec" if value is None else value
            for index, value in enumerate(point)}

    def embed(self, e0, e1, glide_ms=0):
        """Both coordinates from the same frame on; None: from the codec's input.

        glide_ms: time of the straight way there, 0 for a jump. Returns the settings under the names
        of the console's reply: frame, glide_frames, e0, e1. Raises ClientError for values outside
        the number format.
        """
        words, sources = 0, 0
        fields, software = self.build.embedding_fields
        bits  = min(self.build.bits, fields["e0"].size)
        limit = 2**(bits - 1 - self.build.frac)
        for index, value in enumerate((e0, e1)):
            if value is None:
                continue
            if not -limit <= value < limit:
                raise ClientError(f"embedding must be -{limit:g} to below {limit:g}, or codec, "
                    f"got {value:g}")
            word     = min(round(value*2**self.build.frac), 2**(bits - 1) - 1)
            words    = fields[f"e{index}"].put(word, words)
            sources  = software[f"e{index}_source"].put(1, sources)
        frames = self._frames("glide", glide_ms)
        self.set("ingress_embedding", words)
        self.set("ingress_glide", ramp.rate_of(frames))
        self.set("ingress_control", sources)
        return {"frame": self.get("wavenet_frames"),
            "glide_frames": frames, **self._embedding()}

    def place(self, name, model=None):
        """(e0, e1) of a name that the model that plays gives to a place.

        model: (names {name: (e0, e1)}, CRC-32 of the image) of a model file, see
               models.image.corners; None: the names are those of the build's model
        Raises ClientError where another model plays, and for a name that it does not have.
        """
        crc = self.crc(self.field("wavenet_status", "bank"))
        if model is None:
            words, own = self.build.corners, self.build.crc
        else:
            words, own = corners.to_words(model[0], self.build.bits, self.build.frac), model[1]
        if crc != own:
            raise ClientError(f"crc 0x{crc:08x} plays, the names are those of 0x{own:08x}: "
                "--model MODEL.npz tells those of another, or give two numbers")
        if name not in words:
            raise ClientError(f"embedding must be codec{''.join(f', {n}' for n in words)} or two "
                f"numbers, got {name!r}")
        return tuple(word/2**self.build.frac for word in words[name])

    def _frames(self, name, ms):
        """Frames of a glide or fade of `ms`, as the console counts them. Raises ClientError."""
        if not 0 <= ms <= self.build.ramp_most:
            raise ClientError(f"{name} must be 0 to {self.build.ramp_most} ms, got {ms:g}")
        return ramp.frames_in(ms, self.build.fs)

    # Banks ----------------------------------------------------------------------------------------
    @contextmanager
    def banks(self, force=False):
        """Has the banks for oneself inside. force: takes them from whoever has them.

        Raises ClientError when another has them.
        """
        least = self.build.console + 1
        token = least + secrets.randbelow(2**self.build.token_bits - least)
        if force:
            self.set("banks_release", self.get("banks_owner"))
        self.set("banks_claim", token)
        self._check_owner(token)
        try:
            yield token
        finally:
            self.set("banks_release", token)

    def _check_owner(self, token):
        owner = self.get("banks_owner")
        if owner != token:
            known = {0: "no one", self.build.console: "the console"}
            who   = known.get(owner, f"another host (token {owner})")
            raise ClientError(f"the banks are not this host's but {who} has them; nothing was "
                "swapped; --force takes them")

    def set_fade(self, fade_ms):
        """Time of the cross-fades to come, 0 for changes at once. Raises ClientError."""
        self.set("wavenet_fade", self._fade_rate(fade_ms))

    def _fade_rate(self, fade_ms):
        if "wavenet_fade" not in self.build.registers:
            raise ClientError("--fade needs a build with --with-crossfade; in this one "
                "models change at once")
        return ramp.rate_of(self._frames("fade", fade_ms))

    def swap(self, data=None, force=False, update=lambda done: None, fade_ms=None):
        """Writes an image (bytes) into the bank that is not playing, reads it back, plays it.

        In a build with cross-fade it returns when the fade is over.

        data   : None plays what the other bank holds
        update : called with the words done, of self.words(data)
        fade_ms: time of this and further cross-fades; None: as it is

        Returns the bank. Raises ClientError and image.ImageError; the model that plays plays on.
        """
        writes = None if data is None else self._writes(data)
        rate   = None if fade_ms is None else self._fade_rate(fade_ms)
        with self.banks(force) as token:
            bank = 1 - self.field("wavenet_control", "bank")
            self._wait_for(1 - bank)
            if writes is None:
                if not self.crc(bank):
                    raise ClientError(f"bank {bank} holds no whole model")
            else:
                self.set(f"banks_crc{bank}", 0)
                self._fill(*writes, bank, token, update)
            self._check_owner(token) # Who has taken the banks may be at this one by now.
            if writes is not None:
                self.set(f"banks_crc{bank}", image.crc_of(data))
            if rate is not None:
                self.set("wavenet_fade", rate)
            control = self.build.fields["wavenet_control"]["bank"]
            self.set("wavenet_control", control.put(bank, self.get("wavenet_control")))
            self._wait_for(bank)
        return bank

    def words(self):
        """Words that `swap` transfers: each parameter twice, there and back."""
        return 2*np.count_nonzero(self.build.map.addresses(0) >= 0)

    def _writes(self, data):
        """(place in the payload, value) of the values that this build has, as arrays."""
        build  = self.build
        values = image.check(data, build.fingerprint, build.words)
        if values[build.map.padding].any():
            raise image.ImageError("image: the padding is not zero")
        places = np.flatnonzero(build.map.addresses(0) >= 0)
        values = values[places].astype(np.int64)
        if np.abs(2*values + 1).max() > 2**build.bits:
            raise image.ImageError(f"image: a value is beyond the {build.bits} bits of a word")
        return places, values

    def _fill(self, places, values, bank, token, update):
        addresses = self.build.map.addresses(bank)[places]
        order     = np.argsort(addresses)
        addresses, values = addresses[order], values[order]
        done = 0
        for index, span in enumerate(runs(addresses, WRITE_WORDS)):
            if index % CHECK_BURSTS == 0: # An answer also tells that the writes got through.
                self._check_owner(token)
            self.bus.write(self._address(addresses[span.start]), (values[span] % 2**32).tolist())
            done += span.stop - span.start
            update(done)
        for span in runs(addresses, READ_WORDS):
            words = self.bus.read(self._address(addresses[span.start]), span.stop - span.start)
            wrong = np.flatnonzero(np.array(words, np.uint32).view(np.int32) != values[span])
            if len(wrong):
                raise ClientError(f"bank {bank} does not hold what was written, at word "
                    f"{addresses[span][wrong[0]]} of the window")
            done += span.stop - span.start
            update(done)

    def _address(self, word):
        return int(self.build.window + 4*word)

    def _alone(self, bank):
        """Whether `bank` is heard and no cross-fade is under way, both of one look."""
        word, fields = self.get("wavenet_status"), self.build.fields["wavenet_status"]
        return fields["bank"].get(word) == bank and not fields["fading"].get(word)

    def _wait_for(self, bank):
        """Until the bank is heard; as long as frames go by, for a fade and a second's worth of
        them, in which what is heard comes to rest on the new model."""
        most = self.build.sample_rate
        if "wavenet_fade" in self.build.registers: # The longest: it may have been set anew since.
            most *= 1 + self.build.ramp_most/1000
        first = last = self.get("wavenet_frames")
        deadline     = time.monotonic() + TIMEOUT_S
        while not self._alone(bank):
            frames = self.get("wavenet_frames")
            if frames != last:
                deadline = time.monotonic() + TIMEOUT_S
            last = frames
            if time.monotonic() > deadline:
                raise ClientError(f"no frame of bank {bank} was heard: no audio clock?")
            if (frames - first) % 2**32 > most:
                raise ClientError(f"bank {bank} is not heard after {frames - first} frames")

def runs(addresses, most):
    """Slices of consecutive addresses, at most `most` long; addresses: int [n], ascending."""
    start = 0
    for end in range(1, len(addresses) + 1):
        if (end == len(addresses) or addresses[end] != addresses[end - 1] + 1
            or end - start == most):
            yield slice(start, end)
            start = end
