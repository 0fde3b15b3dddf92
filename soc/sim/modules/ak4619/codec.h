// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* State of one AK4619VN in the simulation; the headers beside this one act on it. */
#ifndef AK4619_CODEC_H
#define AK4619_CODEC_H

#include <stdbool.h>
#include <stdint.h>

#include "complaints.h"
#include "frames.h"
#include "i2c_slave.h"
#include "registers.h"

#define I2C_ADDRESS_AK4619 0x10

/* The pins packed in one word, so that "nothing changed" is one comparison. */
enum {
    PIN_MCLK = 1, PIN_BICK = 2, PIN_LRCK = 4, PIN_SDIN = 8, PIN_SCL = 16, PIN_SDA = 32, PIN_PDN = 64
};

struct pads {
    uint8_t *mclk, *bick, *lrck, *sdin1, *sdout1, *scl_oe, *sda_oe, *sda, *pdn;
};

struct frame_clocks {
    unsigned mclk, bick; /* periods in the frame */
    uint64_t period_ps;
};

struct audio_port {
    bool measuring;   /* a falling edge of LRCK was seen since the codec left reset */
    bool playing;     /* the frame under way carries data */
    bool closing;     /* ... and the one before it still has its last bit to come */
    enum rule lrck_fault; /* what an edge of LRCK in this frame did wrong */
    bool locked_out;  /* silent until the codec is reset */
    bool referenced;
    struct frame_clocks reference, now; /* first since reset; of the frame under way */
    struct frame_clocks closed;         /* of the frame whose last bit is to come */
    unsigned lrck_edge_bick;            /* BICK edges up to the last edge of LRCK */
    uint64_t start_ps;
    int      position;                  /* BICK periods since LRCK fell */
    uint32_t adc[CHANNELS], dac[CHANNELS], shift;
};

struct codec {
    struct pads pads;
    unsigned    pins;   /* as packed at the last change */
    bool        started, finished;
    uint64_t    now_ps;

    uint64_t pdn_edge_ps, power_up_ps;
    double   power_up_ms;
    bool     pulse_good; /* PDN was low long enough before it rose */

    struct i2c_slave i2c;
    uint8_t          registers[REGISTERS];
    unsigned         pointer;
    bool             registers_ok, registers_new;

    struct audio_port   port;
    struct frame_clocks measured;       /* of the last whole frame, for the report */
    struct frames     frames;
    uint64_t          frames_played, duration_frames;
    uint64_t          played_ps;

    struct complaints complaints;

    char    *report_path, *progress_path, *in_path, *out_path;
    int      progress_file;
    double   wall_start, cpu_start;
    struct event *events[3];
    struct codec *next;
};

#endif
