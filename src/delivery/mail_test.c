/* SPDX-License-Identifier: Apache-2.0 */
/* Mails as customers forward them and attackers write them. In the texts "@x" stands for one of the
 * pieces below. */
#include "delivery/delivery.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/cms.h>

#include "pki/ca_test_kit.h"

#define FROM     ((when)1767225600 * 1000000)
#define UNTIL    (FROM + DAYS(199))
#define MAIL_MAX (1u << 20)

static struct test_certificate root, leaf, sender;
static struct delivery_tools *tools;

static int
set_up(void **state UNUSED)
{
	bool legacy;

	root = test_issue(
	    &(struct test_spec){ .name = "Root", .ca = true, .from = FROM, .until = UNTIL }, NULL);
	leaf = test_issue(&(struct test_spec){ .name = "owa.contoso.com",
			      .alternatives = "DNS:owa.contoso.com",
			      .from = FROM,
			      .until = UNTIL },
	    &root);
	sender = test_issue(
	    &(struct test_spec){
		.name = "Kim Sender", .purposes = "emailProtection", .from = FROM, .until = UNTIL },
	    &root);
	return delivery_tools_new(&tools, &legacy);
}

static int
tear_down(void **state UNUSED)
{
	test_certificate_fini(&sender);
	test_certificate_fini(&leaf);
	test_certificate_fini(&root);
	delivery_tools_free(tools);
	return 0;
}

static void
put_lines(struct buf *to, struct str bytes, const char *prefix)
{
	CLEAN(buf_fini) struct buf base64 = BUF(MAIL_MAX);

	buf_put_base64(&base64, bytes.p, bytes.len);
	for (size_t at = 0; at < base64.len; at += 76) {
		struct str rest = str_drop(buf_str(&base64), at);

		buf_printf(to, "%s%.*s\n", prefix, rest.len < 76 ? (int)rest.len : 76, rest.p);
	}
}

static char
uu_letter(unsigned value)
{
	return value ? (char)(value + ' ') : '`';
}

static void
put_uuencoded(struct buf *to, struct str bytes)
{
	for (size_t at = 0; at < bytes.len; at += 45) {
		size_t count = bytes.len - at < 45 ? bytes.len - at : 45;

		buf_put_byte(to, (uint8_t)uu_letter((unsigned)count));
		for (size_t i = 0; i < count; i += 3) {
			unsigned group = 0;

			for (size_t k = 0; k < 3; k++)
				group =
				    group << 8 | (i + k < count ? (uint8_t)bytes.p[at + i + k] : 0);
			for (int shift = 18; shift >= 0; shift -= 6)
				buf_put_byte(to, (uint8_t)uu_letter(group >> shift & 63));
		}
		buf_put_byte(to, '\n');
	}
	buf_put_text(to, "`\nend\n");
}

/* What a mail program does with "=" and long lines: every line ends softly. */
static void
put_quoted(struct buf *to, struct str bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.p[i] == '=')
			buf_put_text(to, "=3D");
		else
			buf_put_byte(to, (uint8_t)bytes.p[i]);
		if (i % 30 == 29)
			buf_put_text(to, "=\n");
	}
}

static void
put_cms(struct buf *to, CMS_ContentInfo *cms)
{
	CLEAN(buf_fini) struct buf bytes = BUF(MAIL_MAX);
	unsigned char *der = NULL;
	int len = i2d_CMS_ContentInfo(cms, &der);

	assert_true(len > 0);
	buf_put(&bytes, der, (size_t)len);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	put_lines(to, buf_str(&bytes), "");
}

enum { DETACHED = 1, CARRIES_LEAF = 2, EMPTY = 4 };

static void
put_signed(struct buf *to, unsigned how)
{
	CLEAN(buf_fini) struct buf content = BUF(MAIL_MAX);
	CLEAN(buf_fini) struct buf pem = BUF(MAIL_MAX);
	BIO *in;

	test_put_pem(&pem, leaf.x509);
	buf_put_text(&content, "Content-Type: text/plain\r\n\r\nsee below\r\n");
	if (how & CARRIES_LEAF)
		buf_put_str(&content, buf_str(&pem));
	in = BIO_new_mem_buf(content.data, (int)content.len);
	put_cms(to, CMS_sign(sender.x509, sender.key, NULL, in,
			CMS_BINARY | (how & DETACHED ? CMS_DETACHED : 0u)));
	BIO_free(in);
}

