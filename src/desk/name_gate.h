/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name gate of an order's form: its host name against the customer's domains and sites, and
 * against those of other customers (names/judge.h). What is found becomes the order's findings.
 */
#pragma once

#include "desk/desk.h"
#include "names/judge.h"
#include "order/order.h"
#include "store/sites.h"

/* Adds what is found. */
int name_gate_judge(struct request *request, const struct service *service, enum order_kind kind,
    const struct host_name *host, struct findings *findings) MUST_USE;
