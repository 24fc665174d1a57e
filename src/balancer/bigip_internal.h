/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the BIG-IP driver (bigip*.c). */
#pragma once

#include "balancer/balancer_internal.h"
#include "balancer/bigip_reply.h"
#include "balancer/bigip_template.h"
#include "balancer/device.h"
#include "balancer/material.h"

#define BIGIP_NAME_SIZE 136 /* of an object, with its ending: the device's own limit is not told */
#define BIGIP_FULL_SIZE (BIGIP_NAME_SIZE + 66) /* with partition and folder */
#define BIGIP_PATH_SIZE 512
#define BIGIP_MARK_SIZE 80
#define BIGIP_SAFE      "abcdefghijklmnopqrstuvwxyz0123456789.-_" /* what our names are made of */

#define BIGIP_PATIENCE SECONDS(10) /* where nothing is at stake but a hand's time */

#define BIGIP_UPLOADS "/mgmt/shared/file-transfer/uploads/"
#define BIGIP_FOLDER  "/var/config/rest/downloads/" /* where they arrive */

/* The description of what is ours: "certdesk site ID, before: CERTIFICATE CHAIN". */
#define BIGIP_MARK   "certdesk site "
#define BIGIP_BEFORE ", before: "

/* One unit, and what it told in this session. */
struct bigip_unit {
	struct device *device;                 /* NULL: there is no such unit */
	char token[128];                       /* "" = not signed in */
	char name[128], version[32], role[32]; /* as it says itself; "" = not looked at yet */
	char known[1024];   /* the units that it knows of, itself too, a blank around each name */
	when looked;        /* world_ticks, at its role */
	json_t *seen;       /* path -> the object, or null: what observe found */
	json_t *proven;     /* names of files that have been looked at, or made, in this session */
	struct buf uploads; /* paths of those that lie in the upload folder, each behind a blank */
	bool swept;         /* nothing of an earlier run lies there */
	struct id new_site; /* seen without a profile, and not routed since */
};

struct bigip {
	struct bigip_unit units[CONFIG_UNITS_MAX];
	struct bigip_unit *at; /* the one that is asked: it has the traffic, but in bigip_visit() */
	bool agreed;           /* what we write will not meet what others wrote */
	bool apart;            /* when that was seen, the units did not see each other */
	when patience;         /* of each request; 0: the device's own */
	struct material_kept material;
};

/* Everything of a site is found by these, and by nothing else. */
struct bigip_names {
	char certificate[BIGIP_NAME_SIZE],
	    key[BIGIP_NAME_SIZE];      /* of this leaf: never overwritten */
	char chain[BIGIP_NAME_SIZE];   /* of these very certificates, whoever's site; "" = none */
	char profile[BIGIP_NAME_SIZE]; /* of the site, over all its leaves */
	char https[BIGIP_NAME_SIZE], http[BIGIP_NAME_SIZE];
};
int bigip_names_of(struct balancer *b, const struct bundle *bundle, struct bigip_names *ret,
    struct outcome *what) MUST_USE;

/* ---- bigip_session.c: requests ---- */

/* "/mgmt/tm/…/~Common~name" in `to`; `kind` such as "sys/file/ssl-cert". Returns `to`. */
const char *bigip_path(const struct balancer *b, const char *kind, const char *name,
    const char *query, char to[static BIGIP_PATH_SIZE]);
/* The same for an object whose full name is given. */
const char *bigip_object(
    const char *kind, const char *full_name, const char *query, char to[static BIGIP_PATH_SIZE]);
/* "/Common/name", of our partition and folder; what is a full name already, or "", stays. */
const char *bigip_full_name(
    const struct balancer *b, const char *name, char to[static BIGIP_FULL_SIZE]);
/* Adds to what makes an object where it is to lie: partition, and folder if there is one. */
void bigip_place(const struct balancer *b, json_t *body);

int bigip_sign_in(struct balancer *b, struct outcome *what) MUST_USE;
void bigip_sign_out(struct balancer *b);
/* Says in the words of what the pourer did at which unit that was; forwards r. */
int bigip_carried(struct balancer *b, int r, struct outcome *what) MUST_USE;

/* One request to the unit that is asked; before the first change, bigip_pair_ready(). 0: the device had an answer that means something for this very object, see *reply;
 * else the result is told in *what: UNREACHABLE, BUSY, AMBIGUOUS, AUTH, BROKEN. *ret_json may be
 * NULL; it is an object when the answer is DONE, else NULL. */
int bigip_ask(struct balancer *b, const char *method, const char *path, const json_t *body,
    struct bigip_reply *reply, json_t **ret_json, struct outcome *what) MUST_USE;
/* The same, and everything but DONE is a failure. */
int bigip_must(struct balancer *b, const char *method, const char *path, const json_t *body,
    json_t **ret_json, struct outcome *what) MUST_USE;
