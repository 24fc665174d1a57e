/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our reading held against other tools': the corpus of deliveries with what each must give, and
 * files made to break parsers. The corpus is read in place; without it the test skips and says so.
 */
#include "delivery/inspect.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <jansson.h>

#include "pki/ca_test_kit.h"
#include "sys/file.h"

static struct delivery_tools *tools;

static const char *
fixtures(void)
{
	const char *folder = getenv("CERTDESK_FIXTURES");

	return folder && *folder ? folder : "../shared/fixtures";
}

static bool
read_whole(const char *path, struct buf *to)
{
	return file_read(path, to) == 0;
}

static json_t *
inspect(struct str bytes, const char *password)
{
	CLEAN(delivery_fini) struct delivery delivery = { 0 };
	CLEAN(buf_fini) struct buf text = BUF(16u << 20);
	struct str given = str_of(password);
	json_t *said;

	delivery_add(&delivery, tools, STR(""), bytes, password ? &given : NULL);
	assert_int_equal(inspect_to_json(&delivery, password != NULL, &text), 0);
	said = json_loads(buf_text(&text), JSON_ALLOW_NUL, NULL);
	assert_non_null(said);
	return said;
}

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool
lists(const json_t *list, const char *text)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item) if (strcmp(json_is_object(item) ? text_of(item, "sha256")
									  : json_string_value(item),
						  text) == 0) return true;
	return false;
}

static bool
same_certificates(const json_t *expect, const json_t *said)
{
	const json_t *want = json_object_get(expect, "certificates");
	const json_t *got = json_object_get(said, "certificates");
	size_t i;
	json_t *item;

	if (!want)
		return true;
	json_array_foreach(want, i, item) if (!lists(got, json_string_value(item))) return false;
	return json_array_size(want) == json_array_size(got);
}

static bool
same_chain(const json_t *expect, const json_t *said)
{
	const json_t *any = json_object_get(expect, "chain_any_of");
	const json_t *got = json_object_get(said, "chain");
	size_t i;
	json_t *item;

	if (!any)
		return json_equal(json_object_get(expect, "chain"), got);
	json_array_foreach(any, i, item) if (json_equal(item, got)) return true;
	return false;
}

/* The rules of the corpus: what is wrong with `said`, or NULL. */
static const char *
fault(const json_t *expect, const json_t *said)
{
	const char *outcome = text_of(expect, "outcome"), *verdict = text_of(expect, "verdict");
	const char *leaf = text_of(expect, "leaf");
	bool failed = strcmp(text_of(said, "outcome"), "ok") != 0;
	const json_t *classes = json_object_get(expect, "error_classes");
	const json_t *keys = json_object_get(expect, "private_key_count");

	if (strcmp(outcome, "error") == 0 || (strcmp(outcome, "either") == 0 && failed)) {
		if (!failed)
			return "an error was expected";
		return !classes || lists(classes, text_of(json_object_get(said, "error"), "class"))
		           ? NULL
		           : "another error was expected";
	}
	if (failed)
		return "no error was expected";
	if (!same_certificates(expect, said))
		return "other certificates";
	if (keys && (json_integer_value(keys) > 0) !=
			(json_array_size(json_object_get(said, "private_keys")) > 0))
		return "private keys";
	if (strncmp(verdict, "leaf", 4) == 0 && strcmp(text_of(said, "leaf"), leaf) != 0)
		return "another leaf";
	if ((strcmp(verdict, "no_leaf") == 0 || strcmp(verdict, "ambiguous") == 0) &&
	    *text_of(said, "leaf"))
		return "a leaf where there is none";
	if (*leaf && strcmp(text_of(said, "leaf"), leaf) == 0 && !same_chain(expect, said))
		return "another chain";
	return NULL;
}

struct disagreement {
	const char *id, *reason;
};

/* All that we say otherwise, in any group and of any strength. A row that agrees again is out of
 * date. */
