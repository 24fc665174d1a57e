/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/distrust.h"

#include <assert.h>
#include <openssl/sha.h>
#include <stdlib.h>

#include "base/error.h"
#include "pki/data_file.h"

static_assert(DISTRUST_TEXT_SIZE >= DATA_FILE_WORDS_SIZE, "room for what is wrong");

struct distrust {
	struct distrust_row *row;
	size_t count;
	when dated;
};

struct distrust *
distrust_free(struct distrust *distrust)
{
	if (distrust)
		free(distrust->row);
	free(distrust);
	return NULL;
}

static struct str
member(const json_t *object, const char *name)
{
	return data_file_text(json_object_get(object, name));
}

static bool
read_hash(struct str hex, uint8_t to[static 32])
{
	CLEAN(buf_fini) struct buf bytes = BUF(64);

	if (hex.len != 64 || !buf_put_from_hex(&bytes, hex))
		return false;
	copy_bytes(to, bytes.data, 32);
	return true;
}

/* Absent is 0; present must be a time. */
static bool
read_when(const json_t *object, const char *name, when *ret)
{
	struct str text = member(object, name);

	*ret = 0;
	return !json_object_get(object, name) || when_parse(text, ret);
}

static bool
read_programs(const json_t *list, char to[static DISTRUST_TEXT_SIZE])
{
	CLEAN(buf_fini) struct buf words = BUF(DISTRUST_TEXT_SIZE - 1);
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
	{
		if (!json_is_string(item))
			return false;
		buf_printf(&words, "%s%s", i > 0 ? ", " : "", json_string_value(item));
	}
	str_show(buf_str(&words), to, DISTRUST_TEXT_SIZE);
	return json_array_size(list) > 0 && !buf_failed(&words);
}

/* NULL, or what is wrong with it. */
static const char *
read_row(const json_t *from, struct distrust_row *to)
{
	bool by_certificate = json_object_get(from, "sha256");

	to->by_key = json_object_get(from, "spki_sha256");
	if (to->by_key == by_certificate)
		return "needs either sha256 or spki_sha256";
	if (!read_hash(member(from, to->by_key ? "spki_sha256" : "sha256"), to->sha256))
		return "has no SHA-256 of 64 hexadecimal digits";
	str_show(member(from, "name"), to->name, sizeof(to->name));
	if (!*to->name)
		return "has no name";
	if (!read_programs(json_object_get(from, "programs"), to->programs))
		return "names no programs";
	if (!read_when(from, "issued_after", &to->issued_after) ||
	    !read_when(from, "since", &to->since))
		return "has a time that is no RFC 3339";
	if ((to->issued_after == 0) == (to->since == 0))
		return "needs either issued_after or since";
	return NULL;
}

static const char *
add_row(void *to, json_t *from)
{
	struct distrust *distrust = to;
	const char *wrong;

	distrust->row = alloc_again(distrust->row, distrust->count + 1, sizeof(*distrust->row));
	distrust->row[distrust->count] = (struct distrust_row){ 0 };
	wrong = read_row(from, &distrust->row[distrust->count]);
	distrust->count += wrong == NULL;
	return wrong;
}

int
distrust_new(struct str json, char words[static DISTRUST_TEXT_SIZE], struct distrust **ret)
{
	static const struct data_file_form form = { .most = DISTRUST_ROWS_MAX,
		.read_row = add_row };
	CLEAN(distrust_free) struct distrust *distrust = alloc_zero(sizeof(*distrust));

	if (data_file_read(json, &form, distrust, &distrust->dated, words))
		return DISTRUST_E_MALFORMED;
	*ret = TAKE(distrust);
	return 0;
}

size_t
distrust_count(const struct distrust *distrust)
{
	return distrust->count;
}

when
distrust_dated(const struct distrust *distrust)
{
	return distrust->dated;
}

static bool
key_hash(const X509 *ca, uint8_t ret[static 32])
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(ca), &der);

	if (len > 0)
		SHA256(der, (size_t)len, ret);
	OPENSSL_free(der);
	return len > 0;
}

static bool
speaks_against(const struct distrust_row *row, when issued, when now)
{
	return row->since ? row->since <= now : issued > row->issued_after;
}

const struct distrust_row *
distrust_find(const struct distrust *distrust, const X509 *ca, when issued, when now)
{
	uint8_t certificate[32], key[32];
	unsigned len = sizeof(certificate);

	if (X509_digest(ca, EVP_sha256(), certificate, &len) != 1 || !key_hash(ca, key))
		return NULL;
	for (size_t i = 0; i < distrust->count; i++) {
		const struct distrust_row *row = &distrust->row[i];

		if (memcmp(row->sha256, row->by_key ? key : certificate, 32) == 0 &&
		    speaks_against(row, issued, now))
			return row;
	}
	return NULL;
}

when
distrust_since(const struct distrust_row *row)
{
	return row->since ? row->since : row->issued_after;
}

const struct distrust_row *
distrust_named(const struct distrust *distrust, struct str begins, when now)
{
	for (size_t i = 0; i < distrust->count; i++)
		if (str_starts(str_of(distrust->row[i].name), begins) &&
		    speaks_against(&distrust->row[i], now, now))
			return &distrust->row[i];
	return NULL;
}
