/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HAProxy 2.6 and newer, through its runtime socket: certificates come and go without a reload,
 * which would cost a millisecond of CPU for each of them. What runs and what is on disk are two
 * states; both are kept.
 *
 * One wildcard bind line (packaging/haproxy/haproxy.cfg.example) serves all addresses and chooses
 * by SNI, so there is nothing to do for an address: every further bind line would hold a copy of
 * every certificate.
 *
 * Names: FILE is `<certificates>/<host>.pem` (2.6 cannot replace one that ends in .crt). It, its
 * crt-list entry and its map entry are ours; all else in those files is not touched.
 */
#include "balancer/haproxy_internal.h"

#include "base/error.h"
#include "sys/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define NEWEST       99999
#define NAME_BYTES   255 /* of a file, with ".pem.next.new" */
#define PAYLOAD_FROM 304 /* 3.4: tune.cli.max-payload-size, 128 kB by default */
#define PAYLOAD_MAX  ((size_t)128 * 1024)
#define RESERVE      1024 /* exactly tune.bufsize bytes make 2.6 abort */

struct quirk {
	unsigned from, before; /* major * 100 + minor */
	const char *words;
};

/* clang-format off */
static const struct quirk quirks[] = {
	{ 0,   207,    "drops a chain that it cannot read without a word" },
	{ 0,   300,    "says nothing to a payload that is too large" },
	{ 0,   301,    "mixes two writers' certificates" },
	{ 0,   304,    "leaks 13 to 25 kB with each site that is added and removed: reload it now and then" },
	{ 304, NEWEST, "may lock its certificates for good if others write, too: a reload frees it" },
};
/* clang-format on */

static unsigned
number_of(const struct haproxy_version *v)
{
	return v->major * 100 + v->minor;
}

