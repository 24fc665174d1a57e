/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that a BIG-IP serves over TLS or holds for it: first its certificates, then its
 * client-ssl profiles, both kept as an index; then its virtual servers, told as they come, each with
 * each certificate of each of its profiles; last what no virtual server uses.
 *
 * Lists come in pages, with the members that are needed: a whole one of a large device takes longer
 * than it waits for itself. The pages of virtual servers are smaller, as each has its profiles in a
 * list of its own that the device looks up.
 */
#include <stdio.h>
#include <stdlib.h>

#include "balancer/bigip_internal.h"
#include "balancer/survey.h"
#include "base/error.h"

#define CERTIFICATES                                                                      \
	"sys/file/ssl-cert?$select=fullPath,fingerprint,checksum,expirationDate,subject," \
	"issuer,subjectAlternativeName,isBundle"
#define PROFILES \
	"ltm/profile/client-ssl?$select=fullPath,description,serverName,certKeyChain,appService"
#define VIRTUALS                                                                          \
	"ltm/virtual?expandSubcollections=true&$select=fullPath,description,destination," \
	"pool,enabled,disabled,appService,profilesReference"
#define PAGE         500
#define PAGE_DEEP    100
#define TEXTS_MAX    ((size_t)256 << 20)
#define OUR_NAME     "certdesk_"
#define SECONDS_MAX  INT64_C(253402300800)
#define DEFAULT_CERT "/Common/default.crt"
#define PART_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789."

/* They come with the device. */
static const char *const factory[] = { DEFAULT_CERT, "/Common/ca-bundle.crt",
	"/Common/f5-ca-bundle.crt", "/Common/f5-irule.crt", "/Common/f5_api_com.crt" };

/* Texts stand one behind the other in `texts`; what is kept of one is its place. 0 is "". */
struct held {
	uint32_t path, names, subject, issuer, organization;
	uint8_t sha256[32], file_sha1[20];
	when not_after;
	bool bundle, used;
};

/* One certificate of one profile. */
struct worn_by {
	uint32_t path, host, certificate, chain; /* the files by their paths */
	struct id site;
	enum surveyed_owner owner;
	bool routed;
};

struct look_over {
	struct balancer *b;
	const struct surveyor *surveyor;
	bool as3; /* declarations are in use */
	struct buf texts;
	uint32_t last_issuer; /* few issue many */
	struct held *held;
	size_t held_count;
	struct worn_by *worn;
	size_t worn_count;
};

typedef int take_fn(struct look_over *l, const json_t *item, struct outcome *what);

static const char *
at(const struct look_over *l, uint32_t place)
{
	return l->texts.data + place;
}

static uint32_t
keep(struct look_over *l, const char *text)
{
	uint32_t place = (uint32_t)l->texts.len;

	if (!*text)
		return 0;
	buf_put(&l->texts, text, strlen(text) + 1);
	return buf_failed(&l->texts) ? 0 : place;
}

static void
fini(struct look_over *l)
{
	buf_fini(&l->texts);
	free(l->held);
	free(l->worn);
}
CLEAN_DEFINE_FINI(fini, struct look_over);

/* Room for one more; NULL: there are too many. */
static void *
one_more(void **list, size_t *count, size_t size)
{
	if (*count >= SURVEY_OBJECTS_MAX)
		return NULL;
	if ((*count & (*count - 1)) == 0)
		*list = alloc_again(*list, *count ? *count * 2 : 1, size);
	return memset((char *)*list + (*count)++ * size, 0, size);
}

static int
too_many(const struct look_over *l, struct outcome *what)
{
	return balancer_fail(what, BALANCER_E_CAPACITY,
	    "%s: it has more objects than can be looked over", l->b->config->name);
}

/* The texts are the names of things that come and go while we read: a page may hold what the page
 * before held, or lack what moved to it. */
