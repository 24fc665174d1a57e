/* SPDX-License-Identifier: Apache-2.0 */
/* Accepted certificates (leaf and the chain chosen for it) and their installations on balancers. */
#pragma once

#include "base/buf.h"
#include "store/store.h"

struct certificate {
	struct id id, order, site, key;
	uint8_t sha256[32]; /* of the leaf's DER */
	char serial[48];    /* hex, lower case */
	char subject[512], issuer[512];
	char names[2048];     /* SAN dNSNames, space between */
	int64_t chain_length; /* certificates served after the leaf */
	when not_before, not_after, accepted;
};
/* `leaf` DER; `chain` DERs one behind the other, in the order served, without the root. */
int store_certificate_add(
    struct store *s, struct certificate *c, struct str leaf, struct str chain) MUST_USE;
int store_certificate_get(struct store *s, struct id id, struct certificate *ret) MUST_USE;
int store_certificate_der(
    struct store *s, struct id id, struct buf *leaf, struct buf *chain) MUST_USE;

enum installation_state {
	INSTALLATION_PLANNED,
	INSTALLATION_BY_HAND, /* laid ready; somebody has to do it, and to say so */
	INSTALLATION_APPLIED,
	INSTALLATION_VERIFIED,
	INSTALLATION_ROLLED_BACK,
	INSTALLATION_REMOVED,
	INSTALLATION_STATE_MAX
};
const char *installation_state_name(enum installation_state state);
struct installation {
	struct id id, order, site, certificate, key;
	char balancer[64];
	enum installation_state state;
	char words[512];
	when planned, changed;
};
/* One per (certificate, balancer): planning it again returns the one there is. */
int store_installation_plan(struct store *s, struct installation *i) MUST_USE;
int store_installation_get(struct store *s, struct id id, struct installation *ret) MUST_USE;
int store_installation_set(
    struct store *s, struct id id, enum installation_state state, const char *words) MUST_USE;
