/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders. store_order_event() is the one way an order moves: it applies the event by the tables of
 * order/order.h, writes facts, stage and turn, queues the tasks that follow and the audit event,
 * all in the caller's transaction.
 */
#pragma once

#include "order/finding.h"
#include "order/order.h"
#include "pki/key_kind.h"
#include "store/store.h"

struct order {
	struct id id;
	int64_t number; /* what people say: order 1042; from a counter, unique */
	struct id site, customer, service;
	char host[254]; /* joined in */
	char organization[512], division[512], city[512], state[512], country[3];
	char ca[64], reseller[64]; /* at whom it is bought; "" = not told */
	enum key_kind key_kind;
	int64_t mailboxes;                             /* counted at order time (M-G) */
	struct id waiver;                              /* ID_NONE = none was needed */
	struct id key, csr, certificate, installation; /* current ones, ID_NONE = not yet */
	struct id resting; /* the released address that rests; ID_NONE = none */
	struct order_facts facts;
	char trouble[512]; /* the last words of a step that waits or is stuck; "" = none */
	when created, changed;
	int64_t version;
};

struct order_list {
	struct order *row;
	size_t count;
	bool more;
};
void order_list_fini(struct order_list *list);
CLEAN_DEFINE_FINI(order_list_fini, struct order_list);

/* Fills id, number, created, version; all else is stored as given.
 * TAKEN: the site has an order that is not ended and not live. */
int store_order_add(struct store *s, struct order *o) MUST_USE;
int store_order_get(struct store *s, struct id id, struct order *ret) MUST_USE;
int store_order_by_number(struct store *s, int64_t number, struct order *ret) MUST_USE;
/* The site's newest order. */
int store_order_by_host(struct store *s, const char *host, struct order *ret) MUST_USE;

struct order_filter {
	struct id customer; /* ID_NONE = all */
	bool by_stage;
	enum order_stage stage;
};
int store_order_list(struct store *s, const struct order_filter *filter, struct page page,
    struct order_list *ret) MUST_USE;

/*
 * Applies `event`: ALREADY (nothing changed) or NOT_NOW as the heart says. On CONFIRMED of an order
 * the older live order of the same site is superseded and the site points at this one. `detail`
 * goes into the audit log, "" = none.
 */
int store_order_event(
    struct store *s, struct id order, enum order_event event, const char *detail) MUST_USE;
/* Queues the tasks that follow from the facts as they are (idempotent: one open task per kind and
 * order). */
int store_order_settle(struct store *s, const struct order *o) MUST_USE;
/* Remembers the objects a step made; ID_NONE leaves a field alone. */
int store_order_point(struct store *s, struct id order, struct id key, struct id csr,
    struct id certificate, struct id installation) MUST_USE;
int store_order_set_valid_from(struct store *s, struct id order, when valid_from) MUST_USE;
int store_order_set_dns_when(struct store *s, struct id order, enum dns_when dns_when) MUST_USE;
/* The live certificate was judged again just now. */
int store_order_watched(struct store *s, struct id order) MUST_USE;
/* What it replaced is off the balancer. */
int store_order_purged(struct store *s, struct id order) MUST_USE;
int store_order_looked(struct store *s, struct id order) MUST_USE; /* counts one look at the DNS */
int store_order_look_closely(struct store *s, struct id order) MUST_USE; /* next time, a full one */
int store_order_look_now(
    struct store *s, struct id order) MUST_USE; /* schedule starts again, DNS task due now */
/* Did the handle's actor accept the certificate that is to be installed? Where the worker accepted
 * what it had fetched, who delivered it did. */
int store_order_accepted_by_us(struct store *s, struct id order, bool *ret) MUST_USE;
/* Its balancer may be changed from then on; 0 = now. */
int store_order_hold(struct store *s, struct id order, when opens) MUST_USE;
/* Somebody of the provider lets what is due at the balancer through a closed window; `detail` for
 * the audit log says why. NOT_NOW: nothing is due there. */
int store_order_let_through(struct store *s, struct id order, const char *detail) MUST_USE;
/* The windows of the configuration may have changed: all that waits for one looks again now. */
int store_orders_look_again(struct store *s) MUST_USE;
int store_order_trouble(struct store *s, struct id order, const char *words) MUST_USE;
int store_order_withdrawn(struct store *s, struct id order) MUST_USE;
/* Its address is given to nobody until then, and is looked at then. Again: for longer. */
int store_order_rest(struct store *s, struct id order, struct id address, when until) MUST_USE;
/* No name leads there any more: the address is free. */
int store_order_rested(struct store *s, struct id order) MUST_USE;

/* Findings of an order. A gate is looked at as a whole: the new list replaces the gate's open ones
 * (they are closed, not deleted); the same list again changes nothing, so `found` is since when it
 * is so. */
struct found {
	struct id id, order;
	enum gate gate; /* of the look that found it */
	struct finding finding;
	when found, closed; /* closed 0 = open */
};
struct found_list {
	struct found *row;
	size_t count;
	bool more;
};
void found_list_fini(struct found_list *list);
CLEAN_DEFINE_FINI(found_list_fini, struct found_list);
int store_findings_replace(
    struct store *s, struct id order, enum gate gate, const struct findings *findings) MUST_USE;
int store_findings_open(struct store *s, struct id order, struct found_list *ret) MUST_USE;
/* Parameters as one JSON object, and back: used for rows here and in the API. */
int finding_params_to_json(const struct finding *finding, struct buf *to) MUST_USE;
int finding_params_from_json(struct str json, struct finding *finding) MUST_USE;

/* A customer's orders that are open, or were made since `since` and cancelled. */
int store_orders_under_way(struct store *s, struct id customer, when since, int64_t *ret) MUST_USE;
/* How many orders are in each stage; from counters kept with each change, never by counting. */
int store_order_counts(struct store *s, int64_t ret[static STAGE_MAX]) MUST_USE;

/* What was seen at a look or test, kept for people: the latest of each kind. `report` is JSON. */
enum look_kind {
	LOOK_DNS,
	LOOK_CAA,
	LOOK_REGISTRATION,
	LOOK_TEST_ADDRESS,
	LOOK_TEST_NAME,
	LOOK_PLAN,
	LOOK_KIND_MAX
};
const char *look_kind_name(enum look_kind kind); /* "dns", "caa" … */
int store_look_set(struct store *s, struct id order, enum look_kind kind, bool good,
    const char *words, struct str report) MUST_USE;
int store_look_get(struct store *s, struct id order, enum look_kind kind, bool *ret_good,
    when *ret_at, struct buf *words, struct buf *report) MUST_USE;
