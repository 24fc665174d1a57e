/* SPDX-License-Identifier: Apache-2.0 */
/* Counts with their lists, waivers of two people, and who may see them. */
#include "desk/desk_test_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

#include "sys/world.h"

#define CONTOSO "/api/v1/customers/Contoso"

static void
what_may_be_recorded(void **state)
{
	struct lab *lab = *state;
	/* clang-format off */
	static const struct { const char *path, *body; long status; const char *field; } cases[] = {
		{ "mailboxes", "{\"mailboxes\":7}", 201, "" },
		{ "mailboxes", "{\"mailboxes\":-7}", 422, "mailboxes" },
		{ "mailboxes", "{\"mailboxes\":7.5}", 422, "mailboxes" },
		{ "mailboxes", "{}", 422, "mailboxes" },
		{ "mailboxes", "{\"mailboxes\":2,\"list\":[\"anna\",\"bert\"],\"left_out\":3,\"asked\":\"a.csv\"}", 201, "" },
		{ "mailboxes", "{\"mailboxes\":3,\"list\":[\"anna\",\"bert\"]}", 422, "list" },
		{ "mailboxes", "{\"mailboxes\":1,\"list\":[5]}", 422, "list" },
		{ "mailboxes", "{\"mailboxes\":1,\"list\":[\"\"]}", 422, "list" },
		{ "waivers", "{\"reason\":\"merger\"}", 201, "" },
		{ "waivers", "{\"reason\":\" \"}", 422, "reason" },
		{ "waivers", "{}", 422, "reason" },
		{ "waivers", "{\"author\":\"Eva\",\"reason\":\"m\"}", 422, "author" },
		{ "waivers", "{\"reason\":\"m\",\"expires\":\"tomorrow\"}", 422, "expires" },
		{ "waivers", "{\"reason\":\"m\",\"expires\":\"2020-01-01T00:00:00Z\"}", 422, "expires" },
		{ "waivers", "{\"reason\":\"m\",\"expires\":\"2199-01-01T00:00:00Z\"}", 422, "expires" },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char path[128];

		print_message("%s\n", cases[i].body);
		snprintf(path, sizeof(path), CONTOSO "/%s", cases[i].path);
		CLEAN(reply_fini) struct reply reply = lab_post(lab, path, "%s", cases[i].body);
		assert_int_equal(reply.status, cases[i].status);
		assert_string_equal(reply_text(&reply, "errors.0.field"), cases[i].field);
	}
}

static struct reply
get_as(struct lab *lab, const char *token, const char *path)
{
	return lab_ask(lab, &(struct ask){ .token = token, .method = "GET", .path = path });
}

static void
a_customer_sees_its_own_list_and_no_other(void **state)
{
	struct lab *lab = *state;
	CLEAN(reply_fini)
	struct reply added = lab_post(lab, CONTOSO "/mailboxes", "%s",
	    "{\"mailboxes\":3,\"list\":[\"anna\",\"bert\",\"carl\"],\"asked\":\"dc1.inside\"}");
	char path[256];

	CLEAN(reply_fini)
	struct reply own = get_as(lab, lab->contoso.token, CONTOSO "/mailboxes/list?limit=2");
	assert_int_equal(own.status, 200);
	assert_string_equal(reply_text(&own, "items.1.name"), "bert");
	assert_string_equal(reply_text(&own, "next"), "2");
	assert_string_equal(reply_text(&own, "count.mailboxes"), "3");
	assert_null(strstr(own.body, "dc1.inside"));
	CLEAN(reply_fini)
	struct reply rest =
	    get_as(lab, lab->contoso.token, CONTOSO "/mailboxes/list?limit=2&cursor=2");
	assert_string_equal(reply_text(&rest, "items.0.name"), "carl");
	CLEAN(reply_fini)
	struct reply counts = get_as(lab, lab->contoso.token, CONTOSO "/mailboxes");
	assert_non_null(strstr(counts.body, "\"anna\""));
	assert_null(strstr(counts.body, "dc1.inside"));
	CLEAN(reply_fini)
	struct reply foreign = get_as(lab, lab->fabrikam.token, CONTOSO "/mailboxes/list");
	assert_int_equal(foreign.status, 404);
	CLEAN(reply_fini)
	struct reply waivers = get_as(lab, lab->contoso.token, CONTOSO "/waivers");
	assert_int_equal(waivers.status, 403);
	/* a count of somebody else's under one's own name */
	snprintf(path, sizeof(path), "/api/v1/customers/Fabrikam/mailboxes/list?count=%s",
	    reply_text(&added, "id"));
	CLEAN(reply_fini) struct reply mixed = get_as(lab, lab->fabrikam.token, path);
	assert_int_equal(mixed.status, 404);
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

static void
a_second_person_confirms(void **state)
{
	struct lab *lab = *state;
	char second[TOKEN_SECRET_SIZE], same[TOKEN_SECRET_SIZE], path[128];
	CLEAN(reply_fini)
	struct reply proposed = lab_post(lab, CONTOSO "/waivers", "%s", "{\"reason\":\"merger\"}");
	const struct {
		const char *token;
		long status;
		const char *code;
	} cases[] = { { lab->provider, 403, "SAME_PERSON" }, { same, 403, "SAME_PERSON" },
		{ lab->contoso.token, 403, "NOT_ALLOWED" }, { second, 200, "" },
		{ second, 409, "ALREADY" } };
	struct waiver valid;

	add_token(lab, "second", second);
	add_token(lab, reply_text(&proposed, "author"), same); /* another token, the same person */
	snprintf(path, sizeof(path), "/api/v1/waivers/%s/confirm", reply_text(&proposed, "id"));
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(reply_fini)
		struct reply reply = lab_ask(
		    lab, &(struct ask){
			     .token = cases[i].token, .method = "POST", .path = path, .body = "" });
		assert_int_equal(reply.status, cases[i].status);
		assert_string_equal(reply_text(&reply, "code"), cases[i].code);
		assert_int_equal(store_waiver_valid(lab->store, lab->contoso.customer.id,
				     world_now(world_real()), &valid),
		    i < 3 ? STORE_E_ABSENT : 0);
	}
	assert_string_equal(valid.second, "second");
}