static int
each_page(struct look_over *l, const char *list, int page, take_fn *take, struct outcome *what)
{
	size_t got = (size_t)page;

	for (int64_t skip = 0; got == (size_t)page; skip += page) {
		CLEAN(json_free) json_t *json = NULL;
		const json_t *items, *item;
		char path[BIGIP_PATH_SIZE];
		size_t i;
		int r;

		if (skip > SURVEY_OBJECTS_MAX)
			return too_many(l, what);
		snprintf(path, sizeof(path), "/mgmt/tm/%s&$top=%d&$skip=%lld", list, page,
		    (long long)skip);
		r = bigip_must(l->b, "GET", path, NULL, &json, what);
		items = json_object_get(json, "items");
		got = json_array_size(items);
		for (i = 0; r == 0 && i < got && (item = json_array_get(items, i)); i++)
			r = take(l, item, what);
		if (r)
			return r;
		if (bigip_number(json, "totalItems", INT64_MAX) <= skip + (int64_t)got)
			break;
	}
	return buf_failed(&l->texts) ? too_many(l, what) : 0;
}

/* ---- whose it is */

static enum surveyed_owner
owner_of(const struct look_over *l, const json_t *item, struct id *ret_site)
{
	const char *path = bigip_text(item, "fullPath");
	struct str mark = str_of(bigip_text(item, "description"));
	const char *second = *path ? strchr(path + 1, '/') : NULL;

	*ret_site = ID_NONE;
	if (str_starts(mark, STR(BIGIP_MARK))) {
		mark = str_drop(mark, strlen(BIGIP_MARK));
		mark.len = mark.len < ID_TEXT_SIZE - 1 ? mark.len : ID_TEXT_SIZE - 1;
		(void)id_parse(mark, ret_site);
		return SURVEYED_OURS;
	}
	if (*bigip_text(item, "appService"))
		return SURVEYED_IAPP;
	/* "/Tenant/Application/name" */
	return l->as3 && second && strchr(second + 1, '/') ? SURVEYED_AS3 : SURVEYED_FOREIGN;
}

static bool
is_our_name(const char *path)
{
	const char *name = strrchr(path, '/');

	return name && str_starts(str_of(name + 1), STR(OUR_NAME));
}

/* Where AS3 keeps its state. */
static int
learn_as3(struct look_over *l, struct outcome *what)
{
	CLEAN(json_free) json_t *folder = NULL;
	int r = bigip_get(l->b, "/mgmt/tm/sys/folder/~Common~appsvcs", &folder, what);

	l->as3 = folder != NULL;
	return r;
}

/* ---- certificates */

/* "SHA256/3A:F7:…", or "SHA1:1338:87de…": the hexadecimal digits at its end. */
static void
read_digest(const char *text, const char *begin, char before, uint8_t *to, size_t size)
{
	CLEAN(buf_fini) struct buf hex = BUF(80), bytes = BUF(40);
	const char *digits = strrchr(text, before);

	if (!str_starts(str_of(text), str_of(begin)) || !digits)
		return;
	for (digits++; *digits; digits++)
		if (*digits != ':')
			buf_put_byte(&hex, (uint8_t)*digits);
	if (buf_put_from_hex(&bytes, buf_str(&hex)) && bytes.len == size)
		memcpy(to, bytes.data, size);
}

/* Does a part begin there, as "O="? */
static bool
begins_part(struct str text)
{
	size_t len = 0;

	while (len < text.len && strchr(PART_LETTERS, text.p[len]))
		len++;
	return len > 0 && len < text.len && text.p[len] == '=';
}

/* Cuts one part off. A comma within a value stands there as it is (seen on 14.1 and 16.1: "O=Starfield
 * Technologies, Inc.,L=Scottsdale"): what follows a comma and is no part belongs to the one before. */
static bool
next_part(struct str *rest, struct str *ret)
{
	size_t len = 0;

	if (rest->len == 0)
		return false;
	do
		len += str_find(str_drop(*rest, len), STR(",")) + 1;
	while (len < rest->len && !begins_part(str_drop(*rest, len)));
	*ret = str_bytes(rest->p, len - 1);
	*rest = str_drop(*rest, len);
	return true;
}

