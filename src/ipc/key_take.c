/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/key_take.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>

#include "base/error.h"

#define ANSWER_TIMEOUT SECONDS(5) /* the checks of RSA-4096 take well under one */

/* clang-format off */
static const struct shape {
	size_t count, size;
} shapes[] = {
	[KEY_RSA2048] = { 2, 128 },
	[KEY_RSA3072] = { 2, 192 },
	[KEY_RSA4096] = { 2, 256 },
	[KEY_P256]    = { 1, 32 },
	[KEY_P384]    = { 1, 48 },
};
/* clang-format on */
static_assert(COUNT_OF(shapes) == KEY_KIND_MAX, "a shape for every kind of key");

size_t
key_number_size(enum key_kind kind)
{
	return shapes[kind].size;
}

size_t
key_number_count(enum key_kind kind)
{
	return shapes[kind].count;
}

void
key_numbers_fini(struct key_numbers *numbers)
{
	sodium_memzero(numbers, sizeof(*numbers));
}

void
key_take_fini(struct key_take *take)
{
	sodium_memzero(take, sizeof(*take));
}

void
key_numbers_put(struct buf *to, const struct key_numbers *numbers)
{
	wire_put_u8(to, (uint8_t)numbers->kind);
	wire_put_u32(to, numbers->exponent);
	for (size_t i = 0; i < shapes[numbers->kind].count; i++)
		wire_put_fixed(to, numbers->number[i], shapes[numbers->kind].size);
}

bool
key_numbers_get(struct wire *from, struct key_numbers *ret)
{
	uint8_t kind = wire_get_u8(from);

	*ret = (struct key_numbers){ 0 };
	if (kind >= KEY_KIND_MAX) {
		from->bad = true;
		return false;
	}
	ret->kind = (enum key_kind)kind;
	ret->exponent = wire_get_u32(from);
	for (size_t i = 0; i < shapes[kind].count; i++)
		wire_get_fixed(from, ret->number[i], shapes[kind].size);
	from->bad |= (ret->exponent == 0) != (shapes[kind].count == 1);
	if (from->bad)
		key_numbers_fini(ret);
	return !from->bad;
}

void
key_take_put(struct buf *to, const struct key_take *take)
{
	wire_put_id(to, take->key);
	wire_put_id(to, take->customer);
	wire_put_id(to, take->site);
	wire_put_fixed(to, take->spki_sha256, sizeof(take->spki_sha256));
	key_numbers_put(to, &take->numbers);
}

bool
key_take_get(struct str payload, struct key_take *ret)
{
	struct wire w = WIRE(payload);

	*ret = (struct key_take){ 0 };
	ret->key = wire_get_id(&w);
	ret->customer = wire_get_id(&w);
	ret->site = wire_get_id(&w);
	wire_get_fixed(&w, ret->spki_sha256, sizeof(ret->spki_sha256));
	if (key_numbers_get(&w, &ret->numbers) && wire_end(&w) && !id_is_none(ret->key) &&
	    !id_is_none(ret->customer) && !id_is_none(ret->site))
		return true;
	key_take_fini(ret);
	return false;
}

void
key_taken_put(struct buf *to, int result, struct str wrapped)
{
	wire_put_u8(to, (uint8_t)result);
	wire_put_str(to, wrapped);
}

int
key_taken_get(struct str payload, struct buf *wrapped)
{
	struct wire w = WIRE(payload);
	int result = wire_get_u8(&w);
	struct str bytes = wire_get_str(&w, KEY_WRAPPED_MAX);

	if (!wire_end(&w) || result == KEY_TAKE_E_AWAY || result > KEY_TAKE_E_BROKEN ||
	    (result == 0) != (bytes.len > 0))
		return error_origin(EBADMSG);
	buf_put_str(wrapped, bytes);
	return buf_failed(wrapped) ? error_origin(EMSGSIZE) : result;
}

int
key_take_ask(struct channel *keeper, const struct key_take *question, struct buf *wrapped)
{
	const struct message_rule *rule = message_rule(MESSAGE_KEY_TAKE);
	CLEAN(buf_fini) struct buf payload = BUF_SECRET(rule->max_request);
	CLEAN(buf_fini) struct buf answer = BUF(rule->max_answer);
	int r;

	key_take_put(&payload, question);
	r = channel_call(keeper, MESSAGE_KEY_TAKE, &payload, -1, ANSWER_TIMEOUT, &answer);
	if (r == CHANNEL_E_CLOSED || r == CHANNEL_E_TIMEOUT)
		return KEY_TAKE_E_AWAY;
	if (r == CHANNEL_E_REFUSED)
		return KEY_TAKE_E_REFUSED;
	return r ? error_fold(r) : key_taken_get(buf_str(&answer), wrapped);
}
