// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* Strict behavioural model of the AKM AK4619VN codec, at its pins, for LiteX's simulation.
 *
 * It plays and records only what the data sheet's tables allow, and otherwise stays silent and
 * says on stderr, once for each distinct reason, what is wrong and what is allowed. Source: data
 * sheet AK4619VN 200900082-E-00 (2021/06), Tables 1, 2 and 5, as docs/codec.md has them; nothing
 * beyond that is modelled. It follows the edges on the pins and knows no system clock.
 *
 * Pads "codec": mclk, bick, lrck, sdin1, pdn, scl_oe, sda_oe (1 = pull low) from the FPGA; sdout1,
 * sda (level of the wire) to it.
 *
 * Arguments (JSON), all optional:
 *   frames_in        raw int32 x 4, 24-bit codes; "": generator, a 220 Hz triangle of 1.024 V on
 *                    channel 0. After its last frame: silence
 *   frames_out       raw int32 x 4, the words that the DACs take; "": not written
 *   duration_frames  the run ends when so many were played; 0: endless
 *   power_up_ms      from PDN's rise to the first I2C transfer; data sheet and default: 10
 *   i2c_address      that it answers to; default: 0x10
 *   report           path of the JSON report; "": none. See report.h, also for the progress file
 *
 * When the duration is reached, at SIGINT, SIGTERM, or at the end of the simulation, both files are
 * written whole; the first three end the event loop, so that LiteX's main returns 0. A file that
 * cannot be read or written is one line on stderr and a non-zero exit status. */
#define _GNU_SOURCE
#include <signal.h>

#include <event2/event.h>

#include "../common/sim_module.h"
#include "audio_port.h"
#include "control_port.h"
#include "report.h"

#define MODULE      "ak4619"
#define POWER_UP_MS 10.0 /* data sheet */

static struct event_base *base;
static struct codec      *codecs; /* all of them, for the end of the process */

/* End of the run ------------------------------------------------------------------------------- */

static void say_why_silent(struct codec *c) {
    struct complaints *to = &c->complaints;
    if (!(c->pins & PIN_PDN))
        complain(to, RULE_NOTHING_PLAYED, 0,
                 "no frame was played: PDN is low");
    else if (!registers_active(c->registers))
        complain(to, RULE_NOTHING_PLAYED, 0,
                 "no frame was played: register 0x00 = %02X, the codec is in reset; allowed: 37, "
                 "written over I2C", c->registers[0]);
    else if (!c->port.referenced)
        complain(to, RULE_NOTHING_PLAYED, 0,
                 "no frame was played: no whole frame of LRCK was seen since RSTN=1");
    else if (!to->count)
        complain(to, RULE_NOTHING_PLAYED, 0,
                 "no frame was played: the first one had not ended");
}

static void finish(struct codec *c) {
    if (c->finished) return;
    c->finished = true;
    if (!c->frames_played) say_why_silent(c);
    const bool written = frames_close_out(&c->frames);
    if (report_write(c) && written) return;
    fflush(NULL);
    _exit(1);
}

/* $finish in the design, with LiteX's main, which closes no module; not a start that failed. */
static void finish_all(void) {
    for (struct codec *c = codecs; c; c = c->next)
        if (c->started) finish(c);
}

static void end_run(struct codec *c) {
    finish(c);
    event_base_loopbreak(base);
}

static void on_signal(evutil_socket_t number, short what, void *codec) { end_run(codec); }

static void on_timer(evutil_socket_t none, short what, void *codec) {
    struct codec *c = codec;
    if (!c->finished && !report_progress(c)) {
        fprintf(stderr, "ak4619: %s: %s\n", c->progress_path, strerror(errno));
        close(c->progress_file);
        c->progress_file = -1;
    }
}

/* Pins ----------------------------------------------------------------------------------------- */

static void begin(struct codec *c, unsigned pins) {
    c->started     = true;
    c->pins        = pins;
    c->pdn_edge_ps = c->now_ps;
    c->i2c.scl     = !(pins & PIN_SCL);
    c->i2c.sda     = !(pins & PIN_SDA);
    *c->pads.sda   = c->i2c.sda;
}

static void pins_changed(struct codec *c, unsigned pins) {
    if (!c->started) begin(c, pins);
    const unsigned changed = pins ^ c->pins;
    c->pins = pins;
    if (changed & PIN_PDN) pdn_edge(c, pins & PIN_PDN);
    if (changed & (PIN_SCL | PIN_SDA | PIN_PDN))
        *c->pads.sda = i2c_wires(&c->i2c, !(pins & PIN_SCL), !(pins & PIN_SDA), c->now_ps);
    if (!registers_active(c->registers) || !port_edges(c, pins, changed)) return;

    const uint32_t mask = WORD_MASK[DIDL(c->registers)];
    for (int i = 0; i < CHANNELS; i++) c->port.dac[i] &= mask;
    frames_put(&c->frames, c->port.dac);
    c->frames_played++;
    c->played_ps += c->port.closed.period_ps;
    if (c->frames_played == c->duration_frames) end_run(c);
}

