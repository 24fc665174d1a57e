/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/room.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "sys/sandbox.h"

static const struct room usual = {
	.time = SECONDS(20), .cpu_seconds = 10, .memory = (size_t)1 << 30
};

static int
echo(const void *about, struct buf *answer)
{
	buf_put_text(answer, about);
	return 0;
}

static int
crash(const void *about UNUSED, struct buf *answer)
{
	buf_put_text(answer, "half an answer");
	(void)signal(SIGSEGV, SIG_DFL); /* the test harness has a handler of its own */
	return raise(SIGSEGV);
}

static int
break_off(const void *about UNUSED, struct buf *answer UNUSED)
{
	(void)signal(SIGABRT, SIG_DFL);
	abort();
}

#ifndef CERTDESK_SANITIZED
static int
escape(const void *about UNUSED, struct buf *answer UNUSED)
{
	static const struct sandbox_profile nothing = { 0 };
	CLEAN(buf_fini) struct buf report = BUF(4096);

	return sandbox_enter(&nothing, &report) ? -1 : (int)fork();
}
#endif

static int
give_up(const void *about UNUSED, struct buf *answer UNUSED)
{
	return -1;
}

static int
hang(const void *about UNUSED, struct buf *answer UNUSED)
{
	while (pause() < 0)
		continue;
	return 0;
}

/* Says nothing more, and stays. */
static int
linger(const void *about, struct buf *answer)
{
	close(3);
	return hang(about, answer);
}

static int
spin(const void *about UNUSED, struct buf *answer UNUSED)
{
	volatile unsigned turns = 1;

	while (turns)
		turns |= 1;
	return 0;
}

static int
boast(const void *about UNUSED, struct buf *answer)
{
	/* Past the limit of its own buf, straight into the pipe: as a captured child would. */
	static char bytes[200000];

	(void)answer;
	return write(3, bytes, sizeof(bytes)) > 0 ? 0 : -1;
}

/* Only 0, 1, 2 and its pipe are open in there: no channel to answer through in its parent's name.
 */
static int
look_around(const void *about, struct buf *answer)
{
	const int *secret = about;

	buf_put_text(answer, dup(*secret) < 0 && dup(4) < 0 ? "closed" : "open");
	return 0;
}

static void
an_answer(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf answer = BUF(100000);
	CLEAN(buf_fini) struct buf large = BUF(100000);

	buf_put_text(&answer, "it said ");
	assert_int_equal(room_run(&usual, echo, "hello", &answer), 0);
	assert_string_equal(buf_text(&answer), "it said hello");
	for (int i = 0; i < 90000; i++)
		buf_put_byte(&large, 'x');
	buf_clear(&answer);
	assert_int_equal(room_run(&usual, echo, buf_text(&large), &answer), 0);
	assert_true(str_eq(buf_str(&answer), buf_str(&large)));
}

static void
no_answer(void **state UNUSED)
{
	struct room hasty = usual, lazy = usual;
	/* clang-format off */
	const struct { const char *name; const struct room *room; int (*work)(const void *, struct buf *); int outcome; } cases[] = {
		{ "crash",    &usual, crash,   ROOM_E_CRASHED },
		{ "abort",    &usual, break_off, ROOM_E_DIED },
#ifndef CERTDESK_SANITIZED /* nothing is forbidden there */
		{ "escape",   &usual, escape,  ROOM_E_FORBIDDEN },
#endif
		{ "give up",  &usual, give_up, ROOM_E_DIED },
		{ "hang",     &hasty, hang,    ROOM_E_TIMEOUT },
		{ "linger",   &hasty, linger,  ROOM_E_TIMEOUT },
		{ "spin",     &lazy,  spin,    ROOM_E_TIMEOUT },
		{ "too much", &usual, boast,   ROOM_E_TOO_MUCH },
	};
	/* clang-format on */
	hasty.time = MILLIS(200);
	lazy.cpu_seconds = 1;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf answer = BUF(100000);

		buf_put_text(&answer, "before");
		print_message("%s\n", cases[i].name);
		assert_int_equal(
		    room_run(cases[i].room, cases[i].work, NULL, &answer), cases[i].outcome);
		assert_string_equal(buf_text(&answer), "before");
		assert_false(buf_failed(&answer));
	}
}

static void
nothing_open(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf answer = BUF(100);
	int secret = dup(0);

	assert_true(secret > 3);
	assert_int_equal(room_run(&usual, look_around, &secret, &answer), 0);
	assert_string_equal(buf_text(&answer), "closed");
	close(secret);
}

#define PIECES 7

struct heard {
	size_t count;
	int r[PIECES];
	char words[PIECES][32];
};

static void
hear(void *to, size_t at, int r, struct str answer)
{
	struct heard *heard = to;

	assert_int_equal(at, heard->count);
	heard->r[at] = r;
	str_copy(answer, heard->words[at], sizeof(heard->words[at]));
	heard->count++;
}

/* A child knows its number by the pieces it has done; `about` counts them, each child its own. */
static int
play(const void *about, size_t at, struct buf *answer)
{
	int *done = (int *)(uintptr_t)about;

	(*done)++;
	switch (at) {
	case 1:
		return crash(NULL, answer);
	case 3:
		return hang(NULL, answer);
	case 4:
		for (int i = 0; i < 100; i++)
			buf_put_text(answer, "more");
		return 0;
	default:
		buf_printf(answer, "piece %zu, its %d.", at, *done);
		return 0;
	}
}

static int
start_at_ten(const void *about)
{
	*(int *)(uintptr_t)about = 10;
	return 0;
}

