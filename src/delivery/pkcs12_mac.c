/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MAC of a PKCS#12, by which a password is known to be right: RFC 7292's own derivation, and
 * PBMAC1 (RFC 9579), which OpenSSL before 3.4 takes for a wrong password. Rounds are counted before
 * each attempt (I-07).
 */
#include "delivery/read.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include "pki/der_read.h"

/* RFC 9579 wants 20 octets: with a key of one octet every 256th password fits. More than any digest
 * needs would only cost time. */
#define KEY_MIN 20
#define KEY_MAX 128

/* Can this digest be had here? Else it would look like a wrong password. */
static bool
digest_is_known(struct intake *in, const ASN1_OBJECT *object)
{
	char name[80] = "";
	EVP_MD *digest;

	OBJ_obj2txt(name, sizeof(name), object, 1);
	digest = EVP_MD_fetch(in->tools->library, name, NULL);
	EVP_MD_free(digest);
	ERR_clear_error();
	if (!digest)
		intake_problem(in, DELIVERY_UNSUPPORTED_ALGORITHM, "%s", name);
	return digest != NULL;
}

static enum mac_verdict
check_usual(struct intake *in, PKCS12 *p12, const ASN1_INTEGER *count, size_t *ret_spelling)
{
	for (size_t i = 0; i < PASSWORD_SPELLINGS; i++) {
		CLEAN(password_fini) struct password password = { 0 };

		if (!password_spell(in->password, PASSWORD_CHARACTERS, i, &password))
			continue;
		if (!(count ? pbe_count_integer(in, count) : pbe_count(in, 1)))
			return MAC_NOT_CHECKED;
		if (PKCS12_verify_mac(p12, password.p, password.len) == 1) {
			*ret_spelling = i;
			return MAC_FITS;
		}
	}
	return MAC_DIFFERS;
}

struct pbmac1 {
	const EVP_MD *derive, *digest;
	struct str salt, mac;
	int iterations;
	size_t key_len;
};

/* hmacWithSHA256 and the like; NULL. */
static const EVP_MD *
digest_of_hmac(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object = NULL;
	int digest = NID_undef;

	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	return EVP_PBE_find(EVP_PBE_TYPE_PRF, OBJ_obj2nid(object), NULL, &digest, NULL)
	           ? EVP_get_digestbynid(digest)
	           : NULL;
}

static bool
refuse(struct intake *in, enum delivery_error error, const char *words)
{
	intake_problem(in, error, "%s", words);
	return false;
}

static bool
take_derivation(struct intake *in, const PBKDF2PARAM *params, struct pbmac1 *to)
{
	int64_t iterations = 0, len = 0;
	const ASN1_OCTET_STRING *salt;

	if (!params || !params->salt || params->salt->type != V_ASN1_OCTET_STRING ||
	    !params->iter || ASN1_INTEGER_get_int64(&iterations, params->iter) != 1 ||
	    iterations < 1)
		return refuse(in, DELIVERY_MALFORMED, "the parameters of its PBMAC1 make no sense");
	if (!params->keylength || ASN1_INTEGER_get_int64(&len, params->keylength) != 1 ||
	    len < KEY_MIN || len > KEY_MAX)
		return refuse(in, DELIVERY_MALFORMED,
		    "the key of its PBMAC1 has no length that would tell a password");
	if (iterations > DELIVERY_ITERATIONS_MAX)
		return pbe_count(in, (uint64_t)iterations);
	salt = params->salt->value.octet_string;
	to->salt = str_bytes(ASN1_STRING_get0_data(salt), (size_t)ASN1_STRING_length(salt));
	to->iterations = (int)iterations;
	to->key_len = (size_t)len;
	to->derive = params->prf ? digest_of_hmac(params->prf) : EVP_sha1();
	return true;
}

static bool
take_params(
    struct intake *in, const PBE2PARAM *params, const PBKDF2PARAM *derivation, struct pbmac1 *to)
{
	if (!params)
		return refuse(in, DELIVERY_MALFORMED, "the parameters of its PBMAC1 are damaged");
	if (OBJ_obj2nid(params->keyfunc->algorithm) != NID_id_pbkdf2)
		return refuse(in, DELIVERY_UNSUPPORTED_ALGORITHM, "PBMAC1 without PBKDF2");
	if (!take_derivation(in, derivation, to))
		return false;
	to->digest = digest_of_hmac(params->encryption);
	if (!to->derive || !to->digest)
		return refuse(in, DELIVERY_UNSUPPORTED_ALGORITHM, "PBMAC1 with an unknown digest");
	if (to->mac.len != (size_t)EVP_MD_get_size(to->digest))
		return refuse(in, DELIVERY_MALFORMED, "the MAC has the wrong length");
	return true;
}

