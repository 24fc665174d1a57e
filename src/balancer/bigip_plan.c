/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of an installation on a BIG-IP, in words. */
#include <assert.h>
#include <stdio.h>

#include "balancer/bigip_internal.h"
#include "balancer/bigip_worn.h"
#include "balancer/plan.h"

enum {                       /* facts */
	SERVED = 1 << 0,     /* by the site's profile, whichever certificate */
	CHAIN = 1 << 1,      /* there is one */
	TWIN = 1 << 2,       /* a second certificate of another key type */
	TWIN_CHAIN = 1 << 3, /* another one than the first's */
	SHARED = 1 << 4,     /* on the provider's virtual server */
	REDIRECTED = 1 << 5, /* port 80 is ours, too */
	OWN_RULE = 1 << 6,   /* certdesk's own objects, which sites share */
	OWN_HTTP = 1 << 7,
	OWN_TCP = 1 << 8,
	OWN_POOL = 1 << 9, /* the template names servers */
};

#define OWN_WORDS "One object for all sites: made unless it is there."

/* clang-format off */
static const struct plan_row rows[] = {
	{ PLAN_STAGE,    CHAIN,      0,      PLAN_NONE, "{chain}", "Upload the chain, unless another site brought it, and remove the upload." },
	{ PLAN_STAGE,    0,          0,      PLAN_NONE, "{certificate}", "Upload the certificate under a name of its own, and remove the upload." },
	{ PLAN_STAGE,    0,          0,      PLAN_NONE, "{key}", "Have keeper and courier upload the private key, and remove the upload." },
	{ PLAN_STAGE,    TWIN_CHAIN, 0,      PLAN_NONE, "{twin_chain}", "The same for the chain of its twin of another key type." },
	{ PLAN_STAGE,    TWIN,       0,      PLAN_NONE, "{twin_certificate}", "The same for its twin." },
	{ PLAN_STAGE,    TWIN,       0,      PLAN_NONE, "{twin_key}", "The same for the twin's key." },
	{ PLAN_CHECK,    0,          0,      PLAN_NONE, "{certificate}", "Read the files back: their checksums are those of what was sent." },
	{ PLAN_ACTIVATE, 0,          SERVED, PLAN_NONE, "{profile}", "Make the client-ssl profile of {host} with these files, under {parent}." },
	{ PLAN_ACTIVATE, SERVED,     0,      PLAN_HOT,  "{profile}", "Change certificate, key and chain of the profile in one request: new connections get them, open ones stay. What it left at the change before is removed first." },
	{ PLAN_ROUTE,    SHARED,     0,      PLAN_HOT,  "{shared}", "Add the profile {profile} to this virtual server of yours, which serves {host} then, too. Nothing else of it is changed." },
	{ PLAN_ROUTE,    OWN_HTTP,   SHARED, PLAN_NONE, "{own_http}", OWN_WORDS },
	{ PLAN_ROUTE,    OWN_TCP,    SHARED, PLAN_NONE, "{own_tcp}", OWN_WORDS },
	{ PLAN_ROUTE,    OWN_RULE,   SHARED, PLAN_NONE, "{rule}", OWN_WORDS },
	{ PLAN_ROUTE,    OWN_POOL,   SHARED, PLAN_HOT,  "{monitor}", "The monitor of the template's pool: made, or changed to what the configuration says." },
	{ PLAN_ROUTE,    OWN_POOL,   SHARED, PLAN_HOT,  "{pool}", "The pool of all sites of the template, of the servers {servers}: made, or changed to what the configuration says." },
	{ PLAN_ROUTE,    REDIRECTED, SERVED | SHARED, PLAN_HOT, "{http}", "Make the virtual server at {address} port 80 with {rule}, unless it is there as wanted." },
	{ PLAN_ROUTE,    REDIRECTED | SERVED, SHARED, PLAN_DISRUPTIVE, "{http}", "Put right the virtual server at {address} port 80 with {rule}, unless it is as wanted." },
	{ PLAN_ROUTE,    0,          SERVED | SHARED, PLAN_HOT, "{https}", "Make the virtual server at {address} port {port}, to pool {pool}, unless it is there as wanted." },
	{ PLAN_ROUTE,    SERVED,     SHARED, PLAN_DISRUPTIVE, "{https}", "Put right the virtual server at {address} port {port}, to pool {pool}, unless it is as wanted." },
	{ PLAN_VERIFY,   0,          0,      PLAN_NONE, "{address} port {port}", "Shake hands as a visitor of {host} and see this certificate; if not, go back." },
	{ PLAN_PERSIST,  0,          0,      PLAN_NONE, "{unit}", "Save the configuration, synchronize the other units, wait until all agree, and read it back at each." },
	{ PLAN_SETTLE,   0,          0,      PLAN_NONE, "{profile}", "Leave the files it used before where they are, to go back to, until they are purged or the next change comes." },
};
/* clang-format on */

