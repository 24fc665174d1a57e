/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual servers of a site on a BIG-IP: its own, at 443 with its profile and at 80 with a rule;
 * or the provider's (bigip_shared.c).
 */
#include <stdio.h>
#include <stdlib.h>

#include "balancer/bigip_internal.h"
#include "base/error.h"

#define VIRTUALS  "ltm/virtual"
#define HTTP      80
#define FULL      BIGIP_FULL_SIZE
#define MARK_SIZE (BIGIP_MARK_SIZE + FULL + 20)

enum virtual_kind { VIRTUAL_HTTPS, VIRTUAL_HTTP, VIRTUAL_MAX };

/* What the functions below all need. */
struct layout {
	struct balancer *b;
	const struct bundle *bundle;
	const struct bigip_names *names;
	struct bigip_template t;
};

static struct layout
layout_of(struct balancer *b, const struct bundle *bundle, const struct bigip_names *names)
{
	struct layout layout = { .b = b, .bundle = bundle, .names = names };

	bigip_template_of(b->config, bundle, &layout.t);
	return layout;
}

static const char *
virtual_name(const struct layout *p, enum virtual_kind kind)
{
	return kind == VIRTUAL_HTTPS ? p->names->https : p->names->http;
}

static bool
is_wanted(const struct layout *p, enum virtual_kind kind)
{
	return kind == VIRTUAL_HTTPS || *p->t.redirect;
}

/* IPv6 and port are parted by a dot. An address belongs to its partition, whatever the folder. */
static void
put_destination(const struct layout *p, enum virtual_kind kind, char to[static FULL])
{
	const struct config_balancer *config = p->b->config;
	char address[ADDR_TEXT_SIZE], domain[24] = "";
	long long port = kind == VIRTUAL_HTTPS ? (long long)config->https_port : HTTP;

	if (config->route_domain > 0)
		snprintf(domain, sizeof(domain), "%%%lld", (long long)config->route_domain);
	snprintf(to, FULL, "/%.*s/%s%s%s%lld", (int)strcspn(config->partition, "/"),
	    config->partition, addr_text(&p->bundle->address, address), domain,
	    p->bundle->address.family == 6 ? "." : ":", port);
}

static void
add_profile(const struct layout *p, json_t *list, const char *name, const char *context)
{
	char full[FULL];

	if (*name)
		json_array_append_new(
		    list, json_pack("{s:s, s:s}", "name", bigip_full_name(p->b, name, full),
			      "context", context));
}

static json_t *
profiles_of(const struct layout *p, enum virtual_kind kind)
{
	json_t *list = json_array();

	add_profile(p, list, p->t.tcp, "all");
	add_profile(p, list, kind == VIRTUAL_HTTPS ? p->t.http : p->t.plain_http, "all");
	add_profile(p, list, p->t.server_ssl, "serverside");
	if (kind == VIRTUAL_HTTPS)
		add_profile(p, list, p->names->profile, "clientside");
	return list;
}

static json_t *
rules_of(const struct layout *p, enum virtual_kind kind)
{
	struct str rest = str_of(kind == VIRTUAL_HTTPS ? p->t.rules : p->t.redirect), name;
	json_t *list = json_array();
	char text[FULL], full[FULL];

	while (str_next(&rest, ' ', &name))
		if (name.len > 0 && str_copy(name, text, sizeof(text)))
			json_array_append_new(list, json_string(bigip_full_name(p->b, text, full)));
	return list;
}

/* The one at 443 is made last, and says by which rule the other one is there. */
static void
put_mark(const struct layout *p, enum virtual_kind kind, char to[static MARK_SIZE])
{
	char mark[BIGIP_MARK_SIZE];

	bigip_mark(p->bundle, mark);
	if (kind == VIRTUAL_HTTPS && is_wanted(p, VIRTUAL_HTTP))
		snprintf(to, MARK_SIZE, "%s, port 80 by %s", mark, p->t.redirect);
	else
		snprintf(to, MARK_SIZE, "%s", mark);
}

static json_t *
translation_of(const struct layout *p)
{
	if (*p->t.snat == '/')
		return json_pack("{s:s, s:s}", "type", "snat", "pool", p->t.snat);
	return json_pack("{s:s}", "type", p->t.snat);
}

/* Where it is and where it leads. Port 80 has the pool, too: a CA that validates is let through to
 * it. */
