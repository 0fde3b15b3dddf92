# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A frame of shift registers round a netlist, so that it is placed and routed with three pins."""

WRAPPER = "bench"
CLOCK = "sys_clk"


def ports_of(netlist, module):
    """(inputs, outputs) of a module of yosys's JSON, each {name: width}; without the clock."""
    ports = {"input": {}, "output": {}}
    for name, port in netlist["modules"][module]["ports"].items():
        if name != CLOCK:
            ports[port["direction"]][name] = len(port["bits"])
    return ports["input"], ports["output"]


def wrapper_verilog(module, inputs, outputs):
    """Verilog of module WRAPPER round the black box `module`.

    Every input of the box comes straight from a register and every output ends in one, so the
    paths that are timed are the box's own. The outputs' registers are folded into a chain that
    depends on all of them; the pins belong to no timed path.
    """
    declared = [f"input {CLOCK}"]
    connected = [f".{CLOCK}(clk)"]
    for direction, ports, bus in (("input", inputs, "drive"), ("output", outputs, "seen")):
        low = 0
        for name, width in ports.items():
            declared.append(f"{direction} [{width - 1}:0] {name}")
            connected.append(f".{name}({bus}[{low + width - 1}:{low}])")
            low += width
    count_in, count_out = sum(inputs.values()), sum(outputs.values())
    return f"""
(* blackbox *) module {module}({", ".join(declared)}); endmodule

module {WRAPPER}(input clk, input shift_in, output shift_out);
    reg  [{count_in - 1}:0] drive;
    wire [{count_out - 1}:0] seen;
    reg  [{count_out - 1}:0] held, chain;
    always @(posedge clk) begin
        drive <= {{drive, shift_in}};
        held  <= seen;
        chain <= {{chain, 1'b0}} ^ held;
    end
    assign shift_out = chain[{count_out - 1}];
    {module} core({", ".join(connected)});
endmodule
"""
