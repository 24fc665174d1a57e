/* SPDX-License-Identifier: Apache-2.0 */
/* `certdesk inspect`: what was said of one delivery (delivery/inspect.h), for people. */
#pragma once

#include "base/when.h"
#include "cli/cli.h"

struct inspect_view {
	const struct cli *cli;
	when now;          /* what days are counted from */
	bool all;          /* -v */
	const char *wrote; /* where the repaired chain went; NULL = nowhere */
};

/* `given`: the files as they were named. Nothing that `said` may hold can do a terminal harm. */
void inspect_show(const struct inspect_view *view, const char *given, const json_t *said);
