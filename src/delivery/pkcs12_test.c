/* SPDX-License-Identifier: Apache-2.0 */
/* PBMAC1 (RFC 9579), and passwords as other programs spelled them. */
#include "delivery/delivery.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/hmac.h>
#include <openssl/pkcs12.h>

#include "pki/ca_test_kit.h"
#include "pki/der_read.h"
#include "pki/der_write.h"

#define FROM   ((when)1767225600 * 1000000)
#define UNTIL  (FROM + DAYS(199))
#define ROUNDS 2048
#define TRIPLE NID_pbe_WithSHA1And3_Key_TripleDES_CBC
#define NO_MAC (-1)

static struct delivery_tools *tools;
static struct test_certificate leaf;

static PKCS12 *
make(const char *password, int nid, int mac_rounds)
{
	PKCS12 *pfx = PKCS12_create(
	    password, "test", leaf.key, leaf.x509, NULL, nid, nid, ROUNDS, mac_rounds, 0);

	assert_non_null(pfx);
	return pfx;
}

static void
put(struct buf *to, PKCS12 *pfx)
{
	unsigned char *der = NULL;
	int len = i2d_PKCS12(pfx, &der);

	assert_true(len > 0);
	buf_clear(to);
	buf_put(to, der, (size_t)len);
	OPENSSL_free(der);
	PKCS12_free(pfx);
}

static void
expect(const char *name, struct str bytes, const char *password, enum delivery_error error)
{
	CLEAN(delivery_fini) struct delivery delivery = { 0 };
	struct str given = str_of(password);

	delivery_add(&delivery, tools, STR("x"), bytes, password ? &given : NULL);
	print_message("%s: %s %s\n", name, delivery_error_name(delivery.file[0].error),
	    delivery.file[0].words);
	assert_int_equal(delivery.file[0].error, error);
	assert_int_equal(delivery.certificate_count, error == DELIVERY_FINE);
	assert_int_equal(delivery.key_count, error == DELIVERY_FINE);
	if (error == DELIVERY_FINE)
		assert_true(delivery.key[0].readable);
}

/* How the MAC is made; 0: as it should be. */
struct pbmac1_spec {
	int key_len; /* NO_LENGTH: none is stated */
	int prf, hmac;
	int rounds;
	int derivation;
	size_t mac_len;
};
#define NO_LENGTH (-1)

static X509_ALGOR *
algorithm_of(const struct pbmac1_spec *spec, int key_len)
{
	PBE2PARAM *params = PBE2PARAM_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	unsigned char salt[] = "salt and more";

	X509_ALGOR_free(params->keyfunc);
	params->keyfunc = PKCS5_pbkdf2_set(spec->rounds ? spec->rounds : ROUNDS, salt, 8,
	    spec->prf ? spec->prf : NID_hmacWithSHA256, key_len);
	if (spec->derivation)
		params->keyfunc->algorithm = OBJ_nid2obj(spec->derivation);
	X509_ALGOR_set0(params->encryption,
	    OBJ_nid2obj(spec->hmac ? spec->hmac : NID_hmacWithSHA256), V_ASN1_NULL, NULL);
	ASN1_TYPE_pack_sequence(ASN1_ITEM_rptr(PBE2PARAM), params, &algorithm->parameter);
	algorithm->algorithm = OBJ_nid2obj(NID_pbmac1);
	PBE2PARAM_free(params);
	return algorithm;
}

static void
mac_of(struct str content, const char *password, int key_len, const struct pbmac1_spec *spec,
    unsigned char mac[static 64], unsigned int *ret_len)
{
	unsigned char key[256];
	const EVP_MD *prf = spec->prf == NID_hmacWithSHA512 ? EVP_sha512()
	                    : spec->prf == NID_hmacWithSHA1 ? EVP_sha1()
	                                                    : EVP_sha256();

	assert_int_equal(PKCS5_PBKDF2_HMAC(password, (int)strlen(password),
			     (const unsigned char *)"salt and more", 8, ROUNDS, prf, key_len, key),
	    1);
	HMAC(spec->hmac == NID_hmacWithSHA512 ? EVP_sha512() : EVP_sha256(), key, key_len,
	    (const unsigned char *)content.p, content.len, mac, ret_len);
}

