/* SPDX-License-Identifier: Apache-2.0 */
/* What comes instead of a certificate gets a sentence of its own; what only looks like it does not;
 * and beside a good certificate none of it is worth a word. */
#include "delivery/judge_test_kit.h"

#include <archive.h>
#include <archive_entry.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <openssl/cms.h>
#include <openssl/err.h>

static struct judge_stage stage;
static struct buf good; /* the certificate that is awaited, with its issuer's */

static int
set_up(void **state UNUSED)
{
	struct test_spec spec = { TEST_GOOD };
	struct test_certificate leaf;

	stage_up(&stage);
	spec.key = stage.key;
	leaf = test_issue(&spec, &stage.issuing);
	good = BUF(1 << 16);
	test_put_pem(&good, leaf.x509);
	test_put_pem(&good, stage.issuing.x509);
	test_certificate_fini(&leaf);
	return 0;
}

static int
tear_down(void **state UNUSED)
{
	stage_down(&stage);
	buf_fini(&good);
	return 0;
}

#define NOTHING    FINDING_MAX
#define CODE(name) FINDING_CERT_##name
#define S(literal) STR_INIT(literal)
#define PEM(label) "-----BEGIN " label "-----\nAAAA\n-----END " label "-----\n"
#define SHA1       "a9993e364706816aba3e25717850c26c9cd0d89d"
#define SHA256     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ZEROS_28   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

struct sent {
	const char *name;
	struct str bytes;
	enum finding_code code;
	const char *detected; /* NULL = not looked at */
};

