/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_test_kit.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>

#include "store/certificates.h"
#include "store/db.h"
#include "store/events.h"
#include "store/keys.h"
#include "store/messages.h"
#include "store/pools.h"
#include "store/tasks.h"
#include "store/tokens.h"

static void
columns_are_the_facts(void **state)
{
	struct lab *lab = *state;
	sqlite3_stmt *stmt = NULL;

	for (int f = 0; f < FACT_MAX; f++) {
		char sql[128];

		snprintf(sql, sizeof(sql), "SELECT fact_%s FROM orders",
		    order_fact_name((enum order_fact)f));
		assert_int_equal(sqlite3_prepare_v2(lab->s->db, sql, -1, &stmt, NULL), SQLITE_OK);
		sqlite3_finalize(stmt);
	}
}

/* When the task of that kind is due. */
static when
due_of(struct lab *lab, struct id order, enum task_kind kind, struct id *ret_task)
{
	struct task tasks[TASK_KIND_MAX];
	size_t count = 0;

	OK(store_tasks_of_order(lab->s, order, tasks, COUNT_OF(tasks), &count));
	for (size_t i = 0; i < count; i++)
		if (tasks[i].kind == kind) {
			*ret_task = tasks[i].id;
			return tasks[i].due;
		}
	fail_msg("no such task");
	return 0;
}

static void
hold(struct lab *lab, const struct order *o, when opens)
{
	struct outcome later = { .kind = OUTCOME_LATER, .words = "may be changed again from" };
	struct id task = ID_NONE;

	(void)due_of(lab, o->id, TASK_INSTALL, &task);
	OK(store_begin(lab->s));
	OK(store_order_hold(lab->s, o->id, opens));
	OK(store_task_postpone(lab->s, task, &later, opens));
	OK(store_commit(lab->s, "test.hold"));
}

/* A closed window: the installation is due when it opens, whatever else happens to the order; with a
 * new configuration, or by somebody's word, now. */
static void
an_order_waits_for_a_window(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com"), back;
	when opens = fake_time + HOURS(9);
	struct id task;

	OK(store_begin(lab->s));
	assert_int_equal(store_order_let_through(lab->s, o.id, ""), STORE_E_NOT_NOW);
	store_abandon(lab->s);
	event(lab, o.id, EVENT_CHECKED);
	event(lab, o.id, EVENT_KEYED);
	give_certificate(lab, &o);
	event(lab, o.id, EVENT_CERTIFIED);
	assert_int_equal(due_of(lab, o.id, TASK_INSTALL, &task), fake_time);
	hold(lab, &o, opens);
	event(lab, o.id, EVENT_POINTED);
	OK(store_order_get(lab->s, o.id, &back));
	assert_true(order_is_held(&back.facts, fake_time));
	assert_int_equal(due_of(lab, o.id, TASK_INSTALL, &task), opens);
	assert_int_equal(count_of(lab, "SELECT COUNT(*) FROM orders WHERE waits_for='nobody'"), 1);

	OK(store_begin(lab->s));
	OK(store_orders_look_again(lab->s));
	OK(store_commit(lab->s, "test.look_again"));
	assert_int_equal(due_of(lab, o.id, TASK_INSTALL, &task), fake_time);

	hold(lab, &o, opens);
	OK(store_begin(lab->s));
	OK(store_order_let_through(lab->s, o.id, "{\"reason\":\"users see a warning\"}"));
	OK(store_commit(lab->s, "test.let_through"));
	OK(store_order_get(lab->s, o.id, &back));
	assert_false(order_is_held(&back.facts, fake_time));
	assert_true(order_may_pass(&back.facts, TASK_INSTALL));
	assert_int_equal(due_of(lab, o.id, TASK_INSTALL, &task), fake_time);
	assert_int_equal(
	    count_of(lab,
		"SELECT COUNT(*) FROM events WHERE action='order.let_through' AND detail LIKE '%warning%'"),
	    1);
}

static void
event_by(struct lab *lab, const char *actor, struct id order, enum order_event e)
{
	store_set_actor(lab->s, actor);
	event(lab, order, e);
}

static bool
accepted_by(struct lab *lab, const char *actor, const struct order *o)
{
	bool yes = false;

	store_set_actor(lab->s, actor);
	OK(store_order_accepted_by_us(lab->s, o->id, &yes));
	return yes;
}

