/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/carry.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const struct carry question = {
	.host = "2001:db8::9",
	.port = 8443,
	.ca = STR_INIT(""),
	.pin = PIN,
	.path = "/mgmt/shared/file-transfer/uploads/certdesk-1.key",
	.header = { STR_INIT("Content-Type: application/octet-stream"), STR_INIT("X-A: b c") },
	.header_count = 2,
	.body = STR_INIT("a key"),
	.time_ms = 8000,
};

static void
test_question(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf b = BUF(4096);
	struct carry_room room;
	struct carry got;

	carry_put(&b, &question);
	assert_true(carry_get(buf_str(&b), &room, &got));
	assert_string_equal(got.host, question.host);
	assert_int_equal(got.port, 8443);
	assert_int_equal(got.ca.len, 0);
	assert_string_equal(got.pin, PIN);
	assert_string_equal(got.path, question.path);
	assert_int_equal(got.header_count, 2);
	assert_true(str_eq(got.header[1], STR("X-A: b c")));
	assert_true(str_eq(got.body, STR("a key")));
	assert_int_equal(got.time_ms, 8000);
	for (size_t len = 0; len < b.len; len++)
		assert_false(carry_get(str_bytes(b.data, len), &room, &got));
	buf_put_byte(&b, 0);
	assert_false(carry_get(buf_str(&b), &room, &got));
}

static void
test_limits(void **state UNUSED)
{
	static char much[CARRY_CA_MAX + 1];
	CLEAN(buf_fini) struct buf b = BUF(message_rule(MESSAGE_CARRY)->max_request);
	char host[CONFIG_HOST_SIZE], path[CARRY_PATH_MAX];
	struct carry_room room;
	struct carry large = question, got;

	memset(much, 'x', sizeof(much));
	memcpy(much, "A: ", 3);
	str_copy(str_bytes(much + 3, sizeof(host) - 1), host, sizeof(host));
	str_copy(str_bytes(much + 3, sizeof(path) - 1), path, sizeof(path));
	path[0] = '/';
	large.host = host;
	large.path = path;
	large.pin = "";
	large.ca = str_bytes(much, CARRY_CA_MAX);
	large.body = str_bytes(much, CARRY_BODY_MAX);
	large.header_count = CARRY_HEADERS_MAX;
	for (size_t i = 0; i < CARRY_HEADERS_MAX; i++)
		large.header[i] = str_bytes(much, CARRY_HEADER_MAX);
	carry_put(&b, &large);
	assert_false(buf_failed(&b)); /* the largest question fits the message */
	assert_true(carry_get(buf_str(&b), &room, &got));
	large.body.len++;
	buf_clear(&b);
	carry_put(&b, &large);
	assert_false(carry_get(buf_str(&b), &room, &got));
}

static void
test_hostile_questions(void **state UNUSED)
{
#define WITH(...)                                                                               \
	{                                                                                       \
		.host = "a.example", .port = 443, .ca = STR_INIT(""), .pin = PIN, .path = "/a", \
		.body = STR_INIT("x"), .time_ms = 1, __VA_ARGS__                                \
	}
#define HEADER(text) WITH(.header = { STR_INIT(text) }, .header_count = 1)
	/* clang-format off */
	static const struct {
		bool fine;
		struct carry question;
	} cases[] = {
		{ true,  HEADER("A: b") },
		{ false, HEADER("A: b\r\nHost: c") },
		{ false, HEADER("A: b\nC: d") },
		{ false, HEADER("A: b\0") },
		{ false, HEADER("A") },
		{ false, HEADER("A:") },
		{ false, HEADER("A;") },
		{ false, HEADER(": b") },
		{ false, HEADER("A B: c") },
		{ false, HEADER("@/etc/passwd") },
		{ false, HEADER("") },
	};
	/* clang-format on */
	struct spoilt {
		const char *what;
		struct carry q;
	};
	struct carry base = cases[0].question;
	struct spoilt spoilt[] = { { "host", base }, { "host with a path", base }, { "port", base },
		{ "neither CA nor pin", base }, { "a file as a pin", base }, { "two pins", base },
		{ "both", base }, { "relative path", base }, { "a query", base },
		{ "a space", base }, { "no body", base }, { "no time", base },
		{ "for ever", base } };

	spoilt[0].q.host = "";
	spoilt[1].q.host = "a.example/b";
	spoilt[2].q.port = 0;
	spoilt[3].q.pin = "";
	spoilt[4].q.pin = "/etc/hostname";
	spoilt[5].q.pin = "sha256//AA==;sha256//BB==";
	spoilt[6].q.ca = STR("PEM");
	spoilt[7].q.path = "a";
	spoilt[8].q.path = "/a?b";
	spoilt[9].q.path = "/a b";
	spoilt[10].q.body = STR("");
	spoilt[11].q.time_ms = 0;
	spoilt[12].q.time_ms = UINT32_MAX;
	for (size_t i = 0; i < COUNT_OF(cases) + COUNT_OF(spoilt); i++) {
		bool spoil = i >= COUNT_OF(cases);
		CLEAN(buf_fini) struct buf b = BUF(4096);
		struct carry_room room;
		struct carry got;

		carry_put(&b, spoil ? &spoilt[i - COUNT_OF(cases)].q : &cases[i].question);
		if (carry_get(buf_str(&b), &room, &got) != (!spoil && cases[i].fine))
			fail_msg("%zu: %s", i, spoil ? spoilt[i - COUNT_OF(cases)].what : "header");
	}
}