/* GET; *ret NULL: it is not there. */
int bigip_get(struct balancer *b, const char *path, json_t **ret, struct outcome *what) MUST_USE;
/* DELETE; absent is fine, and so is what somebody still uses (*ret_gone false, may be NULL). */
int bigip_delete(struct balancer *b, const char *kind, const char *name, bool *ret_gone,
    struct outcome *what) MUST_USE;
/* A file, to be named in a sourcePath; put on `uploads` first. */
int bigip_upload(
    struct balancer *b, const char *name, struct str bytes, struct outcome *what) MUST_USE;
/* What the answer of a request that is the caller's to understand means in the end. */
int bigip_fail(struct balancer *b, const struct bigip_reply *reply, const char *doing,
    struct outcome *what) MUST_USE;

static inline void
json_free(json_t *json)
{
	json_decref(json);
}
CLEAN_DEFINE(json_free, json_t *);

/* ---- bigip_seen.c: what is known from this session ---- */

void bigip_seen_put(struct bigip *d, const char *path, json_t *object); /* NULL: it is not there */
/* What was put for that path, which is then forgotten; else as bigip_get(). */
int bigip_seen_or_get(
    struct balancer *b, const char *path, json_t **ret, struct outcome *what) MUST_USE;
void bigip_seen_forget(struct bigip *d, const char *path); /* NULL: all */
/* Of files, by the name of the object: their content never changes. */
void bigip_prove(struct bigip *d, const char *name);
void bigip_prove_not(struct bigip *d, const char *name); /* it is removed */
bool bigip_is_proven(const struct bigip *d, const char *name);

/* ---- bigip_files.c: certificates, chains, keys ---- */

#define BIGIP_UPLOADS_MAX 4096 /* bytes of one command that removes them */

/* Removes what we uploaded, all in one command: with the key it lies there in clear. */
int bigip_unload(struct balancer *b, struct outcome *what) MUST_USE;
/* And what an earlier run could not remove: it died, or the device did. We hold the writer's lock, so
 * nobody needs it any more. */
int bigip_sweep(struct balancer *b, struct outcome *what) MUST_USE;

