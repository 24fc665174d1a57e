/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/proposal.h"

#include <stdarg.h>
#include <stdio.h>

#include "pki/name.h"

struct guess {
	struct host_name host; /* "" = none that certdesk could order for */
	char raw[256];         /* as the device has it */
	char domain[254];
};

static void remark(json_t *to, const char *format, ...) PRINTF_LIKE(2, 3);
static void
remark(json_t *to, const char *format, ...)
{
	char words[512];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	json_array_append_new(to, survey_text(words));
}

/* The name it is chosen by, else the first of its certificate. */
static void
guess_host(const struct surveyed *e, struct guess *to)
{
	struct str names = str_of(*e->host ? e->host : e->names), first;
	struct name_report report;

	*to = (struct guess){ 0 };
	if (!str_next(&names, ' ', &first) || !str_copy(first, to->raw, sizeof(to->raw)))
		return;
	if (host_name_parse(first, &to->host, &report) != 0)
		to->host.text[0] = '\0';
	else if (!host_name_registrable(to->host.text, to->domain, sizeof(to->domain)))
		to->domain[0] = '\0';
}

/* clang-format off */
static const struct kind_rule {
	const char *part, *kind; /* a piece of the host's first label, or of the pool's name */
} kind_rules[] = {
	{ "owa",          "owa" },
	{ "exchange",     "owa" },
	{ "outlook",      "owa" },
	{ "autodiscover", "owa" },
	{ "mail",         "owa" },
	{ "sharepoint",   "sharepoint" },
	{ "intranet",     "sharepoint" },
};
/* clang-format on */

static const char *
guess_kind(const struct surveyed *e, const struct guess *g)
{
	struct str label = str_of(g->raw), pool = str_of(e->pool);

	label.len = str_find(label, STR("."));
	for (size_t i = 0; i < COUNT_OF(kind_rules); i++) {
		struct str part = str_of(kind_rules[i].part);

		if (str_find(label, part) < label.len || str_find(pool, part) < pool.len)
			return kind_rules[i].kind;
	}
	return "web";
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static size_t
count_names(const char *names)
{
	struct str rest = str_of(names), name;
	size_t count = 0;

	while (*names && str_next(&rest, ' ', &name))
		count++;
	return count;
}

static json_t *
remarks_of(const struct surveyed *e, const struct guess *g, when now)
{
	json_t *to = json_array();
	size_t names = count_names(e->names);

	if (!*g->raw)
		remark(to, "No name is known: neither the profile nor the certificate has one.");
	else if (!*g->host.text)
		remark(to, "%s is no host name that certdesk could order for.", g->raw);
	if (e->owner == SURVEYED_AS3 || e->owner == SURVEYED_IAPP)
		remark(to,
		    "%s owns it, and undoes what others change there: take it out of there first.",
		    e->owner == SURVEYED_AS3 ? "An AS3 declaration" : "An iApp");
	if (e->owner == SURVEYED_OURS)
		remark(
		    to, "It lies where only certdesk writes, and the record knows nothing of it.");
	if (e->not_after > 0 && e->not_after <= now)
		remark(to, "Its certificate has expired.");
	if (e->state == SURVEYED_DISABLED)
		remark(to, "Its virtual server is disabled.");
	if (e->state == SURVEYED_NOT_ROUTED)
		remark(to, "Nobody is led to it.");
	if (e->state == SURVEYED_UNUSED)
		remark(to, "Nothing names this certificate.");
	if (names > 1)
		remark(to, "Its certificate has %zu names: each is a site of its own here.", names);
	if (!*e->organization)
		remark(to,
		    "The certificate names no organization: the customer is guessed from the domain.");
	return to;
}

void
proposal_remark(json_t *proposal, const char *format, ...)
{
	char words[512];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	json_array_append_new(json_object_get(proposal, "remarks"), survey_text(words));
}

json_t *
proposal_json(const struct surveyed *e, when now)
{
	struct guess g;
	const char *kind, *host;
	json_t *found = surveyed_json(e);

	guess_host(e, &g);
	kind = guess_kind(e, &g);
	host = *g.host.text ? g.host.text : g.raw;
	return json_pack("{s:{s:o, s:o}, s:{s:o, s:s, s:o}, s:{s:o, s:o, s:I}, s:o, s:o}",
	    "customer", "name",
	    survey_text(*e->organization ? e->organization
			: *g.domain      ? g.domain
					 : host),
	    "organization", survey_text(e->organization), "service", "name",
	    survey_text(*e->pool ? last_part(e->pool) : kind), "kind", kind, "backend",
	    survey_text(e->pool), "site", "host", survey_text(host), "address",
	    survey_text(e->address), "port", (json_int_t)e->port, "found", found, "remarks",
	    remarks_of(e, &g, now));
}
