/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk side. In an order that a restart survives at any moment, serving the old or the new and
 * never failing: a file is written under its final name only while no list names it (else under
 * .next), and listed only after the running HAProxy took it. Until the new certificate is proven
 * FILE itself is the old one, so none is kept apart.
 *
 * Lines are added in place, durably and in constant time (file_add_line); only taking away rewrites
 * a file.
 */
#include "balancer/haproxy_internal.h"

#include "balancer/lines.h"
#include "base/error.h"
#include "sys/failpoint.h"
#include "sys/file.h"

#include <errno.h>
#include <stdio.h>

#define KEY_MODE  0600
#define LIST_MODE 0644

static bool
is_of(const uint8_t sha256[static 32], const struct material *m)
{
	return memcmp(sha256, m->sha256, sizeof(m->sha256)) == 0;
}

/* A list that is not there is an empty one. */
static int
read_list(const char *path, struct buf *to, struct outcome *what)
{
	int r = file_read(path, to);

	if (r == FILE_E_TOO_LARGE)
		return balancer_fail(what, BALANCER_E_CAPACITY, "%s is too large", path);
	if (r == FILE_E_ABSENT)
		return 0;
	return r ? balancer_fatal(what, error_fold(r), path) : 0;
}

/* What is not one of our files counts as no certificate: it is replaced. */
static int
read_certificates(const char *path, uint8_t ret_sha256[static 32], struct outcome *what)
{
	int r = material_of_file(path, ret_sha256);

	return r < 0 ? balancer_fatal(what, r, path) : 0;
}

static void
forget(struct haproxy_list *l)
{
	l->key[0] = '\0';
}

/* We hold the writer's lock, but administrators and other programs write these files, too: so what
 * was read counts for as long as the file is untouched, and is not kept at all if it was touched
 * just now. */
static int
look(struct haproxy_list *l, const char *key, struct outcome *what)
{
	CLEAN(buf_fini) struct buf text = BUF(HAPROXY_LIST_MAX);
	struct file_stamp stamp = { .settled = false };
	struct str line;
	int r = file_stamp(l->path, &stamp);

	if (r == 0 && stamp.settled && strcmp(l->key, key) == 0 && file_stamp_eq(&stamp, &l->stamp))
		return 0;
	forget(l);
	r = read_list(l->path, &text, what);
	if (r)
		return r;
	l->found = lines_find(buf_str(&text), str_of(key), &line);
	buf_clear(&l->value);
	if (l->found)
		buf_put_str(&l->value, lines_value(line));
	l->stamp = stamp;
	if (stamp.settled && !str_copy(str_of(key), l->key, sizeof(l->key)))
		forget(l);
	return 0;
}

static int
look_list(struct balancer *b, const struct haproxy_site *s, bool *ret_listed, struct outcome *what)
{
	struct haproxy *h = b->self;
	int r = look(&h->list, s->file, what);

	if (r)
		return r;
	*ret_listed = h->list.found;
	return 0;
}

static int
look_map(struct balancer *b, const struct bundle *bundle, const struct haproxy_site *s,
    enum haproxy_route *ret, struct outcome *what)
{
	struct haproxy *h = b->self;
	int r = look(&h->map, s->host, what);

	if (r)
		return r;
	if (!h->map.found)
		*ret = HAPROXY_ROUTE_ABSENT;
	else
		*ret = str_eq(buf_str(&h->map.value), str_of(bundle->backend))
		           ? HAPROXY_ROUTE_SAME
		           : HAPROXY_ROUTE_OTHER;
	return 0;
}

int
haproxy_disk_look(struct balancer *b, const struct bundle *bundle, const struct haproxy_site *s,
    struct haproxy_disk *ret, struct outcome *what)
{
	enum haproxy_route route = HAPROXY_ROUTE_SAME;
	const struct material *m = NULL;
	struct haproxy_disk d = { 0 };
	int r = haproxy_material(b, bundle, &m, what);

