// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* Serial audio port: measures the clocks, judges them by Table 1, plays and records TDM128.
 *
 * TDM128, I2S compatible (Table 2): a frame starts where LRCK falls; BICK period 0 begins at that
 * edge and still holds the last bit of the frame before; periods 1 to 128 hold the bits of the
 * frame, slot 0 first, MSB first (the 128th is period 0 of the next frame). SDIN1 and SDOUT1
 * change where BICK makes the edge that it makes at LRCK (Table 5: falls with BCKP=0, rises with
 * BCKP=1), and are sampled at the other one. SDOPH is taken to move SDOUT1 within its bit only, so
 * it has no effect here.
 *
 * LRCK frame k, counted from the first falling edge after the codec left reset, is measured; at its
 * end it is judged. From the first edge with a good frame behind it on, frames carry data: that is
 * frame 0 of frames_in and of frames_out. A frame counts as played, and is written, when its 128th
 * bit is in and its own clocks were good. So frames_in[n] and frames_out[n] crossed the pins at the
 * same time, in the 128 BICK periods from period 1 after the same edge of LRCK. */
#ifndef AK4619_AUDIO_PORT_H
#define AK4619_AUDIO_PORT_H

#include <math.h>

#include "codec.h"

#define FRAME_BITS    128
#define MCLK_MAX_HZ   24.822e6
#define BICK_SLOW_HZ  12.288e6 /* above it SDOPH must be 1 */
#define RATE_LEEWAY   0.01     /* MCLK_MAX_HZ is 1 % above 128 * 192, 256 * 96 and 512 * 48 kHz */

static void port_silence(struct codec *c) {
    c->port.playing  = false;
    *c->pads.sdout1 = 0;
}

static void port_reset(struct codec *c) {
    memset(&c->port, 0, sizeof(c->port));
    port_silence(c);
}

/* Table 1 and the limits of the clocks, for a frame whose registers are good. */
static bool port_judge_clocks(struct codec *c, const struct frame_clocks *f) {
    const uint8_t          *r   = c->registers;
    const struct clock_row *row = &CLOCK_ROWS[FS(r)];
    const double fs = 1e12 / (double)f->period_ps, mclk = f->mclk * fs, bick = f->bick * fs;
    bool         ok = true;

    if (f->mclk != row->mclk_ratio) {
        complain(&c->complaints, RULE_MCLK_RATIO, r[3] << 16 | (f->mclk & 0xffff),
                 "MCLK/LRCK = %u with register 0x03 = %02X; allowed: %u", f->mclk, r[3],
                 row->mclk_ratio);
        ok = false;
    }
    if (f->bick != FRAME_BITS) {
        complain(&c->complaints, RULE_BICK_RATIO, f->bick,
                 "BICK/LRCK = %u with registers 0x01 = %02X, 0x02 = %02X (TDM128); allowed: %d",
                 f->bick, r[1], r[2], FRAME_BITS);
        ok = false;
    }
    if (fs < row->low_hz * (1 - RATE_LEEWAY) || fs > row->high_hz * (1 + RATE_LEEWAY)) {
        complain(&c->complaints, RULE_SAMPLE_RATE, r[3] << 24 | ((unsigned)(fs / 1e3) & 0xffffff),
                 "fs = %.3f kHz with register 0x03 = %02X; allowed: %g to %g kHz", fs / 1e3, r[3],
                 row->low_hz / 1e3, row->high_hz / 1e3);
        ok = false;
    }
    if (mclk > MCLK_MAX_HZ) {
        complain(&c->complaints, RULE_MCLK_RATE, 0,
                 "MCLK = %.3f MHz; allowed: at most %.3f MHz", mclk / 1e6, MCLK_MAX_HZ / 1e6);
        ok = false;
    }
    if (bick > BICK_SLOW_HZ * (1 + RATE_LEEWAY) && !SDOPH(r)) {
        complain(&c->complaints, RULE_SDOPH, r[1],
                 "BICK = %.3f MHz with register 0x01 = %02X, SDOPH=0; allowed: SDOPH=1 above %.3f "
                 "MHz", bick / 1e6, r[1], BICK_SLOW_HZ / 1e6);
        ok = false;
    }
    return ok;
}

/* The edges of LRCK in the frame that has ended. */
static bool port_judge_lrck(struct codec *c) {
    const uint8_t  *r     = c->registers;
    const enum rule fault = c->port.lrck_fault;
    if (fault == RULE_LRCK_PHASE)
        complain(&c->complaints, fault, r[1],
                 "LRCK changes where BICK %s, with register 0x01 = %02X, BCKP=%d; allowed: where "
                 "BICK %s", BCKP(r) ? "falls" : "rises", r[1], BCKP(r),
                 BCKP(r) ? "rises" : "falls");
    if (fault == RULE_LRCK_WIDTH)
        complain(&c->complaints, fault, 0,
                 "LRCK is high or low for less than one BICK; allowed: at least one BICK each");
    return fault == RULE_NONE;
}

