/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/bigip_template.h"

#define REDIRECT        "certdesk_redirect_v1"
#define OWA_HTTP        "certdesk_owa_http_v1"
#define OWA_TCP         "certdesk_owa_tcp_v1"
#define SHAREPOINT_HTTP "certdesk_sharepoint_http_v1"
#define OURS            "certdesk"
#define NONE            "none"

/* Rule X-04: to https under the same name, but a CA that validates is let through to the servers.
 * What could lead out of those two folders is not let through. 308 keeps the method and the body of
 * what is no GET (RFC 9110 section 15.4.9); 301 is what every browser knows. A request without Host
 * has no name to be sent to. */
static const char redirect_rule[] =
    "when HTTP_REQUEST {\n"
    "    set path [HTTP::path]\n"
    "    if { ($path starts_with \"/.well-known/acme-challenge/\" or "
    "$path starts_with \"/.well-known/pki-validation/\") and "
    "not ($path contains \"..\" or $path contains \"%\") } {\n"
    "        return\n"
    "    }\n"
    "    set host [getfield [HTTP::host] \":\" 1]\n"
    "    if { $host eq \"\" } {\n"
    "        HTTP::respond 400\n"
    "    } elseif { [HTTP::method] eq \"GET\" or [HTTP::method] eq \"HEAD\" } {\n"
    "        HTTP::respond 301 Location \"https://$host[HTTP::uri]\"\n"
    "    } else {\n"
    "        HTTP::respond 308 Location \"https://$host[HTTP::uri]\"\n"
    "    }\n"
    "}";

/*
 * Exchange: F5's FAST template microsoft_exchange.yaml (f5-appsvcs-templates 1.25) and its iApp
 * f5.microsoft_exchange_2016: X-Forwarded-For, redirects rewritten where TLS ends here, 1800 s for
 * ActiveSync, which waits for mail, and no persistence since Exchange 2013. SharePoint:
 * microsoft_sharepoint.yaml and f5.microsoft_sharepoint_2016: X-Forwarded-For, matching redirects
 * rewritten, no persistence since 2013 (its cache is distributed). Front-End-Https is how Microsoft's
 * servers learn that the visitor's side is TLS; a profile inserts one header only.
 */
/* clang-format off */
static const struct bigip_own own[] = {
	{ REDIRECT,        "ltm/rule",         { { "apiAnonymous", redirect_rule } } },
	{ OWA_HTTP,        "ltm/profile/http", { { "defaultsFrom", "/Common/http" }, { "insertXforwardedFor", "enabled" },
	                                         { "headerInsert", "Front-End-Https: on" }, { "redirectRewrite", "all" } } },
	{ OWA_TCP,         "ltm/profile/tcp",  { { "defaultsFrom", "/Common/tcp" }, { "idleTimeout", "1800" } } },
	{ SHAREPOINT_HTTP, "ltm/profile/http", { { "defaultsFrom", "/Common/http" }, { "insertXforwardedFor", "enabled" },
	                                         { "headerInsert", "Front-End-Https: on" }, { "redirectRewrite", "matching" } } },
};

/* The last is for every other kind. */
static const struct built_in {
	const char *service, *http, *tcp;
} built_ins[] = {
	{ "owa",        OWA_HTTP,        OWA_TCP },
	{ "sharepoint", SHAREPOINT_HTTP, "/Common/tcp" },
	{ "web",        "/Common/http",  "/Common/tcp" },
};
/* clang-format on */

const struct bigip_own *
bigip_own_named(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (strcmp(own[i].name, name) == 0)
			return &own[i];
	return NULL;
}

static const struct built_in *
built_in_of(const char *service)
{
	size_t i = 0;

	while (
	    i < COUNT_OF(built_ins) - 1 && (!service || strcmp(built_ins[i].service, service) != 0))
		i++;
	return &built_ins[i];
}

/* The first that says something. */
static const char *
pick(const char *of_template, const char *of_balancer, const char *built_in)
{
	const char *said = *of_template ? of_template : of_balancer;

	if (strcmp(said, NONE) == 0)
		return "";
	return *said == '\0' || strcmp(said, OURS) == 0 ? built_in : said;
}

static const char *
redirect_of(const struct config_template *t, const struct config_balancer *balancer)
{
	if (*t->redirect_rule == '\0' && *balancer->redirect_rule == '\0')
		return "";
	return pick(t->redirect_rule, balancer->redirect_rule, REDIRECT);
}

/* What tells the servers that it is TLS does not belong on port 80. */
static const char *
plain_of(const char *http)
{
	return *http && !bigip_own_named(http) ? http : "/Common/http";
}

static const char *
or_else(const char *text, const char *otherwise)
{
	return *text ? text : otherwise;
}

void
bigip_template_of(
    const struct config_balancer *balancer, const struct bundle *bundle, struct bigip_template *ret)
{
	static const struct config_template nothing = { .name = "" };
	const struct config_template *t = bundle->template ? bundle->template : &nothing;
	const struct built_in *built_in = built_in_of(bundle->service);

	*ret = (struct bigip_template){
		.parent = pick(t->parent_profile, balancer->parent_profile, "/Common/clientssl"),
		.http = pick(t->http_profile, balancer->http_profile, built_in->http),
		.tcp = pick(t->tcp_profile, balancer->tcp_profile, built_in->tcp),
		.server_ssl = pick(t->server_ssl_profile, "", ""),
		.persistence = pick(t->persistence, "", ""),
		.pool = pick(t->pool, bundle->backend, ""),
		.shared = pick(t->shared_virtual, "", ""),
		.rules = pick(t->rules, "", ""),
		.redirect = redirect_of(t, balancer),
		.snat = or_else(or_else(t->snat, balancer->snat), "automap"),
	};
	ret->plain_http = plain_of(ret->http);
}
