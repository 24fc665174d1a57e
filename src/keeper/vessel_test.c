/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/vessel.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/file.h"
#include "sys/net.h"

#define NOBODY ((uid_t)65534)

static char folder[] = "/tmp/certdesk-vessel-XXXXXX";
static struct config_balancer balancer;

static int
set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(balancer.socket, sizeof(balancer.socket), "%s/admin.sock", folder);
	return 0;
}

static void
path_of(char to[static 128], const char *name)
{
	snprintf(to, 128, "%s/%s", folder, name);
}

static void
remove_file(const char *name)
{
	char path[128];

	path_of(path, name);
	unlink(path);
}

static int
tear_down(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void
test_bound_names(void **state)
{
	static const struct {
		const char *bound;
		bool same;
	} cases[] = {
		{ "/run/h.sock", true },
		{ "/run/h.sock.1234.tmp", true },
		{ "/run/h.sock.1.tmp", true },
		{ "/run/h.sock.tmp", false },
		{ "/run/h.sock..tmp", false },
		{ "/run/h.sock.x.tmp", false },
		{ "/run/h.sock.-1.tmp", false },
		{ "/run/h.sock.1.tmp2", false },
		{ "/run/h.sock1", false },
		{ "/run/h.soc", false },
		{ "/run/other.sock", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(
		    vessel_is_bound_to(str_of(cases[i].bound), STR("/run/h.sock")), cases[i].same);
	assert_false(vessel_is_bound_to(STR(""), STR("")));
	assert_false(vessel_is_bound_to(STR(".1.tmp"), STR("")));
}

/* A listener bound as `bound`, its file renamed to `name`, and a connection to it. */
static const char *
fault_of_socket(const char *bound, const char *name)
{
	CLEAN(close_fd) int listener = -1;
	CLEAN(close_fd) int fd = -1;
	char first[128], last[128];
	const char *fault;

	path_of(first, bound);
	path_of(last, name);
	assert_int_equal(net_listen_unix(first, 0600, &listener), 0);
	assert_int_equal(rename(first, last), 0);
	assert_int_equal(net_connect_unix(last, SECONDS(1), &fd), 0);
	fault = vessel_fault(fd, FORM_HAPROXY_SOCKET, &balancer, 0, NOBODY);
	remove_file(name);
	return fault;
}

static void
test_sockets(void **state)
{
	const struct config_balancer nowhere = { .name = "x" };
	int pair[2], packets[2];

	(void)state;
	assert_null(fault_of_socket("admin.sock", "admin.sock"));
	assert_null(fault_of_socket("admin.sock.4711.tmp", "admin.sock"));
	assert_non_null(fault_of_socket("other.sock", "other.sock"));
	assert_non_null(fault_of_socket("other.sock", "admin.sock"));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, packets), 0);
	assert_non_null(vessel_fault(pair[0], FORM_HAPROXY_SOCKET, &balancer, 0, NOBODY));
	assert_non_null(vessel_fault(pair[0], FORM_HAPROXY_SOCKET, &nowhere, 0, NOBODY));
	assert_non_null(vessel_fault(packets[0], FORM_HAPROXY_SOCKET, &balancer, 0, NOBODY));
	assert_non_null(vessel_fault(-1, FORM_HAPROXY_SOCKET, &balancer, 0, NOBODY));
	assert_non_null(vessel_fault(pair[0], FORM_FILE, &balancer, 0, NOBODY));
	for (int i = 0; i < 2; i++) {
		close(pair[i]);
		close(packets[i]);
	}
}

static void
test_tcp(void **state)
{
	CLEAN(close_fd) int listener = -1;
	CLEAN(close_fd) int fd = -1;
	struct addr here;
	uint16_t port = 0;

	(void)state;
	assert_true(addr_parse(STR("127.0.0.1"), &here));
	for (port = 42000; port < 42100 && net_listen(&here, port, &listener) != 0; port++)
		continue;
	assert_int_equal(net_connect(&here, port, SECONDS(1), &fd), 0);
	assert_non_null(vessel_fault(fd, FORM_HAPROXY_SOCKET, &balancer, 0, NOBODY));
}

static void
test_files(void **state)
{
	static const struct {
		const char *what;
		mode_t mode;
		const char *content;
		uid_t owner; /* 0: ours */
		uid_t worker;
		bool fine;
	} cases[] = {
		{ "0600", 0600, "", 0, NOBODY, true },
		{ "0640", 0640, "", 0, NOBODY, true },
		{ "readable by all", 0644, "", 0, NOBODY, false },
		{ "group may write", 0660, "", 0, NOBODY, false },
		{ "read only", 0400, "", 0, NOBODY, false },
		{ "set user id", 04600, "", 0, NOBODY, false },
		{ "not empty", 0600, "x", 0, NOBODY, false },
		{ "the worker's", 0600, "", 12345, 12345, true },
		{ "a stranger's", 0600, "", 12345, NOBODY, false },
	};
	char path[128];

	(void)state;
	path_of(path, "site.pem.new");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(close_fd) int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

		assert_true(fd >= 0);
		if (cases[i].owner != 0 && fchown(fd, cases[i].owner, (gid_t)-1) < 0) {
			print_message(
			    "%s: skipped, only root may give files away\n", cases[i].what);
			continue;
		}
		assert_int_equal(write(fd, cases[i].content, strlen(cases[i].content)),
		    strlen(cases[i].content));
		assert_int_equal(fchmod(fd, cases[i].mode), 0);
		print_message("%s\n", cases[i].what);
		assert_int_equal(vessel_fault(fd, FORM_FILE, &balancer, 0, cases[i].worker) == NULL,
		    cases[i].fine);
		assert_int_equal(unlink(path), 0);
	}
}

