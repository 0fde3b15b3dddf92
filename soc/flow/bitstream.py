# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""From a design that LiteX has generated to its bitstream: yosys, nextpnr-ecp5, ecppack.

The commands are those of LiteX's build script, run one by one: with progress, with their output in
logs, with what is there already left as it is, and with an end where the timing is not met. Before
nextpnr places a netlist, its hard blocks are given their sites (soc/flow/floorplan.py).
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from models.errors import FAILED, UserError

from soc.flow import floorplan, toolchain
from soc.flow.route_report import RouteReport
from soc.flow.verilog_text import without_comments

PROGRAMS = ("yosys", "nextpnr-ecp5", "ecppack")

PROGRAM_PART = "program" # of a step's key

# Line of output -> what is shown while the step runs.
YOSYS_STAGES   = ((r"^[\d.]+ Executing ([\w ]+?)(?: pass|\.|$)", "{}"),)
NEXTPNR_STAGES = (
    (r"Info: Packing (.+?)\.*$",        "packing {}"),
    (r"at iteration #(\d+)",            "placing, iteration {}"),
    (r"simulated annealing",            "placing, refinement"),
    (r"Routing globals",                "routing, clocks"),
    (r"^Info: +\d+ \|.*\| +(\d+)\|",    "routing, {} arcs left"),
)

class BuildError(UserError):
    """A step failed; the message says which, why, and where its log is."""
    exit_status = FAILED

class TimingError(BuildError):
    """The design is slower than its clocks; the message has the critical paths."""

class StaleError(BuildError):
    """There is no bitstream of the sources that are there now; the message says what differs."""

# Preparation --------------------------------------------------------------------------------------

def prepare(toolchain):
    """Set LiteX's trellis toolchain up for designs with cells of primitives.py, before its build().

    reprocess_after: without its removal synth_ecp5 throws away modules that instantiate cells.
    -no-rw-check: where what a memory reads is registered, yosys would keep the old word for a read
    that meets a write, with a second copy and multiplexers. It matters nowhere: tap caches are not
    read in the slot that is written, the bank that plays is not written, FIFOs do not read what is
    not yet there, VexRiscv bypasses what it writes, SERV reads ahead of it. Reads by a registered
    address (Migen's memories, PicoRV32's registers) see what is written, with or without it.
    """
    toolchain._yosys_cmds += ["hierarchy -top {build_name}", "setattr -unset reprocess_after t:*"]
    toolchain._synth_opts += "-no-rw-check "

def script_commands(script):
    """Program -> its command (list of words), of the build script that LiteX has written."""
    lines    = map(shlex.split, Path(script).read_text().splitlines())
    commands = {line[0]: line for line in lines if line and line[0] in PROGRAMS}
    return {program: commands[program] for program in PROGRAMS}

def quote_sources(script):
    """Have LiteX's yosys script (path) read files whose paths have blanks."""
    script, root = Path(script), str(toolchain.ROOT)
    text = script.read_text()
    if " " in root: # Include folders cannot be quoted: as seen from the script.
        text = text.replace(root, os.path.relpath(root, script.parent))
    script.write_text(re.sub(r'(?m)^(read_\w+(?: -\S+)*) ([^"\n-].* .*)$', r'\1 "\2"', text))

# Bitstream ----------------------------------------------------------------------------------------

