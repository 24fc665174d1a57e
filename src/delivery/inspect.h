/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a delivery holds and what is to be said of it, as one JSON object: for `certdesk inspect`,
 * and for holding our reading against other tools'. No order is known: findings that speak of one
 * are not told.
 *
 * Facts: outcome, error {class, message}, container, certificates, private_keys, csrs, leaf, chain,
 * key_matches_leaf; `chain` is what the files alone give. Judgement: usable, files, findings,
 * chain_status {end, root, missing, reason, ways}, repaired {chain, certificates, order_repaired,
 * completed, roots, extras}, csr {matches_leaf, differences}. certdesk-inspect(1) describes all.
 *
 * Runs where a crash hurts nobody, as all of delivery. What comes out of there is text like any
 * other from outside.
 */
#pragma once

#include <jansson.h>

#include "delivery/judge.h"

#define INSPECT_CSR_MAX (64u * 1024) /* bytes of a signing request's file */

struct inspection {
	const struct delivery_question *question; /* has_key: see `csr` */
	const struct str *csr; /* a request that the certificate must answer; NULL = none */
	bool bundle;           /* "bundle" too: the repaired chain, DER in Base64, leaf first */
};

/* Appends the object, one line. A request that is none: {"csr_error": words} and nothing else. */
int inspect_look(const struct inspection *about, const struct delivery_tools *tools,
    const struct judge_setting *setting, struct buf *to) MUST_USE;

/* Facts alone. `had_password`: tells "needs its password" from "not opened". */
int inspect_to_json(const struct delivery *delivery, bool had_password, struct buf *to) MUST_USE;
/* code, severity, owner, rules, title, what, why, next */
json_t *inspect_finding(const struct finding *finding);
