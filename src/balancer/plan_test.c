/* SPDX-License-Identifier: Apache-2.0 */
/* What each driver plans for what it sees: the verbs that are due, each with a row that tells it, and
 * nothing else. */
#include "balancer/plan.h"

#include "balancer/balancer_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char *const drivers[] = { "bigip", "dryrun", "haproxy", "manual" };

static const struct config_balancer edge = { .name = "edge",
	.https_port = 443,
	.address = "192.0.2.9",
	.partition = "Common",
	.parent_profile = "/Common/clientssl",
	.redirect_rule = "/Common/_sys_https_redirect",
	.socket = "/run/haproxy/admin.sock",
	.crt_list = "/etc/haproxy/list.txt",
	.certificates = "/etc/haproxy/certs",
	.folder = "/srv/papers",
	.hosts_map = "/etc/haproxy/hosts.map" };

static struct bundle
bundle_of(const char *host)
{
	struct bundle b = { .backend = "exchange", .chain = STR("not parsed here") };

	assert_true(str_copy(str_of(host), b.name.text, sizeof(b.name.text)));
	assert_true(addr_parse(STR("192.0.2.1"), &b.address));
	return b;
}

static uint32_t
verbs_of(const struct plan *plan)
{
	uint32_t verbs = 0;

	for (size_t i = 0; i < plan->count; i++)
		verbs |= 1u << plan->step[i].verb;
	return verbs;
}

static void
plan_with(const struct balancer_driver *driver, const struct observation *seen, struct plan *ret)
{
	struct balancer b = { .config = &edge, .driver = driver };
	const struct bundle bundle = bundle_of("owa.contoso.com");
	struct outcome what = { 0 };

	*ret = (struct plan){ .count = 0 };
	assert_int_equal(driver->plan(&b, &bundle, seen, ret, &what), 0);
}

static void
check(const struct balancer_driver *driver, const struct observation *seen)
{
	struct plan plan;

	plan_with(driver, seen, &plan);
	assert_int_equal(verbs_of(&plan), plan_due(seen));
	for (size_t i = 0; i < plan.count; i++) {
		const struct plan_step *step = &plan.step[i];

		assert_true(*step->object != '\0' && *step->words != '\0');
		assert_null(strpbrk(step->object, "{}"));
		assert_null(strpbrk(step->words, "{}"));
		assert_true(i == 0 || step->verb >= plan.step[i - 1].verb);
	}
}

/* All that an observation can say. */
static struct observation
observation_of(unsigned bits)
{
	return (struct observation){ .running = (enum served_state)(bits % 3),
		.running_same = bits / 3 & 1,
		.on_disk = bits / 6 & 1,
		.disk_same = bits / 12 & 1,
		.ready_same = bits / 24 & 1,
		.routed = bits / 48 & 1,
		.disk_routed = bits / 96 & 1 };
}

static void
each_due_verb_has_a_row(void **state UNUSED)
{
	for (size_t d = 0; d < COUNT_OF(drivers); d++)
		for (unsigned bits = 0; bits < 192; bits++) {
			struct observation seen = observation_of(bits);

			if (balancer_driver_named(drivers[d])->reach == REACH_PEOPLE)
				seen.routed = true; /* it sees what is served, no more */
			check(balancer_driver_named(drivers[d]), &seen);
		}
}

struct due_case {
	const char *name;
	struct observation seen;
	const char *verbs;
};

/* clang-format off */
static const struct due_case due_cases[] = {
	{ "nothing there", { .disk_routed = false }, "stage check activate route verify persist settle " },
	{ "an older one",  { .running = SERVED_ACTIVE, .on_disk = true, .routed = true, .disk_routed = true }, "stage check activate verify persist settle " },
	{ "all there",     { SERVED_ACTIVE, true, true, true, true, true, true, { 0 }, "" }, "" },
	{ "not kept",      { .running = SERVED_ACTIVE, .running_same = true, .ready_same = true, .routed = true }, "verify persist settle " },
	{ "not routed",    { .running = SERVED_ACTIVE, .running_same = true, .on_disk = true, .disk_same = true }, "route verify persist settle " },
};
/* clang-format on */

