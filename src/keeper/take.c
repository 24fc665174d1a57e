/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MESSAGE_KEY_TAKE: the one way in for a private key (K-03, I-12; docs/decisions/0012). It is
 * checked, wrapped as not ours, and forgotten. The reader that asks is presumed captured: the policy
 * is read here, and each question counts against a limit, good or bad.
 */
#include <openssl/crypto.h>

#include "base/error.h"
#include "ipc/key_take.h"
#include "keeper/keeper.h"
#include "keeper/wrap.h"
#include "pki/csr.h"
#include "sys/failpoint.h"
#include "sys/log.h"

#define TAKES_MOST  10 /* in so long: */
#define TAKES_EVERY SECONDS(60)

static bool
is_too_often(struct keeper *keeper)
{
	when now = world_ticks();

	if (keeper->takes == 0 || now - keeper->takes_since >= TAKES_EVERY) {
		keeper->takes_since = now;
		keeper->takes = 0;
	}
	return keeper->takes++ >= TAKES_MOST;
}

static int
check(const struct key_take *question, struct secret_key *ret)
{
	uint8_t spki[32];
	int r = secret_key_from_numbers(&question->numbers, ret);

	if (r == SECRET_KEY_E_WEAK)
		return KEY_TAKE_E_WEAK;
	if (r == SECRET_KEY_E_BROKEN)
		return KEY_TAKE_E_BROKEN;
	if (!r)
		r = csr_spki_sha256(ret->pkey, spki);
	if (r)
		return error_fold(r);
	return CRYPTO_memcmp(spki, question->spki_sha256, sizeof(spki)) == 0 ? 0
	                                                                     : KEY_TAKE_E_BROKEN;
}

static int
take(struct keeper *keeper, const struct key_take *question, struct buf *wrapped)
{
	CLEAN(secret_key_fini) struct secret_key key = { 0 };
	const struct key_owner owner = { question->key, question->customer, question->site };
	int r;

	if (!keeper->config->foreign_keys)
		return KEY_TAKE_E_REFUSED;
	if (is_too_often(keeper))
		return KEY_TAKE_E_LATER;
	r = check(question, &key);
	return r ? r : wrap_key(keeper->kek, keeper->world, &owner, &key, wrapped);
}

static const char *
words_of(int r)
{
	switch (r) {
	case KEY_TAKE_E_REFUSED:
		return "policy.foreign_keys is off";
	case KEY_TAKE_E_LATER:
		return "too many in a minute";
	case KEY_TAKE_E_WEAK:
		return "the key is weak";
	case KEY_TAKE_E_BROKEN:
		return "the numbers are no key, or not the certificate's";
	default:
		return "";
	}
}

static void
log_take(const struct key_take *question, int r)
{
	CLEAN(buf_fini) struct buf spki = BUF(2 * sizeof(question->spki_sha256));

	buf_put_hex(&spki, question->spki_sha256, sizeof(question->spki_sha256));
	LOG(r ? LOG_WARNING : LOG_NOTICE, r ? "key.take.refused" : "key.take",
	    LOG_ID("key", question->key), LOG_ID("customer", question->customer),
	    LOG_ID("site", question->site), LOG_TEXT("kind", key_kind_name(question->numbers.kind)),
	    LOG_TEXT("spki", buf_text(&spki)), LOG_TEXT("why", words_of(r)));
}

int
keeper_take(struct keeper *keeper, struct str question, struct buf *answer)
{
	CLEAN(key_take_fini) struct key_take asked = { 0 };
	CLEAN(buf_fini) struct buf wrapped = BUF(KEY_WRAPPED_MAX);
	int r;

	if (!key_take_get(question, &asked))
		return KEEPER_E_MALFORMED;
	r = take(keeper, &asked, &wrapped);
	if (r < 0)
		return r;
	atomic_fetch_add(r ? &keeper->refused : &keeper->taken, 1);
	log_take(&asked, r);
	key_taken_put(answer, r, buf_str(&wrapped));
	FAILPOINT("keeper.taken");
	return 0;
}
