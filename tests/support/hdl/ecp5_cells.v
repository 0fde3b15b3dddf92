// Behavioural models of the two ECP5 primitives that yosys's cell models leave black.
//
// Only what is written here is modelled; a parameter or port that is not declared stops the
// elaboration, a value that is not modelled stops the simulation with $fatal. What the hardware
// leaves undefined comes out random, so that a design that depends on it fails.
//
// Ports, parameters, address and INITVAL layout, byte enables and write modes are those by which
// yosys 0.70 maps to these cells: techlibs/lattice/{cells_bb_ecp5.v, cells_sim_ecp5.v,
// brams_16kd.txt, brams_map_16kd.v, dsp_map_18x18.v}. Yosys uses no register of either cell; OUTREG
// and REG_*_CLK follow the names in Lattice's usage guides (FPGA-TN-02204, FPGA-TN-02205), whose
// texts were not at hand, and were not compared with the hardware.

// Output latch and optional output register of one block RAM port.
module ecp5_ram_output #(
    parameter REGMODE = "NOREG",
    parameter RESETMODE = "SYNC"
) (
    input             clk,
    input             load,   // the latch takes `value`
    input             oce,    // the output register, where there is one, takes the latch
    input             rst,
    input      [17:0] value,
    output     [17:0] out
);
    reg [17:0] latch = 0, register = 0;
    wire arst = (RESETMODE == "ASYNC") & rst;
    assign out = (REGMODE == "OUTREG") ? register : latch;
    always @(posedge clk, posedge arst)
        if (arst) begin
            latch    <= 0;
            register <= 0;
        end else begin
            if (load) latch    <= value;
            if (oce)  register <= latch;
            if (rst)  latch    <= 0;
            if (rst)  register <= 0;
        end
endmodule