static void
put_encrypted(struct buf *to)
{
	EVP_PKEY *key = test_key("RSA-2048");
	struct test_certificate reader = test_issue(
	    &(struct test_spec){ .name = "x", .from = FROM, .until = UNTIL, .key = key }, NULL);
	STACK_OF(X509) *readers = sk_X509_new_null();
	BIO *in = BIO_new_mem_buf("secret", 6);

	sk_X509_push(readers, reader.x509);
	put_cms(to, CMS_encrypt(readers, in, EVP_aes_128_cbc(), CMS_BINARY));
	sk_X509_free(readers);
	BIO_free(in);
	test_certificate_fini(&reader);
	EVP_PKEY_free(key);
}

static void
put_only_certificates(struct buf *to)
{
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_DETACHED);

	assert_int_equal(CMS_add1_cert(cms, leaf.x509), 1);
	put_cms(to, cms);
}

static void
put_piece(struct buf *to, char piece)
{
	CLEAN(buf_fini) struct buf pem = BUF(MAIL_MAX);
	CLEAN(buf_fini) struct buf der = BUF(MAIL_MAX);

	test_put_pem(&pem, leaf.x509);
	test_put_der(&der, leaf.x509);
	switch (piece) {
	case 'P': /* the leaf's PEM */
		buf_put_str(to, buf_str(&pem));
		break;
	case 'p':
		put_lines(to, buf_str(&pem), "");
		break;
	case 'D': /* its DER */
		put_lines(to, buf_str(&der), "");
		break;
	case 'q': /* PEM, quoted-printable */
		put_quoted(to, buf_str(&pem));
		break;
	case 'u':
		put_uuencoded(to, buf_str(&der));
		break;
	case 'h': /* PEM with its lines broken as a page breaks them */
		put_lines(to, buf_str(&der), "<br>");
		break;
	case 's':
		put_signed(to, CARRIES_LEAF);
		break;
	case 'S':
		put_signed(to, 0);
		break;
	case 'd':
		put_signed(to, DETACHED);
		break;
	case 'e':
		put_encrypted(to);
		break;
	case 'c':
		put_only_certificates(to);
		break;
	default:
		fail_msg("no piece %c", piece);
	}
}

static void
fill(const char *text, struct buf *to)
{
	for (; *text; text++) {
		if (text[0] == '@' && text[1] != '@')
			put_piece(to, *++text);
		else if (text[0] == '@')
			buf_put_byte(to, (uint8_t) * ++text);
		else
			buf_put_byte(to, (uint8_t)*text);
	}
	assert_false(buf_failed(to));
}

struct row {
	const char *name, *text;
	size_t certificates;
	enum delivery_error error; /* of the whole */
	const char *problem;       /* words of the first problem; NULL = there is none */
	const char *where;         /* row of the first certificate, else of the problem */
};

#define HEAD  "From: kim@@contoso.com\nTo: ssl@@provider.example\nSubject: x\nMIME-Version: 1.0\n"
#define MIXED HEAD "Content-Type: multipart/mixed; boundary=\"b\"\n\npreamble\n"
#define TEXT  "--b\nContent-Type: text/plain; charset=utf-16\n\nHello,\nas you asked.\n"
#define FILE \
	"--b\nContent-Type: application/octet-stream; name=\"owa.crt\"\nContent-Transfer-Encoding: base64\n\n"
#define LOGO \
	"--b\nContent-Type: image/png; name=logo.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n"
#define PAGE \
	"--b\nContent-Type: text/html\n\n<html>-----BEGIN CERTIFICATE-----@h<br>-----END CERTIFICATE-----</html>\n"
#define SMIME \
	HEAD  \
	    "Content-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n"
#define SIGNED \
	HEAD   \
	    "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\n\n"
#define P7S \
	"--b\nContent-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\n@d--b--\n"

