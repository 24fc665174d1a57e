/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every set of facts that can come to be, and every event: nothing crashes, and what must hold, holds.
 */
#include "order/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define NOW  SECONDS(1000000)
#define SETS (1u << FACT_MAX)
#define SOME 31

static struct order_facts
facts_of(uint32_t mask)
{
	struct order_facts facts = { .dns_when = DNS_LAST };

	for (int f = 0; f < FACT_MAX; f++)
		facts.fact[f] = (mask >> f) & 1 ? NOW - SECONDS(1) : 0;
	return facts;
}

static uint32_t
mask_of(const struct order_facts *facts)
{
	uint32_t mask = 0;

	for (int f = 0; f < FACT_MAX; f++)
		mask |= facts->fact[f] ? 1u << f : 0;
	return mask;
}

static bool
ended(const struct order_facts *f)
{
	return f->fact[FACT_REFUSED] || f->fact[FACT_SUPERSEDED] || f->fact[FACT_RETIRED];
}

static bool reached[SETS]; /* sets of facts that events can lead to, from nothing */

static int
reach(void **state UNUSED)
{
	static uint32_t queue[SETS];
	size_t head = 0, tail = 0;

	reached[0] = true;
	queue[tail++] = 0;
	while (head < tail) {
		struct order_facts from = facts_of(queue[head++]);

		for (int e = 0; e < EVENT_MAX; e++) {
			struct order_facts to = from;

			if (order_apply(&to, (enum order_event)e, NOW) == 0 &&
			    !reached[mask_of(&to)]) {
				reached[mask_of(&to)] = true;
				queue[tail++] = mask_of(&to);
			}
		}
	}
	return 0;
}

/* All that can come to be, and of the rest, which only a fault of ours could make, some. */
#define EACH_SET(mask)                               \
	for (uint32_t mask = 0; mask < SETS; mask++) \
		if (reached[mask] || mask % SOME == 0)

static void
refused_events_change_nothing(void **state UNUSED)
{
	EACH_SET(mask)
	for (int e = 0; e < EVENT_MAX; e++) {
		struct order_facts before = facts_of(mask), after = before;

		if (order_apply(&after, (enum order_event)e, NOW) != 0)
			assert_memory_equal(&before, &after, sizeof(before));
	}
}

/* What replaces its like: the next one counts. */
static bool
may_come_again(int event)
{
	return event == EVENT_CERTIFIED || event == EVENT_FETCHING || event == EVENT_DELIVERED ||
	       event == EVENT_DISCARDED || event == EVENT_RECHAINED;
}

static void
a_repeated_event_is_known(void **state UNUSED)
{
	EACH_SET(mask)
	for (int e = 0; e < EVENT_MAX; e++) {
		struct order_facts facts = facts_of(mask);
		uint32_t once;
		int r;

		if (order_apply(&facts, (enum order_event)e, NOW) != 0)
			continue;
		once = mask_of(&facts);
		r = order_apply(&facts, (enum order_event)e, NOW);
		assert_int_equal(mask_of(&facts), once);
		assert_true(r == ORDER_E_ALREADY || r == ORDER_E_NOT_NOW || may_come_again(e));
	}
}

static void
an_ended_order_stays_ended(void **state UNUSED)
{
	EACH_SET(mask)
	{
		struct order_facts facts = facts_of(mask);

		for (int e = 0; e < EVENT_MAX && ended(&facts); e++)
			assert_int_not_equal(order_apply(&facts, (enum order_event)e, NOW), 0);
	}
}

