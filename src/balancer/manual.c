/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load balancer that people drive. What they need is laid into one folder: certificate, chain,
 * the key (poured by the keeper, mode 0600), and the steps in words. `activate` ends with BY_HAND:
 * the order rests until somebody says that it is done. What is served is then seen by a handshake
 * at the site's address (pourer->look), and by nothing else; once it is seen, the files go.
 *
 * The key is written last and removed first, so a key never lies beside another's certificate.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "balancer/balancer_internal.h"
#include "balancer/material.h"
#include "balancer/plan.h"
#include "base/error.h"
#include "sys/file.h"

#define FILE_SIZE   (CONFIG_PATH_SIZE + CONFIG_HOST_SIZE + 32)
#define KEY_MODE    0600
#define PUBLIC_MODE 0640
#define KEY_MOST    ((size_t)64 * 1024)

enum paper { PAPER_KEY, PAPER_CERTIFICATE, PAPER_CHAIN, PAPER_STEPS, PAPER_MAX };

/* In the order in which they are removed. */
static const char *const endings[] = {
	[PAPER_KEY] = "key",
	[PAPER_CERTIFICATE] = "crt",
	[PAPER_CHAIN] = "chain.crt",
	[PAPER_STEPS] = "steps.txt",
};
static_assert(COUNT_OF(endings) == PAPER_MAX, "an ending for each paper");

struct manual {
	struct material_kept material;
	char seen[200]; /* at the last look */
};

struct papers {
	char file[PAPER_MAX][FILE_SIZE];
};

enum { /* facts */
	CHAIN = 1 << 0,
	REPLACES = 1 << 1, /* something good is served today */
	ROUTED = 1 << 2,   /* to a backend we know the name of */
};

/* clang-format off */
static const struct plan_row rows[] = {
	{ PLAN_STAGE,    0,        0,        PLAN_NONE, "{crt}", "The certificate (PEM), SHA-256 {sha256}." },
	{ PLAN_STAGE,    CHAIN,    0,        PLAN_NONE, "{chain}", "Its chain (PEM), in the order in which it is served, without the root." },
	{ PLAN_STAGE,    0,        0,        PLAN_NONE, "{key}", "The private key (PEM), mode 0600. Copy it by an encrypted way, leave no copy anywhere. certdesk removes this file once the site is proven." },
	{ PLAN_CHECK,    0,        0,        PLAN_NONE, "{stem}.crt, {stem}.key", "Where you take them to, both must print the same: openssl x509 -noout -pubkey -in {stem}.crt; openssl pkey -pubout -in {stem}.key" },
	{ PLAN_ACTIVATE, 0,        REPLACES, PLAN_HOT,  "{name}: {host} at {address} port {port}", "Serve the site there, chosen by its name (SNI), with certificate, chain and key from these files." },
	{ PLAN_ACTIVATE, REPLACES, 0,        PLAN_DISRUPTIVE, "{name}: {host} at {address} port {port}", "Replace certificate, chain and key of the site by these, all in one change if your load balancer can; keep the old ones until the new ones are proven." },
	{ PLAN_ACTIVATE, ROUTED,   0,        PLAN_NONE, "{name}: {backend}", "The site's requests go there." },
	{ PLAN_VERIFY,   0,        0,        PLAN_NONE, "{address} port {port}", "Say: certdesk order done {host}. Then certdesk shakes hands there as a visitor; it either sees this certificate, or says what it sees and waits again." },
	{ PLAN_PERSIST,  0,        0,        PLAN_NONE, "{name}", "Save the load balancer's configuration, on each of its units, so that a restart serves the same." },
	{ PLAN_SETTLE,   0,        0,        PLAN_NONE, "{key}", "certdesk removes the files, the key first." },
};
/* clang-format on */

static int
lock_file(const struct config_balancer *config, char *to, size_t size)
{
	int len = snprintf(to, size, "%s/manual-%s.lock", config->lock_folder, config->name);

	return *config->lock_folder && *config->folder && len > 0 && (size_t)len < size
	           ? 0
	           : BALANCER_E_UNSUPPORTED;
}