/* Four eyes: who the first pair belongs to. */
static void
who_accepted_a_certificate(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com");

	event(lab, o.id, EVENT_CHECKED);
	event(lab, o.id, EVENT_KEYED);
	assert_false(accepted_by(lab, "token:anna", &o));
	event_by(lab, "token:anna", o.id, EVENT_DELIVERED); /* who delivers has not accepted */
	event_by(lab, "token:ben", o.id, EVENT_CERTIFIED);
	assert_false(accepted_by(lab, "token:anna", &o));
	assert_true(accepted_by(lab, "token:ben", &o));
	event_by(lab, "token:anna", o.id, EVENT_DELIVERED); /* another one, not accepted yet */
	assert_true(accepted_by(lab, "token:ben", &o));
	event_by(lab, "token:carl", o.id, EVENT_FETCHING); /* and one that the worker accepts */
	event_by(lab, "worker", o.id, EVENT_CERTIFIED);
	assert_true(accepted_by(lab, "token:carl", &o));
	assert_false(accepted_by(lab, "token:ben", &o));
	assert_false(accepted_by(lab, "worker", &o));
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
	live(lab, &o);
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

	live(lab, &first);
	second = make_renewal(lab, &first);
	live(lab, &second);
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
a_withdrawn_order_leaves_no_key_in_force(void **state)
{
	struct lab *lab = *state;
	struct order first = make_order(lab, "owa.contoso.com"), second;
	struct key key;

	live(lab, &first);
	second = make_renewal(lab, &first);
	give_certificate(lab, &second);
	event(lab, second.id, EVENT_RETIRED);
	OK(store_begin(lab->s));
	OK(store_order_withdrawn(lab->s, second.id));
	OK(store_commit(lab->s, "test.withdrawn"));
	OK(store_key_get(lab->s, second.key, &key));
	assert_int_equal(key.state, KEY_RETIRED);
	OK(store_key_get(lab->s, first.key, &key));
	assert_int_equal(key.state, KEY_ACTIVE);
}

static void
one_open_order_per_site(void **state)
{
	struct lab *lab = *state;
	struct order first = make_order(lab, "owa.contoso.com");
	struct order second = {
		.site = first.site, .customer = first.customer, .service = first.service
	};
	struct site site = { .customer = lab->customer.id,
		.service = lab->service.id,
		.balancer = "edge",
		.host = "owa.contoso.com" };

	OK(store_begin(lab->s));
	assert_int_equal(store_order_add(lab->s, &second), STORE_E_TAKEN);
	store_abandon(lab->s);
	OK(store_begin(lab->s));
	assert_int_equal(store_site_add(lab->s, &site), STORE_E_TAKEN);
	store_abandon(lab->s);
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

	finding_param(
	    f, "names", "%s", "M\xc3\xbcller \"quoted\" \\ '; DROP TABLE orders; -- \n\t");
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
	CLEAN(message_fini)
	struct message first = {
		.order = o.id, .purpose = "csr", .message_id = "<1@x>", .body = alloc_text("one")
	};
	CLEAN(message_fini)
	struct message second = {
		.order = o.id, .purpose = "csr", .message_id = "<2@x>", .body = alloc_text("two")
	};
	CLEAN(message_fini)
	struct message other = { .order = o.id,
		.about = { .b = { 7 } },
		.purpose = "csr",
		.message_id = "<3@x>",
		.body = alloc_text("three") };
	CLEAN(message_list_fini) struct message_list list = { 0 };

	OK(store_begin(lab->s));
	OK(store_message_add(lab->s, &first));
	assert_int_equal(store_message_add(lab->s, &second), STORE_E_ALREADY);
	assert_string_equal(second.body, "one");
	assert_string_equal(second.message_id, "<1@x>");
	OK(store_message_add(lab->s, &other)); /* of another thing */
	OK(store_message_sent(lab->s, first.id, "250 ok"));
	OK(store_commit(lab->s, "test.message"));
	OK(store_message_list(lab->s, o.id, (struct page){ .limit = 10 }, &list));
	assert_int_equal(list.count, 2);
	assert_true(list.row[0].sent > 0 && list.row[0].attachment == NULL);
}

static void
tokens_and_answers(void **state)
{
	struct lab *lab = *state;
	struct token token = { .name = "desk",
		.role = TOKEN_CUSTOMER,
		.customer = lab->customer.id },
		     back;
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
	assert_int_equal(
	    store_answer_find(lab->s, token.id, "k1", other, &status, &body), STORE_E_TAKEN);
	assert_int_equal(
	    store_answer_find(lab->s, token.id, "k2", request, &status, &body), STORE_E_ABSENT);
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

/* In this order, as they were found, though all in one microsecond. */
static void
findings_keep_their_order_and_age(void **state)
{
	static const enum finding_code codes[] = { FINDING_CERT_KEY_UNKNOWN, FINDING_CERT_LIMIT,
		FINDING_CERT_READER_FAILED, FINDING_CERT_NOT_AWAITED };
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com");
	CLEAN(found_list_fini) struct found_list list = { 0 };
	struct findings findings = { 0 };
	when first = fake_time;

	for (size_t i = 0; i < COUNT_OF(codes); i++)
		findings_add(&findings, codes[i], "files");
	for (int look = 0; look < 3; look++) { /* the third one differs */
		findings.list[3].severity = look < 2 ? SEVERITY_HOLD : SEVERITY_INFO;
		OK(store_begin(lab->s));
		OK(store_findings_replace(lab->s, o.id, GATE_CERTIFICATE, &findings));
		OK(store_commit(lab->s, "test.findings"));
		found_list_fini(&list);
		OK(store_findings_open(lab->s, o.id, &list));
		assert_int_equal(list.count, COUNT_OF(codes));
		for (size_t i = 0; i < COUNT_OF(codes); i++)
			assert_int_equal(list.row[i].finding.code, codes[i]);
		assert_int_equal(list.row[0].found, look < 2 ? first : fake_time);
		fake_time += HOURS(1);
	}
	assert_int_equal(count_of(lab, "SELECT COUNT(*) FROM findings"), 2 * COUNT_OF(codes));
}

static void
values_that_are_no_text_are_shown(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com");
	CLEAN(found_list_fini) struct found_list list = { 0 };
	struct findings findings = { 0 };

	finding_param(findings_add(&findings, FINDING_CERT_KEY_UNKNOWN, "files"), "names", "%s",
	    "a\xff\xfe"
	    "b\xc3");
	OK(store_begin(lab->s));
	OK(store_findings_replace(lab->s, o.id, GATE_CERTIFICATE, &findings));
	OK(store_commit(lab->s, "test.findings"));
	OK(store_findings_open(lab->s, o.id, &list));
	assert_string_equal(finding_value(&list.row[0].finding, "names"), "a??b?");
}

/* A peer's words of any length must not make the order unreadable. */
static void
long_words_are_cut(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com"), back;
	char words[2000];

	for (size_t i = 0; i + 2 < sizeof(words); i += 2)
		memcpy(words + i, "\xc3\xbc", 3);
	OK(store_begin(lab->s));
	OK(store_order_trouble(lab->s, o.id, words));
	OK(store_commit(lab->s, "test.trouble"));
	OK(store_order_get(lab->s, o.id, &back));
	assert_int_equal(strlen(back.trouble), sizeof(back.trouble) - 2);
	event(lab, o.id, EVENT_CHECKED);
	OK(store_order_get(lab->s, o.id, &back));
	assert_string_equal(back.trouble, "");
}

static void
text_is_never_sql(void **state)
{
	static const char *const odd[] = {
		"'); DROP TABLE orders; --",
		"\" OR 1=1 --",
		"%_",
		"$1",
		"@blob",
		"?1",
		"\xf0\x9f\x94\x91 Sch\xc3\xb6n\n\t\x01",
	};
	struct lab *lab = *state;

	for (size_t i = 0; i < COUNT_OF(odd); i++) {
		struct customer c = { 0 }, back;
		struct site none;

		snprintf(c.name, sizeof(c.name), "%s", odd[i]);
		snprintf(c.contact_mail, sizeof(c.contact_mail), "%s", odd[i]);
		OK(store_begin(lab->s));
		OK(store_customer_add(lab->s, &c));
		OK(store_commit(lab->s, "test.odd"));
		OK(store_customer_by_name(lab->s, odd[i], &back));
		assert_memory_equal(&back, &c, sizeof(c));
		assert_int_equal(store_site_by_host(lab->s, odd[i], &none), STORE_E_ABSENT);
	}
}

static void
changes_tell_before_and_after(void **state)
{
	struct lab *lab = *state;
	CLEAN(event_list_fini) struct event_list list = { 0 };
	struct customer c = lab->customer;

	snprintf(c.city, sizeof(c.city), "Graz");
	OK(store_begin(lab->s));
	OK(store_customer_change(lab->s, &c));
	OK(store_commit(lab->s, "test.change"));
	OK(store_event_list(lab->s, ID_NONE, 0, 100, &list));
	assert_string_equal(list.row[list.count - 1].action, "customer.changed");
	assert_string_equal(
	    list.row[list.count - 1].detail, "{\"city\":{\"before\":\"\",\"after\":\"Graz\"}}");
}

static void
services_change(void **state)
{
	struct lab *lab = *state;
	CLEAN(event_list_fini) struct event_list list = { 0 };
	struct service v, back, second = lab->service;

	OK(store_service_get(lab->s, lab->service.id, &v));
	assert_true(v.protection == TOLD_UNKNOWN && v.backend_tls == TOLD_UNKNOWN);
	v.protection = TOLD_ON;
	v.backend_tls = TOLD_OFF;
	OK(store_begin(lab->s));
	OK(store_service_change(lab->s, &v));
	OK(store_commit(lab->s, "test.change"));
	OK(store_service_get(lab->s, v.id, &back));
	assert_true(back.protection == TOLD_ON && back.backend_tls == TOLD_OFF);
	assert_true(back.version == 2 && v.version == 2);
	OK(store_event_list(lab->s, ID_NONE, 0, 100, &list));
	assert_string_equal(list.row[list.count - 1].action, "service.changed");
	assert_string_equal(list.row[list.count - 1].detail,
	    "{\"protection\":{\"before\":\"unknown\",\"after\":\"on\"},"
	    "\"backend_tls\":{\"before\":\"unknown\",\"after\":\"off\"}}");
	snprintf(second.name, sizeof(second.name), "second");
	OK(store_begin(lab->s));
	OK(store_service_add(lab->s, &second));
	v.version = 1;
	assert_int_equal(store_service_change(lab->s, &v), STORE_E_STALE);
	snprintf(second.name, sizeof(second.name), "%s", v.name);
	assert_int_equal(store_service_change(lab->s, &second), STORE_E_TAKEN);
	store_abandon(lab->s);
	tamper(lab, "UPDATE services SET protection='maybe'");
	assert_int_equal(store_service_get(lab->s, v.id, &back), -EBADMSG);
}

static void
an_order_is_added_as_given(void **state)
{
	struct lab *lab = *state;
	struct order first = make_order(lab, "owa.contoso.com"), second, back;

	live(lab, &first);
	second = (struct order){ .site = first.site,
		.customer = first.customer,
		.service = first.service,
		.key = first.key,
		.facts = { .kind = ORDER_REISSUE,
		    .dns_when = DNS_LAST,
		    .valid_from = fake_time + 1,
		    .dns_looked = fake_time - 5,
		    .dns_looks = 3 } };
	second.facts.fact[FACT_CHECKED] = fake_time - 7;
	OK(store_begin(lab->s));
	OK(store_order_add(lab->s, &second));
	OK(store_commit(lab->s, "test.reissue"));
	OK(store_order_get(lab->s, second.id, &back));
	assert_memory_equal(&back.facts, &second.facts, sizeof(back.facts));
	assert_true(id_eq(back.key, first.key));
	assert_int_equal(back.version, second.version);
	assert_true(has_task(lab, second.id, TASK_KEY));
	assert_false(has_task(lab, second.id, TASK_CHECK));
}

static void
end_tasks(struct lab *lab, struct id order)
{
	struct task tasks[TASK_KIND_MAX];
	size_t count;

	OK(store_tasks_of_order(lab->s, order, tasks, COUNT_OF(tasks), &count));
	OK(store_begin(lab->s));
	for (size_t i = 0; i < count; i++)
		OK(store_task_done(lab->s, tasks[i].id));
	OK(store_commit(lab->s, "test.done"));
}

static void
tasks_follow_each_event(void **state)
{
	static const enum task_kind follows[] = {
		TASK_KEY,
		TASK_ASK,
		TASK_DNS,
		TASK_INSTALL,
		TASK_TEST_ADDRESS,
		TASK_DNS,
		TASK_TEST_NAME,
		TASK_TELL,
		TASK_DNS,
	};
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com"), back;

	assert_int_equal(COUNT_OF(follows), life_length);
	give_certificate(lab, &o);
	for (size_t i = 0; i < life_length; i++) {
		end_tasks(lab, o.id);
		event(lab, o.id, life[i]);
		assert_true(has_task(lab, o.id, follows[i]));
	}
	OK(store_order_get(lab->s, o.id, &back));
	assert_int_equal(back.version, o.version + (int64_t)life_length);
	assert_int_equal(count_of(lab, "SELECT SUM(orders) FROM stage_counts"), 1);
	assert_int_equal(
	    count_of(lab, "SELECT COUNT(*) FROM orders WHERE stage='live' AND waits_for='nobody'"),
	    1);
}

static void
an_event_that_does_not_fit_changes_nothing(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com"), before = { 0 }, back = { 0 };

	OK(store_order_get(lab->s, o.id, &before));
	OK(store_begin(lab->s));
	assert_int_equal(store_order_event(lab->s, o.id, EVENT_INSTALLED, ""), STORE_E_NOT_NOW);
	assert_int_equal(store_order_look_now(lab->s, o.id), STORE_E_NOT_NOW);
	assert_int_equal(
	    store_order_event(lab->s, world_id(&fake), EVENT_CHECKED, ""), STORE_E_ABSENT);
	OK(store_commit(lab->s, "test.nothing"));
	OK(store_order_get(lab->s, o.id, &back));
	assert_memory_equal(&back, &before, sizeof(back));
}

static void
orders_are_listed_by_customer_and_stage(void **state)
{
	struct lab *lab = *state;
	struct order a = make_order(lab, "a.contoso.com"), b = make_order(lab, "b.contoso.com");
	static const struct {
		bool mine, by_stage;
		enum order_stage stage;
		size_t count;
	} cases[] = {
		{ false, false, STAGE_CHECKING, 2 },
		{ true, false, STAGE_CHECKING, 2 },
		{ false, true, STAGE_PREPARING, 1 },
		{ true, true, STAGE_CHECKING, 1 },
		{ true, true, STAGE_LIVE, 0 },
	};

	event(lab, b.id, EVENT_CHECKED);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct order_filter filter = { .customer =
						   cases[i].mine ? lab->customer.id : ID_NONE,
			.by_stage = cases[i].by_stage,
			.stage = cases[i].stage };
		CLEAN(order_list_fini) struct order_list list = { 0 };

		OK(store_order_list(lab->s, &filter, (struct page){ .limit = 10 }, &list));
		assert_int_equal(list.count, cases[i].count);
	}
	assert_int_equal(b.number, a.number + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LAB(columns_are_the_facts),
		IN_LAB(an_order_waits_for_a_window),
		IN_LAB(who_accepted_a_certificate),
		IN_LAB(an_order_lives),
		IN_LAB(tasks_follow_each_event),
		IN_LAB(an_event_that_does_not_fit_changes_nothing),
		IN_LAB(an_order_is_added_as_given),
		IN_LAB(a_renewal_supersedes),
		IN_LAB(a_withdrawn_order_leaves_no_key_in_force),
		IN_LAB(one_open_order_per_site),
		IN_LAB(an_ended_order_keeps_only_its_withdrawal),
		IN_LAB(orders_are_listed_by_customer_and_stage),
		IN_LAB(long_words_are_cut),
		IN_LAB(events_tell_who),
		IN_LAB(changes_tell_before_and_after),
		IN_LAB(services_change),
		IN_LAB(findings_come_back),
		IN_LAB(findings_keep_their_order_and_age),
		IN_LAB(values_that_are_no_text_are_shown),
		IN_LAB(a_message_is_kept_once),
		IN_LAB(tokens_and_answers),
		IN_LAB(lists_go_page_by_page),
		IN_LAB(stale_changes_are_seen),
		IN_LAB(looks_are_the_latest),
		IN_LAB(text_is_never_sql),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
