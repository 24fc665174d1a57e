/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a site is on a BIG-IP: a client-ssl profile that names certificate, key and chain, and
 * virtual servers that use it. A new certificate is one PATCH of the profile's certKeyChain, which
 * is one object and so changes at once; new handshakes get it, established connections stay.
 *
 * The profile's description says whose it is, and which files it used before: they stay until the
 * next change, to go back to, and a crash forgets nothing. Objects of our names without our mark are somebody's.
 */
#include <stdio.h>

#include "balancer/bigip_internal.h"
#include "base/error.h"

#define PROFILES "ltm/profile/client-ssl"
#define VIRTUALS "ltm/virtual"
#define ENTRY    "site" /* of certKeyChain; always the same, so that only files change */
#define FULL     (BIGIP_NAME_SIZE + 64)

/* What the profile says of itself. */
struct worn {
	char certificate[FULL], key[FULL], chain[FULL];              /* full names; "" = none */
	char before[BIGIP_NAME_SIZE], before_chain[BIGIP_NAME_SIZE]; /* "" = nothing to remove */
};

static void
put_mark(const struct bundle *bundle, char to[static 80])
{
	char text[ID_TEXT_SIZE];

	snprintf(to, 80, BIGIP_MARK "%s", id_text(bundle->site, text));
}

static bool
is_ours(const json_t *object, const struct bundle *bundle)
{
	char mark[80];

	put_mark(bundle, mark);
	return str_starts(str_of(bigip_text(object, "description")), str_of(mark));
}

static int
foreign(struct balancer *b, const char *name, struct outcome *what)
{
	return balancer_fail(what, BALANCER_E_CONFLICT,
	    "%s: %s is there and is not this site's: somebody must look", b->config->name, name);
}

static void
read_before(const json_t *profile, struct worn *to)
{
	struct str text = str_of(bigip_text(profile, "description")), name;

	text = str_drop(text, str_find(text, STR(BIGIP_BEFORE)));
	text = str_drop(text, strlen(BIGIP_BEFORE));
	if (str_next(&text, ' ', &name))
		(void)str_copy(name, to->before, sizeof(to->before));
	if (str_next(&text, ' ', &name))
		(void)str_copy(name, to->before_chain, sizeof(to->before_chain));
}

static void
read_profile(const json_t *profile, struct worn *to)
{
	const json_t *entry = json_array_get(json_object_get(profile, "certKeyChain"), 0);

	*to = (struct worn){ 0 };
	(void)str_copy(str_of(bigip_text(entry, "cert")), to->certificate, FULL);
	(void)str_copy(str_of(bigip_text(entry, "key")), to->key, FULL);
	(void)str_copy(str_of(bigip_text(entry, "chain")), to->chain, FULL);
	read_before(profile, to);
}

/* The chain entry is always named: some versions refuse an entry without (26214401). */
static json_t *
chain_of(const struct balancer *b, const struct bigip_names *names)
{
	char certificate[FULL], key[FULL], chain[FULL];

	return json_pack("[{s:s, s:s, s:s, s:s}]", "name", ENTRY, "cert",
	    bigip_full_name(b, names->certificate, certificate), "key",
	    bigip_full_name(b, names->key, key), "chain",
	    *names->chain ? bigip_full_name(b, names->chain, chain) : "none");
}

static bool
wears(const struct balancer *b, const struct worn *worn, const struct bigip_names *names)
{
	char certificate[FULL], key[FULL], chain[FULL];

	return strcmp(worn->certificate, bigip_full_name(b, names->certificate, certificate)) ==
	           0 &&
	       strcmp(worn->key, bigip_full_name(b, names->key, key)) == 0 &&
	       strcmp(worn->chain, *names->chain ? bigip_full_name(b, names->chain, chain) : "") ==
	           0;
}

static int
get_profile(struct balancer *b, const struct bundle *bundle, const struct bigip_names *names,
    json_t **ret, struct outcome *what)
{
	char path[BIGIP_PATH_SIZE];
	int r = bigip_get(b,
	    bigip_path(b, PROFILES, names->profile, "?$select=name,description,certKeyChain", path),
	    ret, what);

	if (r == 0 && *ret && !is_ours(*ret, bundle)) {
		json_decref(TAKE(*ret));
		return foreign(b, names->profile, what);
	}
	return r;
}

/* ---- virtual servers ---- */

enum virtual_kind { VIRTUAL_HTTPS, VIRTUAL_HTTP, VIRTUAL_MAX };