/* clang-format off */
static const struct disagreement disagreements[] = {
	{ "dev.x509-pyca-invalid-utf8-common-name-pem",
		"its common name is no UTF-8; the OpenSSL we decode with refuses the certificate, and so would the balancer" },
	{ "dev.p12-nss-testoldca-p12",
		"a CA's certificate beside its own key: we name it and refuse it as one (E-05), others name none" },
	{ "dev.p12-nss-openssl-ml-kem-768-seed-p12",
		"the root's ML-DSA signature cannot be verified here, and a chain has only what was verified" },
	{ "dev.keystore-wolfssl-ex-ecc-jks",
		"two entries with keys, one of them a CA's: we take the other, others take none" },
};
/* clang-format on */

static bool
is_explained(const char *id)
{
	for (size_t i = 0; i < COUNT_OF(disagreements); i++)
		if (strcmp(disagreements[i].id, id) == 0)
			return true;
	return false;
}

static void
corpus(void **state UNUSED)
{
	static const char *const strengths[] = { "must", "should", "may" };
	CLEAN(buf_fini) struct buf text = BUF(16u << 20);
	size_t passed[3] = { 0 }, all[3] = { 0 }, explained = 0, wrong = 0, i;
	char path[512];
	json_t *expectations, *row;

	snprintf(path, sizeof(path), "%s/corpus/expectations.json", fixtures());
	if (!read_whole(path, &text)) {
		print_message("skipped: no %s\n", path);
		skip();
	}
	expectations = json_loads(buf_text(&text), JSON_ALLOW_NUL, NULL);
	assert_non_null(expectations);
	json_array_foreach(json_object_get(expectations, "intake"), i, row)
	{
		CLEAN(buf_fini) struct buf bytes = BUF(4u << 20);
		json_t *said;
		const char *why;

		snprintf(path, sizeof(path), "%s/corpus/%s", fixtures(), text_of(row, "file"));
		assert_true(read_whole(path, &bytes));
		said =
		    inspect(buf_str(&bytes), json_string_value(json_object_get(row, "password")));
		why = fault(json_object_get(row, "expect"), said);
		for (size_t s = 0; s < COUNT_OF(strengths); s++)
			if (strcmp(text_of(row, "strength"), strengths[s]) == 0) {
				all[s]++;
				passed[s] += why == NULL;
			}
		explained += why && is_explained(text_of(row, "id"));
		wrong += why && !is_explained(text_of(row, "id"));
		if (why)
			print_message(
			    "%s %s: %s\n", text_of(row, "strength"), text_of(row, "id"), why);
		json_decref(said);
	}
	for (size_t s = 0; s < COUNT_OF(strengths); s++)
		print_message("%s: %zu of %zu\n", strengths[s], passed[s], all[s]);
	json_decref(expectations);
	assert_int_equal(wrong, 0);
	assert_int_equal(explained, COUNT_OF(disagreements));
}

/* Whole mails: those that carry certificates must give exactly these, the others nothing but an
 * answer. The one password is where customers put it, in the text. */
static void
mails(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf text = BUF(16u << 20);
	size_t i, carrying = 0;
	char path[512];
	json_t *expectations, *row;

	snprintf(path, sizeof(path), "%s/corpus/expectations.json", fixtures());
	if (!read_whole(path, &text)) {
		print_message("skipped: no %s\n", path);
		skip();
	}
	expectations = json_loads(buf_text(&text), JSON_ALLOW_NUL, NULL);
	assert_non_null(expectations);
	json_array_foreach(json_object_get(expectations, "mail"), i, row)
	{
		CLEAN(buf_fini) struct buf bytes = BUF(4u << 20);
		const json_t *expect = json_object_get(row, "expect");
		bool has = json_array_size(json_object_get(expect, "certificates")) > 0;
		json_t *said;

		snprintf(path, sizeof(path), "%s/corpus/%s", fixtures(), text_of(row, "file"));
		assert_true(read_whole(path, &bytes));
		alarm(20);
		said = inspect(buf_str(&bytes), has ? "letmein" : NULL);
		alarm(0);
		print_message("%s: %s %s, %zu\n", text_of(row, "id"), text_of(said, "container"),
		    text_of(json_object_get(said, "error"), "message"),
		    json_array_size(json_object_get(said, "certificates")));
		if (has)
			assert_true(same_certificates(expect, said));
		carrying += has;
		json_decref(said);
	}
	json_decref(expectations);
	assert_true(carrying > 0);
}

