/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The courier as the keeper meets it, behind its sandbox (where the build has one), against a real
 * TLS server (Python's ssl). Skips without it.
 */
#include "courier/crew.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "check/peer_test_kit.h"
#include "courier/send.h"
#include "ipc/lanes.h"
#include "pki/ca_test_kit.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/net.h"
#include "sys/sandbox.h"
#include "sys/world.h"

#define PYTHON "/usr/bin/python3"
#define SECRET "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n"
#define LANES  2
#define PATH   "/mgmt/shared/file-transfer/uploads/certdesk-1.key"

static struct lab {
	struct test_certificate ca, other_ca, device;
	char pin[CONFIG_PIN_SIZE], other_pin[CONFIG_PIN_SIZE];
	struct buf ca_pem, other_ca_pem;
	struct channel *courier; /* the keeper's end */
	pid_t pid;
	struct buf answer;
	struct peer peer;
	uint16_t port;
} lab;

/* In the child: certdesk-courier but for its skeleton. */
static NO_RETURN void
be_courier(int fd)
{
	struct channel *keeper = channel_new(fd, ROLE_COURIER, ROLE_KEEPER);
	CLEAN(buf_fini) struct buf report = BUF(4096);
	struct lanes *lanes = NULL;
	struct crew *crew = NULL;
	int r = crew_new(LANES, &crew);

	channel_renew_no_more(keeper);
	if (r == 0)
		r = send_prepare();
	if (r == 0)
		r = sandbox_enter(&courier_profile, &report);
	if (r == 0)
		r = crew_start(crew);
	if (r == 0) {
		lanes = lanes_new(LANES, crew_serve, crew);
		r = lanes_start(lanes);
	}
	while (r == 0 || r == CHANNEL_E_TIMEOUT) {
		CLEAN(frame_fini) struct frame frame = { .fd = -1 };

		r = channel_receive(keeper, SECONDS(60), &frame);
		if (r == 0)
			lanes_give(lanes, keeper, &frame);
	}
	_exit(r == CHANNEL_E_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void
pin_of(EVP_PKEY *key, char to[static CONFIG_PIN_SIZE])
{
	unsigned char *der = NULL, hash[32];
	int len = i2d_PUBKEY(key, &der);
	CLEAN(buf_fini) struct buf text = BUF(CONFIG_PIN_SIZE);

	assert_true(len > 0 && EVP_Digest(der, (size_t)len, hash, NULL, EVP_sha256(), NULL));
	buf_put_text(&text, "sha256//");
	buf_put_base64(&text, hash, sizeof(hash));
	assert_true(str_copy(buf_str(&text), to, CONFIG_PIN_SIZE));
	OPENSSL_free(der);
}

static void
make_certificates(void)
{
	when now = world_now(world_real());
	struct test_spec ca = { .name = "Device CA", .ca = true, .from = now - SECONDS(3600) };
	struct test_spec device = { .name = "big.example",
		.alternatives = "DNS:big.example,IP:127.0.0.1",
		.purposes = "serverAuth",
		.from = now - SECONDS(3600),
		.until = now + SECONDS(3600) };

	ca.until = now + SECONDS(86400);
	lab.ca = test_issue(&ca, NULL);
	lab.other_ca = test_issue(&ca, NULL);
	lab.device = test_issue(&device, &lab.ca);
	lab.ca_pem = lab.other_ca_pem = BUF(16384);
	test_put_pem(&lab.ca_pem, lab.ca.x509);
	test_put_pem(&lab.other_ca_pem, lab.other_ca.x509);
	pin_of(lab.device.key, lab.pin);
	pin_of(lab.ca.key, lab.other_pin);
}

static int
set_up(void **state UNUSED)
{
	int pair[2];

	log_start("courier_test", LOG_AS_TEXT, LOG_ERROR);
	if (net_pair(pair))
		return -1;
	lab.pid = fork();
	if (lab.pid == 0) {
		close(pair[0]);
		be_courier(pair[1]);
	}
	close(pair[1]);
	lab.courier = channel_new(pair[0], ROLE_KEEPER, ROLE_COURIER);
	lab.answer = BUF_SECRET(32 * 1024);
	make_certificates();
	return lab.pid < 0 ? -1 : 0;
}

static int
tear_down(void **state UNUSED)
{
	int status = 0;

	channel_free(lab.courier);
	if (lab.pid > 0)
		waitpid(lab.pid, &status, 0);
	buf_fini(&lab.answer);
	buf_fini(&lab.ca_pem);
	buf_fini(&lab.other_ca_pem);
	test_certificate_fini(&lab.ca);
	test_certificate_fini(&lab.other_ca);
	test_certificate_fini(&lab.device);
	return status == 0 ? 0 : -1; /* its sandbox ended it, or it left on its own */
}

/* A device that does as `mode` says (tls_peer.py). */
static void
start(const char *mode)
{
	char port[8], script[PEER_PATH_SIZE];
	CLEAN(buf_fini) struct buf pem = BUF(16384);

	peer_init(&lab.peer);
	lab.port = peer_free_port();
	snprintf(port, sizeof(port), "%u", lab.port);
	snprintf(script, sizeof(script), "%s", TLS_PEER);
	test_put_pem(&pem, lab.device.x509);
	test_put_key_pem(&pem, lab.device.key, NULL);
	peer_write(&lab.peer, "device.pem", "%s", buf_text(&pem));
	peer_start(
	    &lab.peer, PYTHON, (const char *const[]){ script, lab.peer.folder, port, mode, NULL });
	peer_wait_port(&lab.peer, lab.port);
}

static int
stop(void **state UNUSED)
{
	peer_fini(&lab.peer);
	return 0;
}

static struct carry
a_question(void)
{
	return (struct carry){ .host = "127.0.0.1",
		.port = lab.port,
		.ca = STR(""),
		.pin = lab.pin,
		.path = PATH,
		.header = { STR("Content-Type: application/octet-stream"),
		    STR("X-F5-Auth-Token: ABC") },
		.header_count = 2,
		.body = STR(SECRET),
		.time_ms = 5000 };
}

static int
ask(const struct carry *question, struct carried *ret)
{
	struct addr here = peer_loopback();
	CLEAN(close_fd) int fd = -1;
	int r;

	assert_int_equal(net_connect(&here, lab.port, SECONDS(5), &fd), 0);
	buf_clear(&lab.answer);
	r = carry_ask(lab.courier, question, fd, &lab.answer, ret);
	print_message("%d, %u: %s\n", r, ret->status, ret->words);
	return r;
}

/* What the device got; false: nothing. */
static bool
arrived(struct buf *to)
{
	char path[PEER_PATH_SIZE];

	return file_read(peer_path(&lab.peer, "request", path), to) == 0;
}

static void
one_request_as_it_was_given(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf request = BUF(65536);
	struct carry question;
	struct carried got;

	start("ok");
	question = a_question();
	assert_int_equal(ask(&question, &got), 0);
	assert_int_equal(got.status, 200);
	assert_true(str_eq(got.body, STR("{\"token\":{\"token\":\"ABC\"}}")));
	assert_true(arrived(&request));
	assert_true(str_starts(buf_str(&request), STR("POST " PATH " HTTP/1.1\r\n")));
	assert_true(str_ends(buf_str(&request), STR("\r\n\r\n" SECRET)));
	assert_non_null(strstr(buf_text(&request), "\r\nX-F5-Auth-Token: ABC\r\n"));
	assert_non_null(
	    strstr(buf_text(&request), "\r\nContent-Type: application/octet-stream\r\n"));
	assert_null(strstr(buf_text(&request), "Expect"));
	assert_null(strstr(buf_text(&request), "urlencoded"));
	assert_null(strstr(buf_text(&request), "Cookie"));
}

/* Nothing reaches a device that is not the one. */
static void
who_is_trusted(void **state UNUSED)
{
	const struct {
		const char *what, *host, *pin;
		struct str ca;
		int expected;
	} cases[] = {
		{ "right pin", "127.0.0.1", lab.pin, STR(""), 0 },
		{ "right pin, any name", "nobody.example", lab.pin, STR(""), 0 },
		{ "another pin", "127.0.0.1", lab.other_pin, STR(""), CARRY_E_UNTRUSTED },
		{ "no pin that can be", "127.0.0.1", "sha256//short", STR(""), CARRY_E_UNTRUSTED },
		{ "a file as a pin", "127.0.0.1", "/etc/hostname", STR(""), CARRY_E_REFUSED },
		{ "right CA, by address", "127.0.0.1", "", buf_str(&lab.ca_pem), 0 },
		{ "right CA, by name", "big.example", "", buf_str(&lab.ca_pem), 0 },
		{ "right CA, another name", "bad.example", "", buf_str(&lab.ca_pem),
		    CARRY_E_UNTRUSTED },
		{ "right CA, another address", "127.0.0.2", "", buf_str(&lab.ca_pem),
		    CARRY_E_UNTRUSTED },
		{ "another CA", "127.0.0.1", "", buf_str(&lab.other_ca_pem), CARRY_E_UNTRUSTED },
		{ "no CA that can be", "127.0.0.1", "", STR("hello"), CARRY_E_UNTRUSTED },
	};

	start("ok");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf request = BUF(65536);
		struct carry question = a_question();
		char path[PEER_PATH_SIZE];
		struct carried got;

		print_message("%s: ", cases[i].what);
		unlink(peer_path(&lab.peer, "request", path));
		question.host = cases[i].host;
		question.pin = cases[i].pin;
		question.ca = cases[i].ca;
		assert_int_equal(ask(&question, &got), cases[i].expected);
		assert_int_equal(arrived(&request), cases[i].expected == 0);
		assert_int_equal(carry_sent_nothing(got.result), cases[i].expected != 0);
	}
}

static void
how_devices_answer(void **state UNUSED)
{
	/* clang-format off */
	static const struct {
		const char *mode;
		int result;
		uint16_t status;
		const char *body; /* begins with */
		size_t len;
	} cases[] = {
		{ "empty",    0,                   204, "",                  0 },
		{ "401",      0,                   401, "{\"message\":\"Au", 38 },
		{ "html",     0,                   503, "<html>",            48 },
		{ "redirect", 0,                   302, "",                  0 }, /* and nobody goes there */
		{ "zip",      0,                   200, "\x1f\x8b not",      15 },
		{ "full",     0,                   200, "xxxx",              16384 },
		{ "long",     CARRY_E_TOO_LONG,    0,   "",                  0 },
		{ "headers",  CARRY_E_TOO_LONG,    0,   "",                  0 },
		{ "cut",      CARRY_E_CUT,         0,   "",                  0 },
		{ "drop",     CARRY_E_CUT,         0,   "",                  0 },
		{ "nonsense", CARRY_E_CUT,         0,   "",                  0 },
		{ "hang",     CARRY_E_TIMEOUT,     0,   "",                  0 },
		{ "drip",     CARRY_E_TIMEOUT,     0,   "",                  0 },
		{ "mute",     CARRY_E_UNREACHABLE, 0,   "",                  0 },
		{ "plain",    CARRY_E_UNREACHABLE, 0,   "",                  0 },
		{ "old",      CARRY_E_UNREACHABLE, 0,   "",                  0 },
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct carry question;
		struct carried got;

		start(cases[i].mode);
		question = a_question();
		question.time_ms = 1500;
		print_message("%s: ", cases[i].mode);
		assert_int_equal(ask(&question, &got), cases[i].result);
		assert_int_equal(got.status, cases[i].status);
		assert_int_equal(got.body.len, cases[i].len);
		assert_true(str_starts(got.body, str_of(cases[i].body)));
		assert_int_equal(got.words[0] == '\0', cases[i].result == 0);
		peer_fini(&lab.peer);
	}
	peer_init(&lab.peer);
}

/* A connection that is none, and questions that are none: it says so, and serves on. */
static void
hostile_questions(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf payload = BUF(100);
	CLEAN(buf_fini) struct buf answer = BUF(100);
	struct carry question;
	struct carried got;
	int pair[2];

	start("ok");
	question = a_question();
	buf_put_text(&payload, "carry it");
	assert_int_equal(net_pair(pair), 0);
	assert_int_equal(
	    channel_call(lab.courier, MESSAGE_CARRY, &payload, pair[0], SECONDS(5), &answer),
	    CHANNEL_E_REFUSED);
	question.path = "/a b";
	assert_int_equal(ask(&question, &got), CARRY_E_REFUSED);
	question.path = PATH;
	close(pair[1]);
	buf_clear(&lab.answer);
	assert_int_equal(
	    carry_ask(lab.courier, &question, pair[0], &lab.answer, &got), CARRY_E_UNREACHABLE);
	close(pair[0]);
	assert_int_equal(ask(&question, &got), 0);
}

struct slow {
	struct carry question;
	atomic_bool ended;
	struct carried got;
};

static void *
ask_slow(void *arg)
{
	struct addr here = peer_loopback();
	CLEAN(buf_fini) struct buf answer = BUF_SECRET(32 * 1024);
	CLEAN(close_fd) int fd = -1;
	struct slow *slow = arg;

	if (net_connect(&here, slow->question.port, SECONDS(5), &fd) == 0)
		(void)!carry_ask(lab.courier, &slow->question, fd, &answer, &slow->got);
	atomic_store(&slow->ended, true);
	return NULL;
}

/* While one device has taken a request and does not answer, others are served. */
static void
a_slow_device_holds_nobody_up(void **state UNUSED)
{
	struct slow slow = { .ended = false };
	CLEAN(buf_fini) struct buf request = BUF(65536);
	struct carry question;
	struct carried got;
	struct peer hanging;
	pthread_t thread;

	start("hang");
	slow.question = a_question();
	pthread_create(&thread, NULL, ask_slow, &slow);
	for (int i = 0; i < 1000 && !arrived(&request); i++)
		world_rest(MILLIS(10));
	hanging = lab.peer;
	start("ok");
	question = a_question();
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(&question, &got), 0);
	assert_false(atomic_load(&slow.ended));
	pthread_join(thread, NULL);
	assert_int_equal(slow.got.result, CARRY_E_TIMEOUT);
	peer_fini(&hanging);
}

static pid_t
first_child(pid_t parent)
{
	CLEAN(buf_fini) struct buf children = BUF(4096);
	struct str rest, first;
	char path[64];
	int64_t pid = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	assert_int_equal(file_read(path, &children), 0);
	rest = buf_str(&children);
	assert_true(str_next(&rest, ' ', &first) && str_to_i64(first, &pid));
	return (pid_t)pid;
}

/* One that is gone is not made anew by who holds the others' questions: all of them end. The last
 * test, as there is no courier behind it. */
static void
all_of_them_go_together(void **state UNUSED)
{
	struct carry question;
	struct carried got = { .result = 0 };
	int status = 0;

	start("ok");
	question = a_question();
	assert_int_equal(kill(first_child(lab.pid), SIGKILL), 0);
	for (int i = 0; i < 1000 && got.result == 0; i++) /* until it is that one's turn */
		(void)!ask(&question, &got);
	assert_int_equal(got.result, CARRY_E_AWAY);
	assert_int_equal(waitpid(lab.pid, &status, 0), lab.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
	lab.pid = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(one_request_as_it_was_given, stop),
		cmocka_unit_test_teardown(who_is_trusted, stop),
		cmocka_unit_test_teardown(how_devices_answer, stop),
		cmocka_unit_test_teardown(hostile_questions, stop),
		cmocka_unit_test_teardown(a_slow_device_holds_nobody_up, stop),
		cmocka_unit_test_teardown(all_of_them_go_together, stop),
	};

	if (access(PYTHON, X_OK) != 0) {
		print_message("skipped: there is no " PYTHON "\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
