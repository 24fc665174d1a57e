/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load balancer of words: each step is a line in a journal, and nothing else happens. For trying
 * certdesk out before it may touch anything, and for its own tests. No key is asked for.
 *
 * The journal is the device: what a site has there is what its lines say, read from the first on.
 *     HOST VERB FINGERPRINT TIME WORDS        (FINGERPRINT: of certificate and chain)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "balancer/balancer_internal.h"
#include "balancer/material.h"
#include "balancer/plan.h"
#include "base/error.h"
#include "sys/file.h"

#define JOURNAL_MAX ((size_t)16 << 20)
#define MARK_SIZE   25
#define WITHDRAW    "withdraw"

struct dryrun {
	char journal[CONFIG_PATH_SIZE * 2];
	struct material_kept material;
};

/* What the lines of one site come to; "" = nothing. */
struct said {
	char staged[MARK_SIZE], active[MARK_SIZE], kept[MARK_SIZE];
	bool routed;
};

/* clang-format off */
static const struct plan_row rows[] = {
	{ PLAN_STAGE,    0, 0, PLAN_NONE, "{host}", "Would lay certificate and chain ready; the key stays with the keeper." },
	{ PLAN_CHECK,    0, 0, PLAN_NONE, "{host}", "Would read them back." },
	{ PLAN_ACTIVATE, 0, 0, PLAN_HOT,  "{host}", "Would serve {host} with them from here on." },
	{ PLAN_ROUTE,    0, 0, PLAN_HOT,  "{address} port {port}", "Would send requests for {host} to {backend}." },
	{ PLAN_VERIFY,   0, 0, PLAN_NONE, "{address} port {port}", "Would shake hands there; nothing is served, so nothing is proven." },
	{ PLAN_PERSIST,  0, 0, PLAN_NONE, "{name}", "Would save it for a restart." },
	{ PLAN_SETTLE,   0, 0, PLAN_NONE, "{name}", "Would remove what is left over." },
};
/* clang-format on */

static int
place(const struct config_balancer *config, const char *ending, char *to, size_t size)
{
	int len = snprintf(to, size, "%s/dryrun-%s.%s", config->lock_folder, config->name, ending);

	return *config->lock_folder && len > 0 && (size_t)len < size ? 0 : BALANCER_E_UNSUPPORTED;
}

static int
lock_file(const struct config_balancer *config, char *to, size_t size)
{
	return place(config, "lock", to, size);
}

static int
dryrun_open(struct balancer *b, struct outcome *what)
{
	struct dryrun *d = alloc_zero(sizeof(*d));
	int r = place(b->config, "journal", d->journal, sizeof(d->journal));

	d->material = MATERIAL_KEPT;
	b->self = d; /* dryrun_close() frees it */
	return r ? balancer_fail(what, r, "%s: there is no place for its journal", b->config->name)
	         : 0;
}

static void
dryrun_close(struct balancer *b)
{
	struct dryrun *d = b->self;

	if (!d)
		return;
	material_kept_fini(&d->material);
	free(d);
	b->self = NULL;
}

static int
dryrun_probe(struct balancer *b, struct probe *ret, struct outcome *what UNUSED)
{
	const struct dryrun *d = b->self;

	*ret = (struct probe){ .version = "dry run", .max_payload = SIZE_MAX };
	snprintf(ret->words, sizeof(ret->words), "nothing real; journal in %.200s", d->journal);
	return 0;
}

static int
mark_of(struct balancer *b, const struct bundle *bundle, char to[static MARK_SIZE],
    struct outcome *what)
{
	CLEAN(buf_fini) struct buf hex = BUF(2 * MARK_SIZE);
	struct dryrun *d = b->self;
	const struct material *m = NULL;
	int r = material_recall(&d->material, bundle, &m);

	if (r > 0)
		return balancer_fail(what, BALANCER_E_INVALID,
		    "%s: certificate and chain are not what they should be", b->config->name);
	if (r)
		return balancer_fatal(what, r, "the certificates");
	buf_put_hex(&hex, m->sha256, MARK_SIZE / 2);
	return str_copy(buf_str(&hex), to, MARK_SIZE) ? 0 : error_origin(EOVERFLOW);
}

static void
hear(struct said *said, struct str verb, struct str mark)
{
	if (str_eq(verb, STR(WITHDRAW)))
		*said = (struct said){ .routed = false };
	else if (str_eq(verb, str_of(plan_verb_name(PLAN_STAGE))))
		(void)str_copy(mark, said->staged, MARK_SIZE);
	else if (str_eq(verb, str_of(plan_verb_name(PLAN_ACTIVATE))))
		(void)str_copy(mark, said->active, MARK_SIZE);
	else if (str_eq(verb, str_of(plan_verb_name(PLAN_PERSIST))))
		(void)str_copy(mark, said->kept, MARK_SIZE);
	else if (str_eq(verb, str_of(plan_verb_name(PLAN_ROUTE))))
		said->routed = true;
}

static int
read_journal(
    struct balancer *b, const struct bundle *bundle, struct said *ret, struct outcome *what)
{
	CLEAN(buf_fini) struct buf text = BUF(JOURNAL_MAX);
	const struct dryrun *d = b->self;
	struct str rest, line, host, verb, mark;
	int r = file_read(d->journal, &text);

	*ret = (struct said){ .routed = false };
	if (r == FILE_E_TOO_LARGE)
		return balancer_fail(what, BALANCER_E_CAPACITY,
		    "%s is too long: remove it, and the dry run begins anew", d->journal);
	if (r && r != FILE_E_ABSENT)
		return balancer_fatal(what, error_fold(r), d->journal);
	rest = buf_str(&text);
	while (str_next(&rest, '\n', &line)) {
		line = str_trim(line);
		if (str_next(&line, ' ', &host) && str_eq(host, str_of(bundle->name.text)) &&
		    str_next(&line, ' ', &verb) && str_next(&line, ' ', &mark))
			hear(ret, verb, mark);
	}
	return 0;
}