/* clang-format off */
static const struct row rows[] = {
	{ "attached",            MIXED TEXT FILE "@p--b--\n", 1, DELIVERY_FINE, NULL, "m.eml: owa.crt" },
	{ "no closing boundary", MIXED TEXT FILE "@p", 1, DELIVERY_FINE, NULL, "m.eml: owa.crt" },
	{ "DER, a logo",         MIXED TEXT LOGO FILE "@D--b--\n", 1, DELIVERY_FINE, NULL, "m.eml: owa.crt" },
	{ "pasted",              HEAD "\nHello,\n\n@P\n-- \nKim\n", 1, DELIVERY_FINE, NULL, "m.eml: the text" },
	{ "quoted-printable",    HEAD "Content-Transfer-Encoding: quoted-printable\n\n@q\n", 1, DELIVERY_FINE, NULL, "m.eml: the text" },
	{ "no MIME",             "From: kim@@contoso.com\nSubject: x\n\n@P", 1, DELIVERY_FINE, NULL, "m.eml: the text" },
	{ "in a mailbox",        "From kim Sat Mar 14 09:26:53 2026\n" HEAD "\n@P", 1, DELIVERY_FINE, NULL, "m.eml: the text" },
	{ "uuencode declared",   MIXED "--b\nContent-Type: application/octet-stream; name=owa.crt\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 owa.crt\n@u--b--\n", 1, DELIVERY_FINE, NULL, "m.eml: owa.crt" },
	{ "uuencode in text",    HEAD "\nHello,\nbegin to read\n\nbegin 644 owa.crt\n@u\nKim\n", 1, DELIVERY_FINE, NULL, "m.eml: owa.crt" },
	{ "page beside",         MIXED PAGE FILE "@p--b--\n", 1, DELIVERY_FINE, NULL, NULL },
	{ "forwarded",           MIXED TEXT "--b\nContent-Type: message/rfc822\n\n" HEAD "Content-Type: multipart/mixed; boundary=c\n\n--c\n\n@P--c--\n--b--\n", 1, DELIVERY_FINE, NULL, "m.eml: the text" },
	{ "old charset in name", MIXED "--b\nContent-Disposition: attachment; filename*=iso-8859-15''f%FCr.crt\n\n@P--b--\n", 1, DELIVERY_FINE, NULL, "m.eml: für.crt" },
	{ "name with a path",    MIXED "--b\nContent-Disposition: attachment; filename=\"../../x/owa.crt\"\n\n@P--b--\n", 1, DELIVERY_FINE, NULL, "m.eml: owa.crt" },
	{ "signed, detached",    SIGNED "--b\nContent-Type: text/plain\n\n@P" P7S, 1, DELIVERY_FINE, NULL, "m.eml: the text" },
	{ "signature only",      SIGNED "--b\nContent-Type: text/plain\n\nHello\n" P7S, 1, DELIVERY_FINE, NULL, "m.eml: smime.p7s" },
	{ "signed, opaque",      SMIME "@s", 1, DELIVERY_FINE, NULL, "m.eml: the text" },
	{ "opaque, no more",     SMIME "@S", 1, DELIVERY_FINE, NULL, "m.eml: smime.p7m" },
	{ "certificates only",   SMIME "@c", 1, DELIVERY_FINE, NULL, "m.eml: smime.p7m" },
	{ "encrypted",           SMIME "@e", 0, DELIVERY_UNSUPPORTED_FORMAT, "an encrypted mail", "m.eml" },
	{ "damaged S/MIME",      SMIME "MIIBMIIBMIIB", 0, DELIVERY_MALFORMED, "it stops after 9 of 308 bytes", "m.eml: smime.p7m" },
	{ "prose",               MIXED TEXT LOGO "--b--\n", 0, DELIVERY_NO_CERTIFICATE, "no certificate is in it", "m.eml" },
	{ "a page",              HEAD "Content-Type: text/html\n\n<html>Hello</html>\n", 0, DELIVERY_NO_CERTIFICATE, "no certificate is in it", "m.eml" },
	{ "winmail.dat",         MIXED TEXT "--b\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\neJ8+IgAA\n--b--\n", 0, DELIVERY_UNSUPPORTED_FORMAT, "an Outlook attachment (winmail.dat)", "m.eml: winmail.dat" },
	{ "broken, nothing else", HEAD "\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", 0, DELIVERY_MALFORMED, "block 1 (CERTIFICATE): it is cut off or damaged", "m.eml: the text" },
	{ "fields above PEM",    "Subject: CN=x\nFrom: our CA\n@P", 1, DELIVERY_FINE, NULL, "m.eml" },
	{ "only fields",         HEAD, 0, DELIVERY_NO_CERTIFICATE, "no certificate is in it", "m.eml" },
};
/* clang-format on */

