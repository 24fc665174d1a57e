/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/drift.h"

#include <assert.h>
#include <openssl/sha.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "balancer/material.h"
#include "base/addr.h"

#define HAD_MOST  16 /* certificates of a site that are compared, to say who moved */
#define HTTP_PORT 80

static const char *const codes[] = {
	[DRIFT_MISSING] = "missing",
	[DRIFT_OTHER_CERTIFICATE] = "other_certificate",
	[DRIFT_UNKNOWN_CERTIFICATE] = "unknown_certificate",
	[DRIFT_OTHER_CHAIN] = "other_chain",
	[DRIFT_OTHER_ON_DISK] = "other_on_disk",
	[DRIFT_OTHER_NAME] = "other_name",
	[DRIFT_NOT_ROUTED] = "not_routed",
	[DRIFT_DISABLED] = "disabled",
	[DRIFT_OTHER_ADDRESS] = "other_address",
	[DRIFT_OTHER_BACKEND] = "other_backend",
	[DRIFT_NO_REDIRECT] = "no_redirect",
	[DRIFT_FOREIGN] = "foreign",
	[DRIFT_LEFT_OVER] = "left_over",
};
static_assert(COUNT_OF(codes) == DRIFT_CODE_MAX, "a name for each code");

/* What was seen of one record's site. */
struct seen {
	bool any, certificate, routed;
	bool virtual; /* at a virtual server: only there is something to redirect */
	bool redirect;
	json_t *differences, *device; /* NULL: none yet */
};

struct drift {
	const struct config_balancer *config;
	const struct drift_source *source;
	struct site_record_list records; /* by site */
	struct seen *seen;
	size_t *by_host;
	struct drift_counts counts;
};

const char *
drift_code_name(enum drift_code code)
{
	return (size_t)code < COUNT_OF(codes) ? codes[code] : "unknown";
}

static int
host_before(const void *a, const void *b, void *records)
{
	const struct site_record *row = records;

	return strcmp(row[*(const size_t *)a].host, row[*(const size_t *)b].host);
}

struct drift *
drift_new(const struct config_balancer *config, const struct drift_source *source,
    struct site_record_list *records)
{
	struct drift *d = alloc_zero(sizeof(*d));

	d->config = config;
	d->source = source;
	d->records = *records;
	*records = (struct site_record_list){ 0 };
	d->seen = alloc_array(d->records.count + 1, sizeof(*d->seen));
	d->by_host = alloc_array(d->records.count + 1, sizeof(*d->by_host));
	for (size_t i = 0; i < d->records.count; i++) {
		d->seen[i] = (struct seen){ 0 };
		d->by_host[i] = i;
	}
	qsort_r(d->by_host, d->records.count, sizeof(*d->by_host), host_before, d->records.row);
	return d;
}

struct drift *
drift_free(struct drift *d)
{
	if (!d)
		return NULL;
	for (size_t i = 0; i < d->records.count; i++) {
		json_decref(d->seen[i].differences);
		json_decref(d->seen[i].device);
	}
	site_record_list_fini(&d->records);
	free(d->seen);
	free(d->by_host);
	free(d);
	return NULL;
}

struct drift_counts
drift_counts(const struct drift *d)
{
	return d->counts;
}

int
drift_digests_make(struct str leaf, struct str chain, struct drift_digests *ret)
{
	struct bundle bundle = { .leaf = leaf, .chain = chain };
	CLEAN(material_fini) struct material m = { 0 };
	struct str pem;
	int r;

	SHA256((const unsigned char *)leaf.p, leaf.len, bundle.leaf_sha256);
	r = material_make(&bundle, &m);
	if (r)
		return r;
	pem = material_leaf(&m);
	memcpy(ret->sha256, bundle.leaf_sha256, sizeof(ret->sha256));
	memcpy(ret->sha1, m.leaf_sha1, sizeof(ret->sha1));
	memcpy(ret->all_sha256, m.sha256, sizeof(ret->all_sha256));
	SHA1((const unsigned char *)pem.p, pem.len, ret->pem_sha1);
	pem = str_drop(buf_str(&m.pem), pem.len);
	memset(ret->chain_sha1, 0, sizeof(ret->chain_sha1));
	if (pem.len > 0)
		SHA1((const unsigned char *)pem.p, pem.len, ret->chain_sha1);
	return 0;
}

/* ---- finding the record */

static int
site_before(const void *key, const void *record)
{
	return memcmp(key, &((const struct site_record *)record)->site, sizeof(struct id));
}

