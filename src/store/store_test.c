/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/certificates.h"
#include "store/customers.h"
#include "store/db.h"
#include "store/events.h"
#include "store/keys.h"
#include "store/messages.h"
#include "store/orders.h"
#include "store/pools.h"
#include "store/sites.h"
#include "store/tasks.h"
#include "store/tokens.h"

#define OK(call) assert_int_equal((call), 0)

static when fake_time = SECONDS(1800000000);

static when
fake_now(const struct world *world UNUSED)
{
	return fake_time;
}

static void
real_random(const struct world *world UNUSED, void *to, size_t len)
{
	world_real()->random(world_real(), to, len);
}

static const struct world fake = { .now = fake_now, .random = real_random };

/* A database of its own for each test, with one customer, pool and service. */
struct lab {
	char folder[64], path[96];
	struct store *s;
	struct customer customer;
	struct service service;
};

static struct store *
reopen(const struct lab *lab)
{
	struct store *s = NULL;

	OK(store_open(lab->path, &fake, &s));
	store_set_actor(s, "test");
	return s;
}

static void
furnish(struct lab *lab, const char *prefix)
{
	struct pool pool = { .name = "edge-1", .balancer = "edge" };

	snprintf(pool.prefix, sizeof(pool.prefix), "%s", prefix);
	lab->customer = (struct customer){ .name = "Contoso", .contact_mail = "a@contoso.com" };
	OK(store_begin(lab->s));
	OK(store_balancer_name(lab->s, "edge", "haproxy"));
	OK(store_pool_add(lab->s, &pool));
	OK(store_customer_add(lab->s, &lab->customer));
	lab->service = (struct service){ .customer = lab->customer.id, .name = "mail", .pool = "edge-1", .backend = "b" };
	OK(store_service_add(lab->s, &lab->service));
	OK(store_commit(lab->s, "test.furnish"));
}

static int
set_up(void **state)
{
	struct lab *lab = alloc_zero(sizeof(*lab));

	fake_time = SECONDS(1800000000);
	snprintf(lab->folder, sizeof(lab->folder), "/tmp/certdesk-store-XXXXXX");
	assert_non_null(mkdtemp(lab->folder));
	snprintf(lab->path, sizeof(lab->path), "%s/db", lab->folder);
	lab->s = reopen(lab);
	furnish(lab, "192.0.2.0/29");
	*state = lab;
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *lab = *state;
	char command[3][128];

	store_free(lab->s);
	snprintf(command[0], 128, "%s/db", lab->folder);
	snprintf(command[1], 128, "%s/db-wal", lab->folder);
	snprintf(command[2], 128, "%s/db-shm", lab->folder);
	for (int i = 0; i < 3; i++)
		unlink(command[i]);
	rmdir(lab->folder);
	free(lab);
	return 0;
}

static struct order
make_order(struct lab *lab, const char *host)
{
	struct order o = { .customer = lab->customer.id, .service = lab->service.id, .country = "AT", .mailboxes = 300 };
	struct site site = { .customer = lab->customer.id, .service = lab->service.id, .balancer = "edge" };
	struct addr addr;

	snprintf(site.host, sizeof(site.host), "%s", host);
	site.id = world_id(&fake);
	OK(store_begin(lab->s));
	OK(store_address_reserve(lab->s, "edge-1", site.id, &site.address, &addr));
	OK(store_site_add(lab->s, &site));
	o.site = site.id;
	OK(store_order_add(lab->s, &o));
	OK(store_commit(lab->s, "test.order"));
	return o;
}

static void
event(struct lab *lab, struct id order, enum order_event e)
{
	OK(store_begin(lab->s));
	OK(store_order_event(lab->s, order, e, ""));
	OK(store_commit(lab->s, "test.event"));
}

static bool
has_task(struct lab *lab, struct id order, enum task_kind kind)
{
	struct task tasks[16];
	size_t count;

	OK(store_tasks_of_order(lab->s, order, tasks, 16, &count));
	for (size_t i = 0; i < count; i++)
		if (tasks[i].kind == kind)
			return true;
	return false;
}

