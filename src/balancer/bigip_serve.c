/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a site is on a BIG-IP: a client-ssl profile that names certificate, key and chain, and
 * virtual servers that use it (bigip_virtual.c). A new certificate is one PATCH of the profile's certKeyChain, which
 * is one object and so changes at once; new handshakes get it, established connections stay.
 *
 * The profile's description says whose it is, and which files it used before: they stay until they
 * are purged or the next change comes, to go back to, and a crash forgets nothing. Objects of our names without our mark are somebody's.
 */
#include <stdio.h>

#include "balancer/bigip_internal.h"
#include "base/error.h"

#define PROFILES "ltm/profile/client-ssl"
#define ENTRY    "site" /* of certKeyChain; always the same, so that only files change */
#define FULL     BIGIP_FULL_SIZE

/* What the profile says of itself. */
struct worn {
	char certificate[FULL], key[FULL], chain[FULL];              /* full names; "" = none */
	char before[BIGIP_NAME_SIZE], before_chain[BIGIP_NAME_SIZE]; /* "" = nothing to remove */
};

void
bigip_mark(const struct bundle *bundle, char to[static BIGIP_MARK_SIZE])
{
	char text[ID_TEXT_SIZE];

	snprintf(to, BIGIP_MARK_SIZE, BIGIP_MARK "%s", id_text(bundle->site, text));
}

static bool
is_ours(const json_t *object, const struct bundle *bundle)
{
	char mark[BIGIP_MARK_SIZE];

	bigip_mark(bundle, mark);
	return str_starts(str_of(bigip_text(object, "description")), str_of(mark));
}

/* An application service (iApp, AS3) writes its objects anew when it likes. */
int
bigip_must_be_free(struct balancer *b, const char *name, const json_t *object, struct outcome *what)
{
	const char *service = bigip_text(object, "appService");

	if (!*service)
		return 0;
	return balancer_fail(what, BALANCER_E_CONFLICT,
	    "%s: %.200s belongs to the application service %.100s, which would undo what certdesk "
	    "writes there",
	    b->config->name, name, service);
}

int
bigip_must_be_ours(struct balancer *b, const struct bundle *bundle, const char *name,
    const json_t *object, struct outcome *what)
{
	if (!is_ours(object, bundle))
		return balancer_fail(what, BALANCER_E_CONFLICT,
		    "%s: %s is there and is not this site's: somebody must look", b->config->name,
		    name);
	return bigip_must_be_free(b, name, object, what);
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

static const char *
profile_path(const struct balancer *b, const struct bigip_names *names, char to[BIGIP_PATH_SIZE])
{
	return bigip_path(
	    b, PROFILES, names->profile, "?$select=name,description,appService,certKeyChain", to);
}

static int
get_profile(struct balancer *b, const struct bundle *bundle, const struct bigip_names *names,
    json_t **ret, struct outcome *what)
{
	char path[BIGIP_PATH_SIZE];
	int r = bigip_seen_or_get(b, profile_path(b, names, path), ret, what);

	return r || !*ret ? r : bigip_must_be_ours(b, bundle, names->profile, *ret, what);
}

/* ---- the profile ---- */

/* What is used now is remembered with the change itself. */
static json_t *
switch_of(const struct balancer *b, const struct bundle *bundle, const struct bigip_names *names,
    const struct worn *worn)
{
	const char *certificate = strrchr(worn->certificate, '/');
	const char *chain = strrchr(worn->chain, '/');
	char mark[BIGIP_MARK_SIZE], description[FULL * 2];

	bigip_mark(bundle, mark);
	snprintf(description, sizeof(description), "%s%s%s%s%s", mark,
	    certificate ? BIGIP_BEFORE : "", certificate ? certificate + 1 : "", chain ? " " : "",
	    chain ? chain + 1 : "");
	return json_pack(
	    "{s:s, s:o}", "description", description, "certKeyChain", chain_of(b, names));
}

/* The answer to a change is the object as it is now. */
static int
must_wear(struct balancer *b, const json_t *profile, const struct bigip_names *names,
    struct outcome *what)
{
	struct worn worn;

	read_profile(profile, &worn);
	if (wears(b, &worn, names))
		return 0;
	return balancer_fail(what, BALANCER_E_AMBIGUOUS, "%s: %s was to have %s and has %.120s",
	    b->config->name, names->profile, names->certificate,
	    *worn.certificate ? worn.certificate : "nothing");
}

static int
make_profile(struct balancer *b, const struct bundle *bundle, const struct bigip_names *names,
    struct outcome *what)
{
	char mark[BIGIP_MARK_SIZE];
	CLEAN(json_free) json_t *body = NULL;
	CLEAN(json_free) json_t *after = NULL;
	struct bigip_template t;
	int r;

	bigip_mark(bundle, mark);
	bigip_template_of(b->config, bundle, &t);
	body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "name", names->profile, "defaultsFrom",
	    t.parent, "serverName", bundle->name.text, "sniDefault", "false", "description", mark,
	    "certKeyChain", chain_of(b, names));
	bigip_place(b, body);
	r = bigip_must(b, "POST", "/mgmt/tm/" PROFILES, body, &after, what);
	return r ? r : must_wear(b, after, names, what);
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
	const char *chain = strrchr(worn->chain, '/');
	struct bigip_names before;

	if (!names_before(worn, &before) || strcmp(before.certificate, names->certificate) == 0 ||
	    (certificate && strcmp(before.certificate, certificate + 1) == 0))
		return 0;
	if (strcmp(before.chain, names->chain) == 0 ||
	    (chain && strcmp(before.chain, chain + 1) == 0))
		before.chain[0] = '\0'; /* it is in use */
	return bigip_files_remove(b, &before, what);
}

