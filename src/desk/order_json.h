/* SPDX-License-Identifier: Apache-2.0 */
/* An order as the API shows it: for lists, and whole. */
#pragma once

#include <jansson.h>

#include "desk/desk.h"
#include "store/orders.h"
#include "store/sites.h"

/* `site` is the order's. */
json_t *order_json(
    const struct request *request, const struct order *order, const struct site *site);
/* With key, certificate and open findings. A fault of the store is an error. */
json_t *names_json(const char *names); /* a list, from names with a space between */
int order_json_whole(struct request *request, const struct order *order, json_t **ret) MUST_USE;
int order_findings_json(struct request *request, const struct order *order, json_t **ret) MUST_USE;
int order_certificate_json(struct request *request, const struct order *order,
    json_t **ret) MUST_USE; /* null before there is one */
