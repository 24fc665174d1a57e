/* SPDX-License-Identifier: Apache-2.0 */
/* Every CERT_* finding that a delivery can produce is produced here by one that deserves it. */
#include "delivery/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "pki/certificate.h"
#include "delivery/leaf.h"
#include "pki/ca_test_kit.h"
#include "delivery/judge_names.h"
#include "delivery/judge_test_kit.h"

#define NOW  ((when)1780272000 * 1000000) /* 2026-06-01 */
#define HOST "owa.contoso.com"

static struct test_certificate root, issuing, private_root;
static EVP_PKEY *our_key, *old_key, *other_key, *foreign_key;
static struct delivery_tools *tools;
static struct trust trust;
static struct ct_logs *logs;
static struct judge_setting setting = { .public_rules = true };

static int
set_up(void **state UNUSED)
{
	struct test_spec ca = {
		.name = "Root", .ca = true, .from = NOW - DAYS(900), .until = NOW + DAYS(900)
	};
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	size_t refused;
	bool legacy;

	root = test_issue(&ca, NULL);
	ca.name = "Issuing CA";
	issuing = test_issue(&ca, &root);
	ca.name = "Private Root";
	private_root = test_issue(&ca, NULL);
	our_key = test_key("P-256");
	old_key = test_key("P-256");
	other_key = test_key("P-256");
	foreign_key = test_key("P-256");
	test_put_pem(&pem, root.x509);
	trust.roots = shelf_new();
	if (shelf_add_pem(trust.roots, buf_str(&pem), &refused) != 1 ||
	    delivery_tools_new(&tools, &legacy) || ct_logs_new(test_logs(), &logs))
		return 1;
	setting.trust = &trust;
	setting.ct_logs = logs;
	return 0;
}

static int
tear_down(void **state UNUSED)
{
	test_certificate_fini(&root);
	test_certificate_fini(&issuing);
	test_certificate_fini(&private_root);
	EVP_PKEY_free(our_key);
	EVP_PKEY_free(old_key);
	EVP_PKEY_free(other_key);
	EVP_PKEY_free(foreign_key);
	trust_fini(&trust);
	ct_logs_free(logs);
	delivery_tools_free(tools);
	return 0;
}

static void
fingerprint(EVP_PKEY *key, uint8_t ret[static 32])
{
	uint8_t again[32];

	assert_int_equal(key_fingerprint(key, ret, again), 0);
}

static struct delivery_question *
question_new(void)
{
	struct delivery_question *question = calloc(1, sizeof(*question));

	str_copy(STR(HOST), question->host, sizeof(question->host));
	question->has_key = true;
	fingerprint(our_key, question->spki_sha256);
	fingerprint(old_key, question->keys[0].spki_sha256);
	question->keys[0].order_number = 1041;
	question->keys[0].same_site = true;
	fingerprint(other_key, question->keys[1].spki_sha256);
	question->keys[1].order_number = 1099;
	question->key_count = 2;
	question->now = NOW;
	return question;
}

static void
add_file(struct delivery_question *question, const char *name, struct str bytes)
{
	struct read_file *file = &question->files[question->file_count++];

	read_file_name(str_of(name), file->name);
	file->bytes = bytes;
}

static struct read_report *
judged(const struct delivery_question *question)
{
	struct read_report *report = calloc(1, sizeof(*report));

	read_report_init(report);
	judge_question(question, tools, &setting, report);
	return report;
}

static const struct finding *
found(const struct read_report *report, enum finding_code code)
{
	for (size_t i = 0; i < report->findings.count; i++)
		if (report->findings.list[i].code == code)
			return &report->findings.list[i];
	return NULL;
}

/* No placeholder may stay open in what people read. */
static void
expect_complete_sentences(const struct read_report *report)
{
	for (size_t i = 0; i < report->findings.count; i++)
		for (enum finding_text text = FINDING_TITLE; text <= FINDING_NEXT; text++) {
			CLEAN(buf_fini) struct buf words = BUF(8192);

			finding_render(&report->findings.list[i], text, &words);
			if (str_find(buf_str(&words), STR("{")) < words.len)
				fail_msg("open placeholder: %s", buf_text(&words));
		}
}

static void
report_done(struct read_report *report)
{
	read_report_fini(report);
	free(report);
}

/* ---- one certificate, varied ---- */

enum came_along {
	WITH_ISSUER = 1 << 0,
	WITH_ROOT = 1 << 1,
	ISSUER_FIRST = 1 << 2,
	WITH_OUR_KEY = 1 << 3,
	WITH_OWN_KEY = 1 << 4, /* the certificate's */
	WITH_LOCKED_KEY = 1 << 5,
	WITH_STRANGER = 1 << 6, /* a CA nobody needs */
	WITH_DAMAGE = 1 << 7,
	TWICE = 1 << 8, /* this order has it already */
};

