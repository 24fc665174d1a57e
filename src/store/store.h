/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: what must outlive a crash. SQLite (WAL, synchronous=FULL) today; the SQL is written in
 * the part PostgreSQL understands too (parameters $1… bound by name, STRICT tables, times as
 * integer microseconds, ids as 16 bytes), what differs is in a table of named fragments
 * (store/dialect.h).
 *
 * One handle per thread. Everything that changes runs inside store_begin() … store_commit(); a
 * handle whose transaction was not committed rolls back (CLEAN(store_abandon)); a change outside is
 * refused (-EPERM). Lists page by key, never by offset; no list reads a key or parses a
 * certificate.
 */
#pragma once

#include "base/error.h"
#include "base/id.h"
#include "sys/failpoint.h"
#include "sys/world.h"

enum {
	STORE_E_ABSENT = 1, /* no such row */
	STORE_E_TAKEN,      /* a unique name or value is in use */
	STORE_E_STALE,      /* changed since it was read (If-Match), or not ours any more */
	STORE_E_BUSY,       /* another process held the write lock for 10 s */
	STORE_E_FULL,       /* the disk is full: nothing was changed */
	STORE_E_NO_ADDRESS, /* the pool has no free address */
	STORE_E_NOT_NOW,    /* the event does not fit the order's facts */
	STORE_E_ALREADY,    /* it is so already: nothing changed */
	STORE_E_NEWER,      /* the database was made by a newer certdesk */
	STORE_E_BROKEN,     /* the audit chain does not verify */
};

struct store;

/* Opens or makes the database, runs the migrations that are missing (in one transaction each). */
int store_open(const char *path, const struct world *world, struct store **ret) MUST_USE;
struct store *store_free(struct store *store);
CLEAN_DEFINE(store_free, struct store *);
const struct world *store_world(const struct store *store);

int store_begin(struct store *store) MUST_USE; /* takes the write lock */
/* Durable when it returns 0. Both sides of the commit are named failpoints: "<point>.before",
 * "<point>.after". */
#define store_commit(store, point) \
	store_commit_at((store), FAILPOINT_NAME(point ".before"), FAILPOINT_NAME(point ".after"))
int store_commit_at(struct store *store, const char *before, const char *after) MUST_USE;
/* Rolls back what was begun and not committed; harmless otherwise. */
void store_abandon(struct store *store);
CLEAN_DEFINE(store_abandon, struct store *);
int store_schema_version(struct store *store, int64_t *ret) MUST_USE;

/* Who does it, for the audit log: "token:…", "worker", "operator:anna". Kept for the handle until
 * changed. */
void store_set_actor(struct store *store, const char *actor);

struct page {
	struct id
	    after; /* ID_NONE = from the start; lists run from old to new unless said otherwise */
	size_t limit; /* 1..1000 */
};
