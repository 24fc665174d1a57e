/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of this folder alone: a database of its own for each test, in a world whose clock
 * stands still until it is set. What goes wrong in this itself ends the test.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "store/customers.h"
#include "store/orders.h"
#include "store/sites.h"

#define OK(call)     assert_int_equal((call), 0)
#define IN_LAB(test) cmocka_unit_test_setup_teardown(test, lab_set_up, lab_tear_down)

/* With one customer, the balancer "edge", the pool "edge-1" of six addresses from 192.0.2.1 and one
 * service. */
struct lab {
	char folder[64], path[96];
	struct store *s;
	struct customer customer;
	struct service service;
};

extern when fake_time;
extern const struct world fake;

int lab_set_up(void **state) MUST_USE;
int lab_tear_down(void **state) MUST_USE;
struct store *reopen(const struct lab *lab);        /* one more handle */
void tamper(struct lab *lab, const char *sql);      /* as somebody with sqlite3 would */
int64_t count_of(struct lab *lab, const char *sql); /* the number that the statement selects */

/* The way from a new site to a live order, step by step, each committed. */
extern const enum order_event life[];
extern const size_t life_length;
struct order make_order(struct lab *lab, const char *host);
struct order make_renewal(struct lab *lab, const struct order *of);
void event(struct lab *lab, struct id order, enum order_event e);
bool has_task(struct lab *lab, struct id order, enum task_kind kind);
void give_certificate(struct lab *lab, struct order *o);
void live(struct lab *lab, struct order *o); /* a certificate, and all of life[] */
