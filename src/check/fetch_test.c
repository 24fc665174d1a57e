/* SPDX-License-Identifier: Apache-2.0 */
/* Where may be fetched from, and what hostile servers may do to us: nothing. The peer is a server in
 * a thread of this test. */
#include "check/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "check/fetch_url.h"
#include "sys/world.h"

static void
addresses(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *url; bool good; const char *host; unsigned port; const char *says; } cases[] = {
		{ "http://ca.example/one.cer",            true,  "ca.example", 80, NULL },
		{ "http://ca.example:8080/one.cer",       true,  "ca.example", 8080, NULL },
		{ "http://[2001:db8::1]/x",               true,  "2001:db8::1", 80, NULL },
		{ "http://2130706433/x",                  true,  "127.0.0.1", 80, NULL },
		{ "http://0x7f.1/x",                      true,  "127.0.0.1", 80, NULL },
		{ "https://ca.example/",                  false, NULL, 0, "only http" },
		{ "ftp://ca.example/",                    false, NULL, 0, "only http" },
		{ "file:///etc/passwd",                   false, NULL, 0, NULL },
		{ "http://user:word@ca.example/",         false, NULL, 0, "password" },
		{ "http://user@ca.example/",              false, NULL, 0, "password" },
		{ "ca.example",                           false, NULL, 0, NULL },
		{ "http://",                              false, NULL, 0, "no address" },
		{ "http://ca.example:99999/",             false, NULL, 0, "no address" },
		{ "http://ca.exa mple/",                  false, NULL, 0, "no address" },
		{ "http://ca.example/\r\nHost: x",        false, NULL, 0, "no address" },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct outcome what = { 0 };
		struct fetch_url url;

		print_message("%s\n", cases[i].url);
		assert_int_equal(fetch_url_parse(cases[i].url, &url, &what), cases[i].good);
		if (cases[i].good) {
			assert_string_equal(url.host, cases[i].host);
			assert_int_equal(url.port, cases[i].port);
		} else {
			assert_int_equal(what.kind, OUTCOME_REFUSED);
			if (cases[i].says)
				assert_non_null(strstr(what.words, cases[i].says));
		}
	}
}

static void
who_may_be_visited(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *address; unsigned port; bool may; } cases[] = {
		{ "8.8.8.8", 80, true },           { "8.8.8.8", 8080, false },      { "8.8.8.8", 22, false },
		{ "127.0.0.1", 80, false },        { "10.1.2.3", 80, false },       { "172.16.0.1", 80, false },
		{ "192.168.1.1", 80, false },      { "169.254.169.254", 80, false }, { "100.64.0.1", 80, false },
		{ "0.0.0.0", 80, false },          { "224.0.0.1", 80, false },      { "255.255.255.255", 80, false },
		{ "::1", 80, false },              { "fe80::1", 80, false },        { "fd00::1", 80, false },
		{ "::ffff:127.0.0.1", 80, false }, { "::ffff:10.0.0.1", 80, false }, { "64:ff9b::7f00:1", 80, false },
		{ "2002:7f00:1::1", 80, false },   { "2001:4860:4860::8888", 80, true },
		{ "192.168.1.9", 8080, true },     { "192.168.1.9", 80, false },    { "192.168.1.8", 8080, false },
	};
	/* clang-format on */
	struct config *config = calloc(1, sizeof(*config));

	config->fetch_peer_count = 1;
	snprintf(
	    config->fetch_peers[0].address, sizeof(config->fetch_peers[0].address), "192.168.1.9");
	config->fetch_peers[0].port = 8080;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct addr address;

		assert_true(addr_parse(str_of(cases[i].address), &address));
		if (fetch_may(config, &address, (uint16_t)cases[i].port) != cases[i].may)
			fail_msg("%s %u", cases[i].address, cases[i].port);
	}
	free(config);
}

/* ---- a server that says what a path asks for ---- */

struct peer {
	int fd;
	unsigned port;
	pthread_t thread;
	char redirect[256];
};

