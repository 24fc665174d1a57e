/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/list.h"

int
answer_list(struct answer *answer, json_t *items, bool more, struct id last)
{
	json_t *next = more ? json_id(last) : json_null();

	return answer_json(answer, 200, json_pack("{s:o, s:o}", "items", items, "next", next));
}
