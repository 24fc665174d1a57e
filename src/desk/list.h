/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of every list: {"items": […], "next": cursor or null}. */
#pragma once

#include "desk/answer.h"
#include "desk/json.h"

/* Takes over `items`. `last` is the id of the last item; it is the cursor if there is more. */
static inline int
answer_list(struct answer *answer, json_t *items, bool more, struct id last)
{
	return answer_json(answer, 200, json_pack("{s:o, s:o}", "items", items, "next", more ? json_id(last) : json_null()));
}