static void
check_row(const struct row *row)
{
	CLEAN(buf_fini) struct buf text = BUF(MAIL_MAX);
	CLEAN(delivery_fini) struct delivery delivery = { 0 };
	const struct delivery_file *problem;

	fill(row->text, &text);
	delivery_add(&delivery, tools, STR("m.eml"), buf_str(&text), NULL);
	problem = delivery_problem(&delivery);
	print_message("%s: %s %s\n", row->name, delivery_error_name(delivery_error(&delivery)),
	    problem ? problem->words : "");
	assert_int_equal(delivery_error(&delivery), row->error);
	assert_int_equal(delivery.certificate_count, row->certificates);
	assert_int_equal(problem != NULL, row->problem != NULL);
	if (problem)
		assert_string_equal(problem->words, row->problem);
	if (problem && row->where)
		assert_string_equal(problem->name, row->where);
	else if (row->where)
		assert_string_equal(delivery.file[delivery.certificate[0].file].name, row->where);
}

static void
mails(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		check_row(&rows[i]);
}

static void
add_and_expect(const struct buf *text, const char *words)
{
	CLEAN(delivery_fini) struct delivery delivery = { 0 };

	assert_false(buf_failed(text));
	delivery_add(&delivery, tools, STR("m.eml"), buf_str(text), NULL);
	assert_non_null(delivery_problem(&delivery));
	assert_string_equal(delivery_problem(&delivery)->words, words);
}

static void
limits(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf deep = BUF(MAIL_MAX);
	CLEAN(buf_fini) struct buf many = BUF(MAIL_MAX);
	CLEAN(buf_fini) struct buf forwarded = BUF(MAIL_MAX);
	CLEAN(buf_fini) struct buf group = BUF(MAIL_MAX);
	CLEAN(buf_fini) struct buf uuencoded = BUF(MAIL_MAX), parts = BUF(MAIL_MAX);

	fill(HEAD, &deep);
	for (int i = 0; i < 3000; i++)
		buf_printf(&deep, "Content-Type: multipart/mixed; boundary=\"%d\"\n\n--%d\n", i, i);
	add_and_expect(&deep, "packed too deep");
	fill(MIXED, &many);
	for (int i = 0; i < 65; i++)
		buf_printf(&many, "--b\n\nx%d\n", i);
	add_and_expect(&many, "more than 64 files are in it");
	fill(HEAD, &forwarded);
	while (forwarded.len < MAIL_MAX - 200)
		buf_put_text(&forwarded, "Content-Type: message/rfc822\n\n");
	add_and_expect(&forwarded, "packed too deep");
	fill("Subject: x\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\nTo: ", &group);
	while (group.len < MAIL_MAX - 200)
		buf_put_text(&group, "a:a:\n ");
	add_and_expect(&group, "a list of addresses is too long");
	fill(HEAD, &parts);
	buf_put_text(&parts, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 4001; i++)
		buf_put_text(&parts, "--b\n\n");
	add_and_expect(&parts, "it has more than 4000 parts");
	fill(HEAD "\n", &uuencoded);
	for (int i = 0; i < 65; i++)
		buf_put_text(&uuencoded, "\nbegin 644 x\n#>'AX\n`\nend\n");
	add_and_expect(&uuencoded, "more than 64 files are in it");
}

/* A mail attached as a file, over and over. */
static void
mail_in_mail(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf inner = BUF(MAIL_MAX);

	fill(HEAD "\n@P", &inner);
	for (int level = 1; level <= 4; level++) {
		CLEAN(delivery_fini) struct delivery delivery = { 0 };
		CLEAN(buf_fini) struct buf outer = BUF(MAIL_MAX);

		delivery_add(&delivery, tools, STR("m.eml"), buf_str(&inner), NULL);
		assert_int_equal(delivery.certificate_count, level <= 3);
		if (level > 3)
			assert_string_equal(delivery_problem(&delivery)->words, "packed too deep");
		fill(MIXED "--b\nContent-Type: application/octet-stream; name=i.eml\n"
			   "Content-Transfer-Encoding: base64\n\n",
		    &outer);
		put_lines(&outer, buf_str(&inner), "");
		buf_clear(&inner);
		buf_put_str(&inner, buf_str(&outer));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mails),
		cmocka_unit_test(limits),
		cmocka_unit_test(mail_in_mail),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