/* One who cannot count any more must not be waived by what is long over. */
static void
an_expired_waiver_is_not_confirmed(void **state)
{
	struct lab *lab = *state;
	struct waiver waiver = {
		.customer = lab->contoso.customer.id, .author = "Eva", .expires = 1
	};
	char path[128], id[ID_TEXT_SIZE];

	OK(store_begin(lab->store));
	OK(store_waiver_add(lab->store, &waiver));
	OK(store_commit(lab->store, "test.waiver"));
	snprintf(path, sizeof(path), "/api/v1/waivers/%s/confirm", id_text(waiver.id, id));
	CLEAN(reply_fini) struct reply reply = lab_post(lab, path, "%s", "");
	assert_int_equal(reply.status, 409);
	assert_string_equal(reply_text(&reply, "code"), "EXPIRED");
	CLEAN(reply_fini)
	struct reply none = lab_post(lab, "/api/v1/waivers/none/confirm", "%s", "");
	assert_int_equal(none.status, 404);
}

static void
add_source(struct lab *lab)
{
	lab->config.mailbox_source_count = 1;
	snprintf(lab->config.mailbox_sources[0].name, sizeof(lab->config.mailbox_sources[0].name),
	    "directory");
}

static void
sources_are_those_of_the_configuration(void **state)
{
	struct lab *lab = *state;
	static const struct {
		const char *body;
		long status;
	} cases[] = { { "{\"mailbox_source\":\"directory\",\"mailbox_key\":\"CONTOSO\"}", 200 },
		{ "{\"mailbox_source\":\"hand\"}", 200 }, { "{\"mailbox_source\":\"\"}", 200 },
		{ "{\"mailbox_source\":\"diretory\"}", 422 },
		{ "{\"mailbox_key\":\"a\\nb\"}", 422 } };

	add_source(lab);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(reply_fini)
		struct reply reply = lab_ask(lab, &(struct ask){ .token = lab->provider,
						      .method = "PATCH",
						      .path = CONTOSO,
						      .body = cases[i].body });
		assert_int_equal(reply.status, cases[i].status);
	}
}

/* What was counted before says nothing where a source will be asked. */
static void
the_worker_judges_what_a_source_counts(void **state)
{
	struct lab *lab = *state;
	struct order o;

	add_source(lab);
	snprintf(lab->config.mailbox_source, sizeof(lab->config.mailbox_source), "directory");
	CLEAN(reply_fini)
	struct reply count = lab_post(lab, CONTOSO "/mailboxes", "%s", "{\"mailboxes\":3}");
	assert_int_equal(count.status, 201);
	OK(store_order_by_number(lab->store, lab_order(lab, &lab->contoso, "owa.contoso.com"), &o));
	assert_int_equal(order_stage(&o.facts), STAGE_CHECKING);
	assert_true(id_is_none(o.waiver));
}

static void
what_people_counted_gets_old(void **state)
{
	struct lab *lab = *state;
	char service[ID_TEXT_SIZE];
	CLEAN(reply_fini)
	struct reply count = lab_post(lab, CONTOSO "/mailboxes", "%s", "{\"mailboxes\":900}");

	assert_int_equal(count.status, 201);
	lab->config.count_days = 0;
	id_text(lab->contoso.service.id, service);
	CLEAN(reply_fini)
	struct reply stale = lab_post(
	    lab, "/api/v1/orders", "{\"service\":\"%s\",\"host\":\"owa.contoso.com\"}", service);
	assert_int_equal(stale.status, 422);
	assert_true(reply_found(&stale, "ELIGIBILITY_STALE"));
	lab->config.count_days = 1;
	CLEAN(reply_fini)
	struct reply good = lab_post(
	    lab, "/api/v1/orders", "{\"service\":\"%s\",\"host\":\"owa.contoso.com\"}", service);
	assert_int_equal(good.status, 201);
}

#define IN_LAB(test) cmocka_unit_test_setup_teardown(test, lab_open, lab_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LAB(what_may_be_recorded),
		IN_LAB(a_customer_sees_its_own_list_and_no_other),
		IN_LAB(a_second_person_confirms),
		IN_LAB(an_expired_waiver_is_not_confirmed),
		IN_LAB(sources_are_those_of_the_configuration),
		IN_LAB(the_worker_judges_what_a_source_counts),
		IN_LAB(what_people_counted_gets_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
