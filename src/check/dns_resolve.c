/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolver: libunbound in a thread of its own, so that every lookup has our deadline. A context
 * is made for one check and thrown away (1.5 to 2 ms): one that lives on would remember keys,
 * servers that were down and, without its cache, would be no faster where the time goes, which is
 * the network. A repaired record is seen at once.
 *
 * When an answer is bogus its data is there all the same: that tells which servers to ask directly.
 */
#include "check/dns_internal.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unbound.h>

#include "base/error.h"
#include "pki/data.h"
#include "sys/net.h"

struct resolver {
	struct ub_ctx *ctx;
};

struct resolver *
resolver_free(struct resolver *resolver)
{
	if (!resolver)
		return NULL;
	if (resolver->ctx)
		ub_ctx_delete(resolver->ctx);
	free(resolver);
	return NULL;
}

void
lookup_fini(struct lookup *lookup)
{
	if (lookup->result)
		ub_resolve_free(lookup->result);
	lookup->result = NULL;
}

static int
set_stub(struct ub_ctx *ctx, const struct config_stub *stub)
{
	char at[ADDR_TEXT_SIZE + 8];

	snprintf(at, sizeof(at), "%s@%d", stub->address, (int)stub->port);
	return ub_ctx_set_stub(ctx, stub->zone, at, 0);
}

/* The library knows some zones by itself, "test." and the private reverse ones among them; those
 * above a stub would hide it. */
static int
unhide_stub(struct ub_ctx *ctx, const char *zone)
{
	int r = ub_ctx_zone_remove(ctx, zone);
	const char *dot = strchr(zone, '.');

	while (r == 0 && dot && dot[1] != '\0') {
		r = ub_ctx_zone_remove(ctx, dot + 1);
		dot = strchr(dot + 1, '.');
	}
	return r;
}

static void
json_free(json_t *json)
{
	json_decref(json);
}
CLEAN_DEFINE(json_free, json_t *);

static int
add_anchors(struct ub_ctx *ctx, const struct config *config)
{
	CLEAN(json_free) json_t *root = NULL;
	const json_t *rows, *row;
	size_t i;
	int r = 0;

	if (config->dns_anchor_file[0])
		return ub_ctx_add_ta_file(ctx, config->dns_anchor_file);
	if (!config->dns_root_anchors)
		return 0;
	root = json_loadb(data_root_anchors.p, data_root_anchors.len, JSON_REJECT_DUPLICATES, NULL);
	rows = json_object_get(root, "rows");
	if (json_array_size(rows) == 0)
		return UB_INITFAIL;
	json_array_foreach(rows, i, row) if (r == 0) r =
	    json_is_string(row) ? ub_ctx_add_ta(ctx, json_string_value(row)) : UB_INITFAIL;
	return r;
}

/* ub_ctx_zone_remove() ends the time of settings, so it comes last; the files are read then, hence
 * the last line. */
static int
set_up(struct ub_ctx *ctx, const struct config *config, bool validating)
{
	int r = ub_ctx_set_option(ctx, "do-not-query-localhost:", "no");

	for (size_t i = 0; r == 0 && i < config->dns_resolvers.count; i++)
		r = ub_ctx_set_fwd(ctx, config->dns_resolvers.list[i]);
	for (size_t i = 0; r == 0 && i < config->stub_count; i++)
		r = set_stub(ctx, &config->stubs[i]);
	if (r == 0 && validating)
		r = add_anchors(ctx, config);
	if (r == 0)
		r = ub_ctx_async(ctx, 1);
	for (size_t i = 0; r == 0 && i < config->stub_count; i++)
		r = unhide_stub(ctx, config->stubs[i].zone);
	return r == 0 ? ub_ctx_zone_remove(ctx, "certdesk.invalid") : r;
}

int
resolver_new(const struct config *config, bool validating, struct resolver **ret)
{
	CLEAN(resolver_free) struct resolver *resolver = alloc_zero(sizeof(*resolver));
	int r;

	resolver->ctx = ub_ctx_create();
	if (!resolver->ctx)
		return error_origin(ENOMEM);
	r = set_up(resolver->ctx, config, validating);
	if (r)
		return error_origin(r == UB_NOMEM ? ENOMEM : EINVAL);
	/* a setting that cannot be is told on stderr by the library; from here on it is silent */
	ub_ctx_debugout(resolver->ctx, NULL);
	*ret = TAKE(resolver);
	return 0;
}

static void
landed(void *context, int e, struct ub_result *result)
{
	struct lookup *lookup = context;

	lookup->done = true;
	if (e == 0)
		lookup->result = result;
	else if (result)
		ub_resolve_free(result);
}

void
resolver_start(struct resolver *resolver, const char *name, int type, struct lookup *lookup)
{
	*lookup = (struct lookup){ 0 };
	if (ub_resolve_async(resolver->ctx, name, type, 1, lookup, landed, &lookup->id))
		lookup->done = true;
}

void
resolver_wait(struct resolver *resolver, struct lookup *lookup, when deadline)
{
	while (!lookup->done) {
		when left = deadline - world_ticks();

		if (left <= 0 || net_wait(ub_fd(resolver->ctx), false, left) ||
		    ub_process(resolver->ctx))
			break;
	}
	if (!lookup->done)
		ub_cancel(resolver->ctx, lookup->id);
	lookup->done = true;
}

int
resolver_fd(struct resolver *resolver)
{
	return ub_fd(resolver->ctx);
}

int
resolver_process(struct resolver *resolver)
{
	return ub_process(resolver->ctx) ? error_origin(EIO) : 0;
}
