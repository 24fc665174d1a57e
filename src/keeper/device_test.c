/* SPDX-License-Identifier: Apache-2.0 */
/* Balancers behind TLS as the keeper meets them: what it reads of them at its start, and both
 * requests that carry a secret, with a courier who tells what he was given. */
#include "keeper/keeper.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/key_export.h"
#include "ipc/key_make.h"
#include "ipc/sign_in.h"
#include "keeper/memory.h"
#include "keeper/upload.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/net.h"

#define PIN      "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define PEER_PIN "sha256//BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define PASSWORD "p\"\\w\xc3\xb6rd"
#define CA       "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

/* The courier: answers as told, remembers the last question. */
static struct {
	struct channel *end;
	pthread_t thread;
	struct carried answer;
	size_t asked;
	char host[CONFIG_HOST_SIZE], pin[CONFIG_PIN_SIZE], path[CARRY_PATH_MAX];
	char ca[sizeof(CA)], headers[CARRY_HEADERS_MAX * CARRY_HEADER_MAX];
	char body[CARRY_BODY_MAX + 1];
	uint16_t port;
} courier;

static char folder[] = "/tmp/certdesk-device-XXXXXX";
static struct config config;
static struct keeper *keeper;
static struct key_made made;
static int listener = -1;
static struct buf said = { .max = 20 * 1024 }; /* the keeper's answer, which results borrow */

static void
remember(const struct frame *frame)
{
	struct carry_room room;
	struct carry q;
	CLEAN(buf_fini) struct buf headers = BUF(sizeof(courier.headers) - 1);

	assert_true(carry_get(buf_str(&frame->payload), &room, &q));
	for (size_t i = 0; i < q.header_count; i++)
		buf_printf(&headers, "%.*s\n", STR_ARG(q.header[i]));
	assert_true(str_copy(buf_str(&headers), courier.headers, sizeof(courier.headers)));
	assert_true(str_copy(str_of(q.host), courier.host, sizeof(courier.host)));
	assert_true(str_copy(str_of(q.pin), courier.pin, sizeof(courier.pin)));
	assert_true(str_copy(str_of(q.path), courier.path, sizeof(courier.path)));
	assert_true(str_copy(q.ca, courier.ca, sizeof(courier.ca)));
	assert_true(str_copy(q.body, courier.body, sizeof(courier.body)));
	courier.port = q.port;
	courier.asked++;
}

static void *
carry(void *arg UNUSED)
{
	int r = 0;

	while (r == 0 || r == CHANNEL_E_TIMEOUT) {
		CLEAN(frame_fini) struct frame frame = { .fd = -1 };
		CLEAN(buf_fini) struct buf answer = BUF(20000);

		r = channel_receive(courier.end, SECONDS(1), &frame);
		if (r)
			continue;
		remember(&frame);
		carried_put(&answer, &courier.answer);
		r = channel_answer(courier.end, &frame, &answer);
	}
	return NULL;
}

static void
write_secret(const char *name, const char *text, unsigned mode, char *ret_path)
{
	snprintf(ret_path, CONFIG_PATH_SIZE, "%s/%s", folder, name);
	assert_int_equal(file_write(ret_path, str_of(text), mode), 0);
}

static void
configure(uint16_t port)
{
	struct config_balancer *b = config.balancers;

	config_defaults(&config);
	config.stock_rsa2048 = 0;
	config.balancer_count = 3;
	b[0] = (struct config_balancer){ .name = "edge", .driver = "haproxy" };
	b[1] = (struct config_balancer){ .name = "big",
		.driver = "bigip",
		.address = "127.0.0.1",
		.port = port,
		.user = "certdesk",
		.pin = PIN,
		.peer_address = "127.0.0.3",
		.peer_port = port,
		.peer_pin = PEER_PIN };
	b[2] = (struct config_balancer){ .name = "other",
		.driver = "bigip",
		.address = "127.0.0.2",
		.port = port,
		.server_name = "big.example",
		.user = "admin" };
	write_secret("big", PASSWORD "\n", 0600, b[1].password_file);
	write_secret("other", "x", 0400, b[2].password_file);
	write_secret("ca.pem", CA, 0644, b[2].ca_file);
}

