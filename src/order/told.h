/* SPDX-License-Identifier: Apache-2.0 */
/* What the provider says of the servers behind a service, or has not said yet (F-09). */
#pragma once

#include "base/str.h"

enum told { TOLD_UNKNOWN, TOLD_OFF, TOLD_ON, TOLD_MAX };

extern const char *const told_names[TOLD_MAX]; /* "unknown", "off", "on" */
const char *told_name(enum told told);
bool told_parse(struct str s, enum told *ret);
