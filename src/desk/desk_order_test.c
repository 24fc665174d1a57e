/* SPDX-License-Identifier: Apache-2.0 */
/* Orders over HTTP: the form, one transaction, repeating, two at once, and who sees what. */
#include "desk/desk_test_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/route.h"
#include "store/certificates.h"
#include "store/messages.h"
#include "store/pools.h"
#include "store/tasks.h"

/* How much there is: nothing of it may change by what is refused. */
struct sums {
	int64_t orders, sites, reserved, events;
};

static struct sums
sum(struct lab *lab)
{
	CLEAN(reply_fini) struct reply orders = lab_get(lab, "/api/v1/orders?limit=200");
	CLEAN(reply_fini) struct reply sites = lab_get(lab, "/api/v1/sites?limit=200");
	CLEAN(reply_fini) struct reply pools = lab_get(lab, "/api/v1/pools");
	CLEAN(reply_fini) struct reply events = lab_get(lab, "/api/v1/events/verify");
	struct sums s = {
		.orders = (int64_t)json_array_size(json_object_get(orders.json, "items")),
		.sites = (int64_t)json_array_size(json_object_get(sites.json, "items")),
	};

	assert_string_equal(reply_text(&events, "whole"), "true");
	assert_true(str_to_i64(str_of(reply_text(&pools, "items.0.reserved")), &s.reserved));
	assert_true(str_to_i64(str_of(reply_text(&events, "events")), &s.events));
	return s;
}

static const char *
service_of(const struct person *person)
{
	static _Thread_local char text[ID_TEXT_SIZE];

	return id_text(person->service.id, text);
}

static void
an_order_is_placed(void **state)
{
	struct lab *lab = *state;
	CLEAN(reply_fini)
	struct reply reply = lab_post(lab, "/api/v1/orders",
	    "{\"service\":\"%s\",\"host\":\"https://OWA.contoso.com/owa\",\"division\":\"IT\","
	    "\"key\":\"p256\"}",
	    service_of(&lab->contoso));
	struct task tasks[TASK_KIND_MAX];
	struct order o;
	size_t count;

	assert_int_equal(reply.status, 201);
	assert_true(reply_has_header(&reply, "Location: /api/v1/orders/1001"));
	assert_string_equal(reply_text(&reply, "host"), "owa.contoso.com");
	assert_string_equal(reply_text(&reply, "dns.record.type"), "A");
	assert_string_equal(reply_text(&reply, "dns.record.value"), "192.0.2.1");
	assert_string_equal(reply_text(&reply, "organization"), "Contoso GmbH");
	assert_string_equal(reply_text(&reply, "mailboxes"), "420");
	assert_string_equal(reply_text(&reply, "key.kind"), "p256");
	assert_true(reply_found(&reply, "FQDN_CLEANED") && reply_found(&reply, "ORG_DIVISION"));
	assert_int_equal(store_order_by_number(lab->store, 1001, &o), 0);
	assert_int_equal(store_tasks_of_order(lab->store, o.id, tasks, COUNT_OF(tasks), &count), 0);
	assert_true(count == 1 && tasks[0].kind == TASK_CHECK);
	assert_true(id_is_none(o.waiver));
	assert_int_equal(sum(lab).reserved, 1);
}

static void
tell(struct lab *lab, int64_t number, enum order_event event)
{
	struct order o;

	OK(store_begin(lab->store));
	OK(store_order_by_number(lab->store, number, &o));
	OK(store_order_event(lab->store, o.id, event, ""));
	OK(store_commit(lab->store, "test.event"));
}

static struct reply
confirm(struct lab *lab, const char *token, const char *number)
{
	char body[128];

	snprintf(body, sizeof(body), "{\"question\":\"%s\"}", number);
	return lab_ask(lab, &(struct ask){ .token = token,
				.method = "POST",
				.path = "/api/v1/orders/1001/confirm",
				.body = body });
}

