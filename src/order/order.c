/* SPDX-License-Identifier: Apache-2.0 */
#include "order/order.h"

#include <assert.h>

#define BIT(fact) (1u << (fact))
#define ENDED     (BIT(FACT_REFUSED) | BIT(FACT_SUPERSEDED) | BIT(FACT_RETIRED))

/* clang-format off */
/*
 * What an event needs, forbids, sets and clears. `again`: it counts although its fact is known already.
 * CERTIFIED again, before going live, starts the way to the balancer anew, with an approval of its own, and frees
 * an order that was stuck over the certificate before.
 */
static const struct {
	const char *name;
	uint32_t needs, forbids, sets, clears;
	bool again;
} events[] = {
	[EVENT_CHECKED]    = { "checked",    0, ENDED | BIT(FACT_DOUBTED), BIT(FACT_CHECKED), 0, false },
	[EVENT_REFUSED]    = { "refused",    0, ENDED | BIT(FACT_KEYED), BIT(FACT_REFUSED), BIT(FACT_STUCK) | BIT(FACT_DOUBTED) | BIT(FACT_QUESTIONED), false },
	[EVENT_DOUBTED]    = { "doubted",    0, ENDED | BIT(FACT_CHECKED), BIT(FACT_DOUBTED), 0, false },
	[EVENT_QUESTIONED] = { "questioned", BIT(FACT_DOUBTED), ENDED, BIT(FACT_QUESTIONED), 0, false },
	[EVENT_ASSURED]    = { "assured",    BIT(FACT_DOUBTED), ENDED | BIT(FACT_CHECKED), BIT(FACT_CHECKED), BIT(FACT_DOUBTED) | BIT(FACT_QUESTIONED) | BIT(FACT_STUCK), false },
	[EVENT_KEYED]      = { "keyed",      BIT(FACT_CHECKED), ENDED, BIT(FACT_KEYED), 0, false },
	[EVENT_ASKED]      = { "asked",      BIT(FACT_KEYED), ENDED, BIT(FACT_ASKED), 0, false },
	[EVENT_FETCHING]   = { "fetching",   BIT(FACT_KEYED), ENDED | BIT(FACT_CONFIRMED), BIT(FACT_FETCHING), BIT(FACT_DELIVERED) | BIT(FACT_UNANSWERED), true },
	[EVENT_DELIVERED]  = { "delivered",  BIT(FACT_KEYED), ENDED | BIT(FACT_CONFIRMED), BIT(FACT_DELIVERED), BIT(FACT_FETCHING) | BIT(FACT_UNANSWERED), true },
	[EVENT_DISCARDED]  = { "discarded",  0, ENDED, 0, BIT(FACT_DELIVERED) | BIT(FACT_FETCHING) | BIT(FACT_UNANSWERED), true },
	[EVENT_UNANSWERED] = { "unanswered", BIT(FACT_KEYED), ENDED, BIT(FACT_UNANSWERED), 0, false },
	[EVENT_ANSWERED]   = { "answered",   BIT(FACT_UNANSWERED), ENDED, 0, BIT(FACT_UNANSWERED), true },
	[EVENT_CERTIFIED]  = { "certified",  BIT(FACT_KEYED), ENDED | BIT(FACT_CONFIRMED), BIT(FACT_CERTIFIED),
	                                     BIT(FACT_DELIVERED) | BIT(FACT_FETCHING) | BIT(FACT_UNANSWERED) | BIT(FACT_UNAPPROVED) | BIT(FACT_APPROVED) |
	                                     BIT(FACT_INSTALLED) | BIT(FACT_TESTED) | BIT(FACT_STUCK), true },
	[EVENT_UNAPPROVED] = { "unapproved", BIT(FACT_CERTIFIED), ENDED | BIT(FACT_APPROVED) | BIT(FACT_INSTALLED), BIT(FACT_UNAPPROVED), 0, false },
	[EVENT_APPROVED]   = { "approved",   BIT(FACT_UNAPPROVED), ENDED, BIT(FACT_APPROVED), BIT(FACT_UNAPPROVED), false },
	[EVENT_INSTALLED]  = { "installed",  BIT(FACT_CERTIFIED), ENDED | BIT(FACT_UNAPPROVED), BIT(FACT_INSTALLED), 0, false },
	[EVENT_TESTED]     = { "tested",     BIT(FACT_INSTALLED), ENDED, BIT(FACT_TESTED), 0, false },
	[EVENT_UNTESTED]   = { "untested",   BIT(FACT_INSTALLED), ENDED | BIT(FACT_CONFIRMED), 0,
	                                     BIT(FACT_INSTALLED) | BIT(FACT_TESTED), true },
	[EVENT_DNS_ASKED]  = { "dns_asked",  BIT(FACT_TESTED), ENDED, BIT(FACT_DNS_ASKED), 0, false },
	[EVENT_POINTED]    = { "pointed",    BIT(FACT_CHECKED), ENDED, BIT(FACT_POINTED), 0, false },
	[EVENT_UNPOINTED]  = { "unpointed",  BIT(FACT_POINTED), ENDED, 0, BIT(FACT_POINTED), true },
	[EVENT_CONFIRMED]  = { "confirmed",  BIT(FACT_TESTED) | BIT(FACT_POINTED), ENDED, BIT(FACT_CONFIRMED), 0, false },
	[EVENT_TOLD]       = { "told",       BIT(FACT_CONFIRMED), ENDED, BIT(FACT_TOLD), 0, false },
	[EVENT_RECHAINED]  = { "rechained",  BIT(FACT_CONFIRMED), ENDED, BIT(FACT_RECHAINED), 0, true },
	[EVENT_REFRESHED]  = { "refreshed",  BIT(FACT_RECHAINED), ENDED, 0, BIT(FACT_RECHAINED), true },
	[EVENT_STUCK]      = { "stuck",      0, ENDED, BIT(FACT_STUCK), 0, false },
	[EVENT_UNSTUCK]    = { "unstuck",    BIT(FACT_STUCK), ENDED, 0, BIT(FACT_STUCK), true },
	[EVENT_SUPERSEDED] = { "superseded", BIT(FACT_CONFIRMED), ENDED, BIT(FACT_SUPERSEDED), BIT(FACT_STUCK), false },
	[EVENT_RETIRED]    = { "retired",    0, ENDED, BIT(FACT_RETIRED), BIT(FACT_STUCK), false },
};
static_assert(COUNT_OF(events) == EVENT_MAX, "a row for each event");

