/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#12 (RFC 7292), walked by hand over OpenSSL's parts: every iteration count is read and summed
 * before the derivation it belongs to (I-07), an algorithm we lack is told apart from a wrong
 * password, and no password is tried both as absent and as empty (I-05).
 */
#include "delivery/read.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <stdio.h>

#include "pki/certificate.h"

#define BAG_DEPTH_MAX 4
#define BAGS_MAX      256

struct pfx {
	struct intake *in;
	size_t fits; /* the number of the password's spelling that opened something, tried first */
	size_t bags;
	bool opened; /* something encrypted was decrypted, or the MAC fits: the password is right */
};

static void
pfx_free(PKCS12 *pfx)
{
	PKCS12_free(pfx);
}
CLEAN_DEFINE(pfx_free, PKCS12 *);

static enum delivery_error
password_error(const struct intake *in)
{
	return in->password ? DELIVERY_PASSWORD_WRONG : DELIVERY_PASSWORD_REQUIRED;
}

static void
refuse_password(struct intake *in)
{
	intake_problem(in, password_error(in), "%s",
	    in->password ? "the password does not open it" : "it is protected by a password");
}

static void read_bags(struct pfx *pfx, STACK_OF(PKCS12_SAFEBAG) * bags, unsigned depth);

static void
read_certificate_bag(struct pfx *pfx, const PKCS12_SAFEBAG *bag)
{
	X509 *x509 = PKCS12_SAFEBAG_get_bag_nid(bag) == NID_x509Certificate
	                 ? PKCS12_SAFEBAG_get1_cert(bag)
	                 : NULL;
	unsigned char *der = NULL;
	int len = x509 ? i2d_X509(x509, &der) : 0;

	if (len > 0)
		intake_certificate(pfx->in, str_bytes(der, (size_t)len));
	else
		intake_problem(pfx->in, DELIVERY_MALFORMED, "a certificate in it is damaged");
	OPENSSL_free(der);
	X509_free(x509);
}

static void
read_plain_key(struct pfx *pfx, const PKCS8_PRIV_KEY_INFO *info)
{
	CLEAN(pkey_free)
	EVP_PKEY *key = info ? EVP_PKCS82PKEY_ex(info, pfx->in->tools->library, NULL) : NULL;

	intake_key(pfx->in, key);
}

/* The spelling to try as number `at`: the one that fitted goes first. */
static bool
spell(const struct pfx *pfx, enum password_form form, size_t at, struct password *ret)
{
	return password_spell(pfx->in->password, form, (pfx->fits + at) % PASSWORD_SPELLINGS, ret);
}

static void
remember(struct pfx *pfx, size_t at)
{
	pfx->fits = (pfx->fits + at) % PASSWORD_SPELLINGS;
	pfx->opened = true;
}

/* `ret_may` false: the problem is told already. */
static PKCS8_PRIV_KEY_INFO *
open_shrouded(struct pfx *pfx, const PKCS12_SAFEBAG *bag, bool *ret_may)
{
	const X509_ALGOR *algorithm = NULL;
	PKCS8_PRIV_KEY_INFO *info = NULL;

	X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, NULL);
	*ret_may = true;
	for (size_t i = 0; i < PASSWORD_SPELLINGS && !info; i++) {
		CLEAN(password_fini) struct password password = { 0 };

		if (!spell(pfx, pbe_form(algorithm), i, &password))
			continue;
		*ret_may = pbe_may_open(pfx->in, algorithm);
		if (!*ret_may)
			return NULL;
		info = PKCS12_decrypt_skey_ex(
		    bag, password.p, password.len, pfx->in->tools->library, NULL);
		if (info)
			remember(pfx, i);
	}
	return info;
}

static void
read_shrouded_key(struct pfx *pfx, const PKCS12_SAFEBAG *bag)
{
	bool may;
	PKCS8_PRIV_KEY_INFO *info = open_shrouded(pfx, bag, &may);

	if (info)
		read_plain_key(pfx, info);
	else
		intake_key(pfx->in, NULL);
	if (!info && may && !pfx->opened)
		refuse_password(pfx->in);
	PKCS8_PRIV_KEY_INFO_free(info); /* wipes the key */
}

static void
read_bag(struct pfx *pfx, const PKCS12_SAFEBAG *bag, unsigned depth)
{
	if (++pfx->bags > BAGS_MAX) {
		intake_problem(pfx->in, DELIVERY_LIMIT, "more than %d bags in a PKCS#12", BAGS_MAX);
		return;
	}
	switch (PKCS12_SAFEBAG_get_nid(bag)) {
	case NID_certBag:
		read_certificate_bag(pfx, bag);
		break;
	case NID_keyBag:
		read_plain_key(pfx, PKCS12_SAFEBAG_get0_p8inf(bag));
		break;
	case NID_pkcs8ShroudedKeyBag:
		read_shrouded_key(pfx, bag);
		break;
	case NID_crlBag:
		pfx->in->file->crls++;
		break;
	case NID_safeContentsBag:
		/* The nested stack belongs to the bag. */
		read_bags(pfx,
		    (STACK_OF(PKCS12_SAFEBAG) *)(uintptr_t)PKCS12_SAFEBAG_get0_safes(bag),
		    depth + 1);
		break;
	default:
		break; /* secret bags and the unknown are none of our business */
	}
}

