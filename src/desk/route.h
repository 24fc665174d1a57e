/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of routes: method, path, who may, handler. docs/openapi.yaml is held against it by a test, both ways.
 */
#pragma once

#include "desk/desk.h"

struct route {
	const char *method;
	const char *path;       /* below /api/v1; one {id} or {ref} at most */
	bool for_customers;     /* a customer's token may come in; what it may see is decided by access.h */
	handler_fn *handle;
	const char *summary;
};

extern const struct route routes[];
extern const size_t route_count;

/* Finds the route and serves the request: token, idempotency, handler, faults. The answer is filled in all cases. */
void route_serve(struct request *request, const char *authorization, struct answer *answer);