static int
manual_open(struct balancer *b, struct outcome *what)
{
	struct manual *m = alloc_zero(sizeof(*m));

	m->material = MATERIAL_KEPT;
	b->self = m; /* manual_close() frees it */
	return b->pourer && b->pourer->look
	           ? 0
	           : balancer_fail(what, BALANCER_E_UNSUPPORTED,
			 "%s: nobody is there to look what is served", b->config->name);
}

static void
manual_close(struct balancer *b)
{
	struct manual *m = b->self;

	if (!m)
		return;
	material_kept_fini(&m->material);
	free(m);
	b->self = NULL;
}

static int
manual_probe(struct balancer *b, struct probe *ret, struct outcome *what UNUSED)
{
	*ret = (struct probe){ .version = "people", .max_payload = KEY_MOST };
	snprintf(ret->words, sizeof(ret->words), "what they need is laid into %.200s",
	    b->config->folder);
	return 0;
}

/* A host name is letters, digits, '-' and '.', but for the star of a wildcard. */
static const char *
stem_of(const struct bundle *bundle, char to[static CONFIG_HOST_SIZE + 8])
{
	bool star = bundle->name.text[0] == '*';

	snprintf(
	    to, CONFIG_HOST_SIZE + 8, "%s%s", star ? "wildcard" : "", bundle->name.text + star);
	return to;
}

static void
papers_of(const struct balancer *b, const struct bundle *bundle, struct papers *ret)
{
	char stem[CONFIG_HOST_SIZE + 8];

	stem_of(bundle, stem);
	for (int p = 0; p < PAPER_MAX; p++)
		snprintf(ret->file[p], FILE_SIZE, "%s/%s.%s", b->config->folder, stem, endings[p]);
}

static int
recall(struct balancer *b, const struct bundle *bundle, const struct material **ret,
    struct outcome *what)
{
	struct manual *m = b->self;
	int r = material_recall(&m->material, bundle, ret);

	if (r > 0)
		return balancer_fail(what, BALANCER_E_INVALID,
		    "%s: certificate and chain are not what they should be", b->config->name);
	return r ? balancer_fatal(what, r, "the certificates") : 0;
}

static struct str
content_of(const struct material *m, enum paper paper)
{
	struct str leaf = material_leaf(m);

	return paper == PAPER_CERTIFICATE ? leaf : str_drop(buf_str(&m->pem), leaf.len);
}

static int
read_paper(const char *path, struct buf *to, bool *ret_there, struct outcome *what)
{
	int r = file_read(path, to);

	*ret_there = r == 0;
	return r && r != FILE_E_ABSENT ? balancer_fatal(what, error_fold(r), path) : 0;
}

/* Of the key's file it is enough that it is there: it comes last, and goes before what it belongs
 * to changes. */
static int
is_laid(struct balancer *b, const struct bundle *bundle, const struct papers *papers, bool *ret,
    struct outcome *what)
{
	const struct material *m = NULL;
	struct file_stamp stamp;
	int r = recall(b, bundle, &m, what);

	*ret = r == 0 && file_stamp(papers->file[PAPER_KEY], &stamp) == 0;
	for (int p = PAPER_CERTIFICATE; r == 0 && *ret && p <= PAPER_CHAIN; p++) {
		CLEAN(buf_fini) struct buf text = BUF(MATERIAL_PEM_MAX);

		r = read_paper(papers->file[p], &text, ret, what);
		*ret = *ret && str_eq(buf_str(&text), content_of(m, (enum paper)p));
	}
	return r;
}

static int
remove_papers(const struct papers *papers, bool *ret_any, struct outcome *what)
{
	*ret_any = false;
	for (int p = 0; p < PAPER_MAX; p++) {
		struct file_stamp stamp;
		int r = file_stamp(papers->file[p], &stamp);

		*ret_any |= r == 0;
		if (r == 0)
			r = file_remove(papers->file[p]);
		if (r && r != FILE_E_ABSENT)
			return balancer_fatal(what, error_fold(r), papers->file[p]);
	}
	return 0;
}