static int
wear(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	CLEAN(json_free) json_t *profile = NULL;
	CLEAN(json_free) json_t *body = NULL;
	CLEAN(json_free) json_t *after = NULL;
	char path[BIGIP_PATH_SIZE];
	struct bigip_names names;
	struct worn worn;
	int r = bigip_names_of(b, bundle, &names, what);

	if (r == 0)
		r = get_profile(b, bundle, &names, &profile, what);
	if (r)
		return r;
	read_profile(profile, &worn);
	if (wears(b, &worn, &names))
		return BALANCER_E_NOOP;
	r = bigip_steady_lately(b, what);
	if (r == 0 && !profile)
		return make_profile(b, bundle, &names, what);
	if (r == 0)
		r = remove_before(b, &worn, &names, what);
	if (r)
		return r;
	body = switch_of(b, bundle, &names, &worn);
	r = bigip_must(
	    b, "PATCH", bigip_path(b, PROFILES, names.profile, "", path), body, &after, what);
	return r ? r : must_wear(b, after, &names, what);
}

/* What the device refused for good is not to be found again under its name, as it would count as
 * staged: a key that is not the certificate's would stay for ever. What is in use stays. */
int
bigip_activate(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct outcome aside = { 0 };
	struct bigip_names names;
	int r = wear(b, bundle, what);

	if (r == BALANCER_E_INVALID && bigip_names_of(b, bundle, &names, &aside) == 0)
		(void)!bigip_files_remove(b, &names, &aside);
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
	struct bigip *d = b->self;
	char path[BIGIP_PATH_SIZE];
	int r = bigip_names_of(b, bundle, &names, what);

	if (r)
		return r;
	bigip_seen_forget(d, profile_path(b, &names, path));
	r = get_profile(b, bundle, &names, &profile, what);
	if (r == 0)
		bigip_seen_put(d, path, profile);
	if (r == 0)
		r = bigip_virtuals_observe(b, bundle, &names, &o.routed, what);
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
		r = bigip_check(b, previous, what);
	if (r == 0)
		r = wear(b, previous, what);
	return r == BALANCER_E_NOOP ? 0 : r;
}

/* What failed is not to be gone back to. */
static int
forget_before(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	CLEAN(json_free) json_t *body = NULL;
	char path[BIGIP_PATH_SIZE], mark[BIGIP_MARK_SIZE];
	struct bigip_names names;
	int r = bigip_names_of(b, bundle, &names, what);

	bigip_mark(bundle, mark);
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
	bigip_seen_forget(b->self, NULL);
	r = bigip_names_of(b, bundle, &names, what);
	if (r == 0)
		r = wear_again(b, bundle->previous, pourer, what);
	if (r == 0)
		r = forget_before(b, bundle->previous, what);
	if (r == 0)
		r = bigip_files_remove(b, &names, what);
	if (r == 0)
		r = bigip_persist(b, bundle->previous, what);
	return r ? r : bigip_confirm(b, bundle->previous, what);
}

int
bigip_purge(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	CLEAN(json_free) json_t *profile = NULL;
	struct bigip_names names;
	struct worn worn;
	int r = bigip_names_of(b, bundle, &names, what);

	if (r == 0)
		r = get_profile(b, bundle, &names, &profile, what);
	if (r)
		return r;
	if (!profile)
		return BALANCER_E_NOOP;
	read_profile(profile, &worn);
	if (!*worn.before)
		return BALANCER_E_NOOP;
	r = remove_before(b, &worn, &names, what);
	if (r == 0)
		r = forget_before(b, bundle, what);
	if (r == 0)
		r = bigip_persist(b, bundle, what);
	return r ? r : bigip_confirm(b, bundle, what);
}

int
bigip_withdraw(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	CLEAN(json_free) json_t *profile = NULL;
	struct bigip_names names = { 0 };
	struct worn worn;
	int r = bigip_names_of(b, bundle, &names, what);

	bigip_seen_forget(b->self, NULL);
	if (r == 0)
		r = bigip_virtuals_remove(b, bundle, &names, what);
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
	if (r == 0)
		r = bigip_persist(b, bundle, what);
	return r ? r : bigip_confirm_absent(b, bundle, what);
}
