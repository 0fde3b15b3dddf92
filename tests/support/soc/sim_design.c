// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* Stands in for the verilated SoC under LiteX's own simulation core, to test modules at their pads.
 *
 *   codec PINS OUT   plays a byte of codec pins each tick, bits in the order of the enum below.
 *                    PINS starts with a uint64, the tick to go back to at the end (past it: end).
 *                    OUT: each tick's sdout1 | sda << 1, as the SoC's registers see them.
 *   serial COUNT N   each of two UARTs, once it has taken N bytes, gives COUNT bytes,
 *                    (7 i + 13 (i >> 8) + 101 port) & 255, and appends what it takes to rx0, rx1;
 *                    random stalls both ways, now and then long. Leaves given0, given1 when done.
 *   echo             each UART gives back what it takes. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pads.h"

enum { MCLK, BICK, LRCK, SDIN1, SCL_OE, SDA_OE, PDN, CODEC_INPUTS };

static uint8_t      sys_clk, codec[CODEC_INPUTS], sdout1, sda;
static struct pad_s clock_pads[] = {{"sys_clk", 1, &sys_clk}, {NULL, 0, NULL}};
static struct pad_s codec_pads[] = {
    {"mclk", 1, &codec[MCLK]}, {"bick", 1, &codec[BICK]}, {"lrck", 1, &codec[LRCK]},
    {"sdin1", 1, &codec[SDIN1]}, {"scl_oe", 1, &codec[SCL_OE]}, {"sda_oe", 1, &codec[SDA_OE]},
    {"pdn", 1, &codec[PDN]}, {"sdout1", 1, &sdout1}, {"sda", 1, &sda}, {NULL, 0, NULL}};

struct uart {
    uint8_t      sink_valid, sink_data, sink_ready, source_valid, source_data, source_ready;
    struct pad_s pads[7];
    uint32_t     random, stall_in, stall_out, given;
    bool         take;
    uint8_t      fifo[65536]; /* echo */
    uint32_t     taken;
    FILE        *record;
};

static struct uart uarts[2];
static bool        is_codec, is_echo, finished;
static uint8_t    *script;
static uint64_t    ticks, loop_start, tick;
static uint32_t    count, wanted_first;
static FILE       *out;

/* Codec ---------------------------------------------------------------------------------------- */

static void load_script(const char *path, const char *out_path) {
    FILE *file = fopen(path, "rb");
    out        = fopen(out_path, "wb");
    fseek(file, 0, SEEK_END);
    ticks = ftell(file) - sizeof(loop_start);
    rewind(file);
    script = malloc(ticks);
    if (fread(&loop_start, sizeof(loop_start), 1, file) != 1) abort();
    if (fread(script, 1, ticks, file) != ticks) abort();
    fclose(file);
}

static void codec_eval(void) {
    if (out) fputc(sdout1 | sda << 1, out);
    for (int i = 0; i < CODEC_INPUTS; i++) codec[i] = script[tick] >> i & 1;
    if (++tick < ticks) return;
    finished = loop_start >= ticks;
    tick     = finished ? ticks - 1 : loop_start;
    if (!finished && out) {
        fclose(out);
        out = NULL;
    }
}

/* UARTs ---------------------------------------------------------------------------------------- */

static uint32_t next_random(struct uart *u) {
    u->random ^= u->random << 13;
    u->random ^= u->random >> 17;
    return u->random ^= u->random << 5;
}

static uint32_t next_stall(struct uart *u) {
    const uint32_t r = next_random(u);
    return r % 20000 == 0 ? 100000 : r % 4 ? 0 : r >> 8 & 7;
}

/* `ready` depends on `valid` within the cycle, as a state machine's may. */
static void uart_comb(struct uart *u) { u->sink_ready = u->sink_valid && u->take; }

static void uart_clock(struct uart *u, int port) {
    uart_comb(u);
    if (u->sink_valid && u->sink_ready) {
        u->fifo[u->taken++ % sizeof(u->fifo)] = u->sink_data;
        if (!is_echo) fputc(u->sink_data, u->record);
        u->stall_in = next_stall(u);
    } else if (u->stall_in) u->stall_in--;
    u->take = !u->stall_in;

    if (u->source_valid && u->source_ready) {
        u->source_valid = 0;
        u->stall_out    = next_stall(u);
        if (++u->given == count && !is_echo) {
            const char name[] = {'g', 'i', 'v', 'e', 'n', (char)('0' + port), 0};
            fclose(fopen(name, "wb"));
        }
    } else if (u->stall_out) u->stall_out--;
    if (!u->source_valid && !u->stall_out && u->taken >= wanted_first &&
        u->given < (is_echo ? u->taken : count)) {
        const uint32_t i = u->given;
        u->source_valid  = 1;
        u->source_data   = 7 * i + 13 * (i >> 8) + 101 * port;
        if (is_echo) u->source_data = u->fifo[i % sizeof(u->fifo)];
    } else if (!u->source_valid) u->source_data = 0xee; /* must not be taken */
}

static void open_uart(struct uart *u, int port) {
    const char   name[] = {'r', 'x', (char)('0' + port), 0};
    struct pad_s pads[] = {
        {"sink_valid", 1, &u->sink_valid}, {"sink_data", 8, &u->sink_data},
        {"sink_ready", 1, &u->sink_ready}, {"source_valid", 1, &u->source_valid},
        {"source_data", 8, &u->source_data}, {"source_ready", 1, &u->source_ready},
        {NULL, 0, NULL}};
    memcpy(u->pads, pads, sizeof(pads));
    u->random = 12345 + port;
    u->record = is_codec || is_echo ? NULL : fopen(name, "wb");
    if (u->record) setvbuf(u->record, NULL, _IONBF, 0);
    litex_sim_register_pads(u->pads, "serial", port);
}

/* LiteX's simulation core ---------------------------------------------------------------------- */

void litex_sim_init_cmdargs(int argc, char *argv[]) {
    is_codec = argc == 4 && !strcmp(argv[1], "codec");
    is_echo  = argc == 2 && !strcmp(argv[1], "echo");
    if (is_codec) load_script(argv[2], argv[3]);
    if (argc == 4 && !strcmp(argv[1], "serial")) {
        count        = strtoul(argv[2], NULL, 10);
        wanted_first = strtoul(argv[3], NULL, 10);
    }
}

void litex_sim_init(void **sim) {
    litex_sim_register_pads(clock_pads, "sys_clk", 0);
    litex_sim_register_pads(codec_pads, "codec", 0);
    for (int i = 0; i < 2; i++) open_uart(&uarts[i], i);
    *sim = &sys_clk;
}

void litex_sim_eval(void *sim, uint64_t time_ps) {
    static uint8_t last = 1;
    (void)sim, (void)time_ps;
    if (is_codec) {
        codec_eval();
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (sys_clk && !last) uart_clock(&uarts[i], i);
        uart_comb(&uarts[i]);
    }
    last = sys_clk;
}

void litex_sim_dump(void) {}

int litex_sim_got_finish(void) { return finished; }