/* What is odd is confirmed under the number it was shown under, by the customer itself, once. */
static void
what_is_odd_is_confirmed(void **state)
{
	struct lab *lab = *state;
	CLEAN(reply_fini)
	struct reply placed = lab_post(lab, "/api/v1/orders",
	    "{\"host\":\"https://owa.contoso.com/owa\",\"service\":\"%s\",\"mailboxes\":420,\"key\":\"p256\"}",
	    service_of(&lab->contoso));
	struct order o;
	char number[65];

	assert_int_equal(placed.status, 201);
	CLEAN(reply_fini) struct reply early = lab_get(lab, "/api/v1/orders/1001/question");
	assert_int_equal(early.status, 404);
	assert_string_equal(reply_text(&early, "code"), "NO_QUESTION");
	tell(lab, 1001, EVENT_DOUBTED);
	CLEAN(reply_fini) struct reply shown = lab_get(lab, "/api/v1/orders/1001/question");
	assert_int_equal(shown.status, 200);
	assert_string_equal(reply_text(&shown, "host"), "owa.contoso.com");
	assert_string_equal(reply_text(&shown, "letters.2.letter"), "a");
	assert_string_equal(reply_text(&shown, "letters.2.script"), "Latin");
	assert_true(reply_found(&shown, "FQDN_CLEANED"));
	snprintf(number, sizeof(number), "%s", reply_text(&shown, "question"));
	CLEAN(reply_fini) struct reply foreign = confirm(lab, lab->fabrikam.token, number);
	assert_int_equal(foreign.status, 404);
	number[0] = number[0] == '0' ? '1' : '0';
	CLEAN(reply_fini) struct reply other = confirm(lab, lab->contoso.token, number);
	assert_int_equal(other.status, 409);
	assert_string_equal(reply_text(&other, "code"), "CHANGED");
	CLEAN(reply_fini)
	struct reply good = confirm(lab, lab->contoso.token, reply_text(&shown, "question"));
	assert_int_equal(good.status, 200);
	assert_string_equal(reply_text(&good, "stage"), "preparing");
	OK(store_order_by_number(lab->store, 1001, &o));
	assert_true(o.facts.fact[FACT_CHECKED] && !o.facts.fact[FACT_DOUBTED]);
	CLEAN(reply_fini)
	struct reply again = confirm(lab, lab->contoso.token, reply_text(&shown, "question"));
	assert_int_equal(again.status, 409);
}

static void
refused_orders_leave_nothing(void **state)
{
	struct lab *lab = *state;
	static const struct {
		const char *members;
		long status;
		const char *code; /* a finding's, or the problem's */
		bool finding;
	} cases[] = {
		{ "\"host\":\"\"", 422, "FQDN_MISSING", true },
		{ "\"kind\":\"first\"", 422, "FQDN_MISSING", true },
		{ "\"host\":\"owa_x.contoso.com\"", 422, "FQDN_CHARS", true },
		{ "\"host\":\"owa.contoso.local\"", 422, "FQDN_INTERNAL", true },
		{ "\"host\":\"*.contoso.com\"", 422, "FQDN_WILDCARD", true },
		{ "\"host\":\"owa.contoso.com\",\"country\":\"XX\"", 422, "ORG_COUNTRY", true },
		{ "\"host\":\"owa.contoso.com\",\"organization\":\"-\"", 422, "ORG_NAME", true },
		{ "\"host\":\"owa.contoso.com\",\"city\":\"\"", 422, "ORG_PLACE", true },
		{ "\"host\":\"owa.contoso.com\",\"mailboxes\":199", 422, "ELIGIBILITY_MAILBOXES",
		    true },
		{ "\"host\":\"owa.contoso.com\",\"kind\":\"renewal\"", 422, "FQDN_UNKNOWN_SITE",
		    true },
		{ "\"host\":\"owa.contoso.com\",\"kind\":\"again\"", 422, "FIELDS", false },
		{ "\"host\":\"owa.contoso.com\",\"key\":\"rsa1024\"", 422, "FIELDS", false },
		{ "\"host\":\"owa.contoso.com\",\"mailboxes\":\"many\"", 422, "FIELDS", false },
		{ "\"host\":\"owa.contoso.com\",\"waiver\":{\"reason\":\"m\"}", 422, "FIELDS",
		    false },
		{ "\"hots\":\"owa.contoso.com\"", 422, "FIELDS", false },
	};
	struct sums before = sum(lab);

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(reply_fini)
		struct reply reply = lab_post(lab, "/api/v1/orders", "{\"service\":\"%s\",%s}",
		    service_of(&lab->contoso), cases[i].members);
		struct sums after;

		if (reply.status != cases[i].status)
			print_error("%s: %s\n", cases[i].members, reply.body);
		assert_int_equal(reply.status, cases[i].status);
		if (cases[i].finding)
			assert_true(reply_found(&reply, cases[i].code));
		else
			assert_string_equal(reply_text(&reply, "code"), cases[i].code);
		after = sum(lab);
		assert_memory_equal(&before, &after, sizeof(before));
	}
}

/* With its token; what is found there, too. */
static long
place(struct lab *lab, const char *token, const char *host, const char *code)
{
	char body[1024];

	snprintf(body, sizeof(body), "{\"service\":\"%s\",\"host\":\"%s\"}",
	    service_of(&lab->contoso), host);

	const struct ask ask = {
		.token = token, .method = "POST", .path = "/api/v1/orders", .body = body
	};
	CLEAN(reply_fini) struct reply reply = lab_ask(lab, &ask);

	assert_true(!code || reply_found(&reply, code));
	return reply.status;
}

static void
set_domains(struct lab *lab, const struct person *person, const char *domains, long status)
{
	char body[512], path[128], id[ID_TEXT_SIZE];

	snprintf(body, sizeof(body), "{\"domains\":[%s]}", domains);
	snprintf(path, sizeof(path), "/api/v1/customers/%s", id_text(person->customer.id, id));

	const struct ask ask = {
		.token = lab->provider, .method = "PATCH", .path = path, .body = body
	};
	CLEAN(reply_fini) struct reply reply = lab_ask(lab, &ask);

	if (reply.status != status)
		print_error("%s\n", reply.body);
	assert_int_equal(reply.status, status);
}