struct judge_case {
	const char *name;
	struct test_spec leaf;
	const char *key;                       /* kind of a fresh one; NULL = whose */
	EVP_PKEY **whose;                      /* NULL = our key */
	const struct test_certificate *issuer; /* NULL = issuing; &root_of_itself = none */
	unsigned with;
	bool accepted;
	enum finding_code first;   /* what the customer sees; FINDING_MAX = nothing */
	enum finding_code also;    /* and among the others; FINDING_MAX = nothing special */
	const char *param, *value; /* of `first` */
};

static const struct test_certificate by_itself;

/* As a public authority makes them, of the year 2026 */
#define GOOD                                                                                  \
	.name = HOST, .subject = "C=AT|L=Salzburg|O=certdesk test|CN=" HOST,                  \
	.alternatives = "DNS:" HOST, .purposes = "serverAuth", .extensions = { TEST_PUBLIC }, \
	.scts = { TEST_SCTS(NOW - DAYS(10)) }, .from = NOW - DAYS(10), .until = NOW + DAYS(180)
#define BUT(...)                  \
	{                         \
		GOOD, __VA_ARGS__ \
	}
#define NOTHING FINDING_MAX

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
/* clang-format off */
static const struct judge_case cases[] = {
	{ "good",               { GOOD }, NULL, NULL, NULL, WITH_ISSUER, true, NOTHING, NOTHING, NULL, NULL },
	{ "good, full chain",   { GOOD }, NULL, NULL, NULL, WITH_ISSUER | WITH_ROOT, true, FINDING_CERT_ROOT_DROPPED, NOTHING, "names", "\"CN=Root,O=certdesk test\"" },
	{ "good, wrong order",  { GOOD }, NULL, NULL, NULL, WITH_ISSUER | WITH_ROOT | ISSUER_FIRST, true, FINDING_CERT_ORDER_REPAIRED, FINDING_CERT_ROOT_DROPPED, NULL, NULL },
	{ "good, and more",     { GOOD }, NULL, NULL, NULL, WITH_ISSUER | WITH_STRANGER, true, FINDING_CERT_ROOT_DROPPED, NOTHING, NULL, NULL },
	{ "wildcard",           BUT(.alternatives = "DNS:*.contoso.com,DNS:" HOST ".contoso.com"), NULL, NULL, NULL, WITH_ISSUER, true, FINDING_CERT_CN_NOT_LISTED, FINDING_CERT_WILDCARD, NULL, NULL },
	{ "duplicate",          { GOOD }, NULL, NULL, NULL, WITH_ISSUER | TWICE, true, FINDING_CERT_DUPLICATE, NOTHING, NULL, NULL },
	{ "unknown key",        { GOOD }, NULL, &foreign_key, NULL, WITH_ISSUER, false, FINDING_CERT_KEY_UNKNOWN, NOTHING, NULL, NULL },
	{ "older request",      { GOOD }, NULL, &old_key, NULL, WITH_ISSUER, false, FINDING_CERT_KEY_OLD, NOTHING, "order", "1041" },
	{ "another order",      { GOOD }, NULL, &other_key, NULL, WITH_ISSUER, false, FINDING_CERT_OTHER_ORDER, NOTHING, "order", "1099" },
	{ "foreign pair",       { GOOD }, NULL, &foreign_key, NULL, WITH_ISSUER | WITH_OWN_KEY, false, FINDING_CERT_FOREIGN_KEY, NOTHING, NULL, NULL },
	{ "our key leaked",     { GOOD }, NULL, NULL, NULL, WITH_ISSUER | WITH_OUR_KEY, false, FINDING_CERT_OWN_KEY_LEAKED, NOTHING, NULL, NULL },
	{ "old key leaked",     { GOOD }, NULL, &old_key, NULL, WITH_ISSUER | WITH_OWN_KEY, false, FINDING_CERT_OWN_KEY_LEAKED, FINDING_CERT_KEY_OLD, NULL, NULL },
	{ "some locked key",    { GOOD }, NULL, NULL, NULL, WITH_ISSUER | WITH_LOCKED_KEY, true, FINDING_CERT_KEY_RECEIVED, NOTHING, NULL, NULL },
	{ "name missing",       BUT(.alternatives = "DNS:mail.contoso.com"), NULL, NULL, NULL, WITH_ISSUER, false, FINDING_CERT_NAME_MISSING, NOTHING, "names", "mail.contoso.com" },
	{ "CN is no name",      BUT(.alternatives = NULL), NULL, NULL, NULL, WITH_ISSUER, false, FINDING_CERT_NO_NAMES, NOTHING, "found", HOST },
	{ "www name",           BUT(.alternatives = "DNS:www." HOST), NULL, NULL, NULL, WITH_ISSUER, false, FINDING_CERT_NAME_WWW, NOTHING, "san", "www." HOST },
	{ "one letter",         BUT(.alternatives = "DNS:owa.contosso.com"), NULL, NULL, NULL, WITH_ISSUER, false, FINDING_CERT_NAME_TYPO, NOTHING, "san", "owa.contosso.com" },
	{ "star too high",      BUT(.alternatives = "DNS:*." HOST), NULL, NULL, NULL, WITH_ISSUER, false, FINDING_CERT_NAME_NEAR, NOTHING, "san", "*." HOST },
	{ "expired",            BUT(.from = NOW - DAYS(200), .until = NOW - DAYS(1)), NULL, NULL, NULL, WITH_ISSUER, false, FINDING_CERT_EXPIRED, NOTHING, "date", "31 May 2026, 00:00 UTC" },
	{ "not yet",            BUT(.from = NOW + DAYS(1)), NULL, NULL, NULL, WITH_ISSUER, true, FINDING_CERT_FUTURE, NOTHING, NULL, NULL },
	{ "few days left",      BUT(.from = NOW - DAYS(150), .until = NOW + DAYS(40)), NULL, NULL, NULL, WITH_ISSUER, true, FINDING_CERT_SHORT_LEFT, NOTHING, "days", "40" },
	{ "one second too long", BUT(.from = NOW - DAYS(10), .until = NOW + DAYS(190)), NULL, NULL, NULL, WITH_ISSUER, false, FINDING_CERT_TOO_LONG, NOTHING, "days", "201" },
	{ "exactly 200 days",   BUT(.from = NOW - DAYS(10), .until = NOW + DAYS(190) - SECONDS(1)), NULL, NULL, NULL, WITH_ISSUER, true, FINDING_CERT_LONGEST, NOTHING, "days", "200" },
	{ "199 days",           BUT(.from = NOW - DAYS(10), .until = NOW + DAYS(189) - SECONDS(1)), NULL, NULL, NULL, WITH_ISSUER, true, NOTHING, NOTHING, NULL, NULL },
	{ "398 days, old rule", BUT(.from = NOW - DAYS(80), .until = NOW - DAYS(80) + DAYS(398) - SECONDS(1), .scts = { TEST_SCTS(NOW - DAYS(80)) }), NULL, NULL, NULL, WITH_ISSUER, true, FINDING_CERT_LONGEST, NOTHING, NULL, NULL },
	{ "no intermediate",    { GOOD }, NULL, NULL, NULL, 0, false, FINDING_CERT_CHAIN, NOTHING, "issuer", "CN=Issuing CA,O=certdesk test" },
	{ "damaged intermediate", { GOOD }, NULL, NULL, NULL, WITH_DAMAGE, false, FINDING_CERT_DAMAGED, FINDING_CERT_CHAIN, NULL, NULL },
	{ "private CA",         { GOOD }, NULL, NULL, &private_root, WITH_ROOT, false, FINDING_CERT_PRIVATE_CA, NOTHING, "issuer", "CN=Private Root,O=certdesk test" },
	{ "signed by itself",   { GOOD }, NULL, NULL, &by_itself, 0, false, FINDING_CERT_SELF_SIGNED, NOTHING, "names", HOST },
	{ "SHA-1",              BUT(.digest = "SHA1"), NULL, NULL, NULL, WITH_ISSUER, false, FINDING_CERT_WEAK, NOTHING, "weak", "the signature ecdsa-with-SHA1" },
	{ "client certificate", BUT(.purposes = "clientAuth,emailProtection"), NULL, NULL, NULL, WITH_ISSUER, false, FINDING_CERT_PURPOSE, NOTHING, "purpose", "TLS Web Client Authentication, E-mail Protection" },
	{ "no purpose",         BUT(.purposes = NULL), NULL, NULL, NULL, WITH_ISSUER, false, FINDING_CERT_PURPOSE_UNSTATED, NOTHING, NULL, NULL },
	{ "pre-certificate",    BUT(.poison = true), NULL, NULL, NULL, WITH_ISSUER, false, FINDING_CERT_PRECERT, NOTHING, NULL, NULL },
	{ "others' names",      BUT(.alternatives = "DNS:" HOST ",DNS:www.contoso.com,DNS:fabrikam.example"), NULL, NULL, NULL, WITH_ISSUER, true, FINDING_CERT_EXTRA_NAMES, NOTHING, "names", "fabrikam.example" },
	{ "it is a CA",         BUT(.ca = true), NULL, NULL, NULL, WITH_ISSUER, false, FINDING_CERT_ONLY_CA, NOTHING, NULL, NULL },
	/* with a key that is not ours: what is weak about it is told as well */
	{ "RSA-1024",           { GOOD }, "RSA-1024", NULL, NULL, WITH_ISSUER, false, FINDING_CERT_KEY_UNKNOWN, FINDING_CERT_KEY_SHORT, NULL, NULL },
	{ "Ed25519",            { GOOD }, "ED25519", NULL, NULL, WITH_ISSUER, false, FINDING_CERT_KEY_UNKNOWN, FINDING_CERT_KEY_KIND, NULL, NULL },
	{ "odd curve",          { GOOD }, "secp256k1", NULL, NULL, WITH_ISSUER, false, FINDING_CERT_KEY_UNKNOWN, FINDING_CERT_KEY_CURVE, NULL, NULL },
};
/* clang-format on */
#pragma GCC diagnostic pop

