/* SPDX-License-Identifier: Apache-2.0 */
/* The domains that a customer takes mail for, and which its sites may have (H-05, H-10). */
#pragma once

#include "names/known.h"
#include "store/store.h"

#define DOMAINS_MAX 100 /* of one customer */

struct domain_list {
	struct host_name *row;
	size_t count;
};
void domain_list_fini(struct domain_list *list);
CLEAN_DEFINE_FINI(domain_list_fini, struct domain_list);

/* In the order of the alphabet. */
int store_domains_get(struct store *s, struct id customer, struct domain_list *ret) MUST_USE;
/* Instead of those there are; one that stands there twice is fine. */
int store_domains_set(struct store *s, struct id customer, const struct domain_list *list) MUST_USE;
/* Is the name, or a domain above it, one of another customer's? */
int store_domains_of_others(
    struct store *s, struct id customer, const char *host, bool *ret) MUST_USE;
/* Adds other customers' domains, and those of their sites that are not retired, that something like the
 * name may have meant (names/keys.h). None that it lies below: sites of several customers may. */
int store_domains_like(
    struct store *s, struct id customer, const char *host, struct known_names *to) MUST_USE;
/* Has anybody a live site under the name's registered domain? */
int store_domain_is_live(struct store *s, const char *host, bool *ret) MUST_USE;
