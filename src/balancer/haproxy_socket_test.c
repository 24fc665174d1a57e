/* SPDX-License-Identifier: Apache-2.0 */
/* Opening against a socket that answers from a script, one connection each. */
#include "balancer/balancer.h"

#include "sys/file.h"
#include "sys/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOCKED "Can't show!\nOperations on certificates are currently locked!\n\n"

struct script {
	int listener;
	const char *const *replies; /* NULL at the end */
	int asked;
	bool one_command; /* each connection brought one line and was half-closed */
};

static void *
answer(void *context)
{
	struct script *s = context;

	s->one_command = true;
	for (; s->replies[s->asked] && net_wait(s->listener, false, SECONDS(5)) == 0; s->asked++) {
		CLEAN(close_fd) int fd = accept(s->listener, NULL, NULL);
		CLEAN(buf_fini) struct buf command = BUF(4096);

		if (net_read_all(fd, SECONDS(5), &command) != 0 ||
		    !str_eq(buf_str(&command), STR("show version\n")))
			s->one_command = false;
		if (net_write(fd, str_of(s->replies[s->asked]), SECONDS(5)) != 0)
			s->one_command = false;
	}
	return NULL;
}

struct open_case {
	const char *name;
	const char *replies[8];
	int result;
	enum outcome_kind kind;
	const char *words;
};

/* clang-format off */
static const struct open_case cases[] = {
	{ "opens",          { "2.6.12-1+deb12u4\n\n" }, 0, OUTCOME_DONE, "" },
	{ "newer",          { "3.4.0\n\n" }, 0, OUTCOME_DONE, "" },
	{ "locked a while", { LOCKED, LOCKED, LOCKED, "2.6.12\n\n" }, 0, OUTCOME_DONE, "" },
	{ "locked",         { LOCKED, LOCKED, LOCKED, LOCKED, LOCKED, LOCKED }, BALANCER_E_BUSY, OUTCOME_LATER, "currently locked" },
	{ "says nothing",   { "" }, BALANCER_E_AMBIGUOUS, OUTCOME_LATER, "no answer" },
	{ "operator level", { "Permission denied\n\n" }, BALANCER_E_AUTH, OUTCOME_HUMAN, "Permission denied" },
	{ "too old",        { "2.4.22-1\n\n" }, BALANCER_E_UNSUPPORTED, OUTCOME_HUMAN, "2.6 is needed" },
	{ "older",          { "Unknown command. Please enter one of the following commands only\n" }, BALANCER_E_UNSUPPORTED, OUTCOME_HUMAN, "Unknown command" },
	{ "another thing",  { "220 mail.test ESMTP\n" }, BALANCER_E_BROKEN, OUTCOME_HUMAN, "version" },
};
/* clang-format on */

static void
configure(struct config_balancer *c, const char *folder)
{
	*c = (struct config_balancer){ .name = "lb1", .driver = "haproxy", .bufsize = 16384 };
	snprintf(c->socket, sizeof(c->socket), "%s/admin.sock", folder);
	snprintf(c->crt_list, sizeof(c->crt_list), "%s/list.txt", folder);
	snprintf(c->certificates, sizeof(c->certificates), "%s", folder);
}

static void
run_case(const struct open_case *c, const struct config_balancer *config, int listener)
{
	struct script script = { .listener = listener, .replies = c->replies };
	CLEAN(balancer_close) struct balancer *b = NULL;
	struct outcome what = { 0 };
	int expected = 0, r;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, answer, &script), 0);
	r = balancer_open(config, world_real(), NULL, NULL, SECONDS(1), &b, &what);
	pthread_join(thread, NULL);
	while (c->replies[expected])
		expected++;
	if (r != c->result || what.kind != c->kind || !strstr(what.words, c->words) ||
	    script.asked != expected || !script.one_command)
		fail_msg("%s: %s, %s, asked %d times", c->name, balancer_words(r), what.words,
		    script.asked);
}

static void
test_open(void **state UNUSED)
{
	char folder[] = "/tmp/certdesk-socket-XXXXXX", lock[64];
	struct config_balancer config;
	int listener;

	assert_non_null(mkdtemp(folder));
	configure(&config, folder);
	assert_int_equal(net_listen_unix(config.socket, 0600, &listener), 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		run_case(&cases[i], &config, listener);
	close_fd(listener);
	unlink(config.socket);
	snprintf(lock, sizeof(lock), "%s/.certdesk.lock", folder);
	unlink(lock);
	rmdir(folder);
}

/* What would mean more than a path on its command line. */
static void
test_configuration(void **state UNUSED)
{
	static const char *const bad[] = { "", "certs", "/c d", "/c;x", "/c#", "/c:1", "/c[",
		"/c\n" };

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CLEAN(balancer_close) struct balancer *b = NULL;
		struct config_balancer config;
		struct outcome what = { 0 };

		configure(&config, bad[i]);
		str_copy(str_of(bad[i]), config.crt_list, sizeof(config.crt_list));
		assert_int_equal(balancer_open(&config, world_real(), NULL, NULL, 0, &b, &what),
		    BALANCER_E_UNSUPPORTED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