/* What the MAC was made over: the content's octets, found in the DER that OpenSSL writes again (in
 * the file they may be BER, in pieces). */
static bool
find_content(struct str der, struct str *ret)
{
	struct der pfx, version, info, type, explicit, octets;

	if (!der_next_is(&der, DER_SEQUENCE, &pfx) ||
	    !der_next_is(&pfx.body, DER_INTEGER, &version) ||
	    !der_next_is(&pfx.body, DER_SEQUENCE, &info) ||
	    !der_next_is(&info.body, DER_OID, &type) ||
	    !der_next_is(&info.body, DER_CONTEXT_0, &explicit) ||
	    !der_next_is(&explicit.body, DER_OCTET_STRING, &octets))
		return false;
	*ret = octets.body;
	return true;
}

static bool
fits_pbmac1(const struct pbmac1 *pbmac1, const struct password *password, struct str content)
{
	unsigned char key[KEY_MAX], mac[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	bool good = PKCS5_PBKDF2_HMAC(password->p, password->len,
			(const unsigned char *)pbmac1->salt.p, (int)pbmac1->salt.len,
			pbmac1->iterations, pbmac1->derive, (int)pbmac1->key_len, key) == 1 &&
	            HMAC(pbmac1->digest, key, (int)pbmac1->key_len,
			(const unsigned char *)content.p, content.len, mac, &len) &&
	            len == pbmac1->mac.len && sodium_memcmp(mac, pbmac1->mac.p, len) == 0;

	OPENSSL_cleanse(key, sizeof(key));
	return good;
}

static enum mac_verdict
try_pbmac1(struct intake *in, const struct pbmac1 *pbmac1, struct str content, size_t *ret_spelling)
{
	size_t block = (size_t)EVP_MD_get_size(pbmac1->derive);
	uint64_t blocks = (pbmac1->key_len + block - 1) / block;

	for (size_t i = 0; i < PASSWORD_SPELLINGS; i++) {
		CLEAN(password_fini) struct password password = { 0 };

		if (!password_spell(in->password, PASSWORD_OCTETS, i, &password))
			continue;
		if (!pbe_count(in, (uint64_t)pbmac1->iterations * blocks))
			return MAC_NOT_CHECKED;
		if (fits_pbmac1(pbmac1, &password, content)) {
			*ret_spelling = i;
			return MAC_FITS;
		}
	}
	return MAC_DIFFERS;
}

static enum mac_verdict
check_over_content(
    struct intake *in, const struct pbmac1 *pbmac1, PKCS12 *p12, size_t *ret_spelling)
{
	enum mac_verdict verdict = MAC_NOT_CHECKED;
	unsigned char *der = NULL;
	int len = i2d_PKCS12(p12, &der);
	struct str content;

	if (len > 0 && find_content(str_bytes(der, (size_t)len), &content))
		verdict = try_pbmac1(in, pbmac1, content, ret_spelling);
	else
		intake_problem(in, DELIVERY_MALFORMED, "the PKCS#12 has no content");
	OPENSSL_free(der);
	return verdict;
}

static enum mac_verdict
check_pbmac1(struct intake *in, PKCS12 *p12, const X509_ALGOR *algorithm, struct str mac,
    size_t *ret_spelling)
{
	PBE2PARAM *params = pbe_params(algorithm, ASN1_ITEM_rptr(PBE2PARAM));
	PBKDF2PARAM *derivation =
	    params ? pbe_params(params->keyfunc, ASN1_ITEM_rptr(PBKDF2PARAM)) : NULL;
	struct pbmac1 pbmac1 = { .mac = mac };
	enum mac_verdict verdict = MAC_NOT_CHECKED;

	if (take_params(in, params, derivation, &pbmac1))
		verdict = check_over_content(in, &pbmac1, p12, ret_spelling);
	PBKDF2PARAM_free(derivation);
	PBE2PARAM_free(params);
	return verdict;
}

enum mac_verdict
pkcs12_mac_check(struct intake *in, PKCS12 *p12, size_t *ret_spelling)
{
	const ASN1_OCTET_STRING *mac = NULL;
	const ASN1_INTEGER *count = NULL;
	const X509_ALGOR *algorithm = NULL;
	const ASN1_OBJECT *object = NULL;

	PKCS12_get0_mac(&mac, &algorithm, NULL, &count, p12);
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	if (OBJ_obj2nid(object) == NID_pbmac1)
		return check_pbmac1(in, p12, algorithm,
		    str_bytes(ASN1_STRING_get0_data(mac), (size_t)ASN1_STRING_length(mac)),
		    ret_spelling);
	if (!digest_is_known(in, object))
		return MAC_NOT_CHECKED;
	return check_usual(in, p12, count, ret_spelling);
}
