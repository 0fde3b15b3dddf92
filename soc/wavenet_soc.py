# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The SoC: soft CPU with our console, codec, accelerator. Knows no board and no simulator."""

from itertools import count
from pathlib import Path

from migen import *

from litex.gen import *

from litex.soc.integration.soc import SoCRegion
from litex.soc.integration.soc_core import SoCCore
from litex.soc.interconnect import stream

from gateware.audio.ak4619 import AK4619
from gateware.audio.calibration import Calibration
from gateware.audio.egress import Egress
from gateware.audio.embedding import Ingress
from gateware.audio.i2s_pmod import I2SPmod
from gateware.audio.recorder import FrameRecorder
from gateware.audio.tdm import TDM
from gateware.layouts import frame_layout
from gateware.primitives import PRIMITIVES
from gateware.shapes import ramp
from gateware.wavenet.accelerator import WaveNetAccelerator
from gateware.wavenet.banks.ledger import BankLedger
from gateware.wavenet.pipeline.core import WaveNetCore
from gateware.wavenet.weight_memory import WeightLayout

from models import image
from models.messages import either, must_be

from soc.contract import corners, csr_fields, tokens
from soc.contract.bench_plan import BenchPlan
from soc.bridges import add_bridges
from soc.contract.build_id import build_id
from soc.capture_buffer import add_capture
from soc.flow.firmware_image import compile_firmware
from soc.contract.net_constants import net_constants
from soc.contract.weight_map import LayerMap, WeightMap

# Helpers ------------------------------------------------------------------------------------------

CODECS = {"ak4619": AK4619, "i2s": I2SPmod}

def cycles_per_sample(sys_clk_freq, sample_rate, codec="ak4619"):
    """System clock cycles per sample, for the planner: 256 at 49.152 MHz and 192 kHz (both in Hz).

    Raises ValueError for a rate that the codec lacks, or that sys_clk_freq does not divide down to.
    """
    return CODECS[codec].serial_format(sys_clk_freq, sample_rate)["sys_per_frame"]

def hold_for(frame_latency, least, most):
    """The fewest cycles that, waited on top of `least` to `most`, always give as many frames.

    frame_latency(cycles) -> frames. Without the wait a delay that varies could make the DAC play a
    frame twice and leave out another.
    """
    return next(wait for wait in count()
        if frame_latency(least + wait) == frame_latency(most + wait))

# WaveNetSoC ---------------------------------------------------------------------------------------