static void
test_too_many_headers(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf b = BUF(4096);
	struct carry_room room;
	struct carry got;

	carry_put(&b, &question);
	/* behind host, port, ca, pin and path: the count */
	b.data[4 + strlen(question.host) + 2 + 4 + 4 + strlen(PIN) + 4 + strlen(question.path) +
	       3] = CARRY_HEADERS_MAX + 1;
	assert_false(carry_get(buf_str(&b), &room, &got));
}

static void
test_answers(void **state UNUSED)
{
	/* clang-format off */
	static const struct { int result; uint16_t status; const char *body; bool fine; } cases[] = {
		{ 0,                  200, "{}", true },
		{ 0,                  401, "",   true },
		{ 0,                  0,   "",   false },
		{ 0,                  99,  "",   false },
		{ 0,                  600, "",   false },
		{ CARRY_E_AWAY,       0,   "",   true },
		{ CARRY_E_TOO_LONG,   0,   "",   true },
		{ CARRY_E_TOO_LONG,   200, "",   false },
		{ CARRY_E_TIMEOUT,    0,   "{",  false },
		{ CARRY_E_MAX,        0,   "",   false },
		{ 255,                0,   "",   false },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf b = BUF(4096);
		struct carried in = { .result = cases[i].result,
			.status = cases[i].status,
			.body = str_of(cases[i].body),
			.words = "so it is" },
			       got;

		carried_put(&b, &in);
		assert_int_equal(carried_is(buf_str(&b), &got), cases[i].fine);
		if (!cases[i].fine) {
			assert_int_equal(got.result, CARRY_E_REFUSED);
			continue;
		}
		assert_int_equal(got.result, in.result);
		assert_int_equal(got.status, in.status);
		assert_true(str_eq(got.body, in.body));
		assert_string_equal(got.words, "so it is");
		for (size_t len = 0; len < b.len; len++)
			assert_false(carried_is(str_bytes(b.data, len), &got));
	}
}

/* Nobody there: no answer is told as what it is. (The rest is said against a real courier.) */
static void
test_no_courier(void **state UNUSED)
{
	static const char much[64 * 1024] = "";
	struct channel *courier = channel_new(-1, ROLE_KEEPER, ROLE_COURIER);
	CLEAN(buf_fini) struct buf answer = BUF_SECRET(100);
	struct carried got;
	struct carry ask = question;

	channel_renew_no_more(courier);
	assert_int_equal(carry_ask(courier, &ask, 0, &answer, &got), CARRY_E_AWAY);
	assert_string_equal(got.words, "certdesk-courier is away or gave no answer");
	ask.body = str_bytes(much, sizeof(much));
	assert_int_equal(carry_ask(courier, &ask, 0, &answer, &got), CARRY_E_AWAY);
	channel_free(courier);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_hostile_questions),
		cmocka_unit_test(test_too_many_headers),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_no_courier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
