/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a delivery holds, as one JSON object: facts without judgement, for `certdesk inspect` and
 * for holding our reading against other tools'. Fields: outcome, error {class, message}, container,
 * certificates, private_keys, csrs, leaf, chain, key_matches_leaf.
 */
#pragma once

#include "delivery/delivery.h"

/* `had_password`: tells "needs its password" from "not opened". Appends the text, one line. */
int inspect_to_json(const struct delivery *delivery, bool had_password, struct buf *to) MUST_USE;
