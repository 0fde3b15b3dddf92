// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* An I2C slave (7-bit address, no clock stretching) driven by the levels on its two wires. */
#ifndef AK4619_I2C_SLAVE_H
#define AK4619_I2C_SLAVE_H

#include <stdbool.h>
#include <stdint.h>

enum i2c_state { I2C_IDLE, I2C_ADDRESS, I2C_WRITE, I2C_READ };

struct i2c_slave {
    uint8_t address;
    void   *owner;
    bool (*selected)(void *owner);                         /* whether to ACK the address */
    bool (*write)(void *owner, bool first, uint8_t value); /* ACK? first: after the address */
    uint8_t (*read)(void *owner);
    void (*rate)(void *owner, uint64_t period_ps);         /* SCL, rise to rise */

    enum i2c_state state;
    bool     scl, sda;  /* levels seen last */
    bool     pull;      /* the slave pulls SDA low */
    bool     ack;       /* how the byte under way was, or is to be, acknowledged */
    bool     first;
    unsigned bits;      /* of the byte so far; 8: acknowledge to come, 9: it is there */
    uint8_t  shift;
    uint64_t rise_ps;
};

static inline bool i2c_busy(const struct i2c_slave *s) {
    return s->state == I2C_WRITE || s->state == I2C_READ;
}

static inline void i2c_reset(struct i2c_slave *s) {
    s->state = I2C_IDLE;
    s->pull  = false;
}

static void i2c_byte_received(struct i2c_slave *s) {
    if (s->state == I2C_ADDRESS) {
        s->ack = s->shift >> 1 == s->address && s->selected(s->owner);
    } else {
        s->ack   = s->write(s->owner, s->first, s->shift);
        s->first = false;
    }
    s->pull = s->ack;
    s->bits = 9;
}

static void i2c_drive(struct i2c_slave *s) { s->pull = !(s->shift >> (7 - s->bits) & 1); }

static void i2c_next_byte(struct i2c_slave *s) {
    s->pull = false;
    s->bits = 0;
    if (!s->ack) {
        s->state = I2C_IDLE;
        return;
    }
    if (s->state == I2C_ADDRESS) {
        s->state = s->shift & 1 ? I2C_READ : I2C_WRITE;
        s->first = true;
    }
    if (s->state == I2C_READ) {
        s->shift = s->read(s->owner);
        i2c_drive(s);
    }
}

static void i2c_scl_rise(struct i2c_slave *s, bool sda, uint64_t now_ps) {
    if (s->rise_ps) s->rate(s->owner, now_ps - s->rise_ps);
    s->rise_ps = now_ps;
    if (s->state == I2C_IDLE) return;
    if (s->bits < 8) {
        if (s->state != I2C_READ) s->shift = (uint8_t)(s->shift << 1 | sda);
        s->bits++;
    } else if (s->state == I2C_READ && s->bits == 8) {
        s->ack  = !sda; /* the master's */
        s->bits = 9;
    }
}

static void i2c_scl_fall(struct i2c_slave *s) {
    if (s->state == I2C_IDLE) return;
    if (s->bits == 9) i2c_next_byte(s);
    else if (s->state == I2C_READ) {
        if (s->bits < 8) i2c_drive(s);
        else s->pull = false;
    } else if (s->bits == 8) i2c_byte_received(s);
}

/* Call when a wire may have changed; `master_sda` is what the master leaves on SDA. Returns the
 * level of SDA with the slave on it. */
static bool i2c_wires(struct i2c_slave *s, bool scl, bool master_sda, uint64_t now_ps) {
    const bool sda = master_sda && !s->pull;
    if (scl && s->scl && sda != s->sda) { /* START or STOP */
        i2c_reset(s);
        if (!sda) s->state = I2C_ADDRESS;
        s->bits = 0;
    } else if (scl && !s->scl) {
        i2c_scl_rise(s, sda, now_ps);
    } else if (!scl && s->scl) {
        i2c_scl_fall(s);
    }
    s->scl = scl;
    s->sda = master_sda && !s->pull;
    return s->sda;
}

#endif