/* What is said of a name against the customer's domains and sites, and against others' domains. */
static void
names_are_held_against_what_is_known(void **state)
{
	struct lab *lab = *state;
	const char *mine = lab->provider;

	set_domains(lab, &lab->contoso, "\"contoso.com\",\"https://Contoso.de/\"", 200);
	set_domains(lab, &lab->fabrikam, "\"fabrikam.com\",\"adatum.com\"", 200);
	set_domains(lab, &lab->fabrikam, "\"localhost\"", 422);
	set_domains(lab, &lab->fabrikam, "7", 422);
	assert_int_equal(place(lab, mine, "owa.contsoo.com", "FQDN_ALIKE"), 201);
	assert_int_equal(place(lab, mine, "owa.northwind.com", "FQDN_NOT_YOURS"), 201);
	assert_int_equal(place(lab, mine, "owa.fabrikan.com", "FQDN_OTHERS"), 201);
	assert_int_equal(place(lab, mine, "owa.adatum.com", "FQDN_OTHERS"), 201);
	assert_int_equal(place(lab, mine, "owa.contoso.de", NULL), 201);
	assert_int_equal(place(lab, mine, "oaw.contoso.de", "FQDN_ALIKE"), 201);
}

static void
tell_of_service(struct lab *lab, const char *said, long status)
{
	char path[128];

	snprintf(path, sizeof(path), "/api/v1/services/%s", service_of(&lab->contoso));

	const struct ask ask = {
		.token = lab->provider, .method = "PATCH", .path = path, .body = said
	};
	CLEAN(reply_fini) struct reply reply = lab_ask(lab, &ask);

	assert_int_equal(reply.status, status);
}

static bool
was_told(struct lab *lab, int number, const char *code)
{
	char path[64];

	snprintf(path, sizeof(path), "/api/v1/orders/%d/findings", number);
	CLEAN(reply_fini) struct reply found = lab_get(lab, path);
	return strstr(found.body, code) != NULL;
}

/* At the first order of an OWA service; what every new certificate needs, at each. Nothing of it
 * stands in the way. */
static void
a_service_is_asked_for_once(void **state)
{
	struct lab *lab = *state;
	const char *mine = lab->provider;

	set_domains(lab, &lab->contoso, "\"contoso.at\",\"contoso.com\"", 200);
	assert_int_equal(place(lab, mine, "owa.contoso.com", NULL), 201);
	assert_true(
	    was_told(lab, 1001, "_autodiscover._tcp.contoso.com. SRV 0 0 443 owa.contoso.com."));
	assert_true(was_told(lab, 1001, "; the same holds for contoso.at"));
	assert_true(was_told(lab, 1001, "PROTECTION_UNKNOWN"));
	assert_int_equal(place(lab, mine, "mail.contoso.com", NULL), 201);
	assert_false(was_told(lab, 1002, "AUTODISCOVER") || was_told(lab, 1002, "PROTECTION"));
	tell_of_service(lab, "{\"protection\":\"maybe\"}", 422);
	tell_of_service(lab, "{\"backend\":\"other\"}", 422);
	tell_of_service(lab, "{\"protection\":\"on\"}", 200);
	assert_int_equal(place(lab, mine, "web.contoso.com", NULL), 201);
	assert_true(was_told(lab, 1003, "PROTECTION_ON"));
	tell_of_service(lab, "{\"backend_tls\":\"off\"}", 200);
	assert_int_equal(place(lab, mine, "www2.contoso.com", NULL), 201);
	assert_true(was_told(lab, 1004, "PROTECTION_OFFLOAD"));
	assert_false(was_told(lab, 1004, "\"hold\""));
}

/* A customer of whom no domain is known, but a site: its name is not taken by a slip. */
static void
names_are_held_against_others_sites(void **state)
{
	struct lab *lab = *state;
	struct order o;

	lab_order(lab, &lab->fabrikam, "mail.fabrikam.com");
	assert_int_equal(place(lab, lab->contoso.token, "mail.fabrikan.com", "FQDN_OTHERS"), 201);
	assert_false(was_told(lab, 1002, "fabrikam"));
	assert_int_equal(place(lab, lab->provider, "mail.fabrikam.de", NULL), 201);
	assert_false(was_told(lab, 1003, "FQDN_OTHERS"));
	assert_int_equal(place(lab, lab->provider, "owa.fabrikam.com", NULL), 201); /* shared */
	assert_false(was_told(lab, 1004, "FQDN_OTHERS"));
	/* once it is live it was meant, and its neighbours are not asked again */
	assert_int_equal(store_order_by_number(lab->store, 1002, &o), 0);
	OK(store_begin(lab->store));
	OK(store_site_set_live(lab->store, o.site, ID_NONE, o.id, 0));
	OK(store_commit(lab->store, "test.live"));
	assert_int_equal(place(lab, lab->provider, "owa.fabrikan.com", NULL), 201);
	assert_false(was_told(lab, 1005, "FQDN_OTHERS"));
}

