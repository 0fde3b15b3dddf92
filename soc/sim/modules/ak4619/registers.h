// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* Register map of the AK4619VN as far as the data sheet's tables decide whether it plays.
 *
 * Source: AK4619VN data sheet 200900082-E-00 (2021/06), Tables 1, 2 and 5, see docs/codec.md. The
 * reset values are not modelled: all registers are 00 after PDN here, so a set-up must write every
 * one of them. */
#ifndef AK4619_REGISTERS_H
#define AK4619_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "complaints.h"

#define REGISTERS 0x15 /* 0x00 to 0x14; 0x15 to 0x7F must not be written */

/* 0x00 */
#define RSTN       0x01
#define POWER_BITS 0x36 /* PMAD2, PMAD1, PMDA2, PMDA1 */
/* 0x01 */
#define TDM(r)   ((r)[1] >> 7 & 1)
#define DCF(r)   ((r)[1] >> 4 & 7)
#define DSL(r)   ((r)[1] >> 2 & 3)
#define BCKP(r)  ((r)[1] >> 1 & 1)
#define SDOPH(r) ((r)[1] & 1)
/* 0x02 */
#define SLOT(r) ((r)[2] >> 4 & 1)
#define DIDL(r) ((r)[2] >> 2 & 3)
#define DODL(r) ((r)[2] & 3)
/* 0x03 */
#define FS(r) ((r)[3] & 7)

/* Table 1. */
struct clock_row {
    unsigned mclk_ratio;
    double   low_hz, high_hz;
};

static const struct clock_row CLOCK_ROWS[8] = {
    {256, 8e3, 48e3},   {256, 96e3, 96e3},   {384, 8e3, 48e3},   {512, 8e3, 48e3},
    {128, 192e3, 192e3}, {128, 192e3, 192e3}, {128, 192e3, 192e3}, {128, 192e3, 192e3},
};

/* Valid bits of a 32-bit slot: DIDL 00 = 24, 01 = 20, 10 = 16, 11 = 32; DODL alike up to 10. */
static const uint32_t WORD_MASK[4] = {0xffffff00, 0xfffff000, 0xffff0000, 0xffffffff};

/* 0x04 to 0x14: gains, volumes, filters, inputs and mutes of the set-up that is known to play. The
 * model does not simulate them, so it accepts only what leaves a sample as it is. */
static const uint8_t KNOWN_VALUES[REGISTERS - 4] = {
    0x22, 0x22, 0x30, 0x30, 0x30, 0x30, 0x22, 0x55, 0x00, 0x06, 0x18, 0x18, 0x18, 0x18, 0x04, 0x05,
    0x0a,
};

static inline bool registers_active(const uint8_t *r) {
    return (r[0] & RSTN) && (r[0] & POWER_BITS);
}

/* Whether `r` selects what the model plays; says what does not. */
static bool registers_judge(const uint8_t *r, struct complaints *c) {
    bool      ok     = true;

    if ((r[0] & POWER_BITS) != POWER_BITS) {
        complain(c, RULE_POWER_BITS, r[0],
                 "register 0x00 = %02X: power management bits PMAD2, PMAD1, PMDA2, PMDA1 are not "
                 "all on; allowed: 37", r[0]);
        ok = false;
    }
    if (!TDM(r)) {
        complain(c, RULE_TDM, r[1],
                 "register 0x01 = %02X: TDM=0, stereo, is not modelled; allowed: TDM=1 (AE, or AF "
                 "above 12.288 MHz of BICK)", r[1]);
        ok = false;
    }
    if (DCF(r) != 2) {
        complain(c, RULE_DCF, r[1],
                 "register 0x01 = %02X: DCF=%d%d%d is not modelled; allowed: 010 (I2S compatible)",
                 r[1], DCF(r) >> 2, DCF(r) >> 1 & 1, DCF(r) & 1);
        ok = false;
    }
    if (DSL(r) != 3) {
        complain(c, RULE_DSL, r[1],
                 "register 0x01 = %02X: DSL=%d%d is not modelled; allowed: 11 (32-bit slots)", r[1],
                 DSL(r) >> 1, DSL(r) & 1);
        ok = false;
    }
    if (!SLOT(r)) {
        complain(c, RULE_SLOT, r[2],
                 "register 0x02 = %02X: SLOT=0 is not modelled; allowed: SLOT=1 (TDM128, 1C)",
                 r[2]);
        ok = false;
    }
    if (DODL(r) == 3) {
        complain(c, RULE_DODL, r[2],
                 "register 0x02 = %02X: DODL=11; allowed: 00 (24 bits), 01 (20), 10 (16)", r[2]);
        ok = false;
    }
    for (int i = 4; i < REGISTERS; i++)
        if (r[i] != KNOWN_VALUES[i - 4]) {
            complain(c, RULE_KNOWN_VALUE, i << 8 | r[i],
                     "register 0x%02X = %02X is not modelled; allowed: %02X, as in the known set-"
                     "up", i, r[i], KNOWN_VALUES[i - 4]);
            ok = false;
        }
    return ok;
}

#endif
