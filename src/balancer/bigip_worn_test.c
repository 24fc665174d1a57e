/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/bigip_worn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct config_balancer config = { .partition = "Hosting/owa" };
static struct balancer balancer = { .config = &config };

static struct bigip_wanted
wanted_of(const char *first, const char *second)
{
	struct bigip_wanted w = { .count = second ? 2 : 1 };
	const char *const certificates[] = { first, second };

	for (size_t i = 0; i < w.count; i++) {
		str_copy(str_of(certificates[i]), w.names[i].certificate, BIGIP_NAME_SIZE);
		str_copy(str_of(certificates[i]), w.names[i].key, BIGIP_NAME_SIZE);
		str_copy(STR("certdesk_chain_1.crt"), w.names[i].chain, BIGIP_NAME_SIZE);
	}
	return w;
}

/* A profile as a device shows it that was made of `w`. */
static json_t *
profile_of(const struct bigip_wanted *w, const char *description)
{
	return json_pack(
	    "{s:s, s:o}", "description", description, "certKeyChain", bigip_pairs(&balancer, w));
}

static void
what_was_made_is_worn(void **state UNUSED)
{
	const struct bigip_wanted cases[] = { wanted_of("certdesk_a.crt", NULL),
		wanted_of("certdesk_a.crt", "certdesk_b.crt"), wanted_of("certdesk_b.crt", NULL) };

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		for (size_t k = 0; k < COUNT_OF(cases); k++) {
			CLEAN(json_free) json_t *profile = profile_of(&cases[i], "");
			struct bigip_worn worn;

			bigip_worn_read(profile, &worn);
			assert_int_equal(bigip_wears(&balancer, &worn, &cases[k]), i == k);
		}
}

static void
the_order_means_nothing(void **state UNUSED)
{
	const struct bigip_wanted made = wanted_of("certdesk_a.crt", "certdesk_b.crt"),
				  wanted = wanted_of("certdesk_b.crt", "certdesk_a.crt"),
				  twice = wanted_of("certdesk_a.crt", "certdesk_c.crt");
	CLEAN(json_free) json_t *profile = profile_of(&made, "");
	struct bigip_worn worn;

	bigip_worn_read(profile, &worn);
	assert_true(bigip_wears(&balancer, &worn, &wanted));
	assert_false(bigip_wears(&balancer, &worn, &twice));
}

static void
entries_lie_in_our_folder_and_keep_their_names(void **state UNUSED)
{
	const struct bigip_wanted w = wanted_of("certdesk_a.crt", "certdesk_b.crt");
	CLEAN(json_free) json_t *list = bigip_pairs(&balancer, &w);

	assert_string_equal(bigip_text(json_array_get(list, 0), "name"), "site");
	assert_string_equal(bigip_text(json_array_get(list, 1), "name"), "twin");
	assert_string_equal(
	    bigip_text(json_array_get(list, 1), "cert"), "/Hosting/owa/certdesk_b.crt");
}

static void
what_was_worn_is_told_and_read(void **state UNUSED)
{
	const struct bigip_wanted old = wanted_of("certdesk_a.crt", "certdesk_b.crt"),
				  next = wanted_of("certdesk_c.crt", NULL),
				  back = wanted_of("certdesk_a.crt", NULL);
	CLEAN(buf_fini) struct buf description = BUF(2048);
	CLEAN(json_free) json_t *profile = profile_of(&old, "certdesk site 7");
	CLEAN(json_free) json_t *later = NULL;
	struct bigip_worn worn;

	bigip_worn_read(profile, &worn);
	assert_int_equal(worn.before_count, 0);
	buf_put_text(&description, "certdesk site 7");
	bigip_worn_put(&worn, &description);
	assert_string_equal(buf_text(&description),
	    "certdesk site 7, before: certdesk_a.crt certdesk_chain_1.crt certdesk_b.crt certdesk_chain_1.crt");
	later = profile_of(&next, buf_text(&description));
	bigip_worn_read(later, &worn);
	assert_int_equal(worn.before_count, 4);
	assert_true(bigip_worn_is_over(&worn, "certdesk_a.crt", &next));
	assert_false(bigip_worn_is_over(&worn, "certdesk_a.crt", &back));
	assert_false(bigip_worn_is_over(&worn, "certdesk_chain_1.crt", &next));
}

/* A description is anybody's to write. */
static void
names_that_are_not_ours_are_not_read(void **state UNUSED)
{
	static const char *const texts[] = { "", "certdesk site 7",
		"certdesk site 7, before: ", "certdesk site 7, before: default.crt",
		"certdesk site 7, before: certdesk_a.key",
		"certdesk site 7, before: ../certdesk_a.crt",
		"certdesk site 7, before: certdesk_/../a.crt" };

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		CLEAN(json_free) json_t *profile = json_pack("{s:s}", "description", texts[i]);
		struct bigip_worn worn;

		bigip_worn_read(profile, &worn);
		assert_int_equal(worn.before_count, 0);
		assert_int_equal(worn.count, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_made_is_worn),
		cmocka_unit_test(the_order_means_nothing),
		cmocka_unit_test(entries_lie_in_our_folder_and_keep_their_names),
		cmocka_unit_test(what_was_worn_is_told_and_read),
		cmocka_unit_test(names_that_are_not_ours_are_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
