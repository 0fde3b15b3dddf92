// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* Control port: PDN, and the registers behind the I2C slave.
 *
 * Timing and addresses from docs/codec.md: PDN low for at least 600 ns, registers may be written 10 ms
 * after it rises (power_up_ms), SCL at most 400 kHz, no writes above 0x14, the clock and format
 * set-up only in reset. An early or forbidden transfer is not acknowledged. */
#ifndef AK4619_CONTROL_PORT_H
#define AK4619_CONTROL_PORT_H

#include "audio_port.h"

#define PDN_LOW_PS 600000u
#define SCL_MIN_PS 2500000u
#define PS_PER_MS  1e9

static bool on_selected(void *codec) {
    struct codec *c = codec;
    if (!(c->pins & PIN_PDN)) {
        complain(&c->complaints, RULE_POWER_DOWN, 0,
                 "I2C transfer while PDN is low: not acknowledged; allowed: %g ms after PDN rises",
                 c->power_up_ms);
        return false;
    }
    if (!c->pulse_good) {
        complain(&c->complaints, RULE_PDN_PULSE, 1,
                 "I2C transfer without a reset by PDN before: not acknowledged; allowed: PDN low "
                 "for at least 600 ns, then high");
        return false;
    }
    const uint64_t high_ps = c->now_ps - c->pdn_edge_ps;
    if (high_ps >= c->power_up_ps) return true;
    complain(&c->complaints, RULE_POWER_UP, 0,
             "I2C transfer %.3f ms after PDN rose: not acknowledged; allowed: %g ms after it "
             "(power_up_ms)", (double)high_ps / PS_PER_MS, c->power_up_ms);
    return false;
}

static void write_register(struct codec *c, unsigned address, uint8_t value) {
    const uint8_t old = c->registers[address];
    if (value == old) return;
    const bool was_active = registers_active(c->registers);
    if (was_active && address >= 1 && address <= 3) {
        complain(&c->complaints, RULE_SETUP_ACTIVE, address,
                 "register 0x%02X changes from %02X to %02X while RSTN=1; allowed: in reset "
                 "(register 0x00 = 36), RSTN 0 -> 1 last; silent until then", address, old, value);
        c->port.locked_out = true;
    }
    c->registers[address] = value;
    c->registers_new      = true;
    if (was_active != registers_active(c->registers)) {
        c->registers_ok = false;
        port_reset(c);
    }
}

static bool on_write(void *codec, bool first, uint8_t value) {
    struct codec *c = codec;
    if (first) {
        c->pointer = value;
        return true;
    }
    if (c->pointer >= REGISTERS) {
        complain(&c->complaints, RULE_ADDRESS, c->pointer,
                 "register 0x%02X is written (%02X): not acknowledged; allowed: 0x00 to 0x14",
                 c->pointer, value);
        return false;
    }
    write_register(c, c->pointer++, value);
    return true;
}

static uint8_t on_read(void *codec) {
    struct codec *c = codec;
    return c->pointer < REGISTERS ? c->registers[c->pointer++] : 0xff;
}

static void on_scl_rate(void *codec, uint64_t period_ps) {
    struct codec *c = codec;
    if (period_ps < SCL_MIN_PS)
        complain(&c->complaints, RULE_SCL_RATE, 0,
                 "SCL = %.1f kHz; allowed: at most 400 kHz", 1e9 / (double)period_ps);
}

static void pdn_edge(struct codec *c, bool high) {
    const uint64_t low_ps = c->now_ps - c->pdn_edge_ps;
    c->pdn_edge_ps        = c->now_ps;
    if (!high) {
        memset(c->registers, 0, sizeof(c->registers));
        i2c_reset(&c->i2c);
        port_reset(c);
        c->registers_ok = c->registers_new = false;
        return;
    }
    c->pulse_good = low_ps >= PDN_LOW_PS;
    if (!c->pulse_good)
        complain(&c->complaints, RULE_PDN_PULSE, 0,
                 "PDN was low for %.1f ns; allowed: at least 600 ns", (double)low_ps / 1e3);
}

#endif