static const char *
virtual_name(const struct bigip_names *names, enum virtual_kind kind)
{
	return kind == VIRTUAL_HTTPS ? names->https : names->http;
}

static bool
is_wanted(const struct balancer *b, enum virtual_kind kind)
{
	return kind == VIRTUAL_HTTPS || *b->config->redirect_rule;
}

/* IPv6 and port are parted by a dot. */
static void
put_destination(const struct balancer *b, const struct bundle *bundle, enum virtual_kind kind,
    char to[static FULL])
{
	char address[ADDR_TEXT_SIZE];
	long long port = kind == VIRTUAL_HTTPS ? (long long)b->config->https_port : 80;

	snprintf(to, FULL, "/%.60s/%s%s%lld", b->config->partition,
	    addr_text(&bundle->address, address), bundle->address.family == 6 ? "." : ":", port);
}

/* Of our partition, unless its full name is given. */
static const char *
pool_of(const struct balancer *b, const struct bundle *bundle, char to[static FULL])
{
	if (bundle->backend[0] == '/' || bundle->backend[0] == '\0')
		return bundle->backend;
	return bigip_full_name(b, bundle->backend, to);
}

static json_t *
profiles_of(const struct balancer *b, const struct bigip_names *names, enum virtual_kind kind)
{
	json_t *list = json_pack("[{s:s, s:s}, {s:s, s:s}]", "name", b->config->tcp_profile,
	    "context", "all", "name", b->config->http_profile, "context", "all");
	char ours[FULL];

	if (kind == VIRTUAL_HTTPS)
		json_array_append_new(
		    list, json_pack("{s:s, s:s}", "name", bigip_full_name(b, names->profile, ours),
			      "context", "clientside"));
	return list;
}

static json_t *
translation_of(const struct balancer *b)
{
	const char *snat = b->config->snat;

	if (*snat == '/')
		return json_pack("{s:s, s:s}", "type", "snat", "pool", snat);
	return json_pack("{s:s}", "type", snat);
}

static json_t *
virtual_of(const struct balancer *b, const struct bundle *bundle, const struct bigip_names *names,
    enum virtual_kind kind)
{
	char destination[FULL], pool[FULL], mark[80];
	json_t *virtual;

	put_destination(b, bundle, kind, destination);
	put_mark(bundle, mark);
	virtual = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "destination", destination, "mask",
	    bundle->address.family == 6 ? "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
					: "255.255.255.255",
	    "ipProtocol", "tcp", "description", mark, "profiles", profiles_of(b, names, kind),
	    "sourceAddressTranslation", translation_of(b));
	if (kind == VIRTUAL_HTTP)
		json_object_set_new(virtual, "rules", json_pack("[s]", b->config->redirect_rule));
	else
		json_object_set_new(virtual, "pool", json_string(pool_of(b, bundle, pool)));
	return virtual;
}

static bool
uses_profile(const json_t *virtual, const char *full_name)
{
	const json_t *items =
	    json_object_get(json_object_get(virtual, "profilesReference"), "items");
	const json_t *item;
	size_t i;

	json_array_foreach(
	    items, i, item) if (strcmp(bigip_text(item, "fullPath"), full_name) == 0) return true;
	return false;
}

/* As far as it is ours to say. */
static bool
is_as_wanted(const struct balancer *b, const struct bundle *bundle, const struct bigip_names *names,
    enum virtual_kind kind, const json_t *virtual)
{
	char destination[FULL], profile[FULL], pool[FULL];

	put_destination(b, bundle, kind, destination);
	if (strcmp(bigip_text(virtual, "destination"), destination) != 0 ||
	    bigip_flag(virtual, "disabled", false))
		return false;
	return kind == VIRTUAL_HTTP ||
	       (uses_profile(virtual, bigip_full_name(b, names->profile, profile)) &&
		   strcmp(bigip_text(virtual, "pool"), pool_of(b, bundle, pool)) == 0);
}

static int
get_virtual(struct balancer *b, const struct bundle *bundle, const char *name, json_t **ret,
    struct outcome *what)
{
	char path[BIGIP_PATH_SIZE];
	int r = bigip_get(
	    b, bigip_path(b, VIRTUALS, name, "?expandSubcollections=true", path), ret, what);

	if (r == 0 && *ret && !is_ours(*ret, bundle)) {
		json_decref(TAKE(*ret));
		return foreign(b, name, what);
	}
	return r;
}