/* The picture people see: the first row whose facts are there, and whose others are all absent, is it. */
static const struct {
	uint32_t needs, lacks;
	enum order_stage stage;
	enum party turn;
	const char *words;
} views[] = {
	{ BIT(FACT_RETIRED),    0, STAGE_RETIRED,    PARTY_NOBODY, "The order was cancelled." },
	{ BIT(FACT_SUPERSEDED), 0, STAGE_SUPERSEDED, PARTY_NOBODY, "A newer order of this site is live." },
	{ BIT(FACT_REFUSED),    0, STAGE_REFUSED,    PARTY_NOBODY, "The order was refused; the findings say why." },
	{ BIT(FACT_DOUBTED), BIT(FACT_CHECKED),
	                           STAGE_CHECKING,   PARTY_CUSTOMER, "Something looks odd. Waiting for somebody to say that it is meant; nothing is to be bought before." },
	{ 0, BIT(FACT_CHECKED),    STAGE_CHECKING,   PARTY_MACHINE, "Name, organization and eligibility are being checked." },
	{ 0, BIT(FACT_KEYED),      STAGE_PREPARING,  PARTY_MACHINE, "Key and certificate request are being made." },
	{ 0, BIT(FACT_ASKED) | BIT(FACT_CERTIFIED),
	                           STAGE_PREPARING,  PARTY_MACHINE, "The certificate request is being mailed." },
	{ BIT(FACT_FETCHING), BIT(FACT_CERTIFIED),
	                           STAGE_WAITING,    PARTY_MACHINE, "A certificate came; what its issuers publish about it is being fetched." },
	{ BIT(FACT_DELIVERED), BIT(FACT_CERTIFIED),
	                           STAGE_WAITING,    PARTY_CUSTOMER, "A certificate came and was found good. Waiting for somebody to look at it and accept it." },
	{ 0, BIT(FACT_CERTIFIED),  STAGE_WAITING,    PARTY_CUSTOMER, "Waiting for the certificate: the customer buys it with our request and sends it back." },
	{ BIT(FACT_UNAPPROVED), 0, STAGE_INSTALLING, PARTY_PROVIDER, "The certificate is accepted. Waiting for a second person of the provider to approve its installation." },
	{ 0, BIT(FACT_INSTALLED),  STAGE_INSTALLING, PARTY_MACHINE, "The certificate is being installed at the reserved address." },
	{ 0, BIT(FACT_TESTED),     STAGE_TESTING,    PARTY_MACHINE, "The site is being tested at the reserved address." },
	{ 0, BIT(FACT_POINTED) | BIT(FACT_CONFIRMED),
	                           STAGE_WAITING,    PARTY_CUSTOMER, "Installed and tested. Waiting for the DNS record: it must point at our address." },
	{ 0, BIT(FACT_CONFIRMED),  STAGE_TESTING,    PARTY_MACHINE, "The site is being tested once more by its name." },
	{ BIT(FACT_RECHAINED),  0, STAGE_LIVE,       PARTY_MACHINE, "Live; its certificate is being put on again with another chain." },
	{ BIT(FACT_CONFIRMED),  0, STAGE_LIVE,       PARTY_NOBODY, "Live: nothing to do." },
};

