/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/inspect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <openssl/x509.h>

#include "pki/ca_test_kit.h"

#define NOW  ((when)1780272000 * 1000000) /* 2026-06-01 */
#define HOST "owa.contoso.com"

static struct test_certificate root, issuing, leaf, other;
static struct delivery_tools *tools;
static struct trust trust;
static const struct judge_setting setting = { .trust = &trust };

static struct test_certificate
issue_leaf(const char *name)
{
	char alternatives[64];

	snprintf(alternatives, sizeof(alternatives), "DNS:%s", name);
	return test_issue(&(struct test_spec){ .name = name,
			      .alternatives = alternatives,
			      .purposes = "serverAuth",
			      .from = NOW - DAYS(10),
			      .until = NOW + DAYS(180) },
	    &issuing);
}

static int
set_up(void **state UNUSED)
{
	struct test_spec ca = {
		.name = "Root", .ca = true, .from = NOW - DAYS(900), .until = NOW + DAYS(900)
	};
	CLEAN(buf_fini) struct buf der = BUF(1 << 14);
	bool legacy;

	root = test_issue(&ca, NULL);
	ca.name = "Issuing CA";
	issuing = test_issue(&ca, &root);
	leaf = issue_leaf(HOST);
	other = issue_leaf("www.contoso.com");
	test_put_der(&der, root.x509);
	trust.roots = shelf_new();
	return shelf_add(trust.roots, buf_str(&der)) ? delivery_tools_new(&tools, &legacy) : 1;
}

static int
tear_down(void **state UNUSED)
{
	test_certificate_fini(&root);
	test_certificate_fini(&issuing);
	test_certificate_fini(&leaf);
	test_certificate_fini(&other);
	trust_fini(&trust);
	delivery_tools_free(tools);
	return 0;
}

/* What is said of one file; `csr` NULL: no request. */
static json_t *
look(struct str bytes, const struct str *csr, const char *host)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 22);
	struct delivery_question *question = calloc(1, sizeof(*question));
	const struct inspection about = { .question = question, .csr = csr, .bundle = true };
	json_t *said;

	question->file_count = 1;
	question->files[0].bytes = bytes;
	question->now = NOW;
	str_copy(str_of(host), question->host, sizeof(question->host));
	str_copy(STR("order.pem"), question->files[0].name, READ_FILE_NAME_SIZE);
	assert_int_equal(inspect_look(&about, tools, &setting, &text), 0);
	said = json_loads(buf_text(&text), JSON_ALLOW_NUL, NULL);
	assert_non_null(said);
	free(question);
	return said;
}

static bool
finds(const json_t *said, const char *code)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(said, "findings"), i,
	    item) if (strcmp(json_string_value(json_object_get(item, "code")), code) ==
		      0) return true;
	return false;
}

static const char *
member(const json_t *said, const char *object, const char *name)
{
	const char *text = json_string_value(json_object_get(json_object_get(said, object), name));

	return text ? text : "";
}

static void
put_request(EVP_PKEY *key, const char *name, struct buf *to)
{
	X509_REQ *request = X509_REQ_new();
	unsigned char *der = NULL;
	int len;

	assert_int_equal(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN",
			     MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0),
	    1);
	assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
	assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
	len = i2d_X509_REQ(request, &der);
	buf_put(to, der, (size_t)len);
	OPENSSL_free(der);
	X509_REQ_free(request);
}

static void
whole(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	json_t *said, *repaired;

	test_put_pem(&pem, root.x509);
	test_put_pem(&pem, issuing.x509);
	test_put_pem(&pem, leaf.x509);
	test_put_key_pem(&pem, leaf.key, NULL);
	said = look(buf_str(&pem), NULL, "");
	repaired = json_object_get(said, "repaired");
	assert_true(json_is_true(json_object_get(said, "usable")));
	assert_true(json_is_true(json_object_get(repaired, "order_repaired")));
	assert_int_equal(json_array_size(json_object_get(repaired, "roots")), 1);
	assert_int_equal(json_array_size(json_object_get(said, "bundle")), 2);
	assert_string_equal(member(said, "chain_status", "end"), "trusted");
	assert_string_equal(member(said, "chain_status", "root"), "CN=Root,O=certdesk test");
	assert_true(json_is_true(json_object_get(said, "key_matches_leaf")));
	assert_true(finds(said, "CERT_ROOT_DROPPED"));
	assert_false(finds(said, "CERT_KEY_RECEIVED")); /* nobody has sent it to us */
	json_decref(said);
}

