/* SPDX-License-Identifier: Apache-2.0 */
/* Starts itself as the child and lets it tell, over its channel, what it finds. */
#include "sys/spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "sys/file.h"
#include "sys/net.h"

static char self[PATH_MAX];

/* In the child: open descriptors (but the one that looks), environment, user, blocked and ignored
 * signals. */
static void
look_around(struct buf *to)
{
	DIR *fds = opendir("/proc/self/fd");
	sigset_t blocked;
	struct sigaction pipe;

	for (int fd = 0; fd < 64; fd++)
		if (fd != dirfd(fds) && fcntl(fd, F_GETFD) >= 0)
			buf_printf(to, "fd %d\n", fd);
	closedir(fds);
	for (char **at = environ; *at; at++)
		buf_printf(to, "env %s\n", *at);
	buf_printf(to, "uid %d gid %d\n", (int)geteuid(), (int)getegid());
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	sigaction(SIGPIPE, NULL, &pipe);
	buf_printf(to, "usr1 %s pipe %s\n", sigismember(&blocked, SIGUSR1) ? "blocked" : "free",
	    pipe.sa_handler == SIG_IGN ? "ignored" : "deadly");
}

static int
be_the_child(void)
{
	CLEAN(buf_fini) struct buf seen = BUF(4096);

	look_around(&seen);
	return net_write(3, buf_str(&seen), SECONDS(10)) == 0 ? 0 : 1;
}

static int
tell_of(const char *user, struct buf *to)
{
	static const char *const environment[] = { "CHILD=yes", NULL };
	struct spawn spawn = { .program = self, .environment = environment, .user = user };
	int ends[2], status = -1, r;
	pid_t pid;

	assert_int_equal(net_pair(ends), 0);
	spawn.channel_fd = ends[1];
	r = spawn_child(&spawn, &pid);
	assert_int_equal(fcntl(ends[1], F_GETFD), -1); /* taken over, also on failure */
	if (r == 0) {
		assert_int_equal(net_read_all(ends[0], SECONDS(30), to), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	close_fd(ends[0]);
	return r;
}

static void
inherits_nothing_else(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf seen = BUF(4096);
	CLEAN(buf_fini) struct buf expected = BUF(4096);
	int stray = dup(0); /* not close-on-exec */
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(tell_of("", &seen), 0);
	close_fd(stray);
	buf_printf(&expected,
	    "fd 0\nfd 1\nfd 2\nfd 3\nenv CHILD=yes\nuid %d gid %d\nusr1 free pipe deadly\n",
	    (int)geteuid(), (int)getegid());
	assert_string_equal(buf_text(&seen), buf_text(&expected));
}

/* A daemon may be started with its standard descriptors closed: the channel is then among 0, 1
 * and 2. */
static void
works_without_standard_descriptors(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf seen = BUF(4096);
	int saved[3];

	for (int fd = 0; fd < 3; fd++)
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	(void)!tell_of("", &seen);
	for (int fd = 0; fd < 3; fd++) {
		dup2(saved[fd], fd);
		close_fd(saved[fd]);
	}
	assert_true(str_starts(buf_str(&seen), STR("fd 0\nfd 1\nfd 2\nfd 3\nenv ")));
}

static void
becomes_the_user(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf seen = BUF(4096);
	const struct passwd *nobody = getpwnam("nobody");
	char line[64];

	if (geteuid() != 0 || !nobody || access(self, X_OK) != 0) {
		print_message("not root, or there is no nobody: skipped\n");
		skip();
	}
	snprintf(line, sizeof(line), "uid %d gid %d\n", (int)nobody->pw_uid, (int)nobody->pw_gid);
	assert_int_equal(tell_of("nobody", &seen), 0);
	assert_true(str_find(buf_str(&seen), str_of(line)) < seen.len);
	assert_int_equal(tell_of("no-such-user-here", &seen), -ENOENT);
}

static void
a_program_that_is_not_there(void **state UNUSED)
{
	static const char *const environment[] = { NULL };
	struct spawn spawn = {
		.program = "/nonexistent/program", .environment = environment, .user = ""
	};
	int ends[2], status = 0;
	pid_t pid;

	assert_int_equal(net_pair(ends), 0);
	spawn.channel_fd = ends[1];
	assert_int_equal(spawn_child(&spawn, &pid), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 127);
	close_fd(ends[0]);
}

/* In a child, whose status is the other program's. */
static void
goes_on_as_another_program(void **state UNUSED)
{
	char word[] = "sh", option[] = "-c", line[] = "exit 42",
	     *argv[] = { word, option, line, NULL };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(spawn_instead("/bin/sh", argv) ? 1 : 2);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 42);
	assert_int_equal(spawn_instead("/nonexistent/program", argv), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inherits_nothing_else),
		cmocka_unit_test(works_without_standard_descriptors),
		cmocka_unit_test(becomes_the_user),
		cmocka_unit_test(a_program_that_is_not_there),
		cmocka_unit_test(goes_on_as_another_program),
	};

	if (getenv("CHILD"))
		return be_the_child();
	if (!realpath("/proc/self/exe", self))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
