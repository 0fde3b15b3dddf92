// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* The SoC's serial port as bytes with valid and ready, as RS232PHYModel has it: pads "serial", of
 * sink_valid, sink_data, sink_ready (to the SoC), source_valid, source_data, source_ready (from it),
 * and "sys_clk". */
#ifndef SERIAL_PORT_H
#define SERIAL_PORT_H

#include "sim_module.h"

struct serial_port {
    uint8_t *sink_valid, *sink_data, *sink_ready;
    uint8_t *source_valid, *source_data, *source_ready;
    uint8_t *sys_clk;

    bool    clk, source_taken, sink_taken; /* sampled before the rising edge */
    uint8_t source_byte;
};

static inline void serial_port_start(struct serial_port *p) {
    p->clk = true; /* the first edge counts after a low half only */
}

static inline int serial_port_add_pads(const char *module, struct serial_port *p,
                                       struct pad_list_s *list) {
    const struct pad_wanted serial[] = {
        {"sink_valid", &p->sink_valid}, {"sink_data", &p->sink_data},
        {"sink_ready", &p->sink_ready}, {"source_valid", &p->source_valid},
        {"source_data", &p->source_data}, {"source_ready", &p->source_ready}, {NULL, NULL}};
    const struct pad_wanted clock[] = {{"sys_clk", &p->sys_clk}, {NULL, NULL}};
    if (!strcmp(list->name, "serial")) return sim_pads_get(module, list, serial);
    if (!strcmp(list->name, "sys_clk")) return sim_pads_get(module, list, clock);
    return RC_OK;
}

/* Whether this tick is a rising edge. A byte crosses where valid and ready are high before it. They
 * are sampled in the low half of the clock: after the edge they already belong to the next byte, and
 * `ready` may depend on `valid` within the cycle. */
static inline bool serial_port_edge(struct serial_port *p) {
    if (!*p->sys_clk) {
        p->source_taken = *p->source_valid & *p->source_ready;
        p->source_byte  = *p->source_data;
        p->sink_taken   = *p->sink_valid & *p->sink_ready;
        p->clk          = false;
        return false;
    }
    const bool edge = !p->clk;
    p->clk = true;
    return edge;
}

#endif
