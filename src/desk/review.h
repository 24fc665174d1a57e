/* SPDX-License-Identifier: Apache-2.0 */
/* What waits to be accepted, as the API shows it. */
#pragma once

#include <jansson.h>

#include "desk/desk.h"
#include "review/review.h"

/* Waits a moment for the worker to have fetched what the delivery lacks, and answers with what came of
 * it; 202 when it takes longer. */
int review_await(struct request *request, struct answer *answer, const struct order *o,
    const struct delivered *fetching) MUST_USE;
/* Takes over `differences`. The answer to a delivery that was kept: accepted false, certificate, findings, review. */
json_t *review_json(
    const struct delivered *kept, json_t *differences, const struct findings *findings);
