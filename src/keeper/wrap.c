/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/wrap.h"

#include <assert.h>
#include <errno.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/error.h"
#include "ipc/wire.h"

CLEAN_DEFINE(EVP_CIPHER_CTX_free, EVP_CIPHER_CTX *);

#define MARK      "CDWK"
#define VERSION   1
#define NONCE     12
#define TAG       16
#define DATA_KEY  32
#define HEAD      6 /* mark, version, kind */
#define KEK_ID    8
#define FOREIGN   0x80 /* with the kind: the key's origin cannot be changed unseen */
#define EXTRA_MAX (HEAD + 3 * 16 + KEK_ID)

static_assert(
    WRAP_OVERHEAD == HEAD + KEK_ID + NONCE + DATA_KEY + TAG + NONCE + TAG, "as in wrap.h");

/* The additional data: the first `key_len` bytes for the private key, all for the data key. */
struct extra {
	uint8_t bytes[EXTRA_MAX];
	size_t key_len;
};

static struct extra
extra_of(const struct key_owner *owner, uint8_t kind, const struct kek *kek)
{
	struct extra extra = { .bytes = MARK, .key_len = EXTRA_MAX - KEK_ID };
	uint8_t *at = extra.bytes + HEAD;

	extra.bytes[4] = VERSION;
	extra.bytes[5] = kind;
	copy_bytes(at, owner->key.b, 16);
	copy_bytes(at + 16, owner->customer.b, 16);
	copy_bytes(at + 32, owner->site.b, 16);
	copy_bytes(at + 48, kek->id, KEK_ID);
	return extra;
}

struct sealing {
	const uint8_t *key, *nonce;
	struct str extra;
};

static int
seal(const struct sealing *s, struct str clear, uint8_t *to, uint8_t tag[static TAG])
{
	CLEAN(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int len;

	if (!c || !EVP_EncryptInit_ex2(c, EVP_aes_256_gcm(), s->key, s->nonce, NULL) ||
	    !EVP_EncryptUpdate(c, NULL, &len, (const uint8_t *)s->extra.p, (int)s->extra.len) ||
	    !EVP_EncryptUpdate(c, to, &len, (const uint8_t *)clear.p, (int)clear.len) ||
	    !EVP_EncryptFinal_ex(c, to + len, &len) ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, tag) <= 0)
		return error_origin(ENOTRECOVERABLE);
	return 0;
}

/* WRAP_E_FORGED, and `to` wiped, if anything does not fit. */
static int
unseal(const struct sealing *s, struct str sealed, const uint8_t tag[static TAG], uint8_t *to)
{
	CLEAN(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t expected[TAG];
	int len;

	copy_bytes(expected, tag, TAG);
	if (!c || !EVP_DecryptInit_ex2(c, EVP_aes_256_gcm(), s->key, s->nonce, NULL) ||
	    !EVP_DecryptUpdate(c, NULL, &len, (const uint8_t *)s->extra.p, (int)s->extra.len) ||
	    !EVP_DecryptUpdate(c, to, &len, (const uint8_t *)sealed.p, (int)sealed.len) ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG, expected) <= 0)
		return error_origin(ENOTRECOVERABLE);
	if (EVP_DecryptFinal_ex(c, to + len, &len) > 0)
		return 0;
	OPENSSL_cleanse(to, sealed.len);
	return WRAP_E_FORGED;
}

struct fresh {
	uint8_t data_key[DATA_KEY], kek_nonce[NONCE], key_nonce[NONCE];
};

static int
put_wrapped(const struct kek *kek, const struct fresh *fresh, const struct extra *extra,
    struct str der, struct buf *to)
{
	struct sealing outer = { kek->key, fresh->kek_nonce, str_bytes(extra->bytes, EXTRA_MAX) };
	struct sealing inner = { fresh->data_key, fresh->key_nonce,
		str_bytes(extra->bytes, extra->key_len) };
	uint8_t sealed[SECRET_KEY_DER_MAX], tag[TAG];
	int r = seal(&outer, str_bytes(fresh->data_key, DATA_KEY), sealed, tag);

	if (r)
		return r;
	buf_put(to, extra->bytes, HEAD);
	buf_put(to, kek->id, KEK_ID);
	buf_put(to, fresh->kek_nonce, NONCE);
	buf_put(to, sealed, DATA_KEY);
	buf_put(to, tag, TAG);
	r = seal(&inner, der, sealed, tag);
	if (r)
		return r;
	buf_put(to, fresh->key_nonce, NONCE);
	buf_put(to, sealed, der.len);
	buf_put(to, tag, TAG);
	return buf_failed(to) ? error_origin(EMSGSIZE) : 0;
}

