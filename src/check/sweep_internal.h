/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside check/dns_sweep: zones, found by a resolver (sweep_zone.c), bring servers; servers have
 * sites to be asked about (sweep_server.c); questions are under way over UDP (sweep_flight.c).
 * Everything is bounded: lookups, questions in all and for each server, servers of a zone.
 */
#pragma once

#include "check/dns_internal.h"
#include "check/dns_sweep.h"
#include "check/dns_wire.h"

#define SWEEP_LOOKUPS_MOST   128  /* zones that are looked up at the same time */
#define SWEEP_FLIGHTS_MOST   1024 /* questions under way */
#define SWEEP_PER_SERVER     64   /* of those, to one server */
#define SWEEP_SOCKETS        4    /* of each family: that many ports to guess from */
#define SWEEP_NEVER_ANSWERED 8    /* questions in a row after which a server is dead */
#define SWEEP_BUCKETS        16384

enum sweep_state { SITE_OPEN, SITE_HEARD, SITE_LOOK };

struct sweep_zone {
	char name[DNS_NAME_SIZE];
	const struct config_stub *stub; /* NULL = its servers are looked up */
	size_t first, count;            /* its sites, in the sweep's order */
	struct zone_lookup *lookup;     /* while it is under way */
};

struct sweep_server {
	struct addr address;
	uint16_t port;
	size_t *zone; /* numbers of the zones it is to be asked about */
	size_t zone_count, zone_room;
	size_t zone_at, site_at; /* where its questions have come to */
	bool wants_aaaa;         /* the next question is the second one of the site */
	size_t flying, silences; /* questions under way; without an answer in a row */
	bool answered, dead, unreached, queued;
	struct sweep_server *next_ready;
	size_t next_in_bucket; /* number + 1; 0 = the last */
};

struct flight {
	struct flight *next, *before; /* by time: the oldest first; of a free one, the next free */
	struct sweep_server *server;  /* NULL = free */
	size_t site;
	struct dns_question question;
	when deadline;
	bool again; /* it was sent twice */
};

struct sweep {
	const struct config *config;
	struct dns_sweep_site *site;
	size_t site_count;
	size_t *order; /* numbers of the sites, by zone */
	uint8_t *state;
	struct sweep_zone *zone;
	size_t zone_count, zone_next; /* the next one to be looked up */
	struct sweep_zone *looking[SWEEP_LOOKUPS_MOST];
	size_t looking_count;
	struct resolver *resolver; /* NULL when all zones have stubs */
	uint16_t port;             /* of servers that are looked up */
	struct sweep_server **server;
	size_t server_count, server_room;
	size_t bucket[SWEEP_BUCKETS];
	struct sweep_host *host[SWEEP_BUCKETS]; /* names of servers */
	struct sweep_server *ready, *ready_last;
	struct flight flight[SWEEP_FLIGHTS_MOST];
	struct flight *oldest, *newest, *free;
	size_t flying;
	uint16_t by_id[65536]; /* number + 1 of the flight with that id */
	int fd[2][SWEEP_SOCKETS];
	size_t fd_next;
	when timeout;
};

/* sweep_zone.c */
int sweep_zones_make(struct sweep *s) MUST_USE;
int sweep_zones_start(struct sweep *s) MUST_USE; /* as many as may be under way */
void sweep_zones_step(struct sweep *s);          /* takes over what has come */
void sweep_zone_fini(struct sweep_zone *zone);
void sweep_hosts_free(struct sweep *s);

/* sweep_server.c */
size_t sweep_hash(const void *bytes, size_t len);
/* The zone's sites are to be asked about at that server as well. */
void sweep_server_add(struct sweep *s, const struct addr *address, uint16_t port, size_t zone);
/* The next site it is to be asked about, and whether for AAAA; false: none is left. */
bool sweep_server_next(
    struct sweep *s, struct sweep_server *server, size_t *ret_site, enum dns_type *ret_type);
/* Puts it among those that a question can be sent to, if that is so. */
void sweep_server_ready(struct sweep *s, struct sweep_server *server);
struct sweep_server *sweep_server_take(struct sweep *s); /* NULL = none is ready */
/* It has answered, or not: one that is dead lets its sites go. */
void sweep_server_heard(struct sweep_server *server);
void sweep_server_silent(struct sweep *s, struct sweep_server *server);
void sweep_server_unreached(struct sweep_server *server);

/* sweep_flight.c */
int sweep_flights_open(struct sweep *s) MUST_USE;
void sweep_flights_close(struct sweep *s);
int sweep_flights_send(struct sweep *s) MUST_USE; /* as many as may be under way */
int sweep_flights_receive(struct sweep *s) MUST_USE;
int sweep_flights_expire(struct sweep *s) MUST_USE;

/* dns_sweep.c: `port`: where servers of zones listen, 53 but in tests. */
int sweep_run(const struct config *config, uint16_t port, struct dns_sweep_site *sites,
    size_t count) MUST_USE;
/* What a server says of a site: it may be as it must be, or needs a look. */
void sweep_site_judge(
    struct sweep *s, size_t site, enum dns_type type, const struct dns_reply *reply);
void sweep_site_look(struct sweep *s, size_t site);
