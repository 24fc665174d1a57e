/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to a unit of a BIG-IP: one token for all of them, taken when it is first asked and given
 * back when the balancer is closed (a user may have a hundred). A token that is gone is replaced once; a look that
 * got lost is looked again once; nothing else is repeated here: the task is, and observes first.
 */
#include <stdio.h>

#include "balancer/bigip_internal.h"
#include "base/error.h"

#define TOKENS "/mgmt/shared/authz/tokens/"
#define LOGIN  "/mgmt/shared/authn/login"

const char *
bigip_path(const struct balancer *b, const char *kind, const char *name, const char *query,
    char to[static BIGIP_PATH_SIZE])
{
	char full[BIGIP_FULL_SIZE];

	return bigip_object(kind, bigip_full_name(b, name, full), query, to);
}

/* The slashes of a full name are written '~', and a route domain's '%' as the URL that it is in. */
const char *
bigip_object(
    const char *kind, const char *full_name, const char *query, char to[static BIGIP_PATH_SIZE])
{
	CLEAN(buf_fini) struct buf path = BUF(BIGIP_PATH_SIZE);

	buf_printf(&path, "/mgmt/tm/%s/", kind);
	for (const char *c = full_name; *c; c++)
		if (*c == '%')
			buf_put_text(&path, "%25");
		else
			buf_put_byte(&path, *c == '/' ? '~' : (uint8_t)*c);
	buf_put_text(&path, query);
	snprintf(to, BIGIP_PATH_SIZE, "%s", buf_text(&path));
	return to;
}

void
bigip_place(const struct balancer *b, json_t *body)
{
	const char *partition = b->config->partition, *folder = strchr(partition, '/');
	size_t len = folder ? (size_t)(folder - partition) : strlen(partition);

	json_object_set_new(body, "partition", json_stringn(partition, len));
	if (folder)
		json_object_set_new(body, "subPath", json_string(folder + 1));
}

const char *
bigip_full_name(const struct balancer *b, const char *name, char to[static BIGIP_FULL_SIZE])
{
	if (*name == '/' || *name == '\0')
		snprintf(to, BIGIP_FULL_SIZE, "%.*s", BIGIP_FULL_SIZE - 1, name);
	else
		snprintf(to, BIGIP_FULL_SIZE, "/%.63s/%.135s", b->config->partition, name);
	return to;
}

/* clang-format off */
static const struct meaning {
	enum bigip_answer answer;
	int result;
} meanings[] = {
	{ BIGIP_STARTING, BALANCER_E_UNREACHABLE },
	{ BIGIP_BUSY,     BALANCER_E_BUSY },
	{ BIGIP_UNSURE,   BALANCER_E_AMBIGUOUS },
	{ BIGIP_SIGN_IN,  BALANCER_E_UNREACHABLE }, /* it refuses a fresh token, too: it is not itself */
	{ BIGIP_CROWDED,  BALANCER_E_AUTH },
	{ BIGIP_DENIED,   BALANCER_E_AUTH },
	{ BIGIP_NONSENSE, BALANCER_E_BROKEN },
	{ BIGIP_MISMATCH, BALANCER_E_INVALID },
	{ BIGIP_REFUSED,  BALANCER_E_INVALID },
	{ BIGIP_EXISTS,   BALANCER_E_AMBIGUOUS }, /* it was not there a moment ago: our own request that got lost, or somebody's */
	{ BIGIP_IN_USE,   BALANCER_E_CONFLICT },
	{ BIGIP_ABSENT,   BALANCER_E_INVALID }, /* of what must be there, as a pool */
};
/* clang-format on */

int
bigip_fail(
    struct balancer *b, const struct bigip_reply *reply, const char *doing, struct outcome *what)
{
	const struct bigip *d = b->self;
	char unit[BIGIP_UNIT_WORDS];
	int result = BALANCER_E_BROKEN;

	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (meanings[i].answer == reply->answer)
			result = meanings[i].result;
	return balancer_fail(what, result, "%s: %s: %s (%.300s)", bigip_unit_words(b, d->at, unit),
	    doing, bigip_answer_name(reply->answer),
	    *reply->words ? reply->words : "it says no more");
}