static void
say(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void
flood(int fd, const char *what)
{
	while (send(fd, what, strlen(what), MSG_NOSIGNAL) > 0)
		continue;
}

static void
answer(struct peer *peer, int fd)
{
	char request[4096] = "", line[512];

	if (recv(fd, request, sizeof(request) - 1, 0) <= 0)
		return;
	if (strstr(request, "GET /good "))
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbytes");
	else if (strstr(request, "GET /chunked "))
		say(fd,
		    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbytes\r\n0\r\n\r\n");
	else if (strstr(request, "GET /gone "))
		say(fd, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
	else if (strstr(request, "GET /broken "))
		say(fd, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
	else if (strstr(request, "GET /short "))
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nbytes");
	else if (strstr(request, "GET /endless ")) {
		say(fd, "HTTP/1.1 200 OK\r\n\r\n");
		flood(fd, "more and more and more and more ");
	} else if (strstr(request, "GET /headers ")) {
		say(fd, "HTTP/1.1 200 OK\r\n");
		flood(fd, "X-More: and more and more\r\n");
	} else if (strstr(request, "GET /garbage "))
		say(fd, "what do you want?\r\n\r\n");
	else if (strstr(request, "GET /slow "))
		for (int i = 0; i < 100 && send(fd, "H", 1, MSG_NOSIGNAL) > 0; i++)
			world_rest(MILLIS(100));
	else {
		snprintf(line, sizeof(line),
		    "HTTP/1.1 302 Go\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", peer->redirect);
		say(fd, line);
	}
}

static void *
serve(void *of)
{
	struct peer *peer = of;
	int fd;

	while ((fd = accept(peer->fd, NULL, NULL)) >= 0) {
		answer(peer, fd);
		shutdown(fd, SHUT_RDWR);
		close(fd);
	}
	return NULL;
}

static void
peer_start(struct peer *peer)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);

	peer->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(peer->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(peer->fd, 8), 0);
	assert_int_equal(getsockname(peer->fd, (struct sockaddr *)&at, &len), 0);
	peer->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
}

static void
peer_stop(struct peer *peer)
{
	shutdown(peer->fd, SHUT_RDWR);
	pthread_join(peer->thread, NULL);
	close(peer->fd);
}

static struct config *
trusting(const struct peer *peer)
{
	struct config *config = calloc(1, sizeof(*config));

	config_defaults(config);
	config->fetch_peer_count = 1;
	snprintf(
	    config->fetch_peers[0].address, sizeof(config->fetch_peers[0].address), "127.0.0.1");
	config->fetch_peers[0].port = peer->port;
	return config;
}

static struct outcome
get(const struct config *config, const struct peer *peer, const char *path, struct buf *to)
{
	struct outcome what = { .kind = OUTCOME_MAX };
	char url[300];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", peer->port, path);
	fetch_get(config, url, to, &what);
	print_message("%s: %s: %s\n", path, outcome_name(what.kind), what.words);
	return what;
}

static void
what_servers_say(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *path; enum outcome_kind kind; const char *says; } cases[] = {
		{ "/good",    OUTCOME_DONE,    "" },
		{ "/chunked", OUTCOME_DONE,    "" },
		{ "/gone",    OUTCOME_REFUSED, "404" },
		{ "/broken",  OUTCOME_LATER,   "503" },
		{ "/short",   OUTCOME_LATER,   "" },
		{ "/endless", OUTCOME_REFUSED, "larger than 1000" },
		{ "/headers", OUTCOME_REFUSED, "header" },
		{ "/garbage", OUTCOME_LATER,   "" },
		{ "/slow",    OUTCOME_LATER,   "" },
	};
	/* clang-format on */
	struct peer peer = { 0 };
	struct config *config;

	peer_start(&peer);
	config = trusting(&peer);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf body = BUF(1000);
		when began = world_ticks();
		struct outcome what = get(config, &peer, cases[i].path, &body);

		assert_int_equal(what.kind, cases[i].kind);
		assert_non_null(strstr(what.words, cases[i].says));
		assert_true(world_ticks() - began < FETCH_TIME + SECONDS(3));
		assert_string_equal(buf_text(&body), what.kind == OUTCOME_DONE ? "bytes" : "");
	}
	peer_stop(&peer);
	free(config);
}

/* Each is looked at as the first one was. */
static void
redirects(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *to; enum outcome_kind kind; const char *says; } cases[] = {
		{ "/good",                              OUTCOME_DONE,    "" },
		{ "/again",                             OUTCOME_REFUSED, "on and on" },
		{ "http://127.0.0.1/",                  OUTCOME_REFUSED, "127.0.0.1, port 80" },
		{ "http://169.254.169.254/latest",      OUTCOME_REFUSED, "169.254.169.254" },
		{ "http://[::1]/",                      OUTCOME_REFUSED, "::1" },
		{ "https://127.0.0.1/",                 OUTCOME_REFUSED, "only http" },
		{ "file:///etc/passwd",                 OUTCOME_REFUSED, "" },
		{ "gopher://127.0.0.1:70/_x",           OUTCOME_REFUSED, "" },
		{ "http://a:b@127.0.0.1/",              OUTCOME_REFUSED, "" },
	};
	/* clang-format on */
	struct peer peer = { 0 };
	struct config *config;

	peer_start(&peer);
	config = trusting(&peer);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf body = BUF(1000);
		struct outcome what;

		snprintf(peer.redirect, sizeof(peer.redirect), "%s", cases[i].to);
		what = get(config, &peer, "/redirect", &body);
		assert_int_equal(what.kind, cases[i].kind);
		assert_non_null(strstr(what.words, cases[i].says));
	}
	peer_stop(&peer);
	free(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(who_may_be_visited),
		cmocka_unit_test(what_servers_say),
		cmocka_unit_test(redirects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