static void
give_certificate(struct lab *lab, struct order *o)
{
	struct key key = { .id = world_id(&fake), .customer = o->customer, .site = o->site, .kind = KEY_P256 };
	struct certificate c = { .order = o->id, .site = o->site, .not_after = fake_time + DAYS(199) };
	struct id csr;

	OK(store_begin(lab->s));
	OK(store_key_add(lab->s, &key, STR("wrapped")));
	OK(store_csr_add(lab->s, o->id, key.id, STR("der"), &csr));
	c.key = key.id;
	OK(store_certificate_add(lab->s, &c, STR("leaf"), STR("chain")));
	OK(store_order_point(lab->s, o->id, key.id, csr, c.id, ID_NONE));
	OK(store_commit(lab->s, "test.certificate"));
	OK(store_order_get(lab->s, o->id, o));
}

static const enum order_event life[] = {
	EVENT_CHECKED, EVENT_KEYED, EVENT_ASKED, EVENT_CERTIFIED, EVENT_INSTALLED, EVENT_TESTED, EVENT_POINTED, EVENT_CONFIRMED,
	EVENT_TOLD,
};

static void
columns_are_the_facts(void **state)
{
	struct lab *lab = *state;
	sqlite3_stmt *stmt = NULL;

	for (int f = 0; f < FACT_MAX; f++) {
		char sql[128];

		snprintf(sql, sizeof(sql), "SELECT fact_%s FROM orders", order_fact_name((enum order_fact)f));
		assert_int_equal(sqlite3_prepare_v2(lab->s->db, sql, -1, &stmt, NULL), SQLITE_OK);
		sqlite3_finalize(stmt);
	}
}

static void
an_order_lives(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com"), back;
	int64_t counts[STAGE_MAX];
	struct site site;
	struct pool pool;

	assert_int_equal(o.number, 1001);
	assert_true(has_task(lab, o.id, TASK_CHECK));
	give_certificate(lab, &o);
	for (size_t i = 0; i < COUNT_OF(life); i++)
		event(lab, o.id, life[i]);
	OK(store_order_by_host(lab->s, "owa.contoso.com", &back));
	assert_int_equal(order_stage(&back.facts), STAGE_LIVE);
	OK(store_order_counts(lab->s, counts));
	assert_int_equal(counts[STAGE_LIVE], 1);
	assert_int_equal(counts[STAGE_CHECKING], 0);
	OK(store_site_get(lab->s, o.site, &site));
	assert_true(id_eq(site.live_order, o.id) && id_eq(site.certificate, o.certificate));
	assert_string_equal(site.address_text, "192.0.2.1");
	OK(store_pool_by_name(lab->s, "edge-1", &pool));
	assert_int_equal(pool.in_use, 1);
	assert_int_equal(pool.free, 5);
	OK(store_begin(lab->s));
	assert_int_equal(store_order_event(lab->s, o.id, EVENT_TOLD, ""), STORE_E_ALREADY);
	assert_int_equal(store_order_event(lab->s, o.id, EVENT_CERTIFIED, ""), STORE_E_NOT_NOW);
	store_abandon(lab->s);
}

static void
a_renewal_supersedes(void **state)
{
	struct lab *lab = *state;
	struct order first = make_order(lab, "owa.contoso.com"), second, back;
	struct key key;

	give_certificate(lab, &first);
	for (size_t i = 0; i < COUNT_OF(life); i++)
		event(lab, first.id, life[i]);
	second = (struct order){ .site = first.site, .customer = first.customer, .service = first.service, .country = "AT",
		.facts.kind = ORDER_RENEWAL };
	OK(store_begin(lab->s));
	OK(store_order_add(lab->s, &second));
	OK(store_commit(lab->s, "test.renewal"));
	give_certificate(lab, &second);
	for (size_t i = 0; i < COUNT_OF(life); i++)
		event(lab, second.id, life[i]);
	OK(store_order_get(lab->s, first.id, &back));
	assert_int_equal(order_stage(&back.facts), STAGE_SUPERSEDED);
	OK(store_key_get(lab->s, back.key, &key));
	assert_int_equal(key.state, KEY_RETIRED);
	assert_int_equal(key.generation, 1);
	assert_false(has_task(lab, first.id, TASK_DNS));
	OK(store_order_by_host(lab->s, "owa.contoso.com", &back));
	assert_true(id_eq(back.id, second.id));
}

