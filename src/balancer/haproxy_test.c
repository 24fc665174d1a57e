/* SPDX-License-Identifier: Apache-2.0 */
/* The driver against a real HAProxy. Cases of loadbalancers.md are named by their section. */
#include "balancer/balancer_internal.h"
#include "balancer/haproxy_test_kit.h"
#include "balancer/material.h"

#include "sys/file.h"
#include "sys/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOST    "owa.kunde.test"
#define FILE_OF "certs/" HOST ".pem"
#define BUFSIZE 65536

#define assert_result(r, expected, what)                                                         \
	do {                                                                                     \
		int result = (r);                                                                \
		if (result != (expected))                                                        \
			fail_msg("%s (%s) instead of %s", balancer_words(result), (what)->words, \
			    balancer_words(expected));                                           \
	} while (0)

static int
set_up(void **state)
{
	struct lab *lab;

	if (!lab_possible()) {
		print_message("no " LAB_PROGRAM ": skipped\n");
		*state = NULL;
		return 0;
	}
	lab = lab_new(BUFSIZE);
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

static struct lab *
lab_of(void **state)
{
	if (!*state)
		skip();
	return *state;
}

static struct identity *
identity(struct lab *lab, const char *host)
{
	return lab_identity(lab, host, NULL, 1, 0);
}

static void
install(struct lab *lab, struct identity *i)
{
	struct outcome what = { 0 };

	assert_result(lab_install(lab, i, &what), 0, &what);
}

static void
restart(struct lab *lab)
{
	lab_kill(lab);
	lab_start(lab);
}

static bool
file_has(struct lab *lab, const char *name, const char *text)
{
	CLEAN(buf_fini) struct buf b = BUF(1 << 20);

	lab_read(lab, name, &b);
	return str_find(buf_str(&b), str_of(text)) < b.len;
}

static bool
transaction_open(struct lab *lab)
{
	CLEAN(buf_fini) struct buf reply = BUF(1 << 20);

	lab_command(lab, &reply, "show ssl cert");
	assert_true(reply.len > 0);
	return str_starts(buf_str(&reply), STR("# transaction"));
}

static bool
any_left_over(struct lab *lab)
{
	return lab_has(lab, FILE_OF ".next") || lab_has(lab, FILE_OF ".new") ||
	       lab_has(lab, FILE_OF ".next.new");
}

static void
first_installation_serves_and_survives_a_restart(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *i = identity(lab, HOST);
	CLEAN(buf_fini) struct buf body = BUF(65536);
	uint8_t sha256[32];
	struct stat st;
	char path[CONFIG_PATH_SIZE];

	assert_false(lab_serves(lab, HOST, sha256, NULL));
	install(lab, i);
	assert_true(lab_serves_this(lab, i));
	assert_true(lab_serves(lab, HOST, sha256, &body));
	assert_true(str_ends(buf_str(&body), STR("be_owa")));
	lab_path(lab, FILE_OF, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	restart(lab);
	buf_clear(&body);
	assert_true(lab_serves_this(lab, i));
	assert_true(lab_serves(lab, HOST, sha256, &body));
	assert_true(str_ends(buf_str(&body), STR("be_owa")));
	assert_false(any_left_over(lab));
}

struct load {
	struct lab *lab;
	atomic_bool stop;
	atomic_int done, failed;
};

static void *
visitor(void *context)
{
	struct load *load = context;

	while (!load->stop) {
		CLEAN(buf_fini) struct buf body = BUF(65536);
		uint8_t sha256[32];

		if (!lab_serves(load->lab, HOST, sha256, &body))
			load->failed++;
		load->done++;
	}
	return NULL;
}

static void
replacing_loses_no_request(void **state)
{
	struct lab *lab = lab_of(state);
	struct identity *i[20] = { identity(lab, HOST) };
	struct load load = { .lab = lab };
	pthread_t threads[2];

	install(lab, i[0]);
	for (size_t k = 0; k < COUNT_OF(threads); k++)
		assert_int_equal(pthread_create(&threads[k], NULL, visitor, &load), 0);
	for (size_t k = 1; k < COUNT_OF(i); k++) {
		i[k] = identity(lab, HOST);
		install(lab, i[k]);
		assert_true(lab_serves_this(lab, i[k]));
	}
	load.stop = true;
	for (size_t k = 0; k < COUNT_OF(threads); k++)
		pthread_join(threads[k], NULL);
	assert_int_equal(load.failed, 0);
	assert_true(load.done > 0);
	assert_false(any_left_over(lab));
	for (size_t k = 0; k < COUNT_OF(i); k++)
		lab_identity_free(i[k]);
}

/* The first `count` of the steps, as if we died then. */
static void
do_steps(struct lab *lab, const struct identity *i, int count)
{
	CLEAN(balancer_close) struct balancer *b = lab_open(lab);
	const struct balancer_driver *d = balancer_driver_of(b);
	const struct bundle *bundle = &i->bundle;
	struct outcome what = { 0 };

	if (count > 0)
		assert_result(d->stage(b, bundle, &lab->pourer, &what), 0, &what);
	if (count > 1)
		assert_result(d->check(b, bundle, &what), 0, &what);
	if (count > 2)
		assert_result(d->activate(b, bundle, &what), 0, &what);
	if (count > 3) {
		int r = d->route(b, bundle, &what);

		assert_true(r == 0 || r == BALANCER_E_NOOP);
	}
	if (count > 4)
		assert_result(d->persist(b, bundle, &what), 0, &what);
}

#define STEPS 5

/* 2.6: a restart at any moment starts and serves the same, or nothing for a site that was not there
 * before. */
static void
haproxy_dies_after_each_step_of_a_first(void **state)
{
	struct lab *lab = lab_of(state);

	for (int k = 0; k <= STEPS; k++) {
		char host[64];
		struct identity *i;
		uint8_t sha256[32];

		snprintf(host, sizeof(host), "s%d.kunde.test", k);
		i = identity(lab, host);
		do_steps(lab, i, k);
		restart(lab);
		assert_int_equal(lab_serves(lab, host, sha256, NULL), k == STEPS);
		if (k < STEPS)
			install(lab, i);
		restart(lab);
		assert_true(lab_serves_this(lab, i));
		lab_identity_free(i);
		lab->known_count = 0;
	}
}

static void
haproxy_dies_after_each_step_of_a_replacement(void **state)
{
	struct lab *lab = lab_of(state);
	struct identity *old = identity(lab, HOST);

	install(lab, old);
	for (int k = 0; k <= STEPS; k++) {
		struct identity *new = identity(lab, HOST);

		do_steps(lab, new, k);
		restart(lab);
		assert_true(lab_serves_this(lab, k == STEPS ? new : old));
		if (k < STEPS)
			install(lab, new);
		restart(lab);
		assert_true(lab_serves_this(lab, new));
		lab_identity_free(old);
		lab->known[0] = new;
		lab->known_count = 1;
		old = new;
	}
	lab_identity_free(old);
}

/* 2.2: `add ssl crt-list` of what is in it makes a second entry, `add map` too. */
static size_t
entries(struct lab *lab, const char *command, const char *list, const char *host)
{
	CLEAN(buf_fini) struct buf reply = BUF(1 << 20);
	struct str rest, line;
	size_t count = 0;

	lab_command(lab, &reply, "%s %s", command, list);
	rest = buf_str(&reply);
	while (str_next(&rest, '\n', &line))
		count += str_find(line, str_of(host)) < line.len;
	return count;
}

/* The other way round: HAProxy lives, we died. */
static void
we_die_after_each_step(void **state)
{
	struct lab *lab = lab_of(state);

	for (int first = 0; first < 2; first++) {
		for (int k = 0; k <= STEPS; k++) {
			char host[64];
			struct identity *old, *new;

			snprintf(host, sizeof(host), "w%d.kunde.test", first * 10 + k);
			old = identity(lab, host);
			new = identity(lab, host);
			if (!first)
				install(lab, old);
			do_steps(lab, new, k);
			if (!first && k < 3)
				assert_true(lab_serves_this(lab, old));
			if (k < STEPS)
				install(lab, new);
			assert_true(lab_serves_this(lab, new));
			assert_int_equal(
			    entries(lab, "show ssl crt-list -n", lab->config.crt_list, host), 1);
			assert_int_equal(entries(lab, "show map", lab->config.hosts_map, host), 1);
			assert_false(transaction_open(lab));
			restart(lab);
			assert_true(lab_serves_this(lab, new));
			lab_identity_free(old);
			lab_identity_free(new);
			lab->known_count = 0;
		}
	}
}

/* What was active and ready needs no second key from the keeper. */
static void
only_what_is_missing_is_done(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *old = identity(lab, HOST);
	CLEAN(lab_identity_free) struct identity *new = identity(lab, HOST);
	int pours;

	install(lab, old);
	do_steps(lab, new, 4);
	pours = lab->pours;
	install(lab, new);
	assert_int_equal(lab->pours, pours);
	restart(lab);
	assert_true(lab_serves_this(lab, new));
}

static void
a_transaction_left_by_our_crash_is_cleared(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *crashed = identity(lab, "crashed.kunde.test");
	CLEAN(lab_identity_free) struct identity *next = identity(lab, HOST);
	uint8_t sha256[32];

	do_steps(lab, crashed, 1);
	assert_true(transaction_open(lab));
	install(lab, next);
	assert_false(transaction_open(lab));
	assert_true(lab_serves_this(lab, next));
	assert_false(lab_serves(lab, "crashed.kunde.test", sha256, NULL));
	install(lab, crashed);
	assert_true(lab_serves_this(lab, crashed));
}

static void
put_pem(struct lab *lab, const struct identity *i, struct buf *to)
{
	/* as the file of an installation has it */
	CLEAN(balancer_close) struct balancer *b = lab_open(lab);
	struct outcome what = { 0 };
	char name[300];

	assert_result(balancer_driver_of(b)->stage(b, &i->bundle, &lab->pourer, &what), 0, &what);
	snprintf(name, sizeof(name), "certs/%s.pem", i->bundle.name.text);
	lab_read(lab, name, to);
}

/* 0.4a: what we set would go into it, and be served to another's visitors. */
static void
a_foreign_transaction_is_a_conflict(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *foreign = identity(lab, "foreign.kunde.test");
	CLEAN(lab_identity_free) struct identity *i = identity(lab, HOST);
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16), reply = BUF(1 << 20);
	struct outcome what = { 0 };

	put_pem(lab, foreign, &pem);
	lab_command(
	    lab, &reply, "abort ssl cert %s/foreign.kunde.test.pem", lab->config.certificates);
	lab_command(lab, &reply, "new ssl cert /elsewhere/x.pem");
	lab_command(lab, &reply, "set ssl cert /elsewhere/x.pem <<\n%s", buf_text(&pem));
	assert_true(transaction_open(lab));
	assert_result(lab_install(lab, i, &what), BALANCER_E_CONFLICT, &what);
	assert_non_null(strstr(what.words, "/elsewhere/x.pem"));
	assert_int_equal(what.kind, OUTCOME_HUMAN);
	assert_true(transaction_open(lab));
	assert_false(lab_has(lab, FILE_OF));
	lab_command(lab, &reply, "commit ssl cert /elsewhere/x.pem");
	assert_true(str_find(buf_str(&reply), STR("Success!")) < reply.len);
	install(lab, i);
	assert_true(lab_serves_this(lab, i));
}

struct meddling {
	struct lab *lab;
	struct buf pem;
};

/* Somebody else opens a transaction just when the key is to be poured into ours. */
static int
pour_with_meddler(const struct pourer *self, const struct bundle *bundle, int fd, bool is_socket,
    struct str before, struct str after, size_t max_total, struct outcome *what)
{
	struct meddling *m = self->context;
	CLEAN(buf_fini) struct buf reply = BUF(1 << 20);

	if (is_socket) {
		lab_command(m->lab, &reply, "new ssl cert /elsewhere/x.pem");
		lab_command(
		    m->lab, &reply, "set ssl cert /elsewhere/x.pem <<\n%s", buf_text(&m->pem));
	}
	return m->lab->pourer.pour(
	    &m->lab->pourer, bundle, fd, is_socket, before, after, max_total, what);
}

static void
a_meddler_between_gets_nothing_of_ours(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *foreign = identity(lab, "foreign.kunde.test");
	CLEAN(lab_identity_free) struct identity *i = identity(lab, HOST);
	struct meddling m = { .lab = lab, .pem = BUF(1 << 16) };
	struct pourer pourer = { .pour = pour_with_meddler, .context = &m };
	struct installer installer = { .pourer = &pourer };
	CLEAN(buf_fini) struct buf reply = BUF(1 << 20);
	struct balancer *b;
	struct outcome what = { 0 };

	put_pem(lab, foreign, &m.pem);
	lab_command(
	    lab, &reply, "abort ssl cert %s/foreign.kunde.test.pem", lab->config.certificates);
	b = lab_open(lab);
	assert_result(
	    balancer_install(b, &i->bundle, &installer, &what), BALANCER_E_CONFLICT, &what);
	balancer_close(b);
	assert_false(transaction_open(lab));
	assert_false(lab_has(lab, FILE_OF));
	install(lab, i);
	buf_fini(&m.pem);
}

/* 2.2: Success is no proof; 2.6 drops a chain it cannot read. */
static void
what_was_staged_is_read_back(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *other = identity(lab, "other.kunde.test");
	CLEAN(lab_identity_free) struct identity *i = identity(lab, HOST);
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16), reply = BUF(1 << 20);
	const struct balancer_driver *d;
	struct bundle alone = i->bundle;
	struct outcome what = { 0 };
	struct balancer *b;

	put_pem(lab, other, &pem);
	b = lab_open(lab);
	d = balancer_driver_of(b);
	assert_result(d->stage(b, &i->bundle, &lab->pourer, &what), 0, &what);
	lab_command(lab, &reply, "set ssl cert %s/" HOST ".pem <<\n%s", lab->config.certificates,
	    buf_text(&pem));
	assert_result(d->check(b, &i->bundle, &what), BALANCER_E_CONFLICT, &what);
	assert_false(transaction_open(lab));
	alone.chain = STR("");
	assert_result(d->stage(b, &alone, &lab->pourer, &what), 0, &what);
	assert_result(d->check(b, &i->bundle, &what), BALANCER_E_BROKEN, &what);
	assert_false(transaction_open(lab));
	assert_false(lab_has(lab, FILE_OF));
	balancer_close(b);
}