/* The value of the first part of that kind; "" = there is none. */
static void
part_of(const char *subject, struct str kind, char *to, size_t size)
{
	struct str rest = str_of(subject), part;

	to[0] = '\0';
	while (next_part(&rest, &part))
		if (str_starts(part, kind)) {
			str_show(str_drop(part, kind.len), to, size);
			return;
		}
}

/* Seconds since 1970, up to the year 9999; 0 = not told. */
static when
read_time(int64_t seconds)
{
	return seconds > 0 && seconds < SECONDS_MAX ? SECONDS(seconds) : 0;
}

static int
take_certificate(struct look_over *l, const json_t *item, struct outcome *what)
{
	struct held *h = one_more((void **)&l->held, &l->held_count, sizeof(*h));
	const char *subject = bigip_text(item, "subject"), *issuer = bigip_text(item, "issuer");
	char names[SURVEY_NAMES_MAX], organization[512];

	if (!h)
		return too_many(l, what);
	survey_names(str_of(bigip_text(item, "subjectAlternativeName")), names, sizeof(names));
	if (!*names)
		part_of(subject, STR("CN="), names, sizeof(names));
	part_of(subject, STR("O="), organization, sizeof(organization));
	read_digest(bigip_text(item, "fingerprint"), "SHA256/", '/', h->sha256, sizeof(h->sha256));
	read_digest(bigip_text(item, "checksum"), "SHA1:", ':', h->file_sha1, sizeof(h->file_sha1));
	if (strcmp(at(l, l->last_issuer), issuer) != 0)
		l->last_issuer = keep(l, issuer);
	h->path = keep(l, bigip_text(item, "fullPath"));
	h->names = keep(l, names);
	h->subject = keep(l, subject);
	h->issuer = l->last_issuer;
	h->organization = keep(l, organization);
	h->not_after = read_time(bigip_number(item, "expirationDate", 0));
	h->bundle = bigip_flag(item, "isBundle", false);
	return 0;
}

static int
held_before(const void *a, const void *b, void *l)
{
	return strcmp(at(l, ((const struct held *)a)->path), at(l, ((const struct held *)b)->path));
}

