/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process may do behind the closed door: each case in a child of its own, with real system
 * calls. Skips (and says so) where seccomp and landlock are off, or the kernel's landlock is too
 * old.
 */
#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/net.h"

static char folder[] = "/tmp/certdesk-sandbox-XXXXXX";
static char inside[64], outside[] = "/etc/passwd";
static int listener = -1, connected = -1;
static uint16_t port;

/* Each returns 0, or the errno it met. */
static int
reads_inside(void)
{
	CLEAN(close_fd) int fd = open(inside, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : 0;
}

static int
reads_outside(void)
{
	CLEAN(close_fd) int fd = open(outside, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : 0;
}

static int
writes_inside(void)
{
	return -file_write(inside, STR("new"), 0600);
}

static int
makes_socket(void)
{
	CLEAN(close_fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno : 0;
}

static int
makes_packet_socket(void)
{
	CLEAN(close_fd) int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno : 0;
}

static int
connects(void)
{
	static const struct addr loopback = { .family = 4, .bytes = { 127, 0, 0, 1 } };
	CLEAN(close_fd) int fd = -1;

	return abs(net_connect(&loopback, port, SECONDS(5), &fd));
}

/* As a captured courier would, to take the connection it was handed somewhere else. */
static int
turns_a_connection(void)
{
	static const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	return connect(connected, &nowhere, sizeof(nowhere)) < 0 ? errno : 0;
}

static int
binds(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	CLEAN(close_fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ? errno : 0;
}

static int
binds_datagrams(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	CLEAN(close_fd) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ? errno : 0;
}

/* As a captured worker would put itself in the place of a balancer's socket: one end of a pair gets
 * its name, the other end goes to the keeper. */
static int
binds_a_path(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int ends[2], r;

	if (net_pair(ends) != 0)
		return -1;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s/socket", folder);
	r = bind(ends[0], (const struct sockaddr *)&to, sizeof(to)) < 0 ? errno : 0;
	if (r == 0)
		unlink(to.sun_path);
	return r;
}

static void *
nothing(void *arg)
{
	return arg;
}

static int
starts_thread(void)
{
	pthread_t thread;
	int r = pthread_create(&thread, NULL, nothing, NULL);

	return r ? r : pthread_join(thread, NULL);
}

static int
forks(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(0);
	return pid < 0 || waitpid(pid, &status, 0) != pid ? errno : status;
}

static int
runs_a_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return errno;
}

static int
types_into_the_terminal(void)
{
	return ioctl(STDERR_FILENO, TIOCSTI, "x") < 0 ? errno : 0;
}

static int
makes_new_code(void)
{
	void *at = mmap(
	    NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? errno : 0;
}

static int
kills_its_parent(void)
{
	return kill(getppid(), 0) < 0 ? errno : 0;
}

static int
traces(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? errno : 0;
}

static int
makes_a_namespace(void)
{
	return unshare(CLONE_NEWUSER) < 0 ? errno : 0;
}

static int
aborts(void)
{
	signal(SIGABRT, SIG_DFL); /* the test harness has a handler of its own */
	abort();
}

/* For which root needs a capability, and anybody else a limit that nobody has. */
static int
puts_itself_before_others(void)
{
	return setpriority(PRIO_PROCESS, 0, -1) < 0 ? errno : 0;
}

static int
lives(void)
{
	CLEAN(free_text) char *text = alloc_text("memory, time, random bytes");
	struct timespec now;
	char random[8];

	if (clock_gettime(CLOCK_REALTIME, &now) < 0 ||
	    syscall(SYS_getrandom, random, sizeof(random), 0) < 0)
		return errno;
	return poll(NULL, 0, 1) < 0 || prctl(PR_SET_NAME, "name") < 0 ? errno : text[0] == '\0';
}

struct sandbox_case {
	const char *name;
	int (*act)(void);
	uint32_t calls;
	bool any_tcp_connect;
	int path; /* 0 = no path, 1 = the folder to read, 2 = to write */
	int end;  /* exit status; negative: a signal */
	int abi;  /* what the kernel's landlock must know; 0 = nothing */
};

/* clang-format off */
static const struct sandbox_case cases[] = {
	{ "the usual works",                      lives,          0,                false, 0, 0,        0 },
	{ "threads start",                        starts_thread,  0,                false, 0, 0,        0 },
	{ "abort ends it",                        aborts,         0,                false, 0, -SIGABRT, 0 },
	{ "no files, none opens",                 reads_inside,   0,                false, 1, EACCES,   0 },
	{ "a named path opens",                   reads_inside,   SANDBOX_FILES,    false, 1, 0,        0 },
	{ "another path does not",                reads_outside,  SANDBOX_FILES,    false, 1, EACCES,   1 },
	{ "no path at all, none opens",           reads_inside,   SANDBOX_FILES,    false, 0, EACCES,   1 },
	{ "a path to read is not written",        writes_inside,  SANDBOX_FILES,    false, 1, EACCES,   1 },
	{ "a path to write is",                   writes_inside,  SANDBOX_FILES,    false, 2, 0,        0 },
	{ "no socket",                            makes_socket,   0,                false, 0, EACCES,   0 },
	{ "a socket",                             makes_socket,   SANDBOX_CONNECT,  false, 0, 0,        0 },
	{ "a connection stays",                   turns_a_connection, 0,            false, 0, EACCES,   0 },
	{ "a connection stays one",               turns_a_connection, SANDBOX_CONNECTED, false, 0, EINPROGRESS, 0 },
	{ "no socket for raw packets",            makes_packet_socket, SANDBOX_CONNECT, true, 0, SANDBOX_TRAPPED, 0 },
	{ "no TCP without leave",                 connects,       SANDBOX_CONNECT,  false, 0, EACCES,   4 },
	{ "TCP with leave",                       connects,       SANDBOX_CONNECT,  true,  0, 0,        0 },
	{ "never a TCP listener",                 binds,          SANDBOX_CONNECT,  true,  0, EACCES,   4 },
	{ "random source ports for DNS",          binds_datagrams, SANDBOX_CONNECT, true,  0, 0,        0 },
	{ "no socket gets a path",                 binds_a_path,   SANDBOX_CONNECT | SANDBOX_FILES, true, 2, EACCES, 1 },
	{ "no process",                           forks,          SANDBOX_FILES | SANDBOX_CONNECT, true, 2, SANDBOX_TRAPPED, 0 },
	{ "a process with leave",                 forks,          SANDBOX_FORK,     false, 0, 0,        0 },
	{ "no program",                           runs_a_program, SANDBOX_FORK | SANDBOX_FILES, false, 2, SANDBOX_TRAPPED, 0 },
	{ "no rights of root",                    puts_itself_before_others, SANDBOX_FILES, false, 0, EACCES, 0 },
	{ "no typing into the terminal",          types_into_the_terminal, SANDBOX_FILES, false, 0, SANDBOX_TRAPPED, 0 },
	{ "no new code without libraries",        makes_new_code, SANDBOX_FORK,     false, 0, SANDBOX_TRAPPED,  0 },
	{ "no kill",                              kills_its_parent, 0,              false, 0, SANDBOX_TRAPPED,  0 },
	{ "kill of its own children only",        kills_its_parent, SANDBOX_FORK,   false, 0, EPERM,    6 },
	{ "no tracing",                           traces,         ~0u,              true,  2, SANDBOX_TRAPPED,  0 },
	{ "no namespace",                         makes_a_namespace, ~0u,           true,  2, SANDBOX_TRAPPED,  0 },
};
/* clang-format on */

static bool
is_off(void)
{
#ifdef CERTDESK_SANITIZED
	return true;
#else
	return getenv("CERTDESK_SANDBOX") != NULL;
#endif
}

static long
landlock_abi(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static NO_RETURN void
act_inside(const struct sandbox_case *c)
{
	struct sandbox_profile profile = { .calls = c->calls,
		.any_tcp_connect = c->any_tcp_connect };
	struct buf report = BUF(1000);

	if (c->path > 0)
		sandbox_allow_path(&profile, folder, c->path == 2);
	if (sandbox_enter(&profile, &report) != 0)
		_exit(98);
	_exit(c->act());
}

/* What it said on stderr is put into *said. */
static int
end_of(const struct sandbox_case *c, struct buf *said)
{
	int ends[2], status;
	pid_t pid;

	assert_int_equal(net_pair(ends), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		close_fd(ends[0]);
		act_inside(c);
	}
	close_fd(ends[1]);
	assert_int_equal(net_read_all(ends[0], SECONDS(60), said), 0);
	close_fd(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
holds(void **state UNUSED)
{
	if (is_off()) {
		print_message(
		    "seccomp and landlock are off in this build or environment: skipped\n");
		skip();
	}
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf said = BUF(1000);
		int end;

		if (cases[i].abi > landlock_abi()) {
			print_message(
			    "%s: needs landlock %d: skipped\n", cases[i].name, cases[i].abi);
			continue;
		}
		end = end_of(&cases[i], &said);
		if (end != cases[i].end)
			fail_msg("%s: ended with %d, not %d: %s", cases[i].name, end, cases[i].end,
			    buf_text(&said));
	}
}

/* A call that somebody forgot is found in the log, by its number. */
static void
says_which_call(void **state UNUSED)
{
	static const struct sandbox_case c = { .act = traces };
	CLEAN(buf_fini) struct buf said = BUF(1000);
	char number[16];

	if (is_off())
		skip();
	assert_int_equal(end_of(&c, &said), SANDBOX_TRAPPED);
	snprintf(number, sizeof(number), "%04d\n", SYS_ptrace);
	assert_true(str_ends(buf_str(&said), str_of(number)));
}

static int
reports(void)
{
	static const char *const expected[] = {
		"no_new_privs=", "dumps=", "capabilities=", "landlock=", "seccomp="
	};
	const struct sandbox_profile profile = { .calls = 0 };
	struct buf report = BUF(1000);

	if (sandbox_enter(&profile, &report) != 0)
		return 1;
	for (size_t i = 0; i < COUNT_OF(expected); i++)
		if (str_find(buf_str(&report), str_of(expected[i])) == report.len)
			return 2;
	return (str_find(buf_str(&report), STR("seccomp=off")) < report.len) == is_off() ? 0 : 3;
}

static int
has_second_thread(void)
{
	const struct sandbox_profile profile = { .calls = 0 };
	struct buf report = BUF(1000);
	pthread_t thread;

	if (pthread_create(&thread, NULL, (void *(*)(void *))(uintptr_t)pause, NULL) != 0)
		return 1;
	return sandbox_enter(&profile, &report) == (is_off() || landlock_abi() < 1 ? 0 : -EBUSY)
	           ? 0
	           : 2;
}

static int
in_child(int (*act)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(act());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
says_what_is_in_force(void **state UNUSED)
{
	assert_int_equal(in_child(reports), 0);
}

static int
switched_off(void)
{
	setenv("CERTDESK_SANDBOX", "none", 1);
	return reports() == 0 || is_off() ? reads_outside() : 1;
}

static void
none_is_said_loudly(void **state UNUSED)
{
	assert_int_equal(in_child(switched_off), 0);
}

static void
threads_that_run_already_are_an_error(void **state UNUSED)
{
	assert_int_equal(in_child(has_second_thread), 0);
}

static int
set_up(void **state UNUSED)
{
	static const struct addr loopback = { .family = 4, .bytes = { 127, 0, 0, 1 } };
	struct sockaddr_in at;
	socklen_t len = sizeof(at);

	if (!mkdtemp(folder) || net_listen(&loopback, 0, &listener) != 0)
		return -1;
	snprintf(inside, sizeof(inside), "%s/file", folder);
	if (getsockname(listener, (struct sockaddr *)&at, &len) != 0)
		return -1;
	port = ntohs(at.sin_port);
	if (net_connect(&loopback, port, SECONDS(5), &connected) != 0)
		return -1;
	return file_write(inside, STR("old"), 0600);
}

static int
tear_down(void **state UNUSED)
{
	close_fd(connected);
	close_fd(listener);
	unlink(inside);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds),
		cmocka_unit_test(says_which_call),
		cmocka_unit_test(says_what_is_in_force),
		cmocka_unit_test(none_is_said_loudly),
		cmocka_unit_test(threads_that_run_already_are_an_error),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
