/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/revocation.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "pki/ca_test_kit.h"
#include "sys/world.h"

#define NOW  ((when)1780272000 * 1000000) /* 2026-06-01 */
#define PART "http://crl.example/7.crl"

enum who {
	ROOT,
	OTHER_ROOT, /* the same name, another key */
	STRANGER,   /* another name */
	ISSUING,
	LEAF,
	OTHER_LEAF,
	RESPONDER,     /* for OCSP, by ROOT */
	NO_RESPONDER,  /* by ROOT, without the purpose */
	OLD_RESPONDER, /* over */
	FAR_RESPONDER, /* with the purpose, by STRANGER */
	SHA1_RESPONDER,
	WHO_MAX
};

static struct test_certificate made[WHO_MAX];

static struct test_certificate
ca(const char *name, const struct test_certificate *issuer)
{
	return test_issue(
	    &(struct test_spec){
		.name = name, .ca = true, .from = NOW - DAYS(900), .until = NOW + DAYS(900) },
	    issuer);
}

static struct test_certificate
responder(const char *purposes, when until, enum who issuer)
{
	return test_issue(
	    &(struct test_spec){
		.name = "Responder", .purposes = purposes, .from = NOW - DAYS(90), .until = until },
	    &made[issuer]);
}

static struct test_certificate
leaf(const char *name, const char *points, const char *info, when lasts)
{
	return test_issue(&(struct test_spec){ .name = name,
			      .alternatives = "DNS:owa.contoso.com",
			      .crl_points = points,
			      .authority_info = info,
			      .from = NOW - DAYS(2),
			      .until = NOW - DAYS(2) + lasts },
	    &made[ROOT]);
}

static int
set_up(void **state UNUSED)
{
	made[ROOT] = ca("Root", NULL);
	made[OTHER_ROOT] = ca("Root", NULL);
	made[STRANGER] = ca("Stranger", NULL);
	made[ISSUING] = ca("Issuing", &made[ROOT]);
	made[LEAF] = leaf("leaf", "URI:" PART, NULL, DAYS(190));
	made[OTHER_LEAF] = leaf("other", NULL, NULL, DAYS(190));
	made[RESPONDER] = responder("OCSPSigning", NOW + DAYS(9), ROOT);
	made[NO_RESPONDER] = responder("serverAuth", NOW + DAYS(9), ROOT);
	made[OLD_RESPONDER] = responder("OCSPSigning", NOW - DAYS(1), ROOT);
	made[SHA1_RESPONDER] = test_issue(&(struct test_spec){ .name = "Responder",
					      .purposes = "OCSPSigning",
					      .digest = "SHA1",
					      .from = NOW - DAYS(90),
					      .until = NOW + DAYS(9) },
	    &made[ROOT]);
	made[FAR_RESPONDER] = responder("OCSPSigning", NOW + DAYS(9), STRANGER);
	return 0;
}

static int
tear_down(void **state UNUSED)
{
	for (size_t i = 0; i < WHO_MAX; i++)
		test_certificate_fini(&made[i]);
	return 0;
}

enum listed {
	NOBODY,
	THE_LEAF,
	ANOTHER,
};

struct crl_case {
	const char *name;
	struct test_list list;
	enum listed listed;
	enum who signer, about;
	enum revocation_state state;
	const char *words; /* in `why`, or the reason */
};

#define CURRENT .from = NOW - DAYS(3), .until = NOW + DAYS(4)

