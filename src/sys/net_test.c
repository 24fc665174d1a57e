/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"

static const struct addr loopback = { .family = 4, .bytes = { 127, 0, 0, 1 } };

static uint16_t
port_of(int fd)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

static int
accept_one(int listener)
{
	assert_int_equal(net_wait(listener, false, SECONDS(10)), 0);
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

static void
talks_over_tcp(void **state UNUSED)
{
	CLEAN(close_fd) int listener = -1;
	CLEAN(close_fd) int client = -1;
	CLEAN(close_fd) int server = -1;
	CLEAN(buf_fini) struct buf got = BUF(5);
	CLEAN(buf_fini) struct buf small = BUF(4);

	assert_int_equal(net_listen(&loopback, 0, &listener), 0);
	assert_int_equal(net_connect(&loopback, port_of(listener), SECONDS(10), &client), 0);
	server = accept_one(listener);
	assert_int_equal(net_write(client, STR("hello"), SECONDS(10)), 0);
	shutdown(client, SHUT_WR);
	assert_int_equal(net_read_all(server, SECONDS(10), &got), 0);
	assert_string_equal(buf_text(&got), "hello");
	assert_int_equal(net_write(server, STR("hello"), SECONDS(10)), 0);
	assert_int_equal(net_read_all(client, SECONDS(10), &small), NET_E_TOO_MUCH);
}

static void
a_port_is_taken_once(void **state UNUSED)
{
	CLEAN(close_fd) int listener = -1;
	int other = -1;
	uint16_t port;

	assert_int_equal(net_listen(&loopback, 0, &listener), 0);
	port = port_of(listener);
	assert_int_equal(net_listen(&loopback, port, &other), NET_E_IN_USE);
	close_fd(listener);
	listener = -1;
	assert_int_equal(net_connect(&loopback, port, SECONDS(10), &other), NET_E_REFUSED);
	assert_int_equal(other, -1);
}

static void
deadlines_hold(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf got = BUF(10);
	static const char much[1 << 22];
	int ends[2];

	assert_int_equal(net_pair(ends), 0);
	assert_int_equal(net_wait(ends[0], false, MILLIS(1)), NET_E_TIMEOUT);
	assert_int_equal(net_read_all(ends[0], MILLIS(1), &got), NET_E_TIMEOUT);
	assert_int_equal(
	    net_write(ends[0], str_bytes(much, sizeof(much)), MILLIS(1)), NET_E_TIMEOUT);
	close_fd(ends[1]);
	assert_int_equal(net_write(ends[0], STR("x"), SECONDS(1)), NET_E_CLOSED);
	close_fd(ends[0]);
}

static void
unix_sockets(void **state UNUSED)
{
	char folder[] = "/tmp/certdesk-net-XXXXXX", path[64];
	int listener = -1, second = -1, client = -1;
	struct stat st;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	assert_int_equal(net_connect_unix(path, SECONDS(1), &client), NET_E_REFUSED);
	assert_int_equal(net_listen_unix(path, 0660, &listener), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(net_connect_unix(path, SECONDS(1), &client), 0);
	close_fd(client);
	assert_int_equal(net_listen_unix(path, 0660, &second), NET_E_IN_USE);
	close_fd(listener); /* as a process that died: the file stays */
	assert_int_equal(net_connect_unix(path, SECONDS(1), &client), NET_E_REFUSED);
	assert_int_equal(net_listen_unix(path, 0600, &second), 0);
	close_fd(second);
	unlink(path);
	assert_int_equal(file_write(path, STR("no socket"), 0600), 0);
	assert_int_equal(net_listen_unix(path, 0600, &second), NET_E_IN_USE);
	unlink(path);
	rmdir(folder);
}

static void
datagrams(void **state UNUSED)
{
	CLEAN(close_fd) int a = -1;
	CLEAN(close_fd) int b = -1;
	char got[3];
	size_t len;
	struct addr from;
	uint16_t port;

	assert_int_equal(net_datagrams(4, &a), 0);
	assert_int_equal(net_datagrams(4, &b), 0);
	assert_int_equal(net_receive_from(b, got, sizeof(got), &len, &from, &port), NET_E_TIMEOUT);
	assert_int_equal(net_wait_any((int[]){ a, b }, 2, MILLIS(1)), NET_E_TIMEOUT);
	assert_int_equal(net_send_to(a, &loopback, 9, STR("nobody")), 0); /* gives it a port */
	assert_int_equal(net_send_to(b, &loopback, port_of(a), STR("hello")), 0);
	assert_int_equal(net_wait_any((int[]){ b, a }, 2, SECONDS(10)), 0);
	assert_int_equal(net_receive_from(a, got, sizeof(got), &len, &from, &port), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(got, "hel", 3);
	assert_true(addr_eq(&from, &loopback));
	assert_int_equal(port, port_of(b));
	assert_int_equal(net_send_to(a, &(struct addr){ .family = 0 }, 9, STR("x")) < 0, true);
}

static void
knows_where_a_library_goes(void **state UNUSED)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(80) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(80) };
	struct addr four, six, mapped, none = { 0 };

	assert_true(addr_parse(STR("198.51.100.7"), &four));
	assert_true(addr_parse(STR("2001:db8::7"), &six));
	assert_true(addr_parse(STR("::ffff:198.51.100.7"), &mapped));
	memcpy(&v4.sin_addr, four.bytes, 4);
	memcpy(&v6.sin6_addr, six.bytes, 16);
	assert_true(net_leads_to(&v4, sizeof(v4), &four, 80));
	assert_true(net_leads_to(&v6, sizeof(v6), &six, 80));
	assert_false(net_leads_to(&v4, sizeof(v4), &four, 8080));
	assert_false(net_leads_to(&v6, sizeof(v6), &six, 8080));
	assert_false(net_leads_to(&v4, sizeof(v4), &loopback, 80));
	assert_false(net_leads_to(&v4, sizeof(v4), &mapped, 80));
	assert_false(net_leads_to(&v6, sizeof(v6), &mapped, 80));
	assert_false(net_leads_to(&v4, sizeof(v4), &none, 80));
	assert_false(net_leads_to(&v4, sizeof(v4.sin_family), &four, 80));
	assert_false(net_leads_to(&v4, 0, &four, 80));
	v6.sin6_scope_id = 1;
	assert_false(net_leads_to(&v6, sizeof(v6), &six, 80));
	v4.sin_family = AF_UNIX;
	assert_false(net_leads_to(&v4, sizeof(v4), &four, 80));
}

static void
has_words_for_all(void **state UNUSED)
{
	for (int r = NET_E_REFUSED; r <= NET_E_IN_USE; r++)
		for (int other = NET_E_REFUSED; other < r; other++)
			assert_string_not_equal(net_words(r), net_words(other));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(talks_over_tcp),
		cmocka_unit_test(a_port_is_taken_once),
		cmocka_unit_test(deadlines_hold),
		cmocka_unit_test(unix_sockets),
		cmocka_unit_test(knows_where_a_library_goes),
		cmocka_unit_test(datagrams),
		cmocka_unit_test(has_words_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
