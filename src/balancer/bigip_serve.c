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
#include "balancer/bigip_worn.h"
#include "base/error.h"

#define PROFILES        "ltm/profile/client-ssl"
#define DESCRIPTION_MAX 2048

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
switch_of(const struct balancer *b, const struct bundle *bundle, const struct bigip_wanted *wanted,
    const struct bigip_worn *worn)
{
	CLEAN(buf_fini) struct buf description = BUF(DESCRIPTION_MAX);
	char mark[BIGIP_MARK_SIZE];

	bigip_mark(bundle, mark);
	buf_put_text(&description, mark);
	bigip_worn_put(worn, &description);
	return json_pack("{s:s, s:o}", "description", buf_text(&description), "certKeyChain",
	    bigip_pairs(b, wanted));
}

/* The answer to a change is the object as it is now. */
static int
must_wear(struct balancer *b, const json_t *profile, const struct bigip_wanted *wanted,
    struct outcome *what)
{
	const struct bigip_names *names = &wanted->names[0];
	struct bigip_worn worn;

	bigip_worn_read(profile, &worn);
	if (bigip_wears(b, &worn, wanted))
		return 0;
	return balancer_fail(what, BALANCER_E_AMBIGUOUS, "%s: %s was to have %s and has %.120s",
	    b->config->name, names->profile, names->certificate,
	    worn.count > 0 ? worn.pairs[0].certificate : "nothing");
}

static int
make_profile(struct balancer *b, const struct bundle *bundle, const struct bigip_wanted *wanted,
    struct outcome *what)
{
	char mark[BIGIP_MARK_SIZE];
	CLEAN(json_free) json_t *body = NULL;
	CLEAN(json_free) json_t *after = NULL;
	struct bigip_template t;
	int r;

	bigip_mark(bundle, mark);
	bigip_template_of(b->config, bundle, &t);
	body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "name", wanted->names[0].profile,
	    "defaultsFrom", t.parent, "serverName", bundle->name.text, "sniDefault", "false",
	    "description", mark, "certKeyChain", bigip_pairs(b, wanted));
	bigip_place(b, body);
	r = bigip_must(b, "POST", "/mgmt/tm/" PROFILES, body, &after, what);
	return r ? r : must_wear(b, after, wanted, what);
}

/* The files of the time before last: those of last time stay, to go back to. */
static int
remove_before(struct balancer *b, const struct bigip_worn *worn, const struct bigip_wanted *wanted,
    struct outcome *what)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < worn->before_count; i++)
		if (bigip_worn_is_over(worn, worn->before[i], wanted))
			r = bigip_file_remove(b, worn->before[i], what);
	return r;
}

static int
remove_files(struct balancer *b, const struct bigip_wanted *of, struct outcome *what)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < of->count; i++)
		r = bigip_files_remove(b, &of->names[i], what);
	return r;
}

static int
wear(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	CLEAN(json_free) json_t *profile = NULL;
	CLEAN(json_free) json_t *body = NULL;
	CLEAN(json_free) json_t *after = NULL;
	char path[BIGIP_PATH_SIZE];
	struct bigip_wanted wanted;
	struct bigip_worn worn;
	int r = bigip_wanted_of(b, bundle, &wanted, what);

	if (r == 0)
		r = get_profile(b, bundle, wanted.names, &profile, what);
	if (r)
		return r;
	bigip_worn_read(profile, &worn);
	if (bigip_wears(b, &worn, &wanted))
		return BALANCER_E_NOOP;
	r = bigip_steady_lately(b, what);
	if (r == 0 && !profile)
		return make_profile(b, bundle, &wanted, what);
	if (r == 0)
		r = remove_before(b, &worn, &wanted, what);
	if (r)
		return r;
	body = switch_of(b, bundle, &wanted, &worn);
	r = bigip_must(b, "PATCH", bigip_path(b, PROFILES, wanted.names[0].profile, "", path), body,
	    &after, what);
	return r ? r : must_wear(b, after, &wanted, what);
}

/* What the device refused for good is not to be found again under its name, as it would count as
 * staged: a key that is not the certificate's would stay for ever. What is in use stays. */
int
bigip_activate(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct outcome aside = { 0 };
	struct bigip_wanted wanted;
	int r = bigip_end_step(b, bundle, wear(b, bundle, what), what);

	if (r == BALANCER_E_INVALID && bigip_wanted_of(b, bundle, &wanted, &aside) == 0)
		(void)!remove_files(b, &wanted, &aside);
	return r;
}