/* Writes the MacData behind a PKCS#12 that has none. */
static void
make_pbmac1(const char *password, const struct pbmac1_spec *spec, struct buf *to)
{
	int key_len = spec->key_len > 0 ? spec->key_len : 32;
	X509_ALGOR *algorithm = algorithm_of(spec, spec->key_len == NO_LENGTH ? 0 : key_len);
	unsigned char *der = NULL, mac[64];
	unsigned int mac_len = 0;
	int len = i2d_X509_ALGOR(algorithm, &der);
	static uint8_t room[1 << 16];
	struct der_write w = DER_WRITE(room, sizeof(room));
	struct der pfx, version, info, type, outer, content;
	size_t mark, data, digest, octets;
	struct str rest;

	put(to, make(password, NID_aes_256_cbc, NO_MAC));
	rest = buf_str(to);
	assert_true(der_next(&rest, &pfx));
	rest = pfx.body;
	assert_true(der_next(&rest, &version) && der_next(&rest, &info));
	rest = info.body;
	assert_true(
	    der_next(&rest, &type) && der_next(&rest, &outer) && der_peek(outer.body, &content));
	mac_of(content.body, password, key_len, spec, mac, &mac_len);
	mark = data = der_mark(&w);
	der_put_bytes(&w, "\x02\x01\x01", 3);
	der_put_bytes(&w, "\x04\x08NOT USED", 10);
	digest = octets = der_mark(&w);
	der_put_bytes(&w, mac, spec->mac_len ? spec->mac_len : mac_len);
	der_put_header(&w, DER_OCTET_STRING, octets);
	der_put_bytes(&w, der, (size_t)len);
	der_put_header(&w, DER_SEQUENCE, digest);
	der_put_header(&w, DER_SEQUENCE, data);
	der_put_bytes(&w, pfx.body.p, pfx.body.len);
	der_put_header(&w, DER_SEQUENCE, mark);
	assert_false(der_failed(&w));
	buf_clear(to);
	buf_put_str(to, der_str(&w));
	OPENSSL_free(der);
	X509_ALGOR_free(algorithm);
}

static void
pbmac1(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *name; struct pbmac1_spec spec; enum delivery_error error; } cases[] = {
		{ "as it should be",      { 0 }, DELIVERY_FINE },
		{ "SHA-512",              { .prf = NID_hmacWithSHA512, .hmac = NID_hmacWithSHA512, .key_len = 64 }, DELIVERY_FINE },
		{ "SHA-1 by default",     { .prf = NID_hmacWithSHA1, .key_len = 20 }, DELIVERY_FINE },
		{ "one octet of key",     { .key_len = 1 },  DELIVERY_MALFORMED },
		{ "19 octets of key",     { .key_len = 19 }, DELIVERY_MALFORMED },
		{ "a key far too long",   { .key_len = 129 }, DELIVERY_MALFORMED },
		{ "no length",            { .key_len = NO_LENGTH }, DELIVERY_MALFORMED },
		{ "MAC cut to an octet",  { .mac_len = 1 },  DELIVERY_MALFORMED },
		{ "unknown digest",       { .hmac = NID_sha256 }, DELIVERY_UNSUPPORTED_ALGORITHM },
		{ "unknown derivation",   { .derivation = NID_id_scrypt }, DELIVERY_UNSUPPORTED_ALGORITHM },
		{ "too many rounds",      { .rounds = 0x7fffffff }, DELIVERY_LIMIT },
		{ "other rounds",         { .rounds = ROUNDS + 1 }, DELIVERY_PASSWORD_WRONG },
	};
	/* clang-format on */
	CLEAN(buf_fini) struct buf pfx = BUF(1 << 16);

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		make_pbmac1("geh\xc3\xa4im", &cases[i].spec, &pfx);
		expect(cases[i].name, buf_str(&pfx), "geh\xc3\xa4im", cases[i].error);
	}
	make_pbmac1("geheim", &cases[0].spec, &pfx);
	expect("wrong", buf_str(&pfx), "Geheim", DELIVERY_PASSWORD_WRONG);
	expect("missing", buf_str(&pfx), NULL, DELIVERY_PASSWORD_REQUIRED);
	make_pbmac1("", &cases[0].spec, &pfx);
	expect("empty as absent", buf_str(&pfx), NULL, DELIVERY_FINE);
	expect("empty as empty", buf_str(&pfx), "", DELIVERY_FINE);
}

