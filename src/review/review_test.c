/* SPDX-License-Identifier: Apache-2.0 */
#include "review/review.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/certificates.h"
#include "store/keys.h"
#include "store/store_test_kit.h"

static void
who_must_look(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *policy; bool clean; enum finding_severity worst; bool needless; } cases[] = {
		{ "always",   false, SEVERITY_INFO, false },
		{ "always",   true,  SEVERITY_INFO, true },
		{ "always",   true,  SEVERITY_WARN, false },
		{ "warnings", false, SEVERITY_INFO, true },
		{ "warnings", true,  SEVERITY_WARN, false },
		{ "never",    false, SEVERITY_WARN, true },
		{ "never",    true,  SEVERITY_HOLD, false },
		{ "no word",  false, SEVERITY_INFO, false },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct findings findings = { .count = 2,
			.list = { { .severity = cases[i].worst }, { .severity = SEVERITY_INFO } } };

		assert_int_equal(review_is_needless(review_policy_of(str_of(cases[i].policy)),
				     cases[i].clean, &findings),
		    cases[i].needless);
	}
}

static struct order
waiting(struct lab *lab)
{
	struct order o = make_order(lab, "owa.contoso.com");

	give_certificate(lab, &o); /* a key, a request, and an older certificate */
	event(lab, o.id, EVENT_CHECKED);
	event(lab, o.id, EVENT_KEYED);
	OK(store_order_get(lab->s, o.id, &o));
	return o;
}

static struct read_report *
report_new(const char *leaf, when until)
{
	struct read_report *report = calloc(1, sizeof(*report));

	read_report_init(report);
	report->accepted = report->has_leaf = true;
	buf_put_text(&report->leaf, leaf);
	buf_put_text(&report->chain, "the chain");
	report->chain_length = 1;
	snprintf(report->certificate.names, sizeof(report->certificate.names), "owa.contoso.com");
	snprintf(report->container, sizeof(report->container), "PKCS#7");
	report->certificate.sha256[0] = 7;
	report->certificate.not_before = fake_time + DAYS(1);
	report->certificate.not_after = until;
	finding_param(findings_add(&report->findings, FINDING_CERT_SHORT_LEFT, ""), "days", "9");
	finding_param(
	    findings_add(&report->findings, FINDING_CERT_ROOT_DROPPED, ""), "names", "CN=Root");
	return report;
}

static void
report_done(struct read_report *report)
{
	read_report_fini(report);
	free(report);
}

static struct delivered
keep(struct lab *lab, const struct order *o, const struct read_report *report)
{
	struct delivered kept;

	OK(store_begin(lab->s));
	OK(review_keep(lab->s, o, report, false, &kept));
	OK(store_commit(lab->s, "test.kept"));
	return kept;
}

static void
kept_and_accepted(void **state)
{
	struct lab *lab = *state;
	struct order o = waiting(lab);
	struct read_report *report = report_new("the leaf", fake_time + DAYS(199));
	struct delivered kept = keep(lab, &o, report), again;
	CLEAN(buf_fini) struct buf leaf = BUF(100);
	CLEAN(buf_fini) struct buf chain = BUF(100);
	CLEAN(found_list_fini) struct found_list found = { 0 };
	struct certificate c;

	OK(store_order_get(lab->s, o.id, &o));
	assert_true(o.facts.fact[FACT_DELIVERED] && !o.facts.fact[FACT_CERTIFIED]);
	assert_false(has_task(lab, o.id, TASK_INSTALL));
	OK(store_delivered_open(lab->s, o.id, &again));
	assert_memory_equal(again.review, kept.review, 32);
	assert_string_equal(again.container, "PKCS#7");
	OK(store_begin(lab->s));
	OK(review_accept(lab->s, &o, &again));
	OK(store_commit(lab->s, "test.accepted"));
	OK(store_order_get(lab->s, o.id, &o));
	assert_true(o.facts.fact[FACT_CERTIFIED] && !o.facts.fact[FACT_DELIVERED]);
	assert_true(o.facts.valid_from == fake_time + DAYS(1));
	assert_true(has_task(lab, o.id, TASK_INSTALL));
	OK(store_certificate_get(lab->s, o.certificate, &c));
	assert_int_equal(c.sha256[0], 7);
	OK(store_certificate_der(lab->s, o.certificate, &leaf, &chain));
	assert_string_equal(buf_text(&leaf), "the leaf");
	assert_string_equal(buf_text(&chain), "the chain");
	OK(store_findings_open(lab->s, o.id, &found));
	assert_int_equal(found.count, 2);
	assert_int_equal(found.row[0].finding.code, FINDING_CERT_SHORT_LEFT);
	assert_string_equal(finding_value(&found.row[0].finding, "days"), "9");
	assert_int_equal(store_delivered_open(lab->s, o.id, &again), STORE_E_ABSENT);
	assert_int_equal(
	    count_of(lab, "SELECT COUNT(*) FROM events WHERE action='certificate.reviewed'"
			  " AND detail LIKE '%\"acknowledged\":[\"CERT_SHORT_LEFT\"]%'"),
	    1);
	report_done(report);
}

