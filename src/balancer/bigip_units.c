/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The units of a BIG-IP, one or two: which of them has the traffic, and how to be at the other one for
 * a while. What a unit says of itself is asked of itself: what its peer knows of it may be an hour old.
 */
#include <stdio.h>

#include "balancer/bigip_internal.h"
#include "base/error.h"

#define REQUEST_TIMEOUT SECONDS(90) /* it waits 60 s for itself; who leaves earlier knows nothing */
#define BELIEVED        SECONDS(2)  /* that the roles are as they were; what is served shows it */
#define DEVICES         "/mgmt/tm/cm/device?$select=name,failoverState,selfDevice,version"

const char *
bigip_unit_words(
    const struct balancer *b, const struct bigip_unit *unit, char to[static BIGIP_UNIT_WORDS])
{
	const struct bigip *d = b->self;
	const struct config_unit place = config_unit_of(b->config, (size_t)(unit - d->units));

	if (*unit->name)
		snprintf(to, BIGIP_UNIT_WORDS, "%s: %s", b->config->name, unit->name);
	else
		snprintf(to, BIGIP_UNIT_WORDS, "%s: %s port %lld", b->config->name, place.address,
		    (long long)place.port);
	return to;
}

int
bigip_open_units(struct balancer *b)
{
	struct bigip *d = b->self;
	int r = 0;

	d->at = d->units;
	for (size_t i = 0; r == 0 && i < CONFIG_UNITS_MAX; i++) {
		const struct config_unit unit = config_unit_of(b->config, i);
		const struct device_place place = { .address = unit.address,
			.port = unit.port,
			.ca_file = b->config->ca_file,
			.pin = unit.pin,
			.timeout = REQUEST_TIMEOUT };

		if (!*unit.address)
			continue;
		d->units[i].seen = json_object();
		d->units[i].proven = json_object();
		d->units[i].uploads = BUF(BIGIP_UPLOADS_MAX);
		r = device_open(&place, &d->units[i].device);
	}
	return r;
}

void
bigip_close_units(struct balancer *b)
{
	struct bigip *d = b->self;
	struct outcome aside;

	for (size_t i = 0; i < CONFIG_UNITS_MAX; i++) {
		struct bigip_unit *unit = d->at = &d->units[i];

		if (unit->device && bigip_unload(b, &aside) != 0)
			buf_clear(&unit->uploads); /* the next one sweeps */
		bigip_sign_out(b);
		device_close(unit->device);
		json_decref(unit->seen);
		json_decref(unit->proven);
		buf_fini(&unit->uploads);
	}
}

struct bigip_unit *
bigip_other_unit(const struct balancer *b)
{
	struct bigip *d = b->self;
	struct bigip_unit *other = &d->units[d->at == d->units];

	return other->device ? other : NULL;
}

/* A name that has a blank in it, or is too long, is no unit's. */
static void
note_known(struct bigip_unit *unit, const char *name)
{
	size_t len = strlen(unit->known);

	if (*name && !strchr(name, ' ') && len + strlen(name) + 3 <= sizeof(unit->known))
		snprintf(
		    unit->known + len, sizeof(unit->known) - len, "%s%s ", len ? "" : " ", name);
}

static bool
knows(const struct bigip_unit *unit, const struct bigip_unit *other)
{
	char word[sizeof(other->name) + 2];

	snprintf(word, sizeof(word), " %s ", other->name);
	return strstr(unit->known, word) != NULL;
}

static void
read_unit(const json_t *devices, struct bigip_unit *to)
{
	const json_t *device;
	size_t i;

	to->known[0] = to->role[0] = '\0';
	json_array_foreach(devices, i, device)
	{
		note_known(to, bigip_text(device, "name"));
		if (!bigip_flag(device, "selfDevice", false))
			continue;
		snprintf(to->name, sizeof(to->name), "%s", bigip_text(device, "name"));
		snprintf(to->version, sizeof(to->version), "%s", bigip_text(device, "version"));
		snprintf(to->role, sizeof(to->role), "%s", bigip_text(device, "failoverState"));
	}
}

/* The unit that is asked, as it is now. */
static int
look_at_unit(struct balancer *b, struct outcome *what)
{
	struct bigip_unit *unit = ((struct bigip *)b->self)->at;
	CLEAN(json_free) json_t *json = NULL;
	int r = *unit->token ? 0 : bigip_sign_in(b, what);

	if (r == 0)
		r = bigip_must(b, "GET", DEVICES, NULL, &json, what);
	if (r)
		return r;
	read_unit(json_object_get(json, "items"), unit);
	unit->looked = world_ticks();
	return *unit->name ? 0
	                   : balancer_fail(what, BALANCER_E_BROKEN,
				 "%s: a unit does not say which one it is", b->config->name);
}