static void
a_waiver_opens_the_gate(void **state)
{
	struct lab *lab = *state;
	struct waiver waiver = { .customer = lab->contoso.customer.id,
		.author = "Eva Lindt",
		.reason = "merger in March",
		.expires = world_now(world_real()) + DAYS(30) };

	OK(store_begin(lab->store));
	OK(store_waiver_add(lab->store, &waiver));
	snprintf(waiver.second, sizeof(waiver.second), "Otto Berg");
	OK(store_waiver_confirm(lab->store, &waiver));
	OK(store_commit(lab->store, "test.waiver"));
	CLEAN(reply_fini)
	struct reply reply = lab_post(lab, "/api/v1/orders",
	    "{\"service\":\"%s\",\"host\":\"owa.contoso.com\",\"mailboxes\":12}",
	    service_of(&lab->contoso));
	struct mailbox_count count;
	struct order o;

	assert_int_equal(reply.status, 201);
	assert_true(reply_found(&reply, "ELIGIBILITY_WAIVED"));
	assert_int_equal(store_order_by_number(lab->store, 1001, &o), 0);
	assert_false(id_is_none(o.waiver));
	assert_int_equal(store_mailboxes_latest(lab->store, lab->contoso.customer.id, &count), 0);
	assert_int_equal(count.mailboxes, 12);
	assert_string_equal(count.author, "operator");
}

static void
customers_order_but_do_not_count(void **state)
{
	struct lab *lab = *state;
	static const char *const more[] = { ",\"mailboxes\":900", "" };
	static const long status[] = { 403, 201 };
	struct ask ask = {
		.token = lab->contoso.token, .method = "POST", .path = "/api/v1/orders"
	};

	for (size_t i = 0; i < COUNT_OF(more); i++) {
		char body[512];

		snprintf(body, sizeof(body), "{\"service\":\"%s\",\"host\":\"owa.contoso.com\"%s}",
		    service_of(&lab->contoso), more[i]);
		ask.body = body;
		CLEAN(reply_fini) struct reply reply = lab_ask(lab, &ask);
		assert_int_equal(reply.status, status[i]);
		if (reply.status == 201) /* names inside the house stay there */
			assert_true(json_is_null(json_object_get(reply.json, "balancer")));
	}
}

/* Addresses are everybody's: one customer's token cannot take them all, nor send them all into
 * quarantine by cancelling. */
static void
one_customer_takes_its_share(void **state)
{
	struct lab *lab = *state;
	char body[512];
	struct ask ask = { .token = lab->contoso.token,
		.method = "POST",
		.path = "/api/v1/orders",
		.body = body };

	lab->config.orders_most = 2;
	lab_order(lab, &lab->contoso, "a.contoso.com");
	lab_order(lab, &lab->contoso, "b.contoso.com");
	snprintf(body, sizeof(body), "{\"service\":\"%s\",\"host\":\"c.contoso.com\"}",
	    service_of(&lab->contoso));
	CLEAN(reply_fini) struct reply third = lab_ask(lab, &ask);
	assert_int_equal(third.status, 429);
	assert_true(reply_found(&third, "ELIGIBILITY_ORDERS"));
	CLEAN(reply_fini)
	struct reply cancelled = lab_post(lab, "/api/v1/orders/1001/cancel", "{}");
	CLEAN(reply_fini) struct reply still = lab_ask(lab, &ask);
	assert_true(cancelled.status == 200 && still.status == 429);
	assert_int_equal(sum(lab).orders, 2);
	ask.token = lab->provider;
	CLEAN(reply_fini) struct reply for_them = lab_ask(lab, &ask);
	assert_int_equal(for_them.status, 201);
}

static void
a_name_is_served_once(void **state)
{
	struct lab *lab = *state;
	int64_t number = lab_order(lab, &lab->contoso, "owa.contoso.com");
	CLEAN(reply_fini)
	struct reply again = lab_post(lab, "/api/v1/orders",
	    "{\"service\":\"%s\",\"host\":\"OWA.contoso.com\"}", service_of(&lab->contoso));
	CLEAN(reply_fini)
	struct reply others = lab_post(lab, "/api/v1/orders",
	    "{\"service\":\"%s\",\"host\":\"owa.contoso.com\"}", service_of(&lab->fabrikam));

	assert_int_equal(number, 1001);
	assert_int_equal(again.status, 409);
	assert_true(reply_found(&again, "FQDN_TAKEN") && reply_found(&others, "FQDN_TAKEN"));
	assert_int_equal(sum(lab).reserved, 1);
}