static int
fail_exchange(struct balancer *b, int r, bool is_look, const char *doing, struct outcome *what)
{
	const struct bigip *d = b->self;
	char unit[BIGIP_UNIT_WORDS];
	int result = r == DEVICE_E_UNREACHABLE ? BALANCER_E_UNREACHABLE
	             : r == DEVICE_E_UNTRUSTED ? BALANCER_E_AUTH
	             : is_look                 ? BALANCER_E_UNREACHABLE
	                                       : BALANCER_E_AMBIGUOUS;

	if (r < 0)
		return balancer_fatal(what, r, doing);
	return balancer_fail(what, result, "%s: %s: %s (%.200s)", bigip_unit_words(b, d->at, unit),
	    doing, device_words(r), d->at->device->problem);
}

/* Is it for bigip_ask()'s caller to understand? */
static bool
is_meant(enum bigip_answer answer)
{
	return answer == BIGIP_DONE || answer == BIGIP_ABSENT || answer == BIGIP_EXISTS ||
	       answer == BIGIP_IN_USE || answer == BIGIP_MISMATCH || answer == BIGIP_REFUSED;
}

static int
exchange(struct balancer *b, const struct device_request *request, long *ret_status,
    struct buf *body, struct outcome *what)
{
	struct device *device = ((struct bigip *)b->self)->at->device;
	bool is_look = strcmp(request->method, "GET") == 0;
	int r = 0;

	for (int attempt = 0; attempt < 2; attempt++) {
		buf_clear(body);
		r = device->exchange(device, request, ret_status, body);
		if (r != DEVICE_E_LOST || !is_look)
			break;
	}
	return r ? fail_exchange(b, r, is_look, request->path, what) : 0;
}

static int
ask_signed_in(struct balancer *b, struct device_request *request, struct bigip_reply *reply,
    struct buf *body, struct outcome *what)
{
	struct bigip *d = b->self;
	long status = 0;
	int r = 0;

	for (int attempt = 0; attempt < 2; attempt++) {
		request->token = d->at->token;
		request->timeout = d->patience;
		r = exchange(b, request, &status, body, what);
		if (r)
			return r;
		bigip_judge(status, buf_str(body), reply);
		if (reply->answer != BIGIP_SIGN_IN)
			return 0;
		r = bigip_sign_in(b, what);
		if (r)
			return r;
	}
	return 0;
}

/* Of the configuration: what only runs, or is nothing but a file under way, is none. */
static bool
is_change(const char *method, const char *path)
{
	static const char *const others[] = { "/mgmt/shared/", "/mgmt/tm/cm", "/mgmt/tm/sys/config",
		"/mgmt/tm/util/" };

	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (str_starts(str_of(path), str_of(others[i])))
			return false;
	return strcmp(method, "GET") != 0;
}

int
bigip_ask(struct balancer *b, const char *method, const char *path, const json_t *body,
    struct bigip_reply *reply, json_t **ret_json, struct outcome *what)
{
	CLEAN(buf_fini) struct buf answer = BUF(DEVICE_ANSWER_MAX);
	struct device_request request = {
		.method = method, .path = path, .coordination = "", .json = body
	};
	json_t *json;
	int r = is_change(method, path) ? bigip_pair_ready(b, what) : 0;

	if (ret_json)
		*ret_json = NULL;
	if (r == 0)
		r = ask_signed_in(b, &request, reply, &answer, what);
	if (r)
		return r;
	if (!is_meant(reply->answer))
		return bigip_fail(b, reply, path, what);
	if (reply->answer != BIGIP_DONE || !ret_json)
		return 0;
	json = json_loadb(answer.data, answer.len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(json)) {
		*ret_json = json;
		return 0;
	}
	json_decref(json);
	return balancer_fail(
	    what, BALANCER_E_BROKEN, "%s: %s: its answer is no JSON object", b->config->name, path);
}

int
bigip_must(struct balancer *b, const char *method, const char *path, const json_t *body,
    json_t **ret_json, struct outcome *what)
{
	struct bigip_reply reply;
	int r = bigip_ask(b, method, path, body, &reply, ret_json, what);

	if (r)
		return r;
	return reply.answer == BIGIP_DONE ? 0 : bigip_fail(b, &reply, path, what);
}

int
bigip_get(struct balancer *b, const char *path, json_t **ret, struct outcome *what)
{
	struct bigip_reply reply;
	int r = bigip_ask(b, "GET", path, NULL, &reply, ret, what);

	if (r)
		return r;
	return reply.answer == BIGIP_DONE || reply.answer == BIGIP_ABSENT
	           ? 0
	           : bigip_fail(b, &reply, path, what);
}