static struct held *
find_held(const struct look_over *l, const char *path)
{
	size_t from = 0, to = l->held_count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = strcmp(at(l, l->held[middle].path), path);

		if (order == 0)
			return &l->held[middle];
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

static void
mark_used(struct look_over *l, const char *path)
{
	struct held *h = find_held(l, path);

	if (h)
		h->used = true;
}

/* ---- profiles */

/* What the description names as used before is kept on purpose. */
static void
mark_before(struct look_over *l, const json_t *item)
{
	struct str rest = str_of(bigip_text(item, "description")), name;
	const char *path = bigip_text(item, "fullPath"), *slash = strrchr(path, '/');

	rest = str_drop(rest, str_find(rest, STR(BIGIP_BEFORE)));
	rest = str_drop(rest, strlen(BIGIP_BEFORE));
	while (slash && str_next(&rest, ' ', &name)) {
		char full[BIGIP_PATH_SIZE];

		snprintf(
		    full, sizeof(full), "%.*s%.*s", (int)(slash - path) + 1, path, STR_ARG(name));
		mark_used(l, full);
	}
}

static int
take_pair(struct look_over *l, const struct worn_by *of, const json_t *pair, struct outcome *what)
{
	struct worn_by *w = one_more((void **)&l->worn, &l->worn_count, sizeof(*w));

	if (!w)
		return too_many(l, what);
	*w = *of;
	w->certificate = keep(l, bigip_text(pair, "cert"));
	w->chain = keep(l, bigip_text(pair, "chain"));
	mark_used(l, bigip_text(pair, "cert"));
	mark_used(l, bigip_text(pair, "chain"));
	return 0;
}

static int
take_profile(struct look_over *l, const json_t *item, struct outcome *what)
{
	const json_t *pairs = json_object_get(item, "certKeyChain");
	struct worn_by of = { .path = keep(l, bigip_text(item, "fullPath")),
		.host = keep(l, bigip_text(item, "serverName")) };
	int r = 0;

	of.owner = owner_of(l, item, &of.site);
	mark_before(l, item);
	for (size_t i = 0; r == 0 && i < json_array_size(pairs); i++)
		r = take_pair(l, &of, json_array_get(pairs, i), what);
	return r;
}

static int
worn_before(const void *a, const void *b, void *l)
{
	return strcmp(
	    at(l, ((const struct worn_by *)a)->path), at(l, ((const struct worn_by *)b)->path));
}

/* The first of that profile, or worn_count. */
static size_t
find_worn(const struct look_over *l, const char *path)
{
	size_t from = 0, to = l->worn_count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (strcmp(at(l, l->worn[middle].path), path) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from < l->worn_count && strcmp(at(l, l->worn[from].path), path) == 0 ? from
	                                                                            : l->worn_count;
}

/* ---- telling */

static void
put_held(const struct look_over *l, const char *path, struct surveyed *to)
{
	const struct held *h = find_held(l, path);

	to->certificate = path;
	if (!h)
		return;
	to->names = at(l, h->names);
	to->subject = at(l, h->subject);
	to->issuer = at(l, h->issuer);
	to->organization = at(l, h->organization);
	to->not_after = h->not_after;
	memcpy(to->sha256, h->sha256, sizeof(to->sha256));
	memcpy(to->file_sha1, h->file_sha1, sizeof(to->file_sha1));
}

static void
put_chain(const struct look_over *l, const char *path, struct surveyed *to)
{
	const struct held *h = *path ? find_held(l, path) : NULL;

	to->chain_told = !*path || (h && surveyed_has(h->file_sha1, sizeof(h->file_sha1)));
	memset(to->chain_sha1, 0, sizeof(to->chain_sha1));
	if (h)
		memcpy(to->chain_sha1, h->file_sha1, sizeof(to->chain_sha1));
}

static void
put_worn(const struct look_over *l, const struct worn_by *w, struct surveyed *to)
{
	to->host = at(l, w->host);
	to->profile = at(l, w->path);
	to->owner = w->owner;
	to->site = w->site;
	to->our_name = is_our_name(to->profile);
	put_held(l, at(l, w->certificate), to);
	put_chain(l, at(l, w->chain), to);
}

/* "/Common/192.0.2.10%2:443"; of version 6, port and address are parted by a dot. */
static void
read_destination(const char *destination, char *address, size_t size, int64_t *ret_port)
{
	const char *tail = strrchr(destination, '/');
	struct str place = str_of(tail ? tail + 1 : destination);
	const char *colon = memchr(place.p, ':', place.len);
	bool is_6 = colon && memchr(colon + 1, ':', place.len - (size_t)(colon - place.p) - 1);
	const char *mark = memrchr(place.p, is_6 ? '.' : ':', place.len);
	size_t len = mark ? (size_t)(mark - place.p) : place.len;

	if (!mark || !str_to_i64(str_drop(place, len + 1), ret_port))
		*ret_port = 0;
	(void)str_copy(str_bytes(place.p, len), address, size);
}

/* One virtual server with one of its profiles, which may be no client-ssl. */
static int
tell_profile(struct look_over *l, const char *profile, struct surveyed *entry, bool *told,
    struct outcome *what)
{
	enum surveyed_owner owner = entry->owner;
	int r = 0;

	for (size_t i = find_worn(l, profile);
	     r == 0 && i < l->worn_count && strcmp(at(l, l->worn[i].path), profile) == 0; i++) {
		l->worn[i].routed = *told = true;
		put_worn(l, &l->worn[i], entry);
		/* what a declaration owns in part it owns */
		if (owner == SURVEYED_AS3 || owner == SURVEYED_IAPP)
			entry->owner = owner;
		r = l->surveyor->found(l->surveyor, entry, what);
	}
	return r;
}

static int
take_virtual(struct look_over *l, const json_t *item, struct outcome *what)
{
	const json_t *profiles =
	    json_object_get(json_object_get(item, "profilesReference"), "items");
	struct surveyed entry = surveyed_nothing();
	char address[BIGIP_NAME_SIZE];
	bool told = false;
	int r = 0;

	read_destination(bigip_text(item, "destination"), address, sizeof(address), &entry.port);
	entry.virtual = bigip_text(item, "fullPath");
	entry.address = address;
	entry.pool = bigip_text(item, "pool");
	entry.state = bigip_flag(item, "disabled", false) ? SURVEYED_DISABLED : SURVEYED_LIVE;
	entry.owner = owner_of(l, item, &entry.site);
	entry.our_name = is_our_name(entry.virtual);
	for (size_t i = 0; r == 0 && i < json_array_size(profiles); i++)
		r = tell_profile(
		    l, bigip_text(json_array_get(profiles, i), "fullPath"), &entry, &told, what);
	return r || told || entry.owner != SURVEYED_OURS
	           ? r
	           : l->surveyor->found(l->surveyor, &entry, what);
}

static bool
is_factory(const char *path)
{
	for (size_t i = 0; i < COUNT_OF(factory); i++)
		if (strcmp(factory[i], path) == 0)
			return true;
	return false;
}

static int
tell_unrouted(struct look_over *l, struct outcome *what)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->worn_count; i++) {
		const struct worn_by *w = &l->worn[i];
		struct surveyed entry = surveyed_nothing();

		/* a profile to be a parent is no site */
		if (w->routed || (!*at(l, w->host) && is_factory(at(l, w->certificate))))
			continue;
		put_worn(l, w, &entry);
		entry.state = SURVEYED_NOT_ROUTED;
		r = l->surveyor->found(l->surveyor, &entry, what);
	}
	return r;
}

