/* SPDX-License-Identifier: Apache-2.0 */
/* A HAProxy looked over, played by a socket that answers from a table. */
#include "balancer/survey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "balancer/balancer.h"
#include "sys/file.h"
#include "sys/net.h"

#define CERT(file, status, sha1, san)                                                               \
	"Filename: " file "\nStatus: " status                                                       \
	"\nSerial: 4DCE\nnotBefore: Nov 24 10:32:18 2026 GMT\nnotAfter: Jan  3 10:32:18 2027 GMT\n" \
	"Subject Alternative Name: " san "\nAlgorithm: EC256\nSHA1 FingerPrint: " sha1              \
	"\nSubject: /C=AT/O=Contoso GmbH/CN=a.test\nIssuer: /CN=Root\nChain Subject: /CN=Root\n\n"
#define ONE "838F39E6D26207939FAB8B25817AE92ABFD5DB10"

struct said {
	const char *command, *reply;
};

/* clang-format off */
static const struct said well[] = {
	{ "show version", "2.6.12-1+deb12u4\n\n" },
	{ "show ssl cert", "# transaction\n*/c/open.pem\n# filename\n/c/a.test.pem\n/c/bare.test.pem\n/c/deep/b.pem\n/x/foreign.pem\n/x/idle.pem\n/x/gone.pem\n/x/ empty.pem\n\n" },
	{ "show ssl crt-list -n /c/list", "# /c/list\n/c/a.test.pem:2 a.test\n/c/bare.test.pem:7\n/x/foreign.pem:3 [alpn h2 ssl-min-ver TLSv1.2] !no.test b.test *.b.test\n\n" },
	{ "show map /c/map", "0x55f0c8b0 a.test exchange\n0x55f0c8c0 b.test other pool\n\n" },
	{ "show ssl cert /c/a.test.pem", CERT("/c/a.test.pem", "Used", ONE, "DNS:a.test, DNS:z.test") },
	{ "show ssl cert /c/bare.test.pem", CERT("/c/bare.test.pem", "Used", ONE, "") },
	{ "show ssl cert /c/deep/b.pem", CERT("/c/deep/b.pem", "Used", ONE, "DNS:deep.test") },
	{ "show ssl cert /x/foreign.pem", CERT("/x/foreign.pem", "Used", ONE, "DNS:b.test") },
	{ "show ssl cert /x/idle.pem", CERT("/x/idle.pem", "Unused", ONE, "DNS:c.test") },
	{ "show ssl cert /x/gone.pem", "Can't display the certificate: Not found or the certificate is a bundle!\n\n" },
	{ NULL, NULL },
};
static const struct said nonsense[] = {
	{ "show version", "2.6.12-1+deb12u4\n\n" },
	{ "show ssl cert", "# filename\n/x/a.pem\n\n" },
	{ "show ssl crt-list -n /c/list", "no colon\n:\n \n\n" },
	{ "show map /c/map", "0x\n0x1 \n\n" },
	{ "show ssl cert /x/a.pem", "Lovely weather!\n" },
	{ NULL, NULL },
};
static const struct said locked[] = {
	{ "show version", "2.6.12-1+deb12u4\n\n" },
	{ "show ssl cert", "Can't show!\nOperations on certificates are currently locked!\n\n" },
	{ NULL, NULL },
};
/* clang-format on */

struct stage {
	char folder[64], socket[96];
	const struct said *said;
	int listener;
	pthread_t thread;
	atomic_bool over;
	struct config_balancer config;
	char text[16][512];
	struct surveyed first;
	size_t count;
};

static const char *
reply_to(const struct said *said, struct str command)
{
	for (; said->command; said++)
		if (str_eq(str_trim(command), str_of(said->command)))
			return said->reply;
	return "Unknown command\n";
}

static void *
answer(void *context)
{
	struct stage *s = context;

	while (!atomic_load(&s->over)) {
		CLEAN(buf_fini) struct buf command = BUF(4096);
		CLEAN(close_fd) int fd = -1;

		if (net_wait(s->listener, false, MILLIS(50)) != 0)
			continue;
		fd = accept(s->listener, NULL, NULL);
		if (net_read_all(fd, SECONDS(5), &command) == 0)
			(void)!net_write(
			    fd, str_of(reply_to(s->said, buf_str(&command))), SECONDS(5));
	}
	return NULL;
}