static void
one_open_order_per_site(void **state)
{
	struct lab *lab = *state;
	struct order first = make_order(lab, "owa.contoso.com");
	struct order second = { .site = first.site, .customer = first.customer, .service = first.service };
	struct site site = { .customer = lab->customer.id, .service = lab->service.id, .balancer = "edge", .host = "owa.contoso.com" };

	OK(store_begin(lab->s));
	assert_int_equal(store_order_add(lab->s, &second), STORE_E_TAKEN);
	store_abandon(lab->s);
	OK(store_begin(lab->s));
	assert_int_equal(store_site_add(lab->s, &site), STORE_E_TAKEN);
	store_abandon(lab->s);
}

static void
what_is_not_committed_is_not_there(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com"), back;

	OK(store_begin(lab->s));
	OK(store_order_event(lab->s, o.id, EVENT_CHECKED, ""));
	store_free(lab->s);
	lab->s = reopen(lab);
	OK(store_order_get(lab->s, o.id, &back));
	assert_int_equal(back.facts.fact[FACT_CHECKED], 0);
	assert_false(has_task(lab, o.id, TASK_KEY));
}

static void
addresses_run_out_and_rest(void **state)
{
	struct lab *lab = *state;
	struct id id, site = world_id(&fake), first;
	struct addr addr;

	OK(store_begin(lab->s));
	OK(store_address_reserve(lab->s, "edge-1", site, &first, &addr));
	for (int i = 1; i < 6; i++)
		OK(store_address_reserve(lab->s, "edge-1", site, &id, &addr));
	assert_int_equal(store_address_reserve(lab->s, "edge-1", site, &id, &addr), STORE_E_NO_ADDRESS);
	OK(store_address_release(lab->s, first, fake_time + DAYS(30)));
	assert_int_equal(store_address_reserve(lab->s, "edge-1", site, &id, &addr), STORE_E_NO_ADDRESS);
	fake_time += DAYS(30);
	OK(store_address_reserve(lab->s, "edge-1", site, &id, &addr));
	assert_true(id_eq(id, first));
	OK(store_commit(lab->s, "test.addresses"));
	assert_int_equal(store_address_reserve(lab->s, "nothing", site, &id, &addr), STORE_E_ABSENT);
}

struct racer {
	struct lab *lab;
	struct addr got[20];
	size_t count;
};

static void *
race(void *arg)
{
	struct racer *me = arg;
	struct store *s = reopen(me->lab);

	for (int i = 0; i < 20; i++) {
		struct id id;

		OK(store_begin(s));
		if (store_address_reserve(s, "race", world_id(&fake), &id, &me->got[me->count]) == 0)
			me->count++;
		OK(store_commit(s, "test.race"));
	}
	store_free(s);
	return NULL;
}