static void
put_pem_of(const struct judge_case *row, const struct test_certificate *leaf, struct buf *to)
{
	const struct test_certificate *top = row->issuer == &private_root ? &private_root : &root;

	if ((row->with & WITH_ROOT) && (row->with & ISSUER_FIRST))
		test_put_pem(to, top->x509);
	if ((row->with & WITH_ISSUER) && (row->with & ISSUER_FIRST))
		test_put_pem(to, issuing.x509);
	test_put_pem(to, leaf->x509);
	if ((row->with & WITH_ISSUER) && !(row->with & ISSUER_FIRST))
		test_put_pem(to, issuing.x509);
	if ((row->with & WITH_ROOT) && !(row->with & ISSUER_FIRST))
		test_put_pem(to, top->x509);
	if (row->with & WITH_STRANGER)
		test_put_pem(to, private_root.x509);
	if (row->with & WITH_OUR_KEY)
		test_put_key_pem(to, our_key, NULL);
	if (row->with & WITH_OWN_KEY)
		test_put_key_pem(to, leaf->key, NULL);
	if (row->with & WITH_LOCKED_KEY)
		test_put_key_pem(to, foreign_key, "locked");
	if (row->with & WITH_DAMAGE)
		buf_put_text(to, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
}

static struct test_certificate
leaf_of(const struct judge_case *row)
{
	struct test_spec spec = row->leaf;
	struct test_certificate made;

	spec.key = row->key ? test_key(row->key) : row->whose ? *row->whose : our_key;
	made = test_issue(&spec, row->issuer == &by_itself ? NULL
				 : row->issuer             ? row->issuer
							   : &issuing);
	if (row->key)
		EVP_PKEY_free(spec.key);
	return made;
}

static void
check_case(const struct judge_case *row, const struct read_report *report)
{
	const struct finding *first = findings_first(&report->findings);

	print_message("%s: %s\n", row->name, first ? finding_rule(first->code)->code : "-");
	for (size_t i = 0; i < report->findings.count; i++)
		print_message("    %s\n", finding_rule(report->findings.list[i].code)->code);
	assert_int_equal(report->accepted, row->accepted);
	assert_int_equal(first ? first->code : NOTHING, row->first);
	if (row->also != NOTHING)
		assert_non_null(found(report, row->also));
	if (row->param)
		assert_string_equal(finding_value(first, row->param), row->value);
	expect_complete_sentences(report);
}

static void
certificates(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
		struct test_certificate leaf = leaf_of(&cases[i]);
		struct delivery_question *question = question_new();
		struct read_report *report;
		unsigned len = 32;

		put_pem_of(&cases[i], &leaf, &pem);
		add_file(question, "C:\\fakepath\\owa.crt", buf_str(&pem));
		if (cases[i].with & TWICE) {
			question->has_accepted = true;
			X509_digest(leaf.x509, EVP_sha256(), question->accepted_sha256, &len);
		}
		report = judged(question);
		check_case(&cases[i], report);
		report_done(report);
		free(question);
		test_certificate_fini(&leaf);
	}
}

