/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tasks.h"

#include "store/store_test_kit.h"

#include <pthread.h>
#include <stdio.h>

#include "store/db.h"

static void
add_task(struct lab *lab, struct id order, enum task_kind kind, when due)
{
	OK(store_begin(lab->s));
	OK(store_task_add(lab->s, order, kind, due));
	OK(store_commit(lab->s, "test.add"));
}

static void
end_task(struct lab *lab, struct id task)
{
	OK(store_begin(lab->s));
	OK(store_task_done(lab->s, task));
	OK(store_commit(lab->s, "test.done"));
}

static void
postpone(struct lab *lab, struct id task, enum outcome_kind kind, when again)
{
	struct outcome outcome = { .kind = kind, .words = "words" };

	OK(store_begin(lab->s));
	OK(store_task_postpone(lab->s, task, &outcome, again));
	OK(store_commit(lab->s, "test.postpone"));
}

static void
tasks_are_claimed_once_and_leases_end(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com");
	struct outcome later = { .kind = OUTCOME_LATER, .words = "not yet" };
	struct task task, again;
	when next;

	OK(store_task_claim(lab->s, "w1", SECONDS(60), &task, &next));
	assert_true(id_eq(task.order, o.id) && task.kind == TASK_CHECK && task.attempts == 1);
	assert_int_equal(
	    store_task_claim(lab->s, "w2", SECONDS(60), &again, &next), STORE_E_ABSENT);
	assert_int_equal(next, fake_time + SECONDS(60));
	fake_time += SECONDS(61);
	OK(store_task_claim(lab->s, "w2", SECONDS(60), &again, &next));
	assert_int_equal(again.attempts, 2);
	OK(store_tasks_free(lab->s, "w2"));
	OK(store_task_claim(lab->s, "w3", SECONDS(60), &again, &next));
	OK(store_begin(lab->s));
	OK(store_task_postpone(lab->s, again.id, &later, fake_time + SECONDS(5)));
	OK(store_commit(lab->s, "test.postpone"));
	assert_int_equal(store_task_claim(lab->s, "w1", SECONDS(60), &task, &next), STORE_E_ABSENT);
	assert_int_equal(next, fake_time + SECONDS(5));
	OK(store_begin(lab->s));
	OK(store_task_add(lab->s, o.id, TASK_CHECK, fake_time)); /* the earlier time counts */
	OK(store_commit(lab->s, "test.again"));
	OK(store_task_claim(lab->s, "w1", SECONDS(60), &task, &next));
	assert_string_equal(task.words, "not yet");
	OK(store_begin(lab->s));
	OK(store_task_done(lab->s, task.id));
	OK(store_commit(lab->s, "test.done"));
	assert_false(has_task(lab, o.id, TASK_CHECK));
}

static void
asked_for_while_somebody_is_at_it(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com");
	struct task task, second;
	when next;

	OK(store_task_claim(lab->s, "w1", SECONDS(60), &task, &next));
	OK(store_begin(lab->s));
	OK(store_task_add(lab->s, o.id, TASK_CHECK, fake_time));
	OK(store_commit(lab->s, "test.again"));
	assert_int_equal(
	    store_task_claim(lab->s, "w2", SECONDS(60), &second, &next), STORE_E_ABSENT);
	OK(store_begin(lab->s));
	OK(store_task_done(lab->s, task.id));
	OK(store_commit(lab->s, "test.done"));
	OK(store_task_claim(lab->s, "w2", SECONDS(60), &second, &next));
	assert_int_equal(second.attempts, 1);
}

/* A worker may outlive its certdeskd by some seconds: the successor frees its leases and claims anew. */
static void
a_claim_that_was_taken_over_is_not_held(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com");
	struct task first, second;
	when next;

	OK(store_task_claim(lab->s, "w", SECONDS(60), &first, &next));
	OK(store_task_held(lab->s, &first));
	OK(store_tasks_free(lab->s, "w"));
	assert_int_equal(store_task_held(lab->s, &first), STORE_E_STALE);
	fake_time += 1;
	OK(store_task_claim(lab->s, "w", SECONDS(60), &second, &next));
	assert_true(id_eq(first.id, second.id) && id_eq(second.order, o.id));
	assert_int_equal(store_task_held(lab->s, &first), STORE_E_STALE);
	OK(store_task_held(lab->s, &second));
	end_task(lab, second.id);
	assert_int_equal(store_task_held(lab->s, &second), STORE_E_STALE);
}