/* What follows from the facts. A stuck order rests, but for looking at the DNS. */
static const struct {
	const char *name;
	uint32_t needs, lacks;
} tasks[] = {
	[TASK_CHECK]        = { "check",        0, ENDED | BIT(FACT_CHECKED) | BIT(FACT_DOUBTED) | BIT(FACT_STUCK) },
	[TASK_QUESTION]     = { "question",     BIT(FACT_DOUBTED), ENDED | BIT(FACT_CHECKED) | BIT(FACT_QUESTIONED) | BIT(FACT_STUCK) },
	[TASK_KEY]          = { "key",          BIT(FACT_CHECKED), ENDED | BIT(FACT_KEYED) | BIT(FACT_STUCK) },
	[TASK_ASK]          = { "ask",          BIT(FACT_KEYED), ENDED | BIT(FACT_STUCK) | BIT(FACT_ASKED) },
	[TASK_DNS]          = { "dns",          BIT(FACT_KEYED), ENDED },
	[TASK_FETCH]        = { "fetch",        BIT(FACT_FETCHING), ENDED },
	[TASK_ANSWER]       = { "answer",       BIT(FACT_UNANSWERED), ENDED | BIT(FACT_STUCK) },
	[TASK_INSTALL]      = { "install",      BIT(FACT_CERTIFIED), ENDED | BIT(FACT_UNAPPROVED) | BIT(FACT_INSTALLED) | BIT(FACT_STUCK) },
	[TASK_TEST_ADDRESS] = { "test_address", BIT(FACT_INSTALLED), ENDED | BIT(FACT_TESTED) | BIT(FACT_STUCK) },
	[TASK_ASK_DNS]      = { "ask_dns",      BIT(FACT_TESTED), ENDED | BIT(FACT_STUCK) | BIT(FACT_POINTED) | BIT(FACT_DNS_ASKED) },
	[TASK_TEST_NAME]    = { "test_name",    BIT(FACT_TESTED) | BIT(FACT_POINTED), ENDED | BIT(FACT_CONFIRMED) | BIT(FACT_STUCK) },
	[TASK_TELL]         = { "tell",         BIT(FACT_CONFIRMED), ENDED | BIT(FACT_STUCK) | BIT(FACT_TOLD) },
	[TASK_REFRESH]      = { "refresh",      BIT(FACT_RECHAINED), ENDED | BIT(FACT_STUCK) },
	[TASK_PURGE]        = { "purge",        BIT(FACT_CONFIRMED), ENDED | BIT(FACT_RECHAINED) | BIT(FACT_STUCK) }, /* see replaced_something() */
	[TASK_WATCH]        = { "watch",        BIT(FACT_CONFIRMED), ENDED },
	[TASK_WITHDRAW]     = { "withdraw",     0, 0 }, /* see withdrawal_is_due() */
	[TASK_RELEASE]      = { "release",      0, 0 }, /* while something rests */
};
static_assert(COUNT_OF(tasks) == TASK_KIND_MAX, "a row for each task");

