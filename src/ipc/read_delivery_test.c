/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/read_delivery.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct delivery_question *
question_new(void)
{
	struct delivery_question *question = calloc(1, sizeof(*question));

	question->file_count = 2;
	str_copy(STR("a.crt"), question->files[0].name, READ_FILE_NAME_SIZE);
	question->files[0].bytes = STR("one\0two");
	question->has_password = true;
	question->password = STR("");
	str_copy(STR("owa.contoso.com"), question->host, sizeof(question->host));
	question->has_key = true;
	question->spki_sha256[31] = 7;
	question->key_count = 1;
	question->keys[0] =
	    (struct read_key){ .order_number = 1042, .retired = true, .is_customers = true };
	question->key_is_customers = true;
	question->wish = (struct read_wish){
		.kind = READ_TAKE, .key = { { 1 } }, .customer = { { 2 } }, .site = { { 3 } }
	};
	question->now = DAYS(20000);
	question->is_served = true;
	question->status_count = 2;
	question->status[0] = STR("a list");
	question->status[1] = STR("");
	question->has_accepted = true;
	question->accepted_sha256[0] = 9;
	question->has_in_use = question->has_order = true;
	question->in_use_sha256[1] = 3;
	question->in_use_until = DAYS(20100);
	str_copy(STR("Contoso GmbH"), question->order.organization, 512);
	str_copy(STR("Salzburg"), question->order.city, 512);
	str_copy(STR("AT"), question->order.country, 3);
	question->order.key_kind = KEY_P384;
	question->order.csr = STR("csr");
	return question;
}

static void
questions(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf wire = BUF_SECRET(1 << 16);
	struct delivery_question *question = question_new(), *again = question_new();

	read_question_put(question, &wire);
	assert_int_equal(read_question_get(buf_str(&wire), again), 0);
	assert_int_equal(again->file_count, 2);
	assert_string_equal(again->files[0].name, "a.crt");
	assert_true(str_eq(again->files[0].bytes, STR("one\0two")));
	assert_true(again->has_password && again->password.len == 0);
	assert_string_equal(again->host, question->host);
	assert_memory_equal(again->spki_sha256, question->spki_sha256, 32);
	assert_int_equal(again->keys[0].order_number, 1042);
	assert_true(again->keys[0].retired && !again->keys[0].same_site);
	assert_true(again->keys[0].is_customers && again->key_is_customers);
	assert_int_equal(again->wish.kind, READ_TAKE);
	assert_true(id_eq(again->wish.key, question->wish.key) &&
		    id_eq(again->wish.customer, question->wish.customer) &&
		    id_eq(again->wish.site, question->wish.site));
	assert_true(again->now == question->now && again->is_served && again->has_accepted);
	assert_int_equal(again->status_count, 2);
	assert_true(str_eq(again->status[0], STR("a list")) && again->status[1].len == 0);
	assert_memory_equal(again->accepted_sha256, question->accepted_sha256, 32);
	assert_true(again->has_in_use && again->in_use_until == DAYS(20100));
	assert_memory_equal(again->in_use_sha256, question->in_use_sha256, 32);
	assert_true(again->has_order && again->order.key_kind == KEY_P384);
	assert_string_equal(again->order.organization, "Contoso GmbH");
	assert_string_equal(again->order.city, "Salzburg");
	assert_string_equal(again->order.state, "");
	assert_string_equal(again->order.country, "AT");
	assert_true(str_eq(again->order.csr, STR("csr")));
	for (size_t cut = 0; cut < wire.len; cut++)
		assert_int_equal(read_question_get(str_bytes(wire.data, cut), again), -EBADMSG);
	buf_put_byte(&wire, 0);
	assert_int_equal(read_question_get(buf_str(&wire), again), -EBADMSG);
	free(question);
	free(again);
}

/* Found by tests/fuzz/fuzz_message.c: there was none, and there it was. */
static void
no_password_has_no_bytes(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf wire = BUF_SECRET(1 << 16);
	struct delivery_question *question = question_new(), *again = question_new();
	size_t at;

	question->password = STR("secret");
	read_question_put(question, &wire);
	/* before it: whether there is one, and its length */
	at = str_find(buf_str(&wire), STR("secret")) - 5;
	assert_int_equal(wire.data[at], 1);
	assert_int_equal(read_question_get(buf_str(&wire), again), 0);
	wire.data[at] = 0;
	assert_int_equal(read_question_get(buf_str(&wire), again), -EBADMSG);
	free(question);
	free(again);
}

static void
fill(struct read_report *report)
{
	struct finding *finding = findings_add(&report->findings, FINDING_CERT_SHORT_LEFT, "");

	finding_param(finding, "days", "%d", 12);
	report->accepted = report->has_leaf = true;
	str_copy(STR("0a"), report->certificate.serial, sizeof(report->certificate.serial));
	str_copy(STR("CN=x"), report->certificate.subject, sizeof(report->certificate.subject));
	report->certificate.not_after = DAYS(21000);
	buf_put_text(&report->leaf, "leaf");
	buf_put_text(&report->chain, "issuer");
	report->chain_length = 1;
	report->order_repaired = true;
	report->status_count = 1;
	report->status[0] = (struct read_status){ .state = REVOCATION_UNKNOWN };
	str_copy(STR("it is old"), report->status[0].why, sizeof(report->status[0].why));
	report->lookup_count = 2;
	report->lookup[0] = (struct read_lookup){ .kind = REVOCATION_OCSP,
		.url = "http://o.example",
		.request = { 0x30 },
		.request_len = 2 };
	report->lookup[1] =
	    (struct read_lookup){ .kind = REVOCATION_CRL, .url = "http://c.example/1.crl" };
	report->key_count = report->keys_readable = 1;
	report->keys[0][5] = 5;
	report->difference_count = 1;
	report->differences[0] =
	    (struct read_difference){ .field = "city", .ordered = "Salzburg", .delivered = "Wien" };
}