class WaveNetSoC(SoCCore):
    """CPU, console and the audio path, which needs no software to play:

        codec (TDM) --> Calibration --> Ingress --> WaveNetAccelerator
                    <-- Calibration <-- Egress  <--

    crg         : clock domain "sys" of `sys_clk_freq` Hz, the frequency it truly has; for a
                  wavenet_clk_ratio above 1 also "wavenet" of that many times the frequency, from
                  the same PLL, in reset whenever "sys" is
    codec_pads  : mclk, bick, lrck, sdin1, sdout1 and, of an AK4619, pdn and the I2C lines, see
                  gateware/audio
    model       : spec and weights (models.spec.Model), the ROM contents of both weight banks
    folding     : of models.planner.plan, for self.cycles_per_sample*wavenet_clk_ratio cycles;
                  folding.spec is the network as it is built, perhaps with fewer outputs
    audio, accelerator, capture, bridges : options, see soc/options.py, whose `grouped` makes them
                  of a flat list
    kwargs      : SoCCore's; CPU picorv32, ROM and SRAM as the firmware needs them by default

    self.cycles_per_sample : sys cycles per frame
    self.sample_rate       : the true one, sys_clk_freq/cycles_per_sample, Hz
    self.fs                : the same, rounded down, see gateware/shapes/ramp.py
    self.frame_latency     : frames from the one the codec sends to that of its answer
    self.counter_delay     : sys cycles, at least, from a frame's last beat out of the codec until
                             the accelerator's counter of frames has counted it

    The firmware is compiled and put into the ROM when LiteX's Builder calls init_mems.
    Raises ValueError for a sample rate, a folding or a layer that cannot be built, and for a
    folding too slow for the sample rate.
    """
    mem_map   = {
        **SoCCore.mem_map,
        "bench_ram"       : 0x3000_0000,
        "wavenet"         : 0x9000_0000,
        "capture_inputs"  : 0xa000_0000,
        "capture_outputs" : 0xa100_0000,
    }
    rom_size  = 16*1024
    sram_size = 8*1024
    # Cycles. Nothing here takes more than some 20. As long as an access to an address of nothing
    # takes, CPU and bridge wait.
    bus_timeout = 256
    wavenet_clk_ratios = (1, 2, 4)
    primitives         = PRIMITIVES

    def __init__(self, platform, sys_clk_freq, crg, codec_pads, model, folding, audio,
        accelerator, capture, bridges, **kwargs):
        wavenet_clk_ratio = accelerator.wavenet_clk_ratio
        if wavenet_clk_ratio not in self.wavenet_clk_ratios:
            raise ValueError(must_be("wavenet_clk_ratio", either(self.wavenet_clk_ratios),
                wavenet_clk_ratio))
        if audio.codec not in CODECS:
            raise ValueError(must_be("codec", either(CODECS), repr(audio.codec)))
        self.cycles_per_sample = cycles_per_sample(sys_clk_freq, audio.sample_rate,
            audio.codec)
        self.sample_rate       = sys_clk_freq/self.cycles_per_sample
        self.fs                = ramp.whole_rate(sys_clk_freq, self.cycles_per_sample)
        self.wavenet_clk_ratio = wavenet_clk_ratio

        # SoCCore ----------------------------------------------------------------------------------
        kwargs = {
            "cpu_type"             : "picorv32",
            "ident"                : "WaveNet SoC",
            "integrated_rom_size"  : self.rom_size,
            "integrated_sram_size" : self.sram_size,
            "bus_timeout"          : self.bus_timeout,
            "with_timer"           : False,
            **kwargs,
        }
        SoCCore.__init__(self, platform, int(sys_clk_freq), **kwargs)
        self.crg      = crg
        self.contract = [] # Texts of the firmware's header.
        self.add_constant("BUILD_ID",                build_id())
        self.add_constant("AUDIO_SAMPLE_RATE",       f"{self.sample_rate:.10g}")
        self.add_constant("AUDIO_CYCLES_PER_SAMPLE", self.cycles_per_sample)
        self.add_constant("AUDIO_FS",                self.fs)
        self.add_constants(tokens.console())
        self.add_constant("LOAD_TIMEOUT_FRAMES",
            int(self.sample_rate*accelerator.load_timeout_ms/1000))

        # Bridges ----------------------------------------------------------------------------------
        add_bridges(self, bridges,
            baudrate  = kwargs.get("uart_baudrate", 115200),
            uart_name = kwargs.get("uart_name", "serial"))

        # Codec ------------------------------------------------------------------------------------
        self.add_codec(audio, codec_pads)
        self.add_calibration(audio)

        # Accelerator ------------------------------------------------------------------------------
        if accelerator.with_wavenet:
            self.add_wavenet(model, folding, accelerator)
        else:
            self.comb += self.calibration_in.source.connect(self.calibration_out.sink)
            self.frame_latency = self.tdm.frame_latency(2*Calibration.LATENCY)

        # Capture ----------------------------------------------------------------------------------
        if capture.with_capture:
            add_capture(self, capture.capture_frames, capture.capture_outputs)

    # Contract -------------------------------------------------------------------------------------
    def add_constants(self, constants):
        for name, value in constants.items():
            self.add_constant(name, value)

    def finalize(self):
        """LiteX places the registers here, before the Builder writes the headers and csr.json."""
        finalized = self.finalized
        SoCCore.finalize(self)
        if not finalized:
            self.add_constant("CSR_FIELDS", csr_fields.text(self.csr.regions))

    # Codec ----------------------------------------------------------------------------------------
    def add_codec(self, audio, pads):
        serial_format = CODECS[audio.codec].serial_format(self.sys_clk_freq, audio.sample_rate)
        if audio.codec == "i2s":
            self.i2s = I2SPmod(pads)
            self.tdm = TDM(self.i2s.pads, **serial_format)
            return
        self.codec = AK4619(pads, self.sys_clk_freq, audio.sample_rate,
            power_up_ms=audio.power_up_ms)
        self.tdm   = TDM(pads, **serial_format)
        self.comb += self.tdm.mute.eq(self.codec.mute)

    def add_calibration(self, audio):
        neutral = [Calibration.NEUTRAL]*self.tdm.slots
        width   = self.tdm.data_width
        self.calibration_in  = Calibration(audio.input_calibration or neutral, width,
            audio.invert_inputs)
        self.calibration_out = Calibration(audio.output_calibration or neutral, width)
        self.comb += [
            self.tdm.source.connect(self.calibration_in.sink),
            self.calibration_out.source.connect(self.tdm.sink),
        ]

    # Accelerator ----------------------------------------------------------------------------------
    def add_wavenet(self, model, folding, accelerator):
        clk_ratio = accelerator.wavenet_clk_ratio
        spec      = folding.spec
        codec     = dict(slots=self.tdm.slots, codec_bits=self.tdm.data_width)
        if spec.number_format.frac > 15:
            raise ValueError(f"number format must have at most 15 fractional bits, as the "
                f"embedding registers have 16 bits, got {spec.number_format}")
        self.ingress = Ingress(spec.in_channels, spec.number_format, **codec, clk_ratio=clk_ratio)
        core = WaveNetCore(model.spec, folding, model.weights,
            contexts   = 2 if accelerator.with_crossfade else 1,
            primitives = accelerator.primitives,
            patchable  = accelerator.patchable)
        self.wavenet = wavenet = WaveNetAccelerator(core,
            clock_domain   = "sys" if clk_ratio == 1 else "wavenet",
            with_crossfade = accelerator.with_crossfade,
            fade_rate      = ramp.rate_of(ramp.frames_in(accelerator.fade_ms, self.fs)))
        self.egress  = Egress(spec.out_channels, spec.number_format, **codec)
        available    = self.cycles_per_sample*clk_ratio
        needed       = core.cycles*(2 if wavenet.crossfade else 1)
        if needed > available:
            raise ValueError(f"folding must take at most {available} cycles per sample, "
                f"got {needed}: {folding}")

        # From the last beat of a frame that comes in to the last beat of its answer.
        heard       = min(spec.out_channels, self.tdm.slots)
        inside      = wavenet.delay(heard, clk_ratio) # First beat in to last out that is heard,
        after       = self.tdm.slots - heard          # and the slots that it leaves empty.
        outside     = 2*Calibration.LATENCY + Ingress.LATENCY
        least, most = (outside + cycles + after for cycles in inside)
        if most - least >= self.cycles_per_sample:
            raise ValueError(f"frames of a folding must be late by less than "
                f"{self.cycles_per_sample} cycles with a crossfade, got {most - least}: {folding}")
        wait        = hold_for(self.tdm.frame_latency, least, most)
        self.hold   = stream.Delay(frame_layout(spec.number_format.bits), wait)
        self.frame_latency = self.tdm.frame_latency(least + wait)
        self.counter_delay = (Calibration.LATENCY + Ingress.LATENCY
            + wavenet.delay(spec.out_channels, clk_ratio)[0])

        self.audio = stream.Pipeline(self.calibration_in.source, self.ingress, wavenet, self.hold,
            self.egress, self.calibration_out.sink)
        self.comb += self.ingress.bank.eq(wavenet.bank)

        self.bus.add_slave("wavenet", wavenet.bus, SoCRegion(
            origin = self.mem_map["wavenet"],
            size   = 4*2**core.bus_bits,
            cached = False,
        ))
        constants = net_constants(model, folding, core.latency, clk_ratio, self.sys_clk_freq)
        self.add_constants(constants)
        if wavenet.crossfade:
            self.add_constant("WAVENET_WARM_UP", core.warm_up)
        self.add_banks(model, folding, core.window_bits)
        if accelerator.with_bench:
            self.add_bench(spec)

    def add_banks(self, model, folding, window_bits):
        """What `load` and the host need to put another model into the bank that is not playing."""
        maps = [
            LayerMap.of(layer, fold.layer, WeightLayout(fold.layer, fold.pe, fold.simd),
                index << window_bits)
            for index, (layer, fold) in enumerate(zip(model.spec.layers, folding.layers))
        ]
        fits = model.spec.number_format.bits <= image.MOST_BITS
        crc  = image.crc_of(image.pack(model)) if fits else 0
        self.banks      = BankLedger(model.spec.fingerprint)
        self.weight_map = WeightMap(maps)
        self.add_constants(tokens.banks(model.spec, crc))
        self.add_constant("WAVENET_MAP", str(self.weight_map))
        self.contract += [tokens.image_header(model.spec), self.weight_map.header(),
            corners.header(corners.parse(self.constants["WAVENET_CORNERS"]))]

    def add_bench(self, spec):
        """Frames of both sides and memory for the console's `bench`, where it fits."""
        plan = BenchPlan(spec, self.tdm.slots)
        if not plan.fits:
            return
        self.bench_plan = plan
        self.recorder   = FrameRecorder(self.wavenet.sink, self.wavenet.source, plan.depth,
            plan.frames, spec.number_format.bits, plan.inputs, plan.outputs)
        self.recorder.add_csr()
        self.add_ram("bench_ram", origin=self.mem_map["bench_ram"], size=plan.memory)
        self.add_constants(plan.constants | tokens.recorder())
        self.contract.append(plan.header())

    # Firmware -------------------------------------------------------------------------------------
    def init_mems(self, **kwargs):
        """LiteX's Builder calls this after it has written the C headers, before the Verilog."""
        if self.cpu_type is None:
            return
        header = Path(self.builder.include_dir) / "generated" / "contract.h"
        header.write_text("\n".join(["/* Generated by soc/wavenet_soc.py */", *self.contract]))
        words = compile_firmware(self, self.builder.include_dir, self.builder.software_dir)
        self.init_rom("rom", words, auto_size=False)