/* The keeper dies in the middle of it. */
static int
pour_half(const struct pourer *self, const struct bundle *bundle, int fd, bool is_socket,
    struct str before, struct str after, size_t max_total, struct outcome *what)
{
	struct lab *lab = self->context;

	if (!is_socket)
		return lab->pourer.pour(
		    &lab->pourer, bundle, fd, is_socket, before, after, max_total, what);
	lab->pours++;
	outcome_set(what, OUTCOME_LATER, "the keeper is away");
	return net_write(fd, str_bytes(before.p, before.len - 30), SECONDS(5)) == 0
	           ? BALANCER_E_AMBIGUOUS
	           : -EIO;
}

static void
half_a_payload_is_nothing(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *i = identity(lab, HOST);
	struct pourer pourer = { .pour = pour_half, .context = lab };
	struct installer installer = { .pourer = &pourer };
	struct balancer *b = lab_open(lab);
	struct outcome what = { 0 };
	uint8_t sha256[32];

	assert_result(
	    balancer_install(b, &i->bundle, &installer, &what), BALANCER_E_AMBIGUOUS, &what);
	balancer_close(b);
	assert_string_equal(what.words, "the keeper is away");
	assert_int_equal(lab->pours, 4); /* file and socket, and once more */
	assert_false(transaction_open(lab));
	assert_false(lab_serves(lab, HOST, sha256, NULL));
	install(lab, i);
}

