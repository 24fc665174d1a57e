/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/delivery.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include "delivery/leaf.h"
#include "pki/ca_test_kit.h"

#define FROM  ((when)1767225600 * 1000000)
#define UNTIL (FROM + DAYS(199))

struct fixture {
	struct test_certificate root, leaf;
	struct delivery_tools *tools;
	bool legacy;
	OSSL_LIB_CTX *maker; /* makes RC2-40 files */
	OSSL_PROVIDER *maker_legacy, *maker_default;
};
static struct fixture fix;

static int
set_up(void **state UNUSED)
{
	fix.root = test_issue(
	    &(struct test_spec){ .name = "Root", .ca = true, .from = FROM, .until = UNTIL }, NULL);
	fix.leaf = test_issue(&(struct test_spec){ .name = "owa.contoso.com",
				  .alternatives = "DNS:owa.contoso.com",
				  .purposes = "serverAuth",
				  .from = FROM,
				  .until = UNTIL },
	    &fix.root);
	fix.maker = OSSL_LIB_CTX_new();
	fix.maker_default = OSSL_PROVIDER_load(fix.maker, "default");
	fix.maker_legacy = OSSL_PROVIDER_load(fix.maker, "legacy");
	return delivery_tools_new(&fix.tools, &fix.legacy);
}

static int
tear_down(void **state UNUSED)
{
	test_certificate_fini(&fix.leaf);
	test_certificate_fini(&fix.root);
	delivery_tools_free(fix.tools);
	OSSL_PROVIDER_unload(fix.maker_default);
	if (fix.maker_legacy)
		OSSL_PROVIDER_unload(fix.maker_legacy);
	OSSL_LIB_CTX_free(fix.maker);
	return 0;
}

static struct delivery
opened(struct str bytes, const char *password)
{
	struct delivery delivery = { 0 };
	struct str given = str_of(password);

	delivery_add(&delivery, fix.tools, STR(""), bytes, password ? &given : NULL);
	return delivery;
}

static void
expect(const char *name, struct str bytes, const char *password, enum delivery_error error,
    size_t certificates)
{
	CLEAN(delivery_fini) struct delivery delivery = opened(bytes, password);

	print_message("%s: %s %s\n", name, delivery_error_name(delivery_error(&delivery)),
	    delivery.file[0].words);
	assert_int_equal(delivery_error(&delivery), error);
	assert_int_equal(delivery.certificate_count, certificates);
}

/* Each rewrites two PEM certificates as some mail program, editor or CA does (I-02). */
enum rewriting {
	AS_IS,
	CRLF,
	CR_ONLY,
	NO_FINAL_NEWLINE,
	BOM,
	BOM_BETWEEN,
	TEXT_AROUND,
	QUOTED,
	INDENTED,
	ONE_LINE,
	JOINED,
	DASHES,
	WITH_HEADER,
	UTF16,
};

static void
rewrite(enum rewriting how, struct str pem, struct buf *to)
{
	bool line_start = true;

	if (how == BOM)
		buf_put_text(to, "\xef\xbb\xbf");
	if (how == UTF16)
		buf_put_text(to, "\xff\xfe");
	if (how == TEXT_AROUND)
		buf_put_text(to, "Dear customer,\n--\nsubject=CN=x: your certificate\n\n");
	for (size_t i = 0; i < pem.len; i++) {
		char c = pem.p[i];
		bool second = i > 100 && str_starts(str_drop(pem, i), STR("-----BEGIN"));

		if (line_start && how == QUOTED)
			buf_put_text(to, "> > ");
		if (line_start && how == INDENTED)
			buf_put_text(to, " \t ");
		if (second && how == BOM_BETWEEN)
			buf_put_text(to, "\xef\xbb\xbf");
		if (second && how == TEXT_AROUND)
			buf_put_text(to, "and the issuer -- see below --\n");
		line_start = c == '\n';
		if (c == '-' && how == DASHES)
			buf_put_text(to, "\xe2\x80\x93");
		else if (how == UTF16)
			buf_put(to, (char[]){ c, 0 }, 2);
		else if (c != '\n')
			buf_put_byte(to, (uint8_t)c);
		else if (how == CRLF || how == CR_ONLY)
			buf_put_text(to, how == CRLF ? "\r\n" : "\r");
		else if (how == WITH_HEADER &&
			 str_ends(str_bytes(pem.p, i), STR("BEGIN CERTIFICATE-----")))
			buf_put_text(to, "\nComment: made by hand\n  and continued\n\n");
		else if (how == JOINED &&
			 str_ends(str_bytes(pem.p, i), STR("END CERTIFICATE-----")))
			continue;
		else if (how == INDENTED)
			buf_put_text(to, "  \n");
		else if (how != ONE_LINE && (how != NO_FINAL_NEWLINE || i + 1 < pem.len))
			buf_put_byte(to, '\n');
	}
}

