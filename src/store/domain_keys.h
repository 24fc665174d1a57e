/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What domains are found by when something like them is typed (docs/decisions/0021, 0028): three keys
 * of each domain that some customer has, or has a site under that is not retired. For this folder
 * only.
 */
#pragma once

#include "pki/name.h"
#include "store/store.h"

/* One that has its keys already is fine. */
int domain_keys_add(struct store *s, const char *domain) MUST_USE;
/* Unless somebody has the domain still. */
int domain_keys_drop(struct store *s, const char *domain) MUST_USE;
/* The domain that is registered for a site's host, as its column has it; its end. */
const char *domain_of_site(const char *host);
/* Of the sites that were there before they had one: the migration's. */
int domains_of_sites_fill(struct store *s) MUST_USE;