static uint16_t
listen_somewhere(void)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);
	struct addr here;

	assert_true(addr_parse(STR("0.0.0.0"), &here));
	assert_int_equal(net_listen(&here, 0, &listener), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

/* Where a balancer is, or something else at the other port. */
static int
connected_to(const char *address, uint16_t port)
{
	struct addr to;
	int fd = -1;

	assert_true(addr_parse(str_of(address), &to));
	assert_int_equal(net_connect(&to, port, SECONDS(5), &fd), 0);
	return fd;
}

static int
set_up(void **state UNUSED)
{
	const struct kek kek = { .id = { 0xab, 0xcd }, .key = { 1, 2, 3 } };
	CLEAN(buf_fini) struct buf order = BUF(4096), answer = BUF(1 << 16);
	const struct key_order what = { .key = { { 1 } },
		.customer = { { 2 } },
		.site = { { 3 } },
		.kind = KEY_P256,
		.subject = { STR("DE"), STR(""), STR("Berlin"), STR("Firma") },
		.names = { STR("mail.example.test") },
		.name_count = 1 };
	bool locked;
	int pair[2];

	log_start("device_test", LOG_AS_TEXT, LOG_ERROR);
	if (!mkdtemp(folder) || memory_protect(16, &locked) || net_pair(pair))
		return -1;
	configure(listen_somewhere());
	if (keeper_new(world_real(), &config, &kek, &keeper) ||
	    devices_read(&config, &keeper->devices))
		return -1;
	keeper->courier = channel_new(pair[0], ROLE_KEEPER, ROLE_COURIER);
	courier.end = channel_new(pair[1], ROLE_COURIER, ROLE_KEEPER);
	key_order_put(&order, &what);
	made = (struct key_made){ .wrapped = BUF(KEY_WRAPPED_MAX), .csr = BUF(1 << 14) };
	if (keeper_make(keeper, buf_str(&order), &answer) || key_made_get(buf_str(&answer), &made))
		return -1;
	return pthread_create(&courier.thread, NULL, carry, NULL);
}

static int
tear_down(void **state UNUSED)
{
	static const char *const names[] = { "big", "other", "ca.pem" };
	char path[CONFIG_PATH_SIZE];

	channel_free(keeper->courier);
	pthread_join(courier.thread, NULL);
	channel_free(courier.end);
	keeper_free(keeper);
	key_made_fini(&made);
	close_fd(listener);
	buf_fini(&said);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

/* Absent, readable by others, without a password, too long; a CA that is none: we do not start. */
static void
what_is_configured_must_be_there(void **state UNUSED)
{
	static char much[DEVICE_PASSWORD_MAX + 2];
	static const struct {
		const char *name, *text;
		unsigned mode;
		bool ca, fine;
	} cases[] = {
		{ "good", "secret", 0600, false, true },
		{ "two lines", "secret\nbehind it\n", 0400, false, true },
		{ "open", "secret", 0640, false, false },
		{ "empty", "", 0600, false, false },
		{ "no first line", "\nsecret", 0600, false, false },
		{ "long", much, 0600, false, false },
		{ "no CA", "hello", 0644, true, false },
		{ "good CA", CA, 0644, true, true },
	};
	static struct config own;

	log_start("device_test", LOG_AS_TEXT, LOG_ERROR);
	memset(much, 'x', sizeof(much) - 1);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(devices_free) struct devices *devices = NULL;
		char path[CONFIG_PATH_SIZE];

		own = config;
		write_secret(cases[i].name, cases[i].text, cases[i].mode, path);
		snprintf(cases[i].ca ? own.balancers[2].ca_file : own.balancers[1].password_file,
		    CONFIG_PATH_SIZE, "%s", path);
		print_message("%s\n", cases[i].name);
		assert_int_equal(devices_read(&own, &devices) == 0, cases[i].fine);
		assert_int_equal(unlink(path), 0);
		devices = devices_free(devices);
		assert_true(devices_read(&own, &devices) < 0); /* it is gone */
	}
	assert_null(device_named(keeper->devices, "edge"));
	assert_null(device_named(keeper->devices, "nobody"));
	assert_null(device_named(NULL, "big"));
}

static int
sign_in_at(const char *balancer, uint8_t unit, int fd, struct carried *ret)
{
	const struct sign_in q = { .balancer = balancer, .provider = "tmos", .unit = unit };
	CLEAN(buf_fini) struct buf question = BUF(1024);

	sign_in_put(&question, &q);
	buf_clear(&said);
	assert_int_equal(keeper_sign_in(keeper, buf_str(&question), fd, &said), 0);
	assert_true(carried_is(buf_str(&said), ret));
	assert_int_equal(str_find(buf_str(&said), STR("\xc3\xb6rd")), said.len); /* no password */
	return ret->result;
}

static int
sign_in(const char *balancer, int fd, struct carried *ret)
{
	return sign_in_at(balancer, 0, fd, ret);
}

static void
the_courier_says(int result, uint16_t status, const char *body)
{
	carried_end(&courier.answer, result, "");
	courier.answer.status = status;
	courier.answer.body = str_of(body);
}

static void
a_sign_in(void **state UNUSED)
{
	CLEAN(close_fd) int fd = connected_to("127.0.0.1", (uint16_t)config.balancers[1].port);
	struct carried got;
	json_t *body;

	the_courier_says(0, 200, "{\"token\":{}}");
	assert_int_equal(sign_in("big", fd, &got), 0);
	assert_int_equal(got.status, 200);
	assert_true(str_eq(got.body, STR("{\"token\":{}}")));
	assert_string_equal(courier.host, "127.0.0.1");
	assert_int_equal(courier.port, config.balancers[1].port);
	assert_string_equal(courier.pin, PIN);
	assert_string_equal(courier.ca, "");
	assert_string_equal(courier.path, "/mgmt/shared/authn/login");
	assert_string_equal(courier.headers, "Content-Type: application/json\n");
	body = json_loads(courier.body, JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_object_size(body), 3);
	assert_string_equal(json_string_value(json_object_get(body, "username")), "certdesk");
	assert_string_equal(json_string_value(json_object_get(body, "password")), PASSWORD);
	assert_string_equal(json_string_value(json_object_get(body, "loginProviderName")), "tmos");
	json_decref(body);
}

/* With what the device said to it; stderr is the log. */
static void
a_sign_in_is_logged(void **state UNUSED)
{
	CLEAN(close_fd) int fd = connected_to("127.0.0.1", (uint16_t)config.balancers[1].port);
	CLEAN(close_fd) int terminal = dup(STDERR_FILENO);
	FILE *log = tmpfile();
	struct carried got;
	char line[1024] = "";

	assert_non_null(log);
	the_courier_says(0, 201, "{}");
	dup2(fileno(log), STDERR_FILENO);
	log_start("device_test", LOG_AS_TEXT, LOG_NOTICE);
	assert_int_equal(sign_in("big", fd, &got), 0);
	log_start("device_test", LOG_AS_TEXT, LOG_ERROR);
	dup2(terminal, STDERR_FILENO);
	rewind(log);
	assert_non_null(fgets(line, sizeof(line), log));
	fclose(log);
	assert_non_null(
	    strstr(line, " device.sign_in balancer=big unit=0 provider=tmos status=201"));
}

static void
each_has_its_own_trust(void **state UNUSED)
{
	CLEAN(close_fd) int fd = connected_to("127.0.0.2", (uint16_t)config.balancers[2].port);
	struct carried got;

	the_courier_says(0, 200, "");
	assert_int_equal(sign_in("other", fd, &got), 0);
	assert_string_equal(courier.host, "big.example");
	assert_string_equal(courier.pin, "");
	assert_string_equal(courier.ca, CA);
	assert_non_null(strstr(courier.body, "\"username\":\"admin\""));
}

/* A pair's second unit has its own address and certificate, and the first one's user. */
static void
the_second_unit(void **state UNUSED)
{
	uint16_t port = (uint16_t)config.balancers[1].port;
	CLEAN(close_fd) int first = connected_to("127.0.0.1", port);
	CLEAN(close_fd) int second = connected_to("127.0.0.3", port);
	size_t asked = courier.asked;
	struct carried got;

	assert_int_equal(sign_in_at("big", 0, second, &got), CARRY_E_REFUSED);
	assert_int_equal(sign_in_at("big", 1, first, &got), CARRY_E_REFUSED);
	assert_int_equal(sign_in_at("other", 1, second, &got), CARRY_E_REFUSED); /* it has none */
	assert_int_equal(courier.asked, asked);
	the_courier_says(0, 200, "{}");
	assert_int_equal(sign_in_at("big", 1, second, &got), 0);
	assert_string_equal(courier.host, "127.0.0.3");
	assert_string_equal(courier.pin, PEER_PIN);
	assert_non_null(strstr(courier.body, "\"username\":\"certdesk\""));
	the_courier_says(0, 401, "");
	assert_int_equal(sign_in_at("big", 1, second, &got), 0);
	assert_int_equal(sign_in_at("big", 0, first, &got), CARRY_E_HELD); /* the same password */
	device_named(keeper->devices, "big")->held_until = 0;
}

/* Whatever the worker passes that does not end at that very balancer gets nothing. */
static void
nothing_goes_elsewhere(void **state UNUSED)
{
	uint16_t port = (uint16_t)config.balancers[1].port;
	size_t asked = courier.asked;
	struct carried got;
	int pair[2], fds[6];

	assert_int_equal(net_pair(pair), 0);
	fds[0] = connected_to("127.0.0.2", port); /* another balancer */
	fds[1] = pair[0];
	fds[2] = socket(AF_INET, SOCK_STREAM, 0); /* to nobody */
	fds[3] = socket(AF_INET, SOCK_DGRAM, 0);
	fds[4] = dup(listener);
	fds[5] = dup(STDERR_FILENO);
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		assert_int_equal(sign_in("big", fds[i], &got), CARRY_E_REFUSED);
		print_message("%s\n", got.words);
		assert_true(got.words[0] != '\0');
		close(fds[i]);
	}
	close(pair[1]);
	fds[0] = connected_to("127.0.0.1", port);
	assert_int_equal(sign_in("edge", fds[0], &got), CARRY_E_REFUSED);
	assert_int_equal(sign_in("invented", fds[0], &got), CARRY_E_REFUSED);
	config.balancers[1].port++; /* the same address, another port */
	assert_int_equal(sign_in("big", fds[0], &got), CARRY_E_REFUSED);
	config.balancers[1].port--;
	close(fds[0]);
	assert_int_equal(courier.asked, asked);
}