static void
an_empty_pool(void **state)
{
	struct lab *lab = *state;
	char host[64];

	for (int i = 0; i < 6; i++) {
		snprintf(host, sizeof(host), "owa%d.contoso.com", i);
		lab_order(lab, &lab->contoso, host);
	}
	struct sums before = sum(lab), after;
	CLEAN(reply_fini)
	struct reply reply = lab_post(lab, "/api/v1/orders",
	    "{\"service\":\"%s\",\"host\":\"owa7.contoso.com\"}", service_of(&lab->contoso));
	after = sum(lab);
	assert_int_equal(reply.status, 409);
	assert_string_equal(reply_text(&reply, "code"), "POOL_EMPTY");
	assert_memory_equal(&before, &after, sizeof(before));
}

static void
go_live(struct lab *lab, int64_t number)
{
	static const enum order_event life[] = { EVENT_ASKED, EVENT_CERTIFIED, EVENT_INSTALLED,
		EVENT_TESTED, EVENT_POINTED, EVENT_CONFIRMED };
	struct certificate c = { .not_after = world_now(world_real()) + DAYS(100) };
	struct order o;

	lab_key(lab, number);
	OK(store_order_by_number(lab->store, number, &o));
	c.order = o.id;
	c.site = o.site;
	c.key = o.key;
	OK(store_begin(lab->store));
	OK(store_certificate_add(lab->store, &c, STR("leaf"), STR("chain")));
	OK(store_order_point(lab->store, o.id, ID_NONE, ID_NONE, c.id, ID_NONE));
	OK(store_commit(lab->store, "test.certificate"));
	for (size_t i = 0; i < COUNT_OF(life); i++)
		lab_event(lab, number, life[i]);
}

static void
a_live_site_is_renewed(void **state)
{
	struct lab *lab = *state;
	int64_t number = lab_order(lab, &lab->contoso, "owa.contoso.com");
	struct order first, second;

	go_live(lab, number);
	CLEAN(reply_fini)
	struct reply foreign = lab_post(lab, "/api/v1/orders",
	    "{\"service\":\"%s\",\"host\":\"owa.contoso.com\",\"kind\":\"renewal\"}",
	    service_of(&lab->fabrikam));
	assert_true(reply_found(&foreign, "FQDN_UNKNOWN_SITE"));
	CLEAN(reply_fini)
	struct reply reply = lab_post(lab, "/api/v1/orders",
	    "{\"service\":\"%s\",\"host\":\"owa.contoso.com\",\"kind\":\"renewal\"}",
	    service_of(&lab->contoso));
	assert_int_equal(reply.status, 201);
	OK(store_order_by_number(lab->store, number, &first));
	OK(store_order_by_number(lab->store, number + 1, &second));
	assert_true(id_eq(first.site, second.site));
	assert_string_equal(reply_text(&reply, "address"), "192.0.2.1");
	CLEAN(reply_fini)
	struct reply third = lab_post(lab, "/api/v1/orders",
	    "{\"service\":\"%s\",\"host\":\"owa.contoso.com\",\"kind\":\"rekey\"}",
	    service_of(&lab->contoso));
	assert_int_equal(third.status, 409);
	CLEAN(reply_fini) struct reply newest = lab_get(lab, "/api/v1/orders/owa.contoso.com");
	assert_string_equal(reply_text(&newest, "kind"), "renewal");
}

static void
repeating_is_safe(void **state)
{
	struct lab *lab = *state;
	char body[512], other[512];
	struct ask ask = { .token = lab->provider,
		.method = "POST",
		.path = "/api/v1/orders",
		.body = body,
		.header = "Idempotency-Key: a-1" };

	snprintf(body, sizeof(body), "{\"service\":\"%s\",\"host\":\"owa.contoso.com\"}",
	    service_of(&lab->contoso));
	snprintf(other, sizeof(other), "{\"service\":\"%s\",\"host\":\"mail.contoso.com\"}",
	    service_of(&lab->contoso));
	CLEAN(reply_fini) struct reply first = lab_ask(lab, &ask);
	CLEAN(reply_fini) struct reply second = lab_ask(lab, &ask);
	assert_int_equal(first.status, 201);
	assert_int_equal(second.status, 201);
	assert_string_equal(first.body, second.body);
	assert_false(reply_has_header(&first, "Idempotency-Replayed: true"));
	assert_true(reply_has_header(&second, "Idempotency-Replayed: true"));
	assert_true(reply_has_header(&second, "Location: /api/v1/orders/1001"));
	assert_int_equal(sum(lab).orders, 1);
	ask.body = other;
	CLEAN(reply_fini) struct reply mixed_up = lab_ask(lab, &ask);
	assert_int_equal(mixed_up.status, 422);
	assert_string_equal(reply_text(&mixed_up, "code"), "IDEMPOTENCY");
	ask.token = lab->contoso.token; /* keys are each token's own */
	CLEAN(reply_fini) struct reply own = lab_ask(lab, &ask);
	assert_int_equal(own.status, 201);
	ask.body = "{\"service\":\"\"}"; /* what changed nothing is not kept */
	ask.header = "Idempotency-Key: a-2";
	CLEAN(reply_fini) struct reply wrong = lab_ask(lab, &ask);
	CLEAN(reply_fini) struct reply still_wrong = lab_ask(lab, &ask);
	assert_true(wrong.status == 404 && still_wrong.status == 404);
	assert_false(reply_has_header(&still_wrong, "Idempotency-Replayed: true"));
	ask.header = "Idempotency-Key: "
		     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	CLEAN(reply_fini) struct reply long_key = lab_ask(lab, &ask);
	assert_int_equal(long_key.status, 400);
}

