/* SPDX-License-Identifier: Apache-2.0 */
#include "review/review.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "pki/der_read.h"
#include "review/differences.h"
#include "store/certificates.h"
#include "store/events.h"
#include "store/intermediates.h"
#include "store/keys.h"
#include "store/purchases.h"
#include "store/sites.h"

static const char *const policies[] = {
	[REVIEW_ALWAYS] = "always",
	[REVIEW_WARNINGS] = "warnings",
	[REVIEW_NEVER] = "never",
};
static_assert(COUNT_OF(policies) == REVIEW_POLICY_MAX, "a name for each policy");

enum review_policy
review_policy_of(struct str s)
{
	for (int i = 0; i < REVIEW_POLICY_MAX; i++)
		if (str_eq(s, str_of(policies[i])))
			return (enum review_policy)i;
	return REVIEW_ALWAYS;
}

static enum finding_severity
worst_of(const struct findings *findings)
{
	enum finding_severity worst = SEVERITY_INFO;

	for (size_t i = 0; i < findings->count; i++)
		if (findings->list[i].severity > worst)
			worst = findings->list[i].severity;
	return worst;
}

bool
review_is_needless(enum review_policy policy, bool accept_clean, const struct findings *findings)
{
	enum finding_severity worst = worst_of(findings);

	return worst == SEVERITY_INFO ? accept_clean || policy != REVIEW_ALWAYS
	                              : worst == SEVERITY_WARN && policy == REVIEW_NEVER;
}

/* The next of DERs that lie one behind the other. */
static bool
der_split(struct str *rest, struct str *ret)
{
	struct der one;

	if (!der_next(rest, &one))
		return false;
	*ret = one.whole;
	return true;
}

/* Every part with its length before it, so that no two deliveries read alike. */
static void
put_part(struct buf *to, struct str part)
{
	buf_printf(to, "%zu:", part.len);
	buf_put_str(to, part);
}

static int
number_review(const struct read_report *report, uint8_t ret[static 32])
{
	CLEAN(buf_fini) struct buf all = BUF(16u << 20);
	unsigned len = 32;

	put_part(&all, str_bytes(report->certificate.sha256, sizeof(report->certificate.sha256)));
	put_part(&all, buf_str(&report->leaf));
	put_part(&all, buf_str(&report->chain));
	for (size_t i = 0; i < report->findings.count; i++) {
		const struct finding *finding = &report->findings.list[i];

		put_part(&all, str_of(finding_rule(finding->code)->code));
		put_part(&all, str_of(severity_name(finding->severity)));
		for (size_t k = 0; k < finding->param_count; k++) {
			put_part(&all, str_of(finding->param[k].name));
			put_part(&all, str_of(finding->param[k].value));
		}
	}
	if (buf_failed(&all) || EVP_Digest(all.data, all.len, ret, &len, EVP_sha256(), NULL) != 1)
		return error_origin(ENOMEM);
	return 0;
}

static void
describe(const struct read_report *report, struct delivered *to)
{
	const struct read_certificate *from = &report->certificate;

	snprintf(to->container, sizeof(to->container), "%s", report->container);
	copy_bytes(to->sha256, from->sha256, sizeof(to->sha256));
	snprintf(to->serial, sizeof(to->serial), "%s", from->serial);
	snprintf(to->subject, sizeof(to->subject), "%s", from->subject);
	snprintf(to->issuer, sizeof(to->issuer), "%s", from->issuer);
	snprintf(to->names, sizeof(to->names), "%s", from->names);
	to->chain_length = report->chain_length;
	to->not_before = from->not_before;
	to->not_after = from->not_after;
}

/* The links lead to a root we trust: the next customer who lacks them has them (I-16). */
static int
learn(struct store *store, const struct read_report *report)
{
	struct str rest = buf_str(&report->chain), der;
	int r = 0;

	for (size_t i = 0; r == 0 && i < report->chain_length && der_split(&rest, &der); i++) {
		const struct read_link *from = &report->link[i];
		struct intermediate one = { .not_after = from->not_after };

		copy_bytes(one.sha256, from->sha256, sizeof(one.sha256));
		copy_bytes(one.subject_sha256, from->subject_sha256, sizeof(one.subject_sha256));
		snprintf(one.subject, sizeof(one.subject), "%s", from->subject);
		r = store_intermediate_add(store, &one, "delivery", der);
	}
	return r;
}

