// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* A UART's byte streams on a TCP port of this machine, for LiteX's simulation.
 *
 * Like LiteX's serial2tcp, but with all state in the session (several UARTs at once), flow control
 * both ways, no system call in the tick, and only on 127.0.0.1.
 *
 * Pads "serial": sink_valid, sink_data, sink_ready (to the SoC), source_valid, source_data,
 * source_ready (from it), as RS232PHYModel has them; and "sys_clk". Arguments: port (1 to 65535);
 * cycles_per_byte (0 to 1000000, default 0: no baud rate).
 *
 * With cycles_per_byte a byte goes each way in so many cycles, and as on a real line the SoC cannot
 * hold it off: a byte that comes when the SoC is not ready is lost, and counted at the end.
 *
 * One client at a time: another one is told so in one line (BUSY) and closed. One that comes when the
 * first has left, but with bytes still to be read, waits for those. While no client is connected the SoC
 * never waits: the last BACKLOG bytes are kept and sent to the next client, so it sees the boot
 * banner. A client that does not read stops the SoC's output, a SoC that does not read stops the
 * client's; nothing is lost. Bytes of a client that has left still
 * reach the SoC. */
#define _GNU_SOURCE /* POLLRDHUP */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/listener.h>

#include "../common/serial_port.h"

#define MODULE    "serial_tcp"
#define RING_SIZE 16384u /* a power of two */
#define BACKLOG   4096u
#define BUSY      "serial_tcp: busy: this port serves one client at a time; close the other one\r\n"

struct ring {
    uint8_t  data[RING_SIZE];
    uint32_t head, tail; /* bytes ever taken, ever put */
};

struct serial {
    struct serial_port port;

    uint32_t cycles_per_byte, to_sink, to_source; /* cycles until the next byte may go */
    uint32_t lost;

    struct evconnlistener *listener;
    struct event          *readable, *writable; /* NULL: no client */
    bool                   paused, writing;     /* reading stopped; writable is pending */
    evutil_socket_t        waiting;             /* the next client, or -1 */
    struct ring            to_soc, to_client;
    struct serial         *next;
};

static struct event_base *base;
static struct serial     *serials;

/* Rings ---------------------------------------------------------------------------------------- */

static uint32_t ring_count(const struct ring *r) { return r->tail - r->head; }

/* The parts, at most two, of `count` bytes from position `at` on. */
static int ring_parts(struct ring *r, uint32_t at, uint32_t count, struct iovec *parts) {
    const uint32_t start = at % RING_SIZE, first = RING_SIZE - start;
    parts[0] = (struct iovec){r->data + start, count < first ? count : first};
    parts[1] = (struct iovec){r->data, count < first ? 0 : count - first};
    return parts[1].iov_len ? 2 : 1;
}

static void keep_backlog(struct ring *r) {
    if (ring_count(r) > BACKLOG) r->head = r->tail - BACKLOG;
}

/* Network -------------------------------------------------------------------------------------- */

static void connect_client(struct serial *s, evutil_socket_t client);

static void disconnect(struct serial *s) {
    const evutil_socket_t client = event_get_fd(s->readable), next = s->waiting;
    event_free(s->readable);
    event_free(s->writable);
    s->readable = s->writable = NULL;
    s->paused = s->writing = false;
    close(client);
    keep_backlog(&s->to_client);
    s->waiting = -1;
    if (next >= 0) connect_client(s, next);
}

