/* SPDX-License-Identifier: Apache-2.0 */
/* What the provider says before an installation: approved by a second person, let through. */
#include "desk/desk_test_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

#include "config/calendar.h"
#include "sys/world.h"

#define ORDER "/api/v1/orders/owa.contoso.com"

/* An order whose certificate the provider's first token accepted, at a balancer that asks for a
 * second person; as the worker leaves it. */
static void
accept_one(struct lab *lab, char sha256[static 65])
{
	int64_t number = lab_order(lab, &lab->contoso, "owa.contoso.com");

	lab->config.balancers[0].approval = true;
	lab_key(lab, number);
	CLEAN(reply_fini)
	struct reply reply = lab_post(lab, ORDER "/certificate", "%s",
	    "{\"files\":[{\"name\":\"cert.pem\",\"content\":\"-----BEGIN\"}],\"accept\":true}");
	assert_string_equal(reply_text(&reply, "accepted"), "true");
	snprintf(sha256, 65, "%s", reply_text(&reply, "certificate.sha256"));
	lab_event(lab, number, EVENT_UNAPPROVED);
}

static void
add_token(struct lab *lab, const char *name, char secret[static TOKEN_SECRET_SIZE])
{
	struct token token = { .role = TOKEN_PROVIDER };

	snprintf(token.name, sizeof(token.name), "%s", name);
	OK(store_begin(lab->store));
	OK(store_token_add(lab->store, &token, secret));
	OK(store_commit(lab->store, "test.token"));
}

static struct reply
approve(struct lab *lab, const char *token, const char *sha256)
{
	char body[128];

	snprintf(body, sizeof(body), "{\"certificate\":\"%s\"}", sha256);
	return lab_ask(
	    lab, &(struct ask){
		     .token = token, .method = "POST", .path = ORDER "/approve", .body = body });
}

static void
a_second_person_approves(void **state)
{
	struct lab *lab = *state;
	char second[TOKEN_SECRET_SIZE], sha256[65];

	add_token(lab, "second", second);
	accept_one(lab, sha256);
	CLEAN(reply_fini) struct reply waiting = lab_get(lab, ORDER);
	assert_string_equal(reply_text(&waiting, "waits_for"), "provider");
	CLEAN(reply_fini) struct reply customer = approve(lab, lab->contoso.token, sha256);
	assert_int_equal(customer.status, 403);
	assert_string_equal(reply_text(&customer, "code"), "NOT_ALLOWED");
	CLEAN(reply_fini) struct reply same = approve(lab, lab->provider, sha256);
	assert_int_equal(same.status, 403);
	assert_string_equal(reply_text(&same, "code"), "SAME_PERSON");
	assert_non_null(strstr(same.body, "somebody else of the provider"));
	CLEAN(reply_fini) struct reply other = approve(lab, second, "00");
	assert_int_equal(other.status, 409);
	assert_string_equal(reply_text(&other, "code"), "CHANGED");
	CLEAN(reply_fini) struct reply nothing = approve(lab, second, "");
	assert_int_equal(nothing.status, 409);
	CLEAN(reply_fini) struct reply good = approve(lab, second, sha256);
	assert_int_equal(good.status, 200);
	assert_string_equal(reply_text(&good, "waits_for"), "machine");
	CLEAN(reply_fini) struct reply again = approve(lab, second, sha256);
	assert_int_equal(again.status, 409);
	assert_string_equal(reply_text(&again, "code"), "NOT_NOW");
	CLEAN(reply_fini) struct reply events = lab_get(lab, ORDER "/events");
	assert_non_null(strstr(events.body, "\"order.approved\""));
	assert_non_null(strstr(events.body, "\"token:second\""));
}

/* Another token of the same name is the same person to the log, and to us. */
static void
a_name_is_a_person(void **state)
{
	struct lab *lab = *state;
	char namesake[TOKEN_SECRET_SIZE], sha256[65];

	add_token(lab, "operator", namesake);
	accept_one(lab, sha256);
	CLEAN(reply_fini) struct reply same = approve(lab, namesake, sha256);
	assert_int_equal(same.status, 403);
	lab->config.balancers[0].approval = false; /* nobody asks for two any more */
	CLEAN(reply_fini) struct reply good = approve(lab, namesake, sha256);
	assert_int_equal(good.status, 200);
}