static void
test_not_a_file(void **state)
{
	CLEAN(close_fd) int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_non_null(vessel_fault(fd, FORM_FILE, &balancer, 0, NOBODY));
	assert_non_null(vessel_fault(-1, FORM_FILE, &balancer, 0, NOBODY));
	assert_non_null(vessel_fault(fd, FORM_MAX, &balancer, 0, NOBODY));
}

static void
test_pour(void **state)
{
	CLEAN(buf_fini) struct buf got = BUF(64);
	CLEAN(close_fd) int fd = -1;
	char path[128];
	int pair[2];

	(void)state;
	path_of(path, "poured");
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_null(vessel_pour(fd, FORM_FILE, STR("all of it")));
	assert_int_equal(file_read(path, &got), 0);
	assert_string_equal(buf_text(&got), "all of it");
	remove_file("poured");
	assert_int_equal(net_pair(pair), 0);
	assert_null(vessel_pour(pair[0], FORM_HAPROXY_SOCKET, STR("all of it")));
	buf_clear(&got);
	assert_int_equal(net_read(pair[1], SECONDS(1), &got), 0);
	assert_string_equal(buf_text(&got), "all of it");
	close(pair[1]);
	assert_non_null(vessel_pour(pair[0], FORM_HAPROXY_SOCKET, STR("nobody there")));
	close(pair[0]);
}

static void
test_pour_fails(void **state)
{
	CLEAN(buf_fini) struct buf much = BUF(8 * 1024 * 1024);
	CLEAN(close_fd) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	int pair[2];

	(void)state;
	assert_non_null(vessel_pour(full, FORM_FILE, STR("no space")));
	assert_non_null(buf_room(&much, much.max - 1));
	buf_added(&much, much.max - 1);
	assert_int_equal(net_pair(pair), 0);
	assert_non_null(vessel_pour(
	    pair[0], FORM_HAPROXY_SOCKET, buf_str(&much))); /* nobody reads: two seconds */
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound_names),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_not_a_file),
		cmocka_unit_test(test_pour),
		cmocka_unit_test(test_pour_fails),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