static int
route_one(struct balancer *b, const struct bundle *bundle, const struct bigip_names *names,
    enum virtual_kind kind, bool *changed, struct outcome *what)
{
	const char *name = virtual_name(names, kind);
	CLEAN(json_free) json_t *there = NULL;
	CLEAN(json_free) json_t *wanted = NULL;
	char path[BIGIP_PATH_SIZE];
	int r = get_virtual(b, bundle, name, &there, what);

	if (r || (there && is_as_wanted(b, bundle, names, kind, there)))
		return r;
	*changed = true;
	wanted = virtual_of(b, bundle, names, kind);
	if (there) {
		json_object_set_new(wanted, "enabled", json_true());
		return bigip_must(
		    b, "PATCH", bigip_path(b, VIRTUALS, name, "", path), wanted, NULL, what);
	}
	json_object_set_new(wanted, "name", json_string(name));
	json_object_set_new(wanted, "partition", json_string(b->config->partition));
	return bigip_must(b, "POST", "/mgmt/tm/" VIRTUALS, wanted, NULL, what);
}

int
bigip_route(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct bigip_names names;
	bool changed = false;
	int r = bigip_names_of(b, bundle, &names, what);

	for (int kind = 0; r == 0 && kind < VIRTUAL_MAX; kind++)
		if (is_wanted(b, (enum virtual_kind)kind))
			r = route_one(b, bundle, &names, (enum virtual_kind)kind, &changed, what);
	return r ? r : !changed ? BALANCER_E_NOOP : 0;
}

/* ---- the profile ---- */

/* What is used now is remembered with the change itself. */
static json_t *
switch_of(const struct balancer *b, const struct bundle *bundle, const struct bigip_names *names,
    const struct worn *worn)
{
	const char *certificate = strrchr(worn->certificate, '/');
	const char *chain = strrchr(worn->chain, '/');
	char mark[80], description[FULL * 2];

	put_mark(bundle, mark);
	snprintf(description, sizeof(description), "%s%s%s%s%s", mark,
	    certificate ? BIGIP_BEFORE : "", certificate ? certificate + 1 : "", chain ? " " : "",
	    chain ? chain + 1 : "");
	return json_pack(
	    "{s:s, s:o}", "description", description, "certKeyChain", chain_of(b, names));
}

static int
make_profile(struct balancer *b, const struct bundle *bundle, const struct bigip_names *names,
    struct outcome *what)
{
	char mark[80];
	CLEAN(json_free) json_t *body = NULL;

	put_mark(bundle, mark);
	body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "name", names->profile, "partition",
	    b->config->partition, "defaultsFrom", b->config->parent_profile, "serverName",
	    bundle->name.text, "description", mark, "certKeyChain", chain_of(b, names));
	return bigip_must(b, "POST", "/mgmt/tm/" PROFILES, body, NULL, what);
}

/* A name from the description is only ever one of ours. */
static bool
names_before(const struct worn *worn, struct bigip_names *ret)
{
	struct str certificate = str_of(worn->before);

	if (!str_starts(certificate, STR("certdesk_")) || !str_ends(certificate, STR(".crt")))
		return false;
	*ret = (struct bigip_names){ 0 };
	snprintf(ret->certificate, sizeof(ret->certificate), "%s", worn->before);
	snprintf(ret->key, sizeof(ret->key), "%.*s.key", (int)certificate.len - 4, worn->before);
	if (str_starts(str_of(worn->before_chain), STR("certdesk_chain_")))
		snprintf(ret->chain, sizeof(ret->chain), "%s", worn->before_chain);
	return true;
}

/* The files of the time before last: those of last time stay, to go back to. */
static int
remove_before(struct balancer *b, const struct worn *worn, const struct bigip_names *names,
    struct outcome *what)
{
	const char *certificate = strrchr(worn->certificate, '/');
	struct bigip_names before;

	if (!names_before(worn, &before) || strcmp(before.certificate, names->certificate) == 0 ||
	    (certificate && strcmp(before.certificate, certificate + 1) == 0))
		return 0;
	return bigip_files_remove(b, &before, what);
}

int
bigip_activate(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	CLEAN(json_free) json_t *profile = NULL;
	CLEAN(json_free) json_t *body = NULL;
	char path[BIGIP_PATH_SIZE];
	struct bigip_names names;
	struct worn worn;
	int r = bigip_names_of(b, bundle, &names, what);

	if (r == 0)
		r = get_profile(b, bundle, &names, &profile, what);
	if (r)
		return r;
	if (!profile)
		return make_profile(b, bundle, &names, what);
	read_profile(profile, &worn);
	if (wears(b, &worn, &names))
		return BALANCER_E_NOOP;
	r = remove_before(b, &worn, &names, what);
	if (r)
		return r;
	body = switch_of(b, bundle, &names, &worn);
	return bigip_must(
	    b, "PATCH", bigip_path(b, PROFILES, names.profile, "", path), body, NULL, what);
}

