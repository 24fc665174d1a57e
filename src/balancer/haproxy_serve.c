/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps on the running HAProxy. Its certificate transaction is one for the whole process,
 * outlives the connection and, before 3.1, takes what is meant for another certificate: so the way
 * is cleared first, what was staged is read back before the commit, and after any failure nothing
 * stays open.
 */
#include "balancer/haproxy_internal.h"

#include "base/error.h"

#include <errno.h>

/* another tool's transaction is usually over in milliseconds */
#define FOREIGN_PATIENCE SECONDS(2)
#define FOREIGN_WAIT     MILLIS(50)
#define POUR_TRIES       3

bool
haproxy_routes(const struct balancer *b, const struct bundle *bundle)
{
	return *b->config->hosts_map && *bundle->backend;
}

int
haproxy_material(struct balancer *b, const struct bundle *bundle, const struct material **ret,
    struct outcome *what)
{
	struct haproxy *h = b->self;
	int r = material_recall(&h->material, bundle, ret);

	if (r > 0)
		return balancer_fail(what, BALANCER_E_INVALID,
		    "the certificate or its chain is not as it should be in our own store");
	return r ? balancer_fatal(what, r, "certificate") : 0;
}

int
haproxy_not_understood(struct balancer *b, struct str reply, struct outcome *what)
{
	reply = str_bytes(reply.p, reply.len < 300 ? reply.len : 300);
	return balancer_fail(what, BALANCER_E_BROKEN, "%s answers what we do not understand: %.*s",
	    b->config->name, STR_ARG(reply));
}

int
haproxy_show_cert(struct balancer *b, const char *mark, const struct haproxy_site *s,
    struct haproxy_cert *ret, struct outcome *what)
{
	CLEAN(buf_fini)
	struct buf reply = BUF(HAPROXY_REPLY_MAX), name = BUF(HAPROXY_PATH_SIZE + 1);
	int r;

	buf_printf(&name, "%s%s", mark, s->file);
	r = haproxy_do(b, HAPROXY_SHOW, &reply, what, "show ssl cert %s", buf_text(&name));
	if (r == 0 && !haproxy_cert_parse(buf_str(&reply), buf_str(&name), ret))
		r = haproxy_not_understood(b, buf_str(&reply), what);
	return r;
}

static bool
is_ours(const struct balancer *b, struct str file)
{
	struct str folder = str_of(b->config->certificates);

	return str_starts(file, folder) && str_starts(str_drop(file, folder.len), STR("/"));
}

/* On the way out of a failure that is told already. The name may come from a reply. */
static void
abort_one(struct balancer *b, struct str file)
{
	struct outcome ignored;
	int r = haproxy_is_plain(file) ? haproxy_do(b, HAPROXY_ABORT, NULL, &ignored,
					     "abort ssl cert %.*s", STR_ARG(file))
	                               : 0;

	(void)r;
}

static void
abort_ours(struct balancer *b, const struct haproxy_site *s)
{
	abort_one(b, str_of(s->file));
}

/* An open transaction on one of our files is left from a crash, as we hold the lock; one on another
 * is somebody at work. Asking to abort ours tells which it is, and does not grow with the number of
 * certificates. */
int
haproxy_clear_way(struct balancer *b, const struct haproxy_site *s, struct outcome *what)
{
	when deadline = world_ticks() + FOREIGN_PATIENCE;

	for (;;) {
		CLEAN(buf_fini) struct buf reply = BUF(HAPROXY_REPLY_MAX);
		struct str file = STR("");
		int r = haproxy_do(b, HAPROXY_ABORT, &reply, what, "abort ssl cert %s", s->file);

		if (r != BALANCER_E_CONFLICT)
			return r == BALANCER_E_NOOP ? 0 : r;
		if (haproxy_transaction_in(buf_str(&reply), &file) && is_ours(b, file))
			abort_one(b, file);
		else if (world_ticks() < deadline)
			balancer_wait(FOREIGN_WAIT);
		if (world_ticks() >= deadline)
			return balancer_fail(what, BALANCER_E_CONFLICT,
			    "%s: somebody else has an open certificate transaction on %.*s; it has to be committed or aborted",
			    b->config->name, STR_ARG(file));
	}
}

