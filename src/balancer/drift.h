/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record against device: what we believe to be served (store/surveys.h) and what a survey finds,
 * site by site. Pure: certificates are asked for through the source, and nothing is changed. A
 * difference says in words what it is; where certificates differ, also who moved.
 */
#pragma once

#include <jansson.h>

#include "balancer/survey.h"
#include "config/config.h"
#include "store/surveys.h"

enum drift_code {
	DRIFT_MISSING, /* nothing of the site is there */
	DRIFT_OTHER_CERTIFICATE,
	DRIFT_UNKNOWN_CERTIFICATE, /* the device does not tell which it is */
	DRIFT_OTHER_CHAIN,         /* the right certificate, with other ones behind it */
	DRIFT_OTHER_ON_DISK,       /* a restart would load another one */
	DRIFT_OTHER_NAME,          /* it is chosen by another name than the site's */
	DRIFT_NOT_ROUTED,
	DRIFT_DISABLED,
	DRIFT_OTHER_ADDRESS,
	DRIFT_OTHER_BACKEND,
	DRIFT_NO_REDIRECT, /* nobody answers at port 80 */
	DRIFT_FOREIGN,     /* somebody's object under our name, or for the site's name */
	DRIFT_LEFT_OVER,   /* ours, and the record knows nothing of it */
	DRIFT_CODE_MAX
};
const char *drift_code_name(enum drift_code code);

/* Of one certificate, as devices tell them. */
struct drift_digests {
	uint8_t sha256[32], sha1[20]; /* of the leaf */
	uint8_t pem_sha1[20];         /* of the leaf as we upload it */
	uint8_t chain_sha1[20];       /* of the chain as we upload it; zeros = there is none */
	uint8_t all_sha256[32];       /* of leaf and chain, DER behind DER */
};

/* From what the store has, DER and DERs; positive when that is no certificate. */
int drift_digests_make(struct str leaf, struct str chain, struct drift_digests *ret) MUST_USE;

struct drift_source {
	int (*digests)(const struct drift_source *self, struct id certificate,
	    struct drift_digests *ret) MUST_USE;
	/* All that the site ever had, newest first. */
	int (*certificates)(const struct drift_source *self, struct id site, struct id *to,
	    size_t max, size_t *ret_count) MUST_USE;
	/* Takes over one row: a site that differs, or something left over. */
	int (*tell)(const struct drift_source *self, json_t *row) MUST_USE;
	void *context;
};

struct drift; /* one comparison */

/* Takes the records over; config and source stay the caller's and must outlive it. */
struct drift *drift_new(const struct config_balancer *config, const struct drift_source *source,
    struct site_record_list *records);
struct drift *drift_free(struct drift *d);
CLEAN_DEFINE(drift_free, struct drift *);
int drift_take(struct drift *d, const struct surveyed *entry) MUST_USE;
/* After the last: tells the sites that differ. */
int drift_end(struct drift *d) MUST_USE;

struct drift_counts {
	int64_t sites, same, different, under_way, left_over, foreign;
};
struct drift_counts drift_counts(const struct drift *d);
/* Is there such a site in the record? By its id, else by its host. */
bool drift_knows(const struct drift *d, const struct surveyed *entry);
