/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/delivery.h"

#include <assert.h>
#include <errno.h>
#include <gmime/gmime.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/sha.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "pki/certificate.h"
#include "delivery/read.h"

static const char *const error_names[] = {
	[DELIVERY_FINE] = "fine",
	[DELIVERY_EMPTY] = "empty",
	[DELIVERY_UNKNOWN_FORMAT] = "unknown_format",
	[DELIVERY_UNSUPPORTED_FORMAT] = "unsupported_format",
	[DELIVERY_MALFORMED] = "malformed",
	[DELIVERY_PASSWORD_REQUIRED] = "password_required",
	[DELIVERY_PASSWORD_WRONG] = "password_wrong",
	[DELIVERY_UNSUPPORTED_ALGORITHM] = "unsupported_algorithm",
	[DELIVERY_NO_CERTIFICATE] = "no_certificate",
	[DELIVERY_LIMIT] = "limit",
};
static_assert(COUNT_OF(error_names) == DELIVERY_ERROR_MAX, "a name for each error");

const char *
delivery_error_name(enum delivery_error error)
{
	return (size_t)error < COUNT_OF(error_names) ? error_names[error] : "unknown";
}

void
delivery_fini(struct delivery *delivery)
{
	for (size_t i = 0; i < delivery->certificate_count; i++) {
		x509_free(delivery->certificate[i].x509);
		free((void *)(uintptr_t)delivery->certificate[i].der.p);
	}
	for (size_t i = 0; i < delivery->status_count; i++)
		free((void *)(uintptr_t)delivery->status[i].p);
	for (size_t i = 0; i < delivery->csr_count; i++)
		free((void *)(uintptr_t)delivery->csr[i].p);
	for (size_t i = 0; i < delivery->key_count; i++)
		EVP_PKEY_free(delivery->key[i].kept);
	*delivery = (struct delivery){ 0 };
}

struct delivery_tools *
delivery_tools_free(struct delivery_tools *tools)
{
	if (!tools)
		return NULL;
	if (tools->legacy)
		OSSL_PROVIDER_unload(tools->legacy);
	if (tools->standard)
		OSSL_PROVIDER_unload(tools->standard);
	OSSL_LIB_CTX_free(tools->library);
	if (tools->text)
		freelocale(tools->text);
	free(tools);
	return NULL;
}

/* GMime, libarchive and the C library under them load tables when first used. The ZIP's one name is
 * flagged as UTF-8, the mail's is in an old charset. */
static void
warm_up(const struct delivery_tools *tools)
{
	static const char zip[] =
	    "PK\x03\x04\x14\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\xc3\xbc"
	    "PK\x01\x02\x14\0\x14\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\0\0"
	    "\0\0\0\0\0\0\0\0\0\0\0\0\xc3\xbc"
	    "PK\x05\x06\0\0\0\0\x01\0\x01\0\x30\0\0\0\x20\0\0\0\0\0";
	static const char mail[] =
	    "Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"
	    "--x\nContent-Type: text/plain; name*=iso-8859-1''%FC\n"
	    "Content-Transfer-Encoding: base64\n\neAo=\n--x--\n";
	struct delivery *scratch = alloc_zero(sizeof(*scratch));

	delivery_add(scratch, tools, STR(""), str_bytes(zip, sizeof(zip) - 1), NULL);
	delivery_add(scratch, tools, STR(""), str_of(mail), NULL);
	delivery_fini(scratch);
	free(scratch);
}

int
delivery_tools_new(struct delivery_tools **ret, bool *ret_legacy)
{
	CLEAN(delivery_tools_free) struct delivery_tools *tools = alloc_zero(sizeof(*tools));

	tools->library = OSSL_LIB_CTX_new();
	if (!tools->library)
		return error_origin(ENOMEM);
	tools->standard = OSSL_PROVIDER_load(tools->library, "default");
	if (!tools->standard)
		return error_origin(ENOPKG);
	tools->text = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	g_mime_init(); /* counts its calls; what it made stays for the process */
	tools->legacy = OSSL_PROVIDER_load(tools->library, "legacy");
	ERR_clear_error();
	*ret_legacy = tools->legacy != NULL;
	warm_up(tools);
	*ret = TAKE(tools);
	return 0;
}

/* The first problem stays; true when this is it. */
static bool keep_problem(struct intake *in, enum delivery_error error, const char *words,
    va_list args) PRINTF_LIKE(3, 0);

static bool
keep_problem(struct intake *in, enum delivery_error error, const char *words, va_list args)
{
	char plain[DELIVERY_WORDS_SIZE];
	int len = 0;

	if (in->file->error != DELIVERY_FINE)
		return false;
	if (error == DELIVERY_MALFORMED ||
	    error == DELIVERY_LIMIT) /* the others say what the whole is */
		len = snprintf(plain, sizeof(plain), "%s", in->part);
	vsnprintf(plain + len, sizeof(plain) - (size_t)len, words, args);
	in->file->error = error;
	str_show(str_of(plain), in->file->words, sizeof(in->file->words));
	return true;
}

