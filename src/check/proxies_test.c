/* SPDX-License-Identifier: Apache-2.0 */
#include "check/proxies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "pki/data.h"

#define ROW(members) "{\"dated\":\"2026-11-26T00:00:00Z\",\"rows\":[{" members "}]}"
#define HEAD         "\"name\":\"P\",\"source\":\"https://p.example/\""

static void
what_is_shipped_is_found(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *address, *proxy; } addresses[] = {
		{ "104.16.1.2", "Cloudflare" }, { "2606:4700::6810:1", "Cloudflare" }, { "151.101.1.1", "Fastly" }, { "45.60.3.4", "Imperva" },
		{ "203.0.113.5", NULL }, { "104.32.0.1", NULL }, { "2001:db8::1", NULL },
	};
	static const struct { const char *name, *proxy; } aliases[] = {
		{ "owa.contoso.com.cdn.cloudflare.net", "Cloudflare" }, { "D1.CloudFront.net", "Amazon CloudFront" }, { "x.edgekey.net", "Akamai" },
		{ "cloudfront.net", NULL }, { "notcloudfront.net", NULL }, { "lb.provider.net", NULL }, { "", NULL },
	};
	/* clang-format on */
	CLEAN(proxies_free) struct proxies *proxies = NULL;
	char words[PROXIES_WORDS_SIZE] = "";

	if (proxies_new(data_proxies, words, &proxies))
		fail_msg("%s", words);
	assert_true(proxies_dated(proxies) > 0);
	for (size_t i = 0; i < COUNT_OF(addresses); i++) {
		struct addr address;
		const char *found;

		assert_true(addr_parse(str_of(addresses[i].address), &address));
		found = proxies_of_address(proxies, &address);
		if (strcmp(found ? found : "", addresses[i].proxy ? addresses[i].proxy : "") != 0)
			fail_msg("%s: %s", addresses[i].address, found ? found : "none");
	}
	for (size_t i = 0; i < COUNT_OF(aliases); i++) {
		const char *found = proxies_of_alias(proxies, str_of(aliases[i].name));

		if (strcmp(found ? found : "", aliases[i].proxy ? aliases[i].proxy : "") != 0)
			fail_msg("%s: %s", aliases[i].name, found ? found : "none");
	}
}

static void
mistakes(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *json, *says; } cases[] = {
		{ "[", "line 1" },
		{ "{\"rows\":[]}", "dated" },
		{ "{\"dated\":\"2026-11-26T00:00:00Z\"}", "\"rows\"" },
		{ ROW("\"source\":\"s\""), "row 1: has no name" },
		{ ROW("\"name\":\"P\""), "names no source" },
		{ ROW(HEAD), "\"prefixes\"" },
		{ ROW(HEAD ",\"prefixes\":[\"192.0.2.1/24\"],\"aliases\":[]"), "\"prefixes\"" },
		{ ROW(HEAD ",\"prefixes\":[5],\"aliases\":[]"), "\"prefixes\"" },
		{ ROW(HEAD ",\"prefixes\":[]"), "\"aliases\"" },
		{ ROW(HEAD ",\"prefixes\":[],\"aliases\":[\"net\"]"), "\"aliases\"" },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct proxies *proxies = NULL;
		char words[PROXIES_WORDS_SIZE];

		assert_int_equal(
		    proxies_new(str_of(cases[i].json), words, &proxies), PROXIES_E_MALFORMED);
		if (!strstr(words, cases[i].says))
			fail_msg("%s: %s", cases[i].json, words);
		assert_null(proxies);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_shipped_is_found),
		cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
