/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heart: what an order is (facts, each with its time), what may happen to it (events), and what
 * follows: its stage, whose turn it is, which tasks are due. Pure functions over tables; no I/O, no
 * clock, no allocation. A test walks every (facts, event) pair; the diagram in the manual is
 * printed from the same tables (order/diagram.h).
 *
 * Work in flight is a task, not a stage. Stage and turn are computed, never set.
 */
#pragma once

#include "base/buf.h"
#include "base/when.h"
#include "order/party.h"

enum {
	ORDER_E_NOT_NOW = 1, /* the event does not fit the facts: nothing changed */
	ORDER_E_ALREADY,     /* the fact is known already: nothing changed, nothing follows */
};

enum order_kind {
	ORDER_FIRST,   /* a new site */
	ORDER_RENEWAL, /* the plan is bought again */
	ORDER_REISSUE, /* same plan, new certificate (D-11) */
	ORDER_REKEY,   /* incident: the key may be exposed (C-07) */
	ORDER_KIND_MAX
};

enum order_fact {
	FACT_CHECKED, /* the gates before the purchase are open: eligibility, name, organization */
	FACT_REFUSED, /* a gate stayed closed; ended */
	FACT_DOUBTED, /* a gate opens only if somebody says that what is odd is meant */
	FACT_QUESTIONED, /* the customer was asked that by mail */
	FACT_KEYED,      /* key and csr exist */
	FACT_ASKED,      /* the csr went to the customer by mail */
	FACT_FETCHING,   /* a certificate came; what its issuers publish of it is being fetched */
	FACT_DELIVERED,  /* a certificate came, was found good, and waits to be accepted (K-08) */
	FACT_UNANSWERED, /* one was judged when its sender had gone: the answer is owed by mail */
	FACT_CERTIFIED,  /* a certificate was accepted */
	FACT_UNAPPROVED, /* its installation waits for a second person's yes */
	FACT_APPROVED,   /* and has it */
	FACT_INSTALLED,  /* it serves at the reserved address */
	FACT_TESTED,     /* tested there, before any user is sent to it */
	FACT_DNS_ASKED,  /* the customer was told to move the DNS record now (only where it moves
	                    last) */
	FACT_POINTED,    /* the name points at the address */
	FACT_CONFIRMED,  /* tested once more by name: live */
	FACT_TOLD,       /* the customer was told that it is live */
	FACT_RECHAINED,  /* of a live one: another chain was chosen, and is not served yet */
	FACT_STUCK,      /* a step needs a human of the provider */
	FACT_SUPERSEDED, /* a newer order of the site went live; ended */
	FACT_RETIRED,    /* cancelled, or the site was closed; ended */
	FACT_MAX
};

enum order_event {
	EVENT_CHECKED,
	EVENT_REFUSED,
	EVENT_DOUBTED,
	EVENT_QUESTIONED,
	EVENT_ASSURED, /* it is meant: the gates are open */
	EVENT_KEYED,
	EVENT_ASKED,
	EVENT_FETCHING,
	EVENT_DELIVERED,
	EVENT_DISCARDED, /* the certificate that came is no longer to be looked at */
	EVENT_UNANSWERED,
	EVENT_ANSWERED,
	EVENT_CERTIFIED, /* also again, before going live: a better certificate replaces the
	                    accepted one */
	EVENT_UNAPPROVED,
	EVENT_APPROVED,
	EVENT_INSTALLED,
	EVENT_TESTED,
	EVENT_UNTESTED, /* the test at the address failed and the installation was rolled back */
	EVENT_DNS_ASKED,
	EVENT_POINTED,
	EVENT_UNPOINTED, /* the name points elsewhere (again) */
	EVENT_CONFIRMED,
	EVENT_TOLD,
	EVENT_RECHAINED,
	EVENT_REFRESHED, /* it serves with that chain */
	EVENT_STUCK,
	EVENT_UNSTUCK, /* a human says: go on */
	EVENT_SUPERSEDED,
	EVENT_RETIRED,
	EVENT_MAX
};

enum order_stage {
	STAGE_CHECKING,
	STAGE_REFUSED,
	STAGE_PREPARING,
	STAGE_WAITING,
	STAGE_INSTALLING,
	STAGE_TESTING,
	STAGE_LIVE,
	STAGE_SUPERSEDED,
	STAGE_RETIRED,
	STAGE_MAX
};

