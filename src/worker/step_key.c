/* SPDX-License-Identifier: Apache-2.0 */
/* TASK_KEY: key and CSR from the keeper, stored wrapped, before anybody hears of them. */
#include "worker/worker.h"

#include "ipc/key_make.h"
#include "store/keys.h"

static int
ask_keeper(struct hand *hand, const struct order *order, struct id key, struct key_made *made)
{
	struct key_order question = {
		.key = key,
		.customer = order->customer,
		.site = order->site,
		.kind = order->key_kind,
		.subject = {
			.country = str_of(order->country),
			.state = str_of(order->state),
			.locality = str_of(order->city),
			.organization = str_of(order->organization),
		},
		.names = { str_of(order->host) },
		.name_count = 1,
	};

	return key_make_ask(hand->worker->keeper, &question, made);
}

static void
tell_outcome(struct hand *hand, int r, const struct key_made *made, struct outcome *what)
{
	if (r == KEY_MAKE_E_LATER) {
		outcome_set(what, OUTCOME_LATER, "A fresh key is being made.");
		what->again = world_now(hand->worker->world) + MILLIS(made->later_ms);
	} else if (r == KEY_MAKE_E_AWAY) {
		outcome_set(
		    what, OUTCOME_LATER, "The keeper did not answer; it is being restarted.");
	} else {
		outcome_set(
		    what, OUTCOME_HUMAN, "The keeper refused to make this key and request.");
	}
}

static int
keep(struct hand *hand, const struct order *order, struct key *key, const struct key_made *made)
{
	struct id csr;
	int r = store_key_add(hand->store, key, buf_str(&made->wrapped));

	if (r)
		return r;
	r = store_csr_add(hand->store, order->id, key->id, buf_str(&made->csr), &csr);
	if (r)
		return r;
	return store_order_point(hand->store, order->id, key->id, csr, ID_NONE, ID_NONE);
}

int
step_key(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	CLEAN(key_made_fini) struct key_made made = { 0 };
	struct key key = { .id = world_id(hand->worker->world),
		.customer = order->customer,
		.site = order->site,
		.kind = order->key_kind };
	int r = ask_keeper(hand, order, key.id, &made);

	if (r > 0) {
		tell_outcome(hand, r, &made, what);
		return 0;
	}
	if (r)
		return r;
	memcpy(key.spki_sha256, made.spki_sha256, sizeof(key.spki_sha256));
	r = hand_begin(hand);
	if (r)
		return r;
	r = keep(hand, order, &key, &made);
	if (r)
		return error_fold(r);
	outcome_set(what, OUTCOME_DONE, "%s", key_kind_name(order->key_kind));
	return hand_finish(hand, task, EVENT_KEYED, "", "worker.keyed");
}
