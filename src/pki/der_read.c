/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/der_read.h"

static uint8_t
byte_at(struct str s, size_t at)
{
	return (uint8_t)s.p[at];
}

/* The length's bytes behind the first one: 1 to 4 of them. */
static bool
long_length(struct str from, size_t bytes, size_t *ret)
{
	size_t length = 0;

	if (bytes > 4 || from.len < 2 + bytes)
		return false;
	for (size_t i = 0; i < bytes; i++)
		length = length << 8 | byte_at(from, 2 + i);
	*ret = length;
	return true;
}

bool
der_peek(struct str from, struct der *ret)
{
	size_t header = 2, length;
	uint8_t first;
	bool indefinite = false;

	if (from.len < 2 || (byte_at(from, 0) & 0x1f) == 0x1f)
		return false;
	first = byte_at(from, 1);
	length = first;
	if (first == 0x80) {
		indefinite = true;
		length = from.len - header;
	} else if (first > 0x80) {
		if (!long_length(from, first & 0x7fu, &length))
			return false;
		header += first & 0x7fu;
	}
	if (length > from.len - header)
		return false;
	*ret = (struct der){
		.tag = byte_at(from, 0),
		.indefinite = indefinite,
		.body = str_bytes(from.p + header, length),
		.whole = str_bytes(from.p, header + length),
	};
	return true;
}

bool
der_next(struct str *rest, struct der *ret)
{
	struct der element;

	if (!der_peek(*rest, &element) || element.indefinite)
		return false;
	*rest = str_drop(*rest, element.whole.len);
	*ret = element;
	return true;
}

bool
der_next_is(struct str *rest, uint8_t tag, struct der *ret)
{
	struct str before = *rest;

	if (der_next(rest, ret) && ret->tag == tag)
		return true;
	*rest = before;
	return false;
}

bool
der_is_oid(const struct der *element, struct str oid)
{
	return element->tag == DER_OID && str_eq(element->body, oid);
}