	if (r == 0)
		r = look_list(b, s, &d.listed, what);
	if (r == 0 && haproxy_routes(b, bundle))
		r = look_map(b, bundle, s, &route, what);
	if (r == 0)
		r = read_certificates(s->file, d.file_sha256, what);
	memcpy(d.ready_sha256, d.file_sha256, sizeof(d.ready_sha256));
	if (r == 0 && d.listed && !is_of(d.file_sha256, m))
		r = read_certificates(s->next, d.ready_sha256, what);
	if (r)
		return r;
	d.routed = route == HAPROXY_ROUTE_SAME;
	d.file_same = is_of(d.file_sha256, m);
	d.ready_same = is_of(d.ready_sha256, m);
	*ret = d;
	return 0;
}

/* The socket takes the same with a command before and a line behind: what is too large shall fail
 * here. */
static size_t
room_for_file(const struct balancer *b, const struct haproxy_site *s)
{
	const struct haproxy *h = b->self;
	size_t around = strlen("set ssl cert  <<\n\n") + strlen(s->file);

	return h->max_payload > around ? h->max_payload - around : 0;
}

int
haproxy_disk_stage(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct str certificates, struct outcome *what)
{
	struct haproxy_site s;
	bool listed = false;
	const char *path;
	int fd, r = haproxy_site_of(b, bundle, &s, what);

	if (r == 0)
		r = look_list(b, &s, &listed, what);
	if (r)
		return r;
	if (certificates.len >= room_for_file(b, &s))
		return balancer_fail(what, BALANCER_E_CAPACITY,
		    "the certificate and its chain are %zu bytes, %s takes %zu with the key: raise its tune.bufsize",
		    certificates.len, b->config->name, room_for_file(b, &s));
	path = listed ? s.next : s.file;
	r = file_make(path, KEY_MODE, &fd);
	if (r)
		return balancer_fatal(what, error_fold(r), path);
	FAILPOINT("haproxy.drafted");
	r = pourer->pour(
	    pourer, bundle, fd, false, certificates, STR(""), room_for_file(b, &s), what);
	if (r) {
		file_forget(path, fd);
		return r;
	}
	/* A listed site's FILE is not touched here, and counts until haproxy_disk_persist() renames
	 * .next to it and syncs the folder. If the machine dies before that, the folder may have
	 * .next.new, .next, FILE renamed already, or none of these: FILE is there in each case, old
	 * or new, and the new one is whole, as it was synced before its first rename. A lost .next
	 * is poured again, as a HAProxy that starts anew has to be told everything again. */
	r = listed ? file_keep_for_now(path, fd) : file_keep(path, fd);
	return r ? balancer_fatal(what, error_fold(r), path) : 0;
}

static int
add_line(struct haproxy_list *l, const char *key, const char *value, struct outcome *what)
{
	CLEAN(buf_fini) struct buf line = BUF(2048);
	int r;

	forget(l);
	buf_printf(&line, "%s %s", key, value);
	r = buf_failed(&line) ? error_origin(ENAMETOOLONG)
	                      : file_add_line(l->path, buf_str(&line), LIST_MODE);
	return r ? balancer_fatal(what, error_fold(r), l->path) : 0;
}

/* Without the lines of the key, and with one for it if there is a value. */
static int
rewrite(struct haproxy_list *l, const char *key, const char *value, struct outcome *what)
{
	CLEAN(buf_fini) struct buf text = BUF(HAPROXY_LIST_MAX), to = BUF(HAPROXY_LIST_MAX);
	int r = read_list(l->path, &text, what);
	struct str line;

	forget(l);
	if (r || (!value && !lines_find(buf_str(&text), str_of(key), &line)))
		return r;
	lines_without(buf_str(&text), str_of(key), &to);
	if (to.len > 0 && to.data[to.len - 1] != '\n')
		buf_put_byte(&to, '\n');
	if (value)
		buf_printf(&to, "%s %s\n", key, value);
	r = buf_failed(&to) ? error_origin(EFBIG) : file_write(l->path, buf_str(&to), LIST_MODE);
	return r ? balancer_fatal(what, error_fold(r), l->path) : 0;
}