static void
pem_as_people_send_it(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *name; enum rewriting how; } cases[] = {
		{ "as it is", AS_IS },                     { "windows lines", CRLF },
		{ "carriage returns only", CR_ONLY },      { "no final newline", NO_FINAL_NEWLINE },
		{ "byte order mark", BOM },                { "byte order mark between", BOM_BETWEEN },
		{ "text around", TEXT_AROUND },            { "quoted in a reply", QUOTED },
		{ "indented", INDENTED },                  { "all on one line", ONE_LINE },
		{ "END and BEGIN on one line", JOINED },   { "a word processor's dashes", DASHES },
		{ "header fields inside", WITH_HEADER },   { "UTF-16", UTF16 },
	};
	/* clang-format on */
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);

	test_put_pem(&pem, fix.leaf.x509);
	test_put_pem(&pem, fix.root.x509);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf sent = BUF(1 << 17);

		rewrite(cases[i].how, buf_str(&pem), &sent);
		expect(cases[i].name, buf_str(&sent), NULL, DELIVERY_FINE, 2);
	}
}

static void
relabel(struct str pem, const char *label, struct buf *to)
{
	static const struct str old = STR_INIT("CERTIFICATE");

	for (size_t i = 0; i < pem.len;) {
		if (str_starts(str_drop(pem, i), old)) {
			buf_put_text(to, label);
			i += old.len;
		} else {
			buf_put_byte(to, (uint8_t)pem.p[i++]);
		}
	}
}

/* The content decides, whatever the label says (I-03). */
static void
labels(void **state UNUSED)
{
	static const char *const names[] = { "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "PKCS7",
		"CMS", "PKCS #7 SIGNED DATA", "PRIVATE KEY", "CERTIFICATE REQUEST" };
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);

	test_put_pem(&pem, fix.leaf.x509);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		CLEAN(buf_fini) struct buf sent = BUF(1 << 16);

		relabel(buf_str(&pem), names[i], &sent);
		expect(names[i], buf_str(&sent), NULL, DELIVERY_FINE, 1);
	}
}

