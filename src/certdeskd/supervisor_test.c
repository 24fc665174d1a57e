/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor over real child processes (supervisor_test_child.c). One house, the tests go
 * through its life in order: it comes up, loses children and channels, and ends. Every wait is for
 * a condition.
 */
#include "certdeskd/supervisor.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/log.h"

#define LONG_ENOUGH SECONDS(30)

/* The last one runs only where a balancer needs it. */
static const char *const children[] = { "certdesk-keeper", "certdesk-reader", "certdesk-desk",
	"certdesk-worker", "certdesk-courier" };
#define USUAL (COUNT_OF(children) - 1)
static char child_program[PATH_MAX];
static char folder[] = "/tmp/certdesk-house-XXXXXX";
static struct config *config;
static struct supervisor *house;
static pthread_t thread;
static int stop[2];

/* What a child wrote; -1 when it has not. */
static int64_t
number_of(const char *child, const char *what)
{
	CLEAN(buf_fini) struct buf text = BUF(32);
	char path[128];
	int64_t number;

	snprintf(path, sizeof(path), "%s/%s.%s", folder, child, what);
	return file_read(path, &text) == 0 && str_to_i64(buf_str(&text), &number) ? number : -1;
}

static void
wait_for_other(const char *child, const char *what, int64_t old)
{
	when deadline = world_ticks() + LONG_ENOUGH;

	while (number_of(child, what) == old || number_of(child, what) < 0) {
		if (world_ticks() > deadline)
			fail_msg("%s.%s stays %lld", child, what, (long long)old);
		world_rest(MILLIS(5));
	}
}

/* Two more rounds each: the second began after we looked, so it used the channels that are there
 * now. */
static void
wait_for_rounds(void)
{
	for (int i = 0; i < 2; i++) {
		int64_t desk = number_of("certdesk-desk", "rounds"),
			worker = number_of("certdesk-worker", "rounds");

		wait_for_other("certdesk-desk", "rounds", desk);
		wait_for_other("certdesk-worker", "rounds", worker);
	}
}

static void
all_come_up_and_talk(void **state UNUSED)
{
	for (size_t i = 0; i < USUAL; i++)
		wait_for_other(children[i], "pid", -1);
	wait_for_rounds();
}

static void
what_dies_is_replaced(void **state UNUSED)
{
	for (size_t i = 0; i < USUAL; i++) {
		int64_t pid = number_of(children[i], "pid");

		assert_true(pid > 1);
		assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
		wait_for_other(children[i], "pid", pid);
		wait_for_rounds();
	}
}

static void
a_lost_channel_is_replaced(void **state UNUSED)
{
	int64_t pids[USUAL];
	char path[128];

	for (size_t i = 0; i < USUAL; i++)
		pids[i] = number_of(children[i], "pid");
	for (size_t i = 0; i < USUAL; i++) {
		snprintf(path, sizeof(path), "%s/%s.drop", folder, children[i]);
		assert_int_equal(file_write(path, STR("now"), 0600), 0);
		wait_for_rounds();
	}
	for (size_t i = 0; i < USUAL; i++)
		assert_int_equal(
		    number_of(children[i], "pid"), pids[i]); /* nobody had to die for it */
}

/* docs/decisions/0012: without policy.foreign_keys there is no wire between the two. */
static void
reader_and_keeper_meet_by_policy_alone(void **state UNUSED)
{
	int64_t pid = number_of("certdesk-reader", "pid");

	assert_int_equal(number_of("certdesk-reader", "keeper"), 0);
	config->foreign_keys = true;
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
	wait_for_other("certdesk-reader", "pid", pid);
	wait_for_other("certdesk-reader", "keeper", 0);
	wait_for_rounds();
}

/* docs/decisions/0013: no balancer that needs it, no process, no wire, no line in the status. */
static void
the_courier_runs_where_a_balancer_needs_it(void **state UNUSED)
{
	int64_t pid;

	wait_for_rounds();
	assert_int_equal(number_of("certdesk-courier", "pid"), -1);
	assert_int_equal(number_of("certdesk-keeper", "courier"), 0);
	assert_int_equal(number_of("certdesk-desk", "house"), USUAL);
	config->balancer_count = 1;
	snprintf(config->balancers[0].address, ADDR_TEXT_SIZE, "192.0.2.9");
	wait_for_other("certdesk-courier", "pid", -1);
	wait_for_other("certdesk-keeper", "courier", 0);
	wait_for_other("certdesk-keeper", "carried", 0);
	wait_for_other("certdesk-desk", "house", USUAL);
	pid = number_of("certdesk-courier", "pid");
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
	wait_for_other("certdesk-courier", "pid", pid);
	for (int i = 0; i < 2; i++) /* the second began after we looked */
		wait_for_other(
		    "certdesk-keeper", "carried", number_of("certdesk-keeper", "carried"));
	wait_for_rounds();
}

static void
all_end_with_it(void **state UNUSED)
{
	assert_int_equal(write(stop[1], "", 1), 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	for (size_t i = 0; i < COUNT_OF(children); i++) {
		assert_int_equal(kill((pid_t)number_of(children[i], "pid"), 0), -1);
		assert_int_equal(errno, ESRCH);
	}
}

static void *
live(void *arg UNUSED)
{
	(void)!supervisor_run(house, stop[0]);
	return NULL;
}

static int
set_up(void **state UNUSED)
{
	char path[128];

	log_start("supervisor_test", LOG_AS_TEXT, LOG_ERROR);
	if (!mkdtemp(folder) || pipe(stop) != 0)
		return -1;
	for (size_t i = 0; i < COUNT_OF(children); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, children[i]);
		if (symlink(child_program, path) != 0)
			return -1;
	}
	config = alloc_zero(sizeof(*config));
	config_defaults(config);
	snprintf(config->data, sizeof(config->data), "%s", folder);
	snprintf(config->log_level, sizeof(config->log_level), "error");
	if (supervisor_new(config, folder, world_real(), &house) != 0)
		return -1;
	return pthread_create(&thread, NULL, live, NULL);
}

static int
tear_down(void **state UNUSED)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char path[512];

	supervisor_free(house);
	free(config);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	closedir(dir);
	return rmdir(folder);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_come_up_and_talk),
		cmocka_unit_test(what_dies_is_replaced),
		cmocka_unit_test(a_lost_channel_is_replaced),
		cmocka_unit_test(reader_and_keeper_meet_by_policy_alone),
		cmocka_unit_test(the_courier_runs_where_a_balancer_needs_it),
		cmocka_unit_test(all_end_with_it),
	};

	if (argc != 2 || !realpath(argv[1], child_program))
		return 2;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
