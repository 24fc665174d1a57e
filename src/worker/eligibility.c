/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/eligibility.h"

#include <stdio.h>

#include "order/eligibility.h"

void
counting_init(struct counting *counting)
{
	*counting = (struct counting){ 0 };
	mailbox_tally_init(&counting->tally);
}

void
counting_fini(struct counting *counting)
{
	mailbox_tally_fini(&counting->tally);
}

/* The customer sees that it waits, and for what; the words of the source are for the provider. */
static int
tell_customer(struct hand *hand, const struct order *order)
{
	const struct config *config = hand->worker->config;
	struct findings findings = { .policy = &config->severities };
	struct finding *f = findings_add(&findings, FINDING_ELIGIBILITY_COUNT_LATER, "mailboxes");
	int r = hand_begin(hand);

	finding_param(f, "fqdn", "%s", order->host);
	finding_param(f, "least", "%lld", (long long)config->mailboxes_least);
	if (r == 0)
		r = store_findings_replace(hand->store, order->id, GATE_ELIGIBILITY, &findings);
	return r ? r : store_commit(hand->store, "worker.uncounted");
}

static int
find_source(
    struct hand *hand, const struct order *order, struct counting *ret, struct outcome *what)
{
	const struct config *config = hand->worker->config;
	const char *name;
	int r = store_customer_get(hand->store, order->customer, &ret->customer);

	if (r)
		return error_fold(r);
	name = config_counted_by(config, ret->customer.mailbox_source);
	ret->source = config_mailbox_source(config, name);
	if (*name && !ret->source)
		outcome_set(what, OUTCOME_HUMAN,
		    "The mailboxes of %.200s are counted at \"%s\", which is not in the "
		    "configuration.",
		    ret->customer.name, name);
	return 0;
}

/* An exposed key is replaced at once, whatever the customer's size. */
int
counting_make(
    struct hand *hand, const struct order *order, struct counting *ret, struct outcome *what)
{
	const struct customer *c = &ret->customer;
	int r = order->facts.kind == ORDER_REKEY ? 0 : find_source(hand, order, ret, what);

	if (r == 0 && ret->source)
		(void)mailboxes_count(ret->source, *c->mailbox_key ? c->mailbox_key : c->name,
		    world_now(hand->worker->world), &ret->tally, what);
	return r || what->kind == OUTCOME_DONE ? r : tell_customer(hand, order);
}

static int
keep_count(struct hand *hand, const struct order *order, const struct counting *counting,
    when *ret_counted)
{
	struct mailbox_count count = { .customer = order->customer,
		.mailboxes = counting->tally.counted,
		.author = "worker",
		.listed = counting->tally.listed,
		.others = counting->tally.others };
	int r;

	snprintf(count.source, sizeof(count.source), "%s", counting->source->name);
	snprintf(count.asked, sizeof(count.asked), "%s", counting->tally.asked);
	r = store_mailboxes_add(hand->store, &count, buf_str(&counting->tally.names), order->id);
	if (r == 0)
		*ret_counted = count.counted;
	return r;
}

static int
judge(struct hand *hand, const struct order *order, int64_t counted, when at,
    const struct waiver *waiver, struct findings *findings)
{
	struct eligibility e = { .mailboxes = counted,
		.counted = at,
		.least = hand->worker->config->mailboxes_least,
		.waived = !id_is_none(waiver->id),
		.author = waiver->author,
		.second = waiver->second,
		.reason = waiver->reason,
		.expires = waiver->expires };
	bool needs = e.waived && e.mailboxes < e.least;

	findings->policy = &hand->worker->config->severities;
	eligibility_judge(&e, str_of(order->host), findings);
	return store_order_counted(hand->store, order->id, counted, needs ? waiver->id : ID_NONE);
}

int
counting_keep(struct hand *hand, const struct order *order, const struct counting *counting)
{
	struct findings findings = { 0 };
	struct waiver waiver = { 0 };
	when counted = 0;
	int r;

	if (!counting->source)
		return 0;
	r = keep_count(hand, order, counting, &counted);
	if (r == 0)
		r = store_waiver_valid(hand->store, order->customer, counted, &waiver);
	if (r == 0 || r == STORE_E_ABSENT)
		r = judge(hand, order, counting->tally.counted, counted, &waiver, &findings);
	return r ? r : store_findings_replace(hand->store, order->id, GATE_ELIGIBILITY, &findings);
}
