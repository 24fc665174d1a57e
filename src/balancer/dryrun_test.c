/* SPDX-License-Identifier: Apache-2.0 */
/* The journal as a device: what its lines say, torn and foreign ones among them. */
#include "balancer/balancer_internal.h"
#include "balancer/haproxy_test_kit.h"

#include "sys/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#define HOST    "owa.kunde.test"
#define JOURNAL "dryrun-trial.journal"

struct scene {
	struct lab *lab;
	struct config_balancer config;
	struct balancer *b;
	struct identity *old, *new;
};

static int
set_up(void **state)
{
	struct scene *s = alloc_zero(sizeof(*s));
	struct outcome what = { 0 };

	s->lab = lab_new(65536);
	s->config =
	    (struct config_balancer){ .name = "trial", .driver = "dryrun", .https_port = 443 };
	assert_true(
	    str_copy(str_of(s->lab->folder), s->config.lock_folder, sizeof(s->config.lock_folder)));
	assert_int_equal(balancer_open(&s->config, world_real(), NULL, NULL, 0, &s->b, &what), 0);
	s->old = lab_identity(s->lab, HOST, NULL, 1, 0);
	s->new = lab_identity(s->lab, HOST, NULL, 1, 0);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct scene *s = *state;

	balancer_close(s->b);
	lab_identity_free(s->old);
	lab_identity_free(s->new);
	lab_free(s->lab);
	free(s);
	return 0;
}

/* No pourer: a driver that asked for a key would crash here. No handshake either. */
static int
install(struct scene *s, const struct identity *i)
{
	const struct installer installer = { .pourer = NULL };
	struct outcome what = { 0 };

	return balancer_install(s->b, &i->bundle, &installer, &what);
}

static void
add(struct scene *s, const char *text)
{
	CLEAN(buf_fini) struct buf all = BUF(1 << 20);
	char path[CONFIG_PATH_SIZE];

	lab_path(s->lab, JOURNAL, path);
	lab_read(s->lab, JOURNAL, &all);
	buf_put_text(&all, text);
	assert_int_equal(file_write(path, buf_str(&all), 0600), 0);
}

static bool
is_active(struct scene *s, const struct identity *i)
{
	struct observation seen;
	struct outcome what = { 0 };

	assert_int_equal(s->b->driver->observe(s->b, &i->bundle, &seen, &what), 0);
	return seen.running == SERVED_ACTIVE && seen.running_same && seen.disk_same && seen.routed;
}

static void
the_journal_remembers(void **state)
{
	struct scene *s = *state;
	struct outcome what = { 0 };

	assert_int_equal(install(s, s->old), 0);
	assert_true(is_active(s, s->old));
	assert_int_equal(install(s, s->old), BALANCER_E_NOOP);
	assert_int_equal(install(s, s->new), 0);
	assert_true(is_active(s, s->new) && !is_active(s, s->old));
	s->new->bundle.previous = &s->old->bundle;
	assert_int_equal(s->b->driver->rollback(s->b, &s->new->bundle, NULL, &what), 0);
	assert_true(is_active(s, s->old));
	assert_int_equal(s->b->driver->withdraw(s->b, &s->old->bundle, &what), 0);
	assert_false(is_active(s, s->old));
	assert_int_equal(s->b->driver->withdraw(s->b, &s->old->bundle, &what), BALANCER_E_NOOP);
}

static void
torn_and_foreign_lines_mean_nothing(void **state)
{
	struct scene *s = *state;

	assert_int_equal(install(s, s->old), 0);
	add(s, "\n\n# " HOST " withdraw x\n" HOST "\n" HOST
	       " withdrawn 1 2\nother.test withdraw 1 2 3\n" HOST " withdraw");
	assert_true(is_active(s, s->old));
	assert_int_equal(install(s, s->new), 0);
	assert_true(is_active(s, s->new));
}

static void
a_journal_without_end(void **state)
{
	struct scene *s = *state;
	struct observation seen;
	struct outcome what = { 0 };
	char path[CONFIG_PATH_SIZE];

	assert_int_equal(install(s, s->old), 0);
	lab_path(s->lab, JOURNAL, path);
	assert_int_equal(truncate(path, 17 << 20), 0);
	assert_int_equal(
	    s->b->driver->observe(s->b, &s->old->bundle, &seen, &what), BALANCER_E_CAPACITY);
	assert_non_null(strstr(what.words, JOURNAL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_journal_remembers),
		TEST(torn_and_foreign_lines_mean_nothing),
		TEST(a_journal_without_end),
	};

	return cmocka_run_group_tests_name("dryrun", tests, NULL, NULL);
}
