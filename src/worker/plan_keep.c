/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/plan_keep.h"

#include <stdlib.h>

int
plan_keep(struct hand *hand, struct id order, const struct plan *plan)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);
	json_t *json = plan_json(plan);
	char words[200], *dumped = json_dumps(json, JSON_COMPACT);
	int r = hand_begin(hand);

	buf_put_text(&text, dumped);
	free(dumped);
	json_decref(json);
	plan_words(plan, words, sizeof(words));
	if (r == 0)
		r = store_look_set(
		    hand->store, order, LOOK_PLAN, plan->count == 0, words, buf_str(&text));
	return r ? r : store_commit(hand->store, "worker.plan_kept");
}
