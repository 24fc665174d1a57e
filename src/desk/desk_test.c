/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as such: tokens, methods, bodies, fields, lists, what is kept apart from orders. */
#include "desk/desk_test_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/answer.h"
#include "desk/route.h"

/* The id of the item of that name, in `to`. */
static void
id_of(const struct reply *list, const char *name, char to[static ID_TEXT_SIZE])
{
	const json_t *item;
	size_t i;

	to[0] = '\0';
	json_array_foreach(json_object_get(list->json, "items"), i, item)
	{
		if (strcmp(json_string_value(json_object_get(item, "name")), name) == 0)
			snprintf(
			    to, ID_TEXT_SIZE, "%s", json_string_value(json_object_get(item, "id")));
	}
	assert_true(to[0] != '\0');
}

static void
tokens_are_needed(void **state)
{
	struct lab *lab = *state;
	static const char *const bad[] = { NULL, "", "cd_", "cd_nonsense", "x y" };
	char path[128], header[160], id[ID_TEXT_SIZE];

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CLEAN(reply_fini)
		struct reply reply = lab_ask(lab,
		    &(struct ask){ .token = bad[i], .method = "GET", .path = "/api/v1/orders" });

		assert_int_equal(reply.status, 401);
		assert_string_equal(reply_text(&reply, "code"), "TOKEN");
		assert_true(reply_has_header(&reply, "WWW-Authenticate: Bearer"));
		assert_true(reply_has_header(&reply, "Content-Type: application/problem+json"));
	}
	snprintf(header, sizeof(header), "Authorization: bearer %s", lab->provider);
	CLEAN(reply_fini)
	struct reply small_letters = lab_ask(
	    lab, &(struct ask){ .method = "GET", .path = "/api/v1/tokens", .header = header });
	assert_int_equal(small_letters.status, 200);
	assert_null(strstr(small_letters.body, "cd_"));
	id_of(&small_letters, "of Contoso", id);
	snprintf(path, sizeof(path), "/api/v1/tokens/%s", id);
	CLEAN(reply_fini)
	struct reply revoked =
	    lab_ask(lab, &(struct ask){ .token = lab->provider, .method = "DELETE", .path = path });
	assert_int_equal(revoked.status, 200);
	CLEAN(reply_fini)
	struct reply after = lab_ask(
	    lab, &(struct ask){
		     .token = lab->contoso.token, .method = "GET", .path = "/api/v1/orders" });
	assert_int_equal(after.status, 401);
	id_of(&small_letters, "operator", id);
	snprintf(path, sizeof(path), "/api/v1/tokens/%s", id);
	CLEAN(reply_fini)
	struct reply own =
	    lab_ask(lab, &(struct ask){ .token = lab->provider, .method = "DELETE", .path = path });
	assert_int_equal(own.status, 409);
	assert_string_equal(reply_text(&own, "code"), "OWN_TOKEN");
}

static void
a_token_is_shown_once(void **state)
{
	struct lab *lab = *state;
	struct ask ask = { .token = lab->provider,
		.method = "POST",
		.path = "/api/v1/tokens",
		.body = "{\"name\":\"anna\",\"role\":\"customer\",\"customer\":\"Contoso\"}",
		.header = "Idempotency-Key: one" };
	CLEAN(reply_fini) struct reply made = lab_ask(lab, &ask);
	CLEAN(reply_fini) struct reply again = lab_ask(lab, &ask);

	assert_int_equal(made.status, 201);
	assert_true(str_starts(str_of(reply_text(&made, "token")), STR("cd_")));
	assert_int_equal(again.status, 201);
	assert_true(reply_has_header(&again, "Idempotency-Replayed: true"));
	assert_string_equal(reply_text(&again, "id"), reply_text(&made, "id"));
	assert_null(strstr(again.body, "cd_"));
	CLEAN(reply_fini)
	struct reply works = lab_ask(lab, &(struct ask){ .token = reply_text(&made, "token"),
					      .method = "GET",
					      .path = "/api/v1/customers" });
	assert_int_equal(works.status, 200);
	assert_string_equal(reply_text(&works, "items.0.name"), "Contoso");
	assert_string_equal(reply_text(&works, "items.1.name"), "");
}

