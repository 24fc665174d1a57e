/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of an installation on a BIG-IP, in words. */
#include <stdio.h>

#include "balancer/bigip_internal.h"
#include "balancer/plan.h"

#define FULL (BIGIP_NAME_SIZE + 64)

enum {                       /* facts */
	SERVED = 1 << 0,     /* by the site's profile, whichever certificate */
	CHAIN = 1 << 1,      /* there is one */
	REDIRECTED = 1 << 2, /* port 80 is ours, too */
};

/* clang-format off */
static const struct plan_row rows[] = {
	{ PLAN_STAGE,    CHAIN,  0,      PLAN_NONE, "{chain}", "Upload the chain, unless another site brought it, and remove the upload." },
	{ PLAN_STAGE,    0,      0,      PLAN_NONE, "{certificate}", "Upload the certificate under a name of its own, and remove the upload." },
	{ PLAN_STAGE,    0,      0,      PLAN_NONE, "{key}", "Have keeper and courier upload the private key, and remove the upload." },
	{ PLAN_CHECK,    0,      0,      PLAN_NONE, "{certificate}", "Read the files back: their checksums are those of what was sent." },
	{ PLAN_ACTIVATE, 0,      SERVED, PLAN_NONE, "{profile}", "Make the client-ssl profile of {host} with these files, under {parent}." },
	{ PLAN_ACTIVATE, SERVED, 0,      PLAN_HOT,  "{profile}", "Change certificate, key and chain of the profile in one request: new connections get them, open ones stay. What it left at the change before is removed first." },
	{ PLAN_ROUTE,    0,      SERVED, PLAN_HOT,  "{https}", "Make the virtual server at {address} port {port}, to pool {backend}, unless it is there as wanted." },
	{ PLAN_ROUTE,    SERVED, 0,      PLAN_DISRUPTIVE, "{https}", "Put right the virtual server at {address} port {port}, to pool {backend}, unless it is as wanted." },
	{ PLAN_ROUTE,    REDIRECTED, SERVED, PLAN_HOT, "{http}", "Make the virtual server at {address} port 80 with {rule}, unless it is there as wanted." },
	{ PLAN_ROUTE,    REDIRECTED | SERVED, 0, PLAN_DISRUPTIVE, "{http}", "Put right the virtual server at {address} port 80 with {rule}, unless it is as wanted." },
	{ PLAN_VERIFY,   0,      0,      PLAN_NONE, "{address} port {port}", "Shake hands as a visitor of {host} and see this certificate; if not, go back." },
	{ PLAN_PERSIST,  0,      0,      PLAN_NONE, "{unit}", "Save the configuration, synchronize the other units, and wait until all agree." },
	{ PLAN_SETTLE,   0,      0,      PLAN_NONE, "{profile}", "Leave the files it used before where they are, to go back to, until the next change." },
};
/* clang-format on */

int
bigip_plan(struct balancer *b, const struct bundle *bundle, const struct observation *seen,
    struct plan *ret, struct outcome *what)
{
	char full[6][FULL], address[ADDR_TEXT_SIZE], port[24];
	struct bigip_names n;
	const char *const names[] = { n.certificate, n.key, n.chain, n.profile, n.https, n.http };
	const struct plan_value values[] = { { "certificate", full[0] }, { "key", full[1] },
		{ "chain", full[2] }, { "profile", full[3] }, { "https", full[4] },
		{ "http", full[5] }, { "host", bundle->name.text },
		{ "parent", b->config->parent_profile }, { "rule", b->config->redirect_rule },
		{ "backend", bundle->backend }, { "unit", b->config->address },
		{ "address", addr_text(&bundle->address, address) }, { "port", port },
		{ NULL, NULL } };
	uint32_t facts = (seen->running == SERVED_ACTIVE ? SERVED : 0) |
	                 (bundle->chain.len > 0 ? CHAIN : 0) |
	                 (*b->config->redirect_rule ? REDIRECTED : 0);
	int r = bigip_names_of(b, bundle, &n, what);

	if (r)
		return r;
	for (size_t i = 0; i < COUNT_OF(full); i++)
		bigip_full_name(b, names[i], full[i]);
	snprintf(port, sizeof(port), "%lld", (long long)b->config->https_port);
	plan_fill(ret, plan_due(seen), facts, rows, COUNT_OF(rows), values);
	return 0;
}
