/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an installation would do, as a list of steps for people and programs: the driver's verb, the
 * object it works on, what becomes of it, and what users would notice. Pure: made from an
 * observation and a bundle, so that the same functions tell beforehand what is done afterwards.
 *
 * Which verbs are due is decided here, for the plan and for balancer_install() alike; the rows of
 * each driver's table only put them into words.
 */
#pragma once

#include <jansson.h>

#include "balancer/balancer.h"

#define PLAN_STEPS_MAX 24

/* The steps of the contract (balancer.h), in their order. */
enum plan_verb {
	PLAN_STAGE,
	PLAN_CHECK,
	PLAN_ACTIVATE,
	PLAN_ROUTE,
	PLAN_VERIFY,
	PLAN_PERSIST,
	PLAN_SETTLE,
	PLAN_VERB_MAX
};

enum plan_impact {
	PLAN_NONE,       /* nobody notices */
	PLAN_HOT,        /* new connections get something else; open ones stay */
	PLAN_DISRUPTIVE, /* open connections may break, or nobody can tell */
	PLAN_IMPACT_MAX
};

struct plan_step {
	enum plan_verb verb;
	enum plan_impact impact;
	char object[320]; /* a file, an object's full name, an address */
	char words[640];
};

struct plan {
	char balancer[CONFIG_NAME_SIZE], driver[CONFIG_NAME_SIZE], host[CONFIG_HOST_SIZE];
	char seen[256]; /* the observation it was made from */
	struct plan_step step[PLAN_STEPS_MAX];
	size_t count; /* 0: it is all there */
};

/* Bits (1 << PLAN_X). */
uint32_t plan_due(const struct observation *seen);

/* A row counts when its verb is due, all of `needs` are facts and none of `lacks`; the bits are the
 * driver's own. {name} in its texts stands for the value of that name. */
struct plan_row {
	enum plan_verb verb;
	uint32_t needs, lacks;
	enum plan_impact impact;
	const char *object, *words;
};
struct plan_value {
	const char *name, *text; /* the last one's name is NULL */
};
void plan_fill(struct plan *plan, uint32_t due, uint32_t facts, const struct plan_row *rows,
    size_t count, const struct plan_value *values);

/* Observes and plans; writes nothing to the device. */
int balancer_plan(struct balancer *b, const struct bundle *bundle, struct observation *ret_seen,
    struct plan *ret, struct outcome *what) MUST_USE;

enum plan_impact plan_impact(const struct plan *plan); /* the worst of its steps */
const char *plan_verb_name(enum plan_verb verb);       /* "stage" … */
const char *plan_impact_name(enum plan_impact impact); /* "none", "hot", "disruptive" */
/* "7 steps, hot: new connections get something else, open ones stay" */
void plan_words(const struct plan *plan, char *to, size_t size);
/* The steps, numbered, a paragraph each. */
void plan_text(const struct plan *plan, struct buf *to);
/* {balancer, driver, host, seen, impact, steps: [{verb, impact, object, words}]}; a new reference. */
json_t *plan_json(const struct plan *plan);