/* What a restart would load cannot be asked: what is served whole counts as kept, and is saved again
 * by every installation. */
int
bigip_observe(
    struct balancer *b, const struct bundle *bundle, struct observation *ret, struct outcome *what)
{
	struct observation o = { .running = SERVED_NOT };
	struct bigip *d = b->self;
	CLEAN(json_free) json_t *profile = NULL;
	struct bigip_wanted wanted;
	struct bigip_worn worn = { 0 };
	char path[BIGIP_PATH_SIZE];
	int r = bigip_wanted_of(b, bundle, &wanted, what);

	if (r)
		return r;
	bigip_seen_forget(d, profile_path(b, wanted.names, path));
	r = get_profile(b, bundle, wanted.names, &profile, what);
	if (r == 0)
		bigip_seen_put(d, path, profile);
	if (r == 0 && !profile)
		r = bigip_owner_look_at_ours(b, what);
	if (r == 0)
		r = bigip_virtuals_observe(b, bundle, wanted.names, &o.routed, what);
	if (r)
		return r;
	if (!profile)
		d->at->new_site = bundle->site;
	if (profile) {
		bigip_worn_read(profile, &worn);
		o.running = SERVED_ACTIVE;
		o.running_same = bigip_wears(b, &worn, &wanted);
	}
	o.ready_same = o.running_same;
	o.on_disk = o.disk_same = o.running_same && o.routed;
	o.disk_routed = o.routed;
	snprintf(o.words, sizeof(o.words), "profile: %.120s%s, %s",
	    profile ? worn.pairs[0].certificate : "not there", o.running_same ? ", this one" : "",
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
	struct bigip_wanted failed;
	int r;

	if (!bundle->previous)
		return bigip_withdraw(b, bundle, what);
	bigip_seen_forget(b->self, NULL);
	r = bigip_wanted_of(b, bundle, &failed, what);
	if (r == 0)
		r = wear_again(b, bundle->previous, pourer, what);
	if (r == 0)
		r = forget_before(b, bundle->previous, what);
	if (r == 0)
		r = remove_files(b, &failed, what);
	if (r == 0)
		r = bigip_persist(b, bundle->previous, what);
	return r ? r : bigip_confirm(b, bundle->previous, what);
}

int
bigip_purge(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	CLEAN(json_free) json_t *profile = NULL;
	struct bigip_wanted wanted;
	struct bigip_worn worn;
	int r = bigip_wanted_of(b, bundle, &wanted, what);

	if (r == 0)
		r = get_profile(b, bundle, wanted.names, &profile, what);
	if (r)
		return r;
	if (!profile)
		return BALANCER_E_NOOP;
	bigip_worn_read(profile, &worn);
	if (worn.before_count == 0)
		return BALANCER_E_NOOP;
	r = remove_before(b, &worn, &wanted, what);
	return r ? r : forget_before(b, bundle, what);
}

int
bigip_withdraw(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	CLEAN(json_free) json_t *profile = NULL;
	struct bigip_wanted wanted = { 0 };
	struct bigip_worn worn;
	int r = bigip_wanted_of(b, bundle, &wanted, what);

	bigip_seen_forget(b->self, NULL);
	if (r == 0)
		r = get_profile(b, bundle, wanted.names, &profile, what);
	if (r == 0)
		r = bigip_virtuals_remove(b, bundle, wanted.names, what);
	if (r == 0 && profile)
		r = bigip_delete(b, PROFILES, wanted.names[0].profile, NULL, what);
	if (r == 0 && profile) {
		bigip_worn_read(profile, &worn);
		r = remove_before(b, &worn, &wanted, what);
	}
	if (r == 0)
		r = remove_files(b, &wanted, what);
	if (r == 0)
		r = bigip_persist(b, bundle, what);
	return r ? r : bigip_confirm_absent(b, bundle, what);
}

static bool
is_for_good(int r)
{
	return r == BALANCER_E_INVALID || r == BALANCER_E_CAPACITY || r == BALANCER_E_CONFLICT ||
	       r == BALANCER_E_BROKEN;
}

int
bigip_end_step(struct balancer *b, const struct bundle *bundle, int r, struct outcome *what)
{
	struct bigip *d = b->self;
	struct outcome cause = *what;

	if (!is_for_good(r) || !id_eq(d->at->new_site, bundle->site))
		return r;
	if (bigip_withdraw(b, bundle, what) == 0)
		d->at->new_site = ID_NONE;
	*what = cause; /* why it failed says more than what could not be removed */
	return r;
}
