/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks the CAA records up for a name and all names above it (G-10), side by side: the resolver
 * follows aliases at each of them, and none is climbed from. The first level that fails is asked
 * about once more at the servers of its zone, each by itself, to tell what is wrong (G-12, G-16).
 */
#include <stdlib.h>
#include <unbound.h>

#include "check/caa_internal.h"

void
caa_trace_free(struct caa_trace *trace)
{
	if (!trace)
		return;
	for (size_t i = 0; i < trace->level_count; i++) {
		free(trace->level[i].record);
		lookup_fini(&trace->level[i].lookup);
	}
	free(trace);
}

/* The root is none of them (RFC 8659 section 3). */
static void
list_levels(struct caa_trace *trace, const char *host)
{
	const char *name = host;

	while (name && *name && trace->level_count < CAA_LEVELS_MAX) {
		struct caa_level *level = &trace->level[trace->level_count++];

		(void)str_copy(str_of(name), level->name, sizeof(level->name));
		name = strchr(name, '.');
		name = name ? name + 1 : NULL;
	}
}

static void
read_records(struct caa_level *level, const struct ub_result *result)
{
	size_t count = 0;

	while (result->data[count])
		count++;
	level->record = alloc_array(count, sizeof(*level->record));
	for (; level->record_count < count; level->record_count++)
		level->record[level->record_count] = caa_record_read(str_bytes(
		    result->data[level->record_count], (size_t)result->len[level->record_count]));
}

static void
note_alias(struct caa_level *level, const char *canonical)
{
	struct str target = str_of(canonical);

	if (target.len > 1 && str_ends(target, STR(".")))
		target.len--;
	if (target.len > 0 && !str_eq_nocase(target, str_of(level->name)))
		str_show(target, level->target, sizeof(level->target));
}

static void
read_level(struct caa_level *level)
{
	const struct ub_result *result = level->lookup.result;

	level->kind = LEVEL_FAILED;
	if (!result)
		return;
	level->rcode = (unsigned)result->rcode;
	level->secure = result->secure;
	if (result->bogus) {
		level->kind = LEVEL_BOGUS;
		str_show(str_of(result->why_bogus), level->reason, sizeof(level->reason));
	} else if (result->havedata) {
		level->kind = LEVEL_RECORDS;
		read_records(level, result);
		note_alias(level, result->canonname);
	} else if (lookup_answered(&level->lookup)) {
		level->kind = LEVEL_EMPTY;
	}
}

/* The first level that is not empty, if it is one that failed; NULL else. */
static const struct caa_level *
first_failure(const struct caa_trace *trace)
{
	for (size_t i = 0; i < trace->level_count; i++)
		if (trace->level[i].kind != LEVEL_EMPTY)
			return trace->level[i].kind == LEVEL_FAILED ? &trace->level[i] : NULL;
	return NULL;
}

static void
ask_servers(struct collector *c, const struct caa_level *level, struct caa_trace *trace)
{
	struct dns_hop *hop = &trace->failing;

	(void)str_copy(str_of(level->name), hop->name, sizeof(hop->name));
	collector_find_servers(c, hop);
	dns_ask_all(hop, DNS_TYPE_CAA, c->timeout);
	for (size_t i = 0; i < hop->view_count; i++)
		c->reached |= !dns_reply_failed(hop->view[i].a.kind) ||
		              hop->view[i].a.kind == REPLY_RCODE ||
		              hop->view[i].a.kind == REPLY_LAME;
}

static void
look_up_levels(struct collector *c, struct caa_trace *trace)
{
	for (size_t i = 0; i < trace->level_count; i++)
		resolver_start(
		    c->resolver, trace->level[i].name, DNS_TYPE_CAA, &trace->level[i].lookup);
	for (size_t i = 0; i < trace->level_count; i++) {
		resolver_wait(c->resolver, &trace->level[i].lookup, collector_deadline(c));
		c->reached |= lookup_answered(&trace->level[i].lookup);
		read_level(&trace->level[i]);
	}
}

int
caa_collect(const struct config *config, const char *host, uint16_t port, struct caa_trace **ret)
{
	CLEAN(caa_trace_free) struct caa_trace *trace = alloc_zero(sizeof(*trace));
	CLEAN(collector_fini) struct collector c = { 0 };
	const struct caa_level *failure;
	int r = collector_init(&c, config, port);

	if (r)
		return r;
	trace->timeout = c.timeout;
	dns_relay_of(config, &trace->relay);
	list_levels(trace, host);
	if (trace->relay.way == DNS_WAY_NOBODY)
		trace->level[0].kind = LEVEL_UNASKED;
	else
		look_up_levels(&c, trace);
	failure = first_failure(trace);
	if (failure && trace->relay.way == DNS_WAY_SERVERS)
		ask_servers(&c, failure, trace);
	trace->reached = c.reached;
	*ret = TAKE(trace);
	return 0;
}