static int
put_differences(const struct read_report *report, struct buf *to)
{
	json_t *list = review_differences(report);
	char *text = json_dumps(list, JSON_COMPACT);

	json_decref(list);
	if (!text)
		return error_origin(ENOMEM);
	buf_put_text(to, text);
	free(text);
	return 0;
}

static int
keep(struct store *store, const struct order *order, const struct read_report *report,
    const struct delivered *as, struct delivered *ret)
{
	CLEAN(buf_fini) struct buf differences = BUF(1 << 16);
	struct delivered_bytes bytes;
	struct delivered d = *as;
	int r = number_review(report, d.review);

	d.order = order->id;
	d.state = DELIVERED_REVIEW;
	describe(report, &d);
	if (r == 0)
		r = put_differences(report, &differences);
	bytes = (struct delivered_bytes){ .leaf = report->leaf,
		.chain = report->chain,
		.wrapped = report->taken.wrapped,
		.differences = differences };
	if (r == 0)
		r = store_delivered_add(store, &d, &bytes, &report->findings);
	if (r == 0)
		r = learn(store, report);
	if (r == 0)
		r = store_order_event(store, order->id, EVENT_DELIVERED, "");
	if (r == 0)
		*ret = d;
	return r;
}

int
review_keep(struct store *store, const struct order *order, const struct read_report *report,
    bool accept_clean, struct delivered *ret)
{
	if (report->taken.is_taken) /* a key that nobody wished for */
		return error_origin(EBADMSG);
	return keep(store, order, report, &(struct delivered){ .accept_clean = accept_clean }, ret);
}

static void
name_author(struct findings *findings, const char *author)
{
	for (size_t i = 0; i < findings->count; i++)
		if (findings->list[i].code == FINDING_CERT_FOREIGN_KEY_TAKEN)
			finding_param(&findings->list[i], "author", "%s", author);
}

int
review_keep_with_key(struct store *store, const struct order *order, struct read_report *report,
    const struct review_offer *offer, struct delivered *ret)
{
	struct delivered as = { .key = offer->key, .key_kind = report->taken.kind };
	int r;

	if (!report->taken.is_taken || id_is_none(offer->key))
		return error_origin(EBADMSG);
	copy_bytes(as.key_spki, report->certificate.spki_sha256, sizeof(as.key_spki));
	name_author(&report->findings, offer->author);
	r = keep(store, order, report, &as, ret);
	return r ? r : store_delivered_key_offered(store, ret, offer->author, offer->statement);
}

/* From here on the order's key is the one that came along; *ret says which it is in any case. */
static int
bring_into_force(struct store *store, const struct order *order, const struct delivered *kept,
    const struct delivered_bytes *bytes, struct id *ret)
{
	struct key key = { .id = kept->key,
		.customer = order->customer,
		.site = order->site,
		.kind = kept->key_kind,
		.origin = KEY_FROM_CUSTOMER };
	int r;

	*ret = order->key;
	if (id_is_none(kept->key))
		return 0;
	copy_bytes(key.spki_sha256, kept->key_spki, sizeof(key.spki_sha256));
	r = store_key_add(store, &key, buf_str(&bytes->wrapped));
	if (r == 0)
		r = store_key_retire(store, order->key);
	if (r == 0)
		r = store_order_point(store, order->id, key.id, ID_NONE, ID_NONE, ID_NONE);
	if (r == 0)
		*ret = key.id;
	return r;
}

int
review_fetch(struct store *store, const struct order *order, const struct read_report *report,
    bool accept_clean, struct delivered *ret)
{
	struct buf none = BUF(8);
	struct delivered_bytes bytes = {
		.leaf = report->leaf, .given = report->given, .differences = none
	};
	struct delivered d = {
		.order = order->id, .state = DELIVERED_FETCHING, .accept_clean = accept_clean
	};
	int r;

	describe(report, &d);
	r = store_delivered_add(store, &d, &bytes, &report->findings);
	if (r == 0)
		r = store_order_event(store, order->id, EVENT_FETCHING, "");
	if (r == 0)
		*ret = d;
	return r;
}

/* For the audit log: which findings refused it. */
static void
put_codes(const struct findings *findings, struct buf *to)
{
	buf_put_text(to, "{\"codes\":[");
	for (size_t i = 0; i < findings->count; i++)
		buf_printf(
		    to, "%s\"%s\"", i ? "," : "", finding_rule(findings->list[i].code)->code);
	buf_put_text(to, "]}");
}

