/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/order_change.h"

#include "desk/answer.h"
#include "desk/order_json.h"
#include "ipc/wake.h"

static int
commit_change(struct request *request, struct answer *answer, struct id order)
{
	struct order o;
	json_t *json;
	int r = store_order_get(request->store, order, &o);

	if (r == 0)
		r = order_json_whole(request, &o, &json);
	if (r == 0)
		r = answer_json(answer, 200, json);
	if (r == 0)
		r = request_commit(request, answer, "desk.order_changed");
	if (r == 0)
		wake_tell(request->desk->worker);
	return r;
}

int
order_change_settle(
    struct request *request, struct answer *answer, const struct order *o, int r, const char *wish)
{
	if (r == 0)
		return commit_change(request, answer, o->id);
	if (r != STORE_E_NOT_NOW && r != STORE_E_ALREADY)
		return r;
	return answer_problem(answer, 409, "NOT_NOW", "The order is %s: %s",
	    order_stage_name(order_stage(&o->facts)), wish);
}
