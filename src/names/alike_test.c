/* SPDX-License-Identifier: Apache-2.0 */
#include "names/alike.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "names/keys.h"
#include "names/list.h"

static struct known_names *
known_of(const char *list)
{
	struct known_names *known = known_names_new();
	struct name_list_mistake mistake;

	assert_int_equal(name_list_read(str_of(list), known, &mistake), 0);
	return known;
}

static void
what_was_meant(void **state UNUSED)
{
	CLEAN(known_names_free)
	struct known_names *known = known_of(
	    "mail.contoso.com\nowa.contoso.com\nnode1-web.contoso.com\nfabrikam.co.uk\nmodern.de\nabc.de\nax.de\n"
	    "firma1.de\nrool.de\nm\xc3\xbcller.de\ndev.fabrikam.co.uk\n");
	static const struct {
		const char *typed, *meant; /* NULL = nothing */
		enum name_mistake mistake;
	} cases[] = {
		{ "mail.contoso.com", NULL, MISTAKE_NONE },
		{ "contoso.com", NULL, MISTAKE_NONE },
		{ "owa.contsoo.com", "owa.contoso.com", MISTAKE_SWAPPED },
		{ "contosso.com", "contoso.com", MISTAKE_DOUBLED },
		{ "contoso.de", "contoso.com", MISTAKE_ENDING },
		{ "owa.contoso.con", "owa.contoso.com", MISTAKE_ENDING },
		{ "owa.fabrikam.couk", "owa.fabrikam.co.uk", MISTAKE_ENDING },
		{ "owa.fabrikam.co.ku", "owa.fabrikam.co.uk", MISTAKE_ENDING },
		{ "owa.contosocom", "owa.contoso.com", MISTAKE_DOT },
		{ "owacontoso.com", "owa.contoso.com", MISTAKE_DOT },
		{ "devfabrikam.co.uk", "dev.fabrikam.co.uk", MISTAKE_DOT },
		{ "contoso-com.de", "contoso.com", MISTAKE_DOT },
		{ "con.toso.com", "contoso.com", MISTAKE_DOT_MORE },
		{ "owa.con.toso.com", "owa.contoso.com", MISTAKE_DOT_MORE },
		{ "owa.contoso.com.com", "owa.contoso.com", MISTAKE_TWICE },
		{ "owa.contoso.com.evil.de", "owa.contoso.com", MISTAKE_NOT_AT_END },
		{ "www.mail.contoso.com", "mail.contoso.com", MISTAKE_WWW },
		{ "login-contoso.com", "login.contoso.com", MISTAKE_WORD },
		{ "contoso-login.com", "contoso.com", MISTAKE_WORD },
		{ "contosologin.com", "contoso.com", MISTAKE_WORD },
		{ "modem.de", "modern.de", MISTAKE_LOOK },
		{ "rnodern.de", "modern.de", MISTAKE_LOOK },
		{ "c0nt0s0.com", "contoso.com", MISTAKE_LOOK },
		{ "muller.de", "xn--mller-kva.de", MISTAKE_LOOK },
		{ "mial.contoso.com", "mail.contoso.com", MISTAKE_SWAPPED },
		{ "maik.contoso.com", "mail.contoso.com", MISTAKE_NEIGHBOUR },
		{ "webmial.contoso.com", "webmail.contoso.com", MISTAKE_SWAPPED },
		{ "rnail.contoso.com", "mail.contoso.com", MISTAKE_LOOK },
		{ "ma0l.contoso.com", "mail.contoso.com", MISTAKE_OTHER },
		{ "dex.fabrikam.co.uk", "dev.fabrikam.co.uk", MISTAKE_OTHER },
		{ "owa.fabrikam.c.uk", "owa.fabrikam.co.uk", MISTAKE_ENDING },
		{ "rol.de", "rool.de", MISTAKE_MISSING },
		{ "autodicover.contoso.com", "autodiscover.contoso.com", MISTAKE_MISSING },
		/* other names, and no mistakes */
		{ "mail2.contoso.com", NULL, MISTAKE_NONE },
		{ "mails.contoso.com", NULL, MISTAKE_NONE },
		{ "node2-web.contoso.com", NULL, MISTAKE_NONE },
		{ "webmail.contoso.com", NULL, MISTAKE_NONE },
		{ "jool.de", NULL, MISTAKE_NONE }, /* four letters, any other one */
		{ "firma2.de", NULL, MISTAKE_NONE },
		{ "ay.de", NULL, MISTAKE_NONE },
		{ "northwind.com", NULL, MISTAKE_NONE },
		{ "owa.northwind.com", NULL, MISTAKE_NONE },
		{ "contoso.northwind.com", NULL, MISTAKE_NONE },
		{ "de", NULL, MISTAKE_NONE },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct name_alike found;

		name_alike_find(known, cases[i].typed, false, &found);
		if (found.mistake != cases[i].mistake)
			print_error("%s: %s %s\n", cases[i].typed, mistake_name(found.mistake),
			    found.meant.text);
		assert_int_equal(found.mistake, cases[i].mistake);
		assert_string_equal(found.meant.text, cases[i].meant ? cases[i].meant : "");
		assert_int_equal(found.words[0] != '\0', cases[i].meant != NULL);
	}
}