static bool would_block(void) { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

static void on_readable(evutil_socket_t client, short what, void *serial) {
    struct serial *s = serial;
    struct ring   *r = &s->to_soc;
    struct iovec   parts[2];
    const uint32_t space = RING_SIZE - ring_count(r);
    if (space) {
        const ssize_t got = readv(client, parts, ring_parts(r, r->tail, space, parts));
        if (!got || (got < 0 && !would_block())) {
            disconnect(s);
            return;
        }
        if (got > 0) r->tail += (uint32_t)got;
    }
    if (ring_count(r) == RING_SIZE) {
        event_del(s->readable);
        s->paused = true;
    }
}

/* Sends what there is and fits; false when the client has gone. */
static bool send_some(struct serial *s, evutil_socket_t client) {
    struct ring   *r = &s->to_client;
    struct iovec   parts[2];
    const uint32_t count = ring_count(r);
    if (!count) return true;
    const ssize_t sent = writev(client, parts, ring_parts(r, r->head, count, parts));
    if (sent < 0) return would_block();
    r->head += (uint32_t)sent;
    return true;
}

static void on_writable(evutil_socket_t client, short what, void *serial) {
    struct serial *s = serial;
    if (!send_some(s, client)) {
        disconnect(s);
    } else if (!ring_count(&s->to_client)) {
        event_del(s->writable);
        s->writing = false;
    }
}

static void connect_client(struct serial *s, evutil_socket_t client) {
    s->readable = event_new(base, client, EV_READ | EV_PERSIST, on_readable, s);
    s->writable = event_new(base, client, EV_WRITE | EV_PERSIST, on_writable, s);
    event_add(s->readable, NULL);
    s->writing = ring_count(&s->to_client);
    if (s->writing) event_add(s->writable, NULL);
    evconnlistener_enable(s->listener);
}

/* Whether the client has closed its end; bytes that it sent before may still be unread. */
static bool has_left(const struct serial *s) {
    struct pollfd look = {.fd = event_get_fd(s->readable), .events = POLLRDHUP};
    return poll(&look, 1, 0) > 0;
}

/* A socket that is closed with bytes unread resets the connection, and what was sent may be lost:
 * those bytes are thrown away until the client closes, falls silent or has sent a ring full. */
struct refused {
    struct event *readable;
    uint32_t      thrown;
};

static void on_refused(evutil_socket_t client, short what, void *of) {
    struct refused *r = of;
    uint8_t         bytes[512];
    const ssize_t   got = what & EV_READ ? read(client, bytes, sizeof(bytes)) : 0;
    if (got > 0) r->thrown += (uint32_t)got;
    if ((got > 0 && r->thrown < RING_SIZE) || (got < 0 && would_block())) return;
    event_free(r->readable);
    free(r);
    close(client);
}

static void refuse(evutil_socket_t client) {
    const struct timeval silence = {.tv_sec = 1};
    struct refused      *r       = calloc(1, sizeof(*r));
    if (!r || write(client, BUSY, sizeof(BUSY) - 1) < 0 || shutdown(client, SHUT_WR) < 0) {
        free(r);
        close(client);
        return;
    }
    r->readable = event_new(base, client, EV_READ | EV_PERSIST, on_refused, r);
    event_add(r->readable, &silence);
}

static void on_client(struct evconnlistener *listener, evutil_socket_t client,
                      struct sockaddr *peer, int length, void *serial) {
    struct serial *s   = serial;
    const int      one = 1, size = RING_SIZE; /* or Ctrl-C would wait for megabytes of old output */
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(client, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    if (!s->readable) {
        connect_client(s, client);
    } else if (has_left(s)) {
        s->waiting = client;
        evconnlistener_disable(listener); /* further ones wait in the kernel's queue */
    } else {
        refuse(client);
    }
}

/* The last words of a run that ends, as far as they fit. */
static int serial_tcp_close(void *session) {
    struct serial *s = session;
    if (s->writable) send_some(s, event_get_fd(s->writable));
    if (s->lost) fprintf(stderr, "serial_tcp: %u bytes were lost\n", s->lost);
    s->lost = 0;
    return RC_OK;
}

static void close_all(void) {
    for (struct serial *s = serials; s; s = s->next) serial_tcp_close(s);
}

/* Pins ----------------------------------------------------------------------------------------- */

/* What crossed at this rising edge, then what is offered for the next. */
static void clock_edge(struct serial *s) {
    if (s->port.source_taken) {
        s->to_client.data[s->to_client.tail++ % RING_SIZE] = s->port.source_byte;
        if (!s->writable) {
            keep_backlog(&s->to_client);
        } else if (!s->writing) {
            event_add(s->writable, NULL);
            s->writing = true;
        }
    }
    if (s->to_source) s->to_source--;
    if (s->to_sink) s->to_sink--;
    if (s->port.source_taken && s->cycles_per_byte) s->to_source = s->cycles_per_byte - 1;
    const bool sent = s->cycles_per_byte ? *s->port.sink_valid : s->port.sink_taken;
    if (sent) {
        if (s->cycles_per_byte) s->to_sink = s->cycles_per_byte - 1;
        s->lost += !s->port.sink_taken;
        s->to_soc.head++;
        if (s->paused && ring_count(&s->to_soc) <= RING_SIZE / 2) {
            event_add(s->readable, NULL);
            s->paused = false;
        }
    }
    *s->port.source_ready = !s->to_source && ring_count(&s->to_client) < RING_SIZE;
    *s->port.sink_valid   = !s->to_sink && ring_count(&s->to_soc) > 0;
    *s->port.sink_data    = s->to_soc.data[s->to_soc.head % RING_SIZE];
}

static int serial_tcp_tick(void *session, uint64_t time_ps) {
    struct serial *s = session;
    if (serial_port_edge(&s->port)) clock_edge(s);
    return RC_OK;
}

/* LiteX ---------------------------------------------------------------------------------------- */

static int serial_tcp_start(void *b) {
    base = b;
    signal(SIGPIPE, SIG_IGN); /* a client that leaves must not end the run */
    return RC_OK;
}

static int serial_tcp_new(void **session, char *text) {
    static const char *const known[] = {"port", "cycles_per_byte", NULL};
    double                   port = 0, cycles = 0;
    json_object             *args    = sim_args_parse(MODULE, text, known);
    if (!args) return RC_JSERROR;
    if (!json_object_object_get_ex(args, "port", NULL)) {
        fprintf(stderr, "serial_tcp: argument \"port\" is missing; allowed: 1 to 65535\n");
        return RC_JSERROR;
    }
    int bad = sim_arg_number(MODULE, args, "port", 1, 65535, true, &port);
    if (!bad) bad = sim_arg_number(MODULE, args, "cycles_per_byte", 0, 1000000, true, &cycles);
    json_object_put(args);
    if (bad) return bad;

    struct serial *s = calloc(1, sizeof(*s));
    if (!s) return RC_NOENMEM;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    s->cycles_per_byte = (uint32_t)cycles;
    s->waiting         = -1;
    serial_port_start(&s->port);
    s->listener = evconnlistener_new_bind(base, on_client, s,
                                          LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, -1,
                                          (struct sockaddr *)&address, sizeof(address));
    if (!s->listener) {
        fprintf(stderr, "serial_tcp: port %d on 127.0.0.1: %s; choose another port\n", (int)port,
                strerror(errno));
        free(s);
        return RC_ERROR;
    }
    if (!serials) atexit(close_all);
    s->next  = serials;
    serials  = s;
    *session = s;
    return RC_OK;
}

static int serial_tcp_add_pads(void *session, struct pad_list_s *list) {
    struct serial *s = session;
    return serial_port_add_pads(MODULE, &s->port, list);
}

static struct ext_module_s module = {MODULE, serial_tcp_start, serial_tcp_new, serial_tcp_add_pads,
                                     serial_tcp_close, serial_tcp_tick};

int litex_sim_ext_module_init(int (*register_module)(struct ext_module_s *)) {
    return register_module(&module);
}
