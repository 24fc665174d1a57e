/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/bigip_template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct config_balancer plain = { .redirect_rule = "certdesk",
	.parent_profile = "/Common/clientssl" };

static struct bigip_template
of(const struct config_balancer *balancer, const char *service, const struct config_template *t)
{
	const struct bundle bundle = { .backend = "exchange", .service = service, .template = t };
	struct bigip_template ret;

	bigip_template_of(balancer, &bundle, &ret);
	return ret;
}

static void
what_is_built_in_follows_the_kind(void **state UNUSED)
{
	/* clang-format off */
	static const struct {
		const char *service, *http, *tcp;
	} cases[] = {
		{ "owa",        "certdesk_owa_http_v1",        "certdesk_owa_tcp_v1" },
		{ "sharepoint", "certdesk_sharepoint_http_v1", "/Common/tcp" },
		{ "web",        "/Common/http",                "/Common/tcp" },
		{ "unheard-of", "/Common/http",                "/Common/tcp" },
		{ NULL,         "/Common/http",                "/Common/tcp" },
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bigip_template t = of(&plain, cases[i].service, NULL);

		assert_string_equal(t.http, cases[i].http);
		assert_string_equal(t.tcp, cases[i].tcp);
		assert_string_equal(t.plain_http, "/Common/http");
		assert_string_equal(t.parent, "/Common/clientssl");
		assert_string_equal(t.redirect, "certdesk_redirect_v1");
		assert_string_equal(t.pool, "exchange");
		assert_string_equal(t.snat, "automap");
		assert_string_equal(t.persistence, "");
		assert_string_equal(t.shared, "");
	}
}

static void
the_template_then_the_balancer(void **state UNUSED)
{
	static const struct config_balancer house = { .parent_profile = "/Common/house",
		.http_profile = "/Common/http_house",
		.redirect_rule = "",
		.snat = "none" };
	static const struct config_template some = { .http_profile = "certdesk",
		.tcp_profile = "none",
		.pool = "/Common/farm",
		.redirect_rule = "certdesk",
		.snat = "/Common/outside",
		.shared_virtual = "/Common/sni" };
	struct bigip_template t = of(&house, "owa", NULL);

	assert_string_equal(t.parent, "/Common/house");
	assert_string_equal(t.http, "/Common/http_house");
	assert_string_equal(t.plain_http, "/Common/http_house");
	assert_string_equal(t.redirect, "");
	assert_string_equal(t.snat, "none");
	t = of(&house, "owa", &some);
	assert_string_equal(t.parent, "/Common/house");
	assert_string_equal(t.http, "certdesk_owa_http_v1");
	assert_string_equal(t.tcp, "");
	assert_string_equal(t.pool, "/Common/farm");
	assert_string_equal(t.redirect, "certdesk_redirect_v1");
	assert_string_equal(t.snat, "/Common/outside");
	assert_string_equal(t.shared, "/Common/sni");
}

/* Every name without a slash is one of ours; none is by chance. */
static void
our_own_objects_are_known(void **state UNUSED)
{
	static const char *const names[] = { "certdesk_redirect_v1", "certdesk_owa_http_v1",
		"certdesk_owa_tcp_v1", "certdesk_sharepoint_http_v1" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct bigip_own *own = bigip_own_named(names[i]);

		assert_non_null(own);
		assert_non_null(own->members[0][0]);
	}
	assert_null(bigip_own_named("/Common/http"));
	assert_null(bigip_own_named(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_built_in_follows_the_kind),
		cmocka_unit_test(the_template_then_the_balancer),
		cmocka_unit_test(our_own_objects_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
