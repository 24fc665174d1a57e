/* SPDX-License-Identifier: Apache-2.0 */
/* Where may be fetched from, and what hostile servers may do to us: nothing. The peers are a web
 * server and a name server in threads of this test. */
#include "check/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
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
	static const struct { const char *url; bool good; const char *host; unsigned port; const char *says; bool secure; } cases[] = {
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
		{ "https://rdap.example/",                true,  "rdap.example", 443, NULL, true },
		{ "https://rdap.example:8443/",           true,  "rdap.example", 8443, NULL, true },
		{ "http://rdap.example/",                 true,  "rdap.example", 80, NULL, true },
		{ "ftp://rdap.example/",                  false, NULL, 0, "only http and https", true },
		{ "https://user@rdap.example/",           false, NULL, 0, "password", true },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct outcome what = { 0 };
		struct fetch_url url;

		print_message("%s\n", cases[i].url);
		assert_int_equal(
		    fetch_url_parse(cases[i].url, cases[i].secure, &url, &what), cases[i].good);
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
	static const struct { const char *address; unsigned port; bool may, secure; } cases[] = {
		{ "8.8.8.8", 80, true },           { "8.8.8.8", 8080, false },      { "8.8.8.8", 22, false },
		{ "127.0.0.1", 80, false },        { "10.1.2.3", 80, false },       { "172.16.0.1", 80, false },
		{ "192.168.1.1", 80, false },      { "169.254.169.254", 80, false }, { "100.64.0.1", 80, false },
		{ "0.0.0.0", 80, false },          { "224.0.0.1", 80, false },      { "255.255.255.255", 80, false },
		{ "::1", 80, false },              { "fe80::1", 80, false },        { "fd00::1", 80, false },
		{ "::ffff:127.0.0.1", 80, false }, { "::ffff:10.0.0.1", 80, false }, { "64:ff9b::7f00:1", 80, false },
		{ "2002:7f00:1::1", 80, false },   { "2001:4860:4860::8888", 80, true },
		{ "fec0::1", 80, false },          { "::127.0.0.1", 80, false },    { "2001:0:4136::1", 80, false },
		{ "64:ff9b::a00:1", 80, false },   { "5f00::1", 80, false },        { "::ffff:0:10.0.0.1", 80, false },
		{ "192.168.1.9", 8080, true },     { "192.168.1.9", 80, false },    { "192.168.1.8", 8080, false },
		{ "8.8.8.8", 443, true, true },    { "8.8.8.8", 80, false, true },  { "8.8.8.8", 443, false },
		{ "127.0.0.1", 443, false, true }, { "10.1.2.3", 443, false, true }, { "192.168.1.9", 8080, true, true },
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
		if (fetch_may(config, &address, (uint16_t)cases[i].port, cases[i].secure) !=
		    cases[i].may)
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

/* Head and body of what is asked; a body comes with its length, and is "what?" here. */
static bool
hear(int fd, char *request, size_t size)
{
	size_t len = 0;

	while (len < size - 1) {
		ssize_t got = recv(fd, request + len, size - 1 - len, 0);

		if (got <= 0)
			return false;
		len += (size_t)got;
		request[len] = '\0';
		if (strncmp(request, "POST ", 5) == 0 ? strstr(request, "\r\n\r\nwhat?") != NULL
						      : strstr(request, "\r\n\r\n") != NULL)
			return true;
	}
	return false;
}

static void
flood(int fd, const char *what)
{
	while (send(fd, what, strlen(what), MSG_NOSIGNAL) > 0)
		continue;
}

/* Always a little, and never all of it. */
static void
drip(int fd, const char *start, const char *more)
{
	say(fd, start);
	for (int i = 0; i < 300 && send(fd, more, strlen(more), MSG_NOSIGNAL) > 0; i++)
		world_rest(MILLIS(50));
}

static void
answer(struct peer *peer, int fd)
{
	char request[4096] = "", line[512];

	if (!hear(fd, request, sizeof(request)))
		return;
	if (strstr(request, "POST /ocsp ") &&
	    strstr(request, "\r\nContent-Type: application/ocsp-request\r\n"))
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbytes");
	else if (strstr(request, "GET /host ") && strstr(request, "\r\nHost: ca.test:"))
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbytes");
	else if (strstr(request, "Cookie:") || strstr(request, "Accept-Encoding:") ||
		 strstr(request, "Authorization:"))
		say(fd, "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n");
	else if (strstr(request, "GET /good "))
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
		drip(fd, "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", "b");
	else if (strstr(request, "GET /slow-header "))
		drip(fd, "HTTP/1.1 200 OK\r\n", "X: y\r\n");
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
		{ "/slow",    OUTCOME_LATER,   "timed out" },
		{ "/slow-header", OUTCOME_LATER, "timed out" },
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
		{ "http://[::ffff:127.0.0.1]/",         OUTCOME_REFUSED, "::ffff:127.0.0.1" },
		{ "http://2130706433/",                 OUTCOME_REFUSED, "127.0.0.1, port 80" },
		{ "http://[fec0::1]/",                  OUTCOME_REFUSED, "fec0::1" },
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

static void
a_question_is_posted(void **state UNUSED)
{
	static const struct {
		const char *path, *redirect;
	} cases[] = { { "/ocsp", "" }, { "/redirect", "/ocsp" } };
	struct peer peer = { 0 };
	struct config *config;

	peer_start(&peer);
	config = trusting(&peer);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf body = BUF(1000);
		struct outcome what = { .kind = OUTCOME_MAX };
		char url[300];

		buf_put_text(&body, "of before");
		snprintf(peer.redirect, sizeof(peer.redirect), "%s", cases[i].redirect);
		snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", peer.port, cases[i].path);
		fetch_post(config, url, "application/ocsp-request", STR("what?"), &body, &what);
		assert_int_equal(what.kind, OUTCOME_DONE);
		assert_string_equal(buf_text(&body), "bytes");
	}
	peer_stop(&peer);
	free(config);
}

/* ---- names ---- */

/* Answers every question for an A record with the next of its addresses, the last one for ever;
 * knows no other records. */
struct name_server {
	int fd;
	unsigned port;
	pthread_t thread;
	const char *address[2];
	atomic_uint asked;
};

/* The question comes back (RFC 1035 section 4.1), with one record or none behind it. */
static size_t
put_reply(struct name_server *of, unsigned char *message, size_t len)
{
	static const unsigned char record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4 };
	size_t end = 12;

	while (end < len && message[end] != 0)
		end += message[end] + 1u;
	end += 5; /* the last label, type, class */
	if (end > len)
		return 0;
	message[2] = 0x84; /* an answer, by who knows */
	message[3] = 0;
	memset(message + 6, 0, 6);
	if (message[end - 3] != 1)
		return end;
	message[7] = 1;
	memcpy(message + end, record, sizeof(record));
	assert_int_equal(inet_pton(AF_INET, of->address[atomic_fetch_add(&of->asked, 1) ? 1 : 0],
			     message + end + sizeof(record)),
	    1);
	return end + sizeof(record) + 4;
}

static void *
serve_names(void *arg)
{
	struct name_server *of = arg;
	unsigned char message[1024];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t got;

	while ((got = recvfrom(of->fd, message, 512, 0, (struct sockaddr *)&from, &from_len)) > 1) {
		size_t len = got > 12 ? put_reply(of, message, (size_t)got) : 0;

		(void)!sendto(of->fd, message, len, 0, (struct sockaddr *)&from, from_len);
		from_len = sizeof(from);
	}
	return NULL;
}

static void
name_server_start(struct name_server *of, const char *first, const char *then)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);

	*of = (struct name_server){ .address = { first, then } };
	of->fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(of->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(of->fd, (struct sockaddr *)&at, &len), 0);
	of->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&of->thread, NULL, serve_names, of), 0);
}