/* The promises of design.md, on every set of facts that can come to be. */
static void
what_can_be_is_sound(void **state UNUSED)
{
	for (uint32_t mask = 0; mask < SETS; mask++) {
		struct order_facts f = facts_of(mask);

		if (!reached[mask])
			continue;
		assert_true(!f.fact[FACT_KEYED] || f.fact[FACT_CHECKED]);
		assert_true(!f.fact[FACT_DOUBTED] || !f.fact[FACT_CHECKED]);
		assert_true(!f.fact[FACT_QUESTIONED] || f.fact[FACT_DOUBTED]);
		assert_true(!f.fact[FACT_CERTIFIED] || f.fact[FACT_KEYED]);
		assert_true(!f.fact[FACT_DELIVERED] || f.fact[FACT_KEYED]);
		assert_true(!f.fact[FACT_DELIVERED] || !f.fact[FACT_FETCHING]);
		assert_true(!f.fact[FACT_UNAPPROVED] || f.fact[FACT_CERTIFIED]);
		assert_true(!f.fact[FACT_UNAPPROVED] || !f.fact[FACT_APPROVED]);
		assert_true(!f.fact[FACT_UNAPPROVED] || !f.fact[FACT_INSTALLED]);
		assert_true(!f.fact[FACT_TESTED] || f.fact[FACT_INSTALLED]);
		assert_true(!f.fact[FACT_CONFIRMED] || f.fact[FACT_TESTED]);
		assert_true(!f.fact[FACT_TOLD] || f.fact[FACT_CONFIRMED]);
		assert_true(!f.fact[FACT_DNS_ASKED] || f.fact[FACT_KEYED]);
		if (order_stage(&f) == STAGE_LIVE)
			assert_true(f.fact[FACT_INSTALLED] && f.fact[FACT_TESTED] &&
				    f.fact[FACT_CONFIRMED]);
	}
}

/* Whose turn it says is true: the machine's turn has a task due now, nobody waits for a task that
 * never comes. */
static void
somebody_always_acts(void **state UNUSED)
{
	for (uint32_t mask = 0; mask < SETS; mask++) {
		struct order_facts f;
		struct due due[TASK_KIND_MAX];
		size_t count, work = 0;

		if (!reached[mask])
			continue;
		f = facts_of(mask);
		count = order_next(&f, NOW, due);
		for (size_t i = 0; i < count; i++) {
			assert_true(due[i].at >= NOW);
			work += due[i].kind != TASK_DNS && due[i].at == NOW;
		}
		if (order_waits_for(&f, NOW) == PARTY_MACHINE)
			assert_true(work > 0);
		if (ended(&f))
			for (size_t i = 0; i < count; i++)
				assert_int_equal(due[i].kind, TASK_WITHDRAW);
		if (f.fact[FACT_STUCK])
			assert_int_equal(order_waits_for(&f, NOW), PARTY_PROVIDER);
		assert_true(order_waiting_words(&f, NOW)[0] != '\0');
	}
}

static bool
is_due(const struct order_facts *facts, enum task_kind kind, when now, when *ret_at)
{
	struct due due[TASK_KIND_MAX];
	size_t count = order_next(facts, now, due);

	for (size_t i = 0; i < count; i++)
		if (due[i].kind == kind) {
			*ret_at = due[i].at;
			return true;
		}
	return false;
}