static void
too_large_is_refused_before_anything_is_written(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *small = lab_identity(lab, HOST, NULL, 1, 0);
	CLEAN(lab_identity_free) struct identity *large = lab_identity(lab, HOST, NULL, 1, 16000);
	CLEAN(buf_fini) struct buf reply = BUF(1 << 20);
	CLEAN(material_fini) struct material m = { .chain_count = 0 };
	struct outcome what = { 0 };

	lab->config.bufsize = 16384;
	assert_result(lab_install(lab, large, &what), BALANCER_E_CAPACITY, &what);
	assert_non_null(strstr(what.words, "tune.bufsize"));
	assert_int_equal(material_make(&small->bundle, &m), 0);
	lab->config.bufsize = 1024 + 200 + (int64_t)m.pem.len; /* with the key it is too much */
	assert_result(lab_install(lab, small, &what), BALANCER_E_CAPACITY, &what);
	assert_int_equal(lab->pours, 1);
	assert_false(lab_has(lab, FILE_OF));
	assert_false(any_left_over(lab));
	lab_command(lab, &reply, "show ssl cert");
	assert_true(str_eq(str_trim(buf_str(&reply)), STR("")));
	lab->config.bufsize = BUFSIZE;
	install(lab, large);
	restart(lab);
	assert_true(lab_serves_this(lab, large));
}

