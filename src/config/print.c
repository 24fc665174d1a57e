/* SPDX-License-Identifier: Apache-2.0 */
#include "config/options.h"

#include <stdio.h>

static const char *
range_words(const struct option *option, char *to, size_t size)
{
	to[0] = '\0';
	if (option->kind == OPTION_NUMBER)
		snprintf(
		    to, size, " (%lld to %lld)", (long long)option->least, (long long)option->most);
	else if (option->kind == OPTION_CHOICE)
		snprintf(to, size, " (one of: %s)", option->choices);
	else if (option->kind == OPTION_BOOL)
		snprintf(to, size, " (yes or no)");
	return to;
}

/* How many leading groups two dotted names share. */
static size_t
shared_groups(const char *a, const char *b)
{
	size_t groups = 0;

	for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
		if (a[i] == '.')
			groups++;
	return groups;
}

static void
indent(struct buf *to, size_t depth)
{
	for (size_t i = 0; i < depth; i++)
		buf_put_text(to, "  ");
}

/* Opens the groups of `name` that the option before it was not in; *ret_depth: where the option
 * itself stands. */
static const char *
open_groups(struct buf *to, const char *name, const char *before, size_t *ret_depth)
{
	size_t shared = shared_groups(name, before), depth = 0;
	struct str rest = str_of(name), part, last = rest;

	while (str_next(&rest, '.', &part)) {
		last = part;
		if (!rest.p)
			break;
		if (depth >= shared) {
			indent(to, depth);
			buf_printf(to, "%.*s:\n", STR_ARG(part));
		}
		depth++;
	}
	*ret_depth = depth;
	return last.p;
}

static void
print_lines_commented(struct buf *to, const char *text, size_t depth)
{
	struct str rest = str_of(text), line;

	while (str_next(&rest, '\n', &line))
		if (line.len > 0) {
			indent(to, depth);
			buf_printf(to, "#%.*s\n", STR_ARG(line));
		}
}

void
config_print_defaults(struct buf *to)
{
	const char *before = "";
	char range[128];

	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *option = &config_options[i];
		size_t depth;
		const char *last;

		last = open_groups(to, option->name, before, &depth);
		indent(to, depth);
		buf_printf(to, "# %s%s\n", option->help, range_words(option, range, sizeof(range)));
		indent(to, depth);
		if (option_is_scalar(option))
			buf_printf(to, option->fallback[0] ? "%s: %s\n" : "%s: \"%s\"\n", last,
			    option->fallback);
		else
			buf_printf(
			    to, option->kind == OPTION_SEVERITIES ? "%s: {}\n" : "%s: []\n", last);
		if (option->kind == OPTION_ITEMS)
			print_lines_commented(to, option->items->example, depth);
		else if (option->kind == OPTION_SEVERITIES)
			print_lines_commented(to, OPTION_SEVERITIES_EXAMPLE, depth);
		before = option->name;
	}
}

static void
print_option(struct buf *to, const struct option *option, const char *prefix, const char *kind)
{
	char range[128];

	buf_printf(to, "*%s%s*", prefix, option->name);
	if (option->fallback && option_is_scalar(option) && option->fallback[0])
		buf_printf(to, ", default _%s_", option->fallback);
	else if (!option->fallback)
		buf_put_text(to, ", must be given");
	if (option->driver)
		buf_printf(to, ", for the %s _%s_%s", kind, option->driver,
		    option->needed ? ", must be given" : "");
	buf_printf(to, "\n\t%s%s\n\n", option->help, range_words(option, range, sizeof(range)));
}

static const char sites_on_bigip[] =
    "# SITES ON BIG-IP\n\n"
    "certdesk makes for a site a client-ssl profile with its certificate, key and chain, and virtual servers at its address: 443, and 80 with "
    "a rule. All else is yours, and named in _templates_ or in _balancers_; what neither names is this:\n\n"
    "*owa*\n\tan http profile of certdesk's (X-Forwarded-For, _Front-End-Https: on_, all redirects rewritten to https), a tcp profile with an "
    "idle time of 1800 seconds for ActiveSync, no persistence: the values of F5's templates for Exchange 2016 and 2019.\n\n"
    "*sharepoint*\n\tthe same http profile with matching redirects rewritten, /Common/tcp, no persistence: F5's for SharePoint 2016. SharePoint's "
    "alternate access mappings must name the site with https.\n\n"
    "*web*\n\t/Common/http and /Common/tcp.\n\n"
    "The pool is yours, named by the service's backend or a template, with monitors of your own. Where a template names _servers_ instead, certdesk "
    "makes the pool (least connections, 300 seconds of slow ramp, reset when a server fails) and its monitor with F5's values: for owa "
    "/owa/healthcheck.htm every 10 seconds, which must answer 200 OK within 31; for sharepoint the health score at / every 30 within 91. "
    "Both follow the configuration with the next installation of a site, and stay when the last site has gone.\n\n"
    "A template is for what is made. Of a virtual server that is there an installation mends its address, its pool, its profile, its rule at port "
    "80, and that it is on; what else it was made with, and what you have added since, stays.\n\n"
    "Where the servers behind speak TLS, name a _server\\_ssl\\_profile_. The rule at port 80 answers 301 (308 to what is neither GET nor HEAD) to https "
    "under the same name, and lets requests below /.well-known/acme-challenge/ and /.well-known/pki-validation/ through to the pool, so that "
    "authorities can validate. certdesk's own rule and profiles lie in its partition under names with their version; it makes them once, "
    "compares them, and never changes one: where somebody did, an installation stops and says so.\n\n"
    "With _shared\\_virtual_ a site has no virtual server of its own. Its profile is added to those of yours and taken away again; nothing else of it is "
    "written. It never becomes the default, and a name that another profile there has already is refused.\n\n"
    "What belongs to an application service (an iApp, an AS3 declaration) is never written, as its owner writes it anew: neither a virtual server of one nor "
    "a partition that is an AS3 tenant.\n\n";

void
config_print_manual(struct buf *to)
{
	buf_put_text(to,
	    "certdesk.yaml(5)\n\n# NAME\n\ncertdesk.yaml - the configuration of certdesk\n\n# DESCRIPTION\n\n"
	    "One YAML file, read by *certdeskd*(8) at its start. Every mistake is reported with its line and column; with a mistake nothing "
	    "starts. *certdesk config check* looks at it, *certdesk config defaults* prints it with all options. A change takes effect when "
	    "*certdeskd* is started again. Options are grouped: _keeper.kek\\_file_ is written as the member _kek\\_file_ of the group _keeper_.\n\n"
	    "# OPTIONS\n\n");
	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *option = &config_options[i];

		print_option(to, option, "", "");
		for (size_t m = 0; option->kind == OPTION_ITEMS && m < option->items->member_count;
		     m++) {
			char prefix[CONFIG_NAME_SIZE];

			snprintf(prefix, sizeof(prefix), "%s[].", option->name);
			print_option(to, &option->items->members[m], prefix, option->items->kind);
		}
	}
	buf_put_text(to, sites_on_bigip);
	buf_put_text(to, "# SEE ALSO\n\n*certdesk*(1), *certdeskd*(8)\n");
}