/* Anything that differs gives another number; the next delivery takes the place of the one before. */
static void
numbers(void **state)
{
	struct lab *lab = *state;
	struct order o = waiting(lab);
	struct read_report *report = report_new("one", fake_time + DAYS(199));
	struct delivered first = keep(lab, &o, report), same = keep(lab, &o, report), now;

	assert_memory_equal(first.review, same.review, 32);
	buf_put_text(&report->leaf, "!");
	now = keep(lab, &o, report);
	assert_memory_not_equal(now.review, same.review, 32);
	same = now;
	finding_param(&report->findings.list[0], "days", "8");
	now = keep(lab, &o, report);
	assert_memory_not_equal(now.review, same.review, 32);
	same = now;
	report->findings.list[0].severity = SEVERITY_HOLD;
	now = keep(lab, &o, report);
	assert_memory_not_equal(now.review, same.review, 32);
	OK(store_delivered_open(lab->s, o.id, &same));
	assert_true(id_eq(same.id, now.id));
	assert_int_equal(
	    count_of(lab, "SELECT COUNT(*) FROM deliveries WHERE state='discarded'"), 4);
	report_done(report);
}

static const struct id new_key = { { 0xee, 1 } };

static struct read_report *
report_with_key(void)
{
	struct read_report *report = report_new("the leaf", fake_time + DAYS(199));

	report->findings.count = 0;
	finding_param(
	    findings_add(&report->findings, FINDING_CERT_FOREIGN_KEY_TAKEN, ""), "file", "a.pfx");
	report->taken.is_taken = true;
	report->taken.kind = KEY_P384;
	buf_put_text(&report->taken.wrapped, "the wrapped key");
	report->certificate.spki_sha256[3] = 33;
	return report;
}

static struct delivered
keep_with_key(struct lab *lab, const struct order *o, struct read_report *report)
{
	const struct review_offer offer = {
		.key = new_key, .author = "Eva Lindt", .statement = "I know."
	};
	struct delivered kept;

	OK(store_begin(lab->s));
	OK(review_keep_with_key(lab->s, o, report, &offer, &kept));
	OK(store_commit(lab->s, "test.kept"));
	return kept;
}

#define WRAPPED_LEFT "SELECT COUNT(*) FROM deliveries WHERE length(key_wrapped)>0"