/* 0.4c: 2.6 closes without a word. Told a bufsize that is not HAProxy's we get there in spite of
 * our gate. */
static void
no_answer_is_ambiguous_not_failed(void **state)
{
	struct lab *lab;
	struct identity *large;
	struct outcome what = { 0 };

	lab_of(state);
	lab = lab_new(16384);
	lab->config.bufsize = BUFSIZE;
	lab_start(lab);
	large = lab_identity(lab, HOST, NULL, 1, 20000);
	assert_result(lab_install(lab, large, &what), BALANCER_E_AMBIGUOUS, &what);
	assert_int_equal(what.kind, OUTCOME_LATER);
	assert_non_null(strstr(what.words, "tune.bufsize"));
	assert_false(transaction_open(lab));
	restart(lab);
	lab_identity_free(large);
	lab_free(lab);
}

static void
a_socket_that_is_gone_is_unreachable(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *i = identity(lab, HOST);
	struct outcome what = { 0 };

	lab_kill(lab);
	assert_result(lab_install(lab, i, &what), BALANCER_E_UNREACHABLE, &what);
	assert_int_equal(what.kind, OUTCOME_LATER);
	lab_start(lab);
	install(lab, i);
}

static int
fail_verify(
    const struct installer *self UNUSED, const struct bundle *bundle UNUSED, struct outcome *what)
{
	outcome_set(what, OUTCOME_LATER, "the chain is incomplete");
	return 1;
}