static void
customers_may_not(void **state)
{
	struct lab *lab = *state;

	for (size_t i = 0; i < route_count; i++) {
		char path[256];

		snprintf(path, sizeof(path), "/api/v1%s", routes[i].path);
		CLEAN(reply_fini)
		struct reply reply =
		    lab_ask(lab, &(struct ask){ .token = lab->contoso.token,
				     .method = routes[i].method,
				     .path = path,
				     .body = strcmp(routes[i].method, "GET") ? "{}" : NULL });
		if ((reply.status == 403) == routes[i].for_customers)
			print_error("%s %s: %ld\n", routes[i].method, path, reply.status);
		assert_int_equal(reply.status == 403, !routes[i].for_customers);
	}
}

static void
methods(void **state)
{
	struct lab *lab = *state;
	static const struct {
		const char *method, *path;
		long status;
		const char *allow;
	} cases[] = {
		{ "DELETE", "/api/v1/orders", 405, "Allow: GET, HEAD, POST, OPTIONS" },
		{ "PUT", "/api/v1/customers/x", 405, "Allow: GET, HEAD, PATCH, OPTIONS" },
		{ "OPTIONS", "/api/v1/orders", 204, "Allow: GET, HEAD, POST, OPTIONS" },
		{ "OPTIONS", "/api/v1/tokens/x", 204, "Allow: DELETE, OPTIONS" },
		{ "HEAD", "/api/v1/orders", 200, NULL },
		{ "GET", "/api/v1/nothing", 404, NULL },
		{ "GET", "/api/v1orders", 404, NULL },
		{ "GET", "/api/v1/orders/", 404, NULL },
		{ "GET", "/api/v1/orders//csr", 404, NULL },
		{ "GET", "/api/v1/orders/%zz", 404, NULL },
		{ "GET", "/api/v1/orders/a%00b", 404, NULL },
		{ "GET", "/orders", 404, NULL },
		{ "GET", "/", 404, NULL },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(reply_fini)
		struct reply reply = lab_ask(lab,
		    &(struct ask){
			.token = lab->provider, .method = cases[i].method, .path = cases[i].path });

		if (reply.status != cases[i].status)
			print_error("%s %s\n", cases[i].method, cases[i].path);
		assert_int_equal(reply.status, cases[i].status);
		if (cases[i].allow)
			assert_true(reply_has_header(&reply, cases[i].allow));
		assert_true(reply_has_header(&reply, "X-Content-Type-Options: nosniff"));
		assert_true(reply_has_header(&reply, "Cache-Control: no-store"));
		assert_null(strstr(reply.headers, "Access-Control"));
	}
}