/* Until somebody accepts it, it is no key of the site; then it is the one in force. */
static void
a_key_comes_into_force(void **state)
{
	struct lab *lab = *state;
	struct order o = waiting(lab), after;
	struct read_report *report = report_with_key();
	struct delivered kept = keep_with_key(lab, &o, report), open;
	CLEAN(buf_fini) struct buf wrapped = BUF(100);
	CLEAN(found_list_fini) struct found_list found = { 0 };
	struct certificate c;
	struct key key, former;

	assert_int_equal(store_key_get(lab->s, new_key, &key), STORE_E_ABSENT);
	assert_int_equal(store_key_wrapped(lab->s, new_key, &wrapped), STORE_E_ABSENT);
	assert_int_equal(count_of(lab, WRAPPED_LEFT), 1);
	OK(store_delivered_open(lab->s, o.id, &open));
	assert_true(
	    id_eq(open.key, new_key) && open.key_kind == KEY_P384 && open.key_spki[3] == 33);
	assert_memory_equal(open.review, kept.review, 32);
	OK(store_begin(lab->s));
	OK(review_accept(lab->s, &o, &open));
	OK(store_commit(lab->s, "test.accepted"));
	OK(store_order_get(lab->s, o.id, &after));
	assert_true(id_eq(after.key, new_key));
	OK(store_key_get(lab->s, new_key, &key));
	assert_true(key.state == KEY_ACTIVE && key.origin == KEY_FROM_CUSTOMER);
	assert_true(key.kind == KEY_P384 && key.spki_sha256[3] == 33 && key.generation == 2);
	assert_true(id_eq(key.customer, o.customer) && id_eq(key.site, o.site));
	OK(store_key_get(lab->s, o.key, &former));
	assert_true(former.state == KEY_RETIRED && former.origin == KEY_MADE_HERE);
	OK(store_key_wrapped(lab->s, new_key, &wrapped));
	assert_string_equal(buf_text(&wrapped), "the wrapped key");
	assert_int_equal(count_of(lab, WRAPPED_LEFT), 0);
	OK(store_certificate_get(lab->s, after.certificate, &c));
	assert_true(id_eq(c.key, new_key));
	OK(store_findings_open(lab->s, o.id, &found));
	assert_string_equal(finding_value(&found.row[0].finding, "author"), "Eva Lindt");
	assert_int_equal(count_of(lab, "SELECT COUNT(*) FROM events WHERE action='key.offered'"
				       " AND detail LIKE '%\"author\":\"Eva Lindt\"%I know.%'"),
	    1);
	assert_int_equal(count_of(lab, "SELECT COUNT(*) FROM events WHERE action='key.taken'"), 1);
	assert_int_equal(
	    count_of(lab, "SELECT COUNT(*) FROM events WHERE action='certificate.reviewed'"
			  " AND detail LIKE '%CERT_FOREIGN_KEY_TAKEN%'"),
	    1);
	report_done(report);
}

/* Another delivery, or the order's end: the key is gone, and was never one of the site's. */
static void
a_key_that_nobody_accepted_is_wiped(void **state)
{
	struct lab *lab = *state;
	struct order o = waiting(lab);
	struct read_report *report = report_with_key(),
			   *better = report_new("better", fake_time + DAYS(199));

	for (int i = 0; i < 2; i++) {
		keep_with_key(lab, &o, report);
		assert_int_equal(count_of(lab, WRAPPED_LEFT), 1);
		if (i == 0)
			keep(lab, &o, better);
		else
			event(lab, o.id, EVENT_RETIRED);
		assert_int_equal(count_of(lab, WRAPPED_LEFT), 0);
		assert_int_equal(
		    count_of(lab, "SELECT COUNT(*) FROM events WHERE action='key.discarded'"),
		    i + 1);
	}
	assert_int_equal(count_of(lab, "SELECT COUNT(*) FROM keys"), 1);
	assert_int_equal(count_of(lab, "SELECT COUNT(*) FROM deliveries WHERE ended=0"), 0);
	report_done(report);
	report_done(better);
}

/* The store refuses an id that is there: no key is ever written over. */
static void
no_key_is_written_over(void **state)
{
	struct lab *lab = *state;
	struct order o = waiting(lab), other;
	struct read_report *report = report_with_key();
	struct delivered kept = keep_with_key(lab, &o, report);

	OK(store_begin(lab->s));
	OK(review_accept(lab->s, &o, &kept));
	OK(store_commit(lab->s, "test.accepted"));
	OK(store_order_get(lab->s, o.id, &other));
	kept = keep_with_key(lab, &other, report);
	OK(store_begin(lab->s));
	assert_int_equal(review_accept(lab->s, &other, &kept), STORE_E_TAKEN);
	store_abandon(lab->s);
	report_done(report);
}

static void
a_key_needs_a_wish(void **state)
{
	struct lab *lab = *state;
	const struct review_offer nothing = { .author = "x", .statement = "y" };
	const struct review_offer offer = { .key = new_key, .author = "x", .statement = "y" };
	struct order o = waiting(lab);
	struct read_report *taken = report_with_key(),
			   *none = report_new("none", fake_time + DAYS(199));
	struct delivered kept;

	OK(store_begin(lab->s));
	assert_true(review_keep(lab->s, &o, taken, false, &kept) < 0);
	assert_true(review_keep_with_key(lab->s, &o, taken, &nothing, &kept) < 0);
	assert_true(review_keep_with_key(lab->s, &o, none, &offer, &kept) < 0);
	store_abandon(lab->s);
	report_done(taken);
	report_done(none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_must_look),
		IN_LAB(kept_and_accepted),
		IN_LAB(numbers),
		IN_LAB(a_key_comes_into_force),
		IN_LAB(a_key_that_nobody_accepted_is_wiped),
		IN_LAB(no_key_is_written_over),
		IN_LAB(a_key_needs_a_wish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