static int
use_what_was_given(const void *about, struct buf *answer)
{
	const int *secret = about;

	if (dup(*secret) >= 0 || dup(ROOM_FD + 1) >= 0)
		return -1;
	buf_put_text(answer, write(ROOM_FD, "here", 4) == 4 ? "given" : "not given");
	return 0;
}

static void
one_more_descriptor(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf answer = BUF(100);
	struct room giving = usual;
	int pair[2], high, secret = -1;
	char got[8] = { 0 };

	assert_int_equal(pipe(pair), 0);
	high = fcntl(pair[1], F_DUPFD, 40);
	secret = fcntl(pair[1], F_DUPFD, 41);
	for (int i = 0; i < 2; i++) { /* a low number, a high one */
		giving.fd = i == 0 ? pair[1] : high;
		buf_clear(&answer);
		assert_int_equal(room_run(&giving, use_what_was_given, &secret, &answer), 0);
		assert_string_equal(buf_text(&answer), "given");
		assert_int_equal(read(pair[0], got, sizeof(got)), 4);
		assert_string_equal(got, "here");
	}
	close(high);
	close(secret);
	close(pair[0]);
	close(pair[1]);
}

static void
a_series(void **state UNUSED)
{
	static const int outcomes[PIECES] = { 0, ROOM_E_CRASHED, 0, ROOM_E_TIMEOUT,
		ROOM_E_TOO_MUCH };
	static const char *const words[PIECES] = { "piece 0, its 11.", "", "piece 2, its 11.", "",
		"", "piece 5, its 11.", "piece 6, its 12." };
	const struct room brief = {
		.time = SECONDS(1), .cpu_seconds = 10, .memory = (size_t)1 << 30
	};
	struct heard heard = { 0 };
	int done = 0;
	const struct room_series series = { .count = PIECES,
		.begin = start_at_ten,
		.work = play,
		.about = &done,
		.answer_max = 100,
		.done = hear,
		.to = &heard };

	assert_int_equal(room_run_series(&brief, &series), 0);
	assert_int_equal(heard.count, PIECES);
	for (size_t i = 0; i < PIECES; i++) {
		assert_int_equal(heard.r[i], outcomes[i]);
		assert_string_equal(heard.words[i], words[i]);
	}
	assert_int_equal(done, 0);
}

static int
echo_number(const void *about, size_t at, struct buf *answer)
{
	if (at % 10 == 7)
		return crash(about, answer);
	buf_printf(answer, "%zu%0*d", at, (int)(at % 5000), 0);
	return 0;
}

struct sum {
	size_t count, broken, wrong;
};

static void
add_up(void *to, size_t at, int r, struct str answer)
{
	struct sum *sum = to;
	char begin[32];

	snprintf(begin, sizeof(begin), "%zu", at);
	sum->wrong += at != sum->count++;
	sum->broken += r == ROOM_E_CRASHED;
	sum->wrong += (r == ROOM_E_CRASHED) != (at % 10 == 7);
	sum->wrong += r == 0 && !str_starts(answer, str_of(begin));
}

/* However many children there are, and whichever is first, what they say comes in order. */
static void
side_by_side(void **state UNUSED)
{
	static const size_t children[] = { 1, 2, 3, 8, 100 }, counts[] = { 0, 1, 2, 7, 300 };

	for (size_t c = 0; c < COUNT_OF(children); c++)
		for (size_t n = 0; n < COUNT_OF(counts); n++) {
			struct sum sum = { 0 };
			const struct room_series series = { .count = counts[n],
				.children = children[c],
				.work = echo_number,
				.answer_max = 10000,
				.done = add_up,
				.to = &sum };

			assert_int_equal(room_run_series(&usual, &series), 0);
			assert_int_equal(sum.count, counts[n]);
			assert_int_equal(sum.wrong, 0);
			assert_int_equal(sum.broken, counts[n] == 300 ? 30 : 0);
		}
}

static int
leave_early(const void *about UNUSED, size_t at UNUSED, struct buf *answer UNUSED)
{
	_exit(0);
}

static int
refuse_to_begin(const void *about UNUSED)
{
	return -1;
}

static int
spin_piece(const void *about UNUSED, size_t at, struct buf *answer)
{
	return at == 1 ? spin(NULL, answer) : 0;
}

static void
a_series_that_ends(void **state UNUSED)
{
	/* clang-format off */
	static const struct {
		int (*begin)(const void *about);
		int (*work)(const void *about, size_t at, struct buf *answer);
		int r[3];
	} cases[] = {
		{ NULL,            leave_early, { ROOM_E_DIED, ROOM_E_DIED, ROOM_E_DIED } },
		{ refuse_to_begin, leave_early, { ROOM_E_DIED, ROOM_E_DIED, ROOM_E_DIED } },
		{ NULL,            spin_piece,  { 0, ROOM_E_TIMEOUT, 0 } },
	};
	/* clang-format on */
	const struct room busy = {
		.time = SECONDS(20), .cpu_seconds = 1, .memory = (size_t)1 << 30
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct heard heard = { 0 };
		const struct room_series series = { .count = 3,
			.begin = cases[i].begin,
			.work = cases[i].work,
			.answer_max = 100,
			.done = hear,
			.to = &heard };

		assert_int_equal(room_run_series(&busy, &series), 0);
		assert_int_equal(heard.count, 3);
		assert_memory_equal(heard.r, cases[i].r, sizeof(cases[i].r));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(nothing_open),
		cmocka_unit_test(one_more_descriptor),
		cmocka_unit_test(a_series),
		cmocka_unit_test(a_series_that_ends),
		cmocka_unit_test(side_by_side),
	};
	int first = dup(0); /* so that descriptors above 3 exist whatever the harness left open */
	int failed;

	while (first >= 0 && first < 5)
		first = dup(0);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	return failed;
}