struct racer {
	struct lab *lab;
	const char *key;
	pthread_barrier_t *start;
	long status;
	bool replayed;
	char code[64], body[256];
};

static void *
race(void *arg)
{
	struct racer *racer = arg;
	char body[256];

	snprintf(body, sizeof(body), "{\"service\":\"%s\",\"host\":\"owa.contoso.com\"}",
	    service_of(&racer->lab->contoso));
	pthread_barrier_wait(racer->start);
	CLEAN(reply_fini)
	struct reply reply = lab_ask(racer->lab, &(struct ask){ .token = racer->lab->provider,
						     .method = "POST",
						     .path = "/api/v1/orders",
						     .body = body,
						     .header = racer->key });
	racer->status = reply.status;
	racer->replayed = reply_has_header(&reply, "Idempotency-Replayed: true");
	snprintf(racer->code, sizeof(racer->code), "%s", reply_text(&reply, "code"));
	return NULL;
}

#define RACERS 8

static void
run_race(struct lab *lab, const char *key, struct racer racers[static RACERS])
{
	pthread_barrier_t start;
	pthread_t threads[RACERS];

	pthread_barrier_init(&start, NULL, RACERS);
	for (int i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){ .lab = lab, .key = key, .start = &start };
		OK(pthread_create(&threads[i], NULL, race, &racers[i]));
	}
	for (int i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
}

static void
one_of_many_gets_the_name(void **state)
{
	struct lab *lab = *state;
	struct racer racers[RACERS];
	int won = 0;

	run_race(lab, NULL, racers);
	for (int i = 0; i < RACERS; i++) {
		won += racers[i].status == 201;
		if (racers[i].status != 201)
			assert_string_equal(racers[i].code, "FQDN_TAKEN");
	}
	assert_int_equal(won, 1);
	assert_int_equal(sum(lab).orders, 1);
	assert_int_equal(sum(lab).reserved, 1);
}

static void
all_of_one_key_get_one_answer(void **state)
{
	struct lab *lab = *state;
	struct racer racers[RACERS];
	int replayed = 0;

	run_race(lab, "Idempotency-Key: race", racers);
	for (int i = 0; i < RACERS; i++) {
		assert_int_equal(racers[i].status, 201);
		replayed += racers[i].replayed;
	}
	assert_int_equal(replayed, RACERS - 1);
	assert_int_equal(sum(lab).orders, 1);
}

/* ---- who sees what ---- */

/* Every way to name what is Fabrikam's. */
static void
names_of(struct lab *lab, const char *pattern, char names[3][300])
{
	struct order o;

	names[0][0] = names[1][0] = names[2][0] = '\0';
	OK(store_order_by_number(lab->store, 1001, &o));
	if (strstr(pattern, "/customers/")) {
		id_text(lab->fabrikam.customer.id, names[0]);
		snprintf(names[1], 300, "Fabrikam");
	} else if (strstr(pattern, "/services/")) {
		id_text(lab->fabrikam.service.id, names[0]);
	} else if (strstr(pattern, "/sites/")) {
		id_text(o.site, names[0]);
		snprintf(names[1], 300, "owa.fabrikam.com");
	} else {
		id_text(o.id, names[0]);
		snprintf(names[1], 300, "1001");
		snprintf(names[2], 300, "OWA.fabrikam.com");
	}
}

static void
path_of(const char *pattern, const char *name, char *to, size_t size)
{
	const char *open = strchr(pattern, '{'), *close = strchr(pattern, '}');

	snprintf(to, size, "/api/v1%.*s%.299s%s", (int)(open - pattern), pattern, name, close + 1);
}

static void
others_are_absent(void **state)
{
	struct lab *lab = *state;
	int tried = 0;

	lab_key(lab, lab_order(lab, &lab->fabrikam, "owa.fabrikam.com"));
	struct sums before = sum(lab), after;
	for (size_t i = 0; i < route_count; i++) {
		char names[3][300], path[512];
		bool post = strcmp(routes[i].method, "GET") != 0;

		if (!strchr(routes[i].path, '{'))
			continue;
		names_of(lab, routes[i].path, names);
		for (int n = 0; n < 3 && names[n][0]; n++) {
			path_of(routes[i].path, names[n], path, sizeof(path));
			CLEAN(reply_fini)
			struct reply foreign =
			    lab_ask(lab, &(struct ask){ .token = lab->contoso.token,
					     .method = routes[i].method,
					     .path = path,
					     .body = post ? "{\"files\":[]}" : NULL });
			if (foreign.status != (routes[i].for_customers ? 404 : 403))
				print_error("%s %s: %ld\n", routes[i].method, path, foreign.status);
			assert_int_equal(foreign.status, routes[i].for_customers ? 404 : 403);
			assert_null(strstr(foreign.body, "fabrikam.com"));
			if (post || !routes[i].for_customers)
				continue;
			CLEAN(reply_fini)
			struct reply own = lab_ask(lab, &(struct ask){ .token = lab->fabrikam.token,
							    .method = routes[i].method,
							    .path = path });
			assert_true(own.status == 200 ||
				    strcmp(reply_text(&own, "code"), "NOT_YET") == 0 ||
				    strcmp(reply_text(&own, "code"), "NO_QUESTION") == 0 ||
				    strcmp(reply_text(&own, "code"), "CERT_REVIEW_NONE") == 0);
			tried++;
		}
	}
	assert_true(tried > 15);
	after = sum(lab);
	assert_memory_equal(&before, &after, sizeof(before));
}