/* clang-format off */
static const struct crl_case crl_cases[] = {
	{ "not listed", { CURRENT }, NOBODY, ROOT, LEAF, REVOCATION_GOOD, "" },
	{ "others are listed", { CURRENT, .more = 50 }, ANOTHER, ROOT, LEAF, REVOCATION_GOOD, "" },
	{ "listed", { CURRENT, .reason = -1, .more = 50 }, THE_LEAF, ROOT, LEAF, REVOCATION_REVOKED, "" },
	{ "listed, unspecified", { CURRENT, .reason = 0 }, THE_LEAF, ROOT, LEAF, REVOCATION_REVOKED, "" },
	{ "listed, key", { CURRENT, .reason = 1 }, THE_LEAF, ROOT, LEAF, REVOCATION_REVOKED, "no longer secret" },
	{ "listed, changed", { CURRENT, .reason = 3 }, THE_LEAF, ROOT, LEAF, REVOCATION_REVOKED, "have changed" },
	{ "listed, superseded", { CURRENT, .reason = 4 }, THE_LEAF, ROOT, LEAF, REVOCATION_REVOKED, "replaced" },
	{ "listed, cessation", { CURRENT, .reason = 5 }, THE_LEAF, ROOT, LEAF, REVOCATION_REVOKED, "no longer used" },
	{ "listed, privilege", { CURRENT, .reason = 9 }, THE_LEAF, ROOT, LEAF, REVOCATION_REVOKED, "withdrew" },
	{ "listed, hold", { CURRENT, .reason = 6 }, THE_LEAF, ROOT, LEAF, REVOCATION_REVOKED, "on hold" },
	{ "listed, removed", { CURRENT, .reason = 8 }, THE_LEAF, ROOT, LEAF, REVOCATION_UNKNOWN, "taken off" },
	{ "listed, a reason of the future", { CURRENT, .reason = 99 }, THE_LEAF, ROOT, LEAF, REVOCATION_REVOKED, "" },
	{ "an intermediate", { CURRENT }, NOBODY, ROOT, ISSUING, REVOCATION_GOOD, "" },
	{ "SHA-384", { CURRENT, .digest = "SHA384" }, NOBODY, ROOT, LEAF, REVOCATION_GOOD, "" },
	{ "SHA-1", { CURRENT, .digest = "SHA1" }, THE_LEAF, ROOT, LEAF, REVOCATION_UNKNOWN, "no longer accepted" },
	{ "another issuer", { CURRENT }, THE_LEAF, STRANGER, LEAF, REVOCATION_UNSEEN, "another issuer" },
	{ "the issuer's name, another key", { CURRENT }, THE_LEAF, OTHER_ROOT, LEAF, REVOCATION_UNKNOWN, "not signed" },
	{ "stale", { .from = NOW - DAYS(9), .until = NOW - DAYS(2) }, NOBODY, ROOT, LEAF, REVOCATION_UNKNOWN, "since 30 May 2026" },
	{ "stale, listed", { .from = NOW - DAYS(9), .until = NOW - DAYS(2), .reason = 4 }, THE_LEAF, ROOT, LEAF, REVOCATION_REVOKED, "" },
	{ "stale, hold", { .from = NOW - DAYS(9), .until = NOW - DAYS(2), .reason = 6 }, THE_LEAF, ROOT, LEAF, REVOCATION_UNKNOWN, "out of date" },
	{ "the last second", { .from = NOW - DAYS(9), .until = NOW }, NOBODY, ROOT, LEAF, REVOCATION_GOOD, "" },
	{ "without an end", { CURRENT, .no_end = true }, NOBODY, ROOT, LEAF, REVOCATION_UNKNOWN, "until when" },
	{ "from the future", { .from = NOW + DAYS(1), .until = NOW + DAYS(4) }, NOBODY, ROOT, LEAF, REVOCATION_UNKNOWN, "from the future" },
	{ "a clock that is ahead", { .from = NOW + MINUTES(50), .until = NOW + DAYS(4) }, NOBODY, ROOT, LEAF, REVOCATION_GOOD, "" },
	{ "delta", { CURRENT, .is_delta = true }, NOBODY, ROOT, LEAF, REVOCATION_UNKNOWN, "only changes" },
	{ "unknown critical", { CURRENT, .has_strange = true }, NOBODY, ROOT, LEAF, REVOCATION_UNKNOWN, "critical" },
	{ "for users", { CURRENT, .scope = "critical,onlyuser:TRUE" }, NOBODY, ROOT, LEAF, REVOCATION_GOOD, "" },
	{ "for users, about a CA", { CURRENT, .scope = "critical,onlyuser:TRUE" }, NOBODY, ROOT, ISSUING, REVOCATION_UNSEEN, "no CA" },
	{ "for CAs", { CURRENT, .scope = "critical,onlyCA:TRUE" }, NOBODY, ROOT, LEAF, REVOCATION_UNSEEN, "CA certificates only" },
	{ "for CAs, about a CA", { CURRENT, .scope = "critical,onlyCA:TRUE" }, NOBODY, ROOT, ISSUING, REVOCATION_GOOD, "" },
	{ "for attributes", { CURRENT, .scope = "critical,onlyAA:TRUE" }, THE_LEAF, ROOT, LEAF, REVOCATION_UNSEEN, "other issuers or kinds" },
	{ "indirect", { CURRENT, .scope = "critical,indirectCRL:TRUE" }, THE_LEAF, ROOT, LEAF, REVOCATION_UNSEEN, "other issuers or kinds" },
	{ "some reasons", { CURRENT, .scope = "critical,onlysomereasons:keyCompromise" }, NOBODY, ROOT, LEAF, REVOCATION_UNKNOWN, "some reasons" },
	{ "some reasons, listed", { CURRENT, .scope = "critical,onlysomereasons:keyCompromise", .reason = 1 }, THE_LEAF, ROOT, LEAF, REVOCATION_REVOKED, "" },
	{ "its part", { CURRENT, .scope = "critical,fullname:URI:" PART }, NOBODY, ROOT, LEAF, REVOCATION_GOOD, "" },
	{ "another part", { CURRENT, .scope = "critical,fullname:URI:http://crl.example/8.crl" }, NOBODY, ROOT, LEAF, REVOCATION_UNSEEN, "a part" },
	{ "another part, listed", { CURRENT, .scope = "critical,fullname:URI:http://crl.example/8.crl", .reason = 4 }, THE_LEAF, ROOT, LEAF, REVOCATION_REVOKED, "" },
	{ "a part, and it names none", { CURRENT, .scope = "critical,fullname:URI:" PART }, NOBODY, ROOT, OTHER_LEAF, REVOCATION_UNSEEN, "a part" },
};
/* clang-format on */