static bool
is_active(const struct bigip_unit *unit)
{
	return strcmp(unit->role, "active") == 0;
}

/* Perhaps it is off, cut off or on its way up: then the other one may have the traffic. A wrong
 * certificate or password is a matter for people, whatever the other one says. */
static bool
may_be_away(int r)
{
	return r == BALANCER_E_UNREACHABLE || r == BALANCER_E_AMBIGUOUS;
}

static int
not_one_pair(struct balancer *b, const struct bigip_unit *one, const struct bigip_unit *other,
    struct outcome *what)
{
	return balancer_fail(what, BALANCER_E_CONFLICT,
	    "%s: %s and %s are no pair: they do not know each other", b->config->name, one->name,
	    other->name);
}

/* Of whoever is active at another pair's address we must keep our hands. */
static int
accept(struct balancer *b, struct outcome *what)
{
	const struct bigip *d = b->self;
	const struct bigip_unit *other = bigip_other_unit(b);

	if (other && *other->name && !knows(d->at, other))
		return not_one_pair(b, d->at, other, what);
	return 0;
}

/* 0 and *ret NULL: this one is not; `words` says what it is instead. */
static int
ask_if_active(struct balancer *b, struct bigip_unit *unit, struct bigip_unit **ret,
    char words[static 200], struct outcome *what)
{
	int r;

	((struct bigip *)b->self)->at = unit;
	r = look_at_unit(b, what);
	if (r == 0 && is_active(unit)) {
		*ret = unit;
		return accept(b, what);
	}
	if (r && !may_be_away(r))
		return r;
	if (r)
		snprintf(words, 200, "%.199s", what->words);
	else
		snprintf(words, 200, "%s is %s", unit->name, unit->role);
	return 0;
}

int
bigip_find_active(struct balancer *b, struct outcome *what)
{
	struct bigip *d = b->self;
	struct bigip_unit *before = d->at, *active = NULL;
	char words[CONFIG_UNITS_MAX][200] = { "", "" };
	int r = 0;

	for (size_t i = 0; r == 0 && !active && i < CONFIG_UNITS_MAX && d->units[i].device; i++)
		r = ask_if_active(b, &d->units[i], &active, words[i], what);
	d->at = r == 0 && active ? active : before;
	if (r || active)
		return r;
	return balancer_fail(what, BALANCER_E_UNREACHABLE, "%s: no unit is active (%s%s%s)",
	    b->config->name, words[0], *words[1] ? "; " : "",
	    *words[1]                  ? words[1]
	    : *b->config->peer_address ? ""
				       : "; there is no peer_address");
}

int
bigip_find_any(struct balancer *b, struct outcome *what)
{
	struct bigip *d = b->self;
	int r = bigip_find_active(b, what);

	for (size_t i = 0; r == BALANCER_E_UNREACHABLE && i < CONFIG_UNITS_MAX; i++)
		if (*d->units[i].role) {
			d->at = &d->units[i];
			r = 0;
		}
	return r;
}

int
bigip_steady(struct balancer *b, struct outcome *what)
{
	struct bigip *d = b->self;
	const struct bigip_unit *before = d->at;
	int r = look_at_unit(b, what);

	if ((r == 0 && is_active(d->at)) || (r && !may_be_away(r)))
		return r;
	r = bigip_find_active(b, what);
	if (r || d->at == before)
		return r;
	d->agreed = false;
	return balancer_fail(what, BALANCER_E_AMBIGUOUS,
	    "%s: %s took over in the middle of it: its side is looked at first", b->config->name,
	    d->at->name);
}

int
bigip_steady_lately(struct balancer *b, struct outcome *what)
{
	const struct bigip *d = b->self;

	return is_active(d->at) && world_ticks() - d->at->looked < BELIEVED ? 0
	                                                                    : bigip_steady(b, what);
}

int
bigip_visit(struct balancer *b, struct bigip_unit *unit,
    int (*act)(struct balancer *b, void *about, struct outcome *what), void *about,
    struct outcome *what)
{
	struct bigip *d = b->self;
	struct bigip_unit *home = d->at;
	int r;

	d->at = unit;
	r = *unit->token ? 0 : look_at_unit(b, what);
	if (r == 0 && !knows(unit, home))
		r = not_one_pair(b, home, unit, what);
	if (r == 0 && act)
		r = act(b, about, what);
	d->at = home;
	return r;
}