static void
what_is_missing_is_due(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(due_cases); i++) {
		CLEAN(buf_fini) struct buf verbs = BUF(256);
		uint32_t due = plan_due(&due_cases[i].seen);

		for (int v = 0; v < PLAN_VERB_MAX; v++)
			if (due >> v & 1u)
				buf_printf(&verbs, "%s ", plan_verb_name((enum plan_verb)v));
		if (strcmp(buf_text(&verbs), due_cases[i].verbs) != 0)
			fail_msg("%s: %s", due_cases[i].name, buf_text(&verbs));
	}
}

struct words_case {
	const char *driver;
	bool renewal;
	const char *objects[3]; /* among the steps */
	const char *words;      /* among them, too */
	enum plan_impact impact;
};

/* clang-format off */
static const struct words_case words_cases[] = {
	{ "bigip",   false, { "/Common/certdesk_owa.contoso.com", "/Common/certdesk_owa.contoso.com_443", "192.0.2.1 port 443" },
	  "to pool /Common/exchange", PLAN_HOT },
	{ "bigip",   true,  { "/Common/certdesk_owa.contoso.com", "/Common/certdesk_owa.contoso.com_000000000000.key", "192.0.2.9" },
	  "in one request", PLAN_HOT },
	{ "manual",  false, { "/srv/papers/owa.contoso.com.key", "edge: exchange", "edge: owa.contoso.com at 192.0.2.1 port 443" },
	  "certdesk order done owa.contoso.com", PLAN_HOT },
	{ "dryrun",  true,  { "owa.contoso.com", "192.0.2.1 port 443", "edge" },
	  "Would serve owa.contoso.com", PLAN_HOT },
	{ "haproxy", false, { "/etc/haproxy/certs/owa.contoso.com.pem", "/etc/haproxy/list.txt", "/etc/haproxy/hosts.map" },
	  "add ssl crt-list", PLAN_HOT },
	{ "haproxy", true,  { "/etc/haproxy/certs/owa.contoso.com.pem.next", "/etc/haproxy/certs/owa.contoso.com.pem", "192.0.2.1 port 443" },
	  "open ones stay", PLAN_HOT },
};
/* clang-format on */

static bool
has(const struct plan *plan, const char *object, const char *words)
{
	for (size_t i = 0; i < plan->count; i++)
		if ((!object || strcmp(plan->step[i].object, object) == 0) &&
		    (!words || strstr(plan->step[i].words, words)))
			return true;
	return false;
}

static void
objects_are_named(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(words_cases); i++) {
		const struct words_case *c = &words_cases[i];
		const struct observation seen = { .running =
						      c->renewal ? SERVED_ACTIVE : SERVED_NOT,
			.on_disk = c->renewal,
			.routed = c->renewal,
			.disk_routed = c->renewal };
		struct plan plan;

		plan_with(balancer_driver_named(c->driver), &seen, &plan);
		for (size_t k = 0; k < COUNT_OF(c->objects); k++)
			if (!has(&plan, c->objects[k], NULL))
				fail_msg("%s: nothing about %s", c->driver, c->objects[k]);
		assert_true(has(&plan, NULL, c->words));
		assert_int_equal(plan_impact(&plan), c->impact);
	}
}

struct template_case {
	const char *name;
	struct config_template template;
	bool twin;
	const char *object, *never; /* among the steps, and not */
};