/* What somebody is at goes on when the order ends, and only behind it is anything given back: an
 * installation that ended after the withdrawal would serve for ever. */
static void
a_withdrawal_waits_for_what_is_at_work(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com");
	struct task task, withdrawal;
	when next;

	OK(store_task_claim(lab->s, "w1", SECONDS(60), &task, &next));
	event(lab, o.id, EVENT_RETIRED);
	assert_true(has_task(lab, o.id, TASK_CHECK));
	assert_int_equal(
	    store_task_claim(lab->s, "w2", SECONDS(60), &withdrawal, &next), STORE_E_ABSENT);
	assert_true(next > fake_time);
	OK(store_begin(lab->s));
	OK(store_task_done(lab->s, task.id));
	OK(store_commit(lab->s, "test.done"));
	OK(store_task_claim(lab->s, "w2", SECONDS(60), &withdrawal, &next));
	assert_int_equal(withdrawal.kind, TASK_WITHDRAW);
}

/* Orders of `hosts`, each of them with an installation to be done. */
static void
wish_installs(struct lab *lab, const char *const *hosts, size_t count, struct order *to)
{
	struct task task;
	when next;

	for (size_t i = 0; i < count; i++) {
		to[i] = make_order(lab, hosts[i]);
		OK(store_task_claim(lab->s, "w", SECONDS(60), &task, &next));
		end_task(lab, task.id); /* the check that every order begins with */
	}
	for (size_t i = 0; i < count; i++)
		add_task(lab, to[i].id, i % 2 ? TASK_REFRESH : TASK_INSTALL, fake_time);
}

static void
what_goes_to_one_balancer_is_claimed_together(void **state)
{
	static const char *const hosts[] = { "a.contoso.com", "b.contoso.com", "c.contoso.com" };
	struct lab *lab = *state;
	struct order o[3];
	struct task task, more[3];
	size_t count = 9;
	when next;

	wish_installs(lab, hosts, 3, o);
	add_task(lab, o[0].id, TASK_DNS, fake_time);
	OK(store_tasks_claim_for(lab->s, "w", SECONDS(60), "elsewhere", more, 3, &count));
	assert_int_equal(count, 0);
	OK(store_tasks_claim_for(lab->s, "w", SECONDS(60), "edge", more, 2, &count));
	assert_int_equal(count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_true(id_eq(more[i].order, o[i].id) && more[i].attempts == 1);
		OK(store_task_held(lab->s, &more[i]));
	}
	OK(store_tasks_claim_for(lab->s, "w", SECONDS(60), "edge", more + 2, 1, &count));
	assert_true(count == 1 && id_eq(more[2].order, o[2].id));
	OK(store_tasks_claim_for(lab->s, "w", SECONDS(60), "edge", &task, 1, &count));
	assert_int_equal(count, 0);
	OK(store_task_claim(lab->s, "w", SECONDS(60), &task, &next));
	assert_int_equal(task.kind, TASK_DNS); /* it has nothing to do with the balancer */
}

