/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/by_hand.h"

#include "store/certificates.h"

int
by_hand_note(struct hand *hand, struct id installation, const struct outcome *what)
{
	int r = hand_begin(hand);

	if (r == 0)
		r = store_installation_set(
		    hand->store, installation, INSTALLATION_BY_HAND, what->words);
	return r ? r : store_commit(hand->store, "worker.handed");
}

int
by_hand_is_begun(struct hand *hand, const struct order *order, bool *ret)
{
	struct installation i = { .state = INSTALLATION_PLANNED };
	int r = id_is_none(order->installation)
	            ? 0
	            : store_installation_get(hand->store, order->installation, &i);

	*ret = i.state == INSTALLATION_BY_HAND && id_eq(i.certificate, order->certificate);
	return error_fold(r);
}