static void
name_server_stop(struct name_server *of)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons((uint16_t)of->port) };

	assert_int_equal(sendto(of->fd, "", 1, 0, (struct sockaddr *)&at, sizeof(at)), 1);
	pthread_join(of->thread, NULL);
	close(of->fd);
}

/* The address that was looked at is the one that is connected to: what the name becomes afterwards
 * (DNS rebinding) does not matter, and what it was first is judged. */
static void
names(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *first, *then; enum outcome_kind kind; enum fetch_end end; const char *says; } cases[] = {
		{ "127.0.0.1",       "127.0.0.1", OUTCOME_DONE,    FETCH_ENDED,     "" },
		{ "127.0.0.1",       "10.0.0.1",  OUTCOME_DONE,    FETCH_ENDED,     "" },
		{ "10.0.0.1",        "127.0.0.1", OUTCOME_REFUSED, FETCH_FORBIDDEN, "10.0.0.1" },
		{ "169.254.169.254", "127.0.0.1", OUTCOME_REFUSED, FETCH_FORBIDDEN, "169.254.169.254" },
		{ "127.0.0.2",       "127.0.0.1", OUTCOME_REFUSED, FETCH_FORBIDDEN, "127.0.0.2" },
	};
	/* clang-format on */
	struct peer peer = { 0 };
	struct config *config;

	peer_start(&peer);
	config = trusting(&peer);
	config->stub_count = 1;
	snprintf(config->stubs[0].zone, sizeof(config->stubs[0].zone), "ca.test");
	snprintf(config->stubs[0].address, sizeof(config->stubs[0].address), "127.0.0.1");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf body = BUF(1000);
		struct outcome what = { .kind = OUTCOME_MAX };
		struct name_server server;
		char url[300];

		name_server_start(&server, cases[i].first, cases[i].then);
		config->stubs[0].port = server.port;
		snprintf(url, sizeof(url), "http://ca.test:%u/host", peer.port);
		assert_int_equal(fetch_get(config, url, &body, &what), cases[i].end);
		name_server_stop(&server);
		print_message("%s: %s\n", cases[i].first, what.words);
		assert_int_equal(what.kind, cases[i].kind);
		assert_non_null(strstr(what.words, cases[i].says));
		assert_int_equal(atomic_load(&server.asked), 1);
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
		cmocka_unit_test(a_question_is_posted),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
