/* SPDX-License-Identifier: Apache-2.0 */
/* Order, request and certificate side by side, as the API shows them and the store keeps them. */
#pragma once

#include <jansson.h>

#include "ipc/read_delivery.h"

/* A list of {field, ordered, requested, delivered, same}; empty texts are null. */
json_t *review_differences(const struct read_report *report);
