/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define BUSY_MOST SECONDS(10) /* then STORE_E_BUSY */

static int
constraint_error(int extended)
{
	if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY)
		return STORE_E_TAKEN;
	if (extended == SQLITE_CONSTRAINT_FOREIGNKEY)
		return STORE_E_ABSENT;
	return error_origin(EINVAL);
}

int
db_error(struct store *s, int code)
{
	int extended = s->db ? sqlite3_extended_errcode(s->db) : code;
	int system_errno = s->db ? sqlite3_system_errno(s->db) : 0;

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return STORE_E_BUSY;
	case SQLITE_FULL:
		return STORE_E_FULL;
	case SQLITE_IOERR:
		return system_errno == ENOSPC || system_errno == EDQUOT ? STORE_E_FULL
		                                                        : error_origin(EIO);
	case SQLITE_CANTOPEN:
		if (extended == SQLITE_CANTOPEN_SYMLINK)
			return error_origin(ELOOP);
		return error_origin(system_errno ? system_errno : EIO);
	case SQLITE_CONSTRAINT:
		return constraint_error(extended);
	case SQLITE_NOMEM:
		return error_origin(ENOMEM);
	default:
		return error_origin(EIO);
	}
}

int
db_exec(struct store *s, const char *sql)
{
	int r = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return r == SQLITE_OK ? 0 : db_error(s, r);
}

/* Other processes' transactions last a few milliseconds: short sleeps that grow slowly keep our
 * latency near theirs. */
static int
wait_for_lock(void *store, int tries)
{
	struct store *s = store;
	when now = world_ticks();

	if (tries == 0)
		s->waiting_since = now;
	if (now - s->waiting_since > BUSY_MOST)
		return 0;
	world_rest(tries < 10 ? 200 : tries < 50 ? MILLIS(1) : MILLIS(5));
	return 1;
}

/* Two processes may make the database at the same time. SQLite does not ask the busy handler for
 * this lock. */
static int
enter_wal(struct store *s)
{
	int tries = 0, r;

	do
		r = db_exec(s, "PRAGMA journal_mode=WAL");
	while (r == STORE_E_BUSY && wait_for_lock(s, tries++));
	return r;
}

static int
configure(struct store *s)
{
	static const char *const pragmas[] = {
		"PRAGMA synchronous=FULL",
		"PRAGMA foreign_keys=ON",
		"PRAGMA trusted_schema=OFF",
		"PRAGMA cell_size_check=ON",
		"PRAGMA temp_store=MEMORY",
		"PRAGMA cache_size=-16384",
		"PRAGMA wal_autocheckpoint=1000",
	};
	int r = enter_wal(s);

	for (size_t i = 0; r == 0 && i < COUNT_OF(pragmas); i++)
		r = db_exec(s, pragmas[i]);
	return r;
}

int
store_open(const char *path, const struct world *world, struct store **ret)
{
	CLEAN(store_free) struct store *s = alloc_zero(sizeof(*s));
	int r;

	s->world = world;
	s->dialect = &dialect_sqlite;
	snprintf(s->actor, sizeof(s->actor), "nobody");
	r = sqlite3_open_v2(path, &s->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
	    NULL);
	if (r != SQLITE_OK)
		return db_error(s, r);
	sqlite3_busy_handler(s->db, wait_for_lock, s);
	(void)chmod(path, 0600);
	r = configure(s);
	if (r == 0)
		r = store_migrate(s);
	if (r)
		return r;
	*ret = TAKE(s);
	return 0;
}

struct store *
store_free(struct store *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->statement_count; i++)
		sqlite3_finalize(s->statement[i].handle);
	if (s->begun)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(s->db);
	free(s);
	return NULL;
}

const struct world *
store_world(const struct store *s)
{
	return s->world;
}

void
store_set_actor(struct store *s, const char *actor)
{
	str_show(str_of(actor), s->actor, sizeof(s->actor));
}

/* Every commit is durable again. */
static int
be_heavy(struct store *s)
{
	int r = s->light ? db_exec(s, "PRAGMA synchronous=FULL") : 0;

	if (r == 0)
		s->light = false;
	return r;
}