static int
make_store(struct balancer *b, const struct haproxy_site *s, struct outcome *what)
{
	struct haproxy_cert c = { 0 };
	int r = haproxy_show_cert(b, "", s, &c, what);

	if (r == 0 && c.status == HAPROXY_CERT_ABSENT)
		r = haproxy_do(b, HAPROXY_NEW, NULL, what, "new ssl cert %s", s->file);
	return r == BALANCER_E_NOOP ? 0 : r;
}

/* Ours may have gone into a transaction that somebody opened in between: whoever committed it would
 * serve our certificate to another's visitors, so it has to go, whosever it is. */
static void
abort_mixed(struct balancer *b, const struct haproxy_site *s, struct str reply)
{
	struct str file;

	if (haproxy_transaction_in(reply, &file))
		abort_one(b, file);
	abort_ours(b, s);
}

static int
set_cert(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    const struct haproxy_site *s, const struct material *m, struct outcome *what)
{
	CLEAN(buf_fini) struct buf before = BUF(MATERIAL_PEM_MAX + HAPROXY_PATH_SIZE + 32);
	CLEAN(buf_fini) struct buf reply = BUF(65536);
	int r = BALANCER_E_BUSY;

	buf_printf(&before, "set ssl cert %s <<\n", s->file);
	buf_put_str(&before, buf_str(&m->pem));
	if (buf_failed(&before))
		return balancer_fatal(what, error_origin(EFBIG), s->file);
	for (int i = 0; i < POUR_TRIES && r == BALANCER_E_BUSY; i++) {
		if (i > 0)
			balancer_wait(FOREIGN_WAIT);
		buf_clear(&reply);
		r = haproxy_pour(b, bundle, pourer, buf_str(&before), &reply, what);
	}
	if (r)
		abort_mixed(b, s, buf_str(&reply));
	return r;
}

/* Nothing of it is served yet; what remains of a failure here is inert. */
static void
unstage(struct balancer *b, const struct bundle *bundle, const struct haproxy_site *s)
{
	struct haproxy_cert c = { 0 };
	struct outcome ignored;
	int r;

	abort_ours(b, s);
	r = haproxy_show_cert(b, "", s, &c, &ignored);
	if (r == 0 && (c.status == HAPROXY_CERT_EMPTY || c.status == HAPROXY_CERT_UNUSED))
		r = haproxy_do(b, HAPROXY_DEL_CERT, NULL, &ignored, "del ssl cert %s", s->file);
	if (r == 0)
		r = haproxy_disk_unstage(b, bundle, &ignored);
	(void)r; /* the failure itself is told; this is tried again with the next installation */
}

static bool
is_final(int r)
{
	return r == BALANCER_E_INVALID || r == BALANCER_E_CAPACITY || r == BALANCER_E_CONFLICT ||
	       r == BALANCER_E_BROKEN;
}

int
haproxy_stage_running(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    const struct haproxy_site *s, const struct material *m, struct outcome *what)
{
	int r = haproxy_clear_way(b, s, what);

	if (r == 0)
		r = make_store(b, s, what);
	return r ? r : set_cert(b, bundle, pourer, s, m, what);
}

int
haproxy_stage(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct outcome *what)
{
	const struct material *m = NULL;
	struct haproxy_site s;
	int r = haproxy_site_of(b, bundle, &s, what);

	if (r == 0)
		r = haproxy_material(b, bundle, &m, what);
	if (r == 0)
		r = haproxy_disk_stage(b, bundle, pourer, buf_str(&m->pem), what);
	if (r)
		return r;
	r = haproxy_stage_running(b, bundle, pourer, &s, m, what);
	if (is_final(r))
		unstage(b, bundle, &s);
	return r;
}

static bool
is_leaf(const struct haproxy_cert *c, const struct material *m)
{
	return c->status >= HAPROXY_CERT_UNUSED &&
	       memcmp(c->sha1, m->leaf_sha1, sizeof(m->leaf_sha1)) == 0;
}

/* HAProxy says Success also where it stored into another's transaction, or (2.6) dropped a chain it
 * could not read. */
