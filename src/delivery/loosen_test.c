/* SPDX-License-Identifier: Apache-2.0 */
/* One certificate, dressed up as programs dress it (I-02): every one is found, byte for byte; and a
 * letter that is missing is not guessed. */
#include "delivery/loosen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "delivery/delivery.h"
#include "pki/ca_test_kit.h"

#define NOW ((when)1780000000 * 1000000)

static struct test_certificate one;
static struct delivery_tools *tools;
static struct buf pem, der;

static int
set_up(void **state UNUSED)
{
	bool legacy;

	pem = der = BUF(1 << 16);
	one = test_issue(&(struct test_spec){ .name = "x",
			     .alternatives = "DNS:x.contoso.com",
			     .from = NOW,
			     .until = NOW + DAYS(9) },
	    NULL);
	test_put_pem(&pem, one.x509);
	test_put_der(&der, one.x509);
	return delivery_tools_new(&tools, &legacy);
}

static int
tear_down(void **state UNUSED)
{
	test_certificate_fini(&one);
	buf_fini(&pem);
	buf_fini(&der);
	delivery_tools_free(tools);
	return 0;
}

/* The certificate's text with each of its lines between `before` and `after`, and replacements of
 * single characters. */
struct dress {
	const char *name, *head, *before, *after, *tail;
	const char *from[3], *to[3];
};

/* clang-format off */
static const struct dress dresses[] = {
	{ "JSON",               "{\"cert\":\"", "", "\\n", "\"}", { 0 }, { 0 } },
	{ "JSON, CRLF",         "{\"cert\":\"", "", "\\r\\n", "\"}", { 0 }, { 0 } },
	{ "JSON, all escaped",  "{\"cert\":\"", "", "\\n", "\"}", { "/", "+", "=" }, { "\\/", "\\u002b", "\\u003D" } },
	{ "page, br",           "<html><p>", "", "<br>\n", "</p></html>", { 0 }, { 0 } },
	{ "page, one line",     "<html><p>", "", "<br/>", "</p></html>", { 0 }, { 0 } },
	{ "page, entities",     "<html><pre>", "", "\n", "</pre>", { "+", "/", "=" }, { "&#43;", "&#x2F;", "&equals;" } },
	{ "page, paragraphs",   "<html>", "<p class=\"x\">", "</p>\r\n", "</html>", { 0 }, { 0 } },
	{ "mail's source",      "", "", "\r\n", "", { "=" }, { "=3D" } },
	{ "mail's source, soft", "", "", "\n", "", { "Q", "=" }, { "Q=\n", "=3D" } },
	{ "line ends as =0A",   "", "", "=0A=\n", "", { "=" }, { "=3D" } },
	{ "formatted document", "text {\\f0\\fs20 ", "", "\\par\n", "}", { 0 }, { 0 } },
	{ "numbered lines",     "", " 7  ", "\n", "", { 0 }, { 0 } },
	{ "C",                  "static const char *pem =\n", "\t\"", "\\n\"\n", ";", { 0 }, { 0 } },
	{ "Python",             "pem = (\n", "    \"", "\\n\" +\n", ")", { 0 }, { 0 } },
	{ "list of strings",    "[\n", "  \"", "\",\n", "]", { 0 }, { 0 } },
	{ "comment",            "", "# ", "\n", "", { 0 }, { 0 } },
	{ "blanks that join",   "", "", "\xc2\xa0\r\n", "", { 0 }, { 0 } },
	{ "of no width",        "", "", "\n", "", { "A" }, { "A\xe2\x80\x8b" } },
	{ "in small letters",   "", "", "\n", "", { "BEGIN CERTIFICATE", "END CERTIFICATE" }, { "begin certificate", "end certificate" } },
	{ "spaced markers",     "", "", "\n", "", { "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----" },
	                        { "----- BEGIN CERTIFICATE -----", "----- END CERTIFICATE -----" } },
	{ "six dashes",         "", "", "\n", "", { "-----" }, { "------" } },
};
/* clang-format on */

static void
put_replaced(const struct dress *dress, struct str line, struct buf *to)
{
	for (size_t i = 0; i < line.len;) {
		struct str rest = str_drop(line, i);
		bool done = false;

		for (size_t k = 0; k < COUNT_OF(dress->from) && dress->from[k] && !done; k++)
			if (str_starts(rest, str_of(dress->from[k]))) {
				buf_put_text(to, dress->to[k]);
				i += strlen(dress->from[k]);
				done = true;
			}
		if (!done)
			buf_put_byte(to, (uint8_t)line.p[i++]);
	}
}

static void
put_dressed(const struct dress *dress, struct buf *to)
{
	struct str rest = str_trim(buf_str(&pem)), line;

	buf_put_text(to, dress->head);
	while (str_next(&rest, '\n', &line)) {
		buf_put_text(to, dress->before);
		put_replaced(dress, line, to);
		buf_put_text(to, dress->after);
	}
	buf_put_text(to, dress->tail);
}