/* What the desk stores of a good one. */
static void
the_report(void **state UNUSED)
{
	CLEAN(buf_fini)
	struct buf pem = BUF(1 << 16), leaf_der = BUF(1 << 16), chain_der = BUF(1 << 16);
	struct test_certificate leaf = leaf_of(&cases[0]);
	struct delivery_question *question = question_new();
	struct read_report *report;

	put_pem_of(&(struct judge_case){ .with = WITH_ISSUER | WITH_ROOT }, &leaf, &pem);
	add_file(question, "", buf_str(&pem));
	report = judged(question);
	test_put_der(&leaf_der, leaf.x509);
	test_put_der(&chain_der, issuing.x509);
	assert_true(report->accepted && report->has_leaf && report->root_dropped);
	assert_false(report->order_repaired || report->extras_dropped);
	assert_true(str_eq(buf_str(&report->leaf), buf_str(&leaf_der)));
	assert_true(str_eq(buf_str(&report->chain), buf_str(&chain_der)));
	assert_int_equal(report->chain_length, 1);
	assert_int_equal(report->certificate_count, 3);
	assert_string_equal(report->container, "PEM text");
	assert_string_equal(report->certificate.names, HOST);
	assert_string_equal(
	    report->certificate.subject, "CN=" HOST ",O=certdesk test,L=Salzburg,C=AT");
	assert_memory_equal(report->certificate.spki_sha256, question->spki_sha256, 32);
	assert_true(report->certificate.not_after == NOW + DAYS(180));
	assert_string_equal(question->files[0].name, "the pasted text");
	report_done(report);
	free(question);
	test_certificate_fini(&leaf);
}