static void
damage(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf good = BUF(1 << 16);
	CLEAN(buf_fini) struct buf sent = BUF(1 << 17);

	test_put_pem(&good, fix.leaf.x509);
	buf_put(&sent, good.data, good.len - 40); /* no END, and then the next one */
	buf_put_text(&sent, "\n");
	test_put_pem(&sent, fix.root.x509);
	{
		CLEAN(delivery_fini) struct delivery delivery = opened(buf_str(&sent), NULL);

		assert_int_equal(delivery.certificate_count, 1);
		assert_int_equal(delivery.file[0].error, DELIVERY_MALFORMED);
		assert_string_equal(
		    delivery.file[0].words, "block 1 (CERTIFICATE): the END line is missing");
	}
	expect("cut off", str_bytes(good.data, good.len - 40), NULL, DELIVERY_MALFORMED, 0);
	good.data[100] = '!';
	expect("a wrong letter", buf_str(&good), NULL, DELIVERY_MALFORMED, 0);
	expect("nothing inside", STR("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
	    NULL, DELIVERY_MALFORMED, 0);
}

static void
other_things(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *name; struct str bytes; enum delivery_error error; const char *words; } cases[] = {
		{ "empty",     STR_INIT(""),                     DELIVERY_EMPTY, NULL },
		{ "blank",     STR_INIT(" \r\n\t\n"),            DELIVERY_EMPTY, NULL },
		{ "prose",     STR_INIT("see the attachment"),   DELIVERY_UNKNOWN_FORMAT, NULL },
		{ "zip",       STR_INIT("PK\x03\x04xxxx"),       DELIVERY_MALFORMED,          "the archive is damaged or cut off" },
		{ "jks",       STR_INIT("\xfe\xed\xfe\xed\0\0"), DELIVERY_MALFORMED, "the Java key store is damaged or cut off" },
		{ "winmail",   STR_INIT("\x78\x9f\x3e\x22zz"),   DELIVERY_UNSUPPORTED_FORMAT, "an Outlook attachment (winmail.dat)" },
		{ "pdf",       STR_INIT("%PDF-1.7\n"),           DELIVERY_UNSUPPORTED_FORMAT, "a PDF document" },
		{ "html",      STR_INIT("\n<!DOCTYPE html><html>"), DELIVERY_UNSUPPORTED_FORMAT, "a web page (HTML)" },
		{ "mail",      STR_INIT("From: a@b\nSubject: x\n\nhi"), DELIVERY_NO_CERTIFICATE, "no certificate is in it" },
		{ "ssh",       STR_INIT("ssh-rsa AAAAB3Nza me"), DELIVERY_UNSUPPORTED_FORMAT, "an SSH public key" },
		{ "cut DER",   STR_INIT("\x30\x82\x05\x00\x30"), DELIVERY_MALFORMED, NULL },
		{ "pgp",       STR_INIT("-----BEGIN PGP PUBLIC KEY BLOCK-----\nxx\n-----END PGP PUBLIC KEY BLOCK-----"),
			DELIVERY_UNSUPPORTED_FORMAT, "a PGP public key" },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(delivery_fini) struct delivery delivery = opened(cases[i].bytes, NULL);

		expect(cases[i].name, cases[i].bytes, NULL, cases[i].error, 0);
		if (cases[i].words)
			assert_string_equal(delivery.file[0].words, cases[i].words);
	}
}

/* The degenerate SignedData of a .p7b: certificates and nothing signed (I-04). */
static void
make_pkcs7(struct buf *to)
{
	PKCS7 *pkcs7 = PKCS7_new();
	unsigned char *der = NULL;
	int len;

	assert_int_equal(PKCS7_set_type(pkcs7, NID_pkcs7_signed), 1);
	pkcs7->d.sign->contents->type = OBJ_nid2obj(NID_pkcs7_data);
	assert_int_equal(PKCS7_add_certificate(pkcs7, fix.root.x509), 1);
	assert_int_equal(PKCS7_add_certificate(pkcs7, fix.leaf.x509), 1);
	len = i2d_PKCS7(pkcs7, &der);
	assert_true(len > 0);
	buf_put(to, der, (size_t)len);
	OPENSSL_free(der);
	PKCS7_free(pkcs7);
}

static void
pkcs7(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf der = BUF(1 << 16);
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);

	make_pkcs7(&der);
	expect("DER", buf_str(&der), NULL, DELIVERY_FINE, 2);
	expect("cut off", str_bytes(der.data, der.len - 30), NULL, DELIVERY_MALFORMED, 0);
	buf_put_base64(&text, der.data, der.len);
	expect("bare base64", buf_str(&text), NULL, DELIVERY_FINE, 2);
	buf_put_byte(&der, '\n');
	expect("a newline behind it", buf_str(&der), NULL, DELIVERY_FINE, 2);
	buf_put_text(&der, "more");
	expect("something behind it", buf_str(&der), NULL, DELIVERY_MALFORMED, 0);
}

/* A PKCS#12 of the leaf with its key and the root. */
static void
make_pfx(const char *password, int certificates, int keys, int rounds, struct buf *to)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	BIO *out = BIO_new(BIO_s_mem());
	PKCS12 *pfx;
	char *bytes;
	long len;

	sk_X509_push(others, fix.root.x509);
	pfx = PKCS12_create_ex(password, "test", fix.leaf.key, fix.leaf.x509, others, keys,
	    certificates, rounds, rounds, 0, fix.maker, NULL);
	assert_non_null(pfx);
	assert_int_equal(i2d_PKCS12_bio(out, pfx), 1);
	len = BIO_get_mem_data(out, &bytes);
	buf_put(to, bytes, (size_t)len);
	PKCS12_free(pfx);
	BIO_free(out);
	sk_X509_free(others);
}

