/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"
#include "sys/world.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/certdesk-file-XXXXXX";
static char path_space[128];

static const char *
in_folder(const char *name)
{
	snprintf(path_space, sizeof(path_space), "%s/%s", folder, name);
	return path_space;
}

static unsigned
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
writes_whole_files(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf got = BUF(100);
	const char *path = in_folder("whole");
	char beside[160];

	umask(0077);
	assert_int_equal(file_write(path, STR("first, and longer"), 0644), 0);
	assert_int_equal(file_write(path, STR("second"), 0640), 0);
	assert_int_equal(file_read(path, &got), 0);
	assert_string_equal(buf_text(&got), "second");
	assert_int_equal(mode_of(path), 0640);
	snprintf(beside, sizeof(beside), "%s.new", path);
	assert_int_equal(access(beside, F_OK), -1);
	assert_int_equal(file_remove(path), 0);
	assert_int_equal(file_remove(path), 0);
	assert_int_equal(file_read(path, &got), FILE_E_ABSENT);
	assert_string_equal(buf_text(&got), "second");
}

static void
a_forgotten_file_leaves_the_old_one(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf got = BUF(100);
	const char *path = in_folder("kept");
	int fd;

	assert_int_equal(file_write(path, STR("old"), 0600), 0);
	assert_int_equal(file_make(path, 0600, &fd), 0);
	assert_int_equal(write(fd, "half", 4), 4);
	file_forget(path, fd);
	assert_int_equal(file_read(path, &got), 0);
	assert_string_equal(buf_text(&got), "old");
}

/* What lies at "<path>.new" may be a link that somebody put there. */
static void
never_writes_through_a_link(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf got = BUF(100);
	char victim[128], link[128];

	snprintf(victim, sizeof(victim), "%s/victim", folder);
	snprintf(link, sizeof(link), "%s/target.new", folder);
	assert_int_equal(file_write(victim, STR("untouched"), 0600), 0);
	assert_int_equal(symlink(victim, link), 0);
	assert_int_equal(file_write(in_folder("target"), STR("content"), 0600), 0);
	assert_int_equal(file_read(victim, &got), 0);
	assert_string_equal(buf_text(&got), "untouched");
}

static void
limits(void **state UNUSED)
{
	static const struct {
		const char *name;
		size_t limit;
		int result;
	} cases[] = {
		{ "fits exactly", 6, 0 },
		{ "one byte too long", 5, FILE_E_TOO_LARGE },
		{ "no room at all", 0, FILE_E_TOO_LARGE },
	};
	const char *path = in_folder("limited");

	assert_int_equal(file_write(path, STR("123456"), 0600), 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf got = BUF(cases[i].limit);

		if (file_read(path, &got) != cases[i].result ||
		    got.len != (cases[i].result ? 0 : 6))
			fail_msg("%s", cases[i].name);
	}
}

static void
secrets_are_private(void **state UNUSED)
{
	static const struct {
		const char *name;
		mode_t mode;
		int result;
	} cases[] = {
		{ "owner reads and writes", 0600, 0 },
		{ "owner reads", 0400, 0 },
		{ "group reads", 0640, FILE_E_MODE },
		{ "all read", 0644, FILE_E_MODE },
		{ "a program", 0700, FILE_E_MODE },
		{ "set-user-id", 04600, FILE_E_MODE },
	};
	const char *path = in_folder("secret");

	assert_int_equal(file_write(path, STR("k"), 0600), 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf got = BUF_SECRET(10);

		assert_int_equal(chmod(path, cases[i].mode), 0);
		if (file_read_secret(path, &got) != cases[i].result ||
		    got.len != (cases[i].result ? 0 : 1))
			fail_msg("%s", cases[i].name);
	}
}

static void
a_fifo_is_no_secret_and_nobody_waits_for_it(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf got = BUF_SECRET(10);
	const char *path = in_folder("fifo");

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(file_read_secret(path, &got), FILE_E_MODE);
}

static void
one_lock_at_a_time(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf holder = BUF(32);
	const char *path = in_folder("lock");
	char pid[32];
	int first = -1, second = -1;

	assert_int_equal(file_lock(path, &first), 0);
	assert_int_equal(file_lock(path, &second), FILE_E_LOCKED);
	assert_int_equal(second, -1);
	assert_int_equal(file_read(path, &holder), 0);
	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	assert_string_equal(buf_text(&holder), pid);
	close_fd(first);
	assert_int_equal(file_lock(path, &second), 0);
	close_fd(second);
}

static void
folders(void **state UNUSED)
{
	assert_int_equal(file_make_folder(in_folder("a/b/c"), 0700), 0);
	assert_int_equal(file_make_folder(in_folder("a/b/c"), 0700), 0);
	assert_int_equal(mode_of(in_folder("a/b/c")), 0700);
	assert_int_equal(file_write(in_folder("plain"), STR(""), 0600), 0);
	assert_int_equal(file_make_folder(in_folder("plain"), 0700), -ENOTDIR);
	assert_int_equal(file_make_folder(in_folder("plain/below"), 0700), -ENOTDIR);
}

static void
renames(void **state UNUSED)
{
	char to[128];

	snprintf(to, sizeof(to), "%s/to", folder);
	assert_int_equal(file_rename(in_folder("nothing"), to), FILE_E_ABSENT);
	assert_int_equal(file_write(in_folder("from"), STR("x"), 0600), 0);
	assert_int_equal(file_rename(in_folder("from"), to), 0);
	assert_int_equal(mode_of(to), 0600);
}

