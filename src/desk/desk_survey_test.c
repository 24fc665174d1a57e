/* SPDX-License-Identifier: Apache-2.0 */
/* Surveys over HTTP: asked for, shown, paged; the provider's alone. */
#include "desk/desk_test_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

#include "store/surveys.h"

#define SURVEYS "/api/v1/balancers/edge/surveys"

/* As the worker does it: rows, then the end. */
static void
do_it(struct lab *lab, int rows)
{
	struct survey v;

	OK(store_survey_claim(lab->store, "w1", SECONDS(60), &v));
	OK(store_begin(lab->store));
	for (int i = 0; i < rows; i++)
		OK(store_survey_tell(lab->store, &v, STR("{\"host\":\"owa.contoso.com\"}")));
	v.looked = 17;
	OK(store_survey_end(
	    lab->store, &v, SURVEY_DONE, STR("{\"same\":3}"), "3 sites are as they should be"));
	OK(store_commit(lab->store, "test.survey"));
}

static void
from_wish_to_result(void **state)
{
	struct lab *lab = *state;
	CLEAN(reply_fini) struct reply asked = lab_post(lab, SURVEYS, "{\"kind\":\"drift\"}");
	CLEAN(reply_fini) struct reply again = lab_post(lab, SURVEYS, "{\"kind\":\"drift\"}");
	CLEAN(reply_fini) struct reply listed = lab_get(lab, SURVEYS);
	char path[160], more[200];

	assert_int_equal(asked.status, 201);
	assert_int_equal(again.status, 200);
	assert_string_equal(reply_text(&asked, "id"), reply_text(&again, "id"));
	assert_string_equal(reply_text(&asked, "state"), "waiting");
	assert_string_equal(reply_text(&asked, "author"), "operator");
	assert_string_equal(reply_text(&listed, "items.0.kind"), "drift");
	do_it(lab, 3);
	snprintf(path, sizeof(path), "/api/v1/surveys/%s", reply_text(&asked, "id"));
	CLEAN(reply_fini) struct reply shown = lab_get(lab, path);
	assert_string_equal(reply_text(&shown, "state"), "done");
	assert_string_equal(reply_text(&shown, "looked"), "17");
	assert_string_equal(reply_text(&shown, "rows"), "3");
	assert_string_equal(reply_text(&shown, "result.same"), "3");
	snprintf(more, sizeof(more), "%s/rows?limit=2", path);
	CLEAN(reply_fini) struct reply first = lab_get(lab, more);
	assert_string_equal(reply_text(&first, "items.1.number"), "2");
	assert_string_equal(reply_text(&first, "next"), "2");
	snprintf(more, sizeof(more), "%s/rows?cursor=2", path);
	CLEAN(reply_fini) struct reply last = lab_get(lab, more);
	assert_string_equal(reply_text(&last, "items.0.number"), "3");
	assert_string_equal(reply_text(&last, "items.0.host"), "owa.contoso.com");
	assert_string_equal(reply_text(&last, "next"), "");
}

static void
what_is_refused(void **state)
{
	struct lab *lab = *state;
	static const struct {
		const char *method, *path, *body;
		bool customer;
		long status;
	} cases[] = {
		{ "POST", SURVEYS, "{\"kind\":\"repair\"}", false, 422 },
		{ "POST", SURVEYS, "{}", false, 422 },
		{ "POST", "/api/v1/balancers/west/surveys", "{\"kind\":\"probe\"}", false, 404 },
		{ "GET", "/api/v1/balancers/west/surveys", NULL, false, 404 },
		{ "GET", "/api/v1/surveys/7", NULL, false, 404 },
		{ "GET", "/api/v1/surveys/0192f000-0000-7000-8000-000000000007/rows", NULL, false,
		    404 },
		{ "POST", SURVEYS, "{\"kind\":\"probe\"}", true, 403 },
		{ "GET", SURVEYS, NULL, true, 403 },
		{ "GET", "/api/v1/surveys/7", NULL, true, 403 },
		{ "GET", "/api/v1/surveys/7/rows", NULL, true, 403 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(reply_fini)
		struct reply reply = lab_ask(lab,
		    &(struct ask){ .token = cases[i].customer ? lab->contoso.token : lab->provider,
			.method = cases[i].method,
			.path = cases[i].path,
			.body = cases[i].body });

		print_message("%s %s\n", cases[i].method, cases[i].path);
		assert_int_equal(reply.status, cases[i].status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(from_wish_to_result, lab_open, lab_close),
		cmocka_unit_test_setup_teardown(what_is_refused, lab_open, lab_close),
	};

	return cmocka_run_group_tests_name("desk_survey", tests, NULL, NULL);
}
