/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
/*
 * The engine below the store's functions, for this folder only: statements prepared once per handle,
 * parameters bound by their names $1…, columns read in order into fixed arrays that must hold them.
 *
 *     CLEAN(query_end) struct query q = query(s, "SELECT name, created FROM customers WHERE id=$1");
 *     query_id(&q, 1, id);
 *     r = query_row(&q);                       0, STORE_E_ABSENT, or an error
 *     column_text(&q, to->name, sizeof(to->name));
 *     to->created = column_int(&q);
 *     r = query_result(&q);
 *
 * Errors stick: after a failed bind or column, query_row(), query_run() and query_result() say so. A
 * statement that writes is refused (-EPERM) outside a transaction: it would be a commit nobody named.
 */
/* clang-format on */
#pragma once

#include <sqlite3.h>

#include "base/buf.h"
#include "base/outcome.h"
#include "store/dialect.h"
#include "store/store.h"

#define STATEMENTS_MAX 192
#define PARAMETERS_MAX 48
#define WORDS_SIZE     OUTCOME_WORDS_SIZE

struct statement {
	const char *sql; /* the literal's address is the key */
	sqlite3_stmt *handle;
	/* of $1, $2 …: SQLite numbers names in order of appearance */
	int place[PARAMETERS_MAX + 1];
};

struct store {
	sqlite3 *db;
	const struct world *world;
	const struct dialect *dialect;
	struct statement statement[STATEMENTS_MAX];
	size_t statement_count;
	char actor[256];
	bool begun;
	bool light;         /* synchronous is NORMAL just now */
	when waiting_since; /* for the write lock; of the busy handler, in ticks */
	struct id last_id;
};

struct query {
	struct store *store;
	struct statement *statement;
	int column;
	int error;
};

/* `sql` must be a literal: it is remembered by its address. */
struct query query(struct store *s, const char *sql);
void query_end(struct query *q);
CLEAN_DEFINE_FINI(query_end, struct query);

void query_id(struct query *q, int number, struct id id); /* ID_NONE binds NULL */
void query_int(struct query *q, int number, int64_t value);
void query_text(struct query *q, int number, const char *text);
void query_str(struct query *q, int number, struct str text);
void query_blob(struct query *q, int number, struct str bytes);
/* Somebody's words for a `words` or `trouble` of WORDS_SIZE, cut and made one line: a row must
 * never hold more than its reader takes, or the order could not be read again. */
void query_words(struct query *q, int number, const char *words);

int query_row(
    struct query *q) MUST_USE; /* steps to the next row; STORE_E_ABSENT when there is none */
int query_run(struct query *q) MUST_USE;      /* for statements without rows */
int64_t query_changes(const struct query *q); /* rows changed by the query_run() just done */
int query_one(struct query *q) MUST_USE; /* query_run, and STORE_E_ABSENT if it changed no row */
int query_result(const struct query *q) MUST_USE; /* any error met while reading columns */

struct id column_id(struct query *q);
int64_t column_int(struct query *q);
bool column_bool(struct query *q);
struct str column_str(struct query *q); /* text or bytes, until the next step */
void column_text(struct query *q, char *to, size_t size);
char *column_heap(struct query *q);                       /* NULL for NULL */
void column_bytes(struct query *q, void *to, size_t len); /* exactly len bytes */
void column_buf(struct query *q, struct buf *to);
/* The place of a name in a table of names: an unknown one is an error. */
size_t column_name(struct query *q, const char *const *names, size_t count);

/* One statement as text, outside the cache: DDL and pragmas. */
int db_exec(struct store *s, const char *sql) MUST_USE;
/* The outcome for the last failed call on the handle. */
int db_error(struct store *s, int code) MUST_USE;
/* As store_begin(), without the fsync at the commit: for what may be lost in a power cut, such as
 * leases. However it ends, the next transaction of the handle is durable again. */
int db_begin_light(struct store *s) MUST_USE;
/* A new id, later than any this handle made before: what is made in one millisecond keeps its order
 * (RFC 9562 section 6.2, method 2). */
struct id db_id(struct store *s);

int store_migrate(struct store *s) MUST_USE;
