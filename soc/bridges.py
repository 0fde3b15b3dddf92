# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Ways for a host onto the SoC's Wishbone bus: what soc/host and LiteX's tools talk to."""

from litex.gen import *

from litex.soc.cores.uart import RS232PHYModel, UARTPHY

from gateware.stream_bridge import StreamBridge

ETHERBONE_CLK_LEAST = 125e6/4 # Hz; gigabit Ethernet, 32 bits at once.

class UARTBridge(LiteXModule):
    """A StreamBridge on a UART's phy; timeout: cycles, see there."""
    def __init__(self, phy, timeout):
        self.phy    = phy
        self.bridge = bridge = StreamBridge(timeout)
        self.bus    = bridge.bus
        self.comb += [
            phy.source.connect(bridge.sink),
            bridge.source.connect(phy.sink),
        ]

def add_uartbone(soc, baudrate=115200, uart_name="serial", timeout_ms=100):
    """A bridge in UARTBone's protocol on the platform's second serial port, in simulation likewise.

    timeout_ms: of silence within a command, after which the bridge gives it up

    A board with one serial port can give that to the bridge when the console goes through it, too
    (`--uart-name crossover`). Raises ValueError when there is no port left.
    """
    pads = soc.platform.request("serial", 1, loose=True)
    if pads is None:
        if uart_name in ("serial", "sim"):
            raise ValueError("with_uartbone needs a serial port beside the console's, the board "
                "has one; uart_name crossover puts the console on the bridge")
        pads = soc.platform.request("serial")
    model = hasattr(pads, "source_valid") # No baud rate, see soc/sim/sim_soc.py.
    phy   = RS232PHYModel(pads) if model else UARTPHY(pads, soc.sys_clk_freq, baudrate)
    soc.uartbone = UARTBridge(phy, int(soc.sys_clk_freq*timeout_ms/1000))
    soc.bus.add_master("uartbone", soc.uartbone.bus)

def add_bridges(soc, options, baudrate=115200, uart_name="serial"):
    """Adds the bridges that are asked for.

    options : BridgeOptions (soc/options.py)
    bridge_timeout_ms : of with_uartbone, see add_uartbone
    eth_phy : the board's LiteEth PHY, for with_etherbone, or a function that makes it of the
              platform
    eth_ip  : address that it answers at, UDP port 1234

    Raises ValueError for a bridge that this platform has nothing to connect to.
    """
    if options.with_uartbone:
        add_uartbone(soc, baudrate, uart_name, options.bridge_timeout_ms)
    if options.with_jtagbone:
        try:
            soc.add_jtagbone()
        except NotImplementedError: # LiteX knows the pins of no such JTAG.
            raise ValueError(f"with_jtagbone needs a JTAG port open to the design, "
                f"{soc.platform.device} has none") from None
    if options.with_etherbone:
        if options.eth_phy is None:
            raise ValueError("with_etherbone needs an Ethernet PHY, the board has none")
        if soc.sys_clk_freq < ETHERBONE_CLK_LEAST:
            raise ValueError(f"sys_clk_freq must be at least {ETHERBONE_CLK_LEAST:.0f} Hz with "
                f"with_etherbone, got {soc.sys_clk_freq}")
        phy = options.eth_phy
        if callable(phy):
            soc.ethphy = phy = phy(soc.platform)
        # 32 bits in sys: 8 bits in the PHY's domain do not keep up with 125 MHz.
        # A record longer than LiteEth's buffer stops its bridge for ever; a record has at most 256
        # words, soc/host/client.py writes 64.
        soc.add_etherbone(phy=phy, ip_address=options.eth_ip, data_width=32, buffer_depth=256)