enum task_kind {
	TASK_CHECK,    /* the gates that look at the world */
	TASK_QUESTION, /* mail: is what is odd meant? */
	TASK_KEY,      /* key and csr from the keeper */
	TASK_ASK,      /* mail: the csr and what to do with it */
	TASK_DNS,      /* look where the name points */
	TASK_FETCH,    /* what a certificate that came says can be had: its links (AIA) */
	TASK_ANSWER,   /* mail: what became of a certificate whose sender did not wait */
	TASK_INSTALL,
	TASK_TEST_ADDRESS,
	TASK_ASK_DNS, /* mail: installed and tested, now move the record */
	TASK_TEST_NAME,
	TASK_TELL,     /* mail: live */
	TASK_REFRESH,  /* put on again: its chain has changed */
	TASK_PURGE,    /* what it replaced, off the balancer, as nobody will go back to it */
	TASK_WATCH,    /* of a live site: is its certificate still what browsers accept? */
	TASK_WITHDRAW, /* of a retired order: take the site off the balancer, release the address */
	TASK_RELEASE,  /* does its name still point there, or may the address serve others? */
	TASK_KIND_MAX
};

enum dns_when {   /* when the customer shall move its DNS record */
	DNS_NOW,  /* a new name: any time */
	DNS_LAST, /* a site answers there today: after the test at our address */
};

struct order_facts {
	enum order_kind kind;
	enum dns_when dns_when;
	when fact[FACT_MAX]; /* since when; 0 = not */
	when valid_from;     /* the accepted certificate's notBefore */
	when dns_looked;     /* last look at the DNS; 0 = never */
	when watched;        /* when the live certificate was last judged again; 0 = never */
	uint32_t dns_looks;  /* how many, for the schedule */
	when withdrawn;      /* a retired order's site is off the balancer */
	when purged;         /* what it replaced is off the balancer */
	when rests;          /* until when its released address does; 0 = none of it does */
	when opens;   /* its balancer may not be changed before, as it said last; 0 = it may */
	when through; /* when somebody of the provider let it through the window; 0 = nobody did */
};

struct due {
	enum task_kind kind;
	when at; /* not before */
};

/* Applies the event: facts set and cleared as the table says. ORDER_E_… leaves *facts as it was. */
int order_apply(struct order_facts *facts, enum order_event event, when now) MUST_USE;

enum order_stage order_stage(const struct order_facts *facts);
enum party order_waits_for(const struct order_facts *facts, when now);
/* The tasks that follow, in no particular order, at most one of a kind. */
size_t order_next(const struct order_facts *facts, when now, struct due ret[static TASK_KIND_MAX]);
/* Does what is to be put on the balancer wait for its window? */
bool order_is_held(const struct order_facts *facts, when now);
/* May a task that changes the balancer go through a closed window? So may what answers an incident,
 * and what somebody of the provider let through since it was due. */
bool order_may_pass(const struct order_facts *facts, enum task_kind kind);
/* Does the task change what a balancer serves? */
bool task_changes_balancer(enum task_kind kind);
/* One sentence for people: what the order is waiting for. */
const char *order_waiting_words(const struct order_facts *facts, when now);

/* How long the files of a replaced certificate stay on the balancer, to go back to. A key that may
 * be exposed does not stay. */
#define ORDER_KEEPS_PREVIOUS DAYS(7)

/* A live site that points here is looked at every day, together with many others and quickly (decision
 * 0027); every so many looks by itself, with all there is to be seen. */
#define ORDER_FULL_LOOK 7
/* The next look at the DNS of such an order is a quick one. */
bool order_is_swept(const struct order_facts *facts);

/* The DNS is looked at again after 1, 5, 15 and 60 minutes, then hourly (G-06). */
when order_dns_again(uint32_t looks, when looked);

const char *order_kind_name(enum order_kind kind); /* "first" … */
const char *order_fact_name(enum order_fact fact); /* "keyed" … also the column fact_keyed */
const char *order_event_name(enum order_event event);
const char *order_stage_name(enum order_stage stage);
const char *task_kind_name(enum task_kind kind); /* "key" … */
bool order_kind_parse(struct str s, enum order_kind *ret);
bool order_stage_parse(struct str s, enum order_stage *ret);
bool task_kind_parse(struct str s, enum task_kind *ret);

/* The manual's pictures, from the tables: Graphviz text, or lines of plain text. */
void order_diagram_dot(struct buf *to);
void order_diagram_text(struct buf *to);