static void
put_case(struct buf *to, const struct crl_case *c)
{
	X509 *revoked[2] = { NULL, NULL };
	struct test_list list = c->list;

	if (c->listed != NOBODY)
		revoked[0] = c->listed == ANOTHER ? made[OTHER_LEAF].x509 : made[c->about].x509;
	list.revoked = revoked;
	test_put_crl(to, &list, &made[c->signer]);
}

static void
must_be(const struct revocation *found, enum revocation_state state, const char *words)
{
	assert_int_equal(found->state, state);
	if (state == REVOCATION_REVOKED) {
		assert_non_null(strstr(found->reason, words));
		assert_string_equal(found->why, "");
	} else {
		assert_non_null(strstr(found->why, words));
		assert_true((*found->why != '\0') == (state != REVOCATION_GOOD));
	}
}

static void
lists(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(crl_cases); i++) {
		const struct crl_case *c = &crl_cases[i];
		CLEAN(buf_fini) struct buf der = BUF(1 << 20);
		struct revocation found;

		print_message("%s\n", c->name);
		put_case(&der, c);
		revocation_by_file(
		    buf_str(&der), made[ROOT].x509, made[c->about].x509, NOW, &found);
		must_be(&found, c->state, c->words);
		if (c->state == REVOCATION_REVOKED)
			assert_true(found.since == c->list.from - DAYS(1));
	}
}

static void
put_armoured(struct buf *to, struct str der, const char *label)
{
	buf_printf(to, "-----BEGIN %s-----\n", label);
	for (size_t i = 0; i < der.len; i += 48) {
		struct str rest = str_drop(der, i);

		buf_put_base64(to, rest.p, rest.len < 48 ? rest.len : 48);
		buf_put_byte(to, '\n');
	}
	buf_printf(to, "-----END %s-----\n", label);
}

/* Also behind a certificate, as some sites put it. */
static void
armoured(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf der = BUF(1 << 16);
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	X509 *revoked[] = { made[LEAF].x509, NULL };
	struct test_list list = { CURRENT, .revoked = revoked, .reason = 1 };
	struct revocation found;

	test_put_crl(&der, &list, &made[ROOT]);
	test_put_pem(&pem, made[ROOT].x509);
	revocation_by_file(buf_str(&pem), made[ROOT].x509, made[LEAF].x509, NOW, &found);
	must_be(&found, REVOCATION_UNSEEN, "cannot be read");
	put_armoured(&pem, buf_str(&der), "X509 CRL");
	revocation_by_file(buf_str(&pem), made[ROOT].x509, made[LEAF].x509, NOW, &found);
	must_be(&found, REVOCATION_REVOKED, "no longer secret");
}