static void
read_bags(struct pfx *pfx, STACK_OF(PKCS12_SAFEBAG) * bags, unsigned depth)
{
	if (depth > BAG_DEPTH_MAX) {
		intake_problem(pfx->in, DELIVERY_LIMIT, "bags in bags, too deep");
		return;
	}
	for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++)
		read_bag(pfx, sk_PKCS12_SAFEBAG_value(bags, i), depth);
}

/* NULL: none opened it; `ret_may` false: the problem is told already. */
static STACK_OF(PKCS12_SAFEBAG) * decrypt_part(struct pfx *pfx, PKCS7 *part, bool *ret_may)
{
	const X509_ALGOR *algorithm = part->d.encrypted->enc_data->algorithm;
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;

	*ret_may = true;
	for (size_t i = 0; i < PASSWORD_SPELLINGS && !bags; i++) {
		CLEAN(password_fini) struct password password = { 0 };

		if (!spell(pfx, pbe_form(algorithm), i, &password))
			continue;
		*ret_may = pbe_may_open(pfx->in, algorithm);
		if (!*ret_may)
			return NULL;
		bags = PKCS12_unpack_p7encdata(part, password.p, password.len);
		if (bags)
			remember(pfx, i);
	}
	return bags;
}

static STACK_OF(PKCS12_SAFEBAG) * open_encrypted(struct pfx *pfx, PKCS7 *part)
{
	STACK_OF(PKCS12_SAFEBAG) * bags;
	bool may;

	if (!part->d.encrypted || !part->d.encrypted->enc_data ||
	    !part->d.encrypted->enc_data->enc_data) {
		intake_problem(pfx->in, DELIVERY_MALFORMED, "an encrypted part has no content");
		return NULL;
	}
	bags = decrypt_part(pfx, part, &may);
	if (!bags && may && pfx->opened)
		intake_problem(pfx->in, DELIVERY_MALFORMED, "an encrypted part is damaged");
	else if (!bags && may)
		refuse_password(pfx->in);
	return bags;
}

static void
read_part(struct pfx *pfx, PKCS7 *part)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;

	if (PKCS7_type_is_data(part)) {
		bags = part->d.data ? PKCS12_unpack_p7data(part) : NULL;
		if (!bags)
			intake_problem(
			    pfx->in, DELIVERY_MALFORMED, "a part of the PKCS#12 is damaged");
	} else if (PKCS7_type_is_encrypted(part)) {
		bags = open_encrypted(pfx, part);
	} else {
		intake_problem(
		    pfx->in, DELIVERY_UNSUPPORTED_ALGORITHM, "a certificate instead of a password");
	}
	read_bags(pfx, bags, 0);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}

static bool
unlock(struct pfx *pfx, PKCS12 *p12)
{
	if (!PKCS12_mac_present(p12))
		return true;
	switch (pkcs12_mac_check(pfx->in, p12, &pfx->fits)) {
	case MAC_FITS:
		pfx->opened = true;
		return true;
	case MAC_DIFFERS:
		refuse_password(pfx->in);
		return false;
	case MAC_NOT_CHECKED:
		return false;
	}
	return false;
}

/* The parts inside; NULL when there is no content to unpack (CVE-2024-0727: OpenSSL 3.0 followed
 * NULL). */
static STACK_OF(PKCS7) * parts_of(struct intake *in, PKCS12 *p12)
{
	STACK_OF(PKCS7) *parts = PKCS12_unpack_authsafes(p12);

	if (!parts)
		intake_problem(
		    in, DELIVERY_MALFORMED, "the PKCS#12 is damaged or signed with a certificate");
	return parts;
}

/*
 * `parts` is unpacked before the password is tried, so that all outer counts are known first; what
 * is encrypted inside is counted when it is reached.
 */
static void
read_pfx(struct intake *in, PKCS12 *p12)
{
	STACK_OF(PKCS7) *parts = parts_of(in, p12);
	struct pfx pfx = { .in = in };

	if (parts && unlock(&pfx, p12))
		for (int i = 0; i < sk_PKCS7_num(parts); i++)
			read_part(&pfx, sk_PKCS7_value(parts, i));
	sk_PKCS7_pop_free(parts, PKCS7_free);
}

void
intake_pkcs12(struct intake *in, struct str der)
{
	const unsigned char *at = (const unsigned char *)der.p;
	CLEAN(pfx_free) PKCS12 *p12 = PKCS12_init_ex(NID_pkcs7_data, in->tools->library, NULL);

	if (!*in->part)
		in->file->container = "PKCS#12";
	if (!p12 || !d2i_PKCS12(&p12, &at, (long)der.len)) {
		p12 = NULL; /* d2i has freed it */
		intake_problem(in, DELIVERY_MALFORMED, "the PKCS#12 is damaged or cut off");
	} else {
		read_pfx(in, p12);
	}
	ERR_clear_error();
}
