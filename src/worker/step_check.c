/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TASK_CHECK: the gates before the purchase, once. The customer's mailboxes are counted where a
 * source is known. The look at the DNS also decides whether the customer is told to move its record
 * at any time or last: where a site answers today, or where we could not see, it moves last, or its
 * users would meet a warning.
 *
 * What holds at these gates waits for somebody's word (docs/decisions/0024);
 * TASK_QUESTION asks the customer for it by mail, or sets the order aside for the provider.
 */
#include <stdlib.h>

#include "mail/mail.h"
#include "review/doubt.h"
#include "worker/eligibility.h"
#include "worker/look.h"
#include "worker/registry.h"

static enum dns_when
move_when(const struct dns_report *report)
{
	return report->answers_somewhere || report->verdict == DNS_UNKNOWN ? DNS_LAST : DNS_NOW;
}

static enum order_event
event_of(const struct doubt *doubt)
{
	switch (doubt_severity(doubt)) {
	case SEVERITY_REJECT:
		return EVENT_REFUSED;
	case SEVERITY_HOLD:
		return EVENT_DOUBTED;
	case SEVERITY_INFO:
	case SEVERITY_WARN:
	case SEVERITY_MAX:
		break;
	}
	return EVENT_CHECKED;
}

static int
conclude(struct hand *hand, const struct task *task, const struct order *order)
{
	struct doubt *doubt = alloc_zero(sizeof(*doubt));
	int r = doubt_read(hand->store, order, doubt);
	enum order_event event = event_of(doubt);

	free(doubt);
	return r ? r : hand_finish(hand, task, event, "", "worker.checked");
}

/* What was seen, outside any transaction. */
struct sight {
	struct counting counting;
	struct registration registration;
	struct dns_report dns;
};

static void
sight_free(struct sight *sight)
{
	counting_fini(&sight->counting);
	registration_fini(&sight->registration);
	free(sight);
}
CLEAN_DEFINE(sight_free, struct sight *);

static int
look_around(struct hand *hand, const struct order *order, struct sight *ret, struct outcome *what)
{
	int r = counting_make(hand, order, &ret->counting, what);

	if (r || what->kind != OUTCOME_DONE)
		return r;
	registration_ask(hand, order, &ret->registration);
	return dns_look_make(hand, order, &ret->dns, what);
}

static int
keep(struct hand *hand, const struct order *order, struct sight *sight)
{
	int r = hand_begin(hand);

	if (r == 0)
		r = counting_keep(hand, order, &sight->counting);
	if (r == 0)
		r = registration_keep(hand, order, &sight->registration);
	if (r == 0)
		r = dns_look_keep(hand, order, &sight->dns);
	return r ? r : store_order_set_dns_when(hand->store, order->id, move_when(&sight->dns));
}

int
step_check(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	CLEAN(sight_free) struct sight *sight = alloc_zero(sizeof(*sight));
	int r;

	counting_init(&sight->counting);
	r = look_around(hand, order, sight, what);
	if (r || what->kind != OUTCOME_DONE)
		return r;
	outcome_set(what, OUTCOME_DONE, "dns %s", dns_verdict_name(sight->dns.verdict));
	r = keep(hand, order, sight);
	return r ? r : conclude(hand, task, order);
}

/* DONE in *what: the customer may answer. */
static int
who_answers(struct hand *hand, const struct order *order, struct outcome *what)
{
	struct doubt *doubt = alloc_zero(sizeof(*doubt));
	int r = doubt_read(hand->store, order, doubt);

	if (r == 0 && doubt_is_the_providers(doubt))
		outcome_set(what, OUTCOME_HUMAN,
		    "What looks odd is for the provider to decide: confirm the order, or cancel it.");
	else
		outcome_set(what, OUTCOME_DONE, "%s", "");
	free(doubt);
	return r;
}

int
step_question(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	int r = who_answers(hand, order, what);

	if (r || what->kind != OUTCOME_DONE)
		return r;
	r = hand_write(hand, order, MAIL_QUESTION, what);
	return r || what->kind != OUTCOME_DONE
	           ? r
	           : hand_finish(hand, task, EVENT_QUESTIONED, "", "worker.questioned");
}