static const char *const fact_names[] = {
	[FACT_CHECKED] = "checked",     [FACT_REFUSED] = "refused",     [FACT_DOUBTED] = "doubted",
	[FACT_QUESTIONED] = "questioned", [FACT_KEYED] = "keyed",
	[FACT_ASKED] = "asked",         [FACT_FETCHING] = "fetching", [FACT_DELIVERED] = "delivered",
	[FACT_UNANSWERED] = "unanswered", [FACT_CERTIFIED] = "certified", [FACT_UNAPPROVED] = "unapproved",
	[FACT_APPROVED] = "approved",   [FACT_INSTALLED] = "installed",
	[FACT_TESTED] = "tested",       [FACT_DNS_ASKED] = "dns_asked", [FACT_POINTED] = "pointed",
	[FACT_CONFIRMED] = "confirmed", [FACT_TOLD] = "told",           [FACT_RECHAINED] = "rechained",
	[FACT_STUCK] = "stuck",
	[FACT_SUPERSEDED] = "superseded", [FACT_RETIRED] = "retired",
};
static_assert(COUNT_OF(fact_names) == FACT_MAX, "a name for each fact");

static const char *const stage_names[] = {
	[STAGE_CHECKING] = "checking",     [STAGE_REFUSED] = "refused",       [STAGE_PREPARING] = "preparing",
	[STAGE_WAITING] = "waiting",       [STAGE_INSTALLING] = "installing", [STAGE_TESTING] = "testing",
	[STAGE_LIVE] = "live",             [STAGE_SUPERSEDED] = "superseded", [STAGE_RETIRED] = "retired",
};
static_assert(COUNT_OF(stage_names) == STAGE_MAX, "a name for each stage");

static const char *const kind_names[] = {
	[ORDER_FIRST] = "first", [ORDER_RENEWAL] = "renewal", [ORDER_REISSUE] = "reissue", [ORDER_REKEY] = "rekey",
};
static_assert(COUNT_OF(kind_names) == ORDER_KIND_MAX, "a name for each kind");
/* clang-format on */

/* Minutes until the next look, after the first, second … one (G-06); the last goes on for ever. */
static const int dns_minutes[] = { 1, 5, 15, 60 };

#define DNS_SPREAD HOURS(3)

static uint32_t
known(const struct order_facts *facts)
{
	uint32_t mask = 0;

	for (int f = 0; f < FACT_MAX; f++)
		if (facts->fact[f] != 0)
			mask |= BIT(f);
	return mask;
}

static bool
fits(uint32_t mask, uint32_t needs, uint32_t lacks)
{
	return (mask & needs) == needs && (mask & lacks) == 0;
}

int
order_apply(struct order_facts *facts, enum order_event event, when now)
{
	uint32_t mask = known(facts);

	assert((size_t)event < COUNT_OF(events));
	if (events[event].sets && (mask & events[event].sets) && !events[event].again)
		return ORDER_E_ALREADY;
	if (!fits(mask, events[event].needs, events[event].forbids))
		return ORDER_E_NOT_NOW;
	for (int f = 0; f < FACT_MAX; f++) {
		if (events[event].clears & BIT(f))
			facts->fact[f] = 0;
		if (events[event].sets & BIT(f))
			facts->fact[f] = now;
	}
	return 0;
}

static size_t
view_of(const struct order_facts *facts)
{
	uint32_t mask = known(facts);
	size_t i = 0;

	while (!fits(mask, views[i].needs, views[i].lacks))
		i++;
	assert(i < COUNT_OF(views)); /* the last row takes what no other takes; the walk over all
	                                facts proves it */
	return i;
}

