/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may see what, in one place: every object named in a request is loaded here. What belongs to
 * another customer does not exist for a customer's token. False: the answer is filled (404 or a fault).
 */
#pragma once

#include "desk/desk.h"
#include "store/customers.h"
#include "store/orders.h"
#include "store/sites.h"

bool access_customer(struct request *request, struct answer *answer, struct customer *ret) MUST_USE; /* by {id}: id or name */
bool access_service(struct request *request, struct answer *answer, struct str id, struct service *ret) MUST_USE;
bool access_order(struct request *request, struct answer *answer, struct order *ret) MUST_USE;       /* by {ref}: id, number, host name */
bool access_site(struct request *request, struct answer *answer, struct site *ret) MUST_USE;         /* by {ref}: id, host name */
/* The customer a list is about: the token's own, or for a provider the one asked for with ?customer=, or all (ID_NONE). */
bool access_list(struct request *request, struct answer *answer, struct id *ret_customer) MUST_USE;
