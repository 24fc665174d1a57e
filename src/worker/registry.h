/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before anything is bought, the registry of the name's domain is asked: is the domain there and will
 * it stay, and whom does it belong to (H-11, RD-01…RD-05)? It is asked outside any transaction; what
 * came of it is kept together with what follows. No answer never stands in the way
 * (docs/decisions/0026).
 */
#pragma once

#include "check/rdap.h"
#include "worker/worker.h"

struct registration {
	char domain[254];           /* as its registry knows it; "" = nobody was asked */
	struct rdap_report *report; /* NULL then */
	struct findings findings;
};
void registration_fini(struct registration *registration);
CLEAN_DEFINE_FINI(registration_fini, struct registration);

/* Fills all of *ret. */
void registration_ask(struct hand *hand, const struct order *order, struct registration *ret);
/* In the caller's transaction. */
int registration_keep(
    struct hand *hand, const struct order *order, struct registration *registration) MUST_USE;