static void
a_wrong_password_is_not_tried_again(void **state UNUSED)
{
	static const struct {
		uint16_t status;
		const char *body;
		bool holds;
	} cases[] = {
		{ 200, "{}", false },
		{ 400, "user has reached maximum active login tokens", false },
		{ 503, "Authentication required!", false },
		{ 401, "{\"message\":\"X-F5-Auth-Token has expired.\"}", false },
		{ 401,
		    "Authorization failed: no user authentication header or token detected. Uri:",
		    false },
		{ 401, "<title>401 F5 Authorization Required</title>", true },
		{ 401, "{\"message\":\"Authentication required!\"}", true },
		{ 401, "", true },
	};
	CLEAN(close_fd) int fd = connected_to("127.0.0.1", (uint16_t)config.balancers[1].port);
	CLEAN(close_fd) int other = connected_to("127.0.0.2", (uint16_t)config.balancers[2].port);
	struct device *device = device_named(keeper->devices, "big");
	struct carried got;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		size_t asked;

		the_courier_says(0, cases[i].status, cases[i].body);
		assert_int_equal(sign_in("big", fd, &got), 0);
		assert_int_equal(got.status, cases[i].status);
		asked = courier.asked;
		assert_int_equal(sign_in("big", fd, &got), cases[i].holds ? CARRY_E_HELD : 0);
		assert_int_equal(courier.asked, asked + !cases[i].holds);
		if (!cases[i].holds)
			continue;
		assert_non_null(strstr(got.words, "no sign-in for the next 300 seconds"));
		assert_int_equal(sign_in("other", other, &got), 0); /* that one is another matter */
		device_named(keeper->devices, "other")->held_until = 0;
		device->held_until -= SIGN_IN_HOLD;
		assert_int_equal(sign_in("big", fd, &got), 0); /* the time is over */
		device->held_until = 0;
	}
}

