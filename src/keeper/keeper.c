/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/keeper.h"

#include <errno.h>
#include <pwd.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "ipc/key_make.h"
#include "keeper/memory.h"
#include "keeper/wrap.h"
#include "sys/log.h"

static int
find_worker(const struct config *config, uid_t *ret)
{
	struct passwd entry, *found = NULL;
	char text[4096];

	*ret = geteuid();
	if (config->user_worker[0] == '\0')
		return 0;
	if (getpwnam_r(config->user_worker, &entry, text, sizeof(text), &found) != 0 || !found)
		return error_origin(ENOENT);
	*ret = found->pw_uid;
	return 0;
}

/* Made, wrapped, unwrapped: what came out is what went in. Also loads all of OpenSSL that we use
 * before the sandbox closes. */
static int
test_self(struct keeper *keeper)
{
	CLEAN(secret_key_fini) struct secret_key in = { 0 };
	CLEAN(secret_key_fini) struct secret_key out = { 0 };
	CLEAN(buf_fini) struct buf wrapped = BUF(KEY_WRAPPED_MAX);
	const struct key_owner owner = { world_id(keeper->world), world_id(keeper->world),
		world_id(keeper->world) };
	int r = secret_key_make_ec(&keeper->ec, KEY_P256, &in);

	if (!r)
		r = wrap_key(keeper->kek, keeper->world, &owner, &in, &wrapped);
	if (!r)
		r = unwrap_key(keeper->kek, &owner, buf_str(&wrapped), &out);
	if (!r)
		r = secret_key_open(&out);
	if (r)
		return error_fold(r);
	if (in.len != out.len || sodium_memcmp(in.der, out.der, in.len) != 0)
		return error_origin(ENOTRECOVERABLE);
	return 0;
}

int
keeper_new(const struct world *world, const struct config *config, const struct kek *kek,
    struct keeper **ret)
{
	CLEAN(keeper_free) struct keeper *keeper = alloc_zero(sizeof(*keeper));
	const size_t target[KEY_KIND_MAX] = {
		[KEY_RSA2048] = (size_t)config->stock_rsa2048,
		[KEY_RSA3072] = (size_t)config->stock_rsa3072,
		[KEY_RSA4096] = (size_t)config->stock_rsa4096,
	};
	int r = find_worker(config, &keeper->worker);

	if (r)
		return r;
	keeper->world = world;
	keeper->config = config;
	keeper->kek = memory_secret(sizeof(*keeper->kek));
	if (!keeper->kek)
		return error_origin(ENOMEM);
	*keeper->kek = *kek;
	r = ec_maker_init(&keeper->ec);
	if (!r)
		r = test_self(keeper);
	if (r)
		return r;
	keeper->stock = stock_new(world, target);
	*ret = TAKE(keeper);
	return 0;
}

struct keeper *
keeper_free(struct keeper *keeper)
{
	if (!keeper)
		return NULL;
	stock_free(keeper->stock);
	devices_free(keeper->devices);
	ec_maker_fini(&keeper->ec);
	memory_secret_free(keeper->kek, sizeof(*keeper->kek));
	free(keeper);
	return NULL;
}

static int
answer_of(struct keeper *keeper, const struct frame *question, struct buf *answer)
{
	if (question->type == MESSAGE_KEY_MAKE)
		return keeper_make(keeper, buf_str(&question->payload), answer);
	if (question->type == MESSAGE_KEY_EXPORT)
		return keeper_export(keeper, buf_str(&question->payload), question->fd, answer);
	if (question->type == MESSAGE_SIGN_IN)
		return keeper_sign_in(keeper, buf_str(&question->payload), question->fd, answer);
	if (question->type == MESSAGE_KEY_TAKE)
		return keeper_take(keeper, buf_str(&question->payload), answer);
	return KEEPER_E_MALFORMED;
}

static const char *
name_of(enum message_type type)
{
	const struct message_rule *rule = message_rule(type);

	return rule ? rule->name : "unknown";
}

int
keeper_handle(struct keeper *keeper, struct channel *from, const struct frame *question)
{
	const struct message_rule *rule = message_rule(question->type);
	CLEAN(buf_fini)
	struct buf answer = BUF_SECRET(rule ? rule->max_answer : 0); /* a token may be in it */
	int r = answer_of(keeper, question, &answer);

	if (r == 0)
		return channel_answer(from, question, &answer);
	atomic_fetch_add(&keeper->refused, 1);
	LOG(LOG_WARNING, "question.refused", LOG_TEXT("question", name_of(question->type)),
	    LOG_TEXT("from", role_name(channel_peer(from))),
	    LOG_TEXT("why", r < 0 ? error_words(r) : "ill-formed"));
	return channel_refuse(from, question);
}

void
keeper_report(struct keeper *keeper, struct buf *to)
{
	char kek[KEK_ID_TEXT_SIZE];

	buf_printf(to, "kek=%s\n", kek_id_text(keeper->kek->id, kek));
	buf_printf(to, "memory_locked=%s\n", keeper->locked ? "yes" : "no");
	buf_printf(to, "made=%lu\n", atomic_load(&keeper->made));
	buf_printf(to, "exported=%lu\n", atomic_load(&keeper->exported));
	buf_printf(to, "taken=%lu\n", atomic_load(&keeper->taken));
	buf_printf(to, "signed_in=%lu\n", atomic_load(&keeper->signed_in));
	buf_printf(to, "refused=%lu\n", atomic_load(&keeper->refused));
	for (size_t kind = 0; kind < KEY_KIND_MAX; kind++) {
		struct stock_count count = stock_count(keeper->stock, (enum key_kind)kind);

		if (key_kind_is_rsa((enum key_kind)kind))
			buf_printf(to, "stock_%s=%zu/%zu\n", key_kind_name((enum key_kind)kind),
			    count.here, count.target);
	}
}