static void
the_usual_life(void **state UNUSED)
{
	static const struct {
		enum order_event event;
		enum order_stage stage;
		enum party turn;
		enum task_kind next;
	} life[] = {
		{ EVENT_CHECKED, STAGE_PREPARING, PARTY_MACHINE, TASK_KEY },
		{ EVENT_KEYED, STAGE_PREPARING, PARTY_MACHINE, TASK_ASK },
		{ EVENT_ASKED, STAGE_WAITING, PARTY_CUSTOMER, TASK_DNS },
		{ EVENT_CERTIFIED, STAGE_INSTALLING, PARTY_MACHINE, TASK_INSTALL },
		{ EVENT_INSTALLED, STAGE_TESTING, PARTY_MACHINE, TASK_TEST_ADDRESS },
		{ EVENT_TESTED, STAGE_WAITING, PARTY_CUSTOMER, TASK_ASK_DNS },
		{ EVENT_DNS_ASKED, STAGE_WAITING, PARTY_CUSTOMER, TASK_DNS },
		{ EVENT_POINTED, STAGE_TESTING, PARTY_MACHINE, TASK_TEST_NAME },
		{ EVENT_CONFIRMED, STAGE_LIVE, PARTY_NOBODY, TASK_TELL },
		{ EVENT_TOLD, STAGE_LIVE, PARTY_NOBODY, TASK_DNS },
	};
	struct order_facts facts = { .dns_when = DNS_LAST };
	when at;

	assert_int_equal(order_stage(&facts), STAGE_CHECKING);
	for (size_t i = 0; i < COUNT_OF(life); i++) {
		assert_int_equal(order_apply(&facts, life[i].event, NOW), 0);
		assert_int_equal(order_stage(&facts), life[i].stage);
		assert_int_equal(order_waits_for(&facts, NOW), life[i].turn);
		assert_true(is_due(&facts, life[i].next, NOW, &at));
	}
	assert_int_equal(order_apply(&facts, EVENT_CERTIFIED, NOW), ORDER_E_NOT_NOW);
	assert_int_equal(order_apply(&facts, EVENT_UNPOINTED, NOW), 0);
	assert_int_equal(order_stage(&facts), STAGE_LIVE);
}

/* A certificate that came waits for somebody who accepts it (K-08); the next one
 * takes its place. */
static bool
is_next(const struct order_facts *facts, enum task_kind kind)
{
	struct due due[TASK_KIND_MAX];
	size_t count = order_next(facts, NOW, due);

	for (size_t i = 0; i < count; i++)
		if (due[i].kind == kind)
			return true;
	return false;
}

/* Nothing is made, and nothing is to be bought, until somebody says that what is odd is meant. */
static void
a_doubt_waits_for_a_word(void **state UNUSED)
{
	struct order_facts facts = { 0 };

	assert_int_equal(order_apply(&facts, EVENT_DOUBTED, NOW), 0);
	assert_int_equal(order_stage(&facts), STAGE_CHECKING);
	assert_int_equal(order_waits_for(&facts, NOW), PARTY_CUSTOMER);
	assert_true(is_next(&facts, TASK_QUESTION));
	assert_false(is_next(&facts, TASK_CHECK));
	assert_int_equal(order_apply(&facts, EVENT_CHECKED, NOW), ORDER_E_NOT_NOW);
	assert_int_equal(order_apply(&facts, EVENT_KEYED, NOW), ORDER_E_NOT_NOW);
	assert_int_equal(order_apply(&facts, EVENT_QUESTIONED, NOW), 0);
	assert_false(is_next(&facts, TASK_QUESTION));
	assert_int_equal(order_apply(&facts, EVENT_STUCK, NOW), 0); /* the provider has to look */
	assert_int_equal(order_apply(&facts, EVENT_ASSURED, NOW), 0);
	assert_int_equal(facts.fact[FACT_STUCK], 0);
	assert_int_equal(order_stage(&facts), STAGE_PREPARING);
	assert_true(is_next(&facts, TASK_KEY));
	assert_int_equal(order_apply(&facts, EVENT_ASSURED, NOW), ORDER_E_ALREADY);
	assert_int_equal(order_apply(&facts, EVENT_DOUBTED, NOW), ORDER_E_NOT_NOW);
}

static void
a_delivery_waits_to_be_accepted(void **state UNUSED)
{
	struct order_facts facts =
	    facts_of(1u << FACT_CHECKED | 1u << FACT_KEYED | 1u << FACT_ASKED);

	when at;

	assert_int_equal(order_apply(&facts, EVENT_FETCHING, NOW), 0);
	assert_int_equal(order_waits_for(&facts, NOW), PARTY_MACHINE);
	assert_true(is_due(&facts, TASK_FETCH, NOW, &at));
	assert_int_equal(order_apply(&facts, EVENT_DELIVERED, NOW), 0);
	assert_false(is_due(&facts, TASK_FETCH, NOW, &at));
	assert_int_equal(order_stage(&facts), STAGE_WAITING);
	assert_int_equal(order_waits_for(&facts, NOW), PARTY_CUSTOMER);
	assert_non_null(strstr(order_waiting_words(&facts, NOW), "accept"));
	assert_int_equal(order_apply(&facts, EVENT_DISCARDED, NOW), 0);
	assert_null(strstr(order_waiting_words(&facts, NOW), "accept"));
	assert_int_equal(order_apply(&facts, EVENT_DELIVERED, NOW), 0);
	assert_int_equal(order_apply(&facts, EVENT_CERTIFIED, NOW), 0);
	assert_int_equal(facts.fact[FACT_DELIVERED], 0);
	assert_int_equal(order_stage(&facts), STAGE_INSTALLING);
}

