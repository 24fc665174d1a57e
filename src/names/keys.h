/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that are kept in a database (known_keys_of() in names/known.h): which keys to ask it for, so
 * that what comes back holds all that the search for a typed name would find among all. A few
 * thousand at most. Pure.
 */
#pragma once

#include "names/known.h"

struct name_keys {
	uint64_t *row; /* ordered, each once */
	size_t count, cap;
};
void name_keys_fini(struct name_keys *keys);
CLEAN_DEFINE_FINI(name_keys_fini, struct name_keys);

/* As name_alike_find(known, typed, false, …) asks for. */
void name_keys_for(const char *typed, struct name_keys *ret);