static void
reports(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf wire = BUF(1 << 16);
	struct read_report *report = calloc(1, sizeof(*report)), *again = calloc(1, sizeof(*again));

	read_report_init(report);
	read_report_init(again);
	fill(report);
	read_report_put(report, &wire);
	assert_int_equal(read_report_get(buf_str(&wire), again), 0);
	assert_true(again->accepted && again->has_leaf && again->order_repaired);
	assert_int_equal(again->findings.count, 1);
	assert_int_equal(again->findings.list[0].code, FINDING_CERT_SHORT_LEFT);
	assert_string_equal(finding_value(&again->findings.list[0], "days"), "12");
	assert_string_equal(again->certificate.subject, "CN=x");
	assert_true(str_eq(buf_str(&again->leaf), STR("leaf")));
	assert_true(str_eq(buf_str(&again->chain), STR("issuer")));
	assert_int_equal(again->keys[0][5], 5);
	assert_int_equal(again->difference_count, 1);
	assert_memory_equal(
	    &again->differences[0], &report->differences[0], sizeof(struct read_difference));
	assert_int_equal(again->status_count, 1);
	assert_int_equal(again->status[0].state, REVOCATION_UNKNOWN);
	assert_string_equal(again->status[0].why, "it is old");
	assert_int_equal(again->lookup_count, 2);
	assert_int_equal(again->lookup[0].request_len, 2);
	assert_int_equal(again->lookup[0].request[0], 0x30);
	assert_string_equal(again->lookup[1].url, "http://c.example/1.crl");
	for (size_t cut = 0; cut < wire.len; cut++)
		assert_int_equal(read_report_get(str_bytes(wire.data, cut), again), -EBADMSG);
	assert_true(again->accepted); /* untouched by what failed */
	read_report_fini(report);
	read_report_fini(again);
	free(report);
	free(again);
}

/* To take a key for nobody, or by a word nobody knows. */
static void
wishes_for_nobody(void **state UNUSED)
{
	for (int which = 0; which < 4; which++) {
		CLEAN(buf_fini) struct buf wire = BUF_SECRET(1 << 16);
		struct delivery_question *question = question_new(), *again = question_new();
		struct read_wish *wish = &question->wish;

		if (which == 3)
			wish->kind = READ_WISH_MAX;
		else
			*(which == 0     ? &wish->key
			    : which == 1 ? &wish->customer
					 : &wish->site) = ID_NONE;
		read_question_put(question, &wire);
		assert_int_equal(read_question_get(buf_str(&wire), again), -EBADMSG);
		free(question);
		free(again);
	}
}

/* A key that was taken without a word, a word without a key, neither, for a refused one, or for one
 * that something is to be fetched for. */
static void
contradict_taken(struct read_report *report, int which)
{
	if (which != 6)
		report->lookup_count = 0;
	report->taken.is_taken = which != 3;
	if (which != 4)
		buf_put_text(&report->taken.wrapped, "wrapped");
	if (which != 2)
		findings_add(&report->findings, FINDING_CERT_FOREIGN_KEY_TAKEN, "");
	if (which == 5)
		report->accepted = false;
}

/* "Accepted" next to a finding that refuses, or without a leaf: nobody acts on that. */
static void
contradictions(void **state UNUSED)
{
	struct read_report *report = calloc(1, sizeof(*report)), *again = calloc(1, sizeof(*again));

	read_report_init(again);
	for (int which = 0; which < 7; which++) {
		CLEAN(buf_fini) struct buf wire = BUF(1 << 16);

		read_report_init(report);
		fill(report);
		if (which == 0)
			(void)findings_add(&report->findings, FINDING_CERT_EXPIRED, "");
		else if (which == 1)
			buf_clear(&report->leaf);
		else
			contradict_taken(report, which);
		read_report_put(report, &wire);
		assert_int_equal(read_report_get(buf_str(&wire), again), -EBADMSG);
		read_report_fini(report);
	}
	read_report_fini(again);
	free(report);
	free(again);
}

/* A list is fetched, a responder is asked: with nothing to ask, or a question to a list, it is
 * neither. */
static void
lookups_make_sense(void **state UNUSED)
{
	struct read_report *report = calloc(1, sizeof(*report)), *again = calloc(1, sizeof(*again));

	read_report_init(again);
	for (uint32_t which = 0; which < 2; which++) {
		CLEAN(buf_fini) struct buf wire = BUF(1 << 16);

		read_report_init(report);
		fill(report);
		report->lookup[which].request_len = which;
		read_report_put(report, &wire);
		assert_int_equal(read_report_get(buf_str(&wire), again), -EBADMSG);
		read_report_fini(report);
	}
	read_report_fini(again);
	free(report);
	free(again);
}

static void
file_names(void **state UNUSED)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "owa.crt", "owa.crt" },
		{ "C:\\Users\\x\\owa.crt", "owa.crt" },
		{ "../../etc/passwd", "passwd" },
		{ "a\r\nb\x1b[31m", "a  b [31m" },
		{ "  ", "the pasted text" },
		{ "folder/", "the pasted text" },
		{ "", "the pasted text" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char to[READ_FILE_NAME_SIZE];

		read_file_name(str_of(cases[i].from), to);
		assert_string_equal(to, cases[i].to);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions),
		cmocka_unit_test(no_password_has_no_bytes),
		cmocka_unit_test(reports),
		cmocka_unit_test(wishes_for_nobody),
		cmocka_unit_test(contradictions),
		cmocka_unit_test(lookups_make_sense),
		cmocka_unit_test(file_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