/* Called on every half cycle of the fastest clock: nearly always nothing has changed. */
static int ak4619_tick(void *session, uint64_t time_ps) {
    struct codec      *c = session;
    const struct pads *p = &c->pads;
    const unsigned     pins = *p->mclk | *p->bick << 1 | *p->lrck << 2 | *p->sdin1 << 3 |
                          *p->scl_oe << 4 | *p->sda_oe << 5 | *p->pdn << 6;
    if (!c->finished) {
        c->now_ps = time_ps;
        if (pins != c->pins) pins_changed(c, pins);
    }
    return RC_OK;
}

/* LiteX ---------------------------------------------------------------------------------------- */

static int ak4619_start(void *b) {
    base = b;
    return RC_OK;
}

static int read_arguments(struct codec *c, const char *text) {
    static const char *const known[] = {"frames_in", "frames_out", "duration_frames", "power_up_ms",
                                        "i2c_address", "report", NULL};
    double       duration = 0, address = I2C_ADDRESS_AK4619;
    json_object *args     = sim_args_parse(MODULE, text, known);
    if (!args) return RC_JSERROR;
    int bad = sim_arg_text(MODULE, args, "frames_in", &c->in_path);
    if (!bad) bad = sim_arg_text(MODULE, args, "frames_out", &c->out_path);
    if (!bad) bad = sim_arg_text(MODULE, args, "report", &c->report_path);
    if (!bad) bad = sim_arg_number(MODULE, args, "duration_frames", 0, 1e15, true, &duration);
    if (!bad) bad = sim_arg_number(MODULE, args, "power_up_ms", 0, 1e6, false, &c->power_up_ms);
    if (!bad) bad = sim_arg_number(MODULE, args, "i2c_address", 0, 127, true, &address);
    json_object_put(args);
    c->i2c.address     = (uint8_t)address;
    c->duration_frames = (uint64_t)duration;
    c->power_up_ps     = (uint64_t)(c->power_up_ms * PS_PER_MS);
    return bad;
}

static bool listen_to_events(struct codec *c) {
    static const int      signals[2] = {SIGINT, SIGTERM};
    const struct timeval  quarter    = {0, 250000};
    for (int i = 0; i < 2; i++) c->events[i] = evsignal_new(base, signals[i], on_signal, c);
    c->events[2] = event_new(base, -1, EV_PERSIST, on_timer, c);
    for (int i = 0; i < 3; i++)
        if (!c->events[i] || event_add(c->events[i], i == 2 ? &quarter : NULL)) return false;
    return true;
}

static int ak4619_new(void **session, char *args) {
    struct codec *c = calloc(1, sizeof(*c));
    if (!c) return RC_NOENMEM;
    c->pins          = ~0u; /* unlike any pins: the first tick is a change */
    c->power_up_ms   = POWER_UP_MS;
    c->progress_file = -1;
    c->wall_start    = seconds_of(CLOCK_MONOTONIC);
    c->cpu_start     = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    c->i2c = (struct i2c_slave){.address = I2C_ADDRESS_AK4619, .owner = c, .selected = on_selected,
                                .write = on_write, .read = on_read, .rate = on_scl_rate};
    if (read_arguments(c, args) != RC_OK) return RC_JSERROR;
    if (c->in_path && *c->in_path && !frames_open_in(&c->frames, c->in_path)) return RC_ERROR;
    if (!report_open(c)) return RC_ERROR;
    if (c->out_path && *c->out_path && !frames_open_out(&c->frames, c->out_path)) return RC_ERROR;
    if (!listen_to_events(c)) return RC_ERROR;
    if (c->power_up_ms != POWER_UP_MS) {
        printf("ak4619: power_up_ms = %g instead of the data sheet's %g ms\n", c->power_up_ms,
               POWER_UP_MS);
        fflush(stdout);
    }
    if (!codecs) atexit(finish_all);
    c->next  = codecs;
    codecs   = c;
    *session = c;
    return RC_OK;
}

static int ak4619_add_pads(void *session, struct pad_list_s *list) {
    struct codec *c = session;
    struct pads  *p = &c->pads;
    if (strcmp(list->name, "codec")) return RC_OK; /* LiteX also offers sys_clk */
    const struct pad_wanted wanted[] = {
        {"mclk", &p->mclk}, {"bick", &p->bick}, {"lrck", &p->lrck}, {"sdin1", &p->sdin1},
        {"sdout1", &p->sdout1}, {"scl_oe", &p->scl_oe}, {"sda_oe", &p->sda_oe}, {"sda", &p->sda},
        {"pdn", &p->pdn}, {NULL, NULL}};
    if (sim_pads_get(MODULE, list, wanted) != RC_OK) return RC_ERROR;
    *p->sda    = 1;
    *p->sdout1 = 0;
    return RC_OK;
}

static int ak4619_close(void *session) {
    finish(session);
    return RC_OK;
}

static struct ext_module_s module = {MODULE, ak4619_start, ak4619_new, ak4619_add_pads,
                                     ak4619_close, ak4619_tick};

int litex_sim_ext_module_init(int (*register_module)(struct ext_module_s *)) {
    return register_module(&module);
}