enum order_stage
order_stage(const struct order_facts *facts)
{
	return views[view_of(facts)].stage;
}

when
order_dns_again(uint32_t looks, when looked)
{
	if (looks == 0)
		return looked;
	return looked +
	       MINUTES(dns_minutes[looks < COUNT_OF(dns_minutes) ? looks - 1
								 : COUNT_OF(dns_minutes) - 1]);
}

bool
order_is_swept(const struct order_facts *facts)
{
	return fits(known(facts), BIT(FACT_CONFIRMED) | BIT(FACT_POINTED), ENDED) &&
	       facts->dns_looks % ORDER_FULL_LOOK != 0;
}

/* Those that are due together, as after a time of standing still, do not stay together: the day of
 * each is shorter by a time of its own. */
static when
spread(const struct order_facts *facts)
{
	uint64_t mixed = (uint64_t)facts->fact[FACT_CONFIRMED] * UINT64_C(0x9E3779B97F4A7C15);

	return (when)((mixed >> 20) % (uint64_t)DNS_SPREAD);
}

/* Until it points here by the schedule; then daily, once live to see it drift away (G-18). */
static when
dns_due(const struct order_facts *facts, when now)
{
	when at = order_dns_again(facts->dns_looks, facts->dns_looked);

	if (facts->fact[FACT_CONFIRMED])
		at = facts->dns_looked + DAYS(1) - spread(facts);
	else if (facts->fact[FACT_POINTED])
		at = facts->dns_looked + DAYS(1);
	return at > now ? at : now;
}

/* A first order that ended without going on takes its site and address with it; a renewal leaves
 * them to the order that is live, and so does a superseded one. */
static bool
withdrawal_is_due(const struct order_facts *facts)
{
	bool over = facts->fact[FACT_RETIRED] || facts->fact[FACT_REFUSED];

	return over && facts->withdrawn == 0 && !facts->fact[FACT_SUPERSEDED];
}

static bool
replaced_something(const struct order_facts *facts)
{
	return facts->kind != ORDER_FIRST && facts->purged == 0;
}

static bool
follows(const struct order_facts *facts, enum task_kind kind)
{
	if (kind == TASK_WITHDRAW)
		return withdrawal_is_due(facts);
	if (kind == TASK_RELEASE)
		return facts->rests > 0;
	if (kind == TASK_PURGE && !replaced_something(facts))
		return false;
	if (kind == TASK_ASK_DNS && facts->dns_when != DNS_LAST)
		return false;
	return fits(known(facts), tasks[kind].needs, tasks[kind].lacks);
}

static bool
waits_for_valid_from(const struct order_facts *facts, when now)
{
	return facts->fact[FACT_CERTIFIED] && !facts->fact[FACT_UNAPPROVED] &&
	       !facts->fact[FACT_INSTALLED] && facts->valid_from > now && !(known(facts) & ENDED);
}

bool
order_is_held(const struct order_facts *facts, when now)
{
	return facts->opens > now && (follows(facts, TASK_INSTALL) || follows(facts, TASK_REFRESH));
}

bool
task_changes_balancer(enum task_kind kind)
{
	return kind == TASK_INSTALL || kind == TASK_REFRESH || kind == TASK_PURGE ||
	       kind == TASK_WITHDRAW;
}

/* What was let through is what was due then; what comes later needs a word of its own. */
bool
order_may_pass(const struct order_facts *facts, enum task_kind kind)
{
	when since = facts->fact[FACT_CERTIFIED];

	if (facts->kind == ORDER_REKEY && kind != TASK_REFRESH)
		return true;
	if (kind == TASK_REFRESH)
		since = facts->fact[FACT_RECHAINED];
	else if (kind == TASK_WITHDRAW)
		since = facts->fact[FACT_RETIRED] ? facts->fact[FACT_RETIRED]
		                                  : facts->fact[FACT_REFUSED];
	return facts->through != 0 && facts->through >= since;
}