/* Cut anywhere, or with one byte changed: it never says "good" or "revoked". */
static void
damaged(void **state UNUSED)
{
	X509 *revoked[] = { made[LEAF].x509, NULL };

	for (int which = 0; which < 2; which++) {
		CLEAN(buf_fini) struct buf der = BUF(1 << 16);
		struct test_list list = { CURRENT, .revoked = revoked };
		struct test_answer answer = { CURRENT, .reason = -1 };
		struct revocation found;

		if (which == 0)
			test_put_crl(&der, &list, &made[ROOT]);
		else
			test_put_ocsp(
			    &der, &answer, made[LEAF].x509, made[ROOT].x509, &made[RESPONDER]);
		for (size_t cut = 0; cut < der.len; cut++) {
			revocation_by_file(str_bytes(der.data, cut), made[ROOT].x509,
			    made[LEAF].x509, NOW, &found);
			assert_true(found.state < REVOCATION_GOOD && *found.why);
		}
		buf_put_byte(&der, 0);
		revocation_by_file(buf_str(&der), made[ROOT].x509, made[LEAF].x509, NOW, &found);
		must_be(&found, REVOCATION_UNSEEN, "cannot be read");
		der.data[der.len / 4] ^= 0x40;
		revocation_by_file(str_bytes(der.data, der.len - 1), made[ROOT].x509,
		    made[LEAF].x509, NOW, &found);
		assert_true(found.state < REVOCATION_GOOD && *found.why);
	}
}

static void
garbage(void **state UNUSED)
{
	/* clang-format off */
	static const struct str cases[] = { STR_INIT(""), STR_INIT("0"), STR_INIT("\x30\x80\x00\x00"), STR_INIT("\x30\x03\x0a\x01\x00"),
		STR_INIT("\x30\x03\x0a\x01\x03"), STR_INIT("<html>404</html>"), STR_INIT("\x30\x84\xff\xff\xff\xff\x30") };
	/* clang-format on */
	CLEAN(buf_fini) struct buf large = BUF(REVOCATION_FILE_MAX + 1);
	struct revocation found;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		revocation_by_file(cases[i], made[ROOT].x509, made[LEAF].x509, NOW, &found);
		assert_int_equal(found.state, REVOCATION_UNSEEN);
		assert_true(*found.why);
	}
	revocation_by_file(cases[4], made[ROOT].x509, made[LEAF].x509, NOW, &found);
	assert_non_null(strstr(found.why, "trylater"));
	buf_added(&large, buf_room(&large, REVOCATION_FILE_MAX + 1) ? REVOCATION_FILE_MAX + 1 : 0);
	revocation_by_file(buf_str(&large), made[ROOT].x509, made[LEAF].x509, NOW, &found);
	must_be(&found, REVOCATION_UNSEEN, "too large");
	memcpy(large.data, "\x30\x82\x0a\x01\x0a\x01\x00", 7);
	revocation_by_ocsp(str_bytes(large.data, REVOCATION_OCSP_MAX + 1), made[ROOT].x509,
	    made[LEAF].x509, NOW, &found);
	must_be(&found, REVOCATION_UNSEEN, "too large");
}

/* The largest that a large issuer publishes, and ours in the middle of it. */
static void
huge(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf der = BUF(REVOCATION_FILE_MAX);
	X509 *revoked[] = { made[LEAF].x509, NULL };
	struct test_list list = { CURRENT, .revoked = revoked, .more = 100000, .reason = 4 };
	struct revocation found;
	when began;

	test_put_crl(&der, &list, &made[ROOT]);
	began = world_ticks();
	revocation_by_file(buf_str(&der), made[ROOT].x509, made[LEAF].x509, NOW, &found);
	print_message("a list of %zu bytes, 100,001 entries: %lld ms\n", der.len,
	    (long long)((world_ticks() - began) / MILLIS(1)));
	must_be(&found, REVOCATION_REVOKED, "replaced");
	began = world_ticks();
	revocation_by_file(buf_str(&der), made[STRANGER].x509, made[STRANGER].x509, NOW, &found);
	print_message("the same, of another issuer: %lld us\n", (long long)(world_ticks() - began));
	must_be(&found, REVOCATION_UNSEEN, "another issuer");
}