static int
begin(struct store *s)
{
	int r;

	assert(!s->begun);
	r = db_exec(s, s->dialect->begin);
	s->begun = r == 0;
	return r;
}

int
store_begin(struct store *s)
{
	int r = be_heavy(s);

	return r ? r : begin(s);
}

int
db_begin_light(struct store *s)
{
	int r = s->light ? 0 : db_exec(s, "PRAGMA synchronous=NORMAL");

	s->light = true;
	return r ? r : begin(s);
}

int
store_commit_at(struct store *s, const char *before, const char *after)
{
	int r;

	assert(s->begun);
	failpoint_pass(before);
	r = db_exec(s, "COMMIT");
	if (r) {
		store_abandon(s);
		return r;
	}
	s->begun = false;
	failpoint_pass(after);
	return 0;
}

void
store_abandon(struct store *s)
{
	if (!s || !s->begun)
		return;
	for (size_t i = 0; i < s->statement_count; i++)
		sqlite3_reset(s->statement[i].handle);
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->begun = false;
}

struct id
db_id(struct store *s)
{
	struct id id = world_id(s->world);

	if (memcmp(id.b, s->last_id.b, sizeof(id.b)) <= 0) {
		id = s->last_id;
		for (size_t i = sizeof(id.b) - 1; ++id.b[i] == 0;)
			i--;
	}
	s->last_id = id;
	return id;
}

static void
remember_places(struct statement *statement)
{
	for (int n = 1; n <= PARAMETERS_MAX; n++) {
		char name[8];

		snprintf(name, sizeof(name), "$%d", n);
		statement->place[n] = sqlite3_bind_parameter_index(statement->handle, name);
	}
}

static int
prepare(struct store *s, const char *sql, struct statement **ret)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);
	struct statement *statement;
	int r;

	for (size_t i = 0; i < s->statement_count; i++)
		if (s->statement[i].sql == sql) {
			*ret = &s->statement[i];
			return 0;
		}
	assert(s->statement_count < STATEMENTS_MAX);
	statement = &s->statement[s->statement_count];
	dialect_expand(s->dialect, sql, &text);
	r = sqlite3_prepare_v3(
	    s->db, buf_text(&text), -1, SQLITE_PREPARE_PERSISTENT, &statement->handle, NULL);
	if (r != SQLITE_OK)
		return db_error(s, r);
	statement->sql = sql;
	s->statement_count++;
	*ret = statement;
	remember_places(statement);
	return 0;
}

struct query
query(struct store *s, const char *sql)
{
	struct query q = { .store = s };

	q.error = prepare(s, sql, &q.statement);
	return q;
}

void
query_end(struct query *q)
{
	if (!q->statement)
		return;
	sqlite3_reset(q->statement->handle);
	sqlite3_clear_bindings(q->statement->handle);
}

static sqlite3_stmt *
bindable(struct query *q, int number, int *ret_place)
{
	if (q->error)
		return NULL;
	assert(number > 0 && number <= PARAMETERS_MAX && q->statement->place[number] > 0);
	*ret_place = q->statement->place[number];
	return q->statement->handle;
}

static void
check(struct query *q, int r)
{
	if (r != SQLITE_OK && !q->error)
		q->error = db_error(q->store, r);
}

void
query_id(struct query *q, int number, struct id id)
{
	int place;
	sqlite3_stmt *stmt = bindable(q, number, &place);

	if (stmt)
		check(q, id_is_none(id) ? sqlite3_bind_null(stmt, place)
					: sqlite3_bind_blob(
					      stmt, place, id.b, sizeof(id.b), SQLITE_TRANSIENT));
}

void
query_int(struct query *q, int number, int64_t value)
{
	int place;
	sqlite3_stmt *stmt = bindable(q, number, &place);

	if (stmt)
		check(q, sqlite3_bind_int64(stmt, place, value));
}

