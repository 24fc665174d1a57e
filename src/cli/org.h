/* SPDX-License-Identifier: Apache-2.0 */
/* `certdesk org`: what was found (cli/org.c), for people (cli/org_text.c). */
#pragma once

#include "cli/inspect.h"

/* Nothing that `said` may hold can do a terminal harm. */
void org_show(const struct inspect_view *view, const json_t *said);