/* keyUsage without cRLSign (RFC 5280 4.2.1.3). */
static void
no_right_to_sign(void **state UNUSED)
{
	struct test_certificate weak = test_issue(
	    &(struct test_spec){ .name = "No CA", .from = NOW - DAYS(9), .until = NOW + DAYS(9) },
	    NULL);
	CLEAN(buf_fini) struct buf der = BUF(1 << 16);
	struct test_list list = { CURRENT };
	struct revocation found;

	test_put_crl(&der, &list, &weak);
	revocation_by_file(buf_str(&der), weak.x509, weak.x509, NOW, &found);
	must_be(&found, REVOCATION_UNKNOWN, "may not sign");
	test_certificate_fini(&weak);
}

struct ocsp_case {
	const char *name;
	struct test_answer answer;
	enum who signer, about;
	enum revocation_state state;
	const char *words;
};

#define GOOD    .status = V_OCSP_CERTSTATUS_GOOD, .reason = -1
#define REVOKED .status = V_OCSP_CERTSTATUS_REVOKED

/* clang-format off */
static const struct ocsp_case ocsp_cases[] = {
	{ "by the issuer", { CURRENT, GOOD }, ROOT, LEAF, REVOCATION_GOOD, "" },
	{ "by the issuer, not in it", { CURRENT, GOOD, .no_responder = true }, ROOT, LEAF, REVOCATION_GOOD, "" },
	{ "by its responder", { CURRENT, GOOD }, RESPONDER, LEAF, REVOCATION_GOOD, "" },
	{ "named by SHA-256", { CURRENT, GOOD, .sha256 = true }, RESPONDER, LEAF, REVOCATION_GOOD, "" },
	{ "revoked", { CURRENT, REVOKED, .reason = 1 }, RESPONDER, LEAF, REVOCATION_REVOKED, "no longer secret" },
	{ "revoked, no reason", { CURRENT, REVOKED, .reason = -1 }, ROOT, LEAF, REVOCATION_REVOKED, "" },
	{ "revoked, stale", { .from = NOW - DAYS(9), .until = NOW - DAYS(2), REVOKED, .reason = 4 }, ROOT, LEAF, REVOCATION_REVOKED, "replaced" },
	{ "hold, stale", { .from = NOW - DAYS(9), .until = NOW - DAYS(2), REVOKED, .reason = 6 }, ROOT, LEAF, REVOCATION_UNKNOWN, "out of date" },
	{ "unknown there", { CURRENT, .status = V_OCSP_CERTSTATUS_UNKNOWN, .reason = -1 }, ROOT, LEAF, REVOCATION_UNKNOWN, "does not know" },
	{ "about another one", { CURRENT, REVOKED, .reason = -1 }, ROOT, OTHER_LEAF, REVOCATION_UNSEEN, "other certificates" },
	{ "stale", { .from = NOW - DAYS(9), .until = NOW - DAYS(2), GOOD }, ROOT, LEAF, REVOCATION_UNKNOWN, "out of date" },
	{ "from the future", { .from = NOW + DAYS(1), .until = NOW + DAYS(2), GOOD }, ROOT, LEAF, REVOCATION_UNKNOWN, "from the future" },
	{ "without an end", { CURRENT, GOOD, .no_end = true }, ROOT, LEAF, REVOCATION_UNKNOWN, "until when" },
	{ "a responder without the purpose", { CURRENT, GOOD }, NO_RESPONDER, LEAF, REVOCATION_UNKNOWN, "neither" },
	{ "a responder that is over", { CURRENT, GOOD }, OLD_RESPONDER, LEAF, REVOCATION_UNKNOWN, "neither" },
	{ "a responder named with SHA-1", { CURRENT, GOOD }, SHA1_RESPONDER, LEAF, REVOCATION_UNKNOWN, "neither" },
	{ "somebody else's responder", { CURRENT, GOOD }, FAR_RESPONDER, LEAF, REVOCATION_UNKNOWN, "neither" },
	{ "the issuer's name, another key", { CURRENT, REVOKED, .reason = -1 }, OTHER_ROOT, LEAF, REVOCATION_UNKNOWN, "neither" },
	{ "another CA of the issuer", { CURRENT, REVOKED, .reason = -1 }, ISSUING, LEAF, REVOCATION_UNKNOWN, "neither" },
	{ "a responder that is not in it", { CURRENT, GOOD, .no_responder = true }, RESPONDER, LEAF, REVOCATION_UNKNOWN, "neither" },
	{ "SHA-1", { CURRENT, GOOD, .digest = "SHA1" }, ROOT, LEAF, REVOCATION_UNKNOWN, "no longer accepted" },
};
/* clang-format on */