static void
begin(struct stage *s, const struct said *said)
{
	*s = (struct stage){ .said = said, .folder = "/tmp/certdesk-survey-XXXXXX" };
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->socket, sizeof(s->socket), "%s/socket", s->folder);
	assert_int_equal(net_listen_unix(s->socket, 0600, &s->listener), 0);
	s->config = (struct config_balancer){ .name = "edge",
		.driver = "haproxy",
		.bufsize = 16384,
		.https_port = 443,
		.certificates = "/c",
		.crt_list = "/c/list",
		.hosts_map = "/c/map" };
	snprintf(s->config.socket, sizeof(s->config.socket), "%s", s->socket);
	assert_int_equal(pthread_create(&s->thread, NULL, answer, s), 0);
}

static void
end(struct stage *s)
{
	atomic_store(&s->over, true);
	pthread_join(s->thread, NULL);
	close_fd(s->listener);
	unlink(s->socket);
	rmdir(s->folder);
}

static int
note(const struct surveyor *self, const struct surveyed *e, struct outcome *what UNUSED)
{
	struct stage *s = self->context;

	assert_true(s->count < COUNT_OF(s->text));
	snprintf(s->text[s->count++], sizeof(s->text[0]), "%s %s :%lld [%s] [%s] [%s] [%s] %s",
	    surveyed_state_name(e->state), surveyed_owner_name(e->owner), (long long)e->port,
	    e->host, e->names, e->pool, e->organization, e->certificate);
	if (s->count == 1) {
		s->first = *e;
		assert_true(
		    e->disk_told && !surveyed_has(e->disk_sha256, 32)); /* no such file here */
	}
	return 0;
}

static int
look_over(struct stage *s, struct outcome *what)
{
	const struct surveyor surveyor = { .found = note, .context = s };
	CLEAN(balancer_close) struct balancer *b = NULL;
	int r = balancer_open_to_look(&s->config, world_real(), NULL, &b, what);

	return r ? r : balancer_survey(b, &surveyor, what);
}

static void
what_is_told(void **state UNUSED)
{
	static const char *const wanted[] = {
		"live certdesk :443 [a.test] [a.test z.test] [exchange] [Contoso GmbH] /c/a.test.pem",
		"not_routed certdesk :443 [bare.test] [a.test] [] [Contoso GmbH] /c/bare.test.pem",
		"live foreign :0 [] [deep.test] [] [Contoso GmbH] /c/deep/b.pem",
		"live foreign :443 [b.test] [b.test] [other pool] [Contoso GmbH] /x/foreign.pem",
		"unused foreign :0 [] [c.test] [] [Contoso GmbH] /x/idle.pem",
	};
	struct outcome what = { 0 };
	struct stage s;

	begin(&s, well);
	assert_int_equal(look_over(&s, &what), 0);
	assert_int_equal(s.count, COUNT_OF(wanted));
	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		assert_string_equal(s.text[i], wanted[i]);
	assert_int_equal(s.first.sha1[0], 0x83);
	assert_int_equal(s.first.not_after, SECONDS(1798972338)); /* 2027-01-03T10:32:18Z */
	end(&s);
}

static void
what_cannot_be_told(void **state UNUSED)
{
	static const struct {
		const struct said *said;
		int result;
		const char *words;
	} cases[] = {
		{ nonsense, BALANCER_E_BROKEN, "Lovely weather" },
		{ locked, BALANCER_E_BUSY, "locked" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct outcome what = { 0 };
		struct stage s;

		begin(&s, cases[i].said);
		assert_int_equal(look_over(&s, &what), cases[i].result);
		assert_non_null(strstr(what.words, cases[i].words));
		assert_int_equal(s.count, 0);
		end(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_told),
		cmocka_unit_test(what_cannot_be_told),
	};

	return cmocka_run_group_tests_name("haproxy_survey", tests, NULL, NULL);
}