/* clang-format off */
static const struct sent sent[] = {
	{ "ssh",            S("ssh-ed25519 AAAAC3Nza me@home"), CODE(IS_SSH_KEY), "an SSH public key" },
	{ "pgp key",        S(PEM("PGP PUBLIC KEY BLOCK")), CODE(IS_PGP), "a PGP public key" },
	{ "pgp message",    S(PEM("PGP MESSAGE")), CODE(IS_PGP), "a PGP message" },
	{ "dhparam",        S(PEM("DH PARAMETERS")), CODE(IS_PARAMETERS), "parameters for exchanging keys (dhparam)" },
	{ "ecparam",        S(PEM("EC PARAMETERS")), CODE(IS_PARAMETERS), "parameters for making keys" },
	{ "rsa public key", S("\x30\x06\x02\x01\x23\x02\x01\x03"), CODE(IS_PUBLIC_KEY), "a public key" },
	{ "bks",            S("\0\0\0\x02\0\0\0\x14zzzz"), CODE(IS_KEY_STORE), "a Java key store (BKS or UBER)" },
	{ "sst",            S("\0\0\0\0CERT\x20\0\0\0"), CODE(IS_WINDOWS_STORE), NULL },
	{ "cert9.db",       S("SQLite format 3\0\x10\0"), CODE(IS_DATABASE), "a database (SQLite)" },
	{ "pdf",            S("%PDF-1.7\n%\xe2\xe3"), CODE(IS_PDF), "a PDF document" },
	{ "png",            S("\x89PNG\r\n\x1a\n"), CODE(IS_PICTURE), "a picture (PNG)" },
	{ "jpeg",           S("\xff\xd8\xff\xe0"), CODE(IS_PICTURE), "a picture (JPEG)" },
	{ "gif",            S("GIF89a\x01\0"), CODE(IS_PICTURE), "a picture (GIF)" },
	{ "tiff",           S("II*\0\x08\0\0\0"), CODE(IS_PICTURE), "a picture (TIFF)" },
	{ "tiff, turned",   S("MM\0*\0\0\0\x08"), CODE(IS_PICTURE), "a picture (TIFF)" },
	{ "webp",           S("RIFF\x10\0\0\0WEBPVP8 "), CODE(IS_PICTURE), "a picture" },
	{ "heic",           S("\0\0\0\x18" "ftypheic\0\0"), CODE(IS_PICTURE), "a picture" },
	{ "bmp",            S("BM\x22\0\0\0" ZEROS_28), CODE(IS_PICTURE), "a picture" },
	{ "page",           S("<!DOCTYPE html><html><body>Sign in</body></html>"), CODE(IS_WEB_PAGE), "a web page (HTML)" },
	{ "xml",            S("<?xml version=\"1.0\"?><order/>"), CODE(IS_XML), "an XML document" },
	{ "rtf",            S("{\\rtf1 hello}"), CODE(IS_OFFICE), "a formatted document (RTF)" },
	{ "doc",            S("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1W\0o\0r\0d\0"), CODE(IS_OFFICE), "a Microsoft Office file" },
	{ "winmail.dat",    S("\x78\x9f\x3e\x22\x01\0"), CODE(IS_OUTLOOK), "an Outlook attachment (winmail.dat)" },
	{ "msg",            S("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1_\0_\0s\0u\0b\0s\0t\0g\0001\0.\0"), CODE(IS_OUTLOOK), "a mail saved by Outlook (.msg)" },
	{ "url",            S("[InternetShortcut]\r\nURL=https://ca.example/\r\n"), CODE(IS_SHORTCUT), "a bookmark (.url)" },
	{ "lnk",            S("L\0\0\0\x01\x14\x02\0\0\0"), CODE(IS_SHORTCUT), "a shortcut of Windows (.lnk)" },
	{ "elf",            S("\x7f" "ELF\x02\x01"), CODE(IS_PROGRAM), "a program (ELF)" },
	{ "exe",            S("MZ\x90\0" ZEROS_28 ZEROS_28 "\x40\0\0\0PE\0\0"), CODE(IS_PROGRAM), "a program for Windows" },
	{ "link",           S("Your certificate: HTTPS://ca.example/get?id=1"), CODE(IS_LINK), "a text with a link" },
	{ "text",           S("Please find attached the certificate."), CODE(IS_TEXT), "a text without a certificate" },
	{ "old charset",    S("Gr\xfc\xdf" "e aus M\xfcnchen, das Zertifikat kommt noch."), CODE(IS_TEXT), NULL },
	{ "listing",        S("Certificate:\n  Data:\n    Serial Number: 1\n    Issuer: CN=x\n"), CODE(IS_LISTING), NULL },
	{ "keytool -list",  S("Owner: CN=a\nIssuer: CN=b\nSerial number: 1f\n"), CODE(IS_LISTING), NULL },
	{ "SHA-1",          S("\xe2\x80\x8e" SHA1 "\r\n"), CODE(IS_THUMBPRINT), "a thumbprint" },
	{ "SHA-256",        S("sha256 Fingerprint=" SHA256), CODE(IS_THUMBPRINT), "a thumbprint" },
	{ "cut off DER",    S("\x30\x82\x05\x00\x30\x82\x03\xe8"), CODE(TRUNCATED), NULL },
	/* and what only begins like one */
	{ "MZ text",        S("MZ, that is how they called him at the office, and so on and so on and so on."), CODE(IS_TEXT), NULL },
	{ "MZ, too far",    S("MZ\x90\0" ZEROS_28 ZEROS_28 "\xff\xff\xff\xff"), CODE(FORMAT), "in no format we know" },
	{ "BM text",        S("BMW of Munich sends no certificate today."), CODE(IS_TEXT), NULL },
	{ "39 digits",      S("9993e364706816aba3e25717850c26c9cd0d89d"), CODE(IS_TEXT), NULL },
	{ "41 digits",      S("0" SHA1), CODE(IS_TEXT), NULL },
	{ "half a listing", S("Serial Number: 1\n"), CODE(IS_TEXT), NULL },
	{ "junk",           S("\x01\x02\x03\x04"), CODE(FORMAT), "in no format we know" },
	{ "absurd length",  S("\x30\x83\xff\xff\xff\x30"), CODE(DAMAGED), NULL },
};
/* clang-format on */

static struct read_report *
judged(const struct str *files, size_t count)
{
	struct delivery_question *question = stage_question(&stage);
	struct read_report *report = calloc(1, sizeof(*report));

	for (size_t i = 0; i < count; i++) {
		read_file_name(STR("owa.crt"), question->files[i].name);
		question->files[i].bytes = files[i];
	}
	question->file_count = count;
	read_report_init(report);
	judge_question(question, stage.tools, &stage.setting, report);
	free(question);
	return report;
}

static void
expect_words(const struct finding *finding)
{
	for (enum finding_text text = FINDING_TITLE; text <= FINDING_NEXT; text++) {
		CLEAN(buf_fini) struct buf words = BUF(8192);

		finding_render(finding, text, &words);
		if (str_find(buf_str(&words), STR("{")) < words.len)
			fail_msg("open placeholder: %s", buf_text(&words));
	}
}