/* clang-format off */
static const struct template_case template_cases[] = {
	{ "built in",   { .name = "" }, false, "/Common/certdesk_owa.contoso.com_80", "/Common/certdesk_redirect_v1" },
	{ "own rule",   { .name = "mail", .redirect_rule = "certdesk" }, false, "/Common/certdesk_redirect_v1", "/Common/certdesk_pool_mail" },
	{ "no rule",    { .name = "mail", .redirect_rule = "none" }, false, "/Common/certdesk_owa.contoso.com_443", "/Common/certdesk_owa.contoso.com_80" },
	{ "servers",    { .name = "mail", .servers = "192.0.2.7:443" }, false, "/Common/certdesk_pool_mail", "exchange" },
	{ "monitor",    { .name = "mail", .servers = "192.0.2.7:443" }, false, "/Common/certdesk_http_mail", "/Common/certdesk_https_mail" },
	{ "shared",     { .name = "mail", .shared_virtual = "/Common/all" }, false, "/Common/all", "/Common/certdesk_owa.contoso.com_443" },
	{ "twin",       { .name = "" }, true, "/Common/certdesk_owa.contoso.com_ffffffffffff.key", "/Common/all" },
};
/* clang-format on */

static void
a_template_says_what_is_made(void **state UNUSED)
{
	const struct observation nothing = { .disk_routed = false };

	for (size_t i = 0; i < COUNT_OF(template_cases); i++) {
		const struct template_case *c = &template_cases[i];
		struct balancer b = { .config = &edge, .driver = balancer_driver_named("bigip") };
		struct bundle bundle = bundle_of("owa.contoso.com"), twin = bundle;
		struct outcome what = { 0 };
		struct plan plan = { .count = 0 };

		memset(twin.leaf_sha256, 0xff, sizeof(twin.leaf_sha256));
		bundle.service = "owa";
		bundle.template = &c->template;
		bundle.twin = c->twin ? &twin : NULL;
		assert_int_equal(b.driver->plan(&b, &bundle, &nothing, &plan, &what), 0);
		assert_int_equal(verbs_of(&plan), plan_due(&nothing));
		if (!has(&plan, c->object, NULL) || has(&plan, c->never, NULL))
			fail_msg("%s: without %s, or with %s", c->name, c->object, c->never);
	}
}

static void
text_and_json_tell_the_same(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);
	struct plan plan = { .balancer = "edge",
		.count = 2,
		.step = { { PLAN_STAGE, PLAN_NONE, "a", "one" },
		    { PLAN_ROUTE, PLAN_DISRUPTIVE, "b", "two" } } };
	json_t *json = plan_json(&plan);
	char words[200];

	plan_text(&plan, &text);
	assert_string_equal(buf_text(&text), "1. a\n   one\n\n2. b\n   two\n\n");
	plan_words(&plan, words, sizeof(words));
	assert_string_equal(words, "2 steps, disruptive: connections may break");
	assert_string_equal(json_string_value(json_object_get(json, "impact")), "disruptive");
	assert_int_equal(json_array_size(json_object_get(json, "steps")), 2);
	json_decref(json);
	plan.count = 0;
	plan_words(&plan, words, sizeof(words));
	assert_non_null(strstr(words, "nothing to do"));
}

/* A name that its device cannot take is refused before anything is planned. */
static void
a_name_that_cannot_be_taken(void **state UNUSED)
{
	static const char *const strict[] = { "bigip", "haproxy" };
	const struct observation seen = { .disk_routed = false };
	const struct bundle bundle = bundle_of("a b");

	for (size_t i = 0; i < COUNT_OF(strict); i++) {
		struct balancer b = { .config = &edge, .driver = balancer_driver_named(strict[i]) };
		struct plan plan = { .count = 0 };
		struct outcome what = { 0 };

		assert_int_equal(
		    b.driver->plan(&b, &bundle, &seen, &plan, &what), BALANCER_E_INVALID);
		assert_int_equal(plan.count, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_due_verb_has_a_row),
		cmocka_unit_test(what_is_missing_is_due),
		cmocka_unit_test(objects_are_named),
		cmocka_unit_test(a_template_says_what_is_made),
		cmocka_unit_test(text_and_json_tell_the_same),
		cmocka_unit_test(a_name_that_cannot_be_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