int
haproxy_check(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	const struct material *m = NULL;
	struct haproxy_cert c = { 0 };
	struct haproxy_site s;
	int r = haproxy_site_of(b, bundle, &s, what);

	if (r)
		return r;
	r = haproxy_material(b, bundle, &m, what);
	if (r == 0)
		r = haproxy_show_cert(b, "*", &s, &c, what);
	if (r) {
		abort_ours(b, &s);
		return r;
	}
	if (!is_leaf(&c, m))
		r = balancer_fail(what, BALANCER_E_CONFLICT,
		    "%s: what is staged for %s is not what we sent: somebody else writes there, too",
		    b->config->name, s.host);
	else if (c.chain_count < m->chain_count)
		r = balancer_fail(what, BALANCER_E_BROKEN,
		    "%s took %zu of the chain's %zu certificates for %s", b->config->name,
		    c.chain_count, m->chain_count, s.host);
	if (r)
		unstage(b, bundle, &s);
	return r;
}

/* With the host as filter: a certificate also names hosts of other sites, and the first one added
 * would win there. Adding twice would make two entries; but what is in a list that a bind line uses
 * is Used, so looking through the list, 12 ms with 10,000 sites, tells nothing that the status did
 * not. */
static int
list_it(struct balancer *b, const struct haproxy_site *s, struct outcome *what)
{
	return haproxy_do(b, HAPROXY_ADD_LIST, NULL, what, "add ssl crt-list %s <<\n%s %s\n",
	    b->config->crt_list, s->file, s->host);
}

/* Served from here on. */
static int
use_it(struct balancer *b, const struct haproxy_site *s, const struct material *m,
    struct outcome *what)
{
	struct haproxy_cert c = { 0 };
	int r = haproxy_show_cert(b, "", s, &c, what);

	if (r == 0 && is_leaf(&c, m) && c.status == HAPROXY_CERT_UNUSED) {
		r = list_it(b, s, what);
		if (r == 0)
			r = haproxy_show_cert(b, "", s, &c, what);
	}
	if (r)
		return r;
	if (!is_leaf(&c, m))
		return balancer_fail(what, BALANCER_E_AMBIGUOUS,
		    "%s does not have the certificate of %s that we committed", b->config->name,
		    s->host);
	if (c.status != HAPROXY_CERT_USED)
		return balancer_fail(what, BALANCER_E_BROKEN,
		    "%s serves nothing from the list %s: no bind line uses it", b->config->name,
		    b->config->crt_list);
	return 0;
}

/* A commit without an answer, or without a transaction, may have been done before: use_it() looks.
 */
int
haproxy_activate(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	const struct material *m = NULL;
	struct haproxy_site s;
	int r = haproxy_site_of(b, bundle, &s, what);

	if (r == 0)
		r = haproxy_material(b, bundle, &m, what);
	if (r)
		return r;
	r = haproxy_do(b, HAPROXY_COMMIT, NULL, what, "commit ssl cert %s", s.file);
	if (r == 0 || r == BALANCER_E_AMBIGUOUS)
		r = use_it(b, &s, m, what);
	if (is_final(r))
		unstage(b, bundle, &s);
	else if (r)
		abort_ours(b, &s);
	return r;
}

int
haproxy_show_route(struct balancer *b, const struct bundle *bundle, const struct haproxy_site *s,
    enum haproxy_route *ret, struct outcome *what)
{
	CLEAN(buf_fini) struct buf reply = BUF(HAPROXY_REPLY_MAX);
	int r = haproxy_do(
	    b, HAPROXY_SHOW, &reply, what, "get map %s %s", b->config->hosts_map, s->host);

	if (r == 0 &&
	    !haproxy_route_parse(buf_str(&reply), str_of(s->host), str_of(bundle->backend), ret))
		r = haproxy_not_understood(b, buf_str(&reply), what);
	return r;
}

/* `add map` of what is there makes a second entry behind the first, which goes on to win. */
int
haproxy_route(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	enum haproxy_route route = HAPROXY_ROUTE_SAME;
	struct haproxy_site s;
	int r = haproxy_site_of(b, bundle, &s, what);

	if (r == 0 && haproxy_routes(b, bundle))
		r = haproxy_show_route(b, bundle, &s, &route, what);
	if (r)
		return r;
	if (route == HAPROXY_ROUTE_SAME)
		return BALANCER_E_NOOP;
	r = haproxy_do(b, HAPROXY_MAP, NULL, what, "%s map %s %s %s",
	    route == HAPROXY_ROUTE_ABSENT ? "add" : "set", b->config->hosts_map, s.host,
	    bundle->backend);
	return r == BALANCER_E_NOOP ? balancer_fail(what, BALANCER_E_AMBIGUOUS,
					  "%s: the entry of %s in %s went away under our hands",
					  b->config->name, s.host, b->config->hosts_map)
	                            : r;
}
