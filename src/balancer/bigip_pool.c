/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a template names servers, their pool and its monitor are certdesk's, one for all sites of the
 * template. Both follow the configuration: what it says otherwise is changed with the next
 * installation. They stay when the last site has gone.
 */
#include <stdio.h>
#include <stdlib.h>

#include "balancer/bigip_internal.h"
#include "base/error.h"

#define POOLS "ltm/pool"
#define MARK  "certdesk template "

/* One of the two on its way to what it should be. */
struct item {
	const char *kind;
	char name[BIGIP_NAME_SIZE];
	json_t *wanted;
};

static void
item_fini(struct item *item)
{
	json_decref(item->wanted);
}
CLEAN_DEFINE_FINI(item_fini, struct item);

static const char *
put_mark(const struct bigip_template *t, char to[static BIGIP_MARK_SIZE + CONFIG_NAME_SIZE])
{
	snprintf(to, BIGIP_MARK_SIZE + CONFIG_NAME_SIZE, MARK "%s", t->name);
	return to;
}

const char *
bigip_pool_name(const struct bigip_template *t, char to[static BIGIP_FULL_SIZE])
{
	if (*t->servers)
		snprintf(to, BIGIP_FULL_SIZE, "certdesk_pool_%s", t->name);
	else
		snprintf(to, BIGIP_FULL_SIZE, "%.*s", BIGIP_FULL_SIZE - 1, t->pool);
	return to;
}

const char *
bigip_monitor_name(const struct bigip_template *t, char to[static BIGIP_NAME_SIZE])
{
	snprintf(to, BIGIP_NAME_SIZE, "certdesk_%s_%s", *t->server_ssl ? "https" : "http", t->name);
	return to;
}

/* The two characters '\' and 'r' are what the device's own text has for a carriage return. */
static void
monitor_of(const struct bigip_template *t, struct item *to)
{
	char mark[BIGIP_MARK_SIZE + CONFIG_NAME_SIZE], send[CONFIG_TEXT_SIZE];
	bool tls = *t->server_ssl != '\0';

	to->kind = tls ? "ltm/monitor/https" : "ltm/monitor/http";
	bigip_monitor_name(t, to->name);
	snprintf(send, sizeof(send),
	    "GET %s HTTP/1.1\\r\\nHost: %s\\r\\nConnection: Close\\r\\n\\r\\n", t->health->path,
	    *t->monitor_host ? t->monitor_host : "localhost");
	to->wanted = json_pack("{s:s, s:s, s:s, s:i, s:i}", "description", put_mark(t, mark),
	    "send", send, "recv", t->health->expected, "interval", t->health->interval, "timeout",
	    t->health->timeout);
}

/* ADDRESS:PORT, or ADDRESS.PORT where the address is IPv6. */
static size_t
address_len(struct str server)
{
	struct str tail = str_drop(server, str_find(server, STR(":")) + 1);
	char mark = str_find(tail, STR(":")) < tail.len ? '.' : ':';
	size_t len = server.len;

	while (len > 0 && server.p[len - 1] != mark)
		len--;
	return len > 0 ? len - 1 : 0;
}

static json_t *
members_of(const struct bigip_template *t)
{
	struct str rest = str_of(t->servers), server;
	json_t *list = json_array();

	while (str_next(&rest, ' ', &server))
		if (server.len > 0)
			json_array_append_new(
			    list, json_pack("{s:s%, s:s%}", "name", server.p, server.len, "address",
				      server.p, address_len(server)));
	return list;
}

/* F5's values for both: FAST microsoft_exchange.yaml, and its iApps. */
static void
pool_of(
    const struct balancer *b, const struct bigip_template *t, const char *monitor, struct item *to)
{
	char mark[BIGIP_MARK_SIZE + CONFIG_NAME_SIZE], full[BIGIP_FULL_SIZE];

	to->kind = POOLS;
	bigip_pool_name(t, full);
	snprintf(to->name, sizeof(to->name), "%.*s", BIGIP_NAME_SIZE - 1, full);
	to->wanted =
	    json_pack("{s:s, s:s, s:s, s:i, s:s, s:o}", "description", put_mark(t, mark), "monitor",
		bigip_full_name(b, monitor, full), "loadBalancingMode", "least-connections-member",
		"slowRampTime", 300, "serviceDownAction", "reset", "members", members_of(t));
}