static json_t *
base_of(const struct layout *p, enum virtual_kind kind)
{
	char destination[FULL], name[FULL], pool[FULL], mark[MARK_SIZE];
	json_t *virtual;

	put_destination(p, kind, destination);
	put_mark(p, kind, mark);
	virtual = json_pack("{s:s, s:s, s:s}", "destination", destination, "description", mark,
	    "mask",
	    p->bundle->address.family == 6 ? "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
					   : "255.255.255.255");
	if (*bigip_pool_name(&p->t, name))
		json_object_set_new(
		    virtual, "pool", json_string(bigip_full_name(p->b, name, pool)));
	return virtual;
}

static json_t *
virtual_of(const struct layout *p, enum virtual_kind kind)
{
	json_t *virtual = base_of(p, kind);

	json_object_set_new(virtual, "name", json_string(virtual_name(p, kind)));
	bigip_place(p->b, virtual);
	json_object_set_new(virtual, "ipProtocol", json_string("tcp"));
	json_object_set_new(virtual, "profiles", profiles_of(p, kind));
	json_object_set_new(virtual, "rules", rules_of(p, kind));
	json_object_set_new(virtual, "sourceAddressTranslation", translation_of(p));
	if (kind == VIRTUAL_HTTPS && *p->t.persistence)
		json_object_set_new(
		    virtual, "persist", json_pack("[{s:s}]", "name", p->t.persistence));
	return virtual;
}

/* Others may stand beside them. */
static bool
has_rules(const json_t *virtual, json_t *wanted)
{
	CLEAN(json_free) json_t *rules = wanted;
	const json_t *rule, *one;
	size_t i, k, found = 0;

	json_array_foreach(rules, i, rule) json_array_foreach(
	    json_object_get(virtual, "rules"), k, one) found += (size_t)json_equal(rule, one);
	return found >= json_array_size(rules);
}

/* In a partition whose own route domain is another than 0 the address reads back with it. */
static bool
is_destination(const struct layout *p, enum virtual_kind kind, const char *there)
{
	char wanted[FULL];
	size_t head = strcspn(there, "%"), tail;

	put_destination(p, kind, wanted);
	if (strcmp(there, wanted) == 0 || p->b->config->route_domain > 0 || !there[head])
		return strcmp(there, wanted) == 0;
	tail = head + 1 + strspn(there + head + 1, "0123456789");
	return strncmp(there, wanted, head) == 0 && strcmp(there + tail, wanted + head) == 0;
}

/* As far as it is ours to say. */
static bool
is_as_wanted(const struct layout *p, enum virtual_kind kind, const json_t *virtual)
{
	char profile[FULL], name[FULL], pool[FULL], mark[MARK_SIZE];

	put_mark(p, kind, mark);
	if (!is_destination(p, kind, bigip_text(virtual, "destination")) ||
	    strcmp(bigip_text(virtual, "description"), mark) != 0 ||
	    bigip_flag(virtual, "disabled", false))
		return false;
	if (kind == VIRTUAL_HTTP && !has_rules(virtual, rules_of(p, kind)))
		return false;
	if (kind == VIRTUAL_HTTPS &&
	    !bigip_uses_profile(virtual, bigip_full_name(p->b, p->names->profile, profile)))
		return false;
	return strcmp(bigip_text(virtual, "pool"),
		   bigip_full_name(p->b, bigip_pool_name(&p->t, name), pool)) == 0;
}

static const char *
virtual_path(const struct layout *p, const char *name, char to[static BIGIP_PATH_SIZE])
{
	return bigip_path(p->b, VIRTUALS, name, "?expandSubcollections=true", to);
}

static int
get_virtual(const struct layout *p, const char *name, json_t **ret, struct outcome *what)
{
	char path[BIGIP_PATH_SIZE];
	int r = bigip_seen_or_get(p->b, virtual_path(p, name, path), ret, what);

	return r || !*ret ? r : bigip_must_be_ours(p->b, p->bundle, name, *ret, what);
}

/* What the operator has added to it since stays: other profiles, rules, persistence. */
static int
mend(const struct layout *p, enum virtual_kind kind, const json_t *there, struct outcome *what)
{
	const char *name = virtual_name(p, kind);
	CLEAN(json_free) json_t *body = base_of(p, kind);
	char path[BIGIP_PATH_SIZE], full[FULL];
	int r;

	json_object_set_new(body, "enabled", json_true());
	if (kind == VIRTUAL_HTTP && !has_rules(there, rules_of(p, kind)))
		json_object_set_new(body, "rules", rules_of(p, kind));
	r = bigip_must(p->b, "PATCH", bigip_path(p->b, VIRTUALS, name, "", path), body, NULL, what);
	if (r || kind == VIRTUAL_HTTP ||
	    bigip_uses_profile(there, bigip_full_name(p->b, p->names->profile, full)))
		return r;
	return bigip_profile_add(p->b, bigip_full_name(p->b, name, full), p->names->profile, what);
}