static int
install_unverified(struct lab *lab, const struct identity *i, struct outcome *what)
{
	CLEAN(balancer_close) struct balancer *b = lab_open(lab);
	struct installer installer = { .pourer = &lab->pourer, .verify = fail_verify };

	return balancer_install(b, &i->bundle, &installer, what);
}

static void
what_does_not_verify_is_taken_back(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *old = identity(lab, HOST);
	CLEAN(lab_identity_free) struct identity *new = identity(lab, HOST);
	struct outcome what = { 0 };
	uint8_t sha256[32];

	assert_result(install_unverified(lab, old, &what), BALANCER_E_INVALID, &what);
	assert_non_null(strstr(what.words, "chain is incomplete"));
	assert_false(lab_serves(lab, HOST, sha256, NULL));
	assert_false(lab_has(lab, FILE_OF));
	install(lab, old);
	new->bundle.previous = &old->bundle;
	assert_result(install_unverified(lab, new, &what), BALANCER_E_INVALID, &what);
	assert_non_null(strstr(what.words, "previous"));
	assert_true(lab_serves_this(lab, old));
	assert_false(any_left_over(lab));
	restart(lab);
	assert_true(lab_serves_this(lab, old));
	/* served and durable: a test that fails takes nothing away */
	assert_result(install_unverified(lab, old, &what), BALANCER_E_INVALID, &what);
	assert_true(lab_serves_this(lab, old));
}

/* 2.2: of two certificates with the same name the first added wins; the filter keeps each to its
 * site. */
static void
certificates_that_share_names_serve_their_own_site(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free)
	struct identity *a = lab_identity(lab, "a.kunde.test", "b.kunde.test", 1, 0);
	CLEAN(lab_identity_free)
	struct identity *b = lab_identity(lab, "b.kunde.test", "a.kunde.test", 1, 0);

	install(lab, a);
	install(lab, b);
	assert_true(lab_serves_this(lab, a));
	assert_true(lab_serves_this(lab, b));
	restart(lab);
	assert_true(lab_serves_this(lab, a));
	assert_true(lab_serves_this(lab, b));
}

static void
another_backend_is_routed_and_kept(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *i = identity(lab, HOST);
	int pours;

	install(lab, i);
	pours = lab->pours;
	str_copy(STR("be_sharepoint"), i->backend, sizeof(i->backend));
	install(lab, i);
	assert_int_equal(lab->pours, pours);
	for (int k = 0; k < 2; k++) {
		CLEAN(buf_fini) struct buf body = BUF(65536);
		uint8_t sha256[32];

		assert_true(lab_serves(lab, HOST, sha256, &body));
		assert_true(str_ends(buf_str(&body), STR("be_sharepoint")));
		restart(lab);
	}
	assert_false(file_has(lab, "hosts.map", "be_owa"));
}

