/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking at DER and BER (X.690) without decoding it: what is this element, where does it end.
 * Enough to tell containers apart by content (I-01) and to find the parts of a certificate in the
 * bytes they came in; the decoding itself is OpenSSL's.
 *
 * Input is hostile: everything is held against the bytes there are. Tags above 30 are refused.
 */
#pragma once

#include "base/str.h"

enum {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT_0 = 0xa0,
};

struct der {
	uint8_t tag;     /* with class and constructed bit */
	bool indefinite; /* BER: `body` and `whole` then reach to the end of what was looked at */
	struct str body;
	struct str whole; /* header and body */
};

/* The element at the start; false when there is none, or it claims more bytes than there are. */
bool der_peek(struct str from, struct der *ret);
/* The same, and moves *rest behind it; an indefinite length is refused, as its end is not known. */
bool der_next(struct str *rest, struct der *ret);
bool der_next_is(struct str *rest, uint8_t tag, struct der *ret);

/* Is `body` this object identifier (its content bytes)? */
bool der_is_oid(const struct der *element, struct str oid);
