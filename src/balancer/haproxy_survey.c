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
#include "balancer/survey.h"
#include "base/error.h"

/* A line of a listing: what it is looked up by, and the rest of it. */
struct listed {
	struct str key, rest;
};

struct listing {
	struct buf reply;
	struct listed *line;
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
	return order_of(((const struct listed *)a)->key, ((const struct listed *)b)->key);
}

typedef bool split_fn(struct str line, struct listed *ret);

static bool
split_certificate(struct str line, struct listed *ret)
{
	*ret = (struct listed){ .key = str_trim(line), .rest = STR("") };
	return !str_starts(line, STR("#")) && !str_starts(line, STR("*")) && ret->key.len > 0;
}

/* "FILE:2 [options] filters" */
static bool
split_list(struct str line, struct listed *ret)
{
	struct str word;
	const char *colon;

	if (str_starts(line, STR("#")) || !str_next(&line, ' ', &word))
		return false;
	colon = memrchr(word.p, ':', word.len);
	if (!colon)
		return false;
	*ret = (struct listed){ .key = str_bytes(word.p, (size_t)(colon - word.p)),
		.rest = line.p ? str_trim(line) : STR("") };
	return true;
}

/* "0x55f0c8b0 owa.contoso.com exchange" */
static bool
split_map(struct str line, struct listed *ret)
{
	struct str place;

	if (!str_starts(line, STR("0x")) || !str_next(&line, ' ', &place) ||
	    !str_next(&line, ' ', &ret->key))
		return false;
	ret->rest = line.p ? str_trim(line) : STR("");
	return true;
}

static int
read_listing(struct balancer *b, const char *command, split_fn *split, struct listing *to,
    struct outcome *what)
{
	struct str rest, line;
	struct listed one;
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
static const struct listed *
find(const struct listing *t, struct str key)
{
	const struct listed wanted = { .key = key };

	return t->count ? bsearch(&wanted, t->line, t->count, sizeof(*t->line), line_before) : NULL;
}

/* ---- one certificate */

/* "Jan 13 10:32:18 2027 GMT" */
static when
read_time(struct str text)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t part[5] = { 0 }; /* day, hour, minute, second, year */
	struct str month, word;
	size_t count = 0;
	when time = 0;
	size_t at;

	if (!str_next(&text, ' ', &month) || month.len != 3)
		return 0;
	at = str_find(str_of(months), month);
	while (count < COUNT_OF(part) && str_next(&text, ' ', &word))
		while (word.len > 0 && count < COUNT_OF(part)) {
			size_t colon = str_find(word, STR(":"));

			if (!str_to_i64(str_bytes(word.p, colon), &part[count++]))
				return 0;
			word = str_drop(word, colon + 1);
		}
	return count == COUNT_OF(part) && at < sizeof(months) - 1 && part[4] <= 9999 &&
	               when_from_utc((int)part[4], (int)at / 3 + 1, (int)part[0], (int)part[1],
			   (int)part[2], (int)part[3], &time)
	           ? time
	           : 0;
}

/* The value of one part of "/C=AT/O=Contoso GmbH/CN=a.test". */
static void
part_of(struct str subject, struct str part, char *to, size_t size)
{
	size_t at = str_find(subject, part);

	to[0] = '\0';
	if (at == subject.len)
		return;
	subject = str_drop(subject, at + part.len);
	subject.len = str_find(subject, STR("/"));
	str_show(subject, to, size);
}

struct details {
	char file[HAPROXY_PATH_SIZE], host[256], names[SURVEY_NAMES_MAX], pool[256];
	char subject[512], issuer[512], organization[512];
};

/* A filter that leaves out ("!x.test") is no name, and options stand in brackets. */
static void
first_filter(struct str line, char *to, size_t size)
{
	struct str word;

	to[0] = '\0';
	if (str_starts(line, STR("[")))
		line = str_drop(line, str_find(line, STR("]")) + 1);
	while (str_next(&line, ' ', &word))
		if (word.len > 0 && word.p[0] != '!' && str_copy(word, to, size))
			return;
}

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
	const struct listed *line = find(&l->list, str_of(d->file));

	to->owner = is_ours(l->b, str_of(d->file), d->host, sizeof(d->host)) ? SURVEYED_OURS
	                                                                     : SURVEYED_FOREIGN;
	to->our_name = to->owner == SURVEYED_OURS;
	if (line)
		to->port = l->b->config->https_port;
	if (line && !to->our_name)
		first_filter(line->rest, d->host, sizeof(d->host));
	to->host = d->host;
}

static void
put_route(const struct look_over *l, enum haproxy_cert_status status, struct details *d,
    struct surveyed *to)
{
	const struct listed *line = find(&l->map, str_of(d->host));

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
	struct str subject = haproxy_info(reply, STR("Subject"));

	survey_names(
	    haproxy_info(reply, STR("Subject Alternative Name")), d->names, sizeof(d->names));
	str_show(subject, d->subject, sizeof(d->subject));
	str_show(haproxy_info(reply, STR("Issuer")), d->issuer, sizeof(d->issuer));
	part_of(subject, STR("/O="), d->organization, sizeof(d->organization));
	if (!*d->names)
		part_of(subject, STR("/CN="), d->names, sizeof(d->names));
	to->names = d->names;
	to->subject = d->subject;
	to->issuer = d->issuer;
	to->organization = d->organization;
	to->not_after = read_time(haproxy_info(reply, STR("notAfter")));
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
	int r = read_listing(b, "show ssl cert", split_certificate, &l.certificates, what);

	snprintf(command, sizeof(command), "show ssl crt-list -n %s", b->config->crt_list);
	if (r == 0)
		r = read_listing(b, command, split_list, &l.list, what);
	snprintf(command, sizeof(command), "show map %s", b->config->hosts_map);
	if (r == 0 && *b->config->hosts_map)
		r = read_listing(b, command, split_map, &l.map, what);
	for (size_t i = 0; r == 0 && i < l.certificates.count; i++)
		r = tell(&l, l.certificates.line[i].key, what);
	return r;
}
