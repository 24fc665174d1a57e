/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/shelf.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdlib.h>

#include "base/error.h"
#include "pki/certificate.h"
#include "pki/der_read.h"

#define NOWHERE SIZE_MAX
#define FIRST   256 /* items of a new shelf; always a power of two */

struct shelf {
	struct shelf_item *item;
	size_t *next;   /* the next item with the same place in the index */
	size_t *bucket; /* as many as there is room for items */
	size_t count, room;
};

struct shelf *
shelf_new(void)
{
	return alloc_zero(sizeof(struct shelf));
}

struct shelf *
shelf_free(struct shelf *shelf)
{
	if (!shelf)
		return NULL;
	for (size_t i = 0; i < shelf->count; i++)
		free((void *)(uintptr_t)shelf->item[i].der.p);
	free(shelf->item);
	free(shelf->next);
	free(shelf->bucket);
	free(shelf);
	return NULL;
}

static size_t
place_of(const struct shelf *shelf, struct str subject)
{
	uint8_t sha256[SHA256_DIGEST_LENGTH];
	size_t place;

	SHA256((const unsigned char *)subject.p, subject.len, sha256);
	copy_bytes(&place, sha256, sizeof(place));
	return place & (shelf->room - 1);
}

static void
put_in_index(struct shelf *shelf, size_t at)
{
	size_t place = place_of(shelf, shelf->item[at].subject);

	shelf->next[at] = shelf->bucket[place];
	shelf->bucket[place] = at;
}

static void
make_room(struct shelf *shelf)
{
	shelf->room = shelf->room > 0 ? shelf->room * 2 : FIRST;
	shelf->item = alloc_again(shelf->item, shelf->room, sizeof(*shelf->item));
	shelf->next = alloc_again(shelf->next, shelf->room, sizeof(*shelf->next));
	shelf->bucket = alloc_again(shelf->bucket, shelf->room, sizeof(*shelf->bucket));
	for (size_t i = 0; i < shelf->room; i++)
		shelf->bucket[i] = NOWHERE;
	for (size_t i = 0; i < shelf->count; i++)
		put_in_index(shelf, i);
}

/* The content of an extension with this identifier, or "" (RFC 5280 4.1: SEQUENCE of SEQUENCE { id,
 * critical, OCTET STRING }). */
static struct str
extension(struct str list, struct str oid)
{
	struct der one, id, value;

	while (der_next_is(&list, DER_SEQUENCE, &one)) {
		struct str rest = one.body;

		if (!der_next(&rest, &id) || !der_is_oid(&id, oid))
			continue;
		while (der_next(&rest, &value))
			if (value.tag == DER_OCTET_STRING)
				return value.body;
	}
	return STR("");
}

static struct str
key_id_of(struct str rest)
{
	struct der element, list, id;
	struct str content = STR("");

	while (der_next(&rest, &element)) {
		struct str inside = element.body;

		if (element.tag == (DER_CONTEXT_0 | 3) && der_next_is(&inside, DER_SEQUENCE, &list))
			content = extension(list.body, STR("\x55\x1d\x0e"));
	}
	return der_next_is(&content, DER_OCTET_STRING, &id) ? id.body : STR("");
}

/* RFC 5280 4.1: version (where stated), serial, signature, issuer, validity, subject, key, … */
static bool
outline_of(struct str der, struct shelf_item *ret)
{
	struct der whole, tbs, version, serial, signature, issuer, validity, subject;
	struct str rest = der;

	if (!der_next_is(&rest, DER_SEQUENCE, &whole) || rest.len > 0)
		return false;
	rest = whole.body;
	if (!der_next_is(&rest, DER_SEQUENCE, &tbs))
		return false;
	rest = tbs.body;
	(void)der_next_is(&rest, DER_CONTEXT_0, &version);
	if (!der_next_is(&rest, DER_INTEGER, &serial) ||
	    !der_next_is(&rest, DER_SEQUENCE, &signature) ||
	    !der_next_is(&rest, DER_SEQUENCE, &issuer) ||
	    !der_next_is(&rest, DER_SEQUENCE, &validity) ||
	    !der_next_is(&rest, DER_SEQUENCE, &subject))
		return false;
	*ret = (struct shelf_item){
		.der = der,
		.subject = subject.whole,
		.issuer = issuer.whole,
		.key_id = key_id_of(rest),
	};
	SHA256((const unsigned char *)der.p, der.len, ret->sha256);
	return true;
}

bool
shelf_add(struct shelf *shelf, struct str der)
{
	struct shelf_item item;
	struct str own;

	if (der.len > CERTIFICATE_MAX || shelf->count == SHELF_MAX || !outline_of(der, &item))
		return false;
	if (shelf_has(shelf, item.subject, item.sha256))
		return true;
	own = (struct str){ .p = str_dup(der), .len = der.len };
	if (!outline_of(own, &item)) {
		free((void *)(uintptr_t)own.p);
		return false;
	}
	if (shelf->count == shelf->room)
		make_room(shelf);
	shelf->item[shelf->count] = item;
	put_in_index(shelf, shelf->count);
	shelf->count++;
	return true;
}

/* Text behind the last block is no damaged one. */
static bool
is_at_end(void)
{
	return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

size_t
shelf_add_pem(struct shelf *shelf, struct str pem, size_t *ret_refused)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	unsigned char *der = NULL;
	size_t taken = 0;
	long len = 0;

	*ret_refused = 0;
	while (bio && !BIO_eof(bio)) {
		bool block =
		    PEM_bytes_read_bio(&der, &len, NULL, PEM_STRING_X509, bio, NULL, NULL) == 1;
		bool good = block && shelf_add(shelf, str_bytes(der, (size_t)len));

		taken += good;
		*ret_refused += !good && (block || !is_at_end());
		if (block)
			OPENSSL_free(der);
	}
	BIO_free(bio);
	ERR_clear_error();
	return taken;
}

size_t
shelf_count(const struct shelf *shelf)
{
	return shelf->count;
}

const struct shelf_item *
shelf_at(const struct shelf *shelf, size_t at)
{
	return &shelf->item[at];
}

static size_t
first_of(const struct shelf *shelf, struct str subject)
{
	return shelf->count > 0 ? shelf->bucket[place_of(shelf, subject)] : NOWHERE;
}

bool
shelf_has(const struct shelf *shelf, struct str raw_subject, const uint8_t sha256[static 32])
{
	for (size_t at = first_of(shelf, raw_subject); at != NOWHERE; at = shelf->next[at])
		if (memcmp(shelf->item[at].sha256, sha256, 32) == 0)
			return true;
	return false;
}

static size_t
find(const struct shelf *shelf, struct str subject, struct str key_id, bool fits, size_t ret[],
    size_t max)
{
	size_t found = 0;

	for (size_t at = first_of(shelf, subject); at != NOWHERE && found < max;
	     at = shelf->next[at]) {
		const struct shelf_item *item = &shelf->item[at];
		bool same = key_id.len > 0 && str_eq(item->key_id, key_id);

		if (same == fits && str_eq(item->subject, subject))
			ret[found++] = at;
	}
	return found;
}

size_t
shelf_by_subject(
    const struct shelf *shelf, struct str raw_subject, struct str key_id, size_t ret[], size_t max)
{
	size_t found = find(shelf, raw_subject, key_id, true, ret, max);

	return found + find(shelf, raw_subject, key_id, false, ret + found, max - found);
}

X509 *
shelf_x509(const struct shelf *shelf, size_t at)
{
	X509 *x509 = NULL;

	return certificate_parse(shelf->item[at].der, &x509) == 0 ? x509 : NULL;
}