static bool
has_members(const json_t *there, const json_t *wanted)
{
	const json_t *items = json_object_get(json_object_get(there, "membersReference"), "items");
	const json_t *member, *item;
	size_t i, k, found = 0;

	json_array_foreach(wanted, i, member) json_array_foreach(items, k, item) found +=
	    strcmp(bigip_text(item, "name"), bigip_text(member, "name")) == 0;
	return found == json_array_size(wanted) && json_array_size(items) == found;
}

static bool
is_same(const json_t *there, json_t *wanted)
{
	const char *name;
	json_t *value;

	json_object_foreach(wanted, name, value)
	{
		if (json_is_array(value) && !has_members(there, value))
			return false;
		if (json_is_string(value) && !str_eq(str_trim(str_of(bigip_text(there, name))),
						 str_of(json_string_value(value))))
			return false;
		if (json_is_integer(value) &&
		    bigip_number(there, name, -1) != json_integer_value(value))
			return false;
	}
	return true;
}

static int
must_be_the_templates(
    struct balancer *b, const struct item *item, const json_t *there, struct outcome *what)
{
	if (strcmp(bigip_text(there, "description"), bigip_text(item->wanted, "description")) == 0)
		return bigip_must_be_free(b, item->name, there, what);
	return balancer_fail(what, BALANCER_E_CONFLICT,
	    "%s: %s is there and is not certdesk's: somebody must look", b->config->name,
	    item->name);
}

static int
write_item(struct balancer *b, const struct item *item, bool is_there, struct outcome *what)
{
	char path[BIGIP_PATH_SIZE];

	if (is_there)
		return bigip_must(b, "PATCH", bigip_path(b, item->kind, item->name, "", path),
		    item->wanted, NULL, what);
	json_object_set_new(item->wanted, "name", json_string(item->name));
	bigip_place(b, item->wanted);
	snprintf(path, sizeof(path), "/mgmt/tm/%s", item->kind);
	return bigip_must(b, "POST", path, item->wanted, NULL, what);
}

static int
settle(struct balancer *b, const struct item *item, bool may_write, bool *ret_same,
    struct outcome *what)
{
	CLEAN(json_free) json_t *there = NULL;
	char path[BIGIP_PATH_SIZE];
	int r =
	    bigip_get(b, bigip_path(b, item->kind, item->name, "?expandSubcollections=true", path),
		&there, what);

	if (r == 0 && there)
		r = must_be_the_templates(b, item, there, what);
	if (r)
		return r;
	if (there && is_same(there, item->wanted))
		return 0;
	*ret_same = false;
	return may_write ? write_item(b, item, there != NULL, what) : 0;
}

static int
settle_both(struct balancer *b, const struct bigip_template *t, bool may_write, bool *ret_same,
    struct outcome *what)
{
	CLEAN(item_fini) struct item monitor = { 0 };
	CLEAN(item_fini) struct item pool = { 0 };
	int r;

	*ret_same = true;
	if (*t->servers == '\0')
		return 0;
	monitor_of(t, &monitor);
	pool_of(b, t, monitor.name, &pool);
	r = settle(b, &monitor, may_write, ret_same, what);
	return r ? r : settle(b, &pool, may_write, ret_same, what);
}

int
bigip_pool_observe(
    struct balancer *b, const struct bigip_template *t, bool *ret_same, struct outcome *what)
{
	return settle_both(b, t, false, ret_same, what);
}

int
bigip_pool_make(
    struct balancer *b, const struct bigip_template *t, bool *ret_same, struct outcome *what)
{
	return settle_both(b, t, true, ret_same, what);
}