static int
persist_route(struct balancer *b, const struct bundle *bundle, const struct haproxy_site *s,
    struct outcome *what)
{
	struct haproxy *h = b->self;
	enum haproxy_route route;
	int r = look_map(b, bundle, s, &route, what);

	if (r || route == HAPROXY_ROUTE_SAME)
		return r;
	if (route == HAPROXY_ROUTE_ABSENT)
		return add_line(&h->map, s->host, bundle->backend, what);
	return rewrite(&h->map, s->host, bundle->backend, what);
}

/* All is in place, but who put it there may have died before the last sync. */
static int
make_sure(struct balancer *b, const struct bundle *bundle, const struct haproxy_site *s,
    struct outcome *what)
{
	const char *const paths[] = { s->file, b->config->crt_list,
		haproxy_routes(b, bundle) ? b->config->hosts_map : s->file };

	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		int r = file_sync(paths[i]);

		if (r)
			return balancer_fatal(what, error_fold(r), paths[i]);
	}
	return BALANCER_E_NOOP;
}

int
haproxy_disk_persist(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct haproxy *h = b->self;
	struct haproxy_site s;
	struct haproxy_disk d;
	int r = haproxy_site_of(b, bundle, &s, what);

	if (r == 0)
		r = haproxy_disk_look(b, bundle, &s, &d, what);
	if (r)
		return r;
	if (!d.ready_same)
		return balancer_fail(
		    what, BALANCER_E_BROKEN, "%s does not hold the certificate to keep", s.file);
	if (d.listed && d.routed && d.file_same)
		return make_sure(b, bundle, &s, what);
	if (!d.file_same) {
		r = file_rename(s.next, s.file);
		if (r)
			return balancer_fatal(what, error_fold(r), s.next);
		FAILPOINT("haproxy.kept");
	}
	if (!d.listed)
		r = add_line(&h->list, s.file, s.host, what);
	FAILPOINT("haproxy.listed");
	return r || d.routed ? r : persist_route(b, bundle, &s, what);
}

static int
remove_one(const char *path, struct outcome *what)
{
	int r = file_remove(path);

	return r ? balancer_fatal(what, error_fold(r), path) : 0;
}

/* And what file_make() may have left when we died. */
static int
remove_with_draft(const char *path, struct outcome *what)
{
	char draft[HAPROXY_PATH_SIZE];
	int len = snprintf(draft, sizeof(draft), "%s.new", path), r;

	if (len < 0 || (size_t)len >= sizeof(draft))
		return balancer_fatal(what, error_origin(ENAMETOOLONG), path);
	r = remove_one(draft, what);
	return r ? r : remove_one(path, what);
}

int
haproxy_disk_settle(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct haproxy_site s;
	int r = haproxy_site_of(b, bundle, &s, what);

	return r ? r : remove_with_draft(s.next, what);
}

int
haproxy_disk_unstage(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct haproxy_site s;
	bool listed = false;
	int r = haproxy_site_of(b, bundle, &s, what);

	if (r == 0)
		r = look_list(b, &s, &listed, what);
	if (r == 0)
		r = remove_with_draft(s.next, what);
	return r || listed ? r : remove_with_draft(s.file, what);
}

/* The list first: one that names a missing file keeps HAProxy from starting. */
int
haproxy_disk_withdraw(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct haproxy *h = b->self;
	struct haproxy_site s;
	int r = haproxy_site_of(b, bundle, &s, what);

	if (r == 0)
		r = rewrite(&h->list, s.file, NULL, what);
	FAILPOINT("haproxy.delisted");
	if (r == 0 && haproxy_routes(b, bundle))
		r = rewrite(&h->map, s.host, NULL, what);
	if (r == 0)
		r = remove_with_draft(s.next, what);
	return r ? r : remove_with_draft(s.file, what);
}