/* Accepted, approved by a second person, installed: in this order, and anew for each certificate. */
static void
an_approval_comes_before_the_installation(void **state UNUSED)
{
	struct order_facts facts = facts_of(
	    1u << FACT_CHECKED | 1u << FACT_KEYED | 1u << FACT_ASKED | 1u << FACT_CERTIFIED);
	when at;

	assert_int_equal(order_apply(&facts, EVENT_APPROVED, NOW), ORDER_E_NOT_NOW);
	assert_int_equal(order_apply(&facts, EVENT_UNAPPROVED, NOW), 0);
	assert_int_equal(order_stage(&facts), STAGE_INSTALLING);
	assert_int_equal(order_waits_for(&facts, NOW), PARTY_PROVIDER);
	assert_non_null(strstr(order_waiting_words(&facts, NOW), "second person"));
	assert_false(is_due(&facts, TASK_INSTALL, NOW, &at));
	assert_int_equal(order_apply(&facts, EVENT_INSTALLED, NOW), ORDER_E_NOT_NOW);
	assert_int_equal(order_apply(&facts, EVENT_APPROVED, NOW), 0);
	assert_true(is_due(&facts, TASK_INSTALL, NOW, &at));
	assert_int_equal(order_waits_for(&facts, NOW), PARTY_MACHINE);
	assert_int_equal(order_apply(&facts, EVENT_UNAPPROVED, NOW), ORDER_E_NOT_NOW);
	assert_int_equal(order_apply(&facts, EVENT_CERTIFIED, NOW), 0); /* a better one */
	assert_int_equal(facts.fact[FACT_APPROVED], 0);
	assert_int_equal(order_apply(&facts, EVENT_UNAPPROVED, NOW), 0);
}

/* A closed window is nobody's turn and nobody's fault: what changes the balancer is due when it
 * opens. */