static void
a_lease_is_kept_by_who_is_at_it(void **state)
{
	static const char *const hosts[] = { "a.contoso.com", "b.contoso.com" };
	struct lab *lab = *state;
	struct order o[2];
	struct task more[2], mine[2];
	struct task *both[] = { &mine[0], &mine[1] };
	size_t count;

	wish_installs(lab, hosts, 2, o);
	OK(store_tasks_claim_for(lab->s, "w", SECONDS(60), "edge", mine, 2, &count));
	fake_time += SECONDS(50);
	OK(store_tasks_keep(lab->s, both, 2, SECONDS(60)));
	fake_time += SECONDS(50);
	OK(store_task_held(lab->s, &mine[0]));
	OK(store_tasks_claim_for(lab->s, "x", SECONDS(60), "edge", more, 2, &count));
	assert_int_equal(count, 0);
	end_task(lab, mine[1].id);
	OK(store_tasks_keep(lab->s, both, 2, SECONDS(60))); /* the other is kept all the same */
	OK(store_task_held(lab->s, &mine[0]));
	assert_int_equal(store_task_held(lab->s, &mine[1]), STORE_E_STALE);
	fake_time += SECONDS(61);
	OK(store_tasks_claim_for(lab->s, "x", SECONDS(60), "edge", more, 2, &count));
	assert_int_equal(count, 1);
	OK(store_tasks_keep(lab->s, both, 1, SECONDS(90))); /* too late: it is x's */
	assert_int_equal(store_task_held(lab->s, &mine[0]), STORE_E_STALE);
	OK(store_task_held(lab->s, &more[0]));
}

/* A live order that points at us and was looked at so many times; its look is due then. */
static struct id
wish_look(struct lab *lab, const char *host, int looks, when due)
{
	struct outcome later = { .kind = OUTCOME_LATER };
	struct order o = make_order(lab, host);
	struct task tasks[TASK_KIND_MAX];
	size_t count;

	live(lab, &o);
	OK(store_tasks_of_order(lab->s, o.id, tasks, COUNT_OF(tasks), &count));
	OK(store_begin(lab->s));
	for (int i = 0; i < looks; i++)
		OK(store_order_looked(lab->s, o.id));
	for (size_t i = 0; i < count; i++)
		if (tasks[i].kind == TASK_DNS)
			OK(store_task_postpone(lab->s, tasks[i].id, &later, due));
	OK(store_commit(lab->s, "test.look"));
	return o.id;
}

static void
quick_looks_are_claimed_together(void **state)
{
	struct lab *lab = *state;
	struct order waiting = make_order(lab, "waiting.contoso.com"), o;
	struct id first = wish_look(lab, "a.contoso.com", 1, fake_time),
		  soon = wish_look(lab, "b.contoso.com", 3, fake_time + SECONDS(50));
	struct task got[8], again[8];
	size_t count = 9;

	(void)wish_look(lab, "full.contoso.com", ORDER_FULL_LOOK, fake_time);
	(void)wish_look(lab, "later.contoso.com", 1, fake_time + SECONDS(70));
	add_task(lab, waiting.id, TASK_DNS, fake_time);
	OK(store_tasks_claim_swept(
	    lab->s, "w", SECONDS(30), fake_time + SECONDS(60), got, COUNT_OF(got), &count));
	assert_int_equal(count, 2);
	for (size_t i = 0; i < count; i++) {
		assert_true(id_eq(got[i].order, first) || id_eq(got[i].order, soon));
		OK(store_task_held(lab->s, &got[i]));
	}
	OK(store_tasks_claim_swept(/* their leases end before */
	    lab->s, "x", SECONDS(30), fake_time + SECONDS(60), again, COUNT_OF(again), &count));
	assert_int_equal(count, 0);
	fake_time += SECONDS(31);
	OK(store_tasks_claim_swept(lab->s, "x", SECONDS(30), fake_time, again, 1, &count));
	assert_int_equal(count, 1);
	OK(store_begin(lab->s));
	OK(store_order_look_closely(lab->s, again[0].order));
	OK(store_task_put_back(lab->s, again[0].id, "", fake_time));
	OK(store_commit(lab->s, "test.closely"));
	OK(store_order_get(lab->s, again[0].order, &o));
	assert_int_equal(o.facts.dns_looks, ORDER_FULL_LOOK);
	assert_false(order_is_swept(&o.facts));
	OK(store_tasks_claim_swept(
	    lab->s, "x", SECONDS(30), fake_time, again, COUNT_OF(again), &count));
	assert_true(count == 1 && !id_eq(again[0].order, o.id));
}