static void
incomplete(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	const json_t *first;
	json_t *said;

	test_put_pem(&pem, leaf.x509);
	said = look(buf_str(&pem), NULL, "www.contoso.com");
	first = json_array_get(json_object_get(said, "findings"), 0);
	assert_false(json_is_true(json_object_get(said, "usable")));
	assert_true(json_is_null(json_object_get(said, "repaired")));
	assert_int_equal(json_array_size(json_object_get(said, "bundle")), 0);
	assert_string_equal(member(said, "chain_status", "end"), "incomplete");
	assert_string_equal(
	    member(said, "chain_status", "missing"), "CN=Issuing CA,O=certdesk test");
	assert_true(finds(said, "CERT_CHAIN") && finds(said, "CERT_NAME_MISSING"));
	assert_null(strchr(json_string_value(json_object_get(first, "what")), '{'));
	json_decref(said);
}

/* A request says which key, and which name unless another was asked for. */
static void
requests(void **state UNUSED)
{
	static const struct {
		bool own;         /* the leaf's key, or the other's */
		const char *name; /* the request's */
		const char *host; /* asked for */
		bool fits;
		const char *finding; /* NULL = usable */
	} cases[] = {
		{ true, HOST, "", true, NULL },
		{ true, "www.contoso.com", "", true, "CERT_NAME_MISSING" },
		{ true, "www.contoso.com", HOST, true, NULL },
		{ true, "no host name", "", true, NULL },
		{ false, HOST, "", false, "CERT_KEY_UNKNOWN" },
	};
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);

	test_put_pem(&pem, leaf.x509);
	test_put_pem(&pem, issuing.x509);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf request = BUF(1 << 14);
		struct str csr;
		json_t *said;

		put_request(cases[i].own ? leaf.key : other.key, cases[i].name, &request);
		csr = buf_str(&request);
		said = look(buf_str(&pem), &csr, cases[i].host);
		assert_int_equal(
		    json_is_true(json_object_get(json_object_get(said, "csr"), "matches_leaf")),
		    cases[i].fits);
		assert_int_equal(
		    json_is_true(json_object_get(said, "usable")), cases[i].finding == NULL);
		assert_true(!cases[i].finding || finds(said, cases[i].finding));
		json_decref(said);
	}
}

static void
no_request(void **state UNUSED)
{
	static const struct str wrong[] = { STR_INIT(""), STR_INIT("0"),
		STR_INIT("-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n"
			 "-----END CERTIFICATE REQUEST-----\n") };

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		json_t *said = look(STR("x"), &wrong[i], "");

		assert_non_null(json_object_get(said, "csr_error"));
		assert_int_equal(json_object_size(said), 1);
		json_decref(said);
	}
}

static void
the_leaf_of_the_request(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16), request = BUF(1 << 14);
	struct str csr;
	json_t *said;

	test_put_pem(&pem, leaf.x509);
	test_put_pem(&pem, other.x509);
	test_put_pem(&pem, issuing.x509);
	said = look(buf_str(&pem), NULL, "");
	assert_true(json_is_null(json_object_get(said, "leaf")));
	assert_string_equal(member(said, "chain_status", "end"), "no_leaf");
	json_decref(said);
	put_request(other.key, "www.contoso.com", &request);
	csr = buf_str(&request);
	said = look(buf_str(&pem), &csr, "");
	assert_true(json_is_true(json_object_get(said, "usable")));
	assert_int_equal(
	    json_array_size(json_object_get(json_object_get(said, "repaired"), "extras")), 1);
	json_decref(said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(incomplete),
		cmocka_unit_test(requests),
		cmocka_unit_test(no_request),
		cmocka_unit_test(the_leaf_of_the_request),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