/* Two leaves: ours wins; two that are not ours: nobody guesses. */
static void
several_leaves(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf ours = BUF(1 << 16), others = BUF(1 << 16);
	struct test_certificate leaf[3] = {
		leaf_of(&cases[0]),
		leaf_of(&(struct judge_case){ .leaf = { GOOD }, .whose = &foreign_key }),
		leaf_of(&(struct judge_case){ .leaf = { GOOD }, .key = "P-256" }),
	};
	struct delivery_question *question = question_new();
	struct read_report *report;

	for (size_t i = 1; i < 3; i++)
		test_put_pem(&others, leaf[i].x509);
	test_put_pem(&ours, leaf[0].x509);
	test_put_pem(&ours, issuing.x509);
	add_file(question, "others.pem", buf_str(&others));
	report = judged(question);
	assert_int_equal(findings_first(&report->findings)->code, FINDING_CERT_SEVERAL);
	assert_string_equal(finding_value(findings_first(&report->findings), "count"), "2");
	expect_complete_sentences(report);
	report_done(report);
	add_file(question, "ours.pem", buf_str(&ours));
	report = judged(question);
	assert_true(report->accepted && report->extras_dropped);
	assert_non_null(found(report, FINDING_CERT_EXTRAS_DROPPED));
	expect_complete_sentences(report);
	report_done(report);
	free(question);
	for (size_t i = 0; i < 3; i++)
		test_certificate_fini(&leaf[i]);
}

/* The root vouches for a CA that is over. */
static void
broken_chain(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	struct test_certificate ca = test_issue(
	    &(struct test_spec){
		.name = "Old CA", .ca = true, .from = NOW - DAYS(900), .until = NOW - DAYS(5) },
	    &root);
	struct test_certificate leaf =
	    leaf_of(&(struct judge_case){ .leaf = { GOOD }, .issuer = &ca });
	struct delivery_question *question = question_new();
	struct read_report *report;

	test_put_pem(&pem, leaf.x509);
	test_put_pem(&pem, ca.x509);
	add_file(question, "x", buf_str(&pem));
	report = judged(question);
	assert_int_equal(findings_first(&report->findings)->code, FINDING_CERT_CHAIN_BAD);
	expect_complete_sentences(report);
	report_done(report);
	free(question);
	test_certificate_fini(&leaf);
	test_certificate_fini(&ca);
}

static void
put_pfx(struct buf *to, const struct test_certificate *leaf, const char *password)
{
	PKCS12 *pfx =
	    PKCS12_create(password, "x", leaf->key, leaf->x509, NULL, 0, 0, 2048, 2048, 0);
	unsigned char *der = NULL;
	int len = i2d_PKCS12(pfx, &der);

	assert_true(len > 0);
	buf_put(to, der, (size_t)len);
	OPENSSL_free(der);
	PKCS12_free(pfx);
}

static void
put_csr(struct buf *to, const struct test_certificate *leaf)
{
	X509_REQ *csr = X509_to_X509_REQ(leaf->x509, leaf->key, EVP_sha256());
	unsigned char *der = NULL;
	int len = i2d_X509_REQ(csr, &der);

	assert_true(len > 0);
	buf_put(to, der, (size_t)len);
	OPENSSL_free(der);
	X509_REQ_free(csr);
}

/* ---- deliveries without a certificate to judge ---- */

static void
expect_first(const char *name, struct str bytes, const char *password, enum finding_code code)
{
	struct delivery_question *question = question_new();
	struct read_report *report;

	add_file(question, name, bytes);
	question->has_password = password != NULL;
	question->password = str_of(password);
	report = judged(question);
	print_message(
	    "%s: %s\n", name, finding_rule(findings_first(&report->findings)->code)->code);
	assert_int_equal(findings_first(&report->findings)->code, code);
	assert_false(report->accepted || report->has_leaf);
	expect_complete_sentences(report);
	report_done(report);
	free(question);
}