static void
answers(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(ocsp_cases); i++) {
		const struct ocsp_case *c = &ocsp_cases[i];
		CLEAN(buf_fini) struct buf der = BUF(1 << 16);
		struct revocation found;

		print_message("%s\n", c->name);
		test_put_ocsp(
		    &der, &c->answer, made[c->about].x509, made[ROOT].x509, &made[c->signer]);
		revocation_by_file(buf_str(&der), made[ROOT].x509, made[LEAF].x509, NOW, &found);
		must_be(&found, c->state, c->words);
		if (c->state == REVOCATION_REVOKED)
			assert_true(found.since == c->answer.from - DAYS(1));
	}
}

static void
put_rsa_pss(struct buf *to, const EVP_MD *digest, const struct test_certificate *issuer)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *at = ASN1_TIME_set(NULL, (time_t)(NOW / SECONDS(1)));
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx = NULL;
	unsigned char *der = NULL;
	int len;

	assert_int_equal(X509_CRL_set_version(crl, 1), 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->x509));
	X509_CRL_set1_lastUpdate(crl, at);
	X509_CRL_set1_nextUpdate(crl, at);
	assert_int_equal(EVP_DigestSignInit(ctx, &key_ctx, digest, NULL, issuer->key), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING), 1);
	assert_true(X509_CRL_sign_ctx(crl, ctx) > 0);
	len = i2d_X509_CRL(crl, &der);
	buf_put(to, der, (size_t)len);
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	ASN1_TIME_free(at);
	X509_CRL_free(crl);
}

/* RSASSA-PSS hides its digest in its parameters. */
static void
pss(void **state UNUSED)
{
	EVP_PKEY *key = test_key("RSA-2048");
	struct test_certificate issuer = test_issue(&(struct test_spec){ .name = "RSA",
							.ca = true,
							.from = NOW - DAYS(9),
							.until = NOW + DAYS(9),
							.key = key },
	    NULL);
	CLEAN(buf_fini) struct buf good = BUF(1 << 16);
	CLEAN(buf_fini) struct buf bad = BUF(1 << 16);
	struct revocation found;

	put_rsa_pss(&good, EVP_sha256(), &issuer);
	put_rsa_pss(&bad, EVP_sha1(), &issuer);
	revocation_by_file(buf_str(&good), issuer.x509, issuer.x509, NOW, &found);
	must_be(&found, REVOCATION_GOOD, "");
	revocation_by_file(buf_str(&bad), issuer.x509, issuer.x509, NOW, &found);
	must_be(&found, REVOCATION_UNKNOWN, "no longer accepted");
	test_certificate_fini(&issuer);
	EVP_PKEY_free(key);
}

struct lookup_case {
	const char *name, *points, *info;
	when lasts;
	size_t max, count;
	const char *first; /* URL */
};

/* clang-format off */
static const struct lookup_case lookup_cases[] = {
	{ "none", NULL, NULL, DAYS(90), 4, 0, NULL },
	{ "a list", "URI:http://a.example/1.crl", NULL, DAYS(90), 4, 1, "http://a.example/1.crl" },
	{ "both", "URI:http://a.example/1.crl", "OCSP;URI:http://o.example", DAYS(90), 4, 2, "http://o.example" },
	{ "both, one wanted", "URI:http://a.example/1.crl", "OCSP;URI:http://o.example", DAYS(90), 1, 1, "http://o.example" },
	{ "none wanted", "URI:http://a.example/1.crl", "OCSP;URI:http://o.example", DAYS(90), 0, 0, NULL },
	{ "one responder is enough", NULL, "OCSP;URI:http://o.example,OCSP;URI:http://p.example", DAYS(90), 4, 1, "http://o.example" },
	{ "an issuer's address is none", NULL, "caIssuers;URI:http://a.example/ca.cer", DAYS(90), 4, 0, NULL },
	{ "ldap and https are not asked", "URI:ldap://a.example/x,URI:https://a.example/1.crl,URI:http://b.example/1.crl", NULL, DAYS(90), 4, 1, "http://b.example/1.crl" },
	{ "a name that is no URL", "URI:http://a.example/ x", NULL, DAYS(90), 4, 0, NULL },
	{ "short-lived", "URI:http://a.example/1.crl", NULL, DAYS(7) - SECONDS(1), 4, 0, NULL },
	{ "a second too long for it", "URI:http://a.example/1.crl", NULL, DAYS(7), 4, 1, "http://a.example/1.crl" },
};
/* clang-format on */

