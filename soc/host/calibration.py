# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Calibration of the codec's channels from the host: read, set, saved as a small JSON, restored."""

import json
import re

from models.files import FileError, read_text, written_whole

from soc.host.bus import ClientError

WORD_BITS  = 16 # of offset and gain
LIMIT      = 2**(WORD_BITS - 1)
MOST_BYTES = 1 << 20 # of a file
REGISTER   = re.compile(r"calibration_(in|out)_channel(\d+)")

def channels(client):
    """{channel: register} of the build, in0 first; channels are named in0 ... and out0 ..."""
    found = {name: REGISTER.fullmatch(name) for name in client.build.registers}
    return {"".join(match.groups()): name for name, match in sorted(found.items()) if match}

def read(client):
    """{channel: (offset, gain)} as they are, integers."""
    values = {}
    for channel, register in channels(client).items():
        word, fields    = client.get(register), client.build.fields[register]
        values[channel] = fields["offset"].signed(word), fields["gain"].signed(word)
    return values

def write(client, values):
    """Sets {channel: (offset, gain)}; further channels keep theirs. Raises ClientError, before
    anything is written, for a channel that is not there and numbers that do not fit."""
    known = channels(client)
    words = {}
    for channel, pair in values.items():
        if channel not in known:
            raise ClientError(f"channel {channel!r} is not there; there are: {', '.join(known)}")
        for name, value in zip(("offset", "gain"), pair, strict=True):
            if not isinstance(value, int) or isinstance(value, bool) or not -LIMIT <= value < LIMIT:
                raise ClientError(f"{name} of {channel} must be a whole number from {-LIMIT} to "
                    f"{LIMIT - 1}, got {value!r}")
        fields = client.build.fields[known[channel]]
        words[channel] = fields["offset"].put(pair[0], fields["gain"].put(pair[1]))
    for channel, word in words.items():
        client.set(known[channel], word)

# Files --------------------------------------------------------------------------------------------

def save(path, values):
    """{channel: (offset, gain)} as JSON, in one step: no half-written file.

    Raises FileError.
    """
    entries = {channel: dict(zip(("offset", "gain"), pair)) for channel, pair in values.items()}
    with written_whole(path) as partial:
        partial.write_text(json.dumps({"calibration": entries}, indent=1) + "\n")

def load(path):
    """What `save` wrote. Raises ClientError."""
    try:
        entries = json.loads(read_text(path, MOST_BYTES))["calibration"]
        return {channel: (entry["offset"], entry["gain"]) for channel, entry in entries.items()}
    except FileError as error:
        raise ClientError(str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ClientError(f'{path}: not a calibration, which is {{"calibration": {{"in0": '
            f'{{"offset": 0, "gain": 1024}}, ...}}}}') from error