static void
pkcs12_variants(void **state UNUSED)
{
	/* clang-format off */
	static const struct {
		const char *name, *made_with, *opened_with;
		int certificates, keys, rounds;
		enum delivery_error error;
		bool needs_legacy;
	} cases[] = {
		{ "AES",              "geheim", "geheim", NID_aes_256_cbc, NID_aes_256_cbc, 2048, DELIVERY_FINE, false },
		{ "3DES",             "geheim", "geheim", NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, 2048, DELIVERY_FINE, false },
		{ "RC2-40",           "geheim", "geheim", NID_pbe_WithSHA1And40BitRC2_CBC, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, 2048, DELIVERY_FINE, true },
		{ "open certificates", "geheim", "geheim", -1, NID_aes_256_cbc, 2048, DELIVERY_FINE, false },
		{ "umlaut",           "gehe\xc3\xafm", "gehe\xc3\xafm", NID_aes_256_cbc, NID_aes_256_cbc, 2048, DELIVERY_FINE, false },
		{ "empty as absent",  "",       NULL,     NID_aes_256_cbc, NID_aes_256_cbc, 2048, DELIVERY_FINE, false },
		{ "empty as empty",   "",       "",       NID_aes_256_cbc, NID_aes_256_cbc, 2048, DELIVERY_FINE, false },
		{ "absent as absent", NULL,     NULL,     NID_aes_256_cbc, NID_aes_256_cbc, 2048, DELIVERY_FINE, false },
		{ "absent as empty",  NULL,     "",       NID_aes_256_cbc, NID_aes_256_cbc, 2048, DELIVERY_FINE, false },
		{ "wrong",            "geheim", "Geheim", NID_aes_256_cbc, NID_aes_256_cbc, 2048, DELIVERY_PASSWORD_WRONG, false },
		{ "missing",          "geheim", NULL,     NID_aes_256_cbc, NID_aes_256_cbc, 2048, DELIVERY_PASSWORD_REQUIRED, false },
		{ "empty is wrong",   "geheim", "",       NID_aes_256_cbc, NID_aes_256_cbc, 2048, DELIVERY_PASSWORD_WRONG, false },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf pfx = BUF(1 << 16);

		if (cases[i].needs_legacy && !fix.legacy)
			continue;
		make_pfx(cases[i].made_with, cases[i].certificates, cases[i].keys, cases[i].rounds,
		    &pfx);
		expect(cases[i].name, buf_str(&pfx), cases[i].opened_with, cases[i].error,
		    cases[i].error == DELIVERY_FINE ? 2 : 0);
		if (cases[i].error == DELIVERY_FINE) {
			CLEAN(delivery_fini)
			struct delivery delivery = opened(buf_str(&pfx), cases[i].opened_with);
			size_t leaf;

			assert_int_equal(delivery.key_count, 1);
			assert_true(delivery.key[0].readable);
			assert_int_equal(leaf_choose(&delivery, NULL, &leaf), 0);
			assert_memory_equal(
			    delivery.certificate[leaf].key_sha256, delivery.key[0].key_sha256, 32);
		}
	}
}

/* Replaces the first occurrence of some bytes by others of the same length. */
static void
patch(struct buf *in, struct str from, struct str to)
{
	size_t at = str_find(buf_str(in), from);

	assert_true(at < in->len && from.len == to.len);
	copy_bytes(in->data + at, to.p, to.len);
}

/* An unknown MAC is not a wrong password: OpenSSL 3.0 cannot tell (RFC 9579's PBMAC1 among them).
 */
