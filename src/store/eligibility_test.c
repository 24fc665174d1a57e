/* SPDX-License-Identifier: Apache-2.0 */
/* Counts with their names, and waivers of two people. */
#include "store/eligibility.h"

#include "store/store_test_kit.h"

#include <stdio.h>

static struct mailbox_count
count(struct lab *lab, int64_t mailboxes, const char *names, int64_t listed)
{
	struct mailbox_count c = { .customer = lab->customer.id,
		.mailboxes = mailboxes,
		.source = "directory",
		.author = "worker",
		.asked = "(mail=*) below OU=contoso",
		.listed = listed };

	OK(store_begin(lab->s));
	OK(store_mailboxes_add(lab->s, &c, str_of(names), ID_NONE));
	OK(store_commit(lab->s, "test.count"));
	fake_time += MILLIS(2);
	return c;
}

static void
the_latest_count_holds(void **state)
{
	struct lab *lab = *state;
	CLEAN(mailbox_count_list_fini) struct mailbox_count_list list = { 0 };
	struct page page = { .limit = 10 };
	struct mailbox_count c;

	assert_int_equal(store_mailboxes_latest(lab->s, lab->customer.id, &c), STORE_E_ABSENT);
	(void)count(lab, 150, "", 0);
	(void)count(lab, 250, "", 0);
	OK(store_mailboxes_latest(lab->s, lab->customer.id, &c));
	assert_int_equal(c.mailboxes, 250);
	assert_string_equal(c.asked, "(mail=*) below OU=contoso");
	OK(store_mailboxes_list(lab->s, lab->customer.id, page, &list));
	assert_int_equal(list.count, 2);
	assert_int_equal(list.row[0].mailboxes, 150);
}

static void
a_count_has_its_names(void **state)
{
	struct lab *lab = *state;
	CLEAN(mailbox_names_fini) struct mailbox_names first = { 0 }, rest = { 0 };
	struct mailbox_count c = count(lab, 4, "anna\nbert\ncarl\n", 3), other;

	OK(store_mailbox_names(lab->s, c.id, 0, 2, &first));
	assert_int_equal(first.count, 2);
	assert_true(first.more);
	assert_string_equal(first.row[1].name, "bert");
	OK(store_mailbox_names(lab->s, c.id, first.row[1].number, 2, &rest));
	assert_int_equal(rest.count, 1);
	assert_false(rest.more);
	assert_string_equal(rest.row[0].name, "carl");
	assert_int_equal(
	    store_mailboxes_get(lab->s, lab->service.id, c.id, &other), STORE_E_ABSENT);
	OK(store_mailboxes_get(lab->s, lab->customer.id, c.id, &other));
	assert_int_equal(other.listed, 3);
}

/* Names are of people: they stay no longer than they are of use. The figures stay. */
static void
only_the_latest_lists_are_kept(void **state)
{
	struct lab *lab = *state;
	CLEAN(mailbox_names_fini) struct mailbox_names names = { 0 };
	struct mailbox_count first = count(lab, 7, "anna\n", 1), as_it_is;

	for (int i = 0; i < MAILBOX_LISTS_KEPT; i++) {
		(void)count(lab, 8, "bert\n", 1);
		(void)count(lab, 9, "", 0); /* has none, and takes nobody's place */
	}
	OK(store_mailboxes_get(lab->s, lab->customer.id, first.id, &as_it_is));
	assert_int_equal(as_it_is.mailboxes, 7);
	assert_int_equal(as_it_is.listed, 0);
	OK(store_mailbox_names(lab->s, first.id, 0, 10, &names));
	assert_int_equal(names.count, 0);
	assert_int_equal(count_of(lab, "SELECT COUNT(*) FROM mailbox_names"), MAILBOX_LISTS_KEPT);
}

static struct waiver
propose(struct lab *lab)
{
	struct waiver w = { .customer = lab->customer.id,
		.author = "Eva",
		.reason = "merger",
		.expires = fake_time + DAYS(1) };

	OK(store_begin(lab->s));
	OK(store_waiver_add(lab->s, &w));
	OK(store_commit(lab->s, "test.propose"));
	return w;
}

static void
confirm(struct lab *lab, struct waiver *w, const char *by, int wanted)
{
	snprintf(w->second, sizeof(w->second), "%s", by);
	OK(store_begin(lab->s));
	assert_int_equal(store_waiver_confirm(lab->s, w), wanted);
	OK(store_commit(lab->s, "test.confirm"));
}

static void
a_waiver_needs_a_second_person(void **state)
{
	struct lab *lab = *state;
	struct waiver w = propose(lab), valid;

	assert_int_equal(
	    store_waiver_valid(lab->s, lab->customer.id, fake_time, &valid), STORE_E_ABSENT);
	confirm(lab, &w, "Eva", STORE_E_NOT_NOW);
	assert_int_equal(
	    store_waiver_valid(lab->s, lab->customer.id, fake_time, &valid), STORE_E_ABSENT);
	confirm(lab, &w, "Otto", 0);
	confirm(lab, &w, "Ida", STORE_E_ALREADY);
	OK(store_waiver_valid(lab->s, lab->customer.id, fake_time, &valid));
	assert_string_equal(valid.author, "Eva");
	assert_string_equal(valid.second, "Otto");
	assert_int_equal(store_waiver_valid(lab->s, lab->customer.id, fake_time + DAYS(2), &valid),
	    STORE_E_ABSENT);
}

static void
what_has_expired_is_not_confirmed(void **state)
{
	struct lab *lab = *state;
	struct waiver w = propose(lab);

	fake_time += DAYS(2);
	confirm(lab, &w, "Otto", STORE_E_NOT_NOW);
}

/* As those of a certdesk before there were two. */
static void
a_waiver_of_one_person_holds_no_more(void **state)
{
	struct lab *lab = *state;
	struct waiver w = propose(lab), valid;

	tamper(lab, "UPDATE waivers SET expires=0");
	assert_int_equal(
	    store_waiver_valid(lab->s, lab->customer.id, fake_time, &valid), STORE_E_ABSENT);
	confirm(lab, &w, "Otto", STORE_E_NOT_NOW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LAB(the_latest_count_holds),
		IN_LAB(a_count_has_its_names),
		IN_LAB(only_the_latest_lists_are_kept),
		IN_LAB(a_waiver_needs_a_second_person),
		IN_LAB(what_has_expired_is_not_confirmed),
		IN_LAB(a_waiver_of_one_person_holds_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
