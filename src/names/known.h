/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that are known: customers' domains, hosts of service addresses, sites. Asked for what is
 * almost like one of them, it looks at a few hundred keys and never at all names
 * (docs/decisions/0021): the time depends on the length of the name that was typed alone.
 *
 * Every name is under at most three keys, 64-bit numbers that are the same everywhere and for ever,
 * so that a table of a database can hold them as well:
 *   HOST    the whole name: its host part, with its domain
 *   DOMAIN  the skeleton (names/letters.h) of the domain's label, with its ending
 *   LABEL   the skeleton alone
 * A key is linear in the letters: that of a name with one letter more, less, other, or two swapped, is
 * a multiplication away.
 *
 * Names may come from strangers: no more than KNOWN_SEEN_MAX are looked at under one key.
 */
#pragma once

#include "names/letters.h"
#include "pki/name.h"

#define KNOWN_MAX      4000000u /* names; about 100 bytes each */
#define KNOWN_SEEN_MAX 64

enum {
	KNOWN_E_FULL = 1,
};

enum known_key { KNOWN_HOST, KNOWN_DOMAIN, KNOWN_LABEL };

struct known_names;

/* One of them; borrowed. */
struct known_name {
	struct str whole, domain, label, ending;
};

struct known_names *known_names_new(void) MUST_USE;
void known_names_free(struct known_names *known);
CLEAN_DEFINE(known_names_free, struct known_names *);

/* One that is there already is fine. */
int known_names_add(struct known_names *known, const struct host_name *name) MUST_USE;
size_t known_names_count(const struct known_names *known);
const char *known_names_at(const struct known_names *known, size_t at); /* in the order they came */
size_t known_names_bytes(const struct known_names *known);              /* of memory */

/* From now on every key that is looked under is told, whether somebody is there or not: those who
 * keep names elsewhere learn what to fetch (names/keys.h). */
typedef void known_ask_fn(void *to, uint64_t key);
void known_names_tell(struct known_names *known, known_ask_fn *ask, void *to);
/* What such a keeper puts the name under. */
#define KNOWN_KEYS 3
void known_keys_of(const struct host_name *name, uint64_t ret[static KNOWN_KEYS]);

bool known_names_has(const struct known_names *known, const char *name);
/* Is the domain that of one of the names? */
bool known_names_has_domain(const struct known_names *known, struct str domain);
/* Is the name one of them, or below one? */
bool known_names_cover(const struct known_names *known, const char *name);

/* The number that stands for letters; the keys of what they are a part of come from it. */
uint64_t known_sum(const struct letters *letters);
uint64_t known_key(enum known_key kind, uint64_t sum, struct str with);

typedef void known_seen_fn(void *to, const struct known_name *seen);
/* Tells those under the key, and perhaps a few others that have nothing to do with it. */
void known_names_under(
    const struct known_names *known, uint64_t key, known_seen_fn *seen, void *to);
/* The same for the keys of everything that is one slip away from the letters. */
void known_names_near(const struct known_names *known, enum known_key kind,
    const struct letters *letters, struct str with, known_seen_fn *seen, void *to);