/* Clocks may change only in standby, reset or power-down. */
static void port_watch_clocks(struct codec *c, const struct frame_clocks *f) {
    struct audio_port         *p = &c->port;
    const struct frame_clocks *r = &p->reference;
    if (!p->referenced) {
        p->reference  = *f;
        p->referenced = true;
        return;
    }
    const double change = fabs((double)f->period_ps - (double)r->period_ps);
    if (f->mclk == r->mclk && f->bick == r->bick && change <= RATE_LEEWAY * (double)r->period_ps)
        return;
    complain(&c->complaints, RULE_CLOCK_CHANGE, 0,
             "clocks changed while RSTN=1: MCLK/LRCK %u -> %u, BICK/LRCK %u -> %u, fs %.3f -> %.3f"
             " kHz; allowed: in standby, reset (RSTN=0) or power-down only; silent until RSTN goes"
             " 0 -> 1", r->mclk, f->mclk, r->bick, f->bick, 1e9 / (double)r->period_ps,
             1e9 / (double)f->period_ps);
    p->locked_out = true;
}

static bool port_judge(struct codec *c, const struct frame_clocks *f) {
    struct audio_port *p = &c->port;
    if (c->registers_new && !i2c_busy(&c->i2c)) { /* not in the midst of a set-up */
        c->registers_ok  = registers_judge(c->registers, &c->complaints);
        c->registers_new = false;
    }
    if (!p->locked_out) port_watch_clocks(c, f);
    if (p->locked_out || !c->registers_ok) return false;
    return port_judge_clocks(c, f) & port_judge_lrck(c);
}

static void port_load_frame(struct codec *c) {
    struct audio_port *p = &c->port;
    const uint32_t     mask = WORD_MASK[DODL(c->registers)];
    int32_t            codes[CHANNELS];
    frames_get(&c->frames, c->frames_played + p->closing, p->closed.period_ps, codes);
    for (int i = 0; i < CHANNELS; i++) p->adc[i] = (uint32_t)codes[i] << 8 & mask;
}

/* Call at every edge of LRCK, before the edge of BICK that comes with it is counted. */
static void port_lrck_edge(struct codec *c, unsigned pins, bool bick_edge) {
    struct audio_port *p = &c->port;
    const bool         fell = !(pins & PIN_LRCK);

    const unsigned     bick = p->now.bick + bick_edge;

    if ((bool)(pins & PIN_BICK) != BCKP(c->registers)) p->lrck_fault = RULE_LRCK_PHASE;
    else if (bick == p->lrck_edge_bick) p->lrck_fault = RULE_LRCK_WIDTH;
    p->lrck_edge_bick = bick;
    if (!fell) return;

    p->now.period_ps = c->now_ps - p->start_ps;
    p->closed = p->now;
    if (p->measuring) c->measured = p->closed;
    const bool good = p->measuring && port_judge(c, &p->closed);
    p->closing      = p->playing && good;
    if (good) {
        port_load_frame(c);
        p->playing = true;
    } else port_silence(c);

    p->measuring      = true;
    p->lrck_fault     = RULE_NONE;
    p->now            = (struct frame_clocks){0};
    p->start_ps       = c->now_ps;
    p->position       = bick_edge ? -1 : 0;
    p->lrck_edge_bick = bick_edge;
}

/* The edge of BICK at which data change. */
static void port_bick_drive(struct codec *c) {
    struct audio_port *p = &c->port;
    p->now.bick++;
    p->position++;
    if (!p->playing) return;
    const int bit = p->position - 1;
    if (bit < 0) *c->pads.sdout1 = 0; /* the last of 32 bits, of which the codec fills 24 */
    else if (bit < FRAME_BITS) *c->pads.sdout1 = p->adc[bit >> 5] >> (31 - (bit & 31)) & 1;
}

/* The edge of BICK at which data are sampled. Returns true when a whole frame is in. */
static bool port_bick_sample(struct codec *c, unsigned pins, unsigned changed) {
    struct audio_port *p = &c->port;
    if (!p->playing && !p->closing) return false;
    if (changed & PIN_SDIN) {
        complain(&c->complaints, RULE_SDIN_PHASE, c->registers[1],
                 "SDIN1 changes where BICK %s, where it is sampled with register 0x01 = %02X, "
                 "BCKP=%d; allowed: where BICK %s; silent until RSTN goes 0 -> 1",
                 BCKP(c->registers) ? "falls" : "rises", c->registers[1], BCKP(c->registers),
                 BCKP(c->registers) ? "rises" : "falls");
        p->locked_out = true;
        p->closing    = false;
        port_silence(c);
        return false;
    }
    p->shift = p->shift << 1 | !!(pins & PIN_SDIN);
    if (p->position == 0) {
        if (!p->closing) return false;
        p->closing           = false;
        p->dac[CHANNELS - 1] = p->shift;
        return true;
    }
    if (p->position % 32 == 0 && p->position < FRAME_BITS) p->dac[p->position / 32 - 1] = p->shift;
    return false;
}

/* Any change of MCLK, BICK, LRCK or SDIN1 while the codec is out of reset. */
static bool port_edges(struct codec *c, unsigned pins, unsigned changed) {
    const unsigned drive_level = BCKP(c->registers) ? PIN_BICK : 0;
    if (changed & pins & PIN_MCLK) c->port.now.mclk++;
    if (changed & PIN_LRCK) port_lrck_edge(c, pins, changed & PIN_BICK);
    if (!(changed & PIN_BICK)) return false;
    if ((pins & PIN_BICK) != drive_level) return port_bick_sample(c, pins, changed);
    port_bick_drive(c);
    return false;
}

#endif