// True dual-port block RAM of 1024 x 18 bits; a port sees it as 1024 x 18, 2048 x 9, 4096 x 4,
// 8192 x 2 or 16384 x 1 words, the last three without the ninth bit of each byte.
//
//     address = {row[9:0], byte, bit[2:0]} of the word's lowest bit; with 18 bits ADx1 and ADx0
//     enable the writing of the upper and the lower byte
//     INITVAL_nn[20*i +: 18] = row 16*nn + i
//
// Reads show after the clock's edge, after one more with REGMODE "OUTREG". A port that writes shows
// what it showed before (NORMAL), the new word (WRITETHROUGH) or the old one (READBEFOREWRITE).
// Bits that the other port writes in the same cycle are read as random ones.
module DP16KD (
    input  DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5,
           DIA4, DIA3, DIA2, DIA1, DIA0,
    input  ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1,
           ADA0,
    input  CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
    input  DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5,
           DIB4, DIB3, DIB2, DIB1, DIB0,
    input  ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1,
           ADB0,
    input  CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
    output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5,
           DOA4, DOA3, DOA2, DOA1, DOA0,
    output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5,
           DOB4, DOB3, DOB2, DOB1, DOB0
);
    parameter DATA_WIDTH_A = 18;
    parameter DATA_WIDTH_B = 18;
    parameter REGMODE_A = "NOREG";
    parameter REGMODE_B = "NOREG";
    parameter WRITEMODE_A = "NORMAL";
    parameter WRITEMODE_B = "NORMAL";
    parameter CSDECODE_A = "0b000";
    parameter CSDECODE_B = "0b000";
    parameter RESETMODE = "SYNC";
    parameter ASYNC_RESET_RELEASE = "SYNC";
    parameter CLKAMUX = "CLKA";
    parameter CLKBMUX = "CLKB";
    parameter GSR = "ENABLED"; // The global reset is not modelled: it comes before the first edge.
    parameter INITVAL_00 = 320'b0;
    parameter INITVAL_01 = 320'b0;
    parameter INITVAL_02 = 320'b0;
    parameter INITVAL_03 = 320'b0;
    parameter INITVAL_04 = 320'b0;
    parameter INITVAL_05 = 320'b0;
    parameter INITVAL_06 = 320'b0;
    parameter INITVAL_07 = 320'b0;
    parameter INITVAL_08 = 320'b0;
    parameter INITVAL_09 = 320'b0;
    parameter INITVAL_0A = 320'b0;
    parameter INITVAL_0B = 320'b0;
    parameter INITVAL_0C = 320'b0;
    parameter INITVAL_0D = 320'b0;
    parameter INITVAL_0E = 320'b0;
    parameter INITVAL_0F = 320'b0;
    parameter INITVAL_10 = 320'b0;
    parameter INITVAL_11 = 320'b0;
    parameter INITVAL_12 = 320'b0;
    parameter INITVAL_13 = 320'b0;
    parameter INITVAL_14 = 320'b0;
    parameter INITVAL_15 = 320'b0;
    parameter INITVAL_16 = 320'b0;
    parameter INITVAL_17 = 320'b0;
    parameter INITVAL_18 = 320'b0;
    parameter INITVAL_19 = 320'b0;
    parameter INITVAL_1A = 320'b0;
    parameter INITVAL_1B = 320'b0;
    parameter INITVAL_1C = 320'b0;
    parameter INITVAL_1D = 320'b0;
    parameter INITVAL_1E = 320'b0;
    parameter INITVAL_1F = 320'b0;
    parameter INITVAL_20 = 320'b0;
    parameter INITVAL_21 = 320'b0;
    parameter INITVAL_22 = 320'b0;
    parameter INITVAL_23 = 320'b0;
    parameter INITVAL_24 = 320'b0;
    parameter INITVAL_25 = 320'b0;
    parameter INITVAL_26 = 320'b0;
    parameter INITVAL_27 = 320'b0;
    parameter INITVAL_28 = 320'b0;
    parameter INITVAL_29 = 320'b0;
    parameter INITVAL_2A = 320'b0;
    parameter INITVAL_2B = 320'b0;
    parameter INITVAL_2C = 320'b0;
    parameter INITVAL_2D = 320'b0;
    parameter INITVAL_2E = 320'b0;
    parameter INITVAL_2F = 320'b0;
    parameter INITVAL_30 = 320'b0;
    parameter INITVAL_31 = 320'b0;
    parameter INITVAL_32 = 320'b0;
    parameter INITVAL_33 = 320'b0;
    parameter INITVAL_34 = 320'b0;
    parameter INITVAL_35 = 320'b0;
    parameter INITVAL_36 = 320'b0;
    parameter INITVAL_37 = 320'b0;
    parameter INITVAL_38 = 320'b0;
    parameter INITVAL_39 = 320'b0;
    parameter INITVAL_3A = 320'b0;
    parameter INITVAL_3B = 320'b0;
    parameter INITVAL_3C = 320'b0;
    parameter INITVAL_3D = 320'b0;
    parameter INITVAL_3E = 320'b0;
    parameter INITVAL_3F = 320'b0;

    localparam [64*320-1:0] INIT = {
        INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C,
        INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38,
        INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34,
        INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30,
        INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C,
        INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
        INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24,
        INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20,
        INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C,
        INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18,
        INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14,
        INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
        INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C,
        INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
        INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04,
        INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00
    };

    // The bits of a row that a word covers.
    function automatic [17:0] mask(input integer width, input [13:0] address);
        case (width)
            18:      mask = 18'h3ffff;
            9:       mask = 18'h1ff << 9*address[3];
            4:       mask = 18'hf << (9*address[3] + 4*address[2]);
            2:       mask = 18'h3 << (9*address[3] + 2*address[2:1]);
            default: mask = 18'h1 << (9*address[3] + address[2:0]);
        endcase
    endfunction

    // A word moved to its place in a row, and back.
    function automatic [17:0] up(input integer width, input [13:0] address, input [17:0] word);
        case (width)
            18:      up = word;
            9:       up = word << 9*address[3];
            4:       up = word << (9*address[3] + 4*address[2]);
            2:       up = word << (9*address[3] + 2*address[2:1]);
            default: up = word << (9*address[3] + address[2:0]);
        endcase
    endfunction
    function automatic [17:0] down(input integer width, input [13:0] address, input [17:0] row);
        case (width)
            18:      down = row;
            9:       down = (row >> 9*address[3]) & 18'h1ff;
            4:       down = (row >> (9*address[3] + 4*address[2])) & 18'hf;
            2:       down = (row >> (9*address[3] + 2*address[2:1])) & 18'h3;
            default: down = (row >> (9*address[3] + address[2:0])) & 18'h1;
        endcase
    endfunction

    wire [13:0] ada = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4,
        ADA3, ADA2, ADA1, ADA0};
    wire [13:0] adb = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4,
        ADB3, ADB2, ADB1, ADB0};
    wire [17:0] dia = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8,
        DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0};
    wire [17:0] dib = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8,
        DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0};
    wire [17:0] doa, dob;
    assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6,
        DOA5, DOA4, DOA3, DOA2, DOA1, DOA0} = doa;
    assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6,
        DOB5, DOB4, DOB3, DOB2, DOB1, DOB0} = dob;

    reg [17:0] rows [0:1023];
    integer i;
    initial for (i = 0; i < 1024; i = i + 1) rows[i] = INIT[20*i +: 18];

    wire ena = CEA & ({CSA2, CSA1, CSA0} == 0);
    wire enb = CEB & ({CSB2, CSB1, CSB0} == 0);
    wire [17:0] bytes_a = {{9{ADA1}}, {9{ADA0}}};
    wire [17:0] bytes_b = {{9{ADB1}}, {9{ADB0}}};
    wire [17:0] cover_a = mask(DATA_WIDTH_A, ada);
    wire [17:0] cover_b = mask(DATA_WIDTH_B, adb);
    wire [17:0] write_a = (ena & WEA) ? cover_a & (DATA_WIDTH_A == 18 ? bytes_a : 18'h3ffff) : 0;
    wire [17:0] write_b = (enb & WEB) ? cover_b & (DATA_WIDTH_B == 18 ? bytes_b : 18'h3ffff) : 0;
    wire        meet    = ada[13:4] == adb[13:4];
    wire [17:0] old_a   = rows[ada[13:4]];
    wire [17:0] old_b   = rows[adb[13:4]];
    wire [17:0] new_a   = (old_a & ~write_a) | (up(DATA_WIDTH_A, ada, dia) & write_a);
    wire [17:0] new_b   = (old_b & ~write_b) | (up(DATA_WIDTH_B, adb, dib) & write_b);
    wire [17:0] show_a  = (WEA & (WRITEMODE_A == "WRITETHROUGH")) ? new_a : old_a;
    wire [17:0] show_b  = (WEB & (WRITEMODE_B == "WRITETHROUGH")) ? new_b : old_b;

    // Bits under write by the other port, made random by a word that is new in every cycle.
    reg  [17:0] noise_a = 18'h2a5a5, noise_b = 18'h15a5a;
    wire [17:0] value_a = show_a ^ (meet ? write_b & noise_a : 18'b0);
    wire [17:0] value_b = show_b ^ (meet ? write_a & noise_b : 18'b0);
    wire        load_a  = ena & ~(WEA & (WRITEMODE_A == "NORMAL"));
    wire        load_b  = enb & ~(WEB & (WRITEMODE_B == "NORMAL"));

    // One clock for both ports; that of an unused port may be tied low.
    wire clk = CLKA | CLKB;
    reg  clocked_a = 0, clocked_b = 0;
    always @(posedge clk) begin
        noise_a   <= $urandom;
        noise_b   <= $urandom;
        clocked_a <= clocked_a | CLKA;
        clocked_b <= clocked_b | CLKB;
        if ((clocked_a | CLKA) & (clocked_b | CLKB) & (CLKA != CLKB))
            $fatal(1, "DP16KD: two clocks are not modelled");
        if (meet & |(write_a & write_b))
            $fatal(1, "DP16KD: both ports write to the same bits");
        if (CLKA & CLKB & meet & |write_a & |write_b)
            rows[ada[13:4]] <= (new_a & ~write_b) | (new_b & write_b);
        else begin
            if (CLKA & |write_a) rows[ada[13:4]] <= new_a;
            if (CLKB & |write_b) rows[adb[13:4]] <= new_b;
        end
    end

    ecp5_ram_output #(.REGMODE(REGMODE_A), .RESETMODE(RESETMODE)) output_a (
        .clk(CLKA), .load(load_a), .oce(OCEA), .rst(RSTA),
        .value(down(DATA_WIDTH_A, ada, value_a)), .out(doa)
    );
    ecp5_ram_output #(.REGMODE(REGMODE_B), .RESETMODE(RESETMODE)) output_b (
        .clk(CLKB), .load(load_b), .oce(OCEB), .rst(RSTB),
        .value(down(DATA_WIDTH_B, adb, value_b)), .out(dob)
    );

    initial begin
        if (!(DATA_WIDTH_A == 18 || DATA_WIDTH_A == 9 || DATA_WIDTH_A == 4 || DATA_WIDTH_A == 2
            || DATA_WIDTH_A == 1)) $fatal(1, "DP16KD: DATA_WIDTH_A %0d", DATA_WIDTH_A);
        if (!(DATA_WIDTH_B == 18 || DATA_WIDTH_B == 9 || DATA_WIDTH_B == 4 || DATA_WIDTH_B == 2
            || DATA_WIDTH_B == 1)) $fatal(1, "DP16KD: DATA_WIDTH_B %0d", DATA_WIDTH_B);
        if (!(REGMODE_A == "NOREG" || REGMODE_A == "OUTREG"))
            $fatal(1, "DP16KD: REGMODE_A %s", REGMODE_A);
        if (!(REGMODE_B == "NOREG" || REGMODE_B == "OUTREG"))
            $fatal(1, "DP16KD: REGMODE_B %s", REGMODE_B);
        if (!(WRITEMODE_A == "NORMAL" || WRITEMODE_A == "WRITETHROUGH"
            || WRITEMODE_A == "READBEFOREWRITE")) $fatal(1, "DP16KD: WRITEMODE_A %s", WRITEMODE_A);
        if (!(WRITEMODE_B == "NORMAL" || WRITEMODE_B == "WRITETHROUGH"
            || WRITEMODE_B == "READBEFOREWRITE")) $fatal(1, "DP16KD: WRITEMODE_B %s", WRITEMODE_B);
        if (!(RESETMODE == "SYNC" || RESETMODE == "ASYNC"))
            $fatal(1, "DP16KD: RESETMODE %s", RESETMODE);
        if (RESETMODE == "ASYNC" && ASYNC_RESET_RELEASE != "ASYNC")
            $fatal(1, "DP16KD: ASYNC_RESET_RELEASE %s", ASYNC_RESET_RELEASE);
        if (CSDECODE_A != "0b000") $fatal(1, "DP16KD: CSDECODE_A %s", CSDECODE_A);
        if (CSDECODE_B != "0b000") $fatal(1, "DP16KD: CSDECODE_B %s", CSDECODE_B);
        if (CLKAMUX != "CLKA") $fatal(1, "DP16KD: CLKAMUX %s", CLKAMUX);
        if (CLKBMUX != "CLKB") $fatal(1, "DP16KD: CLKBMUX %s", CLKBMUX);
    end
endmodule

// P = A*B, 18 x 18 bits, each signed or not by SIGNEDA, SIGNEDB, which must not change. Registers
// at each input, in the middle (PIPELINE) and at the output where their _CLK is "CLK0", all on
// CLK0, CE0, RST0: P follows as many edges after A and B as there are on the way.
module MULT18X18D (
    input  A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
    input  B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
    input  C17, C16, C15, C14, C13, C12, C11, C10, C9, C8, C7, C6, C5, C4, C3, C2, C1, C0,
    input  SIGNEDA, SIGNEDB, SOURCEA, SOURCEB, CLK0, CE0, RST0,
    output P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19,
           P18, P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
);
    parameter REG_INPUTA_CLK = "NONE";
    parameter REG_INPUTA_CE = "CE0";
    parameter REG_INPUTA_RST = "RST0";
    parameter REG_INPUTB_CLK = "NONE";
    parameter REG_INPUTB_CE = "CE0";
    parameter REG_INPUTB_RST = "RST0";
    parameter REG_PIPELINE_CLK = "NONE";
    parameter REG_PIPELINE_CE = "CE0";
    parameter REG_PIPELINE_RST = "RST0";
    parameter REG_OUTPUT_CLK = "NONE";
    parameter REG_OUTPUT_CE = "CE0";
    parameter REG_OUTPUT_RST = "RST0";
    parameter SOURCEB_MODE = "B_SHIFT";
    parameter MULT_BYPASS = "DISABLED";
    parameter RESETMODE = "SYNC";
    parameter GSR = "ENABLED"; // The global reset is not modelled: it comes before the first edge.

    wire [17:0] a = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3,
        A2, A1, A0};
    wire [17:0] b = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3,
        B2, B1, B0};
    wire [35:0] p;
    assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20,
        P19, P18, P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2,
        P1, P0} = p;

    reg [17:0] register_a = 0, register_b = 0;
    reg [35:0] middle = 0, result = 0;
    wire [17:0] in_a    = (REG_INPUTA_CLK == "NONE") ? a : register_a;
    wire [17:0] in_b    = (REG_INPUTB_CLK == "NONE") ? b : register_b;
    wire signed [18:0] wide_a = {SIGNEDA & in_a[17], in_a};
    wire signed [18:0] wide_b = {SIGNEDB & in_b[17], in_b};
    wire signed [37:0] exact  = wide_a*wide_b;
    wire [35:0] product = exact[35:0];
    wire [35:0] piped   = (REG_PIPELINE_CLK == "NONE") ? product : middle;
    assign p            = (REG_OUTPUT_CLK == "NONE") ? piped : result;

    always @(posedge CLK0)
        if (RST0) begin
            if (!CE0) $fatal(1, "MULT18X18D: reset without clock enable is not modelled");
            register_a <= 0;
            register_b <= 0;
            middle     <= 0;
            result     <= 0;
        end else if (CE0) begin
            register_a <= a;
            register_b <= b;
            middle     <= product;
            result     <= piped;
        end

    reg [1:0] signs;
    initial signs = {SIGNEDA, SIGNEDB};
    always @(posedge CLK0)
        if (signs != {SIGNEDA, SIGNEDB}) $fatal(1, "MULT18X18D: SIGNEDA or SIGNEDB changed");
    always @(SOURCEA, SOURCEB)
        if (SOURCEA | SOURCEB) $fatal(1, "MULT18X18D: shift inputs are not modelled");

    initial begin
        if (!(REG_INPUTA_CLK == "NONE" || REG_INPUTA_CLK == "CLK0"))
            $fatal(1, "MULT18X18D: REG_INPUTA_CLK %s", REG_INPUTA_CLK);
        if (!(REG_INPUTB_CLK == "NONE" || REG_INPUTB_CLK == "CLK0"))
            $fatal(1, "MULT18X18D: REG_INPUTB_CLK %s", REG_INPUTB_CLK);
        if (!(REG_PIPELINE_CLK == "NONE" || REG_PIPELINE_CLK == "CLK0"))
            $fatal(1, "MULT18X18D: REG_PIPELINE_CLK %s", REG_PIPELINE_CLK);
        if (!(REG_OUTPUT_CLK == "NONE" || REG_OUTPUT_CLK == "CLK0"))
            $fatal(1, "MULT18X18D: REG_OUTPUT_CLK %s", REG_OUTPUT_CLK);
        if (REG_INPUTA_CE != "CE0" || REG_INPUTB_CE != "CE0" || REG_PIPELINE_CE != "CE0"
            || REG_OUTPUT_CE != "CE0") $fatal(1, "MULT18X18D: only CE0 is modelled");
        if (REG_INPUTA_RST != "RST0" || REG_INPUTB_RST != "RST0" || REG_PIPELINE_RST != "RST0"
            || REG_OUTPUT_RST != "RST0") $fatal(1, "MULT18X18D: only RST0 is modelled");
        if (SOURCEB_MODE != "B_SHIFT") $fatal(1, "MULT18X18D: SOURCEB_MODE %s", SOURCEB_MODE);
        if (MULT_BYPASS != "DISABLED") $fatal(1, "MULT18X18D: MULT_BYPASS %s", MULT_BYPASS);
        if (RESETMODE != "SYNC") $fatal(1, "MULT18X18D: RESETMODE %s", RESETMODE);
    end
endmodule