/* *ret: the bundle is what visitors get. */
static int
look(struct balancer *b, const struct bundle *bundle, bool *ret, struct outcome *what)
{
	struct manual *m = b->self;
	char address[ADDR_TEXT_SIZE];
	struct outcome seen = { .kind = OUTCOME_DONE };
	int r = b->pourer->look(b->pourer, bundle, &seen);

	if (r < 0)
		return balancer_fatal(what, r, "looking at the site");
	*ret = r == 0;
	snprintf(m->seen, sizeof(m->seen), "at %s port %lld: %.120s",
	    addr_text(&bundle->address, address), (long long)b->config->https_port,
	    r == 0 ? "this certificate is served" : seen.words);
	return 0;
}

/* Visitors have what they shall have, and yet something is to be done while files lie there. */
static int
manual_observe(
    struct balancer *b, const struct bundle *bundle, struct observation *ret, struct outcome *what)
{
	const struct manual *m = b->self;
	struct papers papers;
	struct file_stamp stamp;
	bool same = false;
	int r = look(b, bundle, &same, what);

	if (r)
		return r;
	papers_of(b, bundle, &papers);
	*ret = (struct observation){ .running = same ? SERVED_ACTIVE : SERVED_NOT,
		.running_same = same,
		.ready_same = same,
		.on_disk = same,
		.disk_same = same && file_stamp(papers.file[PAPER_KEY], &stamp) == FILE_E_ABSENT,
		.routed = true,
		.disk_routed = true };
	snprintf(ret->words, sizeof(ret->words), "%.200s", m->seen);
	return 0;
}

static int
manual_plan(struct balancer *b, const struct bundle *bundle, const struct observation *seen,
    struct plan *ret, struct outcome *what UNUSED)
{
	CLEAN(buf_fini) struct buf sha256 = BUF(80);
	char address[ADDR_TEXT_SIZE], port[24], stem[CONFIG_HOST_SIZE + 8];
	struct papers papers;
	uint32_t facts = (bundle->chain.len > 0 ? CHAIN : 0) | (bundle->previous ? REPLACES : 0) |
	                 (*bundle->backend ? ROUTED : 0);

	papers_of(b, bundle, &papers);
	buf_put_hex(&sha256, bundle->leaf_sha256, sizeof(bundle->leaf_sha256));
	snprintf(port, sizeof(port), "%lld", (long long)b->config->https_port);
	plan_fill(ret, plan_due(seen), facts, rows, COUNT_OF(rows),
	    (const struct plan_value[]){ { "crt", papers.file[PAPER_CERTIFICATE] },
		{ "chain", papers.file[PAPER_CHAIN] }, { "key", papers.file[PAPER_KEY] },
		{ "stem", stem_of(bundle, stem) }, { "host", bundle->name.text },
		{ "sha256", buf_text(&sha256) }, { "name", b->config->name },
		{ "backend", bundle->backend }, { "address", addr_text(&bundle->address, address) },
		{ "port", port }, { NULL, NULL } });
	return 0;
}

static int
write_steps(struct balancer *b, const struct bundle *bundle, const char *path, struct outcome *what)
{
	static const struct observation nothing = { .routed = true, .disk_routed = true };
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);
	struct plan plan = { .count = 0 };
	int r = manual_plan(b, bundle, &nothing, &plan, what);

	if (r)
		return r;
	buf_printf(&text, "%s on %s, by hand\n\n", bundle->name.text, b->config->name);
	plan_text(&plan, &text);
	r = file_write(path, buf_str(&text), PUBLIC_MODE);
	return r ? balancer_fatal(what, r, path) : 0;
}

static int
pour_key(const struct bundle *bundle, const struct pourer *pourer, const char *path,
    struct outcome *what)
{
	int fd, r = file_make(path, KEY_MODE, &fd);

	if (r)
		return balancer_fatal(what, error_fold(r), path);
	r = pourer->pour(pourer, bundle, fd, false, STR(""), STR(""), KEY_MOST, what);
	if (r) {
		file_forget(path, fd);
		return r;
	}
	r = file_keep(path, fd);
	return r ? balancer_fatal(what, error_fold(r), path) : 0;
}

