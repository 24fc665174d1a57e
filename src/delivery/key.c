/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys behind a password: PKCS#8 (RFC 5958: PBES1, PBES2, PKCS#12's own) and the header
 * fields of old PEM (RFC 1421, "DEK-Info"). Opened for the fingerprint alone and wiped at once
 * (I-11). Why one stays closed is the key's own affair: it hides nothing that lies beside it.
 */
#include "delivery/read.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "pki/certificate.h"
#include "delivery/password.h"

static void
sig_free(X509_SIG *sig)
{
	X509_SIG_free(sig);
}
CLEAN_DEFINE(sig_free, X509_SIG *);

static EVP_PKEY *
key_of_pkcs8(struct intake *in, const PKCS8_PRIV_KEY_INFO *info)
{
	EVP_PKEY *key = EVP_PKCS82PKEY_ex(info, in->tools->library, NULL);
	const ASN1_OBJECT *kind = NULL;
	char name[80] = "";

	if (key || !PKCS8_pkey_get0(&kind, NULL, NULL, NULL, info))
		return key;
	OBJ_obj2txt(name, sizeof(name), kind, 0);
	intake_problem(in, DELIVERY_UNSUPPORTED_ALGORITHM, "%s", name);
	return NULL;
}

static EVP_PKEY *
open_pkcs8(struct intake *in, struct str der)
{
	const unsigned char *at = (const unsigned char *)der.p;
	CLEAN(sig_free) X509_SIG *sig = d2i_X509_SIG(NULL, &at, (long)der.len);
	const X509_ALGOR *algorithm = NULL;

	if (!sig) {
		intake_problem(in, DELIVERY_MALFORMED, "the encrypted private key is damaged");
		return NULL;
	}
	X509_SIG_get0(sig, &algorithm, NULL);
	for (size_t i = 0; i < PASSWORD_SPELLINGS; i++) {
		CLEAN(password_fini) struct password password = { 0 };
		PKCS8_PRIV_KEY_INFO *info;
		EVP_PKEY *key;

		if (!password_spell(in->password, pbe_form(algorithm), i, &password))
			continue;
		if (!pbe_may_open(in, algorithm))
			return NULL;
		info = PKCS8_decrypt_ex(sig, password.p, password.len, in->tools->library, NULL);
		if (!info)
			continue;
		key = key_of_pkcs8(in, info);
		PKCS8_PRIV_KEY_INFO_free(info); /* wipes it */
		return key;
	}
	intake_problem(in, DELIVERY_PASSWORD_WRONG, "the password does not open the private key");
	return NULL;
}

/* OpenSSL takes a line without a vector for a cipher that nobody has. */
static bool
names_vector(struct str header)
{
	struct str field = str_drop(header, str_find(header, STR("DEK-Info:")));

	return str_find(field, STR(",")) < field.len;
}

/* The cipher that the header names, with its vector checked; NULL and a problem. */
static EVP_CIPHER *
cipher_of(struct intake *in, struct str header, unsigned char iv[static EVP_MAX_IV_LENGTH])
{
	CLEAN(free_text) char *text = str_dup(header);
	EVP_CIPHER_INFO info;
	EVP_CIPHER *cipher;

	if (!PEM_get_EVP_CIPHER_INFO(text, &info) || !info.cipher) {
		if (names_vector(header) &&
		    ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_UNSUPPORTED_ENCRYPTION)
			intake_problem(
			    in, DELIVERY_UNSUPPORTED_ALGORITHM, "the cipher that its header names");
		else
			intake_problem(
			    in, DELIVERY_MALFORMED, "its DEK-Info header makes no sense");
		return NULL;
	}
	copy_bytes(iv, info.iv, EVP_MAX_IV_LENGTH);
	cipher = EVP_CIPHER_get_mode(info.cipher) == EVP_CIPH_CBC_MODE
	             ? EVP_CIPHER_fetch(in->tools->library, EVP_CIPHER_get0_name(info.cipher), NULL)
	             : NULL;
	if (!cipher)
		intake_problem(
		    in, DELIVERY_UNSUPPORTED_ALGORITHM, "%s", EVP_CIPHER_get0_name(info.cipher));
	return cipher;
}

/* PEM_do_header() does the same, but in the library context that lacks the old ciphers. */
static bool
decrypt(const EVP_CIPHER *cipher, const unsigned char *iv, const struct password *password,
    struct str body, struct buf *to)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	unsigned char key[EVP_MAX_KEY_LENGTH];
	int len = 0, last = 0;
	char *out = buf_room(to, body.len + EVP_MAX_BLOCK_LENGTH);
	bool good = context && out &&
	            EVP_BytesToKey(cipher, EVP_md5(), iv, (const unsigned char *)password->p,
			password->len, 1, key, NULL) > 0 &&
	            EVP_DecryptInit_ex2(context, cipher, key, iv, NULL) == 1 &&
	            EVP_DecryptUpdate(context, (unsigned char *)out, &len,
			(const unsigned char *)body.p, (int)body.len) == 1 &&
	            EVP_DecryptFinal_ex(context, (unsigned char *)out + len, &last) == 1;

	if (good)
		buf_added(to, (size_t)len + (size_t)last);
	OPENSSL_cleanse(key, sizeof(key));
	EVP_CIPHER_CTX_free(context);
	return good;
}

static EVP_PKEY *
open_spelled(struct intake *in, const EVP_CIPHER *cipher, const unsigned char *iv,
    const struct password *password, struct str body)
{
	CLEAN(buf_fini) struct buf der = BUF_SECRET(DELIVERY_FILE_MAX + EVP_MAX_BLOCK_LENGTH);
	const unsigned char *at;

	if (!decrypt(cipher, iv, password, body, &der))
		return NULL;
	at = (const unsigned char *)der.data;
	return d2i_AutoPrivateKey_ex(NULL, &at, (long)der.len, in->tools->library, NULL);
}

static EVP_PKEY *
open_headed(struct intake *in, struct str header, struct str body)
{
	unsigned char iv[EVP_MAX_IV_LENGTH] = { 0 };
	EVP_CIPHER *cipher = cipher_of(in, header, iv);
	EVP_PKEY *key = NULL;

	if (!cipher)
		return NULL;
	for (size_t i = 0; i < PASSWORD_SPELLINGS && !key; i++) {
		CLEAN(password_fini) struct password password = { 0 };

		if (password_spell(in->password, PASSWORD_OCTETS, i, &password))
			key = open_spelled(in, cipher, iv, &password, body);
	}
	EVP_CIPHER_free(cipher);
	if (!key)
		intake_problem(
		    in, DELIVERY_PASSWORD_WRONG, "the password does not open the private key");
	return key;
}

/* One of the two forms; `header` empty: PKCS#8. */
static void
read_closed(struct intake *in, struct str header, struct str body)
{
	struct delivery_file reason = { .container = "" };
	struct intake own = *in;
	CLEAN(pkey_free) EVP_PKEY *key = NULL;

	own.file = &reason;
	if (!in->password)
		intake_problem(
		    &own, DELIVERY_PASSWORD_REQUIRED, "the private key is protected by a password");
	else
		key = header.len > 0 ? open_headed(&own, header, body) : open_pkcs8(&own, body);
	ERR_clear_error();
	if (key)
		intake_key(in, key);
	else
		intake_closed_key(in, reason.error, reason.words);
}

void
intake_encrypted_key(struct intake *in, struct str der)
{
	read_closed(in, STR(""), der);
}

void
intake_headed_key(struct intake *in, struct str header, struct str body)
{
	read_closed(in, header, body);
}