static void
two_never_get_one_address(void **state)
{
	struct lab *lab = *state;
	struct pool pool = { .name = "race", .balancer = "edge", .prefix = "198.51.100.0/26" };
	struct racer racers[4] = { 0 };
	pthread_t threads[4];

	OK(store_begin(lab->s));
	OK(store_pool_add(lab->s, &pool));
	OK(store_commit(lab->s, "test.pool"));
	for (int i = 0; i < 4; i++) {
		racers[i].lab = lab;
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(racers[0].count + racers[1].count + racers[2].count + racers[3].count, 62);
	for (int a = 0; a < 4; a++)
		for (size_t i = 0; i < racers[a].count; i++)
			for (int b = 0; b < 4; b++)
				for (size_t j = 0; j < racers[b].count; j++)
					if (a != b || i != j)
						assert_false(addr_eq(&racers[a].got[i], &racers[b].got[j]));
}

static void
pools_know_their_limits(void **state)
{
	struct lab *lab = *state;
	static const char *const bad[] = { "192.0.2.0/29", "10.0.0.0/8", "2001:db8::/64" };

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct pool pool = { .name = "other", .balancer = "edge" };

		snprintf(pool.prefix, sizeof(pool.prefix), "%s", bad[i]);
		OK(store_begin(lab->s));
		assert_int_not_equal(store_pool_add(lab->s, &pool), 0);
		store_abandon(lab->s);
	}
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
	assert_int_equal(store_task_claim(lab->s, "w2", SECONDS(60), &again, &next), STORE_E_ABSENT);
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
	assert_int_equal(store_task_claim(lab->s, "w2", SECONDS(60), &second, &next), STORE_E_ABSENT);
	OK(store_begin(lab->s));
	OK(store_task_done(lab->s, task.id));
	OK(store_commit(lab->s, "test.done"));
	OK(store_task_claim(lab->s, "w2", SECONDS(60), &second, &next));
	assert_int_equal(second.attempts, 1);
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

static void
an_ended_order_keeps_only_its_withdrawal(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com");

	event(lab, o.id, EVENT_CHECKED);
	assert_true(has_task(lab, o.id, TASK_KEY));
	event(lab, o.id, EVENT_RETIRED);
	assert_false(has_task(lab, o.id, TASK_KEY));
	assert_true(has_task(lab, o.id, TASK_WITHDRAW));
}

static void
tamper(struct lab *lab, const char *sql)
{
	assert_int_equal(sqlite3_exec(lab->s->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void
the_audit_chain_shows_changes(void **state)
{
	static const struct {
		const char *sql;
		int64_t broken;
	} cases[] = {
		{ "UPDATE events SET actor='someone' WHERE sequence=2", 2 },
		{ "UPDATE events SET detail='{}' WHERE sequence=3", 3 },
		{ "DELETE FROM events WHERE sequence=2", 3 },
		{ "UPDATE events SET sequence=100 WHERE sequence=1", 2 },
		{ "UPDATE events SET order_id=object_id WHERE sequence=1", 1 },
	};
	struct lab *lab = *state;
	int64_t sequence;

	make_order(lab, "owa.contoso.com");
	OK(store_event_verify(lab->s, &sequence));
	assert_true(sequence > 4);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		tamper(lab, "BEGIN");
		tamper(lab, cases[i].sql);
		assert_int_equal(store_event_verify(lab->s, &sequence), STORE_E_BROKEN);
		assert_int_equal(sequence, cases[i].broken);
		tamper(lab, "ROLLBACK");
	}
	OK(store_event_verify(lab->s, &sequence));
}

static void
events_tell_who(void **state)
{
	struct lab *lab = *state;
	CLEAN(event_list_fini) struct event_list list = { 0 };
	struct order o = make_order(lab, "owa.contoso.com");

	event(lab, o.id, EVENT_CHECKED);
	OK(store_event_list(lab->s, o.id, 0, 10, &list));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.row[1].action, "order.checked");
	assert_string_equal(list.row[1].actor, "test");
}

static void
findings_come_back(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com");
	struct findings findings = { 0 }, none = { 0 };
	struct finding *f = findings_add(&findings, FINDING_CERT_KEY_UNKNOWN, "files");
	CLEAN(found_list_fini) struct found_list list = { 0 };

	finding_param(f, "names", "%s", "M\xc3\xbcller \"quoted\" \\ '; DROP TABLE orders; -- \n\t");
	OK(store_begin(lab->s));
	OK(store_findings_replace(lab->s, o.id, GATE_CERTIFICATE, &findings));
	OK(store_commit(lab->s, "test.findings"));
	OK(store_findings_open(lab->s, o.id, &list));
	assert_int_equal(list.count, 1);
	assert_memory_equal(&list.row[0].finding, f, sizeof(*f));
	found_list_fini(&list);
	OK(store_begin(lab->s));
	OK(store_findings_replace(lab->s, o.id, GATE_CERTIFICATE, &none));
	OK(store_commit(lab->s, "test.findings"));
	OK(store_findings_open(lab->s, o.id, &list));
	assert_int_equal(list.count, 0);
}

static void
a_message_is_kept_once(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com");
	CLEAN(message_fini) struct message first = { .order = o.id, .purpose = "csr", .message_id = "<1@x>", .body = alloc_text("one") };
	CLEAN(message_fini) struct message second = { .order = o.id, .purpose = "csr", .message_id = "<2@x>", .body = alloc_text("two") };
	CLEAN(message_list_fini) struct message_list list = { 0 };

	OK(store_begin(lab->s));
	OK(store_message_add(lab->s, &first));
	assert_int_equal(store_message_add(lab->s, &second), STORE_E_ALREADY);
	assert_string_equal(second.body, "one");
	assert_string_equal(second.message_id, "<1@x>");
	OK(store_message_sent(lab->s, first.id, "250 ok"));
	OK(store_commit(lab->s, "test.message"));
	OK(store_message_list(lab->s, o.id, (struct page){ .limit = 10 }, &list));
	assert_int_equal(list.count, 1);
	assert_true(list.row[0].sent > 0 && list.row[0].attachment == NULL);
}

static void
tokens_and_answers(void **state)
{
	struct lab *lab = *state;
	struct token token = { .name = "desk", .role = TOKEN_CUSTOMER, .customer = lab->customer.id }, back;
	CLEAN(buf_fini) struct buf body = BUF(100);
	uint8_t request[32] = { 1 }, other[32] = { 2 };
	char secret[TOKEN_SECRET_SIZE];
	int64_t status;

	OK(store_begin(lab->s));
	OK(store_token_add(lab->s, &token, secret));
	OK(store_answer_keep(lab->s, token.id, "k1", request, 201, STR("{}")));
	OK(store_commit(lab->s, "test.token"));
	assert_int_equal(strncmp(secret, "cd_", 3), 0);
	OK(store_token_find(lab->s, str_of(secret), &back));
	assert_true(id_eq(back.customer, lab->customer.id) && back.role == TOKEN_CUSTOMER);
	secret[10] ^= 1;
	assert_int_equal(store_token_find(lab->s, str_of(secret), &back), STORE_E_ABSENT);
	secret[10] ^= 1;
	OK(store_answer_find(lab->s, token.id, "k1", request, &status, &body));
	assert_int_equal(status, 201);
	buf_clear(&body);
	assert_int_equal(store_answer_find(lab->s, token.id, "k1", other, &status, &body), STORE_E_TAKEN);
	assert_int_equal(store_answer_find(lab->s, token.id, "k2", request, &status, &body), STORE_E_ABSENT);
	OK(store_begin(lab->s));
	OK(store_token_revoke(lab->s, token.id));
	OK(store_commit(lab->s, "test.revoke"));
	assert_int_equal(store_token_find(lab->s, str_of(secret), &back), STORE_E_ABSENT);
}

static void
lists_go_page_by_page(void **state)
{
	struct lab *lab = *state;
	struct page page = { .limit = 2 };
	size_t seen = 0;
	bool more = true;

	OK(store_begin(lab->s));
	for (int i = 0; i < 4; i++) {
		struct customer c = { 0 };

		fake_time += MILLIS(1);
		snprintf(c.name, sizeof(c.name), "Customer %d", i);
		OK(store_customer_add(lab->s, &c));
	}
	OK(store_commit(lab->s, "test.customers"));
	while (more) {
		CLEAN(customer_list_fini) struct customer_list list = { 0 };

		OK(store_customer_list(lab->s, page, &list));
		seen += list.count;
		more = list.more;
		page.after = list.row[list.count - 1].id;
	}
	assert_int_equal(seen, 5);
}

static void
stale_changes_are_seen(void **state)
{
	struct lab *lab = *state;
	struct customer mine = lab->customer, theirs = lab->customer;

	OK(store_begin(lab->s));
	OK(store_customer_change(lab->s, &theirs));
	assert_int_equal(store_customer_change(lab->s, &mine), STORE_E_STALE);
	OK(store_commit(lab->s, "test.change"));
	assert_int_equal(theirs.version, 2);
}

static void
mailboxes_and_waivers(void **state)
{
	struct lab *lab = *state;
	struct mailbox_count count = { .customer = lab->customer.id, .mailboxes = 150 };
	struct waiver waiver = { .customer = lab->customer.id, .author = "Eva", .expires = fake_time + DAYS(1) };

	assert_int_equal(store_mailboxes_latest(lab->s, lab->customer.id, &count), STORE_E_ABSENT);
	OK(store_begin(lab->s));
	OK(store_mailboxes_add(lab->s, &count));
	fake_time += MILLIS(2);
	count.mailboxes = 250;
	OK(store_mailboxes_add(lab->s, &count));
	OK(store_waiver_add(lab->s, &waiver));
	OK(store_commit(lab->s, "test.counts"));
	OK(store_mailboxes_latest(lab->s, lab->customer.id, &count));
	assert_int_equal(count.mailboxes, 250);
	OK(store_waiver_valid(lab->s, lab->customer.id, fake_time, &waiver));
	assert_int_equal(store_waiver_valid(lab->s, lab->customer.id, fake_time + DAYS(2), &waiver), STORE_E_ABSENT);
}

static void
a_full_disk_changes_nothing(void **state)
{
	struct lab *lab = *state;
	int r = 0;

	tamper(lab, "PRAGMA max_page_count=1");
	OK(store_begin(lab->s));
	for (int i = 0; i < 2000 && r == 0; i++) {
		struct customer c = { 0 };

		fake_time += MILLIS(1);
		snprintf(c.name, sizeof(c.name), "Customer %d", i);
		r = store_customer_add(lab->s, &c);
	}
	assert_int_equal(r, STORE_E_FULL);
	store_abandon(lab->s);
	tamper(lab, "PRAGMA max_page_count=1000000");
	make_order(lab, "after.contoso.com");
}

static void
a_newer_database_is_refused(void **state)
{
	struct lab *lab = *state;
	struct store *s = NULL;
	int64_t version;

	OK(store_schema_version(lab->s, &version));
	assert_true(version >= 1);
	tamper(lab, "UPDATE schema_version SET value=999");
	assert_int_equal(store_open(lab->path, &fake, &s), STORE_E_NEWER);
}

static void
looks_are_the_latest(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com");
	CLEAN(buf_fini) struct buf words = BUF(100), report = BUF(100);
	bool good;
	when at;

	OK(store_begin(lab->s));
	OK(store_look_set(lab->s, o.id, LOOK_DNS, false, "no such name", STR("{}")));
	OK(store_look_set(lab->s, o.id, LOOK_DNS, true, "points here", STR("{\"a\":1}")));
	OK(store_commit(lab->s, "test.look"));
	OK(store_look_get(lab->s, o.id, LOOK_DNS, &good, &at, &words, &report));
	assert_true(good);
	assert_string_equal(buf_text(&words), "points here");
	assert_string_equal(buf_text(&report), "{\"a\":1}");
	buf_fini(&report);
}

#define IN_LAB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LAB(columns_are_the_facts),
		IN_LAB(an_order_lives),
		IN_LAB(a_renewal_supersedes),
		IN_LAB(one_open_order_per_site),
		IN_LAB(what_is_not_committed_is_not_there),
		IN_LAB(addresses_run_out_and_rest),
		IN_LAB(two_never_get_one_address),
		IN_LAB(pools_know_their_limits),
		IN_LAB(tasks_are_claimed_once_and_leases_end),
		IN_LAB(asked_for_while_somebody_is_at_it),
		IN_LAB(the_longest_due_comes_first),
		IN_LAB(an_ended_order_keeps_only_its_withdrawal),
		IN_LAB(the_audit_chain_shows_changes),
		IN_LAB(events_tell_who),
		IN_LAB(findings_come_back),
		IN_LAB(a_message_is_kept_once),
		IN_LAB(tokens_and_answers),
		IN_LAB(lists_go_page_by_page),
		IN_LAB(stale_changes_are_seen),
		IN_LAB(mailboxes_and_waivers),
		IN_LAB(a_full_disk_changes_nothing),
		IN_LAB(a_newer_database_is_refused),
		IN_LAB(looks_are_the_latest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
