/* SPDX-License-Identifier: Apache-2.0 */
/* Which members of balancers belong to which driver: the table knows; and what two of them say
 * together. */
#include "config/options.h"

#include <stdio.h>

#include "config/calendar.h"

static bool
is_given(const struct option *member, const struct config_balancer *balancer)
{
	return strcmp((const char *)balancer + member->offset, member->fallback) != 0;
}

/* A member of `balancers` that is text. (A number always has a value, and says nothing.) */
static const char *
fault_of(const struct option *member, const struct config_balancer *balancer, char *words)
{
	bool is_its = strcmp(balancer->driver, member->driver) == 0;

	if (!is_its && is_given(member, balancer))
		snprintf(words, CONFIG_TEXT_SIZE, "balancers: \"%s\" is for the driver %s alone",
		    member->name, member->driver);
	else if (is_its && member->needed && !is_given(member, balancer))
		snprintf(words, CONFIG_TEXT_SIZE, "balancers: an entry needs \"%s\"", member->name);
	else
		return NULL;
	return words;
}

void
balancer_check(const void *item, void (*tell)(void *to, const char *words), void *to)
{
	const struct config_balancer *balancer = item;
	const struct option *list =
	    option_named(config_options, config_option_count, STR("balancers"));
	struct calendar calendar;
	char words[CONFIG_TEXT_SIZE];

	for (size_t i = 0; balancer->driver[0] != '\0' && i < list->items->member_count; i++) {
		const struct option *member = &list->items->members[i];

		if (member->driver && fault_of(member, balancer, words))
			tell(to, words);
	}
	if (balancer->address[0] != '\0' && !balancer->ca_file[0] == !balancer->pin[0])
		tell(
		    to, "balancers: an entry with \"address\" needs either \"ca_file\" or \"pin\"");
	if (!calendar_load(balancer, &calendar, words))
		tell(to, words);
}
