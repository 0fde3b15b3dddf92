// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

// Runs a verilated SoC with LiteX's simulation modules: takes the place of LiteX's sim.c and veril.cpp.
//
// Why not those: they need the clock's half period to be a whole number of picoseconds (49.152 MHz has
// none), flush a trace file every tick, and never close the modules, so that Ctrl-C loses what these
// have not written yet. The modules (struct ext_module_s) are the same and are loaded as LiteX does.
//
// It ends well on SIGINT and SIGTERM, and when the program that started it is gone: nothing else could stop it.
//
// Usage: Vsim SYS_CLK_HZ [RATIO]      in a folder with sim_config.js, modules/ and the memories' *.init
// RATIO: periods of wavenet_clk, which a design may have, in one of sys_clk; all edges of sys_clk are
// rising edges of wavenet_clk, as from one PLL. 1, 2 or 4

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include <event2/event.h>

#include "Vsim.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_fst_c.h"
#endif

extern "C" {
#include "error.h"
#include "modules.h"
int  litex_sim_pads_get_list(struct pad_list_s **list);
int  litex_sim_pads_find(struct pad_list_s *first, char *name, int index, struct pad_list_s **found);
void litex_sim_init(void **sim);
}

namespace {

const int SESSIONS_MAX    = 16;
const int CYCLES_PER_POLL = 1000; // cycles between two looks at the sockets

struct Session {
    ext_module_s *module;
    void         *state;
};

Session  first[SESSIONS_MAX], last[SESSIONS_MAX]; // ticked before and after the SoC's evaluation
int      firsts, lasts;
uint64_t time_ps;

void on_signal(evutil_socket_t, short, void *base) {
    event_base_loopbreak(static_cast<event_base *>(base));
}

#if VM_TRACE
VerilatedFstC &trace = *new VerilatedFstC; // never destroyed: Verilator's own globals go first
#endif

int open_modules(event_base *base, pad_list_s *pads) {
    ext_module_list_s *loaded = nullptr, *found;
    module_s          *wanted = nullptr;
    pad_list_s        *pad;
    uint64_t           timebase;

    if (litex_sim_load_ext_modules(&loaded) != RC_OK) return RC_ERROR;
    for (ext_module_list_s *m = loaded; m; m = m->next)
        if (m->module->start) m->module->start(base);
    if (litex_sim_file_parse((char *)"sim_config.js", &wanted, &timebase) != RC_OK) return RC_ERROR;

    for (module_s *m = wanted; m; m = m->next) {
        litex_sim_find_ext_module(loaded, m->name, &found);
        if (!found || firsts == SESSIONS_MAX || lasts == SESSIONS_MAX) {
            fprintf(stderr, "sim: no module %s\n", m->name);
            return RC_ERROR;
        }
        Session session = {found->module, nullptr};
        if (session.module->new_sess(&session.state, m->args) != RC_OK) return RC_ERROR;
        for (size_t i = 0; i < m->niface; i++) {
            litex_sim_pads_find(pads, m->iface[i].name, m->iface[i].index, &pad);
            if (!pad) {
                fprintf(stderr, "sim: no pads %s for module %s\n", m->iface[i].name, m->name);
                return RC_ERROR;
            }
            if (session.module->add_pads(session.state, pad) != RC_OK) return RC_ERROR;
        }
        (m->tickfirst ? first[firsts++] : last[lasts++]) = session;
    }
    return RC_OK;
}

void evaluate(Vsim *sim) {
    sim->eval();
#if VM_TRACE
    trace.dump(time_ps);
#endif
}

void half_cycle(Vsim *sim, CData level) {
    sim->sys_clk = level;
    for (int i = 0; i < firsts; i++) first[i].module->tick(first[i].state, time_ps);
    evaluate(sim);
    for (int i = 0; i < lasts; i++) last[i].module->tick(last[i].state, time_ps);
}

} // namespace

double sc_time_stamp() { return time_ps; }

// Called by the sim_init.cpp that LiteX generates.
extern "C" void litex_sim_init_tracer(void *vsim, long, long) {
#if VM_TRACE
    Verilated::traceEverOn(true);
    static_cast<Vsim *>(vsim)->trace(&trace, 99);
    trace.set_time_unit("1ps");
    trace.set_time_resolution("1ps");
    trace.open("sim.fst");
#endif
}

int main(int argc, char *argv[]) {
    const uint64_t frequency = argc > 1 ? strtoull(argv[1], nullptr, 10) : 0;
    const uint64_t ratio     = argc > 2 ? strtoull(argv[2], nullptr, 10) : 1;
    if (!frequency || (ratio != 1 && ratio != 2 && ratio != 4)) {
        fprintf(stderr, "usage: Vsim SYS_CLK_HZ [1|2|4]\n");
        return 2;
    }
    const pid_t parent = getppid();
    Verilated::commandArgs(argc, argv);
    setvbuf(stdout, nullptr, _IOLBF, 0);

    signal(SIGPIPE, SIG_IGN); // a console that goes away must not end the run
    event_base *base = event_base_new();
    for (int number : {SIGINT, SIGTERM}) event_add(evsignal_new(base, number, on_signal, base), nullptr);
    pad_list_s *pads = nullptr;
    void       *vsim = nullptr;
    litex_sim_init(&vsim);
    litex_sim_pads_get_list(&pads);
    int  result = open_modules(base, pads);
    auto sim    = static_cast<Vsim *>(vsim);

    pad_list_s *pad = nullptr;
    litex_sim_pads_find(pads, (char *)"wavenet_clk", 0, &pad);
    CData *wavenet_clk = pad ? static_cast<CData *>(pad->pads[0].signal) : nullptr;
    if (!wavenet_clk != (ratio == 1)) {
        fprintf(stderr, "sim: ratio %d with %s wavenet_clk\n", (int)ratio, pad ? "a" : "no");
        return 2;
    }

    // Who starts this program may have blocked the signals until there is someone to handle them.
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (result == RC_OK) printf("[sim] running\n"); // Ports listen, signals are handled.

    // Half periods of 10^12 / (2 * fastest) ps, the fraction carried on: no error adds up.
    const uint64_t fastest = frequency * ratio;
    const uint64_t half = 500000000000ull / fastest, rest = 500000000000ull % fastest;
    uint64_t       carry = 0, cycles = 0;
    while (result == RC_OK && !Verilated::gotFinish() && !event_base_got_break(base)) {
        for (int i = 0; i < CYCLES_PER_POLL && !event_base_got_break(base); i++) {
            for (unsigned step = 0; step < 2 * ratio; step++) {
                if (wavenet_clk) *wavenet_clk = step % 2 == 0;
                if (step % ratio == 0)
                    half_cycle(sim, step == 0);
                else
                    evaluate(sim); // the pins are sys_clk's
                time_ps += half;
                carry += rest;
                if (carry >= fastest) {
                    carry -= fastest;
                    time_ps++;
                }
            }
            cycles++;
        }
        if (getppid() != parent) break;
        if (!event_base_got_break(base)) event_base_loop(base, EVLOOP_NONBLOCK);
    }
    for (int i = 0; i < firsts; i++)
        if (first[i].module->close) first[i].module->close(first[i].state);
    for (int i = 0; i < lasts; i++)
        if (last[i].module->close) last[i].module->close(last[i].state);
#if VM_TRACE
    trace.close();
#endif
    printf("[sim] cycles=%llu\n", (unsigned long long)cycles);
    return result == RC_OK ? 0 : 1;
}
