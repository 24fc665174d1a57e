/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/kek_file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID  "00112233445566ff"
#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static const struct form {
	const char *what, *text;
	bool fine;
} forms[] = {
	{ "as made", "certdesk-kek-1 " ID " " KEY "\n", true },
	{ "without line end", "certdesk-kek-1 " ID " " KEY, true },
	{ "empty", "", false },
	{ "line end alone", "\n", false },
	{ "other mark", "certdesk-kek-2 " ID " " KEY "\n", false },
	{ "id too short", "certdesk-kek-1 00112233445566 " KEY "\n", false },
	{ "id too long", "certdesk-kek-1 " ID "00 " KEY "\n", false },
	{ "id not hex", "certdesk-kek-1 0011223344556xff " KEY "\n", false },
	{ "key too short", "certdesk-kek-1 " ID " AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==\n",
	    false },
	{ "key too long", "certdesk-kek-1 " ID " AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\n",
	    false },
	{ "key not base64", "certdesk-kek-1 " ID " !AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
	    false },
	{ "no key", "certdesk-kek-1 " ID "\n", false },
	{ "a fourth field", "certdesk-kek-1 " ID " " KEY " x\n", false },
	{ "two spaces", "certdesk-kek-1  " ID " " KEY "\n", false },
	{ "space at the end", "certdesk-kek-1 " ID " " KEY " \n", false },
	{ "two lines", "certdesk-kek-1 " ID " " KEY "\n\n", false },
	{ "line end of DOS", "certdesk-kek-1 " ID " " KEY "\r\n", false },
};

static void
test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		CLEAN(kek_fini) struct kek kek = { 0 };
		char id[KEK_ID_TEXT_SIZE];

		print_message("%s\n", forms[i].what);
		assert_int_equal(kek_parse(str_of(forms[i].text), &kek), forms[i].fine);
		if (forms[i].fine) {
			assert_string_equal(kek_id_text(kek.id, id), ID);
			for (uint8_t k = 0; k < 32; k++)
				assert_int_equal(kek.key[k], k);
		} else {
			assert_int_equal(kek.key[1], 0); /* untouched */
		}
	}
}

static void
test_made(void **state)
{
	CLEAN(buf_fini) struct buf one = BUF_SECRET(KEK_FILE_MAX);
	CLEAN(buf_fini) struct buf two = BUF_SECRET(KEK_FILE_MAX);
	CLEAN(kek_fini) struct kek a = { 0 };
	CLEAN(kek_fini) struct kek b = { 0 };

	(void)state;
	kek_make(world_real(), &one);
	kek_make(world_real(), &two);
	assert_false(buf_failed(&one));
	assert_true(kek_parse(buf_str(&one), &a));
	assert_true(kek_parse(buf_str(&two), &b));
	assert_memory_not_equal(a.id, b.id, sizeof(a.id));
	assert_memory_not_equal(a.key, b.key, sizeof(a.key));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