static int
write_line(struct balancer *b, const struct bundle *bundle, const char *verb, const char *words,
    struct outcome *what)
{
	CLEAN(buf_fini) struct buf line = BUF(2048);
	const struct dryrun *d = b->self;
	char mark[MARK_SIZE], time[WHEN_RFC3339_SIZE];
	int r = mark_of(b, bundle, mark, what);

	if (r)
		return r;
	buf_printf(&line, "%s %s %s %s %s", bundle->name.text, verb, mark,
	    when_rfc3339(world_now(b->world), time), words);
	r = file_add_line(d->journal, buf_str(&line), 0600);
	return r ? balancer_fatal(what, error_fold(r), d->journal) : 0;
}

static void
fill(const struct balancer *b, const struct bundle *bundle, uint32_t due, struct plan *to)
{
	char address[ADDR_TEXT_SIZE], port[24];
	const struct plan_value values[] = { { "host", bundle->name.text },
		{ "address", addr_text(&bundle->address, address) }, { "port", port },
		{ "backend", bundle->backend }, { "name", b->config->name }, { NULL, NULL } };

	snprintf(port, sizeof(port), "%lld", (long long)b->config->https_port);
	plan_fill(to, due, 0, rows, COUNT_OF(rows), values);
}

static int
dryrun_plan(struct balancer *b, const struct bundle *bundle, const struct observation *seen,
    struct plan *ret, struct outcome *what UNUSED)
{
	fill(b, bundle, plan_due(seen), ret);
	return 0;
}

/* The journal says what the plan said. */
static int
write_step(
    struct balancer *b, const struct bundle *bundle, enum plan_verb verb, struct outcome *what)
{
	struct plan plan = { .count = 0 };

	fill(b, bundle, 1u << verb, &plan);
	return write_line(b, bundle, plan_verb_name(verb), plan.step[0].words, what);
}

static int
dryrun_observe(
    struct balancer *b, const struct bundle *bundle, struct observation *ret, struct outcome *what)
{
	char mark[MARK_SIZE];
	struct said said;
	int r = mark_of(b, bundle, mark, what);

	if (r == 0)
		r = read_journal(b, bundle, &said, what);
	if (r)
		return r;
	*ret = (struct observation){ .running = *said.active ? SERVED_ACTIVE : SERVED_NOT,
		.running_same = strcmp(said.active, mark) == 0,
		.on_disk = *said.kept,
		.disk_same = strcmp(said.kept, mark) == 0,
		.ready_same = strcmp(said.staged, mark) == 0,
		.routed = said.routed || !*bundle->backend };
	ret->disk_routed = ret->routed;
	snprintf(ret->words, sizeof(ret->words), "in the journal: %s%s, %s",
	    *said.active ? "served" : "not served", ret->running_same ? ", this one" : "",
	    ret->routed ? "routed" : "not routed");
	return 0;
}

static int
dryrun_stage(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer UNUSED,
    struct outcome *what)
{
	return write_step(b, bundle, PLAN_STAGE, what);
}

static int
dryrun_check(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct observation seen;
	int r = dryrun_observe(b, bundle, &seen, what);

	if (r || seen.ready_same)
		return r;
	return balancer_fail(
	    what, BALANCER_E_AMBIGUOUS, "%s: its journal lost what was staged", b->config->name);
}

static int
dryrun_activate(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	return write_step(b, bundle, PLAN_ACTIVATE, what);
}

static int
dryrun_route(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	return write_step(b, bundle, PLAN_ROUTE, what);
}

static int
dryrun_persist(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct observation seen;
	int r = dryrun_observe(b, bundle, &seen, what);

	if (r)
		return r;
	return seen.on_disk && seen.disk_same ? BALANCER_E_NOOP
	                                      : write_step(b, bundle, PLAN_PERSIST, what);
}

static int
dryrun_withdraw(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct said said;
	int r = read_journal(b, bundle, &said, what);

	if (r || (!*said.staged && !*said.active && !*said.kept && !said.routed))
		return r ? r : BALANCER_E_NOOP;
	return write_line(b, bundle, WITHDRAW, "Would take the site off.", what);
}

static int
dryrun_rollback(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct outcome *what)
{
	const struct bundle *previous = bundle->previous;
	int r;

	if (!previous)
		return dryrun_withdraw(b, bundle, what);
	r = dryrun_stage(b, previous, pourer, what);
	if (r == 0)
		r = dryrun_activate(b, previous, what);
	return r ? r : dryrun_persist(b, previous, what);
}

static int
dryrun_settle(
    struct balancer *b UNUSED, const struct bundle *bundle UNUSED, struct outcome *what UNUSED)
{
	return BALANCER_E_NOOP;
}

const struct balancer_driver dryrun_driver = {
	.name = "dryrun",
	.reach = REACH_NOTHING,
	.lock_file = lock_file,
	.open = dryrun_open,
	.close = dryrun_close,
	.probe = dryrun_probe,
	.observe = dryrun_observe,
	.plan = dryrun_plan,
	.stage = dryrun_stage,
	.check = dryrun_check,
	.activate = dryrun_activate,
	.route = dryrun_route,
	.persist = dryrun_persist,
	.rollback = dryrun_rollback,
	.withdraw = dryrun_withdraw,
	.settle = dryrun_settle,
};