int
bigip_delete(
    struct balancer *b, const char *kind, const char *name, bool *ret_gone, struct outcome *what)
{
	char path[BIGIP_PATH_SIZE];
	struct bigip_reply reply;
	int r =
	    bigip_ask(b, "DELETE", bigip_path(b, kind, name, "", path), NULL, &reply, NULL, what);

	if (r)
		return r;
	if (ret_gone)
		*ret_gone = reply.answer != BIGIP_IN_USE;
	if (reply.answer == BIGIP_DONE || reply.answer == BIGIP_ABSENT ||
	    (reply.answer == BIGIP_IN_USE && ret_gone))
		return 0;
	return bigip_fail(b, &reply, path, what);
}

static int
take_token(struct balancer *b, const struct buf *answer, struct outcome *what)
{
	struct bigip_unit *unit = ((struct bigip *)b->self)->at;
	CLEAN(json_free)
	json_t *json = json_loadb(answer->data, answer->len, JSON_REJECT_DUPLICATES, NULL);
	const char *token =
	    json_string_value(json_object_get(json_object_get(json, "token"), "token"));

	if (!token || !*token || strlen(token) >= sizeof(unit->token) ||
	    strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") !=
		strlen(token))
		return balancer_fail(what, BALANCER_E_BROKEN,
		    "%s: it gave no token that it could be", b->config->name);
	snprintf(unit->token, sizeof(unit->token), "%s", token);
	return 0;
}

int
bigip_carried(struct balancer *b, int r, struct outcome *what)
{
	const struct bigip *d = b->self;
	struct outcome cause = *what;
	char unit[BIGIP_UNIT_WORDS];

	if (r > 0)
		outcome_set(
		    what, cause.kind, "%s: %.180s", bigip_unit_words(b, d->at, unit), cause.words);
	return r;
}

int
bigip_sign_in(struct balancer *b, struct outcome *what)
{
	CLEAN(buf_fini) struct buf answer = BUF_SECRET(1 << 16);
	struct bigip *d = b->self;
	struct bigip_reply reply;
	long status = 0;
	int r;

	d->at->token[0] = '\0';
	if (!b->pourer || !b->pourer->sign_in)
		return balancer_fail(
		    what, BALANCER_E_AUTH, "%s: nobody could sign in", b->config->name);
	r = bigip_carried(b,
	    b->pourer->sign_in(b->pourer, (size_t)(d->at - d->units), &status, &answer, what),
	    what);
	if (r)
		return r;
	bigip_judge(status, buf_str(&answer), &reply);
	return reply.answer == BIGIP_DONE ? take_token(b, &answer, what)
	                                  : bigip_fail(b, &reply, "signing in", what);
}

void
bigip_sign_out(struct balancer *b)
{
	CLEAN(buf_fini) struct buf answer = BUF(1 << 16);
	const struct bigip *d = b->self;
	struct bigip_unit *unit = d->at;
	char path[sizeof(TOKENS) + sizeof(unit->token)];
	struct device_request request = { .method = "DELETE",
		.path = path,
		.token = unit->token,
		.coordination = "",
		.timeout = d->patience };
	long status;

	if (!unit->device || !*unit->token)
		return;
	snprintf(path, sizeof(path), TOKENS "%s", unit->token);
	if (unit->device->exchange(unit->device, &request, &status, &answer) != 0)
		status = 0; /* it ends by itself after 20 minutes */
	unit->token[0] = '\0';
}

int
bigip_upload(struct balancer *b, const char *name, struct str bytes, struct outcome *what)
{
	CLEAN(buf_fini) struct buf answer = BUF(1 << 16);
	char path[BIGIP_PATH_SIZE];
	struct device_request request = {
		.method = "POST", .path = path, .coordination = "", .bytes = bytes
	};
	struct bigip_reply reply;
	int r;

	snprintf(path, sizeof(path), BIGIP_UPLOADS "%s", name);
	r = ask_signed_in(b, &request, &reply, &answer, what);
	if (r)
		return r;
	return reply.answer == BIGIP_DONE ? 0 : bigip_fail(b, &reply, "an upload", what);
}