/* A hang is an alarm's business: each file gets its own. */
static void
files_made_to_break(void **state UNUSED)
{
	char folder[400], path[700];
	const struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%s/corpus/fuzz", fixtures());
	dir = opendir(folder);
	if (!dir) {
		print_message("skipped: no %s\n", folder);
		skip();
		return;
	}
	while ((entry = readdir(dir))) {
		CLEAN(buf_fini) struct buf bytes = BUF(4u << 20);

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		assert_true(read_whole(path, &bytes));
		alarm(20);
		json_decref(inspect(buf_str(&bytes), NULL));
		json_decref(inspect(buf_str(&bytes), "password"));
		alarm(0);
		count++;
	}
	closedir(dir);
	print_message("%zu files\n", count);
}

static void
own_words(void **state UNUSED)
{
	json_t *said = inspect(STR("%PDF-1.4"), NULL);

	assert_string_equal(text_of(said, "outcome"), "error");
	assert_string_equal(text_of(json_object_get(said, "error"), "class"), "unsupported_format");
	assert_string_equal(text_of(json_object_get(said, "error"), "message"), "a PDF document");
	json_decref(said);
}

static void
own_facts(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	when from = (when)1767225600 * 1000000;
	struct test_certificate one = test_issue(&(struct test_spec){ .name = "x",
						     .alternatives = "DNS:x.example",
						     .from = from,
						     .until = from + DAYS(9) },
	    NULL);
	json_t *said, *first;

	test_put_pem(&pem, one.x509);
	test_put_key_pem(&pem, one.key, NULL);
	said = inspect(buf_str(&pem), NULL);
	first = json_array_get(json_object_get(said, "certificates"), 0);
	assert_string_equal(text_of(said, "outcome"), "ok");
	assert_string_equal(text_of(said, "container"), "PEM text");
	assert_string_equal(text_of(said, "leaf"), text_of(first, "sha256"));
	assert_true(json_is_true(json_object_get(said, "key_matches_leaf")));
	assert_string_equal(text_of(first, "not_after"), "2026-01-10T00:00:00Z");
	assert_string_equal(
	    json_string_value(json_array_get(json_object_get(first, "san_dns"), 0)), "x.example");
	json_decref(said);
	test_certificate_fini(&one);
}

static void
expect_error(struct str bytes, const char *password, const char *class, const char *words)
{
	json_t *said = inspect(bytes, password);
	const json_t *error = json_object_get(said, "error");

	assert_string_equal(text_of(error, "class"), class);
	assert_string_equal(text_of(error, "message"), words);
	json_decref(said);
}

/* A closed key alone is the reason for everything; beside certificates it is none. */
static void
closed_keys(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	struct test_certificate ca =
	    test_issue(&(struct test_spec){ .name = "CA", .ca = true, .until = DAYS(9) }, NULL);
	json_t *said;

	test_put_key_pem(&pem, ca.key, "geheim");
	expect_error(
	    buf_str(&pem), NULL, "password_required", "the private key is protected by a password");
	expect_error(buf_str(&pem), "Geheim", "password_wrong",
	    "the password does not open the private key");
	test_put_pem(&pem, ca.x509);
	said = inspect(buf_str(&pem), "Geheim");
	assert_string_equal(text_of(said, "outcome"), "ok");
	assert_int_equal(json_array_size(json_object_get(said, "certificates")), 1);
	json_decref(said);
	test_certificate_fini(&ca);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_words),
		cmocka_unit_test(own_facts),
		cmocka_unit_test(closed_keys),
		cmocka_unit_test(corpus),
		cmocka_unit_test(mails),
		cmocka_unit_test(files_made_to_break),
	};
	bool legacy;
	int failed;

	if (delivery_tools_new(&tools, &legacy))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	delivery_tools_free(tools);
	return failed;
}
