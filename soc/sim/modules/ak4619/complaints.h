// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* One line on stderr for each distinct thing that is wrong, kept for the report. */
#ifndef AK4619_COMPLAINTS_H
#define AK4619_COMPLAINTS_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPLAINTS_MAX 32 /* a fault that varies from frame to frame must not flood the terminal */

enum rule {
    RULE_NONE, RULE_PDN_PULSE, RULE_POWER_DOWN, RULE_POWER_UP, RULE_SCL_RATE, RULE_ADDRESS,
    RULE_SETUP_ACTIVE,
    RULE_POWER_BITS, RULE_TDM, RULE_DCF, RULE_DSL, RULE_SLOT, RULE_DODL, RULE_KNOWN_VALUE,
    RULE_MCLK_RATIO, RULE_BICK_RATIO, RULE_SAMPLE_RATE, RULE_MCLK_RATE, RULE_SDOPH,
    RULE_LRCK_PHASE, RULE_LRCK_WIDTH, RULE_SDIN_PHASE, RULE_CLOCK_CHANGE, RULE_NOTHING_PLAYED
};

struct complaints {
    int      count;
    uint64_t key[COMPLAINTS_MAX];
    char    *text[COMPLAINTS_MAX];
};

/* `value` tells apart two reasons under one rule (a register, a ratio). */
__attribute__((format(printf, 4, 5)))
static void complain(struct complaints *c, enum rule rule, uint32_t value, const char *format,
                     ...) {
    const uint64_t key = (uint64_t)rule << 32 | value;
    char           text[240];
    va_list        args;

    for (int i = 0; i < c->count; i++)
        if (c->key[i] == key) return;
    if (c->count == COMPLAINTS_MAX) return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fprintf(stderr, "ak4619: %s\n", text);
    c->key[c->count]    = key;
    c->text[c->count++] = strdup(text);
}

#endif
