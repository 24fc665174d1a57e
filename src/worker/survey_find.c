/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of survey makes of what a driver finds. */
#include <errno.h>
#include <stdlib.h>

#include "balancer/drift.h"
#include "balancer/proposal.h"
#include "store/certificates.h"
#include "store/pools.h"
#include "worker/survey.h"

#define CERTIFICATE_MAX (1024 * 1024)
#define RECORDS_PAGE    1000

static json_t *
holdings(const struct capacity *capacity)
{
	json_t *all = json_object();

	for (size_t i = 0; i < capacity->count; i++)
		json_object_set_new(all, capacity->of[i].what, json_integer(capacity->of[i].used));
	return all;
}

int
survey_probe(struct sheet *sheet, struct balancer *b, json_t **ret_result, struct outcome *what)
{
	const struct balancer_driver *driver = balancer_driver_of(b);
	struct capacity capacity = { 0 };
	struct probe p = { 0 };
	int r = driver->probe(b, &p, what);

	if (r == 0 && driver->capacity)
		r = driver->capacity(b, &capacity, what);
	if (r)
		return r;
	*ret_result = json_pack("{s:o, s:o, s:s, s:o}", "version", survey_text(p.version), "words",
	    survey_text(p.words), "driver", driver->name, "holds", holdings(&capacity));
	outcome_set(
	    what, OUTCOME_DONE, "%s answers: %s; %s", sheet->config->name, p.version, p.words);
	return sheet_looked(sheet);
}

/* ---- the record */

static void
add_records(struct site_record_list *all, const struct site_record_list *page)
{
	all->row = alloc_again(all->row, all->count + page->count + 1, sizeof(*all->row));
	memcpy(all->row + all->count, page->row, page->count * sizeof(*all->row));
	all->count += page->count;
}

static int
load_records(struct sheet *sheet, struct site_record_list *ret)
{
	struct page page = { .after = ID_NONE, .limit = RECORDS_PAGE };
	bool more = true;
	int r = 0;

	while (r == 0 && more) {
		CLEAN(site_record_list_fini) struct site_record_list some = { 0 };

		r = store_site_records(sheet->hand->store, sheet->config->name, page, &some);
		more = r == 0 && some.more;
		if (r == 0 && some.count > 0) {
			page.after = some.row[some.count - 1].site;
			add_records(ret, &some);
		}
	}
	return sheet_keep_fault(sheet, r);
}

static int
digests_of(const struct drift_source *self, struct id certificate, struct drift_digests *ret)
{
	CLEAN(buf_fini) struct buf leaf = BUF(CERTIFICATE_MAX), chain = BUF(CERTIFICATE_MAX);
	struct sheet *sheet = self->context;
	int r = store_certificate_der(sheet->hand->store, certificate, &leaf, &chain);

	if (r)
		return sheet_keep_fault(sheet, r);
	return error_fold(drift_digests_make(buf_str(&leaf), buf_str(&chain), ret));
}

static int
certificates_of(
    const struct drift_source *self, struct id site, struct id *to, size_t max, size_t *ret_count)
{
	struct sheet *sheet = self->context;

	return sheet_keep_fault(
	    sheet, store_certificates_of_site(sheet->hand->store, site, to, max, ret_count));
}

static int
tell_row(const struct drift_source *self, json_t *row)
{
	return sheet_tell(self->context, row);
}

/* Both drift and import compare with the record. */
struct comparison {
	struct surveyor surveyor; /* first */
	struct drift_source source;
	struct sheet *sheet;
	struct drift *drift;
	int64_t proposed;
};

static int
begin(struct comparison *c, struct sheet *sheet)
{
	CLEAN(site_record_list_fini) struct site_record_list records = { 0 };
	int r = load_records(sheet, &records);

	if (r)
		return r;
	c->sheet = sheet;
	c->source = (struct drift_source){ .digests = digests_of,
		.certificates = certificates_of,
		.tell = tell_row,
		.context = sheet };
	c->drift = drift_new(sheet->config, &c->source, &records);
	return 0;
}

static void
comparison_fini(struct comparison *c)
{
	drift_free(c->drift);
}
CLEAN_DEFINE_FINI(comparison_fini, struct comparison);

/* How the device was meanwhile: of a pair that does not agree one unit alone was looked over. */
static int
put_device(struct balancer *b, json_t *result, struct outcome *what)
{
	struct probe p = { 0 };
	int r = balancer_driver_of(b)->probe(b, &p, what);

	if (r == 0)
		json_object_set_new(result, "device", survey_text(p.words));
	return r;
}