static void
no_leaf(void **state UNUSED)
{
	CLEAN(buf_fini)
	struct buf pfx = BUF(1 << 16), csr = BUF(1 << 16), cas = BUF(1 << 16), key = BUF(1 << 16),
		   locked = BUF(1 << 16), big = BUF(2 << 20);
	struct test_certificate leaf =
	    leaf_of(&(struct judge_case){ .leaf = { GOOD }, .whose = &foreign_key });

	put_pfx(&pfx, &leaf, "geheim");
	put_csr(&csr, &leaf);
	test_put_pem(&cas, issuing.x509);
	test_put_pem(&cas, root.x509);
	test_put_key_pem(&key, foreign_key, NULL);
	test_put_key_pem(&locked, foreign_key, "x");
	while (big.len <= READ_FILE_MAX)
		buf_put_byte(&big, 'a');
	expect_first("empty", STR(""), NULL, FINDING_CERT_EMPTY);
	expect_first("prose", STR("please find attached"), NULL, FINDING_CERT_IS_TEXT);
	expect_first("a.jks", STR("\xfe\xed\xfe\xed...."), NULL, FINDING_CERT_DAMAGED);
	expect_first(
	    "cut.pem", STR("-----BEGIN CERTIFICATE-----\nMIIC"), NULL, FINDING_CERT_DAMAGED);
	expect_first("a.pfx", buf_str(&pfx), NULL, FINDING_CERT_PASSWORD_MISSING);
	expect_first("a.pfx, wrong", buf_str(&pfx), "Geheim", FINDING_CERT_PASSWORD_WRONG);
	expect_first("a.csr", buf_str(&csr), NULL, FINDING_CERT_IS_CSR);
	expect_first("ca-bundle", buf_str(&cas), NULL, FINDING_CERT_ONLY_CA);
	expect_first("key.pem", buf_str(&key), NULL, FINDING_CERT_IS_KEY);
	expect_first("locked.pem", buf_str(&locked), NULL, FINDING_CERT_IS_KEY);
	expect_first("big", buf_str(&big), NULL, FINDING_CERT_LIMIT);
	for (size_t i = pfx.len - 9; i > 0; i--) /* the MAC's digest becomes one that nobody has */
		if (memcmp(pfx.data + i, "\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9) == 0) {
			pfx.data[i + 8] = 0x7f;
			break;
		}
	expect_first("strange.pfx", buf_str(&pfx), "geheim", FINDING_CERT_ALGORITHM);
	test_certificate_fini(&leaf);
}

/* A PFX of a seller's tool: opened with its password, and then refused for its key. */
static void
foreign_pfx(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf pfx = BUF(1 << 16);
	struct test_certificate leaf =
	    leaf_of(&(struct judge_case){ .leaf = { GOOD }, .whose = &foreign_key });
	struct delivery_question *question = question_new();
	struct read_report *report;

	put_pfx(&pfx, &leaf, "geheim");
	add_file(question, "owa.pfx", buf_str(&pfx));
	question->has_password = true;
	question->password = STR("geheim");
	report = judged(question);
	assert_int_equal(findings_first(&report->findings)->code, FINDING_CERT_FOREIGN_KEY);
	assert_string_equal(report->container, "PKCS#12");
	assert_int_equal(report->key_count, 1);
	assert_int_equal(report->keys_readable, 1);
	report_done(report);
	free(question);
	test_certificate_fini(&leaf);
}

static struct read_report *
offered(const struct delivery_question *question, struct key_offer *offer)
{
	struct read_report *report = calloc(1, sizeof(*report));

	read_report_init(report);
	judge_and_offer(question, tools, &setting, report, offer);
	return report;
}

/* A key that is not ours: refused, refused with a way out, or taken apart, as provider and customer
 * wish; and never when anything else is wrong (I-12, docs/decisions/0012). */
static void
a_wish_for_the_key(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *name; enum read_wish_kind wish; const char *kind; struct test_spec leaf; bool accepted; enum finding_code first; } rows[] = {
		{ "nobody wants it",   READ_REFUSE,   "P-256",    { GOOD }, false, FINDING_CERT_FOREIGN_KEY },
		{ "the provider does", READ_MAY_TAKE, "P-256",    { GOOD }, false, FINDING_CERT_FOREIGN_KEY },
		{ "both do",           READ_TAKE,     "P-256",    { GOOD }, true,  FINDING_CERT_REVOCATION_UNKNOWN },
		{ "P-384",             READ_TAKE,     "P-384",    { GOOD }, true,  FINDING_CERT_REVOCATION_UNKNOWN },
		{ "RSA",               READ_TAKE,     "RSA-2048", { GOOD }, true,  FINDING_CERT_REVOCATION_UNKNOWN },
		{ "short RSA",         READ_TAKE,     "RSA-1024", { GOOD }, false, FINDING_CERT_KEY_SHORT },
		{ "P-521",             READ_TAKE,     "P-521",    { GOOD }, false, FINDING_CERT_FOREIGN_KEY_UNFIT },
		{ "another's name",    READ_TAKE,     "P-256",    { .name = HOST, .alternatives = "DNS:mail.contoso.com", .purposes = "serverAuth", .from = NOW - DAYS(10), .until = NOW + DAYS(180) }, false, FINDING_CERT_NAME_MISSING },
		{ "expired",           READ_TAKE,     "P-256",    { .name = HOST, .alternatives = "DNS:" HOST, .purposes = "serverAuth", .from = NOW - DAYS(90), .until = NOW - DAYS(1) }, false, FINDING_CERT_EXPIRED },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
		CLEAN(key_offer_fini) struct key_offer offer;
		const struct judge_case row = { .leaf = rows[i].leaf,
			.key = rows[i].kind,
			.with = WITH_ISSUER | WITH_OWN_KEY };
		struct test_certificate leaf = leaf_of(&row);
		struct delivery_question *question = question_new();
		struct read_report *report;
		const struct finding *first, *refusal;

		put_pem_of(&row, &leaf, &pem);
		add_file(question, "owa.pem", buf_str(&pem));
		question->wish.kind = rows[i].wish;
		report = offered(question, &offer);
		first = findings_first(&report->findings);
		print_message(
		    "%s: %s\n", rows[i].name, first ? finding_rule(first->code)->code : "-");
		expect_complete_sentences(report);
		assert_int_equal(first ? first->code : NOTHING, rows[i].first);
		assert_int_equal(report->accepted, rows[i].accepted);
		assert_int_equal(offer.is_made, rows[i].accepted);
		assert_false(report->taken.is_taken);
		assert_int_equal(report->lookup_count, 0);
		refusal = found(report, FINDING_CERT_FOREIGN_KEY);
		if (refusal)
			assert_int_equal(*finding_value(refusal, "instead") != '\0',
			    rows[i].wish == READ_MAY_TAKE);
		if (rows[i].wish == READ_TAKE && !rows[i].accepted &&
		    rows[i].first != FINDING_CERT_FOREIGN_KEY_UNFIT)
			assert_non_null(found(report, FINDING_CERT_KEY_RECEIVED));
		report_done(report);
		free(question);
		test_certificate_fini(&leaf);
	}
}

