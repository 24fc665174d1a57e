/* SPDX-License-Identifier: Apache-2.0 */
/* Which members of balancers belong to which driver: the table knows; what two of them say
 * together; and the templates of sites on them. */
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

struct config_unit
config_unit_of(const struct config_balancer *b, size_t number)
{
	if (number == 0)
		return (struct config_unit){ b->address, b->port, b->server_name, b->pin };
	if (number == 1)
		return (struct config_unit){ b->peer_address, b->peer_port, b->peer_server_name,
			b->peer_pin };
	return (struct config_unit){ "", 0, "", "" };
}

/* NULL when its second unit is one that can be talked to, or is not there. */
static const char *
peer_fault(const struct config_balancer *b)
{
	if (b->peer_address[0] == '\0')
		return b->peer_server_name[0] || b->peer_pin[0]
		           ? "balancers: \"peer_server_name\" and \"peer_pin\" need \"peer_address\""
		           : NULL;
	if (strcmp(b->peer_address, b->address) == 0 && b->peer_port == b->port)
		return "balancers: \"peer_address\" names the first unit again";
	if (b->ca_file[0] != '\0' && b->peer_pin[0] != '\0')
		return "balancers: an entry with \"ca_file\" takes no \"peer_pin\"";
	return b->ca_file[0] == '\0' && b->peer_pin[0] == '\0'
	           ? "balancers: an entry with \"pin\" and \"peer_address\" needs \"peer_pin\""
	           : NULL;
}

void
balancer_check(const void *item, void (*tell)(void *to, const char *words), void *to)
{
	const struct config_balancer *balancer = item;
	const struct option *list =
	    option_named(config_options, config_option_count, STR("balancers"));
	struct calendar calendar;
	const char *fault = peer_fault(balancer);
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
	if (fault)
		tell(to, fault);
}

/* Words that stand for no object of the device. */
static bool
is_full_name(struct str text)
{
	return text.len == 0 || text.p[0] == '/' || str_eq(text, STR("none")) ||
	       str_eq(text, STR("automap")) || str_eq(text, STR("certdesk"));
}

void
template_check(const void *item, void (*tell)(void *to, const char *words), void *to)
{
	static const struct str plain[] = { STR_INIT("name"), STR_INIT("balancer"),
		STR_INIT("service") };
	const struct option *list =
	    option_named(config_options, config_option_count, STR("templates"));
	char words[CONFIG_TEXT_SIZE], shown[80];

	for (size_t i = COUNT_OF(plain); i < list->items->member_count; i++) {
		const struct option *member = &list->items->members[i];
		struct str rest = str_of((const char *)item + member->offset), name;

		while (str_next(&rest, ' ', &name)) {
			if (is_full_name(name))
				continue;
			str_show(name, shown, sizeof(shown));
			snprintf(words, sizeof(words),
			    "templates: %s: \"%s\" is not a full name, such as /Common/%s",
			    member->name, shown, shown);
			tell(to, words);
		}
	}
}
