/* SPDX-License-Identifier: Apache-2.0 */
#include "order/told.h"

const char *const told_names[TOLD_MAX] = {
	[TOLD_UNKNOWN] = "unknown",
	[TOLD_OFF] = "off",
	[TOLD_ON] = "on",
};
const char *
told_name(enum told told)
{
	return told_names[(size_t)told < COUNT_OF(told_names) ? told : TOLD_UNKNOWN];
}

bool
told_parse(struct str s, enum told *ret)
{
	for (size_t i = 0; i < COUNT_OF(told_names); i++)
		if (str_eq(s, str_of(told_names[i]))) {
			*ret = (enum told)i;
			return true;
		}
	return false;
}
