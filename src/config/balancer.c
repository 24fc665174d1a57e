/* SPDX-License-Identifier: Apache-2.0 */
/* What two members of an entry of balancers say together; and the templates of sites on them. */
#include "config/options.h"

#include <stdio.h>

#include "config/calendar.h"

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
	struct calendar calendar;
	const char *fault = peer_fault(balancer);
	char words[CONFIG_TEXT_SIZE];

	option_check_kind("balancers", balancer->driver, item, tell, to);
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

/* The members that name nothing on a device. */
static bool
is_no_object(const struct option *member)
{
	static const char *const names[] = { "name", "balancer", "service", "servers",
		"monitor_host" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(member->name, names[i]) == 0)
			return true;
	return false;
}

/* ADDRESS:PORT, or ADDRESS.PORT where the address is IPv6: as the device writes it. */
static bool
is_server(struct str text)
{
	struct addr address;
	int64_t port;
	size_t at = text.len;

	while (at > 0 && text.p[at - 1] != ':' && text.p[at - 1] != '.')
		at--;
	return at > 1 && str_to_i64(str_drop(text, at), &port) && port > 0 && port < 65536 &&
	       addr_parse(str_bytes(text.p, at - 1), &address) &&
	       (text.p[at - 1] == '.') == (address.family == 6);
}

static void
check_servers(
    const struct config_template *template, void (*tell)(void *to, const char *words), void *to)
{
	struct str rest = str_of(template->servers), server;
	char words[CONFIG_TEXT_SIZE], shown[80];

	if (*template->pool || *template->shared_virtual)
		tell(to, "templates: servers: they have a pool of their own, so no \"pool\" and no "
			 "\"shared_virtual\" is needed");
	while (str_next(&rest, ' ', &server)) {
		if (server.len == 0 || is_server(server))
			continue;
		str_show(server, shown, sizeof(shown));
		snprintf(words, sizeof(words),
		    "templates: servers: \"%s\" is neither ADDRESS:PORT nor, of IPv6, ADDRESS.PORT",
		    shown);
		tell(to, words);
	}
}

void
template_check(const void *item, void (*tell)(void *to, const char *words), void *to)
{
	const struct config_template *template = item;
	const struct option *list =
	    option_named(config_options, config_option_count, STR("templates"));
	char words[CONFIG_TEXT_SIZE], shown[80];

	if (*template->servers)
		check_servers(template, tell, to);
	for (size_t i = 0; i < list->items->member_count; i++) {
		const struct option *member = &list->items->members[i];
		struct str rest = str_of((const char *)item + member->offset), name;

		if (is_no_object(member))
			continue;

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
