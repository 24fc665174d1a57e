/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of every list: {"items": […], "next": cursor or null}. */
#pragma once

#include "desk/answer.h"
#include "desk/json.h"

/* Takes over `items`. `last` is the id of the last item; it is the cursor if there is more. */
int answer_list(struct answer *answer, json_t *items, bool more, struct id last) MUST_USE;