int bigip_stage(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct outcome *what) MUST_USE;
int bigip_check(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
/* The same of what a profile names already: a device lets none name a key that it has not, and of a
 * key nothing but that can be seen. */
int bigip_check_worn(
    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
/* Certificate, key and chain of that base name; what is in use stays. */
int bigip_files_remove(
    struct balancer *b, const struct bigip_names *names, struct outcome *what) MUST_USE;
/* A chain, or a certificate with its key; the same. */
int bigip_file_remove(struct balancer *b, const char *certificate, struct outcome *what) MUST_USE;

/* ---- bigip_owner.c: whose a folder is ---- */

/* CONFLICT when what has that full name lies where AS3 writes. */
int bigip_owner_look(struct balancer *b, const char *full_name, struct outcome *what) MUST_USE;
/* The same of our partition and folder, and INVALID when it is not there. */
int bigip_owner_look_at_ours(struct balancer *b, struct outcome *what) MUST_USE;

/* ---- bigip_own.c: what sites share that is certdesk's own ---- */

/* Makes what of the template is certdesk's own and not there yet. CONFLICT: it is there, but somebody
 * changed it. */
int bigip_own_make(
    struct balancer *b, const struct bigip_template *t, struct outcome *what) MUST_USE;

/* ---- bigip_pool.c: the pool of a template that names servers ---- */

const char *bigip_monitor_name(const struct bigip_template *t, char to[static BIGIP_NAME_SIZE]);
/* Of the pool: a full name, or one in our partition; "" = none. */
const char *bigip_pool_name(const struct bigip_template *t, char to[static BIGIP_FULL_SIZE]);
int bigip_pool_observe(struct balancer *b, const struct bigip_template *t, bool *ret_same,
    struct outcome *what) MUST_USE;
/* Makes or changes it and its monitor. *ret_same: nothing had to be. */
int bigip_pool_make(struct balancer *b, const struct bigip_template *t, bool *ret_same,
    struct outcome *what) MUST_USE;

/* ---- bigip_virtual.c: virtual servers ---- */

int bigip_route(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
/* Are all as wanted? */
int bigip_virtuals_observe(struct balancer *b, const struct bundle *bundle,
    const struct bigip_names *names, bool *ret_routed, struct outcome *what) MUST_USE;
int bigip_virtuals_remove(struct balancer *b, const struct bundle *bundle,
    const struct bigip_names *names, struct outcome *what) MUST_USE;

/* ---- bigip_shared.c: a virtual server of the provider's, by its full name ---- */

int bigip_shared_observe(struct balancer *b, const char *virtual, const char *profile,
    bool *ret_routed, struct outcome *what) MUST_USE;
/* NOOP when it is there. CONFLICT: its name is another's there, or it would be the default. */
int bigip_shared_add(
    struct balancer *b, const char *virtual, const char *profile, struct outcome *what) MUST_USE;
int bigip_shared_remove(
    struct balancer *b, const char *virtual, const char *profile, struct outcome *what) MUST_USE;
bool bigip_uses_profile(const json_t *virtual, const char *full_name);
/* One item more of a virtual server's profiles, the others untouched; it may be there already. */
int bigip_profile_add(
    struct balancer *b, const char *virtual, const char *profile, struct outcome *what) MUST_USE;

/* ---- bigip_serve.c: the profile ---- */

/* What the description of a site's objects begins with. */
void bigip_mark(const struct bundle *bundle, char to[static BIGIP_MARK_SIZE]);
/* CONFLICT when the object is an application service's. */
int bigip_must_be_free(
    struct balancer *b, const char *name, const json_t *object, struct outcome *what) MUST_USE;
/* And when an object of our name is not this site's. */
int bigip_must_be_ours(struct balancer *b, const struct bundle *bundle, const char *name,
    const json_t *object, struct outcome *what) MUST_USE;

int bigip_observe(struct balancer *b, const struct bundle *bundle, struct observation *ret,
    struct outcome *what) MUST_USE;
int bigip_activate(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
int bigip_rollback(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct outcome *what) MUST_USE;
int bigip_purge(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
int bigip_withdraw(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
/* The end of a step, with its result: what failed for good takes a site off again that was not there
 * before. Returns the result, its words stay. */
int bigip_end_step(
    struct balancer *b, const struct bundle *bundle, int r, struct outcome *what) MUST_USE;

/* ---- bigip_plan.c ---- */

int bigip_plan(struct balancer *b, const struct bundle *bundle, const struct observation *seen,
    struct plan *ret, struct outcome *what) MUST_USE;
/* ---- bigip_survey.c ---- */

int bigip_survey(
    struct balancer *b, const struct surveyor *surveyor, struct outcome *what) MUST_USE;

/* ---- bigip_units.c: which unit ---- */

/* "edge: bigip1.example", or where it is while it has no name; for people. */
#define BIGIP_UNIT_WORDS 320
const char *bigip_unit_words(
    const struct balancer *b, const struct bigip_unit *unit, char to[static BIGIP_UNIT_WORDS]);
int bigip_open_units(struct balancer *b) MUST_USE;
void bigip_close_units(struct balancer *b);
/* NULL: there is none but the one that is asked. */
struct bigip_unit *bigip_other_unit(const struct balancer *b);
/* Asks the one that has the traffic from now on. */
int bigip_find_active(struct balancer *b, struct outcome *what) MUST_USE;
/* Or, if there is none, one that answers. */
int bigip_find_any(struct balancer *b, struct outcome *what) MUST_USE;
/* AMBIGUOUS: it is another now than it was, and that one is asked from now on. */
int bigip_steady(struct balancer *b, struct outcome *what) MUST_USE;
/* The same, but believes a look of a moment ago. */
int bigip_steady_lately(struct balancer *b, struct outcome *what) MUST_USE;
/* Does it at the other unit, signed in there and known to be of the same pair. `act` NULL: that is
 * all. */
int bigip_visit(struct balancer *b, struct bigip_unit *unit,
    int (*act)(struct balancer *b, void *about, struct outcome *what), void *about,
    struct outcome *what) MUST_USE;

/* ---- bigip_note.c: whose changes are pending ---- */

bool bigip_has_note(struct balancer *b);
int bigip_set_note(struct balancer *b, bool there, struct outcome *what) MUST_USE; /* durable */

/* ---- bigip_pair.c: agreement, save and sync ---- */

/* Before the first change: CONFLICT when the units disagree, and not about something of ours: what
 * we wrote would be overwritten, or overwrite, or carry along what somebody has not finished. */
int bigip_pair_ready(struct balancer *b, struct outcome *what) MUST_USE;
int bigip_save(struct balancer *b, struct outcome *what) MUST_USE; /* on the unit that is asked */
/* "In Sync", "Changes Pending" …: the unit's own word. */
int bigip_sync_words(struct balancer *b, char to[static 64], struct outcome *what) MUST_USE;
/* Everything that was changed: synchronized, and saved on all units. */
int bigip_persist(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;

/* ---- bigip_peer.c: the other unit, by its own address ---- */

/* It sweeps its folder of uploads, and saves what it took over unless it does so by itself. */
int bigip_peer_keep(struct balancer *b, bool saves_by_itself, struct outcome *what) MUST_USE;
/* Is the site there as it should be, or, with the second, not at all? PARTIAL when not. */
int bigip_confirm(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
int bigip_confirm_absent(
    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;

/* ---- bigip_probe.c ---- */

int bigip_probe(struct balancer *b, struct probe *ret, struct outcome *what) MUST_USE;
int bigip_capacity(struct balancer *b, struct capacity *ret, struct outcome *what) MUST_USE;
