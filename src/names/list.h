/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of known names: one a line, as people write them; "#" begins a comment, empty lines are
 * fine. What is no host name is a mistake, not a name less. Pure.
 */
#pragma once

#include "names/known.h"

#define NAME_LIST_BYTES (256u << 20)

enum {
	NAME_LIST_E_LINE = 1, /* *ret_mistake says which */
	NAME_LIST_E_FULL,     /* more than KNOWN_MAX names */
};

struct name_list_mistake {
	size_t line;
	struct str text; /* borrowed from the list */
};

int name_list_read(
    struct str list, struct known_names *to, struct name_list_mistake *ret_mistake) MUST_USE;