static struct read_report *
wished(const char *kind, struct key_offer *offer)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	const struct judge_case row = {
		.leaf = { GOOD }, .key = kind, .with = WITH_ISSUER | WITH_OWN_KEY
	};
	struct test_certificate leaf = leaf_of(&row);
	struct delivery_question *question = question_new();
	struct read_report *report;

	put_pem_of(&row, &leaf, &pem);
	add_file(question, "owa.pem", buf_str(&pem));
	question->wish.kind = READ_TAKE;
	report = offered(question, offer);
	free(question);
	test_certificate_fini(&leaf);
	return report;
}

/* That the provider trusts roots of its own makes no key fit (docs/decisions/0008). */
static void
unfit_wherever_it_comes_from(void **state UNUSED)
{
	CLEAN(key_offer_fini) struct key_offer offer;
	const struct finding *unfit;
	struct read_report *report;

	setting.public_rules = false;
	report = wished("P-521", &offer);
	setting.public_rules = true;
	assert_false(report->accepted || offer.is_made);
	unfit = found(report, FINDING_CERT_FOREIGN_KEY_UNFIT);
	assert_true(unfit && unfit->severity == SEVERITY_REJECT);
	report_done(report);
}

/* A key does not wait for what is fetched; who wants no certificate of unknown status gets none. */
static void
no_key_of_unknown_status(void **state UNUSED)
{
	CLEAN(key_offer_fini) struct key_offer offer;
	struct severity_policy policy = { 0 };
	struct read_report *report;

	severity_set(&policy, FINDING_CERT_REVOCATION_UNKNOWN, SEVERITY_REJECT);
	setting.severities = &policy;
	report = wished("P-256", &offer);
	setting.severities = NULL;
	assert_false(report->accepted || offer.is_made);
	assert_int_equal(findings_first(&report->findings)->code, FINDING_CERT_REVOCATION_UNKNOWN);
	assert_non_null(found(report, FINDING_CERT_KEY_RECEIVED));
	report_done(report);
}

