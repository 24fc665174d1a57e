/* SPDX-License-Identifier: Apache-2.0 */
/*
 * States and provinces by the letters people write for them (ISO 3166-2), where that is the habit:
 * certificates name them in full (D-12). And countries by what people write instead of the code.
 */
#pragma once

#include "base/str.h"

/* "Missouri" for "US" and "mo" or "MO"; NULL = no such one. It lives on. */
const char *region_in_full(const char *country, struct str letters);
/* "GB" for "UK" or "England"; NULL = nobody knows. */
const char *region_country_meant(struct str text);
