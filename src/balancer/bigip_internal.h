/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the BIG-IP driver (bigip*.c). */
#pragma once

#include "balancer/balancer_internal.h"
#include "balancer/bigip_reply.h"
#include "balancer/device.h"
#include "balancer/material.h"

#define BIGIP_NAME_SIZE 136 /* of an object, with its ending: the device's own limit is not told */
#define BIGIP_PATH_SIZE 512

#define BIGIP_PATIENCE SECONDS(10) /* where nothing is at stake but a hand's time */

#define BIGIP_UPLOADS "/mgmt/shared/file-transfer/uploads/"
#define BIGIP_FOLDER  "/var/config/rest/downloads/" /* where they arrive */

struct bigip {
	struct device *device;
	char token[128]; /* "" = not signed in */
	char version[32], unit[128];
	struct material_kept material;
	json_t *seen;       /* path -> the object, or null: what observe found */
	json_t *proven;     /* names of files that have been looked at, or made, in this session */
	struct buf uploads; /* paths of those that lie in the upload folder, each behind a blank */
	bool swept;         /* nothing of an earlier run lies there */
	when patience;      /* of each request; 0: the device's own */
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
/* "/Common/name" */
const char *bigip_full_name(
    const struct balancer *b, const char *name, char to[static BIGIP_NAME_SIZE + 64]);

int bigip_sign_in(struct balancer *b, struct outcome *what) MUST_USE;
void bigip_sign_out(struct balancer *b);

/* One request. 0: the device had an answer that means something for this very object, see *reply;
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

int bigip_stage(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct outcome *what) MUST_USE;
int bigip_check(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
/* Certificate, key and chain of that base name; what is in use stays. */
int bigip_files_remove(
    struct balancer *b, const struct bigip_names *names, struct outcome *what) MUST_USE;

/* ---- bigip_serve.c: profile and virtual servers ---- */

int bigip_observe(struct balancer *b, const struct bundle *bundle, struct observation *ret,
    struct outcome *what) MUST_USE;
int bigip_activate(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
int bigip_route(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
int bigip_rollback(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct outcome *what) MUST_USE;
int bigip_withdraw(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;

/* ---- bigip_pair.c: save and sync ---- */

/* CONFLICT when the units disagree already: what we wrote would be overwritten or overwrite. */
int bigip_pair_ready(struct balancer *b, struct outcome *what) MUST_USE;
int bigip_persist(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