enum full {
	FULL_CERTIFICATE,
	FULL_KEY,
	FULL_CHAIN,
	FULL_TWIN_CERTIFICATE,
	FULL_TWIN_KEY,
	FULL_TWIN_CHAIN,
	FULL_PROFILE,
	FULL_HTTPS,
	FULL_HTTP,
	FULL_OWN_HTTP,
	FULL_OWN_TCP,
	FULL_RULE,
	FULL_MONITOR,
	FULL_POOL,
	FULL_MAX
};

struct names {
	char full[FULL_MAX][BIGIP_FULL_SIZE];
};

static void
put_names(const struct balancer *b, const struct bigip_wanted *wanted,
    const struct bigip_template *t, struct names *to)
{
	const struct bigip_names *n = &wanted->names[0], *twin = &wanted->names[1];
	char pool[BIGIP_FULL_SIZE], monitor[BIGIP_NAME_SIZE];
	const char *const texts[] = {
		[FULL_CERTIFICATE] = n->certificate,
		[FULL_KEY] = n->key,
		[FULL_CHAIN] = n->chain,
		[FULL_TWIN_CERTIFICATE] = twin->certificate,
		[FULL_TWIN_KEY] = twin->key,
		[FULL_TWIN_CHAIN] = twin->chain,
		[FULL_PROFILE] = n->profile,
		[FULL_HTTPS] = n->https,
		[FULL_HTTP] = n->http,
		[FULL_OWN_HTTP] = t->http,
		[FULL_OWN_TCP] = t->tcp,
		[FULL_RULE] = t->redirect,
		[FULL_MONITOR] = bigip_monitor_name(t, monitor),
		[FULL_POOL] = bigip_pool_name(t, pool),
	};

	static_assert(COUNT_OF(texts) == FULL_MAX, "a text for each name");
	for (size_t i = 0; i < FULL_MAX; i++)
		bigip_full_name(b, texts[i], to->full[i]);
}

static uint32_t
facts_of(const struct bigip_wanted *wanted, const struct bigip_template *t,
    const struct observation *seen)
{
	const char *chain = wanted->names[0].chain, *twin_chain = wanted->names[1].chain;
	bool has_twin = wanted->count > 1;
	const bool are[] = { seen->running == SERVED_ACTIVE, *chain, has_twin,
		has_twin && *twin_chain && strcmp(chain, twin_chain) != 0, *t->shared, *t->redirect,
		bigip_own_named(t->redirect), bigip_own_named(t->http), bigip_own_named(t->tcp),
		*t->servers };
	uint32_t facts = 0;

	for (size_t i = 0; i < COUNT_OF(are); i++)
		facts |= are[i] ? 1u << i : 0;
	return facts;
}

int
bigip_plan(struct balancer *b, const struct bundle *bundle, const struct observation *seen,
    struct plan *ret, struct outcome *what)
{
	char address[ADDR_TEXT_SIZE], port[24];
	struct bigip_wanted wanted = { 0 };
	struct bigip_template t;
	struct names names;
	int r = bigip_wanted_of(b, bundle, &wanted, what);

	if (r)
		return r;
	bigip_template_of(b->config, bundle, &t);
	put_names(b, &wanted, &t, &names);
	snprintf(port, sizeof(port), "%lld", (long long)b->config->https_port);
	plan_fill(ret, plan_due(seen), facts_of(&wanted, &t, seen), rows, COUNT_OF(rows),
	    (const struct plan_value[]){ { "certificate", names.full[FULL_CERTIFICATE] },
		{ "key", names.full[FULL_KEY] }, { "chain", names.full[FULL_CHAIN] },
		{ "twin_certificate", names.full[FULL_TWIN_CERTIFICATE] },
		{ "twin_key", names.full[FULL_TWIN_KEY] },
		{ "twin_chain", names.full[FULL_TWIN_CHAIN] },
		{ "profile", names.full[FULL_PROFILE] }, { "https", names.full[FULL_HTTPS] },
		{ "http", names.full[FULL_HTTP] }, { "own_http", names.full[FULL_OWN_HTTP] },
		{ "own_tcp", names.full[FULL_OWN_TCP] }, { "rule", names.full[FULL_RULE] },
		{ "monitor", names.full[FULL_MONITOR] }, { "pool", names.full[FULL_POOL] },
		{ "servers", t.servers }, { "shared", t.shared }, { "parent", t.parent },
		{ "host", bundle->name.text }, { "unit", b->config->address },
		{ "address", addr_text(&bundle->address, address) }, { "port", port },
		{ NULL, NULL } });
	return 0;
}
