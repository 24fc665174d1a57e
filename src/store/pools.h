/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools of addresses, one balancer behind each. An address is free, reserved (an order has it), in
 * use (its site went live) or in quarantine (released, and given to nobody as long as DNS may still
 * point at it: store_order_rest()). Every address of a pool is a row, so that a pool has at most 65,536 of
 * them and two orders can never get one.
 */
#pragma once

#include "base/addr.h"
#include "store/store.h"

struct pool {
	struct id id;
	char name[64], balancer[64], prefix[64]; /* "192.0.2.0/24"; network and broadcast address of
	                                            IPv4 pools larger than /31 are left out */
	int64_t free, reserved, in_use, quarantine; /* counted for reading */
	when created;
};
struct pool_list {
	struct pool *row;
	size_t count;
	bool more;
};
void pool_list_fini(struct pool_list *list);
CLEAN_DEFINE_FINI(pool_list_fini, struct pool_list);
/* Makes the pool and its addresses; TAKEN: name, or an address is in another pool of this balancer.
 * -E2BIG: more than 65,536. */
int store_pool_add(struct store *s, struct pool *p) MUST_USE;
int store_pool_by_name(struct store *s, const char *name, struct pool *ret) MUST_USE;
int store_pool_list(struct store *s, struct page page, struct pool_list *ret) MUST_USE;

/* Takes a free address for the site; NO_ADDRESS: there is none. */
int store_address_reserve(struct store *s, const char *pool, struct id site, struct id *ret,
    struct addr *ret_address) MUST_USE;
int store_address_get(struct store *s, struct id id, struct addr *ret) MUST_USE;
/* In which pool of the balancer, and may it be given out (now, or after its quarantine)? ABSENT: in
 * none. */
int store_address_find(struct store *s, const char *balancer, const struct addr *address,
    char ret_pool[static 64], bool *ret_free) MUST_USE;
int store_address_use(struct store *s, struct id id) MUST_USE; /* NOT_NOW: nobody has reserved it */
int store_address_release(
    struct store *s, struct id id) MUST_USE; /* into quarantine; ALREADY: nobody has it */
int store_address_free(
    struct store *s, struct id id) MUST_USE; /* out of it; NOT_NOW: it is not there */

/* Balancers are declared in the configuration; this is their list of names, brought up to date at
 * start. */
int store_balancer_name(struct store *s, const char *name, const char *driver) MUST_USE;
int store_balancer_known(struct store *s, const char *name) MUST_USE; /* ABSENT or 0 */