/* A machine that dies in file_add_line() leaves a part of a comment; the administrator has lines of
 * his own. */
static void
torn_and_foreign_lines_do_no_harm(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *i = identity(lab, HOST);

	assert_int_equal(
	    file_write(lab->config.crt_list, STR("# mine\n\n#/tmp/certs/owa.kun"), 0600), 0);
	assert_int_equal(
	    file_write(lab->config.hosts_map, STR("x.test be_default\n#owa.kun"), 0600), 0);
	restart(lab);
	install(lab, i);
	restart(lab);
	assert_true(lab_serves_this(lab, i));
	assert_true(file_has(lab, "list.txt", "# mine\n"));
	assert_true(file_has(lab, "hosts.map", "x.test be_default\n"));
}

/* HAProxy was restarted from a disk that has it, or somebody deleted it: drift is mended. */
static void
drift_is_mended(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *i = identity(lab, HOST);
	CLEAN(buf_fini) struct buf reply = BUF(1 << 20);
	uint8_t sha256[32];

	install(lab, i);
	lab_command(lab, &reply, "del ssl crt-list %s %s/%s.pem", lab->config.crt_list,
	    lab->config.certificates, HOST);
	lab_command(lab, &reply, "del ssl cert %s/%s.pem", lab->config.certificates, HOST);
	lab_command(lab, &reply, "del map %s %s", lab->config.hosts_map, HOST);
	assert_false(lab_serves(lab, HOST, sha256, NULL));
	install(lab, i);
	assert_true(lab_serves_this(lab, i));
	restart(lab);
	assert_true(lab_serves_this(lab, i));
}

static void
there_is_one_writer(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(balancer_close) struct balancer *first = lab_open(lab);
	struct balancer *second = NULL;
	struct outcome what = { 0 };

	assert_result(
	    balancer_open(&lab->config, world_real(), NULL, NULL, MILLIS(20), &second, &what),
	    BALANCER_E_BUSY, &what);
	first = balancer_close(first);
	lab->turns = queue_new();
	first = lab_open(lab);
	assert_result(
	    balancer_open(&lab->config, world_real(), NULL, lab->turns, MILLIS(20), &second, &what),
	    BALANCER_E_BUSY, &what);
	assert_result(
	    balancer_open(&lab->config, world_real(), NULL, NULL, MILLIS(20), &second, &what),
	    BALANCER_E_BUSY, &what);
	first = balancer_close(first);
	first = lab_open(lab);
}

struct racer {
	struct lab *lab;
	struct identity *identity[5];
	int failed;
};

static void *
race(void *context)
{
	struct racer *r = context;
	struct outcome what = { 0 };

	for (size_t k = 0; k < COUNT_OF(r->identity); k++)
		if (lab_install(r->lab, r->identity[k], &what))
			r->failed++;
	return NULL;
}

static void
let_them_race(struct lab *lab)
{
	struct racer racers[4] = { 0 };
	pthread_t threads[4];
	char host[64];

	for (size_t t = 0; t < COUNT_OF(racers); t++) {
		racers[t].lab = lab;
		for (size_t k = 0; k < COUNT_OF(racers[t].identity); k++) {
			snprintf(host, sizeof(host), "r%zu-%zu.kunde.test", t, k);
			racers[t].identity[k] = identity(lab, host);
		}
	}
	for (size_t t = 0; t < COUNT_OF(racers); t++)
		assert_int_equal(pthread_create(&threads[t], NULL, race, &racers[t]), 0);
	for (size_t t = 0; t < COUNT_OF(racers); t++)
		pthread_join(threads[t], NULL);
	for (size_t t = 0; t < COUNT_OF(racers); t++) {
		assert_int_equal(racers[t].failed, 0);
		for (size_t k = 0; k < COUNT_OF(racers[t].identity); k++) {
			assert_true(lab_serves_this(lab, racers[t].identity[k]));
			lab_identity_free(racers[t].identity[k]);
		}
	}
}

