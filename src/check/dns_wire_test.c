/* SPDX-License-Identifier: Apache-2.0 */
#include "check/dns_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* The records of an answer to "owa.a.de"; C0 0C is that name. */
#define OWN        "\xc0\x0c"
#define A          "\0\x01\0\x01\0\0\0\x3c\0\x04"
#define CNAME      "\0\x05\0\x01\0\0\0\x3c\0\x04"
#define CAA        "\1\1\0\x01\0\0\0\x3c\0\x08\0\5issue;"
#define IS(says)   .kind = REPLY_##says
#define BYTES(lit) STR_INIT(lit)

struct wire_case {
	const char *what, *head; /* flags, then the counts of the other three sections: 8 bytes */
	struct str records;
	enum dns_reply_kind kind;
	const char *says; /* the first address, or the alias */
	bool crowded, cut, of_caa, recursive;
};

/* clang-format off */
static const struct wire_case cases[] = {
	{ "an address",             "\x84\0\0\1\0\0\0", BYTES(OWN A "\xcb\0\x71\x05"), IS(ADDRESSES), "203.0.113.5" },
	{ "of another name",        "\x84\0\0\1\0\0\0", BYTES("\xc0\x10" A "\xcb\0\x71\x05"), IS(EMPTY), "" },
	{ "an alias",               "\x84\0\0\1\0\0\0", BYTES(OWN CNAME "\1X\xc0\x10"), IS(ALIAS), "x.a.de" },
	{ "a line break in it",     "\x84\0\0\1\0\0\0", BYTES(OWN CNAME "\1\n\xc0\x10"), IS(ALIAS), "\\010.a.de" },
	{ "an alias with company",  "\x84\0\0\2\0\0\0", BYTES(OWN CNAME "\1x\xc0\x10" OWN A "\xcb\0\x71\x05"), IS(ALIAS), "x.a.de", .crowded = true },
	{ "no such name",           "\x84\3\0\0\0\0\0", BYTES(""), IS(NO_NAME), "" },
	{ "no such record",         "\x84\0\0\0\0\0\0", BYTES(""), IS(EMPTY), "" },
	{ "not all of it fitted",   "\x86\0\0\0\0\0\0", BYTES(""), IS(EMPTY), "", .cut = true },
	{ "refused",                "\x84\5\0\0\0\0\0", BYTES(""), IS(RCODE), "" },
	{ "not its zone",           "\x80\0\0\0\0\0\0", BYTES(""), IS(LAME), "" },
	{ "a question",             "\x04\0\0\0\0\0\0", BYTES(""), IS(GARBLED), "" },
	{ "a record too few",       "\x84\0\0\1\0\0\0", BYTES(""), IS(GARBLED), "" },
	{ "a name that is a loop",  "\x84\0\0\1\0\0\0", BYTES("\xc0\x1a" A "\xcb\0\x71\x05"), IS(GARBLED), "" },
	{ "a record cut short",     "\x84\0\0\1\0\0\0", BYTES(OWN A "\xcb\0"), IS(GARBLED), "" },
	{ "another type",           "\x84\0\0\1\0\0\0", BYTES(OWN CAA), IS(RECORDS), "", .of_caa = true },
	{ "none of another type",   "\x84\0\0\0\0\0\0", BYTES(""), IS(EMPTY), "", .of_caa = true },
	{ "a resolver's",           "\x80\0\0\1\0\0\0", BYTES(OWN A "\xcb\0\x71\x05"), IS(ADDRESSES), "203.0.113.5", .recursive = true },
	{ "a resolver's alias",     "\x80\0\0\2\0\0\0", BYTES(OWN CNAME "\1x\xc0\x10" "\1x\xc0\x10" A "\xcb\0\x71\x05"), IS(ADDRESSES), "203.0.113.5", .recursive = true },
	{ "a resolver's failure",   "\x80\2\0\0\0\0\0", BYTES(""), IS(RCODE), "", .recursive = true },
};
/* clang-format on */

static bool
read_case(const struct wire_case *c, struct dns_reply *ret, bool *ret_cut)
{
	CLEAN(dns_question_fini) struct dns_question q;
	CLEAN(buf_fini) struct buf message = BUF(512);

	assert_true(
	    dns_question_init(&q, "owa.a.de", c->of_caa ? DNS_TYPE_CAA : DNS_TYPE_A, c->recursive));
	buf_put(&message, q.wire, 2);
	buf_put(&message, c->head, 2);
	buf_put(&message, "\0\1", 2);
	buf_put(&message, c->head + 2, 6);
	buf_put(&message, q.wire + 12, q.wire_len - 12);
	buf_put_str(&message, c->records);
	return dns_answer_read(&q, buf_str(&message), ret, ret_cut);
}

static void
answers_say(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct wire_case *c = &cases[i];
		struct dns_reply reply = { .kind = REPLY_GARBLED };
		char address[ADDR_TEXT_SIZE] = "";
		bool cut = false;

		if (read_case(c, &reply, &cut) != (c->kind != REPLY_GARBLED))
			fail_msg("%s", c->what);
		if (c->kind == REPLY_ADDRESSES)
			addr_text(&reply.address[0], address);
		if (reply.kind != c->kind || cut != c->cut || reply.crowded != c->crowded ||
		    strcmp(c->kind == REPLY_ADDRESSES ? address : reply.alias, c->says) != 0)
			fail_msg(
			    "%s: %d, \"%s\"%s", c->what, (int)reply.kind, reply.alias, address);
	}
}

static void
another_answer_is_none(void **state UNUSED)
{
	CLEAN(dns_question_fini) struct dns_question q, other;
	struct dns_reply reply;
	bool cut;

	assert_true(dns_question_init(&q, "owa.a.de", DNS_TYPE_A, false));
	assert_true(dns_question_init(&other, "owa.b.de", DNS_TYPE_A, false));
	q.wire[2] = other.wire[2] = (uint8_t)0x84; /* the questions as answers, to themselves */
	assert_true(dns_answer_read(&q, str_bytes(q.wire, q.wire_len), &reply, &cut));
	memcpy(other.wire, q.wire, 2);
	assert_false(dns_answer_read(&q, str_bytes(other.wire, other.wire_len), &reply, &cut));
	q.wire[0] ^= 1;
	assert_false(dns_answer_read(&q, str_bytes(q.wire, q.wire_len), &reply, &cut));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_say),
		cmocka_unit_test(another_answer_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