static void
bodies(void **state)
{
	struct lab *lab = *state;
	static const struct {
		const char *body;
		long status;
		const char *path, *words; /* what must be said where */
	} cases[] = {
		{ "{", 400, "detail", "line 1, column 1" },
		{ "{\n \"name\": x}", 400, "detail", "line 2" },
		{ "{\"name\":\"a\",\"name\":\"b\"}", 400, "detail", "duplicate" },
		{ "\xff\xfe", 400, "code", "NOT_JSON" },
		{ "{\"name\":\"a\\u0000b\"}", 400, "code", "NOT_JSON" },
		{ "{\"name\":NaN}", 400, "code", "NOT_JSON" },
		{ "{\"name\":1e999}", 400, "code", "NOT_JSON" },
		{ "{\"name\":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}", 400, "detail", "16 levels" },
		{ "{\"name\":\"[[[[[[[[[[[[[[[[[[\\\"[[\", \"x\":1}", 422, "errors.0.field", "x" },
		{ "[]", 422, "errors.0.words", "a list" },
		{ "\"name\"", 400, "code", "NOT_JSON" },
		{ "", 422, "errors.0.field", "name" },
		{ "{\"name\":5}", 422, "errors.0.words",
		    "Needed is text; found was a whole number" },
		{ "{\"name\":null}", 422, "errors.0.words", "null" },
		{ "{\"name\":\"a\",\"cuntry\":\"AT\"}", 422, "errors.0.words",
		    "did you mean \"country\"" },
		{ "{\"name\":\"a\",\"whatever\":1}", 422, "errors.0.words", "no field" },
		{ "{\"name\":\" \"}", 422, "errors.0.field", "name" },
		{ "{\"name\":\"a/b\"}", 422, "errors.0.field", "name" },
		{ "{\"name\":\"a\",\"country\":\"AUT\"}", 422, "errors.0.words", "at most 2" },
		{ "{\"name\":\"a\",\"contact_mail\":\"a@b,c@d\"}", 422, "errors.0.field",
		    "contact_mail" },
		{ "{\"name\":\"Contoso\"}", 409, "code", "TAKEN" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(reply_fini)
		struct reply reply = lab_post(lab, "/api/v1/customers", "%s", cases[i].body);

		if (reply.status != cases[i].status ||
		    !strstr(reply_text(&reply, cases[i].path), cases[i].words))
			print_error("%s -> %ld %s\n", cases[i].body, reply.status, reply.body);
		assert_int_equal(reply.status, cases[i].status);
		assert_non_null(strstr(reply_text(&reply, cases[i].path), cases[i].words));
		assert_string_equal(reply_text(&reply, "type"), "about:blank");
	}
	CLEAN(reply_fini) struct reply all = lab_get(lab, "/api/v1/customers");
	assert_int_equal(json_array_size(json_object_get(all.json, "items")), 2);
}

static void
all_mistakes_at_once(void **state)
{
	struct lab *lab = *state;
	CLEAN(reply_fini)
	struct reply reply = lab_post(lab, "/api/v1/customers/Contoso/services",
	    "{\"kind\":\"ova\",\"nam\":\"x\",\"backend\":\"two words\",\"pool\":7,"
	    "\"url\":\"http://localhost/owa\"}");
	static const char *const fields[] = { "kind", "nam", "backend", "pool", "url", "name" };
	const json_t *errors = json_object_get(reply.json, "errors"), *item;
	size_t i;

	assert_int_equal(reply.status, 422);
	assert_int_equal(json_array_size(errors), COUNT_OF(fields));
	for (size_t f = 0; f < COUNT_OF(fields); f++) {
		bool told = false;

		json_array_foreach(errors, i, item)
		{
			told |= strcmp(json_string_value(json_object_get(item, "field")),
				    fields[f]) == 0;
		}
		assert_true(told);
	}
	assert_non_null(strstr(reply.body, "owa sharepoint web"));
}

static void
large_bodies(void **state)
{
	struct lab *lab = *state;
	static const struct {
		size_t size;
		bool known;
		long status;
	} cases[] = { { BODY_MAX + 1, true, 413 }, { 10u << 20, true, 413 },
		{ 10u << 20, false, 413 }, { BODY_MAX, false, 401 }, { BODY_MAX, true, 400 } };
	char *body = alloc_zero(10u << 20);

	memset(body, 'x', 10u << 20);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(reply_fini)
		struct reply reply =
		    lab_ask(lab, &(struct ask){ .token = cases[i].known ? lab->provider : "cd_x",
				     .method = "POST",
				     .path = "/api/v1/customers",
				     .body = body,
				     .body_size = cases[i].size });

		assert_int_equal(reply.status, cases[i].status);
	}
	free(body);
}