void
query_str(struct query *q, int number, struct str text)
{
	int place;
	sqlite3_stmt *stmt = bindable(q, number, &place);

	if (stmt)
		check(q, sqlite3_bind_text64(
			     stmt, place, text.p, text.len, SQLITE_TRANSIENT, SQLITE_UTF8));
}

void
query_text(struct query *q, int number, const char *text)
{
	query_str(q, number, str_of(text));
}

void
query_blob(struct query *q, int number, struct str bytes)
{
	int place;
	sqlite3_stmt *stmt = bindable(q, number, &place);

	if (stmt)
		check(q, sqlite3_bind_blob64(stmt, place, bytes.p, bytes.len, SQLITE_TRANSIENT));
}

void
query_words(struct query *q, int number, const char *words)
{
	char line[WORDS_SIZE];

	str_show(str_of(words), line, sizeof(line));
	query_text(q, number, line);
}

int
query_row(struct query *q)
{
	int r;

	if (!q->error && !q->store->begun && !sqlite3_stmt_readonly(q->statement->handle))
		q->error = error_origin(EPERM);
	if (q->error)
		return q->error;
	q->column = 0;
	r = sqlite3_step(q->statement->handle);
	if (r == SQLITE_ROW)
		return 0;
	if (r == SQLITE_DONE)
		return STORE_E_ABSENT;
	q->error = db_error(q->store, r);
	return q->error;
}

int
query_run(struct query *q)
{
	int r = query_row(q);

	return r == STORE_E_ABSENT && !q->error ? 0 : r;
}

int64_t
query_changes(const struct query *q)
{
	return sqlite3_changes64(q->store->db);
}

int
query_one(struct query *q)
{
	int r = query_run(q);

	return r ? r : query_changes(q) > 0 ? 0 : STORE_E_ABSENT;
}

int
query_result(const struct query *q)
{
	return q->error;
}

static void
misread(struct query *q)
{
	if (!q->error)
		q->error = error_origin(EBADMSG);
}

struct id
column_id(struct query *q)
{
	struct id id = ID_NONE;
	int column = q->column++;

	if (sqlite3_column_type(q->statement->handle, column) == SQLITE_NULL)
		return id;
	if (sqlite3_column_bytes(q->statement->handle, column) != (int)sizeof(id.b))
		misread(q);
	else
		memcpy(id.b, sqlite3_column_blob(q->statement->handle, column), sizeof(id.b));
	return id;
}

int64_t
column_int(struct query *q)
{
	return sqlite3_column_int64(q->statement->handle, q->column++);
}

bool
column_bool(struct query *q)
{
	return column_int(q) != 0;
}

struct str
column_str(struct query *q)
{
	int column = q->column++;
	const void *p = sqlite3_column_blob(q->statement->handle, column);

	return p ? str_bytes(p, (size_t)sqlite3_column_bytes(q->statement->handle, column))
	         : STR("");
}

void
column_text(struct query *q, char *to, size_t size)
{
	if (!str_copy(column_str(q), to, size))
		misread(q);
}

char *
column_heap(struct query *q)
{
	bool absent = sqlite3_column_type(q->statement->handle, q->column) == SQLITE_NULL;
	struct str text = column_str(q);

	if (memchr(text.p, '\0', text.len))
		misread(q);
	return absent ? NULL : str_dup(text);
}

void
column_bytes(struct query *q, void *to, size_t len)
{
	int column = q->column++;

	if (sqlite3_column_bytes(q->statement->handle, column) != (int)len)
		misread(q);
	else
		copy_bytes(to, sqlite3_column_blob(q->statement->handle, column), len);
}

void
column_buf(struct query *q, struct buf *to)
{
	int column = q->column++;

	buf_put(to, sqlite3_column_blob(q->statement->handle, column),
	    (size_t)sqlite3_column_bytes(q->statement->handle, column));
	if (buf_failed(to))
		misread(q);
}

size_t
column_name(struct query *q, const char *const *names, size_t count)
{
	struct str name = column_str(q);

	for (size_t i = 0; i < count; i++)
		if (str_eq(name, str_of(names[i])))
			return i;
	misread(q);
	return 0;
}