static void
put_back_is_no_attempt(void **state)
{
	static const char *const hosts[] = { "a.contoso.com", "b.contoso.com" };
	struct lab *lab = *state;
	struct order o[2];
	struct task task;
	when next;

	wish_installs(lab, hosts, 2, o);
	add_task(lab, o[1].id, TASK_DNS, fake_time);
	OK(store_task_claim(lab->s, "w", SECONDS(60), &task, &next));
	assert_int_equal(task.kind, TASK_INSTALL);
	OK(store_begin(lab->s));
	OK(store_task_put_back(lab->s, task.id, "edge", fake_time + SECONDS(2)));
	OK(store_commit(lab->s, "test.back"));
	OK(store_task_claim(lab->s, "w", SECONDS(60), &task, &next));
	assert_int_equal(task.kind, TASK_DNS); /* the refresh waits for the same balancer */
	assert_int_equal(store_task_claim(lab->s, "w", SECONDS(60), &task, &next), STORE_E_ABSENT);
	assert_int_equal(next, fake_time + SECONDS(2));
	fake_time = next;
	OK(store_task_claim(lab->s, "w", SECONDS(60), &task, &next));
	assert_true(id_eq(task.order, o[0].id) && task.attempts == 1 && task.words[0] == '\0');
}

static void
the_longest_due_comes_first(void **state)
{
	struct lab *lab = *state;
	struct order a = make_order(lab, "a.contoso.com"), b;
	struct task task;
	when next;

	fake_time += SECONDS(1);
	b = make_order(lab, "b.contoso.com");
	fake_time += SECONDS(1);
	OK(store_task_claim(lab->s, "w", SECONDS(60), &task, &next));
	assert_true(id_eq(task.order, a.id));
	OK(store_task_claim(lab->s, "w", SECONDS(60), &task, &next));
	assert_true(id_eq(task.order, b.id));
}

#define CROWD  4
#define ORDERS 3
#define KINDS  TASK_WITHDRAW /* all before it: it waits for those of its order */
#define TASKS  ((size_t)(ORDERS * KINDS))

struct claimer {
	struct lab *lab;
	struct id got[TASKS];
	size_t count;
};

static void *
claim_all(void *arg)
{
	struct claimer *me = arg;
	struct store *s = reopen(me->lab);
	struct task task;
	when next = 0;

	do {
		int r = store_task_claim(s, "w", SECONDS(60), &task, &next);

		if (r == 0)
			me->got[me->count++] = task.id;
		else
			assert_int_equal(r, STORE_E_ABSENT);
	} while (next <= fake_time);
	store_free(s);
	return NULL;
}

static void
two_never_get_one_task(void **state)
{
	struct lab *lab = *state;
	struct claimer claimers[CROWD] = { 0 };
	pthread_t threads[CROWD];
	size_t all = 0;

	for (int i = 0; i < ORDERS; i++) {
		char host[32];
		struct order o;

		snprintf(host, sizeof(host), "h%d.contoso.com", i);
		o = make_order(lab, host);
		for (int kind = 0; kind < KINDS; kind++)
			add_task(lab, o.id, (enum task_kind)kind, fake_time);
	}
	for (int i = 0; i < CROWD; i++) {
		claimers[i].lab = lab;
		assert_int_equal(pthread_create(&threads[i], NULL, claim_all, &claimers[i]), 0);
	}
	for (int i = 0; i < CROWD; i++) {
		pthread_join(threads[i], NULL);
		all += claimers[i].count;
	}
	assert_int_equal(all, TASKS);
	assert_int_equal(count_of(lab, "SELECT COUNT(*) FROM tasks WHERE attempts=1"), TASKS);
}

/* Who comes back late stands behind who waits: no task is starved by one that fails again and
 * again. */
static void
the_queue_is_fair(void **state)
{
	struct lab *lab = *state;
	struct order a = make_order(lab, "a.contoso.com"), b = make_order(lab, "b.contoso.com");
	size_t turns[2] = { 0 };

	for (int i = 0; i < 10; i++) {
		struct task task;
		when next;

		fake_time += SECONDS(1);
		OK(store_task_claim(lab->s, "w", SECONDS(60), &task, &next));
		turns[id_eq(task.order, a.id) ? 0 : 1]++;
		postpone(lab, task.id, OUTCOME_LATER, fake_time);
	}
	assert_int_equal(turns[0], 5);
	assert_int_equal(turns[1], 5);
	assert_false(id_eq(a.id, b.id));
}