static void
close_window(struct lab *lab, when opens)
{
	when now = world_now(world_real());
	struct calendar *calendar = &lab->desk.calendars[0];
	struct order o;

	calendar->freezes[0] = (struct calendar_freeze){ now / DAYS(1) - 1, opens / DAYS(1) - 1 };
	calendar->freeze_count = 1;
	OK(store_order_by_number(lab->store, 1001, &o));
	OK(store_begin(lab->store));
	OK(store_order_hold(lab->store, o.id, opens));
	OK(store_commit(lab->store, "test.hold"));
}

static void
a_closed_window_is_told(void **state)
{
	struct lab *lab = *state;
	when opens = (world_now(world_real()) / DAYS(1) + 9) * DAYS(1);
	char sha256[65], second[TOKEN_SECRET_SIZE], text[WHEN_RFC3339_SIZE];

	add_token(lab, "second", second);
	accept_one(lab, sha256);
	CLEAN(reply_fini) struct reply good = approve(lab, second, sha256);
	assert_int_equal(good.status, 200);
	zone_utc(&lab->desk.calendars[0].zone);
	close_window(lab, opens);
	CLEAN(reply_fini) struct reply order = lab_get(lab, ORDER);
	assert_string_equal(reply_text(&order, "waits_for"), "nobody");
	assert_string_equal(reply_text(&order, "opens"), when_rfc3339(opens, text));
	assert_true(json_is_null(json_object_get(order.json, "trouble")));
	assert_non_null(strstr(order.body, "may be changed again. That is from "));
	assert_non_null(strstr(order.body, " 00:00 (UTC) on."));
	CLEAN(reply_fini) struct reply balancers = lab_get(lab, "/api/v1/balancers");
	assert_string_equal(reply_text(&balancers, "items.0.open"), "false");
	assert_string_equal(reply_text(&balancers, "items.0.opens"), text);
	assert_string_equal(reply_text(&balancers, "items.0.frozen_until"), text);
	assert_string_equal(reply_text(&balancers, "items.0.approval"), "true");
}

static void
somebody_lets_it_through(void **state)
{
	struct lab *lab = *state;
	static const struct {
		const char *body;
		long status;
		const char *field;
	} bad[] = {
		{ "{\"now\":true}", 422, "reason" }, { "{\"reason\":\"x\"}", 422, "now" },
		{ "{\"now\":false,\"reason\":\"x\"}", 422, "now" },
		{ "{\"now\":true,\"reason\":\"  \"}", 422, "reason" },
		{ "{\"now\":true,\"reason\":\"x\"}", 409, NULL }, /* it waits to be approved */
	};
	char sha256[65], second[TOKEN_SECRET_SIZE];

	add_token(lab, "second", second);
	accept_one(lab, sha256);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CLEAN(reply_fini)
		struct reply no = lab_post(lab, ORDER "/install", "%s", bad[i].body);

		assert_int_equal(no.status, bad[i].status);
		if (bad[i].field)
			assert_string_equal(reply_text(&no, "errors.0.field"), bad[i].field);
	}
	CLEAN(reply_fini) struct reply good = approve(lab, second, sha256);
	close_window(lab, world_now(world_real()) + DAYS(9));
	CLEAN(reply_fini)
	struct reply through = lab_post(lab, ORDER "/install", "%s",
	    "{\"now\":true,\"reason\":\"users \\\"see\\\" a warning\"}");
	assert_int_equal(through.status, 200);
	assert_string_equal(reply_text(&through, "waits_for"), "machine");
	assert_true(json_is_null(json_object_get(through.json, "opens")));
	CLEAN(reply_fini) struct reply events = lab_get(lab, ORDER "/events?limit=200");
	assert_non_null(strstr(events.body, "\"order.let_through\""));
	assert_non_null(strstr(events.body, "{\"reason\":\"users \\\"see\\\" a warning\"}"));
	CLEAN(reply_fini)
	struct reply customer = lab_ask(lab, &(struct ask){ .token = lab->contoso.token,
						 .method = "POST",
						 .path = ORDER "/install",
						 .body = "{\"now\":true,\"reason\":\"x\"}" });
	assert_int_equal(customer.status, 403);
}

#define IN_LAB(test) cmocka_unit_test_setup_teardown(test, lab_open, lab_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LAB(a_second_person_approves),
		IN_LAB(a_name_is_a_person),
		IN_LAB(a_closed_window_is_told),
		IN_LAB(somebody_lets_it_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
