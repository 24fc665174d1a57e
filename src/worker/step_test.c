/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TASK_TEST_ADDRESS and TASK_TEST_NAME: the site as its users meet it, first at the reserved
 * address before anybody is sent there, then once more by name. A test that fails for what the
 * balancer serves takes the installation back; one that fails for the service behind is tried
 * again.
 */
#include "worker/worker.h"

#include "balancer/balancer.h"
#include "store/certificates.h"
#include "worker/install.h"

#define STEP_TIMEOUT SECONDS(5)

static const char *
path_of(enum service_kind kind)
{
	return kind == SERVICE_OWA ? "/owa/" : "/";
}

static int
run_test(struct hand *hand, const struct order *order, const struct subject_matter *matter,
    struct site_report *ret)
{
	struct certificate certificate;
	int r = store_certificate_get(hand->store, order->certificate, &certificate);
	struct site_target target = {
		.name = matter->name,
		.address = matter->address,
		.port = (uint16_t)matter->balancer->https_port,
		.path = path_of(matter->service.kind),
		.trust = hand->worker->trust,
		.timeout = STEP_TIMEOUT,
		.severities = &hand->worker->config->severities,
	};

	if (r)
		return error_fold(r);
	memcpy(target.leaf_sha256, certificate.sha256, sizeof(target.leaf_sha256));
	return site_test(&target, ret);
}

static int
keep_report(struct hand *hand, const struct order *order, enum look_kind kind,
    const struct site_report *report)
{
	CLEAN(buf_fini) struct buf json = BUF(1 << 16);
	int r = site_report_json(report, &json);

	if (r)
		return r;
	r = store_look_set(
	    hand->store, order->id, kind, report->good, report->words, buf_str(&json));
	if (r)
		return r;
	return store_findings_replace(hand->store, order->id, GATE_SITE, &report->findings);
}

/* Causes that lie in what the balancer serves, not in the service behind it or the way there. */
static bool
is_the_installation(const struct site_report *report)
{
	const struct finding *first = findings_first(&report->findings);

	return first &&
	       (first->code == FINDING_SITE_OTHER_CERT || first->code == FINDING_SITE_CHAIN ||
		   first->code == FINDING_SITE_HANDSHAKE);
}

/* What people installed they put right themselves. */
static int
take_back(struct hand *hand, const struct task *task, struct order *order,
    const struct subject_matter *matter, const struct site_report *report, struct outcome *what)
{
	bool by_hand = balancer_reach(matter->balancer) == REACH_PEOPLE;
	struct outcome undo = { .kind = OUTCOME_DONE };
	int r = by_hand ? 0 : install_roll_back(hand, order, &undo);

	if (r)
		return r;
	if (undo.kind == OUTCOME_LATER) { /* it is served still */
		*what = undo;
		return 0;
	}
	r = hand_begin(hand);
	if (r)
		return r;
	r = keep_report(hand, order, LOOK_TEST_ADDRESS, report);
	if (r)
		return r;
	r = store_installation_set(hand->store, order->installation,
	    by_hand ? INSTALLATION_BY_HAND : INSTALLATION_ROLLED_BACK, report->words);
	if (r)
		return error_fold(r);
	r = store_order_event(hand->store, order->id, EVENT_STUCK, "");
	if (r == 0 || r == STORE_E_ALREADY)
		r = store_order_event(hand->store, order->id, EVENT_UNTESTED, "");
	if (r == 0) /* last: an event takes the words before it away */
		r = store_order_trouble(hand->store, order->id, report->words);
	if (r)
		return r == STORE_E_NOT_NOW ? r : error_fold(r);
	outcome_set(what, OUTCOME_DONE, "failed and %s: %s", by_hand ? "handed back" : "taken back",
	    report->words);
	return hand_finish(hand, task, EVENT_MAX, "", "worker.untested");
}

/* A test that did not pass and may by itself: what was seen is kept for people, the task stays. */
static int
wait_and_see(struct hand *hand, const struct order *order, enum look_kind kind,
    const struct site_report *report, struct outcome *what)
{
	int r = hand_begin(hand);

	if (r)
		return r;
	r = keep_report(hand, order, kind, report);
	if (r)
		return r;
	outcome_set(what, OUTCOME_LATER, "%s", report->words);
	return store_commit(hand->store, "worker.tested_later");
}

static int
keep_success(struct hand *hand, const struct order *order, enum look_kind kind,
    const struct site_report *report, struct outcome *what)
{
	int r = hand_begin(hand);

	if (r)
		return r;
	outcome_set(what, OUTCOME_DONE, "%s", report->words);
	return keep_report(hand, order, kind, report);
}

/* A dry run ends here: nobody is told to move a name to an address where nothing is. */
static int
nothing_to_test(
    const struct order *order, const struct subject_matter *matter, struct outcome *what)
{
	outcome_set(what, OUTCOME_HUMAN,
	    "%s is a dry run: `certdesk order plan %lld` tells what would have been done. Nothing is served, so there is nothing to test, and "
	    "the order ends here: certdesk order cancel %lld",
	    matter->balancer->name, (long long)order->number, (long long)order->number);
	return 0;
}

int
step_test_address(
    struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	struct subject_matter matter;
	struct site_report report;
	int r = hand_load(hand, order, &matter, what);

	if (r)
		return r > 0 ? 0 : r;
	if (balancer_reach(matter.balancer) == REACH_NOTHING)
		return nothing_to_test(order, &matter, what);
	r = run_test(hand, order, &matter, &report);
	if (r)
		return r;
	if (!report.good && is_the_installation(&report))
		return take_back(hand, task, order, &matter, &report, what);
	if (!report.good)
		return wait_and_see(hand, order, LOOK_TEST_ADDRESS, &report, what);
	r = keep_success(hand, order, LOOK_TEST_ADDRESS, &report, what);
	return r ? r : hand_finish(hand, task, EVENT_TESTED, "", "worker.tested");
}

/* By name means: as the DNS says now. If it moved away again since the last look, that is a fact to
 * keep. */
static int
moved_away(
    struct hand *hand, const struct task *task, const struct dns_report *dns, struct outcome *what)
{
	int r = hand_begin(hand);

	if (r)
		return r;
	outcome_set(what, OUTCOME_DONE, "the name does not point at our address any more: %s",
	    dns_verdict_name(dns->verdict));
	return hand_finish(hand, task, EVENT_UNPOINTED, "", "worker.unpointed");
}

int
step_test_name(
    struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	struct subject_matter matter;
	struct site_report report;
	struct dns_report dns;
	int r = hand_load(hand, order, &matter, what);

	if (r)
		return r > 0 ? 0 : r;
	r = dns_check(hand->dns, &matter.name, &matter.address, &dns);
	if (r)
		return r;
	if (dns.verdict == DNS_UNKNOWN) {
		outcome_set(what, OUTCOME_LATER, "The DNS could not be asked from here.");
		return 0;
	}
	if (dns.verdict != DNS_POINTED)
		return moved_away(hand, task, &dns, what);
	r = run_test(hand, order, &matter, &report);
	if (r)
		return r;
	if (!report.good)
		return wait_and_see(hand, order, LOOK_TEST_NAME, &report, what);
	r = keep_success(hand, order, LOOK_TEST_NAME, &report, what);
	return r ? r : hand_finish(hand, task, EVENT_CONFIRMED, "", "worker.confirmed");
}