static void
what_waits_for_a_human_rests(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com");
	struct task task;
	when next;

	OK(store_task_claim(lab->s, "w", SECONDS(60), &task, &next));
	postpone(lab, task.id, OUTCOME_HUMAN, fake_time);
	fake_time += DAYS(1000);
	assert_int_equal(store_task_claim(lab->s, "w", SECONDS(60), &task, &next), STORE_E_ABSENT);
	assert_int_equal(next, 0);
	add_task(lab, o.id, TASK_CHECK, fake_time); /* somebody says: go on */
	OK(store_task_claim(lab->s, "w", SECONDS(60), &task, &next));
}

static void
the_depth_is_what_is_there(void **state)
{
	struct lab *lab = *state;
	struct order a = make_order(lab, "a.contoso.com"), b = make_order(lab, "b.contoso.com");
	struct queue_depth d;
	struct task task;
	when next;

	add_task(lab, a.id, TASK_DNS, fake_time + 1);
	add_task(lab, a.id, TASK_DNS, fake_time + 2); /* the same one */
	OK(store_task_claim(lab->s, "w", SECONDS(60), &task, &next));
	OK(store_queue_depth(lab->s, &d));
	assert_true(d.due == 1 && d.later == 1 && d.leased == 1 && d.stuck == 0);
	postpone(lab, task.id, OUTCOME_REFUSED, 0);
	OK(store_queue_depth(lab->s, &d));
	assert_true(d.due == 1 && d.later == 1 && d.leased == 0 && d.stuck == 1);
	OK(store_task_claim(lab->s, "w", SECONDS(60), &task, &next));
	fake_time += SECONDS(60); /* the lease runs out, the later one is due */
	OK(store_queue_depth(lab->s, &d));
	assert_true(d.due == 2 && d.later == 0 && d.leased == 0 && d.stuck == 1);
	end_task(lab, task.id);
	end_task(lab, task.id); /* twice takes one */
	event(lab, b.id, EVENT_RETIRED);
	event(lab, a.id, EVENT_RETIRED);
	assert_int_equal(count_of(lab, "SELECT value FROM counters WHERE name='task'"),
	    count_of(lab, "SELECT COUNT(*) FROM tasks"));
}

/* Claims are light; what comes after them is not, also when the claim failed. */
static void
commits_are_durable_after_a_failed_claim(void **state)
{
	struct lab *lab = *state;
	struct task task;
	when next;

	make_order(lab, "owa.contoso.com");
	tamper(lab, "UPDATE tasks SET kind='unheard-of'");
	assert_true(store_task_claim(lab->s, "w", SECONDS(60), &task, &next) < 0);
	OK(store_begin(lab->s));
	assert_int_equal(count_of(lab, "PRAGMA synchronous"), 2);
	store_abandon(lab->s);
	tamper(lab, "UPDATE tasks SET kind='check'");
	OK(store_task_claim(lab->s, "w", SECONDS(60), &task, &next));
	OK(store_begin(lab->s));
	assert_int_equal(count_of(lab, "PRAGMA synchronous"), 2);
	store_abandon(lab->s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LAB(tasks_are_claimed_once_and_leases_end),
		IN_LAB(asked_for_while_somebody_is_at_it),
		IN_LAB(a_claim_that_was_taken_over_is_not_held),
		IN_LAB(a_withdrawal_waits_for_what_is_at_work),
		IN_LAB(what_goes_to_one_balancer_is_claimed_together),
		IN_LAB(a_lease_is_kept_by_who_is_at_it),
		IN_LAB(quick_looks_are_claimed_together),
		IN_LAB(put_back_is_no_attempt),
		IN_LAB(the_longest_due_comes_first),
		IN_LAB(two_never_get_one_task),
		IN_LAB(the_queue_is_fair),
		IN_LAB(what_waits_for_a_human_rests),
		IN_LAB(the_depth_is_what_is_there),
		IN_LAB(commits_are_durable_after_a_failed_claim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