/* Of several the likeliest. */
static void
the_likeliest(void **state UNUSED)
{
	CLEAN(known_names_free)
	struct known_names *known = known_of("cantosa.com\ncontosa.com\ncontoso.de\n");
	struct name_alike found;

	name_alike_find(known, "owa.contoso.com", false, &found);
	assert_string_equal(found.meant.text, "owa.contoso.de");
	name_alike_find(known, "owa.cntosa.com", false, &found);
	assert_string_equal(found.meant.text, "owa.cantosa.com");
}

/* Of several endings the nearest; of several domains the one whose host is known. */
static void
the_nearest(void **state UNUSED)
{
	CLEAN(known_names_free)
	struct known_names *known =
	    known_of("contoso.de\ncontoso.com\nfabrikam.de\nowa.fabrikam.at\nfabrikam.fr\n");
	struct name_alike found;

	name_alike_find(known, "owa.contoso.cm", false, &found);
	assert_string_equal(found.meant.text, "owa.contoso.com");
	name_alike_find(known, "owa.fabrikam.d", false, &found);
	assert_string_equal(found.meant.text, "owa.fabrikam.de");
	name_alike_find(known, "owa.fabrikam.nl", false, &found);
	assert_string_equal(found.meant.text, "owa.fabrikam.at");
}

/* Below a customer's own domain only the host can be wrong. */
static void
below_ones_own(void **state UNUSED)
{
	CLEAN(known_names_free)
	struct known_names *known = known_of("mail.contoso.com\nfabrikam.com\n");
	struct name_alike found;

	name_alike_find(known, "fabrikam.com.contoso.com", true, &found);
	assert_int_equal(found.mistake, MISTAKE_NONE);
	name_alike_find(known, "mai.contoso.com", true, &found);
	assert_string_equal(found.meant.text, "mail.contoso.com");
	name_alike_find(known, "owa.contosso.com", true, &found);
	assert_int_equal(found.mistake, MISTAKE_NONE);
}

static void
the_domain_twice(void **state UNUSED)
{
	struct name_alike found;

	assert_true(name_is_doubled("owa.contoso.com.contoso.com", &found));
	assert_string_equal(found.meant.text, "owa.contoso.com");
	assert_true(name_is_doubled("contoso.co.uk.contoso.co.uk", &found));
	assert_string_equal(found.meant.text, "contoso.co.uk");
	assert_false(name_is_doubled("owa.mycontoso.com.contoso.com", &found));
	assert_false(name_is_doubled("contoso.com", &found));
	assert_int_equal(found.mistake, MISTAKE_NONE);
}

static bool
asks_for(const struct name_keys *keys, const char *text)
{
	uint64_t its[KNOWN_KEYS];
	struct host_name name;

	assert_true(str_copy(str_of(text), name.text, sizeof(name.text)));
	known_keys_of(&name, its);
	for (size_t i = 0; i < keys->count; i++)
		if (keys->row[i] == its[KNOWN_HOST] || keys->row[i] == its[KNOWN_DOMAIN] ||
		    keys->row[i] == its[KNOWN_LABEL])
			return true;
	return false;
}

/* What a database is asked for leads to the same names as the index. */
static void
keys_lead_to_what_was_meant(void **state UNUSED)
{
	static const struct {
		const char *typed, *domain;
		bool asked;
	} cases[] = {
		{ "owa.contsoo.com", "contoso.com", true },
		{ "owa.contoso.cm", "contoso.com", true },
		{ "owacontoso.com", "contoso.com", true },
		{ "owa.con.toso.com", "contoso.com", true },
		{ "contoso.com.evil.de", "contoso.com", true },
		{ "rnodern.de", "modern.de", true },
		{ "xn--80aa0cbo65f.com", "paypal.com", true },
		{ "owa.contoso.com", "northwind.com", false },
		{ "owa.cnotsoo.com", "contoso.com", false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(name_keys_fini) struct name_keys keys = { 0 };

		name_keys_for(cases[i].typed, &keys);
		assert_true(keys.count > 100 && keys.count < 3000);
		assert_int_equal(asks_for(&keys, cases[i].domain), cases[i].asked);
	}
}

static void
lists(void **state UNUSED)
{
	static const struct {
		const char *list;
		int r;
		size_t count, line;
	} cases[] = {
		{ "", 0, 0, 0 },
		{ "contoso.com", 0, 1, 0 },
		{ "# ours\n\ncontoso.com # since 2019\r\nhttps://owa.contoso.com/owa\n", 0, 2, 0 },
		{ "contoso.com\ncontoso.com\n", 0, 1, 0 },
		{ "contoso.com\n\nowa_x.contoso.com\n", NAME_LIST_E_LINE, 1, 3 },
		{ "localhost", NAME_LIST_E_LINE, 0, 1 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(known_names_free) struct known_names *known = known_names_new();
		struct name_list_mistake mistake = { 0 };

		assert_int_equal(
		    name_list_read(str_of(cases[i].list), known, &mistake), cases[i].r);
		assert_int_equal(known_names_count(known), cases[i].count);
		assert_int_equal(mistake.line, cases[i].line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_meant),
		cmocka_unit_test(the_likeliest),
		cmocka_unit_test(the_nearest),
		cmocka_unit_test(below_ones_own),
		cmocka_unit_test(the_domain_twice),
		cmocka_unit_test(keys_lead_to_what_was_meant),
		cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
