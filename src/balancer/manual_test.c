/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in the folder, and when: the key last, and first to go. The whole of it against people is
 * in tests/test_conformance.py. */
#include "balancer/balancer_internal.h"
#include "balancer/haproxy_test_kit.h"

#include "base/error.h"
#include "sys/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define HOST "owa.kunde.test"

struct scene {
	struct lab *lab;
	struct config_balancer config;
	struct pourer pourer;
	bool served, pour_fails, poured_in_order;
	int look_fault;
	struct balancer *b;
};

static bool
lies(const struct scene *s, const char *ending)
{
	char name[300];

	snprintf(name, sizeof(name), "certs/" HOST ".%s", ending);
	return lab_has(s->lab, name);
}

/* All but the key is there when the key is asked for. */
static int
pour(const struct pourer *self, const struct bundle *bundle, int fd, bool is_socket,
    struct str before, struct str after, size_t max_total, struct outcome *what)
{
	struct scene *s = self->context;

	s->poured_in_order =
	    lies(s, "crt") && lies(s, "chain.crt") && lies(s, "steps.txt") && !lies(s, "key");
	if (s->pour_fails)
		return balancer_fail(what, BALANCER_E_AMBIGUOUS, "the keeper did not answer");
	return s->lab->pourer.pour(
	    &s->lab->pourer, bundle, fd, is_socket, before, after, max_total, what);
}

static int
look(const struct pourer *self, const struct bundle *bundle UNUSED, struct outcome *what)
{
	const struct scene *s = self->context;

	if (s->look_fault)
		return s->look_fault;
	outcome_set(what, OUTCOME_LATER, "connection refused");
	return s->served ? 0 : BALANCER_E_INVALID;
}

static int
set_up(void **state)
{
	struct scene *s = alloc_zero(sizeof(*s));
	struct outcome what = { 0 };

	s->lab = lab_new(65536);
	s->config =
	    (struct config_balancer){ .name = "edge", .driver = "manual", .https_port = 443 };
	s->pourer = (struct pourer){ .pour = pour, .look = look, .context = s };
	assert_true(str_copy(
	    str_of(s->lab->config.certificates), s->config.folder, sizeof(s->config.folder)));
	assert_true(
	    str_copy(str_of(s->lab->folder), s->config.lock_folder, sizeof(s->config.lock_folder)));
	assert_int_equal(
	    balancer_open(&s->config, world_real(), &s->pourer, NULL, 0, &s->b, &what), 0);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct scene *s = *state;

	balancer_close(s->b);
	lab_free(s->lab);
	free(s);
	return 0;
}

static int
stage(struct scene *s, const struct identity *i, struct outcome *what)
{
	return s->b->driver->stage(s->b, &i->bundle, &s->pourer, what);
}

