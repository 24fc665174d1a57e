/* SPDX-License-Identifier: Apache-2.0 */
/*
 * F5 BIG-IP 13.1 and newer over iControl REST, by the procedure of section 13 of the BIG-IP
 * reference: files by version, one change of the profile, a look at the wire, save and sync. It
 * uses one connection and one token of a unit at a time: it takes ten connections in all, a user a
 * hundred tokens. Of a pair it works on the active unit, and the other one must have it all in the
 * end (docs/decisions/0014): bigip_units.c, bigip_pair.c, bigip_peer.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "balancer/bigip_internal.h"
#include "base/error.h"

#define WAVE 10 /* so many keys lie in the upload folder side by side, for seconds */

/* One writer for each device, which a pair is one of. */
static int
lock_file(const struct config_balancer *config, char *to, size_t size)
{
	int len = snprintf(to, size, "%s/bigip-%s-%lld.lock", config->lock_folder, config->address,
	    (long long)config->port);

	return *config->address && *config->lock_folder && len > 0 && (size_t)len < size
	           ? 0
	           : BALANCER_E_UNSUPPORTED;
}

static int
bigip_open(struct balancer *b, struct outcome *what)
{
	struct bigip *d = alloc_zero(sizeof(*d));
	int r;

	d->material = MATERIAL_KEPT;
	b->self = d; /* bigip_close() frees it */
	r = bigip_open_units(b);
	if (r)
		return balancer_fatal(what, r, b->config->name);
	return b->looks_only ? bigip_find_any(b, what) : bigip_find_active(b, what);
}

static void
bigip_close(struct balancer *b)
{
	struct bigip *d = b->self;

	if (!d)
		return;
	d->patience = BIGIP_PATIENCE; /* whoever died on us shall not keep us three times */
	bigip_close_units(b);
	material_kept_fini(&d->material);
	free(d);
	b->self = NULL;
}

/* What was used before stays until it is purged (bigip_serve.c). */
static int
settle(struct balancer *b UNUSED, const struct bundle *bundle UNUSED, struct outcome *what UNUSED)
{
	return BALANCER_E_NOOP;
}

const struct balancer_driver bigip_driver = {
	.name = "bigip",
	.wave = WAVE,
	.keeps_all = true,
	.lock_file = lock_file,
	.open = bigip_open,
	.close = bigip_close,
	.probe = bigip_probe,
	.capacity = bigip_capacity,
	.observe = bigip_observe,
	.plan = bigip_plan,
	.stage = bigip_stage,
	.check = bigip_check,
	.activate = bigip_activate,
	.route = bigip_route,
	.persist = bigip_persist,
	.rollback = bigip_rollback,
	.withdraw = bigip_withdraw,
	.settle = settle,
	.steady = bigip_steady,
	.confirm = bigip_confirm,
	.purge = bigip_purge,
	.survey = bigip_survey,
};
