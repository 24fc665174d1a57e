/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/key_make.h"

#include <errno.h>

#include "base/error.h"
#include "ipc/wire.h"

#define SUBJECT_PART_MAX 512 /* 128 characters of UTF-8 */
#define NAME_MAX_LEN     253
#define ANSWER_TIMEOUT   SECONDS(10)

enum answer {
	ANSWER_MADE,
	ANSWER_LATER,
};

void
key_made_fini(struct key_made *made)
{
	if (!made)
		return;
	buf_fini(&made->wrapped);
	buf_fini(&made->csr);
}

void
key_order_put(struct buf *to, const struct key_order *order)
{
	wire_put_id(to, order->key);
	wire_put_id(to, order->customer);
	wire_put_id(to, order->site);
	wire_put_u8(to, (uint8_t)order->kind);
	wire_put_str(to, order->subject.country);
	wire_put_str(to, order->subject.state);
	wire_put_str(to, order->subject.locality);
	wire_put_str(to, order->subject.organization);
	wire_put_u32(to, (uint32_t)order->name_count);
	for (size_t i = 0; i < order->name_count; i++)
		wire_put_str(to, order->names[i]);
}

/* Keys without an owner would all be bound to the same nothing. */
static bool
ids_are_set(const struct key_order *order)
{
	return !id_is_none(order->key) && !id_is_none(order->customer) && !id_is_none(order->site);
}

bool
key_order_get(struct str payload, struct key_order *ret)
{
	struct wire w = WIRE(payload);
	struct key_order order = { 0 };
	uint8_t kind;

	order.key = wire_get_id(&w);
	order.customer = wire_get_id(&w);
	order.site = wire_get_id(&w);
	kind = wire_get_u8(&w);
	order.subject.country = wire_get_str(&w, SUBJECT_PART_MAX);
	order.subject.state = wire_get_str(&w, SUBJECT_PART_MAX);
	order.subject.locality = wire_get_str(&w, SUBJECT_PART_MAX);
	order.subject.organization = wire_get_str(&w, SUBJECT_PART_MAX);
	order.name_count = wire_get_count(&w, CSR_NAMES_MAX, 4);
	for (size_t i = 0; i < order.name_count; i++)
		order.names[i] = wire_get_str(&w, NAME_MAX_LEN);
	if (!wire_end(&w) || kind >= KEY_KIND_MAX || order.name_count == 0 || !ids_are_set(&order))
		return false;
	order.kind = (enum key_kind)kind;
	*ret = order;
	return true;
}

void
key_made_put(struct buf *to, const struct key_made *made)
{
	wire_put_u8(to, ANSWER_MADE);
	wire_put_fixed(to, made->kek, sizeof(made->kek));
	wire_put_fixed(to, made->spki_sha256, sizeof(made->spki_sha256));
	wire_put_str(to, buf_str(&made->wrapped));
	wire_put_str(to, buf_str(&made->csr));
}

void
key_later_put(struct buf *to, uint32_t later_ms)
{
	wire_put_u8(to, ANSWER_LATER);
	wire_put_u32(to, later_ms);
}

static int
get_later(struct wire *w, struct key_made *ret)
{
	uint32_t later_ms = wire_get_u32(w);

	if (!wire_end(w))
		return error_origin(EBADMSG);
	*ret = (struct key_made){ .later_ms = later_ms };
	return KEY_MAKE_E_LATER;
}

static int
get_made(struct wire *w, struct key_made *ret)
{
	struct key_made made = { .wrapped = BUF(KEY_WRAPPED_MAX), .csr = BUF(CSR_MAX) };
	struct str wrapped, csr;

	wire_get_fixed(w, made.kek, sizeof(made.kek));
	wire_get_fixed(w, made.spki_sha256, sizeof(made.spki_sha256));
	wrapped = wire_get_str(w, KEY_WRAPPED_MAX);
	csr = wire_get_str(w, CSR_MAX);
	if (!wire_end(w) || wrapped.len == 0 || csr.len == 0)
		return error_origin(EBADMSG);
	buf_put_str(&made.wrapped, wrapped);
	buf_put_str(&made.csr, csr);
	*ret = made;
	return 0;
}

int
key_made_get(struct str payload, struct key_made *ret)
{
	struct wire w = WIRE(payload);
	uint8_t answer = wire_get_u8(&w);

	if (answer == ANSWER_MADE)
		return get_made(&w, ret);
	if (answer == ANSWER_LATER)
		return get_later(&w, ret);
	return error_origin(EBADMSG);
}

int
key_make_ask(struct channel *keeper, const struct key_order *order, struct key_made *ret)
{
	const struct message_rule *rule = message_rule(MESSAGE_KEY_MAKE);
	CLEAN(buf_fini) struct buf question = BUF(rule->max_request);
	CLEAN(buf_fini) struct buf answer = BUF(rule->max_answer);
	int r;

	*ret = (struct key_made){ 0 };
	if (order->name_count > CSR_NAMES_MAX)
		return KEY_MAKE_E_REFUSED;
	key_order_put(&question, order);
	if (buf_failed(&question))
		return KEY_MAKE_E_REFUSED;
	r = channel_call(keeper, MESSAGE_KEY_MAKE, &question, -1, ANSWER_TIMEOUT, &answer);
	if (r == CHANNEL_E_CLOSED || r == CHANNEL_E_TIMEOUT)
		return KEY_MAKE_E_AWAY;
	if (r == CHANNEL_E_REFUSED)
		return KEY_MAKE_E_REFUSED;
	return r ? error_fold(r) : key_made_get(buf_str(&answer), ret);
}
