// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* The two ends of the audio outside the codec: frames for the ADCs, frames from the DACs.
 *
 * Both files are raw little-endian int32, four channels per frame. frames_in holds 24-bit codes,
 * right-justified; frames_out the 32-bit words as the DACs take them. */
#ifndef AK4619_FRAMES_H
#define AK4619_FRAMES_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHANNELS     4
#define CODE_MAX     ((1 << 23) - 1)
#define GENERATOR_HZ 220.0
#define OUT_BUFFER   (1 << 20)

struct frames {
    const int32_t (*in)[CHANNELS]; /* NULL: the generator */
    uint64_t in_count;
    uint64_t phase_step;           /* of the generator, 2^64 = one period */
    FILE    *out;                  /* NULL: not wanted */
    const char *out_path;
};

/* Maps the file of input frames; false after one line on stderr. */
static bool frames_open_in(struct frames *f, const char *path) {
    struct stat info;
    const int   file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &info)) {
        fprintf(stderr, "ak4619: frames_in %s: %s\n", path, strerror(errno));
        if (file >= 0) close(file);
        return false;
    }
    if (!S_ISREG(info.st_mode) || !info.st_size || info.st_size % sizeof(*f->in)) {
        fprintf(stderr, "ak4619: frames_in %s: %lld bytes; allowed: a file of whole frames of %zu "
                "bytes, at least one\n", path, (long long)info.st_size, sizeof(*f->in));
        close(file);
        return false;
    }
    void *data = mmap(NULL, info.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (data == MAP_FAILED) {
        fprintf(stderr, "ak4619: frames_in %s: %s\n", path, strerror(errno));
        return false;
    }
    f->in       = data;
    f->in_count = info.st_size / sizeof(*f->in);
    for (uint64_t n = 0; n < f->in_count; n++)
        for (int c = 0; c < CHANNELS; c++)
            if (f->in[n][c] > CODE_MAX || f->in[n][c] < -CODE_MAX - 1) {
                fprintf(stderr, "ak4619: frames_in %s: frame %" PRIu64 " channel %d is %" PRId32
                        "; allowed: 24 bits, %d to %d\n", path, n, c, f->in[n][c], -CODE_MAX - 1,
                        CODE_MAX);
                return false;
            }
    return true;
}

static bool frames_open_out(struct frames *f, const char *path) {
    f->out_path = path;
    f->out      = fopen(path, "wb");
    if (!f->out || setvbuf(f->out, NULL, _IOFBF, OUT_BUFFER)) {
        fprintf(stderr, "ak4619: frames_out %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

static bool frames_close_out(struct frames *f) {
    FILE *out = f->out;
    f->out    = NULL;
    if (!out) return true;
    const bool failed = ferror(out);
    if (!fclose(out) && !failed) return true;
    fprintf(stderr, "ak4619: frames_out %s could not be written whole: %s\n", f->out_path,
            strerror(errno));
    return false;
}

/* Triangle of 2^20 codes, 1.024 V of 8.192 V full scale: 2^20 * (1 - 4 * |p - 1/2|), p = n *
 * 220 Hz / fs, on channel 0. The phase is kept in 64 bits, its upper 24 are used. */
static int32_t generator_code(const struct frames *f, uint64_t n) {
    const int32_t p = (int32_t)(n * f->phase_step >> 40) - (1 << 23);
    return (1 << 20) - ((p < 0 ? -p : p) >> 2);
}

/* The codes of frame n: file, then silence, or generator (whose pitch needs `period_ps` once). */
static void frames_get(struct frames *f, uint64_t n, uint64_t period_ps, int32_t *codes) {
    if (f->in && n < f->in_count) {
        memcpy(codes, f->in[n], sizeof(*f->in));
        return;
    }
    memset(codes, 0, sizeof(*f->in));
    if (f->in) return;
    if (!f->phase_step)
        f->phase_step = (uint64_t)(GENERATOR_HZ * 1e-12 * (double)period_ps * 0x1p64);
    codes[0] = generator_code(f, n);
}

static void frames_put(struct frames *f, const uint32_t *words) {
    if (f->out) fwrite(words, sizeof(*words), CHANNELS, f->out);
}

#endif