static void
expect_first(const char *name, struct str bytes, enum finding_code code, const char *detected)
{
	struct read_report *report = judged(&bytes, 1);
	const struct finding *first = findings_first(&report->findings);

	print_message("%s: %s\n", name, first ? finding_rule(first->code)->code : "nothing");
	assert_non_null(first);
	assert_int_equal(first->code, code);
	if (detected)
		assert_string_equal(finding_value(first, "detected"), detected);
	for (size_t i = 0; i < report->findings.count; i++)
		expect_words(&report->findings.list[i]);
	assert_false(report->accepted);
	stage_done(report);
}

static void
each_has_its_sentence(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(sent); i++)
		expect_first(sent[i].name, sent[i].bytes, sent[i].code, sent[i].detected);
}

/* Nobody is told of a leaflet when the certificate came along with it. */
static void
beside_a_certificate(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(sent); i++) {
		const struct str files[2] = { sent[i].bytes, buf_str(&good) };
		struct read_report *report = judged(files, 2);

		if (report->findings.count != 0)
			fail_msg("%s: %s", sent[i].name,
			    finding_rule(report->findings.list[0].code)->code);
		assert_true(report->accepted);
		stage_done(report);
	}
}

static void
status_and_keys(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf crl = BUF(1 << 16), key = BUF(1 << 16), locked = BUF(1 << 16);
	CLEAN(buf_fini) struct buf public_key = BUF(1 << 16);
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(stage.issuing.key, &der);

	assert_true(len > 0);
	buf_put(&public_key, der, (size_t)len);
	OPENSSL_free(der);
	test_put_crl(&crl, &(struct test_list){ .from = TEST_NOW, .until = TEST_NOW + DAYS(7) },
	    &stage.issuing);
	test_put_key_pem(&key, stage.issuing.key, NULL);
	test_put_key_pem(&locked, stage.issuing.key, "geheim");
	expect_first("crl", buf_str(&crl), CODE(IS_CRL), "a list of revoked certificates (CRL)");
	expect_first("ocsp", STR("\x30\x0a\x0a\x01\x00\xa0\x05\x30\x03\x06\x01\x2a"), CODE(IS_OCSP),
	    "an OCSP response");
	expect_first("public key", buf_str(&public_key), CODE(IS_PUBLIC_KEY), "a public key");
	expect_first("key", buf_str(&key), CODE(IS_KEY), NULL);
	expect_first("locked key", buf_str(&locked), CODE(IS_KEY), NULL);
}

/* A message with no certificates: signed, or encrypted for the issuing CA's key. */
static struct str
message(bool encrypted, bool with_crl, struct buf *to)
{
	BIO *text = BIO_new_mem_buf("hello", 5);
	STACK_OF(X509) *readers = sk_X509_new_null();
	unsigned char *der = NULL;
	CMS_ContentInfo *cms;
	int len;

	sk_X509_push(readers, stage.issuing.x509);
	cms = encrypted ? CMS_encrypt(readers, text, EVP_aes_128_cbc(), CMS_BINARY)
	                : CMS_sign(stage.issuing.x509, stage.issuing.key, NULL, text,
			      CMS_BINARY | CMS_NOCERTS);
	assert_non_null(cms);
	if (with_crl) {
		CLEAN(buf_fini) struct buf crl = BUF(1 << 16);
		const unsigned char *at;
		X509_CRL *list;

		test_put_crl(&crl,
		    &(struct test_list){ .from = TEST_NOW, .until = TEST_NOW + DAYS(7) },
		    &stage.issuing);
		at = (const unsigned char *)crl.data;
		list = d2i_X509_CRL(NULL, &at, (long)crl.len);
		assert_int_equal(CMS_add0_crl(cms, list), 1);
	}
	len = i2d_CMS_ContentInfo(cms, &der);
	assert_true(len > 0);
	buf_put(to, der, (size_t)len);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	sk_X509_free(readers);
	BIO_free(text);
	ERR_clear_error();
	return buf_str(to);
}

