/* SPDX-License-Identifier: Apache-2.0 */
#include "check/rdap_bootstrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/world.h"

#define SERVICE(labels, urls) "[[" labels "],[" urls "]]"
#define FILE_OF(services)     "{\"version\":\"1.0\",\"services\":[" services "]}"

static const char example[] =
    FILE_OF(SERVICE("\"com\",\"net\"", "\"https://rdap.verisign.example/com/v1/\"") "," SERVICE(
	"\"uk\"", "\"https://rdap.uk.example\"") "," SERVICE("\"co.uk\"",
	"\"http://plain.example\",\"https://rdap.co.uk.example\"") "," SERVICE("\"old\"",
	"\"http://plain.example/\"") "," SERVICE("\"odd\"",
	"\"ftp://rdap.example/\"") "," SERVICE("\"xn--p1ai\"", "\"https://rdap.rf.example/\""));

static void
the_longest_wins(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *domain; int is; const char *url; } cases[] = {
		{ "contoso.com",      0, "https://rdap.verisign.example/com/v1/" },
		{ "CONTOSO.NET",      0, "https://rdap.verisign.example/com/v1/" },
		{ "contoso.uk",       0, "https://rdap.uk.example/" },
		{ "contoso.co.uk",    0, "https://rdap.co.uk.example/" },
		{ "contosoco.uk",     0, "https://rdap.uk.example/" },
		{ "contoso.old",      0, "http://plain.example/" },
		{ "contoso.xn--p1ai", 0, "https://rdap.rf.example/" },
		{ "contoso.odd",      RDAP_BOOTSTRAP_E_NONE, "" },
		{ "contoso.telecom",  RDAP_BOOTSTRAP_E_NONE, "" },
		{ "",                 RDAP_BOOTSTRAP_E_NONE, "" },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char url[RDAP_URL_SIZE] = "";

		print_message("%s\n", cases[i].domain);
		assert_int_equal(
		    rdap_bootstrap_find(str_of(example), cases[i].domain, url, sizeof(url)),
		    cases[i].is);
		assert_string_equal(url, cases[i].url);
	}
}

static void
what_is_no_bootstrap_file(void **state UNUSED)
{
	static const char *const cases[] = { "", "[]", "{}", "{\"version\":\"1.0\"}",
		"{\"version\":\"2.0\",\"services\":[]}", "{\"version\":\"1.0\",\"services\":7}",
		"{\"version\":\"1.0\",\"services\":[7]}", "{\"version\":\"1.0\",\"services\":[[]]}",
		"{\"version\":\"1.0\",\"services\":[[[\"com\"]]]}",
		"{\"version\":\"1.0\",\"version\":\"1.0\",\"services\":[]}" };
	char url[RDAP_URL_SIZE];

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(
		    rdap_bootstrap_find(str_of(cases[i]), "contoso.com", url, sizeof(url)),
		    RDAP_BOOTSTRAP_E_MALFORMED);
}

/* ---- the cache ---- */

struct cache {
	char folder[64], file[96];
	struct config *config;
};

static void
cache_init(struct cache *cache)
{
	snprintf(cache->folder, sizeof(cache->folder), "/tmp/certdesk-rdap-XXXXXX");
	assert_non_null(mkdtemp(cache->folder));
	snprintf(cache->file, sizeof(cache->file), "%s/rdap-dns.json", cache->folder);
	cache->config = alloc_zero(sizeof(*cache->config));
}

static void
cache_fini(struct cache *cache)
{
	unlink(cache->file);
	rmdir(cache->folder);
	free(cache->config);
}

/* Nobody answers at the address: what is had comes from the copy. */
static enum outcome_kind
get(struct cache *cache, when age, struct buf *to)
{
	struct outcome what = { .kind = OUTCOME_MAX };

	rdap_bootstrap_get(cache->config, "http://127.0.0.1:1/dns.json", cache->folder,
	    world_now(world_real()) + age, to, &what);
	print_message("%s\n", what.words);
	return what.kind;
}

static void
a_copy_serves_for_two_days(void **state UNUSED)
{
	static const struct {
		when age;
		bool serves;
	} cases[] = { { 0, true }, { HOURS(23), true }, { HOURS(25), true }, { HOURS(47), true },
		{ HOURS(49), false }, { -HOURS(1), false } };
	struct cache cache;

	cache_init(&cache);
	assert_int_equal(file_write(cache.file, str_of(example), 0644), 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf to = BUF(RDAP_BOOTSTRAP_MAX);

		assert_int_equal(get(&cache, cases[i].age, &to) == OUTCOME_DONE, cases[i].serves);
		assert_string_equal(buf_text(&to), cases[i].serves ? example : "");
	}
	cache_fini(&cache);
}

static void
a_spoiled_copy_does_not_serve(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf to = BUF(RDAP_BOOTSTRAP_MAX);
	struct cache cache;

	cache_init(&cache);
	assert_int_equal(file_write(cache.file, STR("<html>"), 0644), 0);
	assert_int_not_equal(get(&cache, 0, &to), OUTCOME_DONE);
	assert_int_equal(to.len, 0);
	cache_fini(&cache);
}

static void
a_file_is_taken_as_it_is(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf to = BUF(RDAP_BOOTSTRAP_MAX);
	struct outcome what = { .kind = OUTCOME_MAX };
	struct cache cache;

	cache_init(&cache);
	rdap_bootstrap_get(cache.config, cache.file, "", 0, &to, &what);
	assert_int_equal(what.kind, OUTCOME_REFUSED);
	assert_non_null(strstr(what.words, "does not exist"));
	to.max = sizeof(example) / 2;
	assert_int_equal(file_write(cache.file, str_of(example), 0644), 0);
	rdap_bootstrap_get(cache.config, cache.file, "", 0, &to, &what);
	assert_non_null(strstr(what.words, "too large"));
	to.max = RDAP_BOOTSTRAP_MAX;
	rdap_bootstrap_get(cache.config, cache.file, "", DAYS(100000), &to, &what);
	assert_int_equal(what.kind, OUTCOME_DONE);
	assert_string_equal(buf_text(&to), example);
	cache_fini(&cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_wins),
		cmocka_unit_test(what_is_no_bootstrap_file),
		cmocka_unit_test(a_copy_serves_for_two_days),
		cmocka_unit_test(a_spoiled_copy_does_not_serve),
		cmocka_unit_test(a_file_is_taken_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