static void
unknown_mac(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf pfx = BUF(1 << 16);

	make_pfx("geheim", NID_aes_256_cbc, NID_aes_256_cbc, 2048, &pfx);
	/* the digest of the MAC, SHA-256, becomes one that nobody has */
	for (size_t i = pfx.len - 9; i > 0; i--)
		if (memcmp(pfx.data + i, "\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9) == 0) {
			pfx.data[i + 8] = 0x7f;
			break;
		}
	expect("unknown MAC", buf_str(&pfx), "geheim", DELIVERY_UNSUPPORTED_ALGORITHM, 0);
	expect(
	    "unknown MAC, wrong password", buf_str(&pfx), "no", DELIVERY_UNSUPPORTED_ALGORITHM, 0);
}

static void
work_limits(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf pfx = BUF(1 << 16);
	CLEAN(buf_fini) struct buf big = BUF(DELIVERY_FILE_MAX + 1);
	CLEAN(delivery_fini) struct delivery delivery = { 0 }, huge = { 0 };
	struct str password = STR("geheim");

	make_pfx("geheim", NID_aes_256_cbc, NID_aes_256_cbc, 2048, &pfx);
	delivery.iterations = DELIVERY_ITERATIONS_MAX - 3000; /* of files before it */
	delivery_add(&delivery, fix.tools, STR(""), buf_str(&pfx), &password);
	assert_int_equal(delivery.file[0].error, DELIVERY_LIMIT);
	assert_int_equal(delivery.certificate_count, 0);
	assert_in_range(
	    delivery.iterations, DELIVERY_ITERATIONS_MAX - 3000 + 2048, DELIVERY_ITERATIONS_MAX);
	delivery_fini(&delivery);
	/* 65537 rounds as an INTEGER of three bytes, turned into 8,388,607 */
	buf_clear(&pfx);
	make_pfx("geheim", NID_aes_256_cbc, NID_aes_256_cbc, 65537, &pfx);
	while (str_find(buf_str(&pfx), STR("\x02\x03\x01\x00\x01")) < pfx.len)
		patch(&pfx, STR("\x02\x03\x01\x00\x01"), STR("\x02\x03\x7f\xff\xff"));
	huge.iterations = 2000000;
	delivery_add(&huge, fix.tools, STR(""), buf_str(&pfx), &password);
	assert_int_equal(delivery_error(&huge), DELIVERY_LIMIT);
	assert_int_equal(huge.iterations, 2000000); /* and nothing was tried */
	while (!buf_failed(&big) && big.len <= DELIVERY_FILE_MAX)
		buf_put_byte(&big, 'x');
	expect("too large", buf_str(&big), NULL, DELIVERY_LIMIT, 0);
	for (int i = 0; i <= DELIVERY_FILES_MAX; i++)
		delivery_add(&delivery, fix.tools, STR(""), STR("x"), NULL);
	assert_int_equal(delivery.file_count, DELIVERY_FILES_MAX);
}

static void
many_certificates(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf pem = BUF(DELIVERY_FILE_MAX);

	for (int i = 0; i <= DELIVERY_CERTIFICATES_MAX; i++) {
		struct test_certificate one = test_issue(
		    &(struct test_spec){
			.name = "x", .from = FROM, .until = UNTIL, .key = fix.leaf.key },
		    &fix.root);

		test_put_pem(&pem, one.x509);
		test_put_pem(&pem, one.x509);
		test_certificate_fini(&one);
	}
	expect("51 twice", buf_str(&pem), NULL, DELIVERY_FINE, DELIVERY_CERTIFICATES_MAX);
	{
		CLEAN(delivery_fini) struct delivery delivery = opened(buf_str(&pem), NULL);

		assert_int_equal(delivery.file[0].error, DELIVERY_LIMIT);
	}
}

static void
keys_and_requests(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	CLEAN(delivery_fini) struct delivery delivery = { 0 };
	X509_REQ *csr = X509_to_X509_REQ(fix.leaf.x509, fix.leaf.key, EVP_sha256());
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes;
	long len;

	test_put_key_pem(&pem, fix.leaf.key, NULL);
	test_put_key_pem(&pem, fix.root.key, "secret");
	PEM_write_bio_X509_REQ_NEW(out, csr);
	len = BIO_get_mem_data(out, &bytes);
	buf_put(&pem, bytes, (size_t)len);
	delivery = opened(buf_str(&pem), "secret");
	assert_int_equal(delivery.key_count, 2);
	assert_true(delivery.key[0].readable);
	assert_true(delivery.key[1].readable);
	assert_int_equal(delivery_csrs(&delivery), 1);
	assert_int_equal(delivery.certificate_count, 0);
	X509_REQ_free(csr);
	BIO_free(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pem_as_people_send_it),
		cmocka_unit_test(labels),
		cmocka_unit_test(damage),
		cmocka_unit_test(other_things),
		cmocka_unit_test(pkcs7),
		cmocka_unit_test(pkcs12_variants),
		cmocka_unit_test(unknown_mac),
		cmocka_unit_test(work_limits),
		cmocka_unit_test(many_certificates),
		cmocka_unit_test(keys_and_requests),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