static const struct site_record *
by_site(const struct drift *d, const struct id *site)
{
	if (id_is_none(*site) || d->records.count == 0)
		return NULL;
	return bsearch(
	    site, d->records.row, d->records.count, sizeof(*d->records.row), site_before);
}

static const struct site_record *
by_host(const struct drift *d, const char *host)
{
	size_t from = 0, to = d->records.count;

	while (*host && from < to) {
		size_t middle = from + (to - from) / 2;
		const struct site_record *r = &d->records.row[d->by_host[middle]];
		int order = strcmp(r->host, host);

		if (order == 0)
			return r;
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

/* What bears a mark is the marked site's, whatever name it serves. */
static const struct site_record *
record_of(const struct drift *d, const struct surveyed *e)
{
	return id_is_none(e->site) ? by_host(d, e->host) : by_site(d, &e->site);
}

bool
drift_knows(const struct drift *d, const struct surveyed *entry)
{
	return record_of(d, entry) || by_host(d, entry->host);
}

/* ---- telling differences */

static json_t *
difference(enum drift_code code, const char *words)
{
	return json_pack("{s:s, s:o}", "code", drift_code_name(code), "words", survey_text(words));
}

static void add(struct seen *s, const struct surveyed *e, enum drift_code code, const char *format,
    ...) PRINTF_LIKE(4, 5);
static void
add(struct seen *s, const struct surveyed *e, enum drift_code code, const char *format, ...)
{
	char words[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	if (!s->differences)
		s->differences = json_array();
	json_array_append_new(s->differences, difference(code, words));
	if (!e)
		return;
	if (!s->device)
		s->device = json_array();
	json_array_append_new(s->device, surveyed_json(e));
}

/* Who moved, "record" or "device", beside the difference told last. */
static void
put_differs(struct seen *s, const char *who)
{
	json_t *last = json_array_get(s->differences, json_array_size(s->differences) - 1);

	json_object_set_new(last, "differs", json_string(who));
}

static const char *
place_of(const struct surveyed *e)
{
	return *e->virtual ? e->virtual : *e->profile ? e->profile : e->certificate;
}

/* ---- certificates */

static bool
tells_leaf(const struct surveyed *e)
{
	return surveyed_has(e->sha256, sizeof(e->sha256)) ||
	       surveyed_has(e->sha1, sizeof(e->sha1)) ||
	       surveyed_has(e->file_sha1, sizeof(e->file_sha1));
}

static bool
is_leaf(const struct surveyed *e, const struct drift_digests *d)
{
	if (surveyed_has(e->sha256, sizeof(e->sha256)))
		return memcmp(e->sha256, d->sha256, sizeof(d->sha256)) == 0;
	if (surveyed_has(e->sha1, sizeof(e->sha1)))
		return memcmp(e->sha1, d->sha1, sizeof(d->sha1)) == 0;
	return memcmp(e->file_sha1, d->pem_sha1, sizeof(d->pem_sha1)) == 0;
}

/* Where the certificate that the device has stands among those the site ever had; `count`: it is
 * none of them. */
static int
place_among(const struct drift *d, const struct surveyed *e, const struct id *had, size_t count,
    size_t *ret)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct drift_digests digests;
		int r = d->source->digests(d->source, had[i], &digests);

		if (r)
			return r;
		if (is_leaf(e, &digests))
			break;
	}
	*ret = i;
	return 0;
}

static int
tell_other(struct drift *d, const struct site_record *r, struct seen *s, const struct surveyed *e)
{
	struct id had[HAD_MOST];
	size_t count = 0, place = 0, ours = 0;
	char until[WHEN_WORDS_SIZE];
	int result = d->source->certificates(d->source, r->site, had, COUNT_OF(had), &count);

	if (result == 0)
		result = place_among(d, e, had, count, &place);
	if (result)
		return result;
	while (ours < count && !id_eq(had[ours], r->certificate))
		ours++;
	when_words(e->not_after, until);
	if (place == count)
		add(s, e, DRIFT_OTHER_CERTIFICATE,
		    "%s has a certificate that certdesk never had (%s, by %s, until %s): somebody changed it there",
		    place_of(e), *e->names ? e->names : e->subject, e->issuer, until);
	else
		add(s, e, DRIFT_OTHER_CERTIFICATE,
		    place > ours
			? "%s has an earlier certificate of this site (until %s): the record is newer"
			: "%s has a later certificate of this site (until %s): the record is older",
		    place_of(e), until);
	put_differs(s, place == count || place < ours ? "device" : "record");
	return 0;
}

static void
compare_chain(struct seen *s, const struct surveyed *e, const struct drift_digests *digests)
{
	if (!e->chain_told || memcmp(e->chain_sha1, digests->chain_sha1, 20) == 0)
		return;
	add(s, e, DRIFT_OTHER_CHAIN, "%s has the right certificate with %s", place_of(e),
	    surveyed_has(e->chain_sha1, sizeof(e->chain_sha1)) ? "another chain" : "no chain");
}

static void
compare_disk(const struct site_record *r, struct seen *s, const struct surveyed *e,
    const struct drift_digests *digests)
{
	if (!e->disk_told || memcmp(e->disk_sha256, digests->all_sha256, 32) == 0)
		return;
	add(s, e, DRIFT_OTHER_ON_DISK,
	    "%s serves the right certificate, but a restart would load %s", r->host,
	    surveyed_has(e->disk_sha256, sizeof(e->disk_sha256)) ? "another one or another chain"
								 : "none");
}

static int
compare_leaf(struct drift *d, const struct site_record *r, struct seen *s, const struct surveyed *e)
{
	struct drift_digests digests = { 0 };
	int result = 0;

	if (!tells_leaf(e)) {
		add(s, e, DRIFT_UNKNOWN_CERTIFICATE,
		    "%s has the certificate %s, of which the device tells nothing", place_of(e),
		    e->certificate);
		return 0;
	}
	memcpy(digests.sha256, r->sha256, sizeof(digests.sha256));
	if (e->disk_told || e->chain_told || !surveyed_has(e->sha256, sizeof(e->sha256)))
		result = d->source->digests(d->source, r->certificate, &digests);
	if (result)
		return result;
	if (!is_leaf(e, &digests))
		return tell_other(d, r, s, e);
	compare_chain(s, e, &digests);
	compare_disk(r, s, e, &digests);
	return 0;
}

/* ---- the way there */

static bool
is_address(const struct site_record *r, const struct surveyed *e)
{
	struct str plain = str_of(e->address);
	struct addr wanted, found;

	plain.len = str_find(plain, STR("%")); /* a route domain */
	return addr_parse(str_of(r->address), &wanted) && addr_parse(plain, &found) &&
	       addr_eq(&wanted, &found);
}

static bool
is_backend(const struct drift *d, const struct site_record *r, const struct surveyed *e)
{
	char full[256];

	snprintf(full, sizeof(full), "/%s/%s", d->config->partition, r->backend);
	return strcmp(e->pool, r->backend) == 0 || strcmp(e->pool, full) == 0;
}

static void
compare_way(struct drift *d, const struct site_record *r, struct seen *s, const struct surveyed *e)
{
	if (e->port > 0 && e->port != d->config->https_port)
		return; /* beside what we made */
	if (e->state == SURVEYED_DISABLED)
		add(s, e, DRIFT_DISABLED, "%s is disabled", place_of(e));
	if (e->state != SURVEYED_LIVE && e->state != SURVEYED_DISABLED)
		return;
	s->routed = true;
	if (*e->profile && !str_eq_nocase(str_of(e->host), str_of(r->host)))
		add(s, e, DRIFT_OTHER_NAME, "%s is chosen by %s", e->profile,
		    *e->host ? e->host : "no name");
	if (*e->address && !is_address(r, e))
		add(s, e, DRIFT_OTHER_ADDRESS, "%s is at %s, the record says %s", place_of(e),
		    e->address, *r->address ? r->address : "none");
	if (*r->backend && (*e->pool || *e->address) && !is_backend(d, r, e))
		add(s, e, DRIFT_OTHER_BACKEND, "%s leads to %s, the record says %s", place_of(e),
		    *e->pool ? e->pool : "no pool", r->backend);
}

static void
take_plain(struct seen *s, const struct surveyed *e)
{
	if (e->port != HTTP_PORT)
		return; /* without its profile: the site is not routed */
	s->redirect = true;
	if (e->state == SURVEYED_DISABLED)
		add(s, e, DRIFT_DISABLED, "%s is disabled", place_of(e));
}

static int
take_ours(struct drift *d, const struct site_record *r, const struct surveyed *e)
{
	struct seen *s = &d->seen[r - d->records.row];

	s->any = true;
	if (id_is_none(r->certificate))
		return 0; /* drift_end() says it once */
	if (!*e->certificate) {
		take_plain(s, e);
		return 0;
	}
	s->certificate = true;
	s->virtual |= *e->virtual != '\0';
	compare_way(d, r, s, e);
	return compare_leaf(d, r, s, e);
}

/* The file of a certificate that should be in use: that it is not is told of its site. */
static int
is_wanted(struct drift *d, const struct surveyed *e, bool *ret)
{
	struct drift_digests digests;
	const struct site_record *r;
	struct str names = str_of(e->names), first;
	char host[256];
	int result;

	*ret = false;
	if (e->state != SURVEYED_UNUSED || !tells_leaf(e) || !str_next(&names, ' ', &first) ||
	    !str_copy(first, host, sizeof(host)))
		return 0;
	r = by_host(d, host);
	if (!r || id_is_none(r->certificate))
		return 0;
	result = d->source->digests(d->source, r->certificate, &digests);
	if (result)
		return result;
	*ret = is_leaf(e, &digests);
	return 0;
}

static int
take_left_over(struct drift *d, const struct surveyed *e)
{
	char words[1024];
	bool wanted;
	int result = is_wanted(d, e, &wanted);

	if (result || wanted)
		return result;
	d->counts.left_over++;
	snprintf(words, sizeof(words),
	    e->state == SURVEYED_UNUSED
		? "%s is of certdesk's making, and nothing uses it"
		: "%s is of certdesk's making, and the record knows no site for it",
	    place_of(e));
	return d->source->tell(d->source,
	    json_pack("{s:o, s:b, s:[o], s:[o]}", "host",
		survey_text(*e->host ? e->host : e->names), "under_way", 0, "differences",
		difference(DRIFT_LEFT_OVER, words), "device", surveyed_json(e)));
}

int
drift_take(struct drift *d, const struct surveyed *e)
{
	const struct site_record *r = record_of(d, e);

	if (e->owner == SURVEYED_OURS)
		return r ? take_ours(d, r, e) : take_left_over(d, e);
	d->counts.foreign++;
	if (r)
		add(&d->seen[r - d->records.row], e, DRIFT_FOREIGN,
		    e->our_name
			? "%s has our name, but not our mark: somebody made it, or changed its description"
			: "%s serves this name, too, and is somebody else's",
		    place_of(e));
	return 0;
}

/* ---- the end */

static void
conclude(const struct drift *d, const struct site_record *r, struct seen *s)
{
	if (id_is_none(r->certificate)) {
		if (s->any)
			add(s, NULL, DRIFT_LEFT_OVER,
			    "Something of it is on the device, and the record says that nothing is installed");
		return;
	}
	if (!s->certificate)
		add(s, NULL, DRIFT_MISSING, "Nothing there serves it");
	else if (!s->routed)
		add(s, NULL, DRIFT_NOT_ROUTED, "Its certificate is there, and nobody is led to it");
	if (*d->config->redirect_rule && s->virtual && !s->redirect)
		add(s, NULL, DRIFT_NO_REDIRECT, "Nobody answers at port %d, to lead to https",
		    HTTP_PORT);
}

static json_t *
row_of(const struct site_record *r, const struct seen *s)
{
	CLEAN(buf_fini) struct buf hex = BUF(80);
	char id[ID_TEXT_SIZE], certificate[ID_TEXT_SIZE];

	buf_put_hex(&hex, r->sha256, sizeof(r->sha256));
	return json_pack("{s:s, s:s, s:b, s:O, s:o, s:{s:s, s:s, s:s?, s:s?}}", "host", r->host,
	    "site", id_text(r->site, id), "under_way", r->under_way, "differences", s->differences,
	    "device", s->device ? json_incref(s->device) : json_array(), "record", "address",
	    r->address, "backend", r->backend, "certificate",
	    id_is_none(r->certificate) ? NULL : id_text(r->certificate, certificate), "sha256",
	    id_is_none(r->certificate) ? NULL : buf_text(&hex));
}

int
drift_end(struct drift *d)
{
	for (size_t i = 0; i < d->records.count; i++) {
		const struct site_record *r = &d->records.row[i];
		struct seen *s = &d->seen[i];
		int result;

		conclude(d, r, s);
		d->counts.sites += !id_is_none(r->certificate);
		d->counts.under_way += r->under_way;
		if (!s->differences) {
			d->counts.same += !id_is_none(r->certificate);
			continue;
		}
		d->counts.different += !r->under_way;
		result = d->source->tell(d->source, row_of(r, s));
		if (result)
			return result;
	}
	return 0;
}