/* Bundles are chains and lists of roots; a chain of one certificate cannot be told from a leaf but by
 * its name, if it is ours. */
static int
tell_unused(struct look_over *l, struct outcome *what)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->held_count; i++) {
		const struct held *h = &l->held[i];
		struct surveyed entry = surveyed_nothing();
		bool ours = is_our_name(at(l, h->path));

		if (h->used || (h->bundle && !ours) || is_factory(at(l, h->path)))
			continue;
		put_held(l, at(l, h->path), &entry);
		entry.state = SURVEYED_UNUSED;
		entry.owner = ours ? SURVEYED_OURS : SURVEYED_FOREIGN;
		entry.our_name = ours;
		r = l->surveyor->found(l->surveyor, &entry, what);
	}
	return r;
}

int
bigip_survey(struct balancer *b, const struct surveyor *surveyor, struct outcome *what)
{
	CLEAN(fini)
	struct look_over l = { .b = b, .surveyor = surveyor, .texts = BUF(TEXTS_MAX) };
	int r;

	buf_put_byte(&l.texts, '\0');
	r = learn_as3(&l, what);
	if (r == 0)
		r = each_page(&l, CERTIFICATES, PAGE, take_certificate, what);
	if (r == 0 && l.held_count > 0)
		qsort_r(l.held, l.held_count, sizeof(*l.held), held_before, &l);
	if (r == 0)
		r = each_page(&l, PROFILES, PAGE, take_profile, what);
	if (r == 0 && l.worn_count > 0)
		qsort_r(l.worn, l.worn_count, sizeof(*l.worn), worn_before, &l);
	if (r == 0)
		r = each_page(&l, VIRTUALS, PAGE_DEEP, take_virtual, what);
	if (r == 0)
		r = tell_unrouted(&l, what);
	return r ? r : tell_unused(&l, what);
}