static void
messages_without_certificates(void **state UNUSED)
{
	CLEAN(buf_fini)
	struct buf signature = BUF(1 << 16), encrypted = BUF(1 << 16), lists = BUF(1 << 16);

	expect_first("signature", message(false, false, &signature), CODE(IS_SIGNATURE),
	    "a signature without certificates");
	expect_first("encrypted", message(true, false, &encrypted), CODE(IS_ENCRYPTED),
	    "an encrypted message (S/MIME)");
	expect_first("lists", message(false, true, &lists), CODE(IS_CRL), NULL);
}

/* The words count what came, also within a text. */
static void
stops_early(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf der = BUF(1 << 16), base64 = BUF(1 << 16), pem = BUF(1 << 16);
	char words[100];
	struct str cut;
	struct read_report *report;

	test_put_der(&der, stage.root.x509);
	cut = str_bytes(der.data, 99);
	buf_put_base64(&base64, cut.p, cut.len);
	buf_printf(&pem, "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n",
	    buf_text(&base64));
	snprintf(
	    words, sizeof(words), "block 1 (CERTIFICATE): it stops after 99 of %zu bytes", der.len);
	cut = buf_str(&pem);
	report = judged(&cut, 1);
	assert_int_equal(report->findings.list[0].code, CODE(TRUNCATED));
	assert_string_equal(finding_value(&report->findings.list[0], "problem"), words);
	stage_done(report);
}

/* A ZIP or 7z with one file. */
static struct str
packed(const char *name, struct str content, bool seven, struct buf *to)
{
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	static char room[1 << 16];
	size_t used = 0;

	assert_int_equal(
	    seven ? archive_write_set_format_7zip(archive) : archive_write_set_format_zip(archive),
	    ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(archive, room, sizeof(room), &used), ARCHIVE_OK);
	archive_entry_set_pathname(entry, name);
	archive_entry_set_size(entry, (la_int64_t)content.len);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(archive, content.p, content.len), content.len);
	assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
	archive_entry_free(entry);
	archive_write_free(archive);
	buf_put(to, room, used);
	return buf_str(to);
}

static void
archives_and_mails(void **state UNUSED)
{
	CLEAN(buf_fini)
	struct buf inner = BUF(1 << 17), outer = BUF(1 << 17), leaflet = BUF(1 << 17);
	CLEAN(buf_fini) struct buf pdf = BUF(1 << 17), image = BUF(1 << 17);
	CLEAN(buf_fini) struct buf docx = BUF(1 << 17), odt = BUF(1 << 17);
	struct str zip = packed("owa.crt", buf_str(&good), false, &inner);

	expect_first("zip in a zip", packed("a.zip", zip, false, &outer), CODE(ARCHIVE_DEEP), NULL);
	expect_first("docx", packed("[Content_Types].xml", STR("<x/>"), false, &docx),
	    CODE(IS_OFFICE), "a Microsoft Office document");
	expect_first("odt",
	    packed("mimetype", STR("application/vnd.oasis.opendocument.text"), false, &odt),
	    CODE(IS_OFFICE), "an OpenDocument file");
	expect_first("leaflet in a zip", packed("readme.txt", STR("read me"), false, &leaflet),
	    CODE(ARCHIVE_EMPTY), NULL);
	expect_first("picture in a 7z", packed("a.gif", STR("GIF89a\x01"), true, &image),
	    CODE(ARCHIVE_EMPTY), NULL);
	expect_first(
	    "pdf in a zip", packed("a.pdf", STR("%PDF-1.7"), false, &pdf), CODE(IS_PDF), NULL);
	/* the main header of RAR 4 with the flag that all behind it is encrypted */
	expect_first("locked rar",
	    STR("Rar!\x1a\x07\x00\xce\x99\x73\x80\x00\x0d\x00\x00\x00\x00\x00\x00\x00"),
	    CODE(ARCHIVE_PASSWORD), "a RAR archive with a password");
	expect_first("mail with a link",
	    STR("From: ca@ca.example\nTo: a@b.example\nSubject: ready\nMIME-Version: 1.0\n\n"
		"Download it: https://ca.example/\n"),
	    CODE(MAIL_EMPTY), NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_sentence),
		cmocka_unit_test(beside_a_certificate),
		cmocka_unit_test(status_and_keys),
		cmocka_unit_test(messages_without_certificates),
		cmocka_unit_test(stops_early),
		cmocka_unit_test(archives_and_mails),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