/* 2.7: without a lock three of 400 committed, and all three names were dead. */
static void
writers_in_threads_wait_for_each_other(void **state)
{
	let_them_race(lab_of(state));
}

static void
writers_in_threads_take_turns(void **state)
{
	struct lab *lab = lab_of(state);

	lab->turns = queue_new();
	let_them_race(lab);
}

static void
a_persist_that_fails_is_partial(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *i = identity(lab, HOST);
	struct outcome what = { 0 };
	char map[CONFIG_PATH_SIZE], aside[CONFIG_PATH_SIZE];

	lab_path(lab, "hosts.map", map);
	lab_path(lab, "aside", aside);
	assert_int_equal(rename(map, aside), 0);
	assert_int_equal(symlink("/nonexistent/hosts.map", map), 0);
	assert_result(lab_install(lab, i, &what), BALANCER_E_PARTIAL, &what);
	assert_true(lab_serves_this(lab, i));
	assert_int_equal(what.kind, OUTCOME_LATER);
	assert_int_equal(rename(aside, map), 0);
	install(lab, i);
	assert_result(lab_install(lab, i, &what), BALANCER_E_NOOP, &what);
}

static void
names_that_could_mean_more_are_refused(void **state)
{
	static const char *const bad[] = { "", "a b.test", "a;help.test", "../x", "a[b.test",
		"a\n.test", "a#b.test" };
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *i = identity(lab, HOST);
	struct outcome what = { 0 };

	for (size_t k = 0; k < COUNT_OF(bad); k++) {
		assert_true(
		    str_copy(str_of(bad[k]), i->bundle.name.text, sizeof(i->bundle.name.text)));
		assert_result(lab_install(lab, i, &what), BALANCER_E_INVALID, &what);
	}
	memset(i->bundle.name.text, 'a', 253);
	i->bundle.name.text[253] = '\0';
	assert_result(lab_install(lab, i, &what), BALANCER_E_CAPACITY, &what);
	str_copy(STR(HOST), i->bundle.name.text, sizeof(i->bundle.name.text));
	str_copy(STR("be;help"), i->backend, sizeof(i->backend));
	assert_result(lab_install(lab, i, &what), BALANCER_E_INVALID, &what);
}

static void
probe_tells_version_and_quirks(void **state)
{
	struct lab *lab = lab_of(state);
	CLEAN(lab_identity_free) struct identity *i = identity(lab, HOST);
	CLEAN(balancer_close) struct balancer *b = NULL;
	struct outcome what = { 0 };
	struct probe p;

	do_steps(lab, i, 1);
	b = lab_open(lab);
	assert_result(balancer_driver_of(b)->probe(b, &p, &what), 0, &what);
	assert_true(*p.version >= '2' && *p.version <= '9');
	assert_true(p.max_payload >= BUFSIZE - 1024);
	assert_non_null(strstr(p.words, "a transaction is open on "));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_installation_serves_and_survives_a_restart),
		TEST(replacing_loses_no_request),
		TEST(haproxy_dies_after_each_step_of_a_first),
		TEST(haproxy_dies_after_each_step_of_a_replacement),
		TEST(we_die_after_each_step),
		TEST(only_what_is_missing_is_done),
		TEST(a_transaction_left_by_our_crash_is_cleared),
		TEST(a_foreign_transaction_is_a_conflict),
		TEST(a_meddler_between_gets_nothing_of_ours),
		TEST(what_was_staged_is_read_back),
		TEST(half_a_payload_is_nothing),
		TEST(too_large_is_refused_before_anything_is_written),
		TEST(no_answer_is_ambiguous_not_failed),
		TEST(a_socket_that_is_gone_is_unreachable),
		TEST(what_does_not_verify_is_taken_back),
		TEST(certificates_that_share_names_serve_their_own_site),
		TEST(another_backend_is_routed_and_kept),
		TEST(torn_and_foreign_lines_do_no_harm),
		TEST(drift_is_mended),
		TEST(there_is_one_writer),
		TEST(writers_in_threads_wait_for_each_other),
		TEST(writers_in_threads_take_turns),
		TEST(a_persist_that_fails_is_partial),
		TEST(names_that_could_mean_more_are_refused),
		TEST(probe_tells_version_and_quirks),
	};

	return cmocka_run_group_tests_name("haproxy", tests, NULL, NULL);
}