static struct key_export
an_upload(void)
{
	return (struct key_export){
		.balancer = "big",
		.installation = { { 9 } },
		.key = { { 1 } },
		.customer = { { 2 } },
		.site = { { 3 } },
		.wrapped = buf_str(&made.wrapped),
		.form = FORM_HTTPS_UPLOAD,
		.before = STR(""),
		.after = STR(""),
		.upload = "certdesk-mail.example.test-0199.key",
		.token = "ABC234",
	};
}

static int export(const struct key_export *q, int fd, struct key_exported *ret)
{
	CLEAN(buf_fini) struct buf question = BUF(message_rule(MESSAGE_KEY_EXPORT)->max_request);

	key_export_put(&question, q);
	buf_clear(&said);
	assert_int_equal(keeper_export(keeper, buf_str(&question), fd, &said), 0);
	assert_int_equal(str_find(buf_str(&said), STR("PRIVATE KEY")), said.len);
	return key_exported_get(buf_str(&said), ret);
}

static void
an_upload_of_a_key(void **state UNUSED)
{
	CLEAN(close_fd) int fd = connected_to("127.0.0.1", (uint16_t)config.balancers[1].port);
	struct key_export q = an_upload();
	struct key_exported got;
	char range[64];

	the_courier_says(0, 200, "{\"remainingByteCount\":0}");
	assert_int_equal(export(&q, fd, &got), 0);
	assert_int_equal(got.device.status, 200);
	assert_true(str_eq(got.device.body, STR("{\"remainingByteCount\":0}")));
	assert_memory_equal(got.spki_sha256, made.spki_sha256, 32);
	assert_int_equal(got.total, strlen(courier.body));
	assert_true(str_starts(str_of(courier.body), STR("-----BEGIN PRIVATE KEY-----\n")));
	assert_true(str_ends(str_of(courier.body), STR("\n-----END PRIVATE KEY-----\n")));
	assert_string_equal(
	    courier.path, "/mgmt/shared/file-transfer/uploads/certdesk-mail.example.test-0199.key");
	snprintf(range, sizeof(range), "Content-Range: 0-%u/%u\n", got.total - 1, got.total);
	assert_non_null(strstr(courier.headers, range));
	assert_non_null(strstr(courier.headers, "Content-Type: application/octet-stream\n"));
	assert_non_null(strstr(courier.headers, "X-F5-Auth-Token: ABC234\n"));
}

