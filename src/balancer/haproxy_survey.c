/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that a HAProxy serves over TLS: each certificate it has loaded, from whatever bind
 * line, with its lines in our crt-list and its host's entry in our map. Its listings are names
 * alone; what a certificate says costs a question each (0.3 to 0.6 ms).
 *
 * Ours is what lies in the folder where only we write; which site it is its file name tells.
 */
#include <stdio.h>
#include <stdlib.h>

#include "balancer/haproxy_internal.h"
#include "balancer/haproxy_listing.h"
#include "balancer/survey.h"
#include "base/error.h"

struct listing {
	struct buf reply;
	struct haproxy_listed *line;
	size_t count;
};

struct look_over {
	struct balancer *b;
	const struct surveyor *surveyor;
	struct listing certificates, list, map;
};

#define LISTING ((struct listing){ .reply = BUF(HAPROXY_REPLY_MAX) })

static void
listing_fini(struct listing *t)
{
	buf_fini(&t->reply);
	free(t->line);
}

static void
fini(struct look_over *l)
{
	listing_fini(&l->certificates);
	listing_fini(&l->list);
	listing_fini(&l->map);
}
CLEAN_DEFINE_FINI(fini, struct look_over);

static int
order_of(struct str a, struct str b)
{
	int order = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);

	return order ? order : a.len < b.len ? -1 : a.len > b.len;
}

static int
line_before(const void *a, const void *b)
{
	return order_of(
	    ((const struct haproxy_listed *)a)->key, ((const struct haproxy_listed *)b)->key);
}

static int
read_listing(struct balancer *b, const char *command, haproxy_split_fn *split, struct listing *to,
    struct outcome *what)
{
	struct str rest, line;
	struct haproxy_listed one;
	int r = haproxy_do(b, HAPROXY_SHOW, &to->reply, what, "%s", command);

	rest = buf_str(&to->reply);
	while (r == 0 && str_next(&rest, '\n', &line)) {
		if (!split(line, &one))
			continue;
		if (to->count >= SURVEY_OBJECTS_MAX)
			return balancer_fail(what, BALANCER_E_CAPACITY,
			    "%s: it has more certificates than can be looked over",
			    b->config->name);
		if ((to->count & (to->count - 1)) == 0)
			to->line =
			    alloc_again(to->line, to->count ? to->count * 2 : 1, sizeof(*to->line));
		to->line[to->count++] = one;
	}
	if (to->count > 0)
		qsort(to->line, to->count, sizeof(*to->line), line_before);
	return r;
}

/* NULL: there is none. */
static const struct haproxy_listed *
find(const struct listing *t, struct str key)
{
	const struct haproxy_listed wanted = { .key = key };

	return t->count ? bsearch(&wanted, t->line, t->count, sizeof(*t->line), line_before) : NULL;
}

/* ---- one certificate */

struct details {
	char file[HAPROXY_PATH_SIZE], host[256], pool[256];
	struct haproxy_said said;
};

/* "<certificates>/<host>.pem": nobody else writes there. */
static bool
is_ours(const struct balancer *b, struct str file, char *host, size_t size)
{
	struct str folder = str_of(b->config->certificates), name;

	if (!str_starts(file, folder) || !str_ends(file, STR(".pem")))
		return false;
	name = str_drop(file, folder.len);
	if (!str_starts(name, STR("/")) || memrchr(name.p + 1, '/', name.len - 1))
		return false;
	return str_copy(str_bytes(name.p + 1, name.len - strlen("/.pem")), host, size);
}

static void
put_host(const struct look_over *l, struct details *d, struct surveyed *to)
{
	const struct haproxy_listed *line = find(&l->list, str_of(d->file));

	to->owner = is_ours(l->b, str_of(d->file), d->host, sizeof(d->host)) ? SURVEYED_OURS
	                                                                     : SURVEYED_FOREIGN;
	to->our_name = to->owner == SURVEYED_OURS;
	if (line)
		to->port = l->b->config->https_port;
	if (line && !to->our_name)
		haproxy_first_filter(line->rest, d->host, sizeof(d->host));
	to->host = d->host;
}

static void
put_route(const struct look_over *l, enum haproxy_cert_status status, struct details *d,
    struct surveyed *to)
{
	const struct haproxy_listed *line = find(&l->map, str_of(d->host));

	if (line)
		str_show(line->rest, d->pool, sizeof(d->pool));
	to->pool = d->pool;
	to->state = status != HAPROXY_CERT_USED                         ? SURVEYED_UNUSED
	            : to->our_name && *l->b->config->hosts_map && !line ? SURVEYED_NOT_ROUTED
	                                                                : SURVEYED_LIVE;
}

static void
put_certificate(struct str reply, struct details *d, struct surveyed *to)
{
	haproxy_said_parse(reply, &d->said);
	to->names = d->said.names;
	to->subject = d->said.subject;
	to->issuer = d->said.issuer;
	to->organization = d->said.organization;
	to->not_after = d->said.not_after;
}

/* One that went away since it was listed, or is empty, is nothing to tell of. */
static int
tell(struct look_over *l, struct str file, struct outcome *what)
{
	CLEAN(buf_fini) struct buf reply = BUF(HAPROXY_REPLY_MAX);
	struct details d = { 0 };
	struct surveyed entry = surveyed_nothing();
	struct haproxy_cert cert = { 0 };
	int r;

	if (!haproxy_is_plain(file) || !str_copy(file, d.file, sizeof(d.file)))
		return 0; /* the runtime socket has no way to name it */
	r = haproxy_do(l->b, HAPROXY_SHOW, &reply, what, "show ssl cert %s", d.file);
	if (r == 0 && !haproxy_cert_parse(buf_str(&reply), file, &cert))
		r = haproxy_not_understood(l->b, buf_str(&reply), what);
	if (r || cert.status == HAPROXY_CERT_ABSENT || cert.status == HAPROXY_CERT_EMPTY)
		return r;
	put_certificate(buf_str(&reply), &d, &entry);
	put_host(l, &d, &entry);
	put_route(l, cert.status, &d, &entry);
	entry.certificate = d.file;
	memcpy(entry.sha1, cert.sha1, sizeof(entry.sha1));
	if (entry.our_name) {
		entry.disk_told = true;
		r = material_of_file(d.file, entry.disk_sha256);
		if (r < 0)
			return balancer_fatal(what, r, d.file);
	}
	return l->surveyor->found(l->surveyor, &entry, what);
}

int
haproxy_survey(struct balancer *b, const struct surveyor *surveyor, struct outcome *what)
{
	CLEAN(fini)
	struct look_over l = { .b = b,
		.surveyor = surveyor,
		.certificates = LISTING,
		.list = LISTING,
		.map = LISTING };
	char command[HAPROXY_PATH_SIZE + 32];
	int r = read_listing(b, "show ssl cert", haproxy_split_certificate, &l.certificates, what);

	snprintf(command, sizeof(command), "show ssl crt-list -n %s", b->config->crt_list);
	if (r == 0)
		r = read_listing(b, command, haproxy_split_list, &l.list, what);
	snprintf(command, sizeof(command), "show map %s", b->config->hosts_map);
	if (r == 0 && *b->config->hosts_map)
		r = read_listing(b, command, haproxy_split_map, &l.map, what);
	for (size_t i = 0; r == 0 && i < l.certificates.count; i++)
		r = tell(&l, l.certificates.line[i].key, what);
	return r;
}