int
review_refuse(struct store *store, const struct order *order, const struct delivered *fetching,
    const struct findings *findings)
{
	CLEAN(buf_fini) struct buf codes = BUF(8192);
	int r = 0;

	put_codes(findings, &codes);
	if (findings_first(findings))
		r = store_order_refused(store, order->id, findings_first(findings)->code);
	if (r == 0 && id_is_none(order->certificate))
		r = store_findings_replace(store, order->id, GATE_CERTIFICATE, findings);
	if (r == 0)
		r = store_event_add(
		    store, "certificate.refused", "order", order->id, order->id, buf_text(&codes));
	if (r == 0 && fetching)
		r = store_delivered_refuse(store, fetching->id, findings);
	if (r == 0 && fetching)
		r = store_order_event(store, order->id, EVENT_DISCARDED, "");
	return r;
}

static int
add_certificate(
    struct store *store, const struct order *order, const struct delivered *kept, struct id *ret)
{
	CLEAN(delivered_bytes_fini) struct delivered_bytes bytes;
	struct certificate c = { .order = order->id,
		.site = order->site,
		.chain_length = kept->chain_length,
		.not_before = kept->not_before,
		.not_after = kept->not_after };
	int r;

	delivered_bytes_init(&bytes);
	copy_bytes(c.sha256, kept->sha256, sizeof(c.sha256));
	snprintf(c.serial, sizeof(c.serial), "%s", kept->serial);
	snprintf(c.subject, sizeof(c.subject), "%s", kept->subject);
	snprintf(c.issuer, sizeof(c.issuer), "%s", kept->issuer);
	snprintf(c.names, sizeof(c.names), "%s", kept->names);
	r = store_delivered_bytes(store, kept->id, &bytes);
	if (r == 0)
		r = bring_into_force(store, order, kept, &bytes, &c.key);
	if (r == 0)
		r = store_certificate_add(store, &c, buf_str(&bytes.leaf), buf_str(&bytes.chain));
	if (r == 0)
		*ret = c.id;
	return r;
}

/* What was acknowledged by accepting, for the audit log. */
static int
tell_audit(struct store *store, const struct order *order, const struct delivered *kept,
    const struct findings *findings)
{
	CLEAN(buf_fini) struct buf detail = BUF(8192);
	bool first = true;

	buf_put_text(&detail, "{\"review\":\"");
	buf_put_hex(&detail, kept->review, sizeof(kept->review));
	buf_put_text(&detail, "\",\"acknowledged\":[");
	for (size_t i = 0; i < findings->count; i++) {
		if (findings->list[i].severity == SEVERITY_INFO)
			continue;
		buf_printf(&detail, "%s\"%s\"", first ? "" : ",",
		    finding_rule(findings->list[i].code)->code);
		first = false;
	}
	buf_put_text(&detail, "]}");
	return store_event_add(
	    store, "certificate.reviewed", "order", order->id, order->id, buf_text(&detail));
}

int
review_accept(struct store *store, const struct order *order, const struct delivered *kept)
{
	struct findings *findings = alloc_zero(sizeof(*findings));
	struct id certificate = ID_NONE;
	int r = store_delivered_findings(store, kept->id, findings);

	if (r == 0)
		r = add_certificate(store, order, kept, &certificate);
	if (r == 0)
		r = store_order_point(store, order->id, ID_NONE, ID_NONE, certificate, ID_NONE);
	if (r == 0)
		r = store_order_set_valid_from(store, order->id, kept->not_before);
	if (r == 0)
		r = store_findings_replace(store, order->id, GATE_CERTIFICATE, findings);
	if (r == 0)
		r = store_delivered_end(store, kept->id, DELIVERED_ACCEPTED);
	if (r == 0)
		r = tell_audit(store, order, kept, findings);
	free(findings);
	return r ? r : store_order_event(store, order->id, EVENT_CERTIFIED, "");
}

int
review_rechain(struct store *store, const struct order *order, const struct read_report *report)
{
	struct certificate c;
	int r = store_certificate_get(store, order->certificate, &c);

	if (r)
		return r;
	c.chain_length = report->chain_length;
	r = store_certificate_add(store, &c, buf_str(&report->leaf), buf_str(&report->chain));
	if (r == 0)
		r = store_order_point(store, order->id, ID_NONE, ID_NONE, c.id, ID_NONE);
	if (r == 0)
		r = store_site_set_live(store, order->site, c.id, order->id, c.not_after);
	if (r == 0)
		r = learn(store, report);
	return r ? r : store_order_event(store, order->id, EVENT_RECHAINED, "");
}