static int
lay(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    const struct papers *papers, struct outcome *what)
{
	const struct material *m = NULL;
	bool any;
	int r = recall(b, bundle, &m, what);

	if (r == 0)
		r = remove_papers(papers, &any, what);
	for (int p = PAPER_CERTIFICATE; r == 0 && p <= PAPER_CHAIN; p++) {
		r = file_write(papers->file[p], content_of(m, (enum paper)p), PUBLIC_MODE);
		if (r)
			return balancer_fatal(what, error_fold(r), papers->file[p]);
	}
	if (r == 0)
		r = write_steps(b, bundle, papers->file[PAPER_STEPS], what);
	return r ? r : pour_key(bundle, pourer, papers->file[PAPER_KEY], what);
}

static int
manual_stage(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct outcome *what)
{
	struct papers papers;
	bool laid = false;
	int r;

	papers_of(b, bundle, &papers);
	r = is_laid(b, bundle, &papers, &laid, what);
	if (r || laid)
		return r ? r : BALANCER_E_NOOP;
	return lay(b, bundle, pourer, &papers, what);
}

static int
manual_check(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct papers papers;
	bool laid = false;
	int r;

	papers_of(b, bundle, &papers);
	r = is_laid(b, bundle, &papers, &laid, what);
	if (r || laid)
		return r;
	return balancer_fail(what, BALANCER_E_AMBIGUOUS,
	    "%s: somebody else changes the files in %s", b->config->name, b->config->folder);
}

/* Not served, or nobody would have asked. */
static int
manual_activate(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	const struct manual *m = b->self;
	struct papers papers;

	papers_of(b, bundle, &papers);
	return balancer_fail(what, BALANCER_E_BY_HAND,
	    "Waits for somebody to install it by hand as %.150s says; then: certdesk order done %.100s. Seen now %s",
	    papers.file[PAPER_STEPS], bundle->name.text, m->seen);
}

static int
nothing_to_do(
    struct balancer *b UNUSED, const struct bundle *bundle UNUSED, struct outcome *what UNUSED)
{
	return BALANCER_E_NOOP;
}

static int
manual_settle(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct papers papers;
	bool any;
	int r;

	papers_of(b, bundle, &papers);
	r = remove_papers(&papers, &any, what);
	return r || any ? r : BALANCER_E_NOOP;
}

static int
manual_withdraw(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	bool served = false;
	int settled = manual_settle(b, bundle, what), r = settled;

	if (r == 0 || r == BALANCER_E_NOOP)
		r = look(b, bundle, &served, what);
	if (r)
		return r;
	if (served)
		return balancer_fail(what, BALANCER_E_BY_HAND,
		    "Waits for somebody to take %.200s off %s by hand: its certificate is served still",
		    bundle->name.text, b->config->name);
	return settled;
}

static int
manual_rollback(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct outcome *what)
{
	const struct bundle *previous = bundle->previous;
	const struct manual *m = b->self;
	struct papers papers;
	bool served = false;
	int r;

	if (!previous)
		return manual_withdraw(b, bundle, what);
	r = look(b, previous, &served, what);
	if (r == 0 && served)
		return manual_settle(b, previous, what);
	if (r == 0)
		r = manual_stage(b, previous, pourer, what);
	if (r && r != BALANCER_E_NOOP)
		return r;
	papers_of(b, previous, &papers);
	return balancer_fail(what, BALANCER_E_BY_HAND,
	    "Waits for somebody to put the previous certificate back by hand, as %.150s says. Seen now %s",
	    papers.file[PAPER_STEPS], m->seen);
}

const struct balancer_driver manual_driver = {
	.name = "manual",
	.reach = REACH_PEOPLE,
	.lock_file = lock_file,
	.open = manual_open,
	.close = manual_close,
	.probe = manual_probe,
	.observe = manual_observe,
	.plan = manual_plan,
	.stage = manual_stage,
	.check = manual_check,
	.activate = manual_activate,
	.route = nothing_to_do, /* in the steps */
	.persist = nothing_to_do,
	.rollback = manual_rollback,
	.withdraw = manual_withdraw,
	.settle = manual_settle,
};