/* One set of characters, written down by others (I-05). */
static void
spellings(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *name, *made_with, *given; int nid, mac_rounds; enum delivery_error error; } cases[] = {
		{ "UTF-8",                "geh\xc3\xa4im", "geh\xc3\xa4im", NID_aes_256_cbc, ROUNDS, DELIVERY_FINE },
		{ "UTF-8, no MAC",        "geh\xc3\xa4im", "geh\xc3\xa4im", NID_aes_256_cbc, NO_MAC, DELIVERY_FINE },
		{ "UTF-8, PKCS#12's own", "geh\xc3\xa4im", "geh\xc3\xa4im", TRIPLE, ROUNDS, DELIVERY_FINE },
		{ "beyond Latin-1",       "\xf0\x9f\x94\x91\xe2\x82\xac", "\xf0\x9f\x94\x91\xe2\x82\xac", TRIPLE, ROUNDS, DELIVERY_FINE },
		{ "octets as characters", "geh\xc3\x83\xc2\xa4im", "geh\xc3\xa4im", TRIPLE, ROUNDS, DELIVERY_FINE },
		{ "the same, no MAC",     "geh\xc3\x83\xc2\xa4im", "geh\xc3\xa4im", TRIPLE, NO_MAC, DELIVERY_FINE },
		{ "Latin-1",              "geh\xe4im",     "geh\xc3\xa4im", NID_aes_256_cbc, ROUNDS, DELIVERY_FINE },
		{ "Latin-1, no MAC",      "geh\xe4im",     "geh\xc3\xa4im", NID_aes_256_cbc, NO_MAC, DELIVERY_FINE },
		{ "absent, no MAC",       "",              NULL,            NID_aes_256_cbc, NO_MAC, DELIVERY_FINE },
		{ "empty, no MAC",        "",              NULL,            TRIPLE,          NO_MAC, DELIVERY_FINE },
		{ "another, no MAC",      "geh\xc3\xb6im", "geh\xc3\xa4im", NID_aes_256_cbc, ROUNDS, DELIVERY_PASSWORD_WRONG },
	};
	/* clang-format on */
	CLEAN(buf_fini) struct buf pfx = BUF(1 << 16);

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		put(&pfx, make(cases[i].made_with, cases[i].nid, cases[i].mac_rounds));
		expect(cases[i].name, buf_str(&pfx), cases[i].given, cases[i].error);
	}
}

/* NSS once gave PBES2 the BMPString, zeros included. */
static void
bmp_for_pbes2(void **state UNUSED)
{
	static const struct str spelled = STR_INIT("\0g\0\xe4\0\0");
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	STACK_OF(PKCS7) *parts = sk_PKCS7_new_null();
	CLEAN(buf_fini) struct buf pfx = BUF(1 << 16);
	CLEAN(delivery_fini) struct delivery delivery = { 0 };
	struct str password = STR("g\xc3\xa4");

	assert_non_null(PKCS12_add_cert(&bags, leaf.x509));
	sk_PKCS7_push(parts, PKCS12_pack_p7encdata(NID_aes_256_cbc, spelled.p, (int)spelled.len,
				 NULL, 0, ROUNDS, bags));
	put(&pfx, PKCS12_add_safes(parts, 0));
	delivery_add(&delivery, tools, STR("x"), buf_str(&pfx), &password);
	assert_int_equal(delivery.certificate_count, 1);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	sk_PKCS7_pop_free(parts, PKCS7_free);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pbmac1),
		cmocka_unit_test(spellings),
		cmocka_unit_test(bmp_for_pbes2),
	};
	bool legacy;
	int failed;

	leaf = test_issue(
	    &(struct test_spec){ .name = "owa.contoso.com", .from = FROM, .until = UNTIL }, NULL);
	if (delivery_tools_new(&tools, &legacy))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	delivery_tools_free(tools);
	test_certificate_fini(&leaf);
	return failed;
}
