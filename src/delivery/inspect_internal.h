/* SPDX-License-Identifier: Apache-2.0 */
/* Between the facts (inspect.c) and the judgement (inspect_look.c). */
#pragma once

#include "delivery/inspect.h"

static inline void
json_free(json_t *json)
{
	json_decref(json);
}
CLEAN_DEFINE(json_free, json_t *);

json_t *inspect_hex(const uint8_t bytes[static 32]);
/* Any byte may stand in a certificate's name, NUL among them; JSON can carry all but broken UTF-8.
 */
json_t *inspect_encoded(struct str s);
json_t *inspect_certificate(X509 *x509, struct str der, const uint8_t sha256[static 32]);
/* `key_sha256`: as of leaf_choose(). */
json_t *inspect_facts(
    const struct delivery *delivery, bool had_password, const uint8_t *key_sha256);
int inspect_put(const json_t *object, struct buf *to) MUST_USE; /* as one line */
