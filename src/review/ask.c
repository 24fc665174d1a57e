/* SPDX-License-Identifier: Apache-2.0 */
#include "review/ask.h"

#include "store/intermediates.h"

#define SAME_NAME_MAX 4 /* of one subject: cross-signs and renewed ones */

void
review_held_fini(struct review_held *held)
{
	for (size_t i = 0; i < READ_KNOWN_MAX; i++)
		buf_fini(&held->der[i]);
	buf_fini(&held->csr);
	for (size_t i = 0; i < READ_STATUS_MAX; i++)
		buf_fini(&held->status[i]);
}

/* Adds those we know under the missing name; *ret_more tells whether there were any. */
static int
add_known(struct store *store, const uint8_t missing[static 32], struct delivery_question *question,
    struct review_held *held, bool *ret_more)
{
	size_t room = READ_KNOWN_MAX - question->known_count, count = 0;
	struct buf *to = &held->der[question->known_count];
	int r;

	room = room < SAME_NAME_MAX ? room : SAME_NAME_MAX;
	for (size_t i = 0; i < room; i++)
		to[i] = BUF(READ_CERTIFICATE_MAX);
	r = room > 0 ? store_intermediates_by_subject(store, missing, to, room, &count) : 0;
	for (size_t i = 0; r == 0 && i < count; i++)
		question->known[question->known_count++] = buf_str(&to[i]);
	*ret_more = count > 0;
	return error_fold(r);
}

static int
ask_once(struct channel *reader, const struct delivery_question *question, struct read_report *ret)
{
	read_report_fini(ret);
	read_report_init(ret);
	return read_delivery_ask(reader, question, ret);
}

int
review_ask(struct store *store, struct channel *reader, struct delivery_question *question,
    struct review_held *held, struct read_report *ret)
{
	uint8_t missing[32];
	bool more = true;
	int r = ask_once(reader, question, ret);

	for (int i = 0; r == 0 && ret->is_incomplete && more && i < READ_CHAIN_MAX; i++) {
		copy_bytes(missing, ret->missing, sizeof(missing));
		r = add_known(store, missing, question, held, &more);
		if (r == 0 && more)
			r = ask_once(reader, question, ret);
		more = more && r == 0 && memcmp(missing, ret->missing, sizeof(missing)) != 0;
	}
	/* what is fetched later would find the certificate without its key (docs/decisions/0012) */
	if (question->wish.kind == READ_TAKE && ret->keys_readable > 0)
		ret->is_incomplete = false;
	return r;
}
