/* SPDX-License-Identifier: Apache-2.0 */
/*
 * F5 BIG-IP 13.1 and newer over iControl REST, by the procedure of section 13 of the BIG-IP
 * reference: files by version, one change of the profile, a look at the wire, save and sync. It
 * uses one connection and one token at a time: the device takes ten connections in all, a user a
 * hundred tokens.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "balancer/bigip_internal.h"
#include "base/error.h"

#define WAVE            10 /* so many keys lie in the upload folder side by side, for seconds */
#define REQUEST_TIMEOUT SECONDS(90) /* it waits 60 s for itself; who leaves earlier knows nothing */

/* One writer for each device. */
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
open_device(struct balancer *b, struct bigip *d)
{
	const struct device_place place = { .address = b->config->address,
		.port = b->config->port,
		.ca_file = b->config->ca_file,
		.pin = b->config->pin,
		.timeout = REQUEST_TIMEOUT };

	return device_open(&place, &d->device);
}

static int
bigip_open(struct balancer *b, struct outcome *what)
{
	struct bigip *d = alloc_zero(sizeof(*d));
	int r;

	d->material = MATERIAL_KEPT;
	d->seen = json_object();
	d->proven = json_object();
	d->uploads = BUF(BIGIP_UPLOADS_MAX);
	b->self = d; /* bigip_close() frees it */
	r = open_device(b, d);
	if (r)
		return balancer_fatal(what, r, b->config->name);
	r = bigip_sign_in(b, what);
	return r ? r : bigip_pair_ready(b, what);
}

static void
bigip_close(struct balancer *b)
{
	struct bigip *d = b->self;
	struct outcome aside;

	if (!d)
		return;
	d->patience = BIGIP_PATIENCE; /* whoever died on us shall not keep us three times */
	if (bigip_unload(b, &aside) != 0)
		buf_clear(&d->uploads); /* the next one sweeps */
	bigip_sign_out(b);
	device_close(d->device);
	material_kept_fini(&d->material);
	json_decref(d->seen);
	json_decref(d->proven);
	buf_fini(&d->uploads);
	free(d);
	b->self = NULL;
}

static int
bigip_probe(struct balancer *b, struct probe *ret, struct outcome *what UNUSED)
{
	const struct bigip *d = b->self;

	*ret = (struct probe){ .max_payload = SIZE_MAX };
	snprintf(ret->version, sizeof(ret->version), "%s", d->version);
	snprintf(ret->words, sizeof(ret->words), "%s is the active unit", d->unit);
	return 0;
}

/* What was used before stays until the next change (bigip_serve.c). */
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
	.observe = bigip_observe,
	.stage = bigip_stage,
	.check = bigip_check,
	.activate = bigip_activate,
	.route = bigip_route,
	.persist = bigip_persist,
	.rollback = bigip_rollback,
	.withdraw = bigip_withdraw,
	.settle = settle,
};