static void
put_mail_with(struct buf *to, struct str pfx)
{
	buf_put_text(to,
	    "From: eva@contoso.com\nSubject: x\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	    "Content-Type: application/x-pkcs12; name=owa.pfx\nContent-Transfer-Encoding: base64\n\n");
	buf_put_base64(to, pfx.p, pfx.len);
	buf_put_text(to, "\n--b--\n");
}

/* What is offered is the leaf's own key, out of a PFX and among others; also out of one that lies
 * within another file. */
static void
expect_the_right_key(bool in_mail, const char *file)
{
	CLEAN(buf_fini) struct buf pfx = BUF(1 << 16), stray = BUF(1 << 16), mail = BUF(1 << 16);
	CLEAN(key_offer_fini) struct key_offer offer;
	struct test_certificate leaf =
	    leaf_of(&(struct judge_case){ .leaf = { GOOD }, .whose = &foreign_key });
	struct delivery_question *question = question_new();
	struct read_report *report;
	uint8_t scalar[32];
	BIGNUM *number = NULL;
	EVP_PKEY *other = test_key("P-256");

	test_put_key_pem(&stray, other, NULL);
	test_put_pem(&stray, issuing.x509);
	put_pfx(&pfx, &leaf, "geheim");
	add_file(question, "stray.pem", buf_str(&stray));
	put_mail_with(&mail, buf_str(&pfx));
	add_file(question, in_mail ? "post.eml" : "owa.pfx", buf_str(in_mail ? &mail : &pfx));
	question->has_password = true;
	question->password = STR("geheim");
	question->wish.kind = READ_TAKE;
	report = offered(question, &offer);
	assert_true(report->accepted && offer.is_made);
	assert_string_equal(offer.file, file);
	assert_int_equal(offer.numbers.kind, KEY_P256);
	assert_true(EVP_PKEY_get_bn_param(foreign_key, "priv", &number));
	assert_int_equal(BN_bn2binpad(number, scalar, 32), 32);
	assert_memory_equal(offer.numbers.number[0], scalar, 32);
	BN_free(number);
	EVP_PKEY_free(other);
	report_done(report);
	free(question);
	test_certificate_fini(&leaf);
}

static void
the_right_key_is_offered(void **state UNUSED)
{
	expect_the_right_key(false, "owa.pfx");
	expect_the_right_key(true, "post.eml: owa.pfx");
}

/* It came from the customer, so the customer may have it: no incident (R-01 is for keys made here). */
static void
a_customers_key_comes_again(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	const struct judge_case row = {
		.leaf = { GOOD }, .whose = &foreign_key, .with = WITH_ISSUER | WITH_OWN_KEY
	};
	struct test_certificate leaf = leaf_of(&row);
	struct delivery_question *question = question_new();
	struct read_report *report;

	put_pem_of(&row, &leaf, &pem);
	add_file(question, "owa.pem", buf_str(&pem));
	fingerprint(foreign_key, question->spki_sha256);
	report = judged(question);
	assert_int_equal(findings_first(&report->findings)->code, FINDING_CERT_OWN_KEY_LEAKED);
	report_done(report);
	question->key_is_customers = true;
	report = judged(question);
	assert_true(report->accepted);
	assert_int_equal(findings_first(&report->findings)->code, FINDING_CERT_KEY_RECEIVED);
	report_done(report);
	free(question);
	test_certificate_fini(&leaf);
}

/* A key that this site had before is not fresh; that another site of the customer has it is fine, as
 * one certificate may name both. */
static void
a_key_that_was_used_up(void **state UNUSED)
{
	for (int same_site = 0; same_site < 2; same_site++) {
		CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
		CLEAN(key_offer_fini) struct key_offer offer;
		const struct judge_case row = {
			.leaf = { GOOD }, .whose = &foreign_key, .with = WITH_ISSUER | WITH_OWN_KEY
		};
		struct test_certificate leaf = leaf_of(&row);
		struct delivery_question *question = question_new();
		struct read_report *report;

		put_pem_of(&row, &leaf, &pem);
		add_file(question, "owa.pem", buf_str(&pem));
		fingerprint(foreign_key, question->keys[1].spki_sha256);
		question->keys[1].is_customers = question->keys[1].retired = true;
		question->keys[1].same_site = same_site;
		question->wish.kind = READ_TAKE;
		report = offered(question, &offer);
		assert_int_equal(offer.is_made, !same_site);
		assert_int_equal(report->accepted, !same_site);
		if (same_site)
			assert_int_equal(findings_first(&report->findings)->code,
			    FINDING_CERT_FOREIGN_KEY_UNFIT);
		expect_complete_sentences(report);
		report_done(report);
		free(question);
		test_certificate_fini(&leaf);
	}
}

static void
names(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *san, *host; enum name_nearness near; bool owner; } rows[] = {
		{ "owa.contoso.com",       "owa.contoso.com",    NAME_FAR,  true },
		{ "OWA.Contoso.COM",       "owa.contoso.com",    NAME_FAR,  true },
		{ "*.contoso.com",         "a.b.contoso.com",    NAME_STAR, true },
		{ "*.contoso.com",         "contoso.com",        NAME_STAR, true },
		{ "*.com",                 "contoso.com",        NAME_STAR, false },
		{ "contoso.com",           "owa.contoso.com",    NAME_FAR,  true },
		{ "www.owa.contoso.com",   "owa.contoso.com",    NAME_WWW,  true },
		{ "contoso.com",           "www.contoso.com",    NAME_WWW,  true },
		{ "ow.contoso.com",        "owa.contoso.com",    NAME_TYPO, true },
		{ "OAW.contoso.com",       "owa.contoso.com",    NAME_TYPO, true },
		{ "owa.contoso.co",        "owa.contoso.com",    NAME_TYPO, false },
		{ "oba.contosa.com",       "owa.contoso.com",    NAME_FAR,  false },
		{ "owa.contoso.co.uk",     "owa.fabrikam.co.uk", NAME_FAR,  false },
		{ "",                      "owa.contoso.com",    NAME_FAR,  false },
		{ "*.",                    "owa.contoso.com",    NAME_FAR,  false },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct str san = str_of(rows[i].san), host = str_of(rows[i].host);

		print_message("%s for %s\n", rows[i].san, rows[i].host);
		assert_int_equal(name_nearness(san, host), rows[i].near);
		assert_int_equal(name_same_owner(san, host), rows[i].owner);
	}
	assert_false(
	    name_same_owner(STR("owa.contoso.com\0.evil.example"), STR("owa.contoso.com")));
}

static void
every_check_has_rules(void **state UNUSED)
{
	size_t count = 0;

	while (judge_check_rules(count))
		assert_true(*judge_check_rules(count++));
	assert_true(count >= 35);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates),
		cmocka_unit_test(the_report),
		cmocka_unit_test(several_leaves),
		cmocka_unit_test(broken_chain),
		cmocka_unit_test(no_leaf),
		cmocka_unit_test(foreign_pfx),
		cmocka_unit_test(a_wish_for_the_key),
		cmocka_unit_test(unfit_wherever_it_comes_from),
		cmocka_unit_test(no_key_of_unknown_status),
		cmocka_unit_test(the_right_key_is_offered),
		cmocka_unit_test(a_customers_key_comes_again),
		cmocka_unit_test(a_key_that_was_used_up),
		cmocka_unit_test(names),
		cmocka_unit_test(every_check_has_rules),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
