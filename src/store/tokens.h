/* SPDX-License-Identifier: Apache-2.0 */
/* API tokens (only their hashes) and the answers kept for Idempotency-Key. */
#pragma once

#include "base/buf.h"
#include "store/store.h"

enum token_role { TOKEN_PROVIDER, TOKEN_CUSTOMER, TOKEN_ROLE_MAX };
const char *token_role_name(enum token_role role);
bool token_role_parse(struct str s, enum token_role *ret);

struct token {
	struct id id;
	char name[128];
	enum token_role role;
	struct id customer; /* of a customer's token */
	when created, revoked;
};
struct token_list {
	struct token *row;
	size_t count;
	bool more;
};
void token_list_fini(struct token_list *list);
CLEAN_DEFINE_FINI(token_list_fini, struct token_list);

/* Makes one: 32 random bytes, shown once as "cd_" + base64url in *ret_secret (size
 * TOKEN_SECRET_SIZE), stored as SHA-256. */
#define TOKEN_SECRET_SIZE 64
int store_token_add(
    struct store *s, struct token *t, char ret_secret[static TOKEN_SECRET_SIZE]) MUST_USE;
int store_token_find(struct store *s, struct str secret,
    struct token *ret) MUST_USE; /* ABSENT: unknown or revoked */
int store_token_list(struct store *s, struct page page, struct token_list *ret) MUST_USE;
int store_token_revoke(struct store *s, struct id id) MUST_USE;

/* ABSENT: never seen. TAKEN: seen with another request (hash differs). 0: *ret_status and *body are
 * the first answer. */
int store_answer_find(struct store *s, struct id token, const char *key,
    const uint8_t request_sha256[static 32], int64_t *ret_status, struct buf *body) MUST_USE;
int store_answer_keep(struct store *s, struct id token, const char *key,
    const uint8_t request_sha256[static 32], int64_t status, struct str body) MUST_USE;
int store_answers_forget(struct store *s, when older_than) MUST_USE;
