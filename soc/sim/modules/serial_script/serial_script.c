// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* Types at a UART what a file says, in simulated time, and writes down what the SoC answers: two
 * runs are the same to the cycle, whatever the machine is doing, which a client on a TCP port
 * cannot promise.
 *
 * Pads "serial" and "sys_clk" as serial_tcp has them. Arguments: script, transcript: paths.
 *
 * A line of the script is a step, and each waits for the one before it:
 *
 *   send TEXT         types TEXT and a line end
 *   expect TEXT       until the SoC has written TEXT since it was last sent something
 *   until WANTED TEXT types TEXT again and again, each time up to the prompt "> ", until WANTED (one
 *                     word) is in the answer
 *   wait CYCLES       of sys_clk
 *   end               ends the run
 *
 * The transcript is all that the SoC writes. A file that cannot be read or written is one line on
 * stderr and a non-zero exit status. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include <event2/event.h>

#include "../common/serial_port.h"

#define MODULE "serial_script"
#define PROMPT "> "
#define HEARD  65536 /* bytes that an answer may have */

enum kind { SEND, EXPECT, UNTIL, WAIT, END };

struct step {
    enum kind kind;
    char     *text, *wanted; /* a line end is part of what is typed */
    uint64_t  cycles;
};

struct script {
    struct serial_port port;

    struct step *steps;
    size_t       count, at;
    size_t       typed;   /* bytes of the step's text that have been taken */
    bool         typing, waiting;
    uint64_t     left;    /* cycles of a wait */
    char         heard[HEARD + 1];
    size_t       heard_count;
    FILE        *transcript;
    const char  *path;
};

static struct event_base *base;

/* Script --------------------------------------------------------------------------------------- */

static bool step_parse(struct step *step, char *line) {
    char *rest = strchr(line, ' ');
    if (rest) *rest++ = 0;
    if (!strcmp(line, "end") && !rest) {
        step->kind = END;
    } else if (!rest || !*rest) {
        return false;
    } else if (!strcmp(line, "wait")) {
        char *end;
        step->kind   = WAIT;
        step->cycles = strtoull(rest, &end, 10);
        return isdigit((unsigned char)*rest) && !*end;
    } else if (!strcmp(line, "expect")) {
        step->kind = EXPECT;
        step->text = strdup(rest);
    } else if (!strcmp(line, "send") || !strcmp(line, "until")) {
        step->kind = *line == 's' ? SEND : UNTIL;
        if (step->kind == UNTIL) {
            char *text = strchr(rest, ' ');
            if (!text) return false;
            *text++      = 0;
            step->wanted = strdup(rest);
            rest         = text;
        }
        step->text = malloc(strlen(rest) + 2);
        sprintf(step->text, "%s\n", rest);
    } else {
        return false;
    }
    return true;
}

static bool script_read(struct script *s, const char *path) {
    char   *line = NULL;
    size_t  size = 0, number = 0;
    ssize_t length;
    FILE   *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "serial_script: script %s: %s\n", path, strerror(errno));
        return false;
    }
    while ((length = getline(&line, &size, file)) >= 0) {
        number++;
        if (length && line[length - 1] == '\n') line[length - 1] = 0;
        s->steps = realloc(s->steps, number * sizeof(*s->steps));
        s->steps[s->count] = (struct step){0};
        if (step_parse(&s->steps[s->count++], line)) continue;
        fprintf(stderr, "serial_script: script %s: line %zu must be send TEXT, expect TEXT, "
                "until WANTED TEXT, wait CYCLES or end\n", path, number);
        fclose(file);
        return false;
    }
    free(line);
    fclose(file);
    return true;
}

/* Pins ----------------------------------------------------------------------------------------- */

static void hear(struct script *s, uint8_t byte) {
    if (s->transcript) putc(byte, s->transcript);
    if (s->heard_count == HEARD) { /* the younger half is enough for any mark */
        memmove(s->heard, s->heard + HEARD / 2, HEARD / 2);
        s->heard_count = HEARD / 2;
    }
    s->heard[s->heard_count++] = (char)(byte ? byte : ' ');
    s->heard[s->heard_count]   = 0;
}