static void
the_key_comes_last_and_all_goes(void **state)
{
	struct scene *s = *state;
	CLEAN(lab_identity_free) struct identity *i = lab_identity(s->lab, HOST, NULL, 1, 0);
	CLEAN(buf_fini) struct buf key = BUF(1 << 16), steps = BUF(1 << 16);
	char path[CONFIG_PATH_SIZE];
	struct outcome what = { 0 };
	struct stat st;

	assert_int_equal(stage(s, i, &what), 0);
	assert_true(s->poured_in_order);
	lab_path(s->lab, "certs/" HOST ".key", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	lab_read(s->lab, "certs/" HOST ".key", &key);
	assert_string_equal(buf_text(&key), buf_text(&i->key_pem));
	lab_read(s->lab, "certs/" HOST ".steps.txt", &steps);
	assert_true(str_find(buf_str(&steps), STR("certdesk order done " HOST)) < steps.len);
	assert_true(str_find(buf_str(&steps), STR("PRIVATE")) == steps.len);
	assert_int_equal(s->b->driver->check(s->b, &i->bundle, &what), 0);
	assert_int_equal(stage(s, i, &what), BALANCER_E_NOOP);
	assert_int_equal(s->b->driver->settle(s->b, &i->bundle, &what), 0);
	assert_false(
	    lies(s, "key") || lies(s, "crt") || lies(s, "chain.crt") || lies(s, "steps.txt"));
	assert_int_equal(s->b->driver->settle(s->b, &i->bundle, &what), BALANCER_E_NOOP);
}

/* Neither a half of it nor the key of the one before. */
static void
a_pour_that_fails_leaves_no_key(void **state)
{
	struct scene *s = *state;
	CLEAN(lab_identity_free) struct identity *old = lab_identity(s->lab, HOST, NULL, 1, 0);
	CLEAN(lab_identity_free) struct identity *new = lab_identity(s->lab, HOST, NULL, 1, 0);
	struct outcome what = { 0 };

	assert_int_equal(stage(s, old, &what), 0);
	s->pour_fails = true;
	assert_int_equal(stage(s, new, &what), BALANCER_E_AMBIGUOUS);
	assert_false(lies(s, "key") || lies(s, "key.new"));
	assert_int_equal(s->b->driver->check(s->b, &new->bundle, &what), BALANCER_E_AMBIGUOUS);
	s->pour_fails = false;
	assert_int_equal(stage(s, new, &what), 0);
	assert_true(s->poured_in_order);
	assert_int_equal(s->b->driver->check(s->b, &new->bundle, &what), 0);
	assert_int_equal(s->b->driver->check(s->b, &old->bundle, &what), BALANCER_E_AMBIGUOUS);
}

static void
people_are_asked_until_it_is_seen(void **state)
{
	struct scene *s = *state;
	CLEAN(lab_identity_free) struct identity *i = lab_identity(s->lab, HOST, NULL, 1, 0);
	const struct balancer_driver *d = s->b->driver;
	struct observation seen;
	struct outcome what = { 0 };

	assert_int_equal(d->observe(s->b, &i->bundle, &seen, &what), 0);
	assert_false(seen.running_same);
	assert_non_null(strstr(seen.words, "connection refused"));
	assert_int_equal(stage(s, i, &what), 0);
	assert_int_equal(d->activate(s->b, &i->bundle, &what), BALANCER_E_BY_HAND);
	assert_int_equal(what.kind, OUTCOME_HUMAN);
	assert_non_null(strstr(what.words, "certdesk order done " HOST));
	s->served = true;
	assert_int_equal(d->observe(s->b, &i->bundle, &seen, &what), 0);
	assert_true(seen.running_same && !seen.disk_same); /* the files are to go */
	assert_int_equal(d->withdraw(s->b, &i->bundle, &what), BALANCER_E_BY_HAND);
	assert_false(lies(s, "key"));
	s->served = false;
	assert_int_equal(d->withdraw(s->b, &i->bundle, &what), BALANCER_E_NOOP);
	s->look_fault = -EMFILE; /* ours, and says nothing of the site */
	assert_int_equal(d->observe(s->b, &i->bundle, &seen, &what), -EMFILE);
}

static void
a_wildcard_has_a_name_without_a_star(void **state)
{
	struct scene *s = *state;
	CLEAN(lab_identity_free)
	struct identity *i = lab_identity(s->lab, "*.kunde.test", NULL, 1, 0);
	struct outcome what = { 0 };

	assert_int_equal(stage(s, i, &what), 0);
	assert_true(lab_has(s->lab, "certs/wildcard.kunde.test.key"));
	assert_int_equal(s->b->driver->settle(s->b, &i->bundle, &what), 0);
	assert_false(lab_has(s->lab, "certs/wildcard.kunde.test.key"));
}

static void
somebody_must_be_there_to_look(void **state)
{
	struct scene *s = *state;
	struct config_balancer other = s->config;
	struct balancer *b = NULL;
	struct outcome what = { 0 };

	snprintf(other.name, sizeof(other.name), "other");
	assert_int_equal(
	    balancer_open(&other, world_real(), NULL, NULL, 0, &b, &what), BALANCER_E_UNSUPPORTED);
	other.folder[0] = '\0';
	assert_int_equal(balancer_open(&other, world_real(), &s->pourer, NULL, 0, &b, &what),
	    BALANCER_E_UNSUPPORTED);
	assert_null(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_key_comes_last_and_all_goes),
		TEST(a_pour_that_fails_leaves_no_key),
		TEST(people_are_asked_until_it_is_seen),
		TEST(a_wildcard_has_a_name_without_a_star),
		TEST(somebody_must_be_there_to_look),
	};

	return cmocka_run_group_tests_name("manual", tests, NULL, NULL);
}