enum party
order_waits_for(const struct order_facts *facts, when now)
{
	if (facts->fact[FACT_STUCK])
		return PARTY_PROVIDER;
	if (waits_for_valid_from(facts, now) || order_is_held(facts, now))
		return PARTY_NOBODY;
	return views[view_of(facts)].turn;
}

const char *
order_waiting_words(const struct order_facts *facts, when now)
{
	if (facts->fact[FACT_STUCK])
		return "A step needs somebody of the provider to look; then the order can go on.";
	if (waits_for_valid_from(facts, now))
		return "The certificate is accepted; it is installed as soon as it becomes valid.";
	if (order_is_held(facts, now))
		return facts->fact[FACT_CONFIRMED]
		           ? "Live; its certificate is put on again with another chain when the load balancer may be changed again."
		           : "The certificate is accepted; it is installed when the load balancer may be changed again.";
	return views[view_of(facts)].words;
}

/* daily. */
static when
watch_due(const struct order_facts *facts, when now)
{
	when last = facts->watched > facts->fact[FACT_CONFIRMED] ? facts->watched
	                                                         : facts->fact[FACT_CONFIRMED];
	when at = last + DAYS(1);

	return at > now ? at : now;
}

static when
purge_due(const struct order_facts *facts, when now)
{
	when at =
	    facts->fact[FACT_CONFIRMED] + (facts->kind == ORDER_REKEY ? 0 : ORDER_KEEPS_PREVIOUS);

	return at > now ? at : now;
}

static when
due_at(const struct order_facts *facts, enum task_kind kind, when now)
{
	if (kind == TASK_DNS)
		return dns_due(facts, now);
	if (kind == TASK_WATCH)
		return watch_due(facts, now);
	if (kind == TASK_RELEASE)
		return facts->rests > now ? facts->rests : now;
	if (task_changes_balancer(kind) && facts->opens > now)
		now = facts->opens;
	if (kind == TASK_PURGE)
		return purge_due(facts, now);
	if (kind == TASK_INSTALL && facts->valid_from > now)
		return facts->valid_from;
	return now;
}

size_t
order_next(const struct order_facts *facts, when now, struct due ret[static TASK_KIND_MAX])
{
	size_t count = 0;

	for (int k = 0; k < TASK_KIND_MAX; k++)
		if (follows(facts, (enum task_kind)k))
			ret[count++] = (struct due){ .kind = (enum task_kind)k,
				.at = due_at(facts, (enum task_kind)k, now) };
	return count;
}

const char *
order_kind_name(enum order_kind kind)
{
	return (size_t)kind < COUNT_OF(kind_names) ? kind_names[kind] : "unknown";
}

const char *
order_fact_name(enum order_fact fact)
{
	return (size_t)fact < COUNT_OF(fact_names) ? fact_names[fact] : "unknown";
}

const char *
order_event_name(enum order_event event)
{
	return (size_t)event < COUNT_OF(events) ? events[event].name : "unknown";
}

const char *
order_stage_name(enum order_stage stage)
{
	return (size_t)stage < COUNT_OF(stage_names) ? stage_names[stage] : "unknown";
}

const char *
task_kind_name(enum task_kind kind)
{
	return (size_t)kind < COUNT_OF(tasks) ? tasks[kind].name : "unknown";
}

bool
order_kind_parse(struct str s, enum order_kind *ret)
{
	for (int i = 0; i < ORDER_KIND_MAX; i++)
		if (str_eq(s, str_of(kind_names[i]))) {
			*ret = (enum order_kind)i;
			return true;
		}
	return false;
}

bool
order_stage_parse(struct str s, enum order_stage *ret)
{
	for (int i = 0; i < STAGE_MAX; i++)
		if (str_eq(s, str_of(stage_names[i]))) {
			*ret = (enum order_stage)i;
			return true;
		}
	return false;
}

bool
task_kind_parse(struct str s, enum task_kind *ret)
{
	for (int i = 0; i < TASK_KIND_MAX; i++)
		if (str_eq(s, str_of(tasks[i].name))) {
			*ret = (enum task_kind)i;
			return true;
		}
	return false;
}