static int
make_folder(void **state UNUSED)
{
	return mkdtemp(folder) ? 0 : -1;
}

static void
kept_for_now_and_renamed(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf got = BUF(100);
	char path[128], next[128];
	int fd;

	snprintf(path, sizeof(path), "%s/site", folder);
	snprintf(next, sizeof(next), "%s/site.next", folder);
	assert_int_equal(file_write(path, STR("old"), 0600), 0);
	for (int k = 0; k < 2; k++) { /* the second time in its own place */
		assert_int_equal(file_make(next, 0600, &fd), 0);
		assert_int_equal(write(fd, "new", 3), 3);
		assert_int_equal(file_keep_for_now(next, fd), 0);
		assert_int_equal(fcntl(fd, F_GETFD), -1);
	}
	assert_int_equal(file_read(path, &got), 0);
	assert_string_equal(buf_text(&got), "old");
	assert_int_equal(file_rename(next, path), 0);
	buf_clear(&got);
	assert_int_equal(file_read(path, &got), 0);
	assert_string_equal(buf_text(&got), "new");
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(file_make(next, 0600, &fd), 0);
	assert_int_equal(mkdir(next, 0700), 0);
	assert_true(file_keep_for_now(next, fd) < 0);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static struct file_stamp
stamp_of(const char *path)
{
	struct file_stamp stamp;

	assert_int_equal(file_stamp(path, &stamp), 0);
	return stamp;
}

static void
overwrite(const char *path, const char *text)
{
	CLEAN(close_fd) int fd = open(path, O_WRONLY | O_CLOEXEC);
	struct stat st;

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(futimens(fd, (struct timespec[]){ st.st_atim, st.st_mtim }), 0);
}

/* Each but the last with the size and the time of modification of the one before. */
static void
every_change_gets_another_stamp(void **state UNUSED)
{
	const char *path = in_folder("stamped");
	struct file_stamp last, now;
	when deadline = world_ticks() + SECONDS(20);
	struct stat st;
	char beside[160];

	snprintf(beside, sizeof(beside), "%s.beside", path);
	assert_int_equal(file_stamp(path, &last), FILE_E_ABSENT);
	assert_int_equal(file_write(path, STR("one"), 0600), 0);
	last = stamp_of(path);
	assert_false(last.settled);
	now = stamp_of(path);
	assert_true(file_stamp_eq(&last, &now));

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(file_write(beside, STR("two"), 0600), 0);
	assert_int_equal(
	    utimensat(AT_FDCWD, beside, (struct timespec[]){ st.st_atim, st.st_mtim }, 0), 0);
	assert_int_equal(rename(beside, path), 0);
	now = stamp_of(path);
	assert_false(file_stamp_eq(&last, &now));

	last = now;
	while (file_stamp_eq(&last, &now)) { /* in place, once the file system's clock ticks */
		assert_true(world_ticks() < deadline);
		overwrite(path, "six");
		now = stamp_of(path);
	}

	last = now;
	assert_int_equal(truncate(path, 2), 0);
	now = stamp_of(path);
	assert_false(file_stamp_eq(&last, &now));
	assert_false(now.settled);
}

/* Old by its time of modification, which anybody may set: the other one tells. */
static void
old_is_only_what_nobody_touched(void **state UNUSED)
{
	static const struct timespec old[] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	const char *path = in_folder("aged");

	assert_int_equal(file_write(path, STR("x"), 0600), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	assert_false(stamp_of(path).settled);
	assert_true(stamp_of("/bin/sh").settled);
	assert_false(stamp_of("/dev/null").settled); /* no file's content */
}

/* Beside us before elsewhere. */
static void
finds_programs(void **state UNUSED)
{
	char path[256], own[200];
	const char *elsewhere = in_folder("elsewhere");

	assert_int_equal(file_own_folder(own, sizeof(own)), 0);
	assert_true(file_find_program("file_test", "/nowhere", path, sizeof(path)));
	assert_true(str_starts(str_of(path), str_of(own)));
	assert_true(file_find_program("sh", "/bin", path, sizeof(path)));
	assert_string_equal(path, "/bin/sh");
	assert_false(file_find_program("sh", elsewhere, path, sizeof(path)));
	assert_true(str_ends(str_of(path), STR("elsewhere/sh")));
	assert_false(file_find_program("sh", "/bin", path, 4));
}

static int
remove_folder(void **state UNUSED)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		execl("/bin/rm", "rm", "-r", "--", folder, (char *)NULL);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_whole_files),
		cmocka_unit_test(a_forgotten_file_leaves_the_old_one),
		cmocka_unit_test(never_writes_through_a_link),
		cmocka_unit_test(limits),
		cmocka_unit_test(secrets_are_private),
		cmocka_unit_test(a_fifo_is_no_secret_and_nobody_waits_for_it),
		cmocka_unit_test(one_lock_at_a_time),
		cmocka_unit_test(folders),
		cmocka_unit_test(renames),
		cmocka_unit_test(kept_for_now_and_renamed),
		cmocka_unit_test(every_change_gets_another_stamp),
		cmocka_unit_test(old_is_only_what_nobody_touched),
		cmocka_unit_test(finds_programs),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