class Bitstream:
    """The build in LiteX's gateware folder of the design `name`.

    folder   : with NAME.v, *.init, NAME.ys, NAME.lpf and build_NAME.sh
    progress : soc.progress.Progress

    self.path is the bitstream's path. Raises ToolError where a program is missing.
    """
    def __init__(self, folder, name, progress):
        self.folder, self.name, self.progress = Path(folder), name, progress
        self.env      = toolchain.environment(PROGRAMS)
        self.commands = script_commands(self.folder / f"build_{name}.sh")
        self.path     = self.folder / f"{name}.bit"
        self.netlist  = self.folder / f"{name}.json"

    def build(self, seeds=(1,)):
        """Make the bitstream with the best of the seeds, unless it is there; its RouteReport.

        Raises BuildError, and TimingError where the best seed does not meet the clocks; there is
        then no bitstream, not even an older one.
        """
        netlist = self._synthesise()
        reports = [self._route(netlist, seed, f", seed {seed}" if len(seeds) > 1 else "")
            for seed in seeds]
        best = max(reports, key=lambda report: report.headroom)
        if best.headroom < 1:
            self.path.unlink(missing_ok=True)
            raise TimingError("timing is not met"
                + (f" by any of {len(seeds)} seeds, the best is {best.seed}" if len(seeds) > 1
                    else f" by seed {best.seed}; --nextpnr-seed sweep:8 tries others")
                + "".join(f"\n    {line}" for line in best.failures()))
        self._pack(best.seed)
        return best

    def built(self):
        """(NAME.json, NAME-SEED.config) that the bitstream was packed from.

        Raises StaleError where these were not made from the sources that are there now. Other
        programs than those of the build do not matter: what they would make is not asked for.
        """
        made = self._read_key("synthesis")
        if not made or not self.path.exists():
            raise StaleError("it was not finished")
        differs = _difference(made, self._synthesis_key())
        if differs:
            raise StaleError(f"{differs} differs from that of the bitstream")
        pack = self._read_key("pack")
        for file in self.folder.glob("route-*.key"):
            seed    = file.stem.removeprefix("route-")
            netlist = self._read_key(file.stem).get("netlist")
            if netlist == _digest_of(made) and not _difference(pack, self._pack_key(seed)):
                return self.netlist, self.folder / f"{self.name}-{seed}.config"
        raise StaleError("it was placed and routed anew and not finished")

    def repack(self, config, bitstream):
        """Make another bitstream (path) of a .config (path) in one folder. Raises BuildError."""
        names   = {".config": config.name, ".bit": bitstream.name,
            ".svf": bitstream.with_suffix(".svf").name}
        command = [names.get(Path(word).suffix, word) for word in self.commands["ecppack"]]
        self._run("Bitstream", command, (), config.parent)

    # Steps ----------------------------------------------------------------------------------------
    def _synthesis_key(self):
        script  = self.folder / f"{self.name}.ys"
        sources = re.findall(r'(?m)^read_verilog(?: -\S+)* "?([^"\n]+)"?$', script.read_text())
        # The design's own are beside the script, also where the folder was moved.
        beside  = [self.folder / Path(source).name for source in sources]
        sources = [near if near.exists() else self.folder / far
            for near, far in zip(beside, sources)]
        sources = [script, *sources, *sorted(self.folder.glob("*.init"))]
        for source in sources:
            if not source.exists():
                raise StaleError(f"{source} is not there")
        return self._key(self.commands["yosys"],
            **{source.name: without_comments(source.read_text(errors="replace"))
                for source in sources})

    def _synthesise(self):
        """Make NAME.json; returns its key."""
        key = self._synthesis_key()
        if not self._is_made("synthesis", key):
            self._run("Synthesis", self.commands["yosys"], YOSYS_STAGES)
            self._made("synthesis", key)
        return key

    def _route(self, netlist, seed, label):
        """Make NAME-SEED.config; returns the RouteReport."""
        config, report, placed = (self.folder / f"{self.name}-{seed}{end}"
            for end in (".config", ".json", "-floorplan.json"))
        command = list(self.commands["nextpnr-ecp5"])
        density = next(found[1] + "F" for word in command
            for found in [re.fullmatch(r"--(?:um5?g?-)?(\d+)k", word)] if found)
        for option, value in (("--seed", str(seed)), ("--textcfg", config.name),
            ("--json", placed.name)):
            command[command.index(option) + 1] = value
        command += ["--report", report.name]
        step     = f"route-{seed}"
        key      = self._key(command,
            constraints=(self.folder / f"{self.name}.lpf").read_text(),
            floorplan=Path(floorplan.__file__).read_text())
        key["netlist"] = _digest_of(netlist)
        if not self._is_made(step, key):
            with self.progress.step(f"Floorplan{label}"):
                self._floorplan(density, seed, placed)
            self._run(f"Place and route{label}", command, NEXTPNR_STAGES)
            placed.unlink() # As large as the netlist, and made again in seconds.
            self._made(step, key)
        return RouteReport.load(report, seed)

    def _floorplan(self, density, seed, placed):
        design = json.loads(self.netlist.read_text())
        try:
            floorplan.fix_hard_blocks(design, density, seed)
        except ValueError as error:
            raise BuildError(f"Floorplan failed: {error}") from error
        placed.write_text(json.dumps(design))

    def _pack_command(self, seed):
        source = f"{self.name}-{seed}.config"
        return [source if word == f"{self.name}.config" else word
            for word in self.commands["ecppack"]]

    def _pack_key(self, seed):
        key = self._key(self._pack_command(seed))
        return {**key, "route": _digest_of(self._read_key(f"route-{seed}"))}

    def _pack(self, seed):
        command, key = self._pack_command(seed), self._pack_key(seed)
        if not (self._is_made("pack", key) and self.path.exists()):
            self._run("Bitstream", command, ())
            self._made("pack", key)

    # What is there --------------------------------------------------------------------------------
    def _key(self, command, **parts):
        """Name -> digest of all that a step depends on: its program and command, and the texts
        that it reads."""
        program = Path(shutil.which(command[0], path=self.env["PATH"])).read_bytes()
        texts   = {"command": shlex.join(command), **parts}
        return {PROGRAM_PART: _digest(program),
            **{name: _digest(text.encode()) for name, text in texts.items()}}

    def _read_key(self, step):
        """The key that the step was made with; {} where it was not."""
        try:
            key = json.loads((self.folder / f"{step}.key").read_text())
        except (FileNotFoundError, ValueError):
            key = {}
        return key if isinstance(key, dict) else {}

    def _is_made(self, step, key):
        made = self._read_key(step) == key
        if not made: # Nor while it is being made, or when that is interrupted.
            (self.folder / f"{step}.key").unlink(missing_ok=True)
        return made

    def _made(self, step, key):
        (self.folder / f"{step}.key").write_text(json.dumps(key, indent=1) + "\n")

    def _run(self, step, command, stages, folder=None):
        folder = folder or self.folder
        log = folder / f"{step.lower().replace(' ', '-').replace(',', '')}.log"
        with self.progress.step(step) as update, open(log, "w", buffering=1) as output:
            process = subprocess.Popen(command, cwd=folder, env=self.env, text=True,
                errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            with process:
                for line in process.stdout:
                    output.write(line)
                    stage = _stage(line, stages)
                    if stage:
                        update(stage)
        if process.returncode:
            raise BuildError(f"{step} failed, see {log}: {_reason(log, process.returncode)}")

def _digest(data):
    return hashlib.sha256(data).hexdigest()

def _digest_of(key):
    return _digest(json.dumps(key, sort_keys=True).encode())

def _difference(one, other):
    """The name of a part in which two keys differ, apart from the program; or None."""
    names = (one.keys() | other.keys()) - {PROGRAM_PART}
    return min((name for name in names if one.get(name) != other.get(name)), default=None)

def _stage(line, stages):
    """What a line of output says of the progress, or None."""
    for pattern, text in stages:
        found = re.search(pattern, line)
        if found:
            return text.format(*found.groups())
    return None

def _reason(log, status):
    lines  = log.read_text(errors="replace").strip().splitlines()
    errors = [line for line in lines if "ERROR" in line] or lines[-1:] or [f"status {status}"]
    return errors[-1].strip()

def hidden_from_yowasp(folder):
    """Whether the programs that environment() finds cannot see the folder: YoWASP's have a /tmp of
    their own."""
    path = toolchain.environment(PROGRAMS)["PATH"]
    wasm = any(Path(shutil.which(program, path=path)).parent == toolchain.SHIMS
        for program in PROGRAMS)
    return wasm and Path("/tmp") in Path(os.path.realpath(folder)).parents