static void
a_closed_window_waits(void **state UNUSED)
{
	static const struct {
		const char *name;
		uint32_t facts;
		enum task_kind kind;
		bool held; /* is somebody told so? */
	} cases[] = {
		{ "installation", 1u << FACT_CHECKED | 1u << FACT_KEYED | 1u << FACT_CERTIFIED,
		    TASK_INSTALL, true },
		{ "another chain",
		    1u << FACT_CHECKED | 1u << FACT_KEYED | 1u << FACT_ASKED |
			1u << FACT_CERTIFIED | 1u << FACT_INSTALLED | 1u << FACT_TESTED |
			1u << FACT_POINTED | 1u << FACT_CONFIRMED | 1u << FACT_RECHAINED,
		    TASK_REFRESH, true },
		{ "withdrawal", 1u << FACT_CHECKED | 1u << FACT_RETIRED, TASK_WITHDRAW, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct order_facts facts = facts_of(cases[i].facts);
		when at = 0;

		assert_true(task_changes_balancer(cases[i].kind));
		facts.opens = NOW + HOURS(9);
		assert_true(is_due(&facts, cases[i].kind, NOW, &at));
		assert_int_equal(at, NOW + HOURS(9));
		assert_int_equal(order_is_held(&facts, NOW), cases[i].held);
		assert_int_equal(order_waits_for(&facts, NOW), PARTY_NOBODY);
		if (cases[i].held) {
			assert_non_null(
			    strstr(order_waiting_words(&facts, NOW), "may be changed again"));
			assert_int_equal(order_waits_for(&facts, NOW + HOURS(9)), PARTY_MACHINE);
		}
		assert_true(is_due(&facts, cases[i].kind, NOW + HOURS(9), &at));
		assert_int_equal(at, NOW + HOURS(9));
		assert_false(order_may_pass(&facts, cases[i].kind));
		facts.through = NOW - SECONDS(2); /* a word for what was due before */
		assert_false(order_may_pass(&facts, cases[i].kind));
		facts.through = NOW;
		assert_true(order_may_pass(&facts, cases[i].kind));
		facts.through = 0;
		facts.kind = ORDER_REKEY;
		assert_int_equal(
		    order_may_pass(&facts, cases[i].kind), cases[i].kind != TASK_REFRESH);
	}
	assert_false(task_changes_balancer(TASK_TEST_ADDRESS));
}

static void
both_a_window_and_a_day_to_come(void **state UNUSED)
{
	struct order_facts facts =
	    facts_of(1u << FACT_CHECKED | 1u << FACT_KEYED | 1u << FACT_CERTIFIED);
	when at = 0;

	facts.opens = NOW + HOURS(3);
	facts.valid_from = NOW + HOURS(2);
	assert_true(is_due(&facts, TASK_INSTALL, NOW, &at) && at == NOW + HOURS(3));
	facts.valid_from = NOW + HOURS(4);
	assert_true(is_due(&facts, TASK_INSTALL, NOW, &at) && at == NOW + HOURS(4));
}

static void
a_future_certificate_waits(void **state UNUSED)
{
	struct order_facts facts = facts_of(
	    1u << FACT_CHECKED | 1u << FACT_KEYED | 1u << FACT_ASKED | 1u << FACT_CERTIFIED);
	when at = 0;

	facts.valid_from = NOW + HOURS(3);
	assert_true(is_due(&facts, TASK_INSTALL, NOW, &at));
	assert_int_equal(at, NOW + HOURS(3));
	assert_int_equal(order_waits_for(&facts, NOW), PARTY_NOBODY);
	assert_int_equal(order_waits_for(&facts, NOW + HOURS(3)), PARTY_MACHINE);
}

/* what is live is judged again every day. */
static void
a_live_certificate_is_watched(void **state UNUSED)
{
	struct order_facts facts = facts_of(
	    1u << FACT_CHECKED | 1u << FACT_KEYED | 1u << FACT_CERTIFIED | 1u << FACT_CONFIRMED);
	when at = 0;

	facts.fact[FACT_CONFIRMED] = NOW;
	assert_true(is_due(&facts, TASK_WATCH, NOW, &at) && at == NOW + DAYS(1));
	facts.watched = NOW + DAYS(1);
	assert_true(is_due(&facts, TASK_WATCH, NOW + DAYS(1), &at) && at == NOW + DAYS(2));
	assert_true(is_due(&facts, TASK_WATCH, NOW + DAYS(9), &at) && at == NOW + DAYS(9));
	facts.fact[FACT_SUPERSEDED] = NOW;
	assert_false(is_due(&facts, TASK_WATCH, NOW, &at));
}

/* What is replaced can be gone back to for a week; what may be known to others goes at once (C-07). */
static void
what_was_replaced_goes_later(void **state UNUSED)
{
	static const struct {
		enum order_kind kind;
		bool is_due;
		when after;
	} rows[] = {
		{ ORDER_FIRST, false, 0 },
		{ ORDER_RENEWAL, true, ORDER_KEEPS_PREVIOUS },
		{ ORDER_REISSUE, true, ORDER_KEEPS_PREVIOUS },
		{ ORDER_REKEY, true, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct order_facts facts = facts_of(1u << FACT_CHECKED | 1u << FACT_CONFIRMED);
		when at = 0;

		facts.kind = rows[i].kind;
		facts.fact[FACT_CONFIRMED] = NOW;
		assert_int_equal(is_due(&facts, TASK_PURGE, NOW, &at), rows[i].is_due);
		assert_true(!rows[i].is_due || at == NOW + rows[i].after);
		facts.purged = NOW;
		assert_false(is_due(&facts, TASK_PURGE, NOW, &at));
	}
}

/* I-17: the certificate is good, and what is served with it is not: nobody has to do anything. */
static void
another_chain_is_put_on(void **state UNUSED)
{
	struct order_facts facts = facts_of(
	    1u << FACT_CHECKED | 1u << FACT_KEYED | 1u << FACT_ASKED | 1u << FACT_CERTIFIED |
	    1u << FACT_INSTALLED | 1u << FACT_TESTED | 1u << FACT_POINTED | 1u << FACT_CONFIRMED);
	when at;

	assert_int_equal(order_apply(&facts, EVENT_REFRESHED, NOW), ORDER_E_NOT_NOW);
	assert_int_equal(order_apply(&facts, EVENT_RECHAINED, NOW), 0);
	assert_true(is_due(&facts, TASK_REFRESH, NOW, &at) && at == NOW);
	assert_int_equal(order_stage(&facts), STAGE_LIVE);
	assert_int_equal(order_waits_for(&facts, NOW), PARTY_MACHINE);
	assert_int_equal(order_apply(&facts, EVENT_REFRESHED, NOW), 0);
	assert_false(is_due(&facts, TASK_REFRESH, NOW, &at));
	assert_int_equal(order_waits_for(&facts, NOW), PARTY_NOBODY);
}

static void
the_dns_schedule(void **state UNUSED)
{
	static const int minutes[] = { 1, 5, 15, 60, 60, 60 };
	struct order_facts facts = facts_of(1u << FACT_CHECKED | 1u << FACT_KEYED);
	when at = 0;

	assert_true(is_due(&facts, TASK_DNS, NOW, &at) && at == NOW);
	facts.dns_looked = NOW;
	for (uint32_t i = 0; i < COUNT_OF(minutes); i++) {
		facts.dns_looks = i + 1;
		assert_true(is_due(&facts, TASK_DNS, NOW, &at));
		assert_int_equal(at, NOW + MINUTES(minutes[i]));
	}
	facts.fact[FACT_POINTED] = NOW;
	assert_true(is_due(&facts, TASK_DNS, NOW, &at) && at == NOW + DAYS(1));
}

/* What went live in the same minute does not stay together. */
static void
live_sites_are_looked_at_every_day(void **state UNUSED)
{
	struct order_facts facts = facts_of(
	    1u << FACT_CHECKED | 1u << FACT_KEYED | 1u << FACT_POINTED | 1u << FACT_CONFIRMED);
	int in_hour[3] = { 0 };
	when at = 0;

	facts.dns_looked = NOW;
	for (int i = 0; i < 300; i++) {
		facts.fact[FACT_CONFIRMED] = NOW - MINUTES(1) + i * MILLIS(150) + i;
		assert_true(is_due(&facts, TASK_DNS, NOW, &at));
		assert_true(at > NOW + HOURS(21) && at <= NOW + HOURS(24));
		in_hour[(at - NOW - HOURS(21) - 1) / HOURS(1)]++;
	}
	for (size_t i = 0; i < COUNT_OF(in_hour); i++)
		assert_true(in_hour[i] > 60);
}

static void
most_looks_at_live_sites_are_quick(void **state UNUSED)
{
	const uint32_t live = 1u << FACT_CHECKED | 1u << FACT_KEYED | 1u << FACT_CONFIRMED;
	struct order_facts facts = facts_of(live | 1u << FACT_POINTED);
	int quick = 0;

	assert_false(order_is_swept(&facts)); /* somebody asked for it, or there was none yet */
	for (facts.dns_looks = 0; facts.dns_looks < 3 * ORDER_FULL_LOOK; facts.dns_looks++)
		quick += order_is_swept(&facts);
	assert_int_equal(quick, 3 * (ORDER_FULL_LOOK - 1));
	facts = facts_of(live);
	facts.dns_looks = 1;
	assert_false(order_is_swept(&facts)); /* it has drifted away already */
	facts = facts_of(live | 1u << FACT_POINTED | 1u << FACT_SUPERSEDED);
	facts.dns_looks = 1;
	assert_false(order_is_swept(&facts));
}

static void
only_a_stopped_first_order_is_withdrawn(void **state UNUSED)
{
	struct order_facts retired = facts_of(1u << FACT_CHECKED | 1u << FACT_RETIRED);
	struct order_facts superseded = facts_of(1u << FACT_CONFIRMED | 1u << FACT_SUPERSEDED);
	when at;

	assert_true(is_due(&retired, TASK_WITHDRAW, NOW, &at));
	retired.withdrawn = NOW;
	assert_false(is_due(&retired, TASK_WITHDRAW, NOW, &at));
	assert_false(is_due(&superseded, TASK_WITHDRAW, NOW, &at));
}

static void
names_go_there_and_back(void **state UNUSED)
{
	for (int i = 0; i < STAGE_MAX; i++) {
		enum order_stage stage;

		assert_true(
		    order_stage_parse(str_of(order_stage_name((enum order_stage)i)), &stage) &&
		    (int)stage == i);
	}
	for (int i = 0; i < TASK_KIND_MAX; i++) {
		enum task_kind kind;

		assert_true(task_kind_parse(str_of(task_kind_name((enum task_kind)i)), &kind) &&
			    (int)kind == i);
	}
	for (int i = 0; i < ORDER_KIND_MAX; i++) {
		enum order_kind kind;

		assert_true(order_kind_parse(str_of(order_kind_name((enum order_kind)i)), &kind) &&
			    (int)kind == i);
	}
}

static void
the_diagram_knows_the_way(void **state UNUSED)
{
	static const char *const edges[] = {
		"checking    -> preparing    when checked, assured\n",
		"preparing   -> waiting      when asked\n",
		"waiting     -> installing   when certified, untested\n",
		"installing  -> testing      when installed\n",
		"testing     -> live         when confirmed\n",
		"live        -> superseded   when superseded\n",
	};
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);

	order_diagram_text(&text);
	for (size_t i = 0; i < COUNT_OF(edges); i++)
		assert_true(str_find(buf_str(&text), str_of(edges[i])) < text.len);
	assert_int_equal(str_find(buf_str(&text), STR("live        -> waiting")), text.len);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_events_change_nothing),
		cmocka_unit_test(a_repeated_event_is_known),
		cmocka_unit_test(an_ended_order_stays_ended),
		cmocka_unit_test(what_can_be_is_sound),
		cmocka_unit_test(somebody_always_acts),
		cmocka_unit_test(the_usual_life),
		cmocka_unit_test(a_doubt_waits_for_a_word),
		cmocka_unit_test(a_delivery_waits_to_be_accepted),
		cmocka_unit_test(an_approval_comes_before_the_installation),
		cmocka_unit_test(a_closed_window_waits),
		cmocka_unit_test(both_a_window_and_a_day_to_come),
		cmocka_unit_test(a_future_certificate_waits),
		cmocka_unit_test(a_live_certificate_is_watched),
		cmocka_unit_test(another_chain_is_put_on),
		cmocka_unit_test(what_was_replaced_goes_later),
		cmocka_unit_test(the_dns_schedule),
		cmocka_unit_test(live_sites_are_looked_at_every_day),
		cmocka_unit_test(most_looks_at_live_sites_are_quick),
		cmocka_unit_test(only_a_stopped_first_order_is_withdrawn),
		cmocka_unit_test(names_go_there_and_back),
		cmocka_unit_test(the_diagram_knows_the_way),
	};

	return cmocka_run_group_tests(tests, reach, NULL);
}
