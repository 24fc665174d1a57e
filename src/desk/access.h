/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may see what, in one place: every object named in a request is loaded here. What belongs to
 * another customer does not exist for a customer's token. False: the answer is filled (404 or a
 * fault).
 */
#pragma once

#include "desk/desk.h"
#include "store/customers.h"
#include "store/orders.h"
#include "store/sites.h"

/* By id or name. */
bool access_customer(
    struct request *request, struct answer *answer, struct str ref, struct customer *ret) MUST_USE;
/* By id. */
bool access_service(
    struct request *request, struct answer *answer, struct str ref, struct service *ret) MUST_USE;
/* By the path's {ref}: id, number, or host name (its newest order). */
bool access_order(struct request *request, struct answer *answer, struct order *ret) MUST_USE;
/* By the path's {ref}: id or host name. */
bool access_site(struct request *request, struct answer *answer, struct site *ret) MUST_USE;
/* The customer a list is about: the token's own, or for a provider the one asked for with
 * ?customer= (id or name), or all (ID_NONE). */
bool access_list(struct request *request, struct answer *answer, struct id *ret_customer) MUST_USE;