bool
haproxy_is_plain(struct str s)
{
	static const char good[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+";

	for (size_t i = 0; i < s.len; i++)
		if (!memchr(good, s.p[i], sizeof(good) - 1))
			return false;
	return s.len > 0;
}

static bool
is_path(const char *s)
{
	return *s == '/' && haproxy_is_plain(str_of(s));
}

int
haproxy_site_of(const struct balancer *b, const struct bundle *bundle, struct haproxy_site *ret,
    struct outcome *what)
{
	const char *host = bundle->name.text;
	int len =
	    snprintf(ret->file, sizeof(ret->file), "%s/%s.pem", b->config->certificates, host);

	if (!haproxy_is_plain(str_of(host)) || strchr(host, '/') ||
	    (*bundle->backend && !haproxy_is_plain(str_of(bundle->backend))))
		return balancer_fail(what, BALANCER_E_INVALID,
		    "'%.100s' or its backend '%.100s' is no name that HAProxy can take", host,
		    bundle->backend);
	if (len < 0 || (size_t)len + strlen(".next.new") >= sizeof(ret->file) ||
	    strlen(host) + strlen(".pem.next.new") > NAME_BYTES)
		return balancer_fail(what, BALANCER_E_CAPACITY,
		    "%.100s… is too long for the name of its file", host);
	snprintf(ret->next, sizeof(ret->next), "%.*s.next", len, ret->file);
	ret->host = host;
	return 0;
}

static int
lock_file(const struct config_balancer *config, char *to, size_t size)
{
	bool good = is_path(config->socket) && is_path(config->crt_list) &&
	            is_path(config->certificates) &&
	            (!*config->hosts_map || is_path(config->hosts_map));
	int len = snprintf(to, size, "%s/.certdesk.lock", config->certificates);

	return good && config->bufsize > RESERVE && len > 0 && (size_t)len < size
	           ? 0
	           : BALANCER_E_UNSUPPORTED;
}

static int
learn_version(struct balancer *b, struct haproxy *h, struct outcome *what)
{
	CLEAN(buf_fini) struct buf reply = BUF(HAPROXY_REPLY_MAX);
	int r = haproxy_do(b, HAPROXY_SHOW, &reply, what, "show version");

	if (r)
		return r;
	if (!haproxy_version_parse(buf_str(&reply), &h->version))
		return balancer_fail(
		    what, BALANCER_E_BROKEN, "%s does not tell its version", b->config->name);
	if (number_of(&h->version) < 206)
		return balancer_fail(what, BALANCER_E_UNSUPPORTED,
		    "%s is HAProxy %s; 2.6 is needed", b->config->name, h->version.text);
	h->max_payload = (size_t)b->config->bufsize - RESERVE;
	if (number_of(&h->version) >= PAYLOAD_FROM && h->max_payload < PAYLOAD_MAX - RESERVE)
		h->max_payload = PAYLOAD_MAX - RESERVE;
	return 0;
}

static int
haproxy_open(struct balancer *b, struct outcome *what)
{
	struct haproxy *h = alloc_zero(sizeof(*h));

	*h = (struct haproxy){ .material = MATERIAL_KEPT,
		.list = { .path = b->config->crt_list, .value = BUF(HAPROXY_LIST_MAX) },
		.map = { .path = b->config->hosts_map, .value = BUF(HAPROXY_LIST_MAX) } };
	b->self = h; /* haproxy_close() frees it */
	return learn_version(b, h, what);
}

static void
haproxy_close(struct balancer *b)
{
	struct haproxy *h = b->self;

	if (!h) /* not even the lock was free */
		return;
	material_kept_fini(&h->material);
	buf_fini(&h->list.value);
	buf_fini(&h->map.value);
	free(h);
	b->self = NULL;
}

static void
put_quirks(const struct haproxy_version *v, struct buf *to)
{
	for (size_t i = 0; i < COUNT_OF(quirks); i++)
		if (number_of(v) >= quirks[i].from && number_of(v) < quirks[i].before)
			buf_printf(to, "; %s", quirks[i].words);
}

/* A text that may be cut. */
static void
keep_words(const struct buf *words, char *to, size_t size)
{
	snprintf(to, size, "%s", buf_text(words));
}

static int
haproxy_probe(struct balancer *b, struct probe *ret, struct outcome *what)
{
	CLEAN(buf_fini)
	struct buf info = BUF(HAPROXY_REPLY_MAX), certs = BUF(HAPROXY_REPLY_MAX), words = BUF(4096);
	const struct haproxy *h = b->self;
	struct probe p = { .max_payload = h->max_payload };
	struct str open;
	int r = haproxy_do(b, HAPROXY_SHOW, &info, what, "show info");

	if (r == 0)
		r = haproxy_do(b, HAPROXY_SHOW, &certs, what, "show ssl cert");
	if (r)
		return r;
	open = haproxy_open_transaction(buf_str(&certs));
	buf_printf(&words, "up %.*s s, %.*s TLS sessions",
	    STR_ARG(haproxy_info(buf_str(&info), STR("Uptime_sec"))),
	    STR_ARG(haproxy_info(buf_str(&info), STR("CurrSslConns"))));
	if (open.len > 0)
		buf_printf(&words, "; a transaction is open on %.*s", STR_ARG(open));
	put_quirks(&h->version, &words);
	snprintf(p.version, sizeof(p.version), "%s", h->version.text);
	keep_words(&words, p.words, sizeof(p.words));
	*ret = p;
	return 0;
}

static void
describe(struct observation *o, const struct haproxy_cert *c, const struct haproxy_disk *d)
{
	static const char *const states[] = {
		[HAPROXY_CERT_ABSENT] = "not known",
		[HAPROXY_CERT_EMPTY] = "empty",
		[HAPROXY_CERT_UNUSED] = "loaded, not served",
		[HAPROXY_CERT_USED] = "served",
	};

	snprintf(o->words, sizeof(o->words), "running: %s%s, %s; on disk: %s%s, %s",
	    states[c->status], o->running_same ? ", this one" : "",
	    o->routed ? "routed" : "not routed", d->listed ? "listed" : "not listed",
	    o->disk_same ? ", this one" : "", d->routed ? "routed" : "not routed");
}

static int
observe_running(struct balancer *b, const struct bundle *bundle, const struct haproxy_site *s,
    struct haproxy_cert *ret, struct observation *o, struct outcome *what)
{
	const struct material *m = NULL;
	enum haproxy_route route = HAPROXY_ROUTE_SAME;
	int r = haproxy_material(b, bundle, &m, what);

	if (r == 0)
		r = haproxy_show_cert(b, "", s, ret, what);
	if (r == 0 && haproxy_routes(b, bundle))
		r = haproxy_show_route(b, bundle, s, &route, what);
	if (r)
		return r;
	o->running = ret->status == HAPROXY_CERT_USED     ? SERVED_ACTIVE
	             : ret->status == HAPROXY_CERT_UNUSED ? SERVED_STAGED
	                                                  : SERVED_NOT;
	o->running_same = memcmp(ret->sha1, m->leaf_sha1, sizeof(m->leaf_sha1)) == 0;
	memcpy(o->running_sha1, ret->sha1, sizeof(o->running_sha1));
	o->routed = route == HAPROXY_ROUTE_SAME;
	return 0;
}

static int
haproxy_observe(
    struct balancer *b, const struct bundle *bundle, struct observation *ret, struct outcome *what)
{
	struct observation o = { .running = SERVED_NOT };
	struct haproxy_cert c = { .status = HAPROXY_CERT_ABSENT };
	struct haproxy_disk d = { 0 };
	struct haproxy_site s;
	int r = haproxy_site_of(b, bundle, &s, what);

	if (r == 0)
		r = observe_running(b, bundle, &s, &c, &o, what);
	if (r == 0)
		r = haproxy_disk_look(b, bundle, &s, &d, what);
	if (r)
		return r;
	o.on_disk = d.listed;
	o.disk_routed = d.routed;
	o.disk_same = d.file_same;
	o.ready_same = d.ready_same;
	describe(&o, &c, &d);
	*ret = o;
	return 0;
}

const struct balancer_driver haproxy_driver = {
	.name = "haproxy",
	.lock_file = lock_file,
	.open = haproxy_open,
	.close = haproxy_close,
	.probe = haproxy_probe,
	.observe = haproxy_observe,
	.plan = haproxy_plan,
	.stage = haproxy_stage,
	.check = haproxy_check,
	.activate = haproxy_activate,
	.route = haproxy_route,
	.persist = haproxy_disk_persist,
	.rollback = haproxy_rollback,
	.withdraw = haproxy_withdraw,
	.settle = haproxy_disk_settle,
	.survey = haproxy_survey,
};
