/* SPDX-License-Identifier: Apache-2.0 */
/* What waits to be accepted, as the API shows it. */
#pragma once

#include <jansson.h>

#include "review/review.h"

/* The answer to a delivery that was kept: accepted false, certificate, findings, review. */
json_t *review_json(const struct delivered *kept, const struct findings *findings);