static void
lists_hold_one_s_own(void **state)
{
	struct lab *lab = *state;
	static const char *const lists[] = { "/api/v1/orders", "/api/v1/sites", "/api/v1/services",
		"/api/v1/customers" };

	lab_order(lab, &lab->fabrikam, "owa.fabrikam.com");
	lab_order(lab, &lab->contoso, "owa.contoso.com");
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		char asked[128];
		CLEAN(reply_fini)
		struct reply own = lab_ask(
		    lab, &(struct ask){
			     .token = lab->contoso.token, .method = "GET", .path = lists[i] });
		CLEAN(reply_fini) struct reply all = lab_get(lab, lists[i]);

		assert_int_equal(json_array_size(json_object_get(own.json, "items")), 1);
		assert_null(strstr(own.body, "abrikam"));
		assert_int_equal(json_array_size(json_object_get(all.json, "items")), 2);
		if (strstr(lists[i], "customers"))
			continue;
		snprintf(asked, sizeof(asked), "%s?customer=Fabrikam", lists[i]);
		CLEAN(reply_fini)
		struct reply foreign = lab_ask(lab,
		    &(struct ask){ .token = lab->contoso.token, .method = "GET", .path = asked });
		CLEAN(reply_fini) struct reply filtered = lab_get(lab, asked);
		assert_int_equal(foreign.status, 404);
		assert_int_equal(json_array_size(json_object_get(filtered.json, "items")), 1);
	}
	CLEAN(reply_fini)
	struct reply service =
	    lab_ask(lab, &(struct ask){ .token = lab->contoso.token,
			     .method = "POST",
			     .path = "/api/v1/orders",
			     .body = "{\"service\":\"00000000-0000-7000-8000-000000000000\"}" });
	assert_int_equal(service.status, 404);
	char body[256];
	snprintf(body, sizeof(body), "{\"service\":\"%s\",\"host\":\"x.contoso.com\"}",
	    service_of(&lab->fabrikam));
	CLEAN(reply_fini)
	struct reply foreign = lab_ask(lab, &(struct ask){ .token = lab->contoso.token,
						.method = "POST",
						.path = "/api/v1/orders",
						.body = body });
	assert_int_equal(foreign.status, 404);
}

/* ---- what is done with an order ---- */