void
intake_problem(struct intake *in, enum delivery_error error, const char *words, ...)
{
	va_list args;

	va_start(args, words);
	(void)keep_problem(in, error, words, args);
	va_end(args);
}

void
intake_answer(
    struct intake *in, enum delivery_error error, enum finding_code code, const char *words, ...)
{
	va_list args;

	va_start(args, words);
	if (keep_problem(in, error, words, args)) {
		in->file->has_code = true;
		in->file->code = code;
	}
	va_end(args);
}

static bool
is_known(const struct delivery *delivery, const uint8_t sha256[static 32])
{
	for (size_t i = 0; i < delivery->certificate_count; i++)
		if (memcmp(delivery->certificate[i].sha256, sha256, 32) == 0)
			return true;
	return false;
}

void
intake_certificate(struct intake *in, struct str der)
{
	struct delivery *delivery = in->delivery;
	CLEAN(x509_free) X509 *x509 = NULL;
	struct delivery_certificate *to;
	uint8_t sha256[32], spki_sha256[32];
	int r;

	r = certificate_parse(der, &x509);
	if (r) {
		intake_problem(in, r == CERTIFICATE_E_LIMIT ? DELIVERY_LIMIT : DELIVERY_MALFORMED,
		    r == CERTIFICATE_E_LIMIT ? "a certificate is larger than any real one"
					     : "the certificate is damaged or cut off");
		return;
	}
	in->file->certificates++;
	SHA256((const unsigned char *)der.p, der.len, sha256);
	if (is_known(delivery, sha256))
		return;
	if (delivery->certificate_count == DELIVERY_CERTIFICATES_MAX) {
		intake_problem(
		    in, DELIVERY_LIMIT, "more than %d certificates", DELIVERY_CERTIFICATES_MAX);
		return;
	}
	to = &delivery->certificate[delivery->certificate_count++];
	*to = (struct delivery_certificate){ .file = in->number };
	to->der = (struct str){ .p = str_dup(der), .len = der.len };
	copy_bytes(to->sha256, sha256, sizeof(sha256));
	if (certificate_key_fingerprint(x509, spki_sha256, to->key_sha256))
		copy_bytes(to->key_sha256, sha256, sizeof(sha256)); /* matches no key */
	to->x509 = TAKE(x509);
}

static void
note_key(struct intake *in, const struct delivery_key *found)
{
	struct delivery *delivery = in->delivery;
	struct delivery_key *to;

	in->file->keys++;
	for (size_t i = 0; found->readable && i < delivery->key_count; i++)
		if (memcmp(delivery->key[i].spki_sha256, found->spki_sha256, 32) == 0)
			return;
	if (delivery->key_count == DELIVERY_KEYS_MAX)
		return;
	to = &delivery->key[delivery->key_count++];
	*to = *found;
	if (to->kept && EVP_PKEY_up_ref(to->kept) != 1)
		to->kept = NULL;
}

void
intake_key(struct intake *in, EVP_PKEY *key)
{
	struct delivery_key found = { .file = in->number };

	found.readable = key && key_fingerprint(key, found.spki_sha256, found.key_sha256) == 0;
	if (found.readable && in->delivery->keeps_keys)
		found.kept = key;
	note_key(in, &found);
}

void
intake_closed_key(struct intake *in, enum delivery_error error, const char *words)
{
	struct delivery_key closed = { .file = in->number, .error = error };

	str_show(str_of(words), closed.words, sizeof(closed.words));
	note_key(in, &closed);
}

bool
intake_may_loosen(struct intake *in, size_t bytes)
{
	if (bytes > INTAKE_LOOSENED_MAX - in->delivery->loosened)
		return false;
	in->delivery->loosened += bytes;
	return true;
}

bool
intake_is_blank(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!strchr(" \t\r\n\v\f", s.p[i])) /* finds NUL too: some tools pad with it */
			return false;
	return true;
}

enum delivery_error
delivery_error(const struct delivery *delivery)
{
	const struct delivery_file *problem = delivery_problem(delivery);

	if (delivery->certificate_count > 0 || delivery->key_count > 0 ||
	    delivery_csrs(delivery) > 0)
		return DELIVERY_FINE;
	return problem ? problem->error : DELIVERY_NO_CERTIFICATE;
}

const struct delivery_file *
delivery_problem(const struct delivery *delivery)
{
	for (size_t i = 0; i < delivery->file_count; i++)
		if (delivery->file[i].error != DELIVERY_FINE)
			return &delivery->file[i];
	return NULL;
}

size_t
delivery_csrs(const struct delivery *delivery)
{
	size_t count = 0;

	for (size_t i = 0; i < delivery->file_count; i++)
		count += delivery->file[i].csrs;
	return count;
}

size_t
delivery_x509s(const struct delivery *delivery, X509 *ret[static DELIVERY_CERTIFICATES_MAX])
{
	for (size_t i = 0; i < delivery->certificate_count; i++)
		ret[i] = delivery->certificate[i].x509;
	return delivery->certificate_count;
}