static void begin_typing(struct script *s) {
    s->typing      = true;
    s->typed       = 0;
    s->heard_count = 0;
    s->heard[0]    = 0;
}

/* Whether the step is done as of this cycle. */
static bool step_done(struct script *s, const struct step *step) {
    switch (step->kind) {
    case SEND:
        if (!s->waiting) begin_typing(s);
        s->waiting = true;
        return !s->typing;
    case EXPECT:
        return strstr(s->heard, step->text);
    case UNTIL:
        if (!s->waiting) begin_typing(s);
        s->waiting = true;
        if (s->typing || !strstr(s->heard, PROMPT)) return false;
        if (strstr(s->heard, step->wanted)) return true;
        s->waiting = false; /* once more */
        return false;
    case WAIT:
        if (!s->waiting) s->left = step->cycles;
        s->waiting = true;
        return !s->left || !--s->left;
    case END:
        event_base_loopbreak(base);
        return false;
    }
    return false;
}

/* What crossed at this rising edge, then what is offered for the next. */
static void clock_edge(struct script *s) {
    if (s->port.source_taken) hear(s, s->port.source_byte);
    if (s->port.sink_taken && !s->steps[s->at].text[++s->typed]) s->typing = false;
    while (s->at < s->count && step_done(s, &s->steps[s->at])) {
        s->at++;
        s->waiting = false;
    }
    *s->port.source_ready = 1;
    *s->port.sink_valid   = s->typing;
    if (s->typing) *s->port.sink_data = (uint8_t)s->steps[s->at].text[s->typed];
}

static int serial_script_tick(void *session, uint64_t time_ps) {
    struct script *s = session;
    if (serial_port_edge(&s->port)) clock_edge(s);
    return RC_OK;
}

/* LiteX ---------------------------------------------------------------------------------------- */

static int serial_script_start(void *b) {
    base = b;
    return RC_OK;
}

static int serial_script_new(void **session, char *text) {
    static const char *const known[] = {"script", "transcript", NULL};
    char                    *script = NULL, *transcript = NULL;
    json_object             *args   = sim_args_parse(MODULE, text, known);
    if (!args) return RC_JSERROR;
    int bad = sim_arg_text(MODULE, args, "script", &script);
    if (!bad) bad = sim_arg_text(MODULE, args, "transcript", &transcript);
    json_object_put(args);
    if (bad) return bad;
    if (!script || !transcript) {
        fprintf(stderr, "serial_script: arguments \"script\" and \"transcript\" are needed\n");
        return RC_JSERROR;
    }
    struct script *s = calloc(1, sizeof(*s));
    if (!s) return RC_NOENMEM;
    serial_port_start(&s->port);
    s->path = transcript;
    if (!script_read(s, script)) return RC_ERROR;
    s->transcript = fopen(transcript, "wb");
    if (!s->transcript) {
        fprintf(stderr, "serial_script: transcript %s: %s\n", transcript, strerror(errno));
        return RC_ERROR;
    }
    free(script);
    *session = s;
    return RC_OK;
}

static int serial_script_add_pads(void *session, struct pad_list_s *list) {
    struct script *s = session;
    return serial_port_add_pads(MODULE, &s->port, list);
}

static int serial_script_close(void *session) {
    struct script *s      = session;
    FILE          *file   = s->transcript;
    const bool     failed = file && ferror(file);
    s->transcript         = NULL;
    if (!file || (!fclose(file) && !failed)) return RC_OK;
    fprintf(stderr, "serial_script: transcript %s could not be written whole: %s\n", s->path,
            strerror(errno));
    fflush(NULL);
    _exit(1);
}

static struct ext_module_s module = {MODULE, serial_script_start, serial_script_new,
                                     serial_script_add_pads, serial_script_close,
                                     serial_script_tick};

int litex_sim_ext_module_init(int (*register_module)(struct ext_module_s *)) {
    return register_module(&module);
}
