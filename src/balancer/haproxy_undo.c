/* SPDX-License-Identifier: Apache-2.0 */
/* Back to what was served before, and off. */
#include "balancer/haproxy_internal.h"

#include "sys/failpoint.h"

#define ENTRIES_MAX 100 /* of one file in the list, when taking it out */

/* The file has the previous one still, unless the new one was persisted before it failed. */
static int
restage(struct balancer *b, const struct bundle *previous, const struct pourer *pourer,
    const struct haproxy_site *s, const struct haproxy_disk *d, struct outcome *what)
{
	const struct material *m = NULL;
	int r;

	if (!d->file_same)
		return haproxy_stage(b, previous, pourer, what);
	r = haproxy_material(b, previous, &m, what);
	return r ? r : haproxy_stage_running(b, previous, pourer, s, m, what);
}

int
haproxy_rollback(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct outcome *what)
{
	const struct bundle *previous = bundle->previous;
	struct haproxy_disk d = { 0 };
	struct haproxy_site s;
	int r;

	if (!previous)
		return haproxy_withdraw(b, bundle, what);
	r = haproxy_site_of(b, previous, &s, what);
	if (r == 0)
		r = haproxy_disk_look(b, previous, &s, &d, what);
	if (r == 0)
		r = restage(b, previous, pourer, &s, &d, what);
	if (r == 0)
		r = haproxy_check(b, previous, what);
	if (r == 0)
		r = haproxy_activate(b, previous, what);
	if (r == 0)
		r = haproxy_disk_persist(b, previous, what);
	return r == 0 || r == BALANCER_E_NOOP ? haproxy_disk_settle(b, previous, what) : r;
}

static int
unlist(struct balancer *b, const struct haproxy_site *s, struct outcome *what)
{
	int64_t line = 1;
	int r = 0;

	for (int i = 0; i < ENTRIES_MAX && line > 0 && r == 0; i++) {
		CLEAN(buf_fini) struct buf reply = BUF(HAPROXY_REPLY_MAX);

		r = haproxy_do(
		    b, HAPROXY_SHOW, &reply, what, "show ssl crt-list -n %s", b->config->crt_list);
		if (r == 0 && !haproxy_list_parse(buf_str(&reply), str_of(s->file), &line))
			return haproxy_not_understood(b, buf_str(&reply), what);
		if (r == 0 && line > 0)
			r = haproxy_do(b, HAPROXY_DEL_LIST, NULL, what,
			    "del ssl crt-list %s %s:%lld", b->config->crt_list, s->file,
			    (long long)line);
		if (r == BALANCER_E_NOOP)
			r = 0;
	}
	return r;
}

/* The map entry first: connections that are open go on, and would go on to reach the service. */
static int
unroute(struct balancer *b, const struct haproxy_site *s, struct outcome *what)
{
	int r =
	    haproxy_do(b, HAPROXY_MAP, NULL, what, "del map %s %s", b->config->hosts_map, s->host);

	return r == BALANCER_E_NOOP ? 0 : r;
}

int
haproxy_withdraw(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct haproxy_site s;
	int r = haproxy_site_of(b, bundle, &s, what);

	if (r == 0)
		r = haproxy_clear_way(b, &s, what);
	if (r == 0 && haproxy_routes(b, bundle))
		r = unroute(b, &s, what);
	FAILPOINT("haproxy.unrouted");
	if (r == 0)
		r = unlist(b, &s, what);
	FAILPOINT("haproxy.unlisted");
	if (r == 0)
		r = haproxy_do(b, HAPROXY_DEL_CERT, NULL, what, "del ssl cert %s", s.file);
	return r == 0 || r == BALANCER_E_NOOP ? haproxy_disk_withdraw(b, bundle, what) : r;
}
