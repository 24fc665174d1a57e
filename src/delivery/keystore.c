/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Java key stores: JKS, and JCEKS that has the same shape (the layout of sun.security.provider's
 * JavaKeyStore, big-endian). Certificates in them are not encrypted; private keys are, in ways of
 * Java's own, and stay closed. The trailer is a digest over the password and all before it: with a
 * password that does not fit nothing is taken, without one all is read as it is.
 */
#include "delivery/read.h"

#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <sodium.h>

#define DIGEST_SIZE 20 /* SHA-1 */

enum {
	ENTRY_PRIVATE_KEY = 1,
	ENTRY_CERTIFICATE = 2,
	ENTRY_SECRET_KEY = 3, /* JCEKS: a serialised object of Java, without a length */
};

struct store {
	struct intake *in;
	uint32_t version;
	struct str rest; /* what was not read yet, without the digest */
};

/* A big-endian number of `size` octets. */
static bool
take_number(struct str *rest, size_t size, uint32_t *ret)
{
	uint32_t number = 0;

	if (rest->len < size)
		return false;
	for (size_t i = 0; i < size; i++)
		number = number << 8 | (uint8_t)rest->p[i];
	*rest = str_drop(*rest, size);
	*ret = number;
	return true;
}

/* Octets behind their count, which has `size` octets. */
static bool
take_counted(struct str *rest, size_t size, struct str *ret)
{
	uint32_t len = 0;

	if (!take_number(rest, size, &len) || len > rest->len)
		return false;
	*ret = str_bytes(rest->p, len);
	*rest = str_drop(*rest, len);
	return true;
}

static bool
read_certificate(struct store *store)
{
	struct str type = STR("X.509"), der;

	if ((store->version > 1 && !take_counted(&store->rest, 2, &type)) ||
	    !take_counted(&store->rest, 4, &der))
		return false;
	if (str_eq(type, STR("X.509")) || str_eq(type, STR("X509")))
		intake_certificate(store->in, der);
	return true;
}

static bool
read_private_key(struct store *store)
{
	struct str key;
	uint32_t count = 0;

	if (!take_counted(&store->rest, 4, &key))
		return false;
	intake_key(store->in, NULL);
	if (!take_number(&store->rest, 4, &count))
		return false;
	for (uint32_t i = 0; i < count; i++) /* each takes octets, or ends it */
		if (!read_certificate(store))
			return false;
	return true;
}

static bool
read_entry(struct store *store)
{
	struct str alias, date;
	uint32_t tag = 0;

	if (!take_number(&store->rest, 4, &tag) || !take_counted(&store->rest, 2, &alias) ||
	    store->rest.len < 8)
		return false;
	date = str_bytes(store->rest.p, 8);
	store->rest = str_drop(store->rest, date.len);
	switch (tag) {
	case ENTRY_PRIVATE_KEY:
		return read_private_key(store);
	case ENTRY_CERTIFICATE:
		return read_certificate(store);
	case ENTRY_SECRET_KEY:
		intake_answer(store->in, DELIVERY_UNSUPPORTED_FORMAT, FINDING_CERT_IS_KEY_STORE,
		    "a Java key store (JCEKS) with a secret key, which hides what lies behind it");
		store->rest = STR("");
		return true;
	default:
		return false;
	}
}

static void
read_entries(struct store *store, uint32_t count)
{
	bool good = true;

	for (uint32_t i = 0; i < count && good && store->in->file->error == DELIVERY_FINE; i++)
		good = read_entry(store);
	if (!good || (store->in->file->error == DELIVERY_FINE && store->rest.len > 0))
		intake_problem(
		    store->in, DELIVERY_MALFORMED, "the Java key store is damaged or cut off");
}

/* SHA-1 over the password in UTF-16, the words that Sun's engineers chose, and the store. */
static bool
digest_of(struct str password, struct str store, unsigned char ret[static DIGEST_SIZE])
{
	static const struct str words = STR_INIT("Mighty Aphrodite");
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char *units = NULL;
	int len = 0;
	/* with two zeros at the end, which Java does not have */
	bool good = context && OPENSSL_utf82uni(password.p, (int)password.len, &units, &len) &&
	            len >= 2 && EVP_DigestInit_ex(context, EVP_sha1(), NULL) == 1 &&
	            EVP_DigestUpdate(context, units, (size_t)len - 2) == 1 &&
	            EVP_DigestUpdate(context, words.p, words.len) == 1 &&
	            EVP_DigestUpdate(context, store.p, store.len) == 1 &&
	            EVP_DigestFinal_ex(context, ret, NULL) == 1;

	OPENSSL_clear_free(units, (size_t)len);
	EVP_MD_CTX_free(context);
	return good;
}

static bool
fits(struct str password, struct str store, struct str digest)
{
	unsigned char found[DIGEST_SIZE];

	return password.len <= PASSWORD_MAX && digest_of(password, store, found) &&
	       sodium_memcmp(found, digest.p, DIGEST_SIZE) == 0;
}

void
intake_keystore(struct intake *in, struct str bytes)
{
	struct store store = { .in = in };
	uint32_t magic = 0, count = 0;
	size_t body = bytes.len > DIGEST_SIZE ? bytes.len - DIGEST_SIZE : 0;

	store.rest = str_bytes(bytes.p, body);
	if (!take_number(&store.rest, 4, &magic) || !take_number(&store.rest, 4, &store.version) ||
	    !take_number(&store.rest, 4, &count) || store.version < 1 || store.version > 2)
		intake_problem(in, DELIVERY_MALFORMED, "the Java key store is damaged or cut off");
	else if (in->password &&
		 !fits(*in->password, str_bytes(bytes.p, body), str_drop(bytes, body)))
		intake_problem(in, DELIVERY_PASSWORD_WRONG, "the password does not open it");
	else
		read_entries(&store, count);
}