static void
what_came_between(void **state UNUSED)
{
	CLEAN(close_fd) int fd = connected_to("127.0.0.1", (uint16_t)config.balancers[1].port);
	struct key_export q = an_upload();
	struct key_exported got;

	the_courier_says(CARRY_E_UNTRUSTED, 0, "");
	snprintf(courier.answer.words, CARRY_WORDS_SIZE, "it has another key");
	assert_int_equal(export(&q, fd, &got), KEY_EXPORT_E_VESSEL);
	assert_int_equal(got.device.result, CARRY_E_UNTRUSTED);
	assert_string_equal(got.words, "it has another key");
	the_courier_says(0, 401, "X-F5-Auth-Token has expired."); /* for the worker to read */
	assert_int_equal(export(&q, fd, &got), 0);
	assert_int_equal(got.device.status, 401);
}

static void
hostile_uploads(void **state UNUSED)
{
	uint16_t port = (uint16_t)config.balancers[1].port;
	CLEAN(close_fd) int fd = connected_to("127.0.0.1", port);
	CLEAN(close_fd) int elsewhere = connected_to("127.0.0.2", port);
	CLEAN(close_fd) int second = connected_to("127.0.0.3", port);
	size_t asked = courier.asked;
	struct key_export spoilt[13];
	struct key_exported got;

	for (size_t i = 0; i < COUNT_OF(spoilt); i++)
		spoilt[i] = an_upload();
	spoilt[0].upload = "certdesk-";
	spoilt[1].upload = "mail.key";
	spoilt[2].upload = "certdesk-/../x";
	spoilt[3].upload = "certdesk-a b";
	spoilt[4].upload = "";
	spoilt[5].token = "";
	spoilt[6].token = "a\r\nX-Evil: 1";
	spoilt[7].before = STR("x");
	spoilt[8].after = STR("x");
	spoilt[9].form = FORM_FILE;
	spoilt[10].balancer = "edge";
	spoilt[11].balancer = "invented";
	spoilt[12].installation = ID_NONE;
	for (size_t i = 0; i < COUNT_OF(spoilt); i++) {
		assert_int_equal(export(&spoilt[i], fd, &got), KEY_EXPORT_E_REFUSED);
		print_message("%zu: %s\n", i, got.words);
		assert_true(got.words[0] != '\0');
	}
	spoilt[0] = an_upload();
	assert_int_equal(export(&spoilt[0], elsewhere, &got), KEY_EXPORT_E_REFUSED);
	spoilt[0].unit = 1;
	assert_int_equal(export(&spoilt[0], fd, &got), KEY_EXPORT_E_REFUSED);
	assert_int_equal(courier.asked, asked);
	the_courier_says(0, 200, "{}");
	assert_int_equal(export(&spoilt[0], second, &got), 0);
	assert_string_equal(courier.host, "127.0.0.3");
	spoilt[9].upload = spoilt[9].token = "certdesk-a"; /* of no meaning in another form */
	assert_non_null(upload_fault(&spoilt[9]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_configured_must_be_there),
		cmocka_unit_test(a_sign_in),
		cmocka_unit_test(a_sign_in_is_logged),
		cmocka_unit_test(each_has_its_own_trust),
		cmocka_unit_test(the_second_unit),
		cmocka_unit_test(nothing_goes_elsewhere),
		cmocka_unit_test(a_wrong_password_is_not_tried_again),
		cmocka_unit_test(an_upload_of_a_key),
		cmocka_unit_test(what_came_between),
		cmocka_unit_test(hostile_uploads),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
