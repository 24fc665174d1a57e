/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of routes: method, path, who may, what the query may say, handler. docs/openapi.yaml is
 * held against it by a test, both ways.
 */
#pragma once

#include "desk/desk.h"

#define ROUTE_PREFIX "/api/v1"

struct route {
	const char *method;
	const char *path;   /* below ROUTE_PREFIX; one {id} or {ref} at most */
	bool for_customers; /* a customer's token may come in; what it sees is access.h's */
	const char *query;  /* names of the query's parameters, space between */
	handler_fn *handle;
	const char *summary;
};

extern const struct route routes[];
extern const size_t route_count;

/* Finds the route and serves the request: token, idempotency, handler, faults. HEAD is GET, OPTIONS
 * says what is possible. The answer is filled in all cases. */
void route_serve(struct request *request, struct answer *answer);
/* Fills request->token; STORE_E_ABSENT for a token nobody has. */
int route_know_token(struct request *request) MUST_USE;

/* RFC 3986 section 2.1; false for a broken escape, a NUL, or what does not fit. */
bool percent_decode(struct str from, char *to, size_t size);
