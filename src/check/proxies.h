/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services that stand between visitors and a site (G-05): a data file of their published addresses
 * and of the names that customers' aliases lead to. A name that leads there shows the proxy's
 * certificate, never ours. docs/man/certdesk-data.7 describes the file.
 */
#pragma once

#include "base/addr.h"
#include "base/buf.h"
#include "base/when.h"

#define PROXIES_MAX          100
#define PROXIES_PREFIXES_MAX 2000 /* of all of them */
#define PROXIES_WORDS_SIZE   128
#define PROXIES_NAME_SIZE    64
#define PROXIES_ALIASES_MAX  16 /* of one */

enum { PROXIES_E_MALFORMED = 1 };

struct proxies;

/* PROXIES_E_MALFORMED: `words` say which row and what is wrong with it; nothing is loaded. */
int proxies_new(
    struct str json, char words[static PROXIES_WORDS_SIZE], struct proxies **ret) MUST_USE;
struct proxies *proxies_free(struct proxies *proxies);
CLEAN_DEFINE(proxies_free, struct proxies *);

when proxies_dated(const struct proxies *proxies);
/* Whose it is; NULL = nobody's that is known. */
const char *proxies_of_address(const struct proxies *proxies, const struct addr *address);
const char *proxies_of_alias(const struct proxies *proxies, struct str name);
