/* SPDX-License-Identifier: Apache-2.0 */
#include "site/site.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "site/site_internal.h"

/* What the steps of one test tell each other. */
struct test {
	const struct site_target *target;
	struct site_report *report;
	bool tls13, tls12, is_leaf;
	size_t served;
	long status;
};

static void
blame_handshake(struct test *t, enum site_offer offer, const struct site_shake *shake)
{
	struct finding *f = site_blame(t->target, FINDING_SITE_HANDSHAKE, t->report);

	finding_param(f, "protocol", "%s", site_offer_words(offer));
	finding_param(f, "reason", "%s", shake->reason);
}

static void
blame_connection(struct test *t, const char *reason)
{
	finding_param(
	    site_blame(t->target, FINDING_SITE_CONNECT, t->report), "reason", "%s", reason);
}

/* One of the two versions that must work. What is shown is judged the first time, and must be the
 * same the second. */
static int
test_version(struct test *t, enum site_offer offer, bool *ret_done)
{
	CLEAN(site_shake_fini) struct site_shake shake = { 0 };
	int r = site_shake(t->target, offer, &shake);

	if (r)
		return r;
	*ret_done = shake.end == SHAKE_DONE;
	if (shake.end == SHAKE_UNCONNECTED) {
		blame_connection(t, shake.reason);
	} else if (shake.end != SHAKE_DONE) {
		blame_handshake(t, offer, &shake);
	} else {
		site_pass(t->target, site_offer_words(offer), shake.cipher, t->report);
		if (t->served == 0 ||
		    (t->is_leaf && memcmp(shake.leaf_sha256, t->target->leaf_sha256,
				       sizeof(shake.leaf_sha256)) != 0))
			t->is_leaf = site_judge_served(t->target, &shake, t->report);
		t->served = shake.served_count;
	}
	return 0;
}

static void
leave_untested(struct test *t, const char *check, const char *reason)
{
	struct finding *f = site_blame(t->target, FINDING_SITE_UNTESTED, t->report);

	finding_param(f, "check", "%s", check);
	finding_param(f, "reason", "%s", reason);
}

/* A version out of use: only a peer that says no, or closes, has refused it. One that chose it
 * accepts it, even where our own library then would not go on (no secure renegotiation, weak key).
 */
static int
test_old_version(struct test *t, enum site_offer offer)
{
	CLEAN(site_shake_fini) struct site_shake shake = { 0 };
	char check[32];
	int r = site_shake(t->target, offer, &shake);

	if (r)
		return r;
	snprintf(check, sizeof(check), "No %s", site_offer_words(offer));
	switch (shake.chosen ? SHAKE_DONE : shake.end) {
	case SHAKE_DONE:
		finding_param(site_blame(t->target, FINDING_SITE_OLD_TLS, t->report), "protocol",
		    "%s", site_offer_words(offer));
		break;
	case SHAKE_REFUSED:
		site_pass(t->target, check, "it is refused", t->report);
		break;
	case SHAKE_UNCONNECTED:
	case SHAKE_SILENT:
	case SHAKE_UNOFFERED:
		leave_untested(t, check, shake.reason);
		break;
	}
	return 0;
}

static int
test_all(struct test *t)
{
	int r = test_version(t, OFFER_TLS13, &t->tls13);

	/* where nobody listens, the rest would only tell it again */
	if (r || findings_first(&t->report->findings)->code == FINDING_SITE_CONNECT)
		return r;
	r = test_version(t, OFFER_TLS12, &t->tls12);
	if (r || (!t->tls13 && !t->tls12))
		return r;
	r = test_old_version(t, OFFER_TLS11);
	if (r == 0)
		r = test_old_version(t, OFFER_TLS10);
	if (r == 0 && t->is_leaf)
		r = site_judge_http(t->target, t->report, &t->status);
	return r;
}

static void
sum_up(struct test *t)
{
	const struct finding *first = findings_first(&t->report->findings);
	CLEAN(buf_fini) struct buf what = BUF(8192);

	t->report->good = !findings_block(&t->report->findings);
	if (t->report->good) {
		snprintf(t->report->words, sizeof(t->report->words),
		    "TLS 1.3 and 1.2, chain of %zu, HTTP %ld", t->served, t->status);
		return;
	}
	finding_render(first, FINDING_WHAT, &what);
	str_show(buf_str(&what), t->report->words, sizeof(t->report->words));
}

int
site_test(const struct site_target *target, struct site_report *ret)
{
	when start = world_ticks();
	struct test t = { .target = target, .report = ret };
	int r;

	*ret = (struct site_report){ .findings.policy = target->severities };
	r = test_all(&t);
	ret->findings.policy = NULL;
	if (r)
		return r;
	sum_up(&t);
	ret->micros = world_ticks() - start;
	return 0;
}

int
site_serves(const struct site_target *target, struct outcome *what)
{
	CLEAN(site_shake_fini) struct site_shake shake = { 0 };
	char missing[256];
	int r = site_shake(target, OFFER_BOTH, &shake);

	if (r)
		return r;
	if (shake.end != SHAKE_DONE)
		outcome_set(what, OUTCOME_LATER, "%s", shake.reason);
	else if (memcmp(shake.leaf_sha256, target->leaf_sha256, sizeof(shake.leaf_sha256)) != 0)
		outcome_set(
		    what, OUTCOME_LATER, "another certificate is served for %s", target->name.text);
	else if (!site_serves_chain(target, &shake, missing, sizeof(missing)))
		outcome_set(what, OUTCOME_LATER,
		    "%s is served without a certificate of its chain: %s", target->name.text,
		    missing);
	else
		outcome_set(what, OUTCOME_DONE, "%s is served", target->name.text);
	return 0;
}

static void
json_free(json_t *json)
{
	json_decref(json);
}
CLEAN_DEFINE(json_free, json_t *);

static json_t *
finding_json(const struct finding *finding)
{
	CLEAN(buf_fini) struct buf title = BUF(2048);
	CLEAN(buf_fini) struct buf what = BUF(4096);

	finding_render(finding, FINDING_TITLE, &title);
	finding_render(finding, FINDING_WHAT, &what);
	return json_pack("{s:s, s:s, s:s, s:s}", "code", finding_rule(finding->code)->code,
	    "severity", severity_name(finding->severity), "title", buf_text(&title), "what",
	    buf_text(&what));
}

/* {"good", "words", "micros", "checks": [{"code", "severity", "title", "what"}]} */
int
site_report_json(const struct site_report *report, struct buf *to)
{
	CLEAN(json_free) json_t *json = NULL;
	CLEAN(free_text) char *text = NULL;
	json_t *checks = json_array();

	for (size_t i = 0; i < report->findings.count; i++)
		json_array_append_new(checks, finding_json(&report->findings.list[i]));
	json = json_pack("{s:b, s:s, s:I, s:o}", "good", (int)report->good, "words", report->words,
	    "micros", (json_int_t)report->micros, "checks", checks);
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	if (!text)
		return error_origin(ENOMEM);
	buf_put_text(to, text);
	return buf_failed(to) ? error_origin(EMSGSIZE) : 0;
}
