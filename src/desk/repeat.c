/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/repeat.h"

#include <errno.h>
#include <openssl/evp.h>

#include "desk/answer.h"

#define KEPT DAYS(7) /* as docs/openapi.yaml says; a client that repeats does so within minutes */

bool
repeat_is_wanted(const struct request *request)
{
	return request->idempotency_key[0] != '\0' && strcmp(request->method, "POST") == 0;
}

static int
hash_request(const struct request *request, uint8_t ret[static 32])
{
	CLEAN(buf_fini) struct buf all = BUF_SECRET(BODY_MAX + 64 * 1024);
	unsigned size = 32;

	buf_printf(&all, "%s\n%s %s\n", request->credentials, request->method, request->path);
	for (size_t i = 0; i < request->query_count; i++)
		buf_printf(&all, "%s=%s\n", request->query[i].name, request->query[i].value);
	buf_put_str(&all, request->body);
	if (buf_failed(&all) || EVP_Digest(all.data, all.len, ret, &size, EVP_sha256(), NULL) != 1)
		return error_origin(EINVAL);
	return 0;
}

/* Kept is one line with the Location (or nothing), then the body. */
static int
give_again(struct answer *answer, int64_t status, struct str kept)
{
	struct str location;

	if (!str_next(&kept, '\n', &location) ||
	    !str_copy(location, answer->location, sizeof(answer->location)))
		return error_origin(EBADMSG);
	answer->replayed = true;
	return answer_text(answer, (int)status,
	    status >= 400 ? "application/problem+json" : "application/json", kept);
}

int
repeat_find(struct request *request, struct answer *answer, bool *ret_known)
{
	CLEAN(buf_fini) struct buf kept = BUF(ANSWER_MAX + 256);
	uint8_t hash[32];
	int64_t status = 0;
	int r = hash_request(request, hash);

	*ret_known = false;
	if (r)
		return r;
	r = store_answer_find(
	    request->store, request->token.id, request->idempotency_key, hash, &status, &kept);
	if (r == STORE_E_ABSENT)
		return 0;
	*ret_known = r == 0 || r == STORE_E_TAKEN;
	if (r == STORE_E_TAKEN)
		return answer_problem(answer, 422, "IDEMPOTENCY",
		    "This Idempotency-Key was used for another request: use a new key for it.");
	return r ? r : give_again(answer, status, buf_str(&kept));
}

int
repeat_keep(struct request *request, const struct answer *answer)
{
	CLEAN(buf_fini) struct buf kept = BUF(ANSWER_MAX + 256);
	uint8_t hash[32];
	int r = hash_request(request, hash);

	if (r == 0)
		r = store_answers_forget(
		    request->store, world_now(request->desk->process->world) - KEPT);
	if (r)
		return r;
	buf_printf(&kept, "%s\n", answer->location);
	buf_put_str(&kept, buf_str(&answer->body));
	if (buf_failed(&kept))
		return error_origin(E2BIG);
	return store_answer_keep(request->store, request->token.id, request->idempotency_key, hash,
	    answer->status, buf_str(&kept));
}
