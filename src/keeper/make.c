/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MESSAGE_KEY_MAKE: whose key and which names in, wrapped key and signing request out. The key is
 * born here and leaves only wrapped. Nothing is remembered: a question asked twice makes two keys.
 */
#include "base/error.h"
#include "ipc/key_make.h"
#include "keeper/keeper.h"
#include "keeper/wrap.h"
#include "sys/failpoint.h"
#include "sys/log.h"

static int
take_key(struct keeper *keeper, enum key_kind kind, struct secret_key *ret, uint32_t *ret_later_ms)
{
	int r;

	if (!key_kind_is_rsa(kind))
		return secret_key_make_ec(&keeper->ec, kind, ret);
	r = stock_take(keeper->stock, kind, ret, ret_later_ms);
	return r ? r : secret_key_open(ret);
}

static int
make_answer(struct keeper *keeper, const struct key_order *order, const struct secret_key *key,
    struct key_made *ret)
{
	const struct key_owner owner = { order->key, order->customer, order->site };
	int r = csr_build(key->pkey, &order->subject, order->names, order->name_count, &ret->csr);

	if (!r)
		r = csr_spki_sha256(key->pkey, ret->spki_sha256);
	if (!r)
		r = wrap_key(keeper->kek, keeper->world, &owner, key, &ret->wrapped);
	copy_bytes(ret->kek, keeper->kek->id, sizeof(ret->kek));
	return r;
}

static void
log_made(const struct key_order *order, const struct key_made *made)
{
	CLEAN(buf_fini) struct buf spki = BUF(sizeof(made->spki_sha256) * 2);

	buf_put_hex(&spki, made->spki_sha256, sizeof(made->spki_sha256));
	LOG(LOG_NOTICE, "key.make", LOG_ID("key", order->key), LOG_ID("customer", order->customer),
	    LOG_ID("site", order->site), LOG_TEXT("kind", key_kind_name(order->kind)),
	    LOG_TEXT("spki", buf_text(&spki)));
}

static int
make_for(struct keeper *keeper, const struct key_order *order, struct buf *answer)
{
	CLEAN(secret_key_fini) struct secret_key key = { 0 };
	CLEAN(key_made_fini)
	struct key_made made = { .wrapped = BUF(KEY_WRAPPED_MAX), .csr = BUF(CSR_MAX) };
	uint32_t later_ms = 0;
	int r = take_key(keeper, order->kind, &key, &later_ms);

	if (r == STOCK_E_EMPTY) {
		key_later_put(answer, later_ms);
		return 0;
	}
	if (!r)
		r = make_answer(keeper, order, &key, &made);
	if (r)
		return r;
	key_made_put(answer, &made);
	atomic_fetch_add(&keeper->made, 1);
	log_made(order, &made);
	FAILPOINT("keeper.made");
	return 0;
}

int
keeper_make(struct keeper *keeper, struct str question, struct buf *answer)
{
	struct key_order order;
	int r;

	if (!key_order_get(question, &order))
		return KEEPER_E_MALFORMED;
	r = csr_check(&order.subject, order.names, order.name_count);
	return r ? KEEPER_E_MALFORMED : make_for(keeper, &order, answer);
}