static void
lists_page(void **state)
{
	struct lab *lab = *state;
	char path[256], cursor[64] = "";
	int seen = 0;

	for (int i = 0; i < 3; i++) {
		CLEAN(reply_fini)
		struct reply made = lab_post(lab, "/api/v1/customers", "{\"name\":\"C%d\"}", i);
		assert_int_equal(made.status, 201);
	}
	do {
		snprintf(path, sizeof(path), "/api/v1/customers?limit=2%s%s",
		    cursor[0] ? "&cursor=" : "", cursor);
		CLEAN(reply_fini) struct reply page = lab_get(lab, path);
		assert_int_equal(page.status, 200);
		seen += (int)json_array_size(json_object_get(page.json, "items"));
		snprintf(cursor, sizeof(cursor), "%s", reply_text(&page, "next"));
	} while (cursor[0]);
	assert_int_equal(seen, 5);
}

static void
queries(void **state)
{
	struct lab *lab = *state;
	static const struct {
		const char *path;
		long status;
	} cases[] = {
		{ "/api/v1/orders?limit=200", 200 },
		{ "/api/v1/orders?limit=0", 422 },
		{ "/api/v1/orders?limit=201", 422 },
		{ "/api/v1/orders?limit=many", 422 },
		{ "/api/v1/orders?cursor=7", 422 },
		{ "/api/v1/orders?stage=live", 200 },
		{ "/api/v1/orders?stage=dead", 422 },
		{ "/api/v1/orders?custmer=Contoso", 422 },
		{ "/api/v1/orders?customer=Contoso", 200 },
		{ "/api/v1/orders?customer=Nobody", 404 },
		{ "/api/v1/orders?customer=Cont%6Fso", 200 },
		{ "/api/v1/status?x=1", 422 },
		{ "/api/v1/orders?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1", 422 },
		{ "/api/v1/events?cursor=3&limit=1", 200 },
		{ "/api/v1/events?cursor=-3", 422 },
		{ "/api/v1/events/verify", 200 },
		{ "/api/v1/findings", 200 },
		{ "/api/v1/services?customer=Fabrikam", 200 },
		{ "/api/v1/balancers", 200 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(reply_fini) struct reply reply = lab_get(lab, cases[i].path);

		if (reply.status != cases[i].status)
			print_error("%s: %ld %s\n", cases[i].path, reply.status, reply.body);
		assert_int_equal(reply.status, cases[i].status);
	}
}

static void
a_customer_changes(void **state)
{
	struct lab *lab = *state;
	struct ask ask = { .token = lab->provider,
		.method = "PATCH",
		.path = "/api/v1/customers/Contoso",
		.body = "{\"city\":\"Linz\"}" };
	CLEAN(reply_fini) struct reply before = lab_get(lab, "/api/v1/customers/Contoso");
	assert_true(reply_has_header(&before, "ETag: \"1\""));

	ask.header = "If-Match: \"1\"";
	CLEAN(reply_fini) struct reply changed = lab_ask(lab, &ask);
	assert_int_equal(changed.status, 200);
	assert_string_equal(reply_text(&changed, "city"), "Linz");
	assert_string_equal(reply_text(&changed, "organization"), "Contoso GmbH");
	assert_true(reply_has_header(&changed, "ETag: \"2\""));
	CLEAN(reply_fini) struct reply stale = lab_ask(lab, &ask);
	assert_int_equal(stale.status, 412);
	assert_string_equal(reply_text(&stale, "code"), "STALE");
	ask.header = "If-Match: x";
	CLEAN(reply_fini) struct reply senseless = lab_ask(lab, &ask);
	assert_int_equal(senseless.status, 400);
	ask.header = NULL;
	CLEAN(reply_fini) struct reply free_for_all = lab_ask(lab, &ask);
	assert_int_equal(free_for_all.status, 200);
	ask.body = "{\"name\":\"\"}";
	CLEAN(reply_fini) struct reply nameless = lab_ask(lab, &ask);
	assert_int_equal(nameless.status, 422);
}

static void
pools(void **state)
{
	struct lab *lab = *state;
	static const struct {
		const char *name, *balancer, *prefix;
		long status;
		const char *field;
	} cases[] = {
		{ "edge-2", "edge", "198.51.100.0/28", 201, "" },
		{ "edge-2", "edge", "203.0.113.0/28", 409, "" },
		{ "edge-3", "edge", "198.51.100.0/29", 409, "" },
		{ "edge-3", "egde", "203.0.113.0/28", 422, "balancer" },
		{ "edge-3", "edge", "203.0.113.1/28", 422, "prefix" },
		{ "edge-3", "edge", "10.0.0.0/8", 422, "prefix" },
		{ "", "edge", "203.0.113.0/28", 422, "name" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(reply_fini)
		struct reply reply = lab_post(lab, "/api/v1/pools",
		    "{\"name\":\"%s\",\"balancer\":\"%s\",\"prefix\":\"%s\"}", cases[i].name,
		    cases[i].balancer, cases[i].prefix);

		if (reply.status != cases[i].status)
			print_error("%zu: %s\n", i, reply.body);
		assert_int_equal(reply.status, cases[i].status);
		assert_string_equal(reply_text(&reply, "errors.0.field"), cases[i].field);
	}
	CLEAN(reply_fini) struct reply list = lab_get(lab, "/api/v1/pools");
	assert_string_equal(reply_text(&list, "items.0.free"), "6");
	assert_string_equal(reply_text(&list, "items.1.free"), "14");
}

static void
how_it_is(void **state)
{
	struct lab *lab = *state;
	CLEAN(reply_fini) struct reply status = lab_get(lab, "/api/v1/status");
	CLEAN(reply_fini) struct reply metrics = lab_get(lab, "/api/v1/metrics");

	assert_int_equal(status.status, 200);
	assert_string_equal(reply_text(&status, "processes.0.program"), "certdesk-keeper");
	assert_string_equal(reply_text(&status, "processes.1.sandbox.seccomp"), "on");
	assert_string_equal(reply_text(&status, "orders.live"), "0");
	assert_int_equal(metrics.status, 200);
	assert_true(reply_has_header(&metrics, "Content-Type: text/plain; version=0.0.4"));
	assert_non_null(strstr(metrics.body, "certdesk_orders{stage=\"live\"} 0\n"));
	assert_non_null(strstr(metrics.body, "# TYPE certdesk_requests_total counter\n"));
}

static void
the_store_s_troubles(void **state UNUSED)
{
	static const struct {
		int r;
		int status;
		const char *code;
		int retry_after;
	} cases[] = {
		{ STORE_E_ABSENT, 404, "NOT_FOUND", 0 },
		{ STORE_E_TAKEN, 409, "TAKEN", 0 },
		{ STORE_E_STALE, 412, "STALE", 0 },
		{ STORE_E_NOT_NOW, 409, "NOT_NOW", 0 },
		{ STORE_E_ALREADY, 409, "NOT_NOW", 0 },
		{ STORE_E_BUSY, 503, "BUSY", 2 },
		{ STORE_E_FULL, 507, "DISK_FULL", 60 },
		{ STORE_E_BROKEN, 500, "FAULT", 0 },
		{ -EIO, 500, "FAULT", 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct answer answer = { .body = BUF(ANSWER_MAX) };

		assert_int_equal(answer_fault(&answer, cases[i].r), 0);
		assert_int_equal(answer.status, cases[i].status);
		assert_string_equal(answer.code, cases[i].code);
		assert_int_equal(answer.retry_after, cases[i].retry_after);
		assert_string_equal(answer.type, "application/problem+json");
		buf_fini(&answer.body);
	}
}

#define IN_LAB(test) cmocka_unit_test_setup_teardown(test, lab_open, lab_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LAB(tokens_are_needed),
		IN_LAB(a_token_is_shown_once),
		IN_LAB(customers_may_not),
		IN_LAB(methods),
		IN_LAB(bodies),
		IN_LAB(all_mistakes_at_once),
		IN_LAB(large_bodies),
		IN_LAB(lists_page),
		IN_LAB(queries),
		IN_LAB(a_customer_changes),
		IN_LAB(pools),
		IN_LAB(how_it_is),
		cmocka_unit_test(the_store_s_troubles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