static void
lookups(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(lookup_cases); i++) {
		const struct lookup_case *c = &lookup_cases[i];
		struct test_certificate one = leaf("one", c->points, c->info, c->lasts);
		struct revocation_lookup found[4];

		print_message("%s\n", c->name);
		assert_int_equal(
		    revocation_lookups(one.x509, made[ROOT].x509, found, c->max), c->count);
		if (c->count > 0)
			assert_string_equal(found[0].url, c->first);
		test_certificate_fini(&one);
	}
}

/* A place at which only some reasons are listed, or somebody else's list is: nothing to be learnt
 * from a silence there (RFC 5280 6.3.3). */
static void
points_of_no_use(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf der = BUF(1 << 16);
	struct test_list list = { CURRENT, .scope = "critical,fullname:URI:" PART };
	struct revocation_lookup found[4];
	struct revocation status;

	test_put_crl(&der, &list, &made[ROOT]);
	for (int which = 0; which < 3; which++) {
		struct test_certificate one = leaf("one", "URI:" PART, NULL, DAYS(90));
		CRL_DIST_POINTS *points =
		    X509_get_ext_d2i(one.x509, NID_crl_distribution_points, NULL, NULL);
		DIST_POINT *point = sk_DIST_POINT_value(points, 0);

		if (which == 1) {
			point->reasons = ASN1_BIT_STRING_new();
			assert_int_equal(ASN1_BIT_STRING_set_bit(point->reasons, 1, 1), 1);
		} else if (which == 2) {
			point->CRLissuer = GENERAL_NAMES_new();
			sk_GENERAL_NAME_push(point->CRLissuer,
			    a2i_GENERAL_NAME(NULL, NULL, NULL, GEN_URI, "http://x.example", 0));
		}
		assert_int_equal(X509_add1_ext_i2d(one.x509, NID_crl_distribution_points, points, 0,
				     X509V3_ADD_REPLACE),
		    1);
		assert_int_equal(
		    revocation_lookups(one.x509, made[ROOT].x509, found, 4), which == 0 ? 1 : 0);
		revocation_by_file(buf_str(&der), made[ROOT].x509, one.x509, NOW, &status);
		assert_int_equal(status.state, which == 0 ? REVOCATION_GOOD : REVOCATION_UNSEEN);
		CRL_DIST_POINTS_free(points);
		test_certificate_fini(&one);
	}
}

static void
who_needs_none(void **state UNUSED)
{
	struct test_certificate old = test_issue(
	    &(struct test_spec){ .name = "old", .from = NOW - DAYS(300), .until = NOW - DAYS(291) },
	    &made[ROOT]);

	assert_true(revocation_is_needed(made[LEAF].x509));
	assert_true(revocation_is_needed(made[ISSUING].x509));
	assert_false(revocation_is_needed(made[ROOT].x509));
	assert_false(revocation_is_needed(old.x509)); /* ten days, before 2026-03-15 */
	test_certificate_fini(&old);
}

/* The request names the certificate, as any responder reads it. */
static void
request(void **state UNUSED)
{
	struct test_certificate one = leaf("one", NULL, "OCSP;URI:http://o.example", DAYS(90));
	struct revocation_lookup found;
	const unsigned char *at = found.request;
	OCSP_REQUEST *read;
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), one.x509, made[ROOT].x509);

	assert_int_equal(revocation_lookups(one.x509, made[ROOT].x509, &found, 1), 1);
	assert_int_equal(found.kind, REVOCATION_OCSP);
	read = d2i_OCSP_REQUEST(NULL, &at, (long)found.request_len);
	assert_non_null(read);
	assert_int_equal(OCSP_request_onereq_count(read), 1);
	assert_int_equal(
	    OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(read, 0)), id), 0);
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(read);
	test_certificate_fini(&one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(armoured),
		cmocka_unit_test(damaged),
		cmocka_unit_test(garbage),
		cmocka_unit_test(huge),
		cmocka_unit_test(no_right_to_sign),
		cmocka_unit_test(answers),
		cmocka_unit_test(pss),
		cmocka_unit_test(lookups),
		cmocka_unit_test(points_of_no_use),
		cmocka_unit_test(who_needs_none),
		cmocka_unit_test(request),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
