/* SPDX-License-Identifier: Apache-2.0 */
/* What the driver remembers of the crt-list and the map, and what only the file tells, against a real
 * HAProxy; the disk side of installations is in haproxy_test.c. */
#include "balancer/haproxy_internal.h"
#include "balancer/haproxy_test_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOST "owa.kunde.test"

#define assert_result(r, expected, what)                                            \
	do {                                                                        \
		int result = (r);                                                   \
		if (result != (expected))                                           \
			fail_msg("%s (%s)", balancer_words(result), (what)->words); \
	} while (0)

static int
set_up(void **state)
{
	struct lab *lab = lab_new(65536);

	lab_start(lab);
	*state = lab;
	return 0;
}

static int
tear_down(void **state)
{
	lab_free(*state);
	return 0;
}

static void
install(struct lab *lab, struct identity *i)
{
	struct outcome what = { 0 };

	assert_result(lab_install(lab, i, &what), 0, &what);
}

static void
observe(struct balancer *b, const struct identity *i, struct observation *ret)
{
	struct outcome what = { 0 };

	assert_result(balancer_driver_of(b)->observe(b, &i->bundle, ret, &what), 0, &what);
}

/* What was just written may be written again under the same stamp, so looks at it are not kept. */
static void
wait_until_settled(const char *path)
{
	when deadline = world_ticks() + SECONDS(20);
	struct file_stamp stamp;

	assert_int_equal(file_stamp(path, &stamp), 0);
	while (!stamp.settled) {
		assert_true(world_ticks() < deadline);
		world_rest(MILLIS(20));
		assert_int_equal(file_stamp(path, &stamp), 0);
	}
}

/* Same size, same inode, and its old time put back: as unseen as an edit can be. */
static void
edit_in_place(const char *path, const char *from, const char *to)
{
	CLEAN(buf_fini) struct buf text = BUF(65536);
	CLEAN(close_fd) int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;
	size_t at;

	assert_true(fd >= 0 && fstat(fd, &st) == 0 && file_read(path, &text) == 0);
	at = str_find(buf_str(&text), str_of(from));
	assert_true(at < text.len && strlen(from) == strlen(to));
	assert_int_equal(pwrite(fd, to, strlen(to), (off_t)at), strlen(to));
	assert_int_equal(futimens(fd, (struct timespec[]){ st.st_atim, st.st_mtim }), 0);
}

/* Within one opening: the lists are looked at once, but never is an edit overlooked. */
static void
edits_of_others_are_seen(void **state)
{
	struct lab *lab = *state;
	CLEAN(lab_identity_free) struct identity *i = lab_identity(lab, HOST, NULL, 1, 0);
	CLEAN(balancer_close) struct balancer *b = NULL;
	struct observation o;
	struct haproxy *h;

	install(lab, i);
	b = lab_open(lab);
	h = b->self;
	observe(b, i, &o);
	assert_true(o.on_disk && o.disk_routed);
	assert_string_equal(h->list.key, ""); /* too fresh to be kept */
	edit_in_place(lab->config.crt_list, HOST ".pem", "out.kunde.test.pem");
	edit_in_place(lab->config.hosts_map, "be_owa", "be_abc");
	observe(b, i, &o);
	assert_false(o.on_disk || o.disk_routed);

	edit_in_place(lab->config.crt_list, "out.kunde.test.pem", HOST ".pem");
	edit_in_place(lab->config.hosts_map, "be_abc", "be_owa");
	wait_until_settled(lab->config.crt_list);
	wait_until_settled(lab->config.hosts_map);
	for (int k = 0; k < 2; k++) { /* read, then known */
		observe(b, i, &o);
		assert_true(o.on_disk && o.disk_routed);
		assert_true(str_ends(str_of(h->list.key), STR(HOST ".pem")));
		assert_string_equal(h->map.key, HOST);
	}
	edit_in_place(lab->config.crt_list, HOST ".pem", "out.kunde.test.pem");
	edit_in_place(lab->config.hosts_map, "be_owa", "be_abc");
	observe(b, i, &o);
	assert_false(o.on_disk || o.disk_routed);
}

/* Another site's look, another's backend, and our own writing in between. */
static void
a_look_that_is_kept_is_for_one_site(void **state)
{
	struct lab *lab = *state;
	CLEAN(lab_identity_free) struct identity *i = lab_identity(lab, HOST, NULL, 1, 0);
	CLEAN(lab_identity_free)
	struct identity *other = lab_identity(lab, "mail.kunde.test", NULL, 1, 0);
	CLEAN(balancer_close) struct balancer *b = NULL;
	struct outcome what = { 0 };
	struct observation o;

	install(lab, i);
	wait_until_settled(lab->config.crt_list);
	wait_until_settled(lab->config.hosts_map);
	b = lab_open(lab);
	observe(b, i, &o);
	assert_true(o.on_disk && o.disk_routed);
	observe(b, other, &o);
	assert_false(o.on_disk || o.disk_routed);
	observe(b, i, &o);
	assert_true(o.on_disk && o.disk_routed);
	str_copy(STR("be_sharepoint"), i->backend, sizeof(i->backend));
	observe(b, i, &o);
	assert_true(o.on_disk && !o.disk_routed);
	assert_result(balancer_driver_of(b)->persist(b, &i->bundle, &what), 0, &what);
	observe(b, i, &o);
	assert_true(o.on_disk && o.disk_routed);
	assert_result(balancer_driver_of(b)->withdraw(b, &i->bundle, &what), 0, &what);
	observe(b, i, &o);
	assert_false(o.on_disk || o.disk_routed);
}

/* The same leaf with another way to its root: it is put on again, running and on disk. */
static void
another_chain_is_another_bundle(void **state)
{
	struct lab *lab = *state;
	CLEAN(lab_identity_free) struct identity *i = lab_identity(lab, HOST, NULL, 1, 0);
	CLEAN(lab_identity_free) struct identity *other = lab_identity(lab, "b.test", NULL, 2, 0);
	CLEAN(buf_fini) struct buf reply = BUF(1 << 20);
	struct outcome what = { 0 };
	struct str rest;
	int links = 0;

	install(lab, i);
	i->bundle.chain = other->bundle.chain;
	install(lab, i);
	assert_true(lab_serves_this(lab, i));
	lab_command(lab, &reply, "show ssl cert %s/" HOST ".pem", lab->config.certificates);
	rest = buf_str(&reply);
	for (struct str line; str_next(&rest, '\n', &line);)
		links += str_starts(line, STR("Chain Subject:"));
	assert_int_equal(links, 2);
	assert_int_equal(lab->pours, 2 * 2); /* each time for the process and for the file */
	assert_result(lab_install(lab, i, &what), BALANCER_E_NOOP, &what);
	lab_kill(lab);
	lab_start(lab);
	assert_true(lab_serves_this(lab, i));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(edits_of_others_are_seen),
		TEST(a_look_that_is_kept_is_for_one_site),
		TEST(another_chain_is_another_bundle),
	};

	if (!lab_possible()) {
		print_message("no " LAB_PROGRAM ": skipped\n");
		return 77; /* meson's "skipped" */
	}
	return cmocka_run_group_tests_name("haproxy_disk", tests, NULL, NULL);
}
