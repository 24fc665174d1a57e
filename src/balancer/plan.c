/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/plan.h"

#include <assert.h>
#include <stdio.h>

#include "balancer/balancer_internal.h"

#define BIT(verb) (1u << (verb))

/* clang-format off */
static const char *const verb_names[] = {
	[PLAN_STAGE]    = "stage",
	[PLAN_CHECK]    = "check",
	[PLAN_ACTIVATE] = "activate",
	[PLAN_ROUTE]    = "route",
	[PLAN_VERIFY]   = "verify",
	[PLAN_PERSIST]  = "persist",
	[PLAN_SETTLE]   = "settle",
};
static_assert(COUNT_OF(verb_names) == PLAN_VERB_MAX, "a name for each verb");

static const struct {
	const char *name, *words;
} impacts[] = {
	[PLAN_NONE]       = { "none",       "nobody notices" },
	[PLAN_HOT]        = { "hot",        "new connections get it, open ones stay" },
	[PLAN_DISRUPTIVE] = { "disruptive", "connections may break" },
};
static_assert(COUNT_OF(impacts) == PLAN_IMPACT_MAX, "a row for each impact");
/* clang-format on */

const char *
plan_verb_name(enum plan_verb verb)
{
	return (size_t)verb < COUNT_OF(verb_names) ? verb_names[verb] : "unknown";
}

const char *
plan_impact_name(enum plan_impact impact)
{
	return (size_t)impact < COUNT_OF(impacts) ? impacts[impact].name : "unknown";
}

/* Active, and what a restart would load is in place or only to be put there. */
static bool
is_served(const struct observation *o)
{
	return o->running == SERVED_ACTIVE && o->running_same &&
	       ((o->on_disk && o->disk_same) || o->ready_same);
}

uint32_t
plan_due(const struct observation *seen)
{
	uint32_t due = 0;

	if (!is_served(seen))
		due |= BIT(PLAN_STAGE) | BIT(PLAN_CHECK) | BIT(PLAN_ACTIVATE);
	if (!seen->routed)
		due |= BIT(PLAN_ROUTE);
	if (due || !seen->on_disk || !seen->disk_same || !seen->disk_routed)
		due |= BIT(PLAN_VERIFY) | BIT(PLAN_PERSIST) | BIT(PLAN_SETTLE);
	return due;
}

static const char *
value_of(const struct plan_value *values, struct str name)
{
	while (values->name && !str_eq(name, str_of(values->name)))
		values++;
	assert(values->name); /* a row asks for what its driver does not give */
	return values->text;
}

/* A text that may be cut. */
static void
expand(const char *form, const struct plan_value *values, char *to, size_t size)
{
	CLEAN(buf_fini) struct buf text = BUF(4096);
	struct str rest = str_of(form), part;

	while (str_next(&rest, '{', &part)) {
		buf_put_str(&text, part);
		if (rest.p && str_next(&rest, '}', &part))
			buf_put_text(&text, value_of(values, part));
	}
	snprintf(to, size, "%s", buf_text(&text));
}

void
plan_fill(struct plan *plan, uint32_t due, uint32_t facts, const struct plan_row *rows,
    size_t count, const struct plan_value *values)
{
	for (size_t i = 0; i < count; i++) {
		const struct plan_row *row = &rows[i];
		struct plan_step *step = &plan->step[plan->count];

		if (!(due & BIT(row->verb)) || (facts & row->needs) != row->needs ||
		    facts & row->lacks)
			continue;
		assert(plan->count < PLAN_STEPS_MAX);
		step->verb = row->verb;
		step->impact = row->impact;
		expand(row->object, values, step->object, sizeof(step->object));
		expand(row->words, values, step->words, sizeof(step->words));
		plan->count++;
	}
}

int
balancer_plan(struct balancer *b, const struct bundle *bundle, struct observation *ret_seen,
    struct plan *ret, struct outcome *what)
{
	int r = b->driver->observe(b, bundle, ret_seen, what);

	*ret = (struct plan){ .count = 0 };
	snprintf(ret->balancer, sizeof(ret->balancer), "%s", b->config->name);
	snprintf(ret->driver, sizeof(ret->driver), "%s", b->driver->name);
	snprintf(ret->host, sizeof(ret->host), "%s", bundle->name.text);
	snprintf(ret->seen, sizeof(ret->seen), "%s", r == 0 ? ret_seen->words : "");
	return r ? r : b->driver->plan(b, bundle, ret_seen, ret, what);
}

enum plan_impact
plan_impact(const struct plan *plan)
{
	enum plan_impact worst = PLAN_NONE;

	for (size_t i = 0; i < plan->count; i++)
		if (plan->step[i].impact > worst)
			worst = plan->step[i].impact;
	return worst;
}

void
plan_words(const struct plan *plan, char *to, size_t size)
{
	enum plan_impact impact = plan_impact(plan);

	if (plan->count == 0)
		snprintf(to, size, "nothing to do: it is served and kept");
	else
		snprintf(to, size, "%zu steps, %s: %s", plan->count, impacts[impact].name,
		    impacts[impact].words);
}

void
plan_text(const struct plan *plan, struct buf *to)
{
	for (size_t i = 0; i < plan->count; i++)
		buf_printf(
		    to, "%zu. %s\n   %s\n\n", i + 1, plan->step[i].object, plan->step[i].words);
}

json_t *
plan_json(const struct plan *plan)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *s = &plan->step[i];

		json_array_append_new(steps,
		    json_pack("{s:s, s:s, s:s, s:s}", "verb", plan_verb_name(s->verb), "impact",
			plan_impact_name(s->impact), "object", s->object, "words", s->words));
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "balancer", plan->balancer, "driver",
	    plan->driver, "host", plan->host, "seen", plan->seen, "impact",
	    plan_impact_name(plan_impact(plan)), "steps", steps);
}
