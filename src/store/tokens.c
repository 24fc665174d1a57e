/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tokens.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/detail.h"
#include "store/events.h"
#include "store/lists.h"

static const char *const roles[] = { [TOKEN_PROVIDER] = "provider", [TOKEN_CUSTOMER] = "customer" };
static_assert(COUNT_OF(roles) == TOKEN_ROLE_MAX, "a name for each role");

#define COLUMNS "id, name, role, customer, created, revoked"

const char *
token_role_name(enum token_role role)
{
	return (size_t)role < COUNT_OF(roles) ? roles[role] : "unknown";
}

bool
token_role_parse(struct str s, enum token_role *ret)
{
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if (str_eq(s, str_of(roles[i]))) {
			*ret = (enum token_role)i;
			return true;
		}
	return false;
}

void
token_list_fini(struct token_list *list)
{
	free(list->row);
	*list = (struct token_list){ 0 };
}

static void
read_token(struct query *q, void *row)
{
	struct token *t = row;

	t->id = column_id(q);
	column_text(q, t->name, sizeof(t->name));
	t->role = (enum token_role)column_name(q, roles, COUNT_OF(roles));
	t->customer = column_id(q);
	t->created = column_int(q);
	t->revoked = column_int(q);
}

/* 256 random bits need no slow hash: there is nothing to guess. */
static int
hash_secret(struct str secret, uint8_t ret[static 32])
{
	unsigned size = 32;

	return EVP_Digest(secret.p, secret.len, ret, &size, EVP_sha256(), NULL) == 1
	           ? 0
	           : error_origin(EINVAL);
}

static void
make_secret(const struct world *world, char to[static TOKEN_SECRET_SIZE])
{
	uint8_t random[32];

	world->random(world, random, sizeof(random));
	(void)str_copy(STR("cd_"), to, TOKEN_SECRET_SIZE);
	sodium_bin2base64(to + 3, TOKEN_SECRET_SIZE - 3, random, sizeof(random),
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(random, sizeof(random));
}

int
store_token_add(struct store *s, struct token *t, char ret_secret[static TOKEN_SECRET_SIZE])
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO tokens (id, name, role, customer, hash, created, revoked) VALUES ($1,$2,$3,$4,$5,$6,0)");
	CLEAN(detail_fini) struct detail detail = { 0 };
	uint8_t hash[32];
	int r;

	t->id = db_id(s);
	t->created = world_now(s->world);
	make_secret(s->world, ret_secret);
	r = hash_secret(str_of(ret_secret), hash);
	if (r)
		return r;
	query_id(&q, 1, t->id);
	query_text(&q, 2, t->name);
	query_text(&q, 3, roles[t->role]);
	query_id(&q, 4, t->customer);
	query_blob(&q, 5, str_bytes(hash, sizeof(hash)));
	query_int(&q, 6, t->created);
	r = query_run(&q);
	detail_text(&detail, "name", t->name);
	detail_text(&detail, "role", roles[t->role]);
	return r ? r : detail_event(&detail, s, "token.added", "token", t->id, ID_NONE);
}

int
store_token_find(struct store *s, struct str secret, struct token *ret)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT " COLUMNS " FROM tokens WHERE hash=$1 AND revoked=0");
	struct token t = { 0 };
	uint8_t hash[32];
	int r = hash_secret(secret, hash);

	if (r)
		return r;
	query_blob(&q, 1, str_bytes(hash, sizeof(hash)));
	r = query_row(&q);
	if (r)
		return r;
	read_token(&q, &t);
	r = query_result(&q);
	if (r == 0)
		*ret = t;
	return r;
}

int
store_token_list(struct store *s, struct page page, struct token_list *ret)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "SELECT " COLUMNS " FROM tokens WHERE id>$1 ORDER BY id LIMIT $2");
	struct rows rows;
	int r;

	query_blob(&q, 1, str_bytes(page.after.b, sizeof(page.after.b)));
	query_int(&q, 2, (int64_t)list_limit(page.limit) + 1);
	r = list_read(&q, sizeof(struct token), list_limit(page.limit), read_token, &rows);
	if (r == 0)
		*ret =
		    (struct token_list){ .row = rows.row, .count = rows.count, .more = rows.more };
	return r;
}

int
store_token_revoke(struct store *s, struct id id)
{
	CLEAN(query_end)
	struct query q = query(s, "UPDATE tokens SET revoked=$2 WHERE id=$1 AND revoked=0");
	int r;

	query_id(&q, 1, id);
	query_int(&q, 2, world_now(s->world));
	r = query_one(&q);
	return r ? r : store_event_add(s, "token.revoked", "token", id, ID_NONE, "");
}

int
store_answer_find(struct store *s, struct id token, const char *key,
    const uint8_t request_sha256[static 32], int64_t *ret_status, struct buf *body)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "SELECT request, status, body FROM answers WHERE token=$1 AND key=$2");
	uint8_t request[32];
	int r;

	query_id(&q, 1, token);
	query_text(&q, 2, key);
	r = query_row(&q);
	if (r)
		return r;
	column_bytes(&q, request, sizeof(request));
	*ret_status = column_int(&q);
	column_buf(&q, body);
	r = query_result(&q);
	if (r)
		return r;
	return memcmp(request, request_sha256, sizeof(request)) == 0 ? 0 : STORE_E_TAKEN;
}

int
store_answer_keep(struct store *s, struct id token, const char *key,
    const uint8_t request_sha256[static 32], int64_t status, struct str body)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO answers (token, key, request, status, body, at) VALUES ($1,$2,$3,$4,$5,$6)");

	query_id(&q, 1, token);
	query_text(&q, 2, key);
	query_blob(&q, 3, str_bytes(request_sha256, 32));
	query_int(&q, 4, status);
	query_str(&q, 5, body);
	query_int(&q, 6, world_now(s->world));
	return query_run(&q);
}

int
store_answers_forget(struct store *s, when older_than)
{
	CLEAN(query_end) struct query q = query(s, "DELETE FROM answers WHERE at<$1");

	query_int(&q, 1, older_than);
	return query_run(&q);
}