/* ---- drift */

static int
compare(const struct surveyor *self, const struct surveyed *entry, struct outcome *what UNUSED)
{
	const struct comparison *c = (const struct comparison *)(const void *)self;
	int r = drift_take(c->drift, entry);

	return r ? r : sheet_looked(c->sheet);
}

static void
put_drift_words(const struct drift_counts *n, struct outcome *what)
{
	if (n->different == 0 && n->left_over == 0)
		outcome_set(what, OUTCOME_DONE, "No drift. Sites as recorded: %lld%s",
		    (long long)n->same,
		    n->under_way ? ", others are being worked on just now" : "");
	else
		outcome_set(what, OUTCOME_DONE,
		    "Sites that differ: %lld of %lld; left over of ours: %lld",
		    (long long)n->different, (long long)n->sites, (long long)n->left_over);
}

int
survey_drift(struct sheet *sheet, struct balancer *b, json_t **ret_result, struct outcome *what)
{
	CLEAN(comparison_fini) struct comparison c = { .surveyor = { .found = compare } };
	struct drift_counts n;
	int r = begin(&c, sheet);

	if (r == 0)
		r = balancer_survey(b, &c.surveyor, what);
	if (r == 0)
		r = drift_end(c.drift);
	if (r)
		return r;
	n = drift_counts(c.drift);
	*ret_result = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "sites", (json_int_t)n.sites,
	    "same", (json_int_t)n.same, "different", (json_int_t)n.different, "under_way",
	    (json_int_t)n.under_way, "left_over", (json_int_t)n.left_over, "foreign",
	    (json_int_t)n.foreign);
	r = put_device(b, *ret_result, what);
	if (r == 0)
		put_drift_words(&n, what);
	return r;
}

/* ---- import */

/* An address that is in use there must not be given to the next order. */
static int
remark_address(struct sheet *sheet, const struct surveyed *entry, json_t *row)
{
	struct str plain = str_of(entry->address);
	char pool[64] = "", text[ADDR_TEXT_SIZE];
	struct addr address;
	bool is_free = false;
	int r;

	plain.len = str_find(plain, STR("%")); /* a route domain */
	if (!addr_parse(plain, &address))
		return 0;
	r = store_address_find(sheet->hand->store, sheet->config->name, &address, pool, &is_free);
	if (r == 0 && is_free)
		proposal_remark(row,
		    "Its address %s is in the pool %s, and would be given to an order of certdesk's.",
		    addr_text(&address, text), pool);
	return r == STORE_E_ABSENT ? 0 : sheet_keep_fault(sheet, r);
}

static int
tell_proposal(struct comparison *c, const struct surveyed *entry)
{
	when now = world_now(c->sheet->hand->worker->world);
	json_t *row = proposal_json(entry, now);
	int r = remark_address(c->sheet, entry, row);

	if (r) {
		json_decref(row);
		return r;
	}
	c->proposed++;
	return sheet_tell(c->sheet, row);
}

/* With our mark it is another certdesk's, or left over: not to be taken over. */
static int
propose(const struct surveyor *self, const struct surveyed *entry, struct outcome *what UNUSED)
{
	struct comparison *c = (struct comparison *)(uintptr_t)self;
	int r = 0;

	if (id_is_none(entry->site) && *entry->certificate && !drift_knows(c->drift, entry) &&
	    !(entry->owner == SURVEYED_OURS && entry->state == SURVEYED_UNUSED))
		r = tell_proposal(c, entry);
	return r ? r : sheet_looked(c->sheet);
}

int
survey_import(struct sheet *sheet, struct balancer *b, json_t **ret_result, struct outcome *what)
{
	CLEAN(comparison_fini) struct comparison c = { .surveyor = { .found = propose } };
	int r = begin(&c, sheet);

	if (r == 0)
		r = balancer_survey(b, &c.surveyor, what);
	if (r)
		return r;
	*ret_result = json_pack("{s:I}", "proposed", (json_int_t)c.proposed);
	r = put_device(b, *ret_result, what);
	if (r)
		return r;
	outcome_set(what, OUTCOME_DONE,
	    "%lld of %lld things are not certdesk's and could be taken over", (long long)c.proposed,
	    (long long)sheet->survey.looked);
	return 0;
}
