// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* What the codec tells other programs: progress while it runs, a JSON report at the end.
 *
 * <report>.progress: one line of fixed length, "%20u %20u\n": frames played, simulated time in ps;
 * rewritten in place four times a second, removed when the report is there. The report is written
 * under another name and renamed, so it is whole or not there. */
#ifndef AK4619_REPORT_H
#define AK4619_REPORT_H

#include <time.h>

#include <json-c/json.h>

#include "codec.h"

static double seconds_of(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool report_open(struct codec *c) {
    if (!c->report_path || !*c->report_path) return true;
    if (asprintf(&c->progress_path, "%s.progress", c->report_path) < 0) return false;
    c->progress_file = open(c->progress_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (c->progress_file >= 0) return true;
    fprintf(stderr, "ak4619: report %s: %s\n", c->report_path, strerror(errno));
    return false;
}

static bool report_progress(struct codec *c) {
    char line[64];
    if (c->progress_file < 0) return true;
    const int length = snprintf(line, sizeof(line), "%20" PRIu64 " %20" PRIu64 "\n",
                                c->frames_played, c->now_ps);
    return pwrite(c->progress_file, line, length, 0) == length;
}

static json_object *report_text(const char *format, unsigned value) {
    char text[8];
    snprintf(text, sizeof(text), format, value);
    return json_object_new_string(text);
}

static json_object *report_build(struct codec *c) {
    const struct frame_clocks *clocks = &c->measured;
    json_object *report = json_object_new_object(), *registers = json_object_new_object();
    json_object *complaints = json_object_new_array();
    char         key[8];

    for (int i = 0; i < REGISTERS; i++) {
        snprintf(key, sizeof(key), "0x%02X", i);
        json_object_object_add(registers, key, report_text("%02X", c->registers[i]));
    }
    for (int i = 0; i < c->complaints.count; i++)
        json_object_array_add(complaints, json_object_new_string(c->complaints.text[i]));

    json_object_object_add(report, "frames", json_object_new_int64((int64_t)c->frames_played));
    json_object_object_add(report, "sample_rate", c->played_ps ? json_object_new_double(
        1e12 * (double)c->frames_played / (double)c->played_ps) : NULL);
    json_object_object_add(report, "mclk_ratio", json_object_new_int((int)clocks->mclk));
    json_object_object_add(report, "bick_ratio", json_object_new_int((int)clocks->bick));
    json_object_object_add(report, "registers", registers);
    json_object_object_add(report, "power_up_ms", json_object_new_double(c->power_up_ms));
    json_object_object_add(report, "complaints", complaints);
    json_object_object_add(report, "sim_time_ps", json_object_new_int64((int64_t)c->now_ps));
    json_object_object_add(report, "wall_seconds", json_object_new_double(
        seconds_of(CLOCK_MONOTONIC) - c->wall_start));
    json_object_object_add(report, "cpu_seconds", json_object_new_double(
        seconds_of(CLOCK_PROCESS_CPUTIME_ID) - c->cpu_start));
    return report;
}

static bool report_write(struct codec *c) {
    char *part = NULL;
    if (c->progress_file < 0) return true;
    close(c->progress_file);
    json_object *report = report_build(c);
    const bool   ok = asprintf(&part, "%s.part", c->report_path) >= 0 &&
                    !json_object_to_file_ext(part, report, JSON_C_TO_STRING_PRETTY) &&
                    !rename(part, c->report_path);
    if (!ok) fprintf(stderr, "ak4619: report %s: %s\n", c->report_path, strerror(errno));
    unlink(c->progress_path);
    json_object_put(report);
    free(part);
    return ok;
}

#endif
