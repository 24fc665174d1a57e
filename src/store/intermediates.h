/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CA certificates that once completed somebody's chain to a root we trust (I-16): public data, kept
 * under the name they are missed by, so that the next delivery that lacks them is completed.
 */
#pragma once

#include "base/buf.h"
#include "store/store.h"

struct intermediate {
	uint8_t sha256[32];         /* of its DER */
	uint8_t subject_sha256[32]; /* of its subject's DER */
	char subject[512];
	when not_after;
};

/* Known already is fine. `source`: "delivery", or the address it was fetched from. */
int store_intermediate_add(
    struct store *s, const struct intermediate *one, const char *source, struct str der) MUST_USE;
/* Those of that subject that are not over, the newest end first: *ret_count of at most `max`, each
 * appended to its buf. */
int store_intermediates_by_subject(struct store *s, const uint8_t subject_sha256[static 32],
    struct buf *ret, size_t max, size_t *ret_count) MUST_USE;