static void
expect_found(const char *name, struct str bytes)
{
	CLEAN(delivery_fini) struct delivery delivery = { 0 };

	delivery_add(&delivery, tools, STR("x"), bytes, NULL);
	if (delivery.certificate_count != 1)
		fail_msg(
		    "%s: %zu found: %s", name, delivery.certificate_count, delivery.file[0].words);
	assert_true(str_eq(delivery.certificate[0].der, buf_str(&der)));
}

static void
dressed_up(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(dresses); i++) {
		CLEAN(buf_fini) struct buf text = BUF(1 << 18);

		put_dressed(&dresses[i], &text);
		expect_found(dresses[i].name, buf_str(&text));
	}
}

static void
put_wide(size_t width, size_t at, struct buf *to)
{
	for (size_t i = 0; i < pem.len; i++)
		for (size_t k = 0; k < width; k++)
			buf_put_byte(to, k == at ? (uint8_t)pem.data[i] : 0);
}

static void
other_alphabets(void **state UNUSED)
{
	/* clang-format off */
	static const struct { size_t width, at; } forms[] = { { 2, 0 }, { 2, 1 }, { 4, 0 }, { 4, 3 } };
	/* clang-format on */
	CLEAN(buf_fini) struct buf twice = BUF(1 << 18);
	CLEAN(buf_fini) struct buf hex = BUF(1 << 18);
	CLEAN(buf_fini) struct buf colons = BUF(1 << 18);

	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		CLEAN(buf_fini) struct buf wide = BUF(1 << 18);

		put_wide(forms[i].width, forms[i].at, &wide);
		expect_found("wide", buf_str(&wide));
	}
	buf_put_base64(&twice, pem.data, pem.len);
	expect_found("base64 of PEM", buf_str(&twice));
	buf_put_hex(&hex, der.data, der.len);
	expect_found("hex", buf_str(&hex));
	for (size_t i = 0; i < der.len; i++)
		buf_printf(&colons, "%s%02X", i > 0 ? ":" : "", (uint8_t)der.data[i]);
	expect_found("hex with colons", buf_str(&colons));
}

static void
bare_forms(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 18);
	CLEAN(buf_fini) struct buf xml = BUF(1 << 18);

	buf_put_base64(&text, der.data, der.len);
	buf_printf(&xml,
	    "<?xml version=\"1.0\"?><a><ds:X509Certificate>%s</ds:X509Certificate></a>",
	    buf_text(&text));
	expect_found("XML", buf_str(&xml));
	for (size_t i = 0; i < text.len; i++)
		text.data[i] = text.data[i] == '+' ? '-' : text.data[i] == '/' ? '_' : text.data[i];
	expect_found("for addresses", buf_str(&text));
}

/* Whatever way a text came: without one of its letters there is nothing (M-34). */
static void
nothing_is_guessed(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(dresses); i++) {
		CLEAN(delivery_fini) struct delivery delivery = { 0 };
		CLEAN(buf_fini) struct buf text = BUF(1 << 18);
		struct str all;
		size_t at;

		put_dressed(&dresses[i], &text);
		all = buf_str(&text);
		at = str_find(all, STR("MII")) + 40;
		if (at >= all.len)
			at = all.len / 2;
		while (!((text.data[at] >= 'a' && text.data[at] <= 'z') &&
			 (text.data[at + 1] >= 'a' && text.data[at + 1] <= 'z')))
			at++;
		memmove(text.data + at, text.data + at + 1, text.len - at - 1);
		buf_truncate(&text, text.len - 1);
		delivery_add(&delivery, tools, STR("x"), buf_str(&text), NULL);
		if (delivery.certificate_count != 0)
			fail_msg("%s", dresses[i].name);
	}
}

/* I-07: only so much is tried; what is no certificate at first sight then stays text, and what is one is
 * still read. A text that is too large for what is left costs nothing of it. */
static void
work_is_bounded(void **state UNUSED)
{
	static char junk[DELIVERY_FILE_MAX];
	struct str all = str_bytes(junk, sizeof(junk));
	CLEAN(delivery_fini) struct delivery delivery = { 0 };
	CLEAN(buf_fini) struct buf hex = BUF(1 << 18);

	memset(junk, '<', sizeof(junk)); /* and without an end: each way takes linear time */
	buf_put_hex(&hex, der.data, der.len);
	delivery_add(&delivery, tools, STR("1"), all, NULL);
	delivery_add(&delivery, tools, STR("2"), str_drop(all, 8192), NULL);
	delivery_add(&delivery, tools, STR("3"), all, NULL);
	delivery_add(&delivery, tools, STR("in time"), buf_str(&hex), NULL);
	assert_int_equal(delivery.file[3].certificates, 1);
	delivery_add(&delivery, tools, STR("the rest"), str_bytes(junk, 8192 - hex.len), NULL);
	delivery_add(&delivery, tools, STR("late"), buf_str(&hex), NULL);
	assert_int_equal(delivery.file[5].certificates, 0);
	delivery_add(&delivery, tools, STR("plain"), buf_str(&pem), NULL);
	assert_int_equal(delivery.file[6].certificates, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dressed_up),
		cmocka_unit_test(other_alphabets),
		cmocka_unit_test(bare_forms),
		cmocka_unit_test(nothing_is_guessed),
		cmocka_unit_test(work_is_bounded),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
