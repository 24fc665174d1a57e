/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a password-based encryption would cost, and whether we have its algorithms, told from its
 * parameters alone: nothing is derived here (I-07; an iteration count is a stranger's hold on our
 * CPU).
 */
#include "delivery/read.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>

bool
pbe_count(struct intake *in, uint64_t iterations)
{
	if (iterations <= DELIVERY_ITERATIONS_MAX &&
	    in->delivery->iterations + iterations <= DELIVERY_ITERATIONS_MAX) {
		in->delivery->iterations += iterations;
		return true;
	}
	intake_problem(in, DELIVERY_LIMIT, "its password protection asks for more than %d rounds",
	    DELIVERY_ITERATIONS_MAX);
	return false;
}

bool
pbe_count_integer(struct intake *in, const ASN1_INTEGER *number)
{
	int64_t iterations = 0;

	if (!number || ASN1_INTEGER_get_int64(&iterations, number) != 1 || iterations < 1) {
		intake_problem(in, DELIVERY_MALFORMED, "the iteration count makes no sense");
		return false;
	}
	return pbe_count(in, (uint64_t)iterations);
}

void *
pbe_params(const X509_ALGOR *algorithm, const ASN1_ITEM *item)
{
	const void *value = NULL;
	int type = V_ASN1_UNDEF;

	X509_ALGOR_get0(NULL, &type, &value, algorithm);
	return type == V_ASN1_SEQUENCE ? ASN1_item_unpack(value, item) : NULL;
}

static bool
count_pbkdf2(struct intake *in, const X509_ALGOR *derivation)
{
	PBKDF2PARAM *params = pbe_params(derivation, ASN1_ITEM_rptr(PBKDF2PARAM));
	bool good = pbe_count_integer(in, params ? params->iter : NULL);

	PBKDF2PARAM_free(params);
	return good;
}

/* N*r*p blocks of work. OpenSSL's cap on the memory is asked first: beyond it, it would not tell a
 * right password from a wrong one. */
#define SCRYPT_MEMORY_MAX ((uint64_t)32 * 1024 * 1024)

static bool
count_scrypt(struct intake *in, const X509_ALGOR *derivation)
{
	SCRYPT_PARAMS *params = pbe_params(derivation, ASN1_ITEM_rptr(SCRYPT_PARAMS));
	uint64_t n = 0, r = 0, p = 0;
	bool good = params && ASN1_INTEGER_get_uint64(&n, params->costParameter) == 1 &&
	            ASN1_INTEGER_get_uint64(&r, params->blockSize) == 1 &&
	            ASN1_INTEGER_get_uint64(&p, params->parallelizationParameter) == 1 &&
	            n < 1 << 24 && r < 1 << 10 && p < 1 << 10 &&
	            128 * r * (n + 2 + p) <= SCRYPT_MEMORY_MAX;

	SCRYPT_PARAMS_free(params);
	if (!good)
		intake_problem(
		    in, DELIVERY_LIMIT, "its password protection (scrypt) asks for too much");
	return good && pbe_count(in, n * r * p);
}

static bool
lacks(struct intake *in, const ASN1_OBJECT *object)
{
	char name[80] = "";
	int nid = OBJ_obj2nid(object);

	if (nid == NID_undef)
		OBJ_obj2txt(name, sizeof(name), object, 1);
	intake_problem(
	    in, DELIVERY_UNSUPPORTED_ALGORITHM, "%s", nid == NID_undef ? name : OBJ_nid2ln(nid));
	return false;
}

static bool
has_cipher(struct intake *in, const char *name)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(in->tools->library, name, NULL);

	EVP_CIPHER_free(cipher);
	ERR_clear_error();
	return cipher != NULL;
}

/* PBES2 (RFC 8018): a derivation and a cipher of any kind. */
static bool
may_open_pbes2(struct intake *in, const X509_ALGOR *algorithm)
{
	PBE2PARAM *params = pbe_params(algorithm, ASN1_ITEM_rptr(PBE2PARAM));
	char cipher[80] = "";
	bool good = false;

	if (!params) {
		intake_problem(in, DELIVERY_MALFORMED, "the encryption's parameters are damaged");
		return false;
	}
	OBJ_obj2txt(cipher, sizeof(cipher), params->encryption->algorithm, 1);
	if (!has_cipher(in, cipher))
		(void)lacks(in, params->encryption->algorithm);
	else if (OBJ_obj2nid(params->keyfunc->algorithm) == NID_id_pbkdf2)
		good = count_pbkdf2(in, params->keyfunc);
	else if (OBJ_obj2nid(params->keyfunc->algorithm) == NID_id_scrypt)
		good = count_scrypt(in, params->keyfunc);
	else
		(void)lacks(in, params->keyfunc->algorithm);
	PBE2PARAM_free(params);
	return good;
}

bool
pbe_may_open(struct intake *in, const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object = NULL;
	PBEPARAM *params;
	int cipher = NID_undef;
	bool good;

	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	if (OBJ_obj2nid(object) == NID_pbes2)
		return may_open_pbes2(in, algorithm);
	if (!EVP_PBE_find(EVP_PBE_TYPE_OUTER, OBJ_obj2nid(object), &cipher, NULL, NULL) ||
	    cipher == NID_undef || !has_cipher(in, OBJ_nid2sn(cipher)))
		return lacks(in, object);
	params = pbe_params(algorithm, ASN1_ITEM_rptr(PBEPARAM));
	good = pbe_count_integer(in, params ? params->iter : NULL);
	PBEPARAM_free(params);
	return good;
}

enum password_form
pbe_form(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object = NULL;

	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	switch (OBJ_obj2nid(object)) {
	case NID_pbe_WithSHA1And128BitRC4:
	case NID_pbe_WithSHA1And40BitRC4:
	case NID_pbe_WithSHA1And3_Key_TripleDES_CBC:
	case NID_pbe_WithSHA1And2_Key_TripleDES_CBC:
	case NID_pbe_WithSHA1And128BitRC2_CBC:
	case NID_pbe_WithSHA1And40BitRC2_CBC:
		return PASSWORD_CHARACTERS;
	default:
		return PASSWORD_OCTETS;
	}
}
