/* SPDX-License-Identifier: Apache-2.0 */
#include "store/events.h"

#include <stdio.h>

#include "desk/access.h"
#include "desk/handlers.h"
#include "desk/list.h"

/* Customers learn what they did themselves and what happened by itself, not who is who at the
 * provider. */
static json_t *
actor_json(const struct request *request, const char *actor)
{
	char own[160];

	snprintf(own, sizeof(own), "token:%s", request->token.name);
	return strcmp(actor, own) == 0 || strcmp(actor, "worker") == 0
	           ? json_text(actor)
	           : json_inside(request, actor);
}

static json_t *
event_json(const struct request *request, const struct event *e)
{
	json_t *detail = e->detail && e->detail[0] ? json_loads(e->detail, 0, NULL) : NULL;

	return json_pack("{s:I, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o}", "sequence",
	    (json_int_t)e->sequence, "at", json_when(e->at), "actor", actor_json(request, e->actor),
	    "action", e->action, "object", e->object, "object_id", json_id(e->object_id), "order",
	    json_id(e->order), "detail", detail ? detail : json_object(), "hash",
	    json_hex(e->hash, sizeof(e->hash)));
}

/* Cursors of the audit log are sequence numbers. */
static int
list(struct request *request, struct answer *answer, struct id order)
{
	CLEAN(event_list_fini) struct event_list events = { 0 };
	int64_t after;
	json_t *items, *next;
	size_t limit;
	int r;

	if (!request_sequence(request, answer, &after, &limit))
		return 0;
	r = store_event_list(request->store, order, after, limit, &events);
	if (r)
		return r;
	items = json_array();
	for (size_t i = 0; i < events.count; i++)
		json_array_append_new(items, event_json(request, &events.row[i]));
	next = events.more ? json_integer(events.row[events.count - 1].sequence) : json_null();
	return answer_json(answer, 200, json_pack("{s:o, s:o}", "items", items, "next", next));
}

int
events_list(struct request *request, struct answer *answer)
{
	return list(request, answer, ID_NONE);
}

int
orders_events(struct request *request, struct answer *answer)
{
	struct order o;

	return access_order(request, answer, &o) ? list(request, answer, o.id) : 0;
}

int
events_verify(struct request *request, struct answer *answer)
{
	int64_t sequence = 0;
	int r = store_event_verify(request->store, &sequence);

	if (r == STORE_E_BROKEN)
		return answer_json(answer, 200,
		    json_pack("{s:b, s:I}", "whole", 0, "broken_at", (json_int_t)sequence));
	return r ? r
	         : answer_json(answer, 200,
		       json_pack("{s:b, s:I}", "whole", 1, "events", (json_int_t)sequence));
}
