/* SPDX-License-Identifier: Apache-2.0 */
/* Values that more than one verb understands; host names are in cli/host.h. */
#include <stdio.h>

#include "cli/cli.h"
#include "sys/world.h"

int
cli_time(const char *at, const char *option, when *ret)
{
	char whole[WHEN_RFC3339_SIZE];

	*ret = world_now(world_real());
	if (!at)
		return 0;
	snprintf(whole, sizeof(whole), "%s%s", at, strlen(at) == 10 ? "T00:00:00Z" : "");
	return when_parse(str_of(whole), ret)
	           ? 0
	           : cli_fail(EXIT_USAGE,
			 "%s: \"%s\" is no time; write 2027-03-15 or 2027-03-15T14:00:00Z", option,
			 at);
}