static int
observe_virtuals(struct balancer *b, const struct bundle *bundle, const struct bigip_names *names,
    struct observation *to, struct outcome *what)
{
	int r = 0;

	to->routed = true;
	for (int k = 0; r == 0 && k < VIRTUAL_MAX; k++) {
		enum virtual_kind kind = (enum virtual_kind)k;
		CLEAN(json_free) json_t *virtual = NULL;

		if (!is_wanted(b, kind))
			continue;
		r = get_virtual(b, bundle, virtual_name(names, kind), &virtual, what);
		to->routed &= virtual && is_as_wanted(b, bundle, names, kind, virtual);
	}
	return r;
}

/* What a restart would load cannot be asked: what is served whole counts as kept, and is saved again
 * by every installation. */
int
bigip_observe(
    struct balancer *b, const struct bundle *bundle, struct observation *ret, struct outcome *what)
{
	struct observation o = { .running = SERVED_NOT };
	CLEAN(json_free) json_t *profile = NULL;
	struct bigip_names names;
	struct worn worn = { 0 };
	int r = bigip_names_of(b, bundle, &names, what);

	if (r == 0)
		r = get_profile(b, bundle, &names, &profile, what);
	if (r == 0)
		r = observe_virtuals(b, bundle, &names, &o, what);
	if (r)
		return r;
	if (profile) {
		read_profile(profile, &worn);
		o.running = SERVED_ACTIVE;
		o.running_same = wears(b, &worn, &names);
	}
	o.ready_same = o.running_same;
	o.on_disk = o.disk_same = o.running_same && o.routed;
	o.disk_routed = o.routed;
	snprintf(o.words, sizeof(o.words), "profile: %.120s%s, %s",
	    profile ? worn.certificate : "not there", o.running_same ? ", this one" : "",
	    o.routed ? "routed" : "not routed");
	*ret = o;
	return 0;
}

/* ---- back ---- */

static int
wear_again(struct balancer *b, const struct bundle *previous, const struct pourer *pourer,
    struct outcome *what)
{
	int r = bigip_stage(b, previous, pourer, what); /* there still, as a rule */

	if (r == 0)
		r = bigip_activate(b, previous, what);
	return r == BALANCER_E_NOOP ? 0 : r;
}

/* What failed is not to be gone back to. */
static int
forget_before(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	CLEAN(json_free) json_t *body = NULL;
	char path[BIGIP_PATH_SIZE], mark[80];
	struct bigip_names names;
	int r = bigip_names_of(b, bundle, &names, what);

	put_mark(bundle, mark);
	body = json_pack("{s:s}", "description", mark);
	return r ? r
	         : bigip_must(b, "PATCH", bigip_path(b, PROFILES, names.profile, "", path), body,
		       NULL, what);
}

int
bigip_rollback(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct outcome *what)
{
	struct bigip_names names;
	int r;

	if (!bundle->previous)
		return bigip_withdraw(b, bundle, what);
	r = bigip_names_of(b, bundle, &names, what);
	if (r == 0)
		r = wear_again(b, bundle->previous, pourer, what);
	if (r == 0)
		r = forget_before(b, bundle->previous, what);
	if (r == 0)
		r = bigip_files_remove(b, &names, what);
	return r ? r : bigip_persist(b, bundle->previous, what);
}

int
bigip_withdraw(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	CLEAN(json_free) json_t *profile = NULL;
	struct bigip_names names = { 0 };
	struct worn worn;
	int r = bigip_names_of(b, bundle, &names, what);

	for (int kind = 0; r == 0 && kind < VIRTUAL_MAX; kind++) {
		const char *name = virtual_name(&names, (enum virtual_kind)kind);
		CLEAN(json_free) json_t *virtual = NULL;

		r = get_virtual(b, bundle, name, &virtual, what);
		if (r == 0 && virtual)
			r = bigip_delete(b, VIRTUALS, name, NULL, what);
	}
	if (r == 0)
		r = get_profile(b, bundle, &names, &profile, what);
	if (r == 0 && profile)
		r = bigip_delete(b, PROFILES, names.profile, NULL, what);
	if (r == 0 && profile) {
		read_profile(profile, &worn);
		r = remove_before(b, &worn, &names, what);
	}
	if (r == 0)
		r = bigip_files_remove(b, &names, what);
	return r ? r : bigip_persist(b, bundle, what);
}