static void
views(void **state)
{
	struct lab *lab = *state;
	struct message m = { .purpose = "csr",
		.sender = "a@b.example",
		.recipient = "c@d.example",
		.subject = "Your request",
		.message_id = "<1@b.example>" };
	struct order o;
	char body[] = "Hello";

	lab_key(lab, lab_order(lab, &lab->contoso, "owa.contoso.com"));
	OK(store_order_by_number(lab->store, 1001, &o));
	OK(store_begin(lab->store));
	m.order = o.id;
	m.body = body;
	OK(store_message_add(lab->store, &m));
	OK(store_message_sent(lab->store, m.id, "250 mx1.inside.example took it"));
	OK(store_look_set(lab->store, o.id, LOOK_DNS, false, "not yet", STR("{\"seen\":[]}")));
	OK(store_commit(lab->store, "test.views"));
	CLEAN(reply_fini)
	struct reply csr = lab_ask(lab, &(struct ask){ .token = lab->contoso.token,
					    .method = "GET",
					    .path = "/api/v1/orders/1001/csr",
					    .header = "Accept: text/plain" });
	assert_true(str_starts(str_of(csr.body), STR("-----BEGIN CERTIFICATE REQUEST-----\n")));
	CLEAN(reply_fini)
	struct reply csr_json = lab_get(lab, "/api/v1/orders/owa.contoso.com/csr");
	assert_string_equal(reply_text(&csr_json, "csr"), csr.body);
	CLEAN(reply_fini) struct reply messages = lab_get(lab, "/api/v1/orders/1001/messages");
	assert_string_equal(reply_text(&messages, "items.0.body"), "Hello");
	assert_non_null(strstr(messages.body, "mx1.inside"));
	CLEAN(reply_fini)
	struct reply theirs = lab_ask(lab, &(struct ask){ .token = lab->contoso.token,
					       .method = "GET",
					       .path = "/api/v1/orders/1001/messages" });
	assert_int_equal(theirs.status, 200);
	assert_null(strstr(theirs.body, "mx1.inside"));
	CLEAN(reply_fini) struct reply tests = lab_get(lab, "/api/v1/orders/1001/tests");
	assert_string_equal(reply_text(&tests, "dns.words"), "not yet");
	assert_true(json_is_null(json_object_get(tests.json, "test_name")));
	assert_null(json_object_get(tests.json, "plan"));
	CLEAN(reply_fini) struct reply plan = lab_get(lab, "/api/v1/orders/1001/plan");
	assert_int_equal(plan.status, 404);
	OK(store_begin(lab->store));
	OK(store_look_set(lab->store, o.id, LOOK_PLAN, false, "1 step",
	    STR("{\"balancer\":\"edge\",\"steps\":[{\"verb\":\"stage\"}]}")));
	OK(store_commit(lab->store, "test.plan"));
	CLEAN(reply_fini) struct reply planned = lab_get(lab, "/api/v1/orders/1001/plan");
	assert_string_equal(reply_text(&planned, "steps.0.verb"), "stage");
	assert_string_equal(reply_text(&planned, "summary"), "1 step");
	CLEAN(reply_fini) struct reply events = lab_get(lab, "/api/v1/orders/1001/events?limit=1");
	assert_string_equal(reply_text(&events, "items.0.action"), "order.added");
	assert_string_equal(reply_text(&events, "items.0.actor"), "token:operator");
	assert_true(json_is_integer(json_object_get(events.json, "next")));
	CLEAN(reply_fini) struct reply tasks = lab_get(lab, "/api/v1/orders/1001/tasks");
	assert_true(json_array_size(json_object_get(tasks.json, "items")) >= 2);
	CLEAN(reply_fini)
	struct reply certificate = lab_get(lab, "/api/v1/orders/1001/certificate");
	assert_int_equal(certificate.status, 404);
	assert_string_equal(reply_text(&certificate, "code"), "NOT_YET");
	CLEAN(reply_fini) struct reply site = lab_get(lab, "/api/v1/sites/owa.contoso.com");
	assert_string_equal(reply_text(&site, "address"), "192.0.2.1");
	CLEAN(reply_fini) struct reply stage = lab_get(lab, "/api/v1/orders?stage=live");
	assert_int_equal(json_array_size(json_object_get(stage.json, "items")), 0);
}

static void
moves(void **state)
{
	struct lab *lab = *state;
	static const struct {
		const char *verb;
		int event; /* before it; -1 = none */
		long status;
		const char *path, *want;
	} cases[] = {
		{ "dns-check", -1, 409, "code", "NOT_NOW" }, /* there is no request yet */
		{ "go-on", -1, 409, "code", "NOT_NOW" },
		{ "done", EVENT_STUCK, 409, "code", "NOT_NOW" }, /* that is not for hands */
		{ "go-on", -1, 200, "waits_for", "machine" },
		{ "cancel", -1, 200, "stage", "retired" },
		{ "cancel", -1, 409, "detail", "The order is retired: it has ended already." },
	};
	int64_t number = lab_order(lab, &lab->contoso, "owa.contoso.com");

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char path[128];

		if (cases[i].event >= 0)
			lab_event(lab, number, (enum order_event)cases[i].event);
		snprintf(
		    path, sizeof(path), "/api/v1/orders/%lld/%s", (long long)number, cases[i].verb);
		CLEAN(reply_fini) struct reply reply = lab_post(lab, path, "%s", "");
		assert_int_equal(reply.status, cases[i].status);
		assert_string_equal(reply_text(&reply, cases[i].path), cases[i].want);
	}
	number = lab_order(lab, &lab->contoso, "mail.contoso.com");
	lab_key(lab, number);
	CLEAN(reply_fini)
	struct reply look = lab_post(lab, "/api/v1/orders/mail.contoso.com/dns-check", "%s", "");
	assert_int_equal(look.status, 200);
}

#define IN_LAB(test) cmocka_unit_test_setup_teardown(test, lab_open, lab_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LAB(an_order_is_placed),
		IN_LAB(what_is_odd_is_confirmed),
		IN_LAB(refused_orders_leave_nothing),
		IN_LAB(names_are_held_against_what_is_known),
		IN_LAB(names_are_held_against_others_sites),
		IN_LAB(a_service_is_asked_for_once),
		IN_LAB(a_waiver_opens_the_gate),
		IN_LAB(customers_order_but_do_not_count),
		IN_LAB(one_customer_takes_its_share),
		IN_LAB(a_name_is_served_once),
		IN_LAB(an_empty_pool),
		IN_LAB(a_live_site_is_renewed),
		IN_LAB(repeating_is_safe),
		IN_LAB(one_of_many_gets_the_name),
		IN_LAB(all_of_one_key_get_one_answer),
		IN_LAB(others_are_absent),
		IN_LAB(lists_hold_one_s_own),
		IN_LAB(views),
		IN_LAB(moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
