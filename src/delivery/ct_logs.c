/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/ct_logs.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

struct ct_logs {
	when dated;
	size_t count;
	struct ct_log log[CT_LOGS_MAX];
};

static const char *const states[] = {
	[CT_LOG_PENDING] = "pending",
	[CT_LOG_QUALIFIED] = "qualified",
	[CT_LOG_USABLE] = "usable",
	[CT_LOG_READONLY] = "readonly",
	[CT_LOG_RETIRED] = "retired",
	[CT_LOG_REJECTED] = "rejected",
};
static_assert(COUNT_OF(states) == CT_LOG_STATE_MAX, "a name for every state");

static void
json_free(json_t *json)
{
	json_decref(json);
}
CLEAN_DEFINE(json_free, json_t *);

struct ct_logs *
ct_logs_free(struct ct_logs *logs)
{
	free(logs);
	return NULL;
}

static struct str
text_of(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);

	return str_bytes(json_string_value(value), json_string_length(value));
}

static bool
read_state(const json_t *object, struct ct_log *to)
{
	const json_t *state = json_object_get(object, "state");

	for (size_t i = 0; i < COUNT_OF(states); i++) {
		const json_t *of = json_object_get(state, states[i]);

		if (!of)
			continue;
		to->state = (enum ct_log_state)i;
		return when_parse(text_of(of, "timestamp"), &to->since);
	}
	/* The list of all logs has some without a state: nobody counts them. */
	to->state = CT_LOG_REJECTED;
	return !state;
}

static bool
read_id(const json_t *object, uint8_t to[static 32])
{
	CLEAN(buf_fini) struct buf bytes = BUF(64);

	if (!buf_put_from_base64(&bytes, text_of(object, "log_id")) || bytes.len != 32)
		return false;
	copy_bytes(to, bytes.data, 32);
	return true;
}

static int
read_list(const json_t *list, bool is_tiled, struct str operator, struct ct_logs * to)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		struct ct_log *log = &to->log[to->count];

		if (to->count == CT_LOGS_MAX)
			return CT_LOGS_E_LIMIT;
		if (!read_id(item, log->id) || !read_state(item, log))
			return CT_LOGS_E_MALFORMED;
		log->is_tiled = is_tiled;
		str_show(operator, log->operator, sizeof(log->operator));
		str_show(text_of(item, "description"), log->name, sizeof(log->name));
		to->count++;
	}
	return 0;
}

static int
read_operators(const json_t *root, struct ct_logs *to)
{
	const json_t *operators = json_object_get(root, "operators"), *item;
	size_t i;

	if (!json_is_array(operators) ||
	    !when_parse(text_of(root, "log_list_timestamp"), &to->dated))
		return CT_LOGS_E_MALFORMED;
	json_array_foreach(operators, i, item)
	{
		struct str name = text_of(item, "name");
		int r = name.len > 0 ? read_list(json_object_get(item, "logs"), false, name, to)
		                     : CT_LOGS_E_MALFORMED;

		if (r == 0)
			r = read_list(json_object_get(item, "tiled_logs"), true, name, to);
		if (r)
			return r;
	}
	return to->count > 0 ? 0 : CT_LOGS_E_NONE;
}

int
ct_logs_new(struct str json, struct ct_logs **ret)
{
	CLEAN(json_free) json_t *root = json_loadb(json.p, json.len, JSON_REJECT_DUPLICATES, NULL);
	CLEAN(ct_logs_free) struct ct_logs *logs = alloc_zero(sizeof(*logs));
	int r = root ? read_operators(root, logs) : CT_LOGS_E_MALFORMED;

	if (r)
		return r;
	*ret = TAKE(logs);
	return 0;
}

when
ct_logs_dated(const struct ct_logs *logs)
{
	return logs->dated;
}

size_t
ct_logs_count(const struct ct_logs *logs)
{
	return logs->count;
}

const struct ct_log *
ct_logs_find(const struct ct_logs *logs, const uint8_t id[static 32])
{
	for (size_t i = 0; i < logs->count; i++)
		if (memcmp(logs->log[i].id, id, 32) == 0)
			return &logs->log[i];
	return NULL;
}

bool
ct_log_is_current(const struct ct_log *log)
{
	return log->state == CT_LOG_QUALIFIED || log->state == CT_LOG_USABLE ||
	       log->state == CT_LOG_READONLY;
}