static uint8_t
kind_byte(enum key_kind kind, enum key_origin origin)
{
	return (uint8_t)((unsigned)kind | (origin == KEY_FROM_CUSTOMER ? FOREIGN : 0u));
}

int
wrap_key(const struct kek *kek, const struct world *world, const struct key_owner *owner,
    const struct secret_key *key, struct buf *to)
{
	struct extra extra = extra_of(owner, kind_byte(key->kind, key->origin), kek);
	struct fresh fresh;
	int r;

	if (key->len == 0 || key->len > SECRET_KEY_DER_MAX)
		return error_origin(EINVAL);
	world->random(world, &fresh, sizeof(fresh));
	r = put_wrapped(kek, &fresh, &extra, str_bytes(key->der, key->len), to);
	OPENSSL_cleanse(&fresh, sizeof(fresh));
	return r;
}

/* The parts of a wrapped key, pointing into it. */
struct parts {
	enum key_kind kind;
	enum key_origin origin;
	const uint8_t *kek_id, *kek_nonce, *data_key, *data_tag, *key_nonce, *key_tag;
	struct str key;
};

static bool
split(struct str wrapped, struct parts *ret)
{
	const uint8_t *at = (const uint8_t *)wrapped.p;

	if (wrapped.len <= WRAP_OVERHEAD || wrapped.len > WRAP_OVERHEAD + SECRET_KEY_DER_MAX)
		return false;
	if (!str_starts(wrapped, STR(MARK)) || at[4] != VERSION ||
	    (at[5] & ~FOREIGN) >= KEY_KIND_MAX)
		return false;
	ret->kind = (enum key_kind)(at[5] & ~FOREIGN);
	ret->origin = at[5] & FOREIGN ? KEY_FROM_CUSTOMER : KEY_MADE_HERE;
	ret->kek_id = at + HEAD;
	ret->kek_nonce = ret->kek_id + KEK_ID;
	ret->data_key = ret->kek_nonce + NONCE;
	ret->data_tag = ret->data_key + DATA_KEY;
	ret->key_nonce = ret->data_tag + TAG;
	ret->key = str_bytes(ret->key_nonce + NONCE, wrapped.len - WRAP_OVERHEAD);
	ret->key_tag = ret->key_nonce + NONCE + ret->key.len;
	return true;
}

static int
open_parts(const struct kek *kek, const struct extra *extra, const struct parts *parts, uint8_t *to)
{
	struct sealing outer = { kek->key, parts->kek_nonce, str_bytes(extra->bytes, EXTRA_MAX) };
	uint8_t data_key[DATA_KEY];
	struct sealing inner = { data_key, parts->key_nonce,
		str_bytes(extra->bytes, extra->key_len) };
	int r = unseal(&outer, str_bytes(parts->data_key, DATA_KEY), parts->data_tag, data_key);

	if (!r)
		r = unseal(&inner, parts->key, parts->key_tag, to);
	OPENSSL_cleanse(data_key, sizeof(data_key));
	return r;
}

int
unwrap_key(const struct kek *kek, const struct key_owner *owner, struct str wrapped,
    struct secret_key *ret)
{
	uint8_t room[SECRET_KEY_DER_MAX];
	struct parts parts;
	struct extra extra;
	int r;

	if (!split(wrapped, &parts))
		return WRAP_E_MALFORMED;
	if (!str_eq(str_bytes(parts.kek_id, KEK_ID), str_bytes(kek->id, KEK_ID)))
		return WRAP_E_OTHER_KEK;
	extra = extra_of(owner, kind_byte(parts.kind, parts.origin), kek);
	r = open_parts(kek, &extra, &parts, room);
	if (!r)
		r = secret_key_set(ret, parts.kind, parts.origin, str_bytes(room, parts.key.len));
	OPENSSL_cleanse(room, sizeof(room));
	return r;
}

const char *
wrap_words(int r)
{
	switch (r) {
	case WRAP_E_MALFORMED:
		return "not a wrapped key, or of a newer version";
	case WRAP_E_OTHER_KEK:
		return "wrapped with another key-encryption key than the one in use";
	case WRAP_E_FORGED:
		return "the wrapped key was changed, or belongs to another key id, customer or site";
	default:
		return "cannot unwrap";
	}
}