static int
route_one(const struct layout *p, enum virtual_kind kind, bool *changed, struct outcome *what)
{
	CLEAN(json_free) json_t *there = NULL;
	CLEAN(json_free) json_t *wanted = NULL;
	int r = get_virtual(p, virtual_name(p, kind), &there, what);

	if (r || (there && is_as_wanted(p, kind, there)))
		return r;
	*changed = true;
	if (there)
		return mend(p, kind, there, what);
	wanted = virtual_of(p, kind);
	return bigip_must(p->b, "POST", "/mgmt/tm/" VIRTUALS, wanted, NULL, what);
}

static int
route(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct bigip_names names;
	struct layout p;
	bool changed = false, is_same = true;
	int r = bigip_names_of(b, bundle, &names, what);

	if (r)
		return r;
	p = layout_of(b, bundle, &names);
	r = bigip_steady_lately(b, what);
	if (r)
		return r;
	if (*p.t.shared)
		return bigip_shared_add(b, p.t.shared, names.profile, what);
	r = bigip_own_make(b, &p.t, what);
	if (r == 0)
		r = bigip_pool_make(b, &p.t, &is_same, what);
	for (int kind = VIRTUAL_MAX; r == 0 && kind-- > 0;)
		if (is_wanted(&p, (enum virtual_kind)kind))
			r = route_one(&p, (enum virtual_kind)kind, &changed, what);
	return r ? r : !changed && is_same ? BALANCER_E_NOOP : 0;
}

/* One look for both: the one that users need is made last, and says that the other one is there. That
 * somebody took the redirection away is found by comparing the whole device, not by each renewal. */
static int
observe_own(const struct layout *p, bool *ret_routed, struct outcome *what)
{
	CLEAN(json_free) json_t *virtual = NULL;
	struct bigip *d = p->b->self;
	char path[BIGIP_PATH_SIZE];
	int r;

	bigip_seen_forget(d, virtual_path(p, p->names->https, path));
	r = get_virtual(p, p->names->https, &virtual, what);
	if (r)
		return r;
	*ret_routed &= virtual && is_as_wanted(p, VIRTUAL_HTTPS, virtual);
	if (!*ret_routed)
		bigip_seen_put(d, path, virtual);
	return 0;
}

int
bigip_route(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct bigip *d = b->self;
	int r = bigip_end_step(b, bundle, route(b, bundle, what), what);

	if (r == 0 && id_eq(d->at->new_site, bundle->site))
		d->at->new_site =
		    ID_NONE; /* visitors come: from now on it is not taken off by a step */
	return r;
}

int
bigip_virtuals_observe(struct balancer *b, const struct bundle *bundle,
    const struct bigip_names *names, bool *ret_routed, struct outcome *what)
{
	const struct layout p = layout_of(b, bundle, names);
	int r;

	if (*p.t.shared)
		return bigip_shared_observe(b, p.t.shared, names->profile, ret_routed, what);
	r = bigip_pool_observe(b, &p.t, ret_routed, what);
	return r ? r : observe_own(&p, ret_routed, what);
}

/* None is removed before all were found to be the site's. */
int
bigip_virtuals_remove(struct balancer *b, const struct bundle *bundle,
    const struct bigip_names *names, struct outcome *what)
{
	const struct layout p = layout_of(b, bundle, names);
	bool there[VIRTUAL_MAX] = { false };
	int r = 0;

	for (int kind = 0; r == 0 && kind < VIRTUAL_MAX; kind++) {
		CLEAN(json_free) json_t *virtual = NULL;

		r = get_virtual(&p, virtual_name(&p, (enum virtual_kind)kind), &virtual, what);
		there[kind] = virtual != NULL;
	}
	if (r == 0 && *p.t.shared)
		r = bigip_shared_remove(b, p.t.shared, names->profile, what);
	for (int kind = 0; r == 0 && kind < VIRTUAL_MAX; kind++)
		if (there[kind])
			r = bigip_delete(
			    b, VIRTUALS, virtual_name(&p, (enum virtual_kind)kind), NULL, what);
	return r;
}
