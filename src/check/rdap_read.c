/* SPDX-License-Identifier: Apache-2.0 */
#include "check/rdap_internal.h"

#include <assert.h>
#include <stdlib.h>

static void
json_free(json_t *json)
{
	json_decref(json);
}
CLEAN_DEFINE(json_free, json_t *);

const char *
rdap_outcome_name(enum rdap_outcome outcome)
{
	static const char *const names[] = {
		[RDAP_OK] = "ok",
		[RDAP_NOT_A_DOMAIN] = "not_a_domain",
		[RDAP_SAYS_ERROR] = "rdap_error",
		[RDAP_FRAGMENT] = "malformed_or_fragment",
		[RDAP_MALFORMED] = "malformed",
	};
	static_assert(COUNT_OF(names) == RDAP_OUTCOME_MAX, "a name for each outcome");

	return (size_t)outcome < COUNT_OF(names) ? names[outcome] : "unknown";
}

void
rdap_put_text(const json_t *object, const char *member, char *to, size_t size)
{
	const json_t *value = json_object_get(object, member);

	str_show(str_bytes(json_string_value(value), json_string_length(value)), to, size);
}

static void
lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* ---- times ---- */

/* "+01:00", "+0100" */
static bool
zone(struct str s, when *ret)
{
	char digits[5] = "";
	int64_t hours, minutes;
	size_t count = 0;

	for (size_t i = 1; i < s.len && count < 4; i++)
		if (s.p[i] != ':' || i != 3)
			digits[count++] = s.p[i];
	if ((s.len != 5 && s.len != 6) || (s.len == 6) != (s.p[3] == ':') ||
	    !str_to_i64(str_bytes(digits, 2), &hours) ||
	    !str_to_i64(str_bytes(digits + 2, 2), &minutes) || hours < 0 || minutes < 0)
		return false;
	*ret = (HOURS(hours) + MINUTES(minutes)) * (s.p[0] == '-' ? -1 : 1);
	return true;
}

bool
rdap_time(struct str text, when *ret)
{
	size_t end = 0;
	char whole[48];
	when offset = 0, at;

	while (end < text.len && (end < strlen("2026-01-01T") || !strchr("+-Z", text.p[end])))
		end++;
	if (end < text.len && text.p[end] != 'Z' && !zone(str_drop(text, end), &offset))
		return false;
	if (end < text.len && text.p[end] == 'Z' && text.len != end + 1)
		return false;
	if (!str_copy(str_bytes(text.p, end), whole, sizeof(whole) - 1))
		return false;
	copy_bytes(whole + end, "Z", sizeof("Z"));
	if (!when_parse(str_of(whole), &at))
		return false;
	*ret = at - offset;
	return true;
}

when
rdap_event_at(const struct rdap_domain *domain, const char *action)
{
	when at = 0;

	for (size_t i = 0; i < domain->event_count; i++)
		if (str_eq_nocase(str_of(domain->event[i].action), str_of(action)) &&
		    domain->event[i].at != 0)
			at = domain->event[i].at;
	return at;
}

/* ---- status ---- */

/* Letters alone, in lower case: RDAP writes "client hold", EPP "clientHold". */
static void
plain(const char *text, char *to, size_t size)
{
	size_t len = 0;

	for (; *text && len + 1 < size; text++)
		if (*text != ' ' && *text != '_' && *text != '-')
			to[len++] = *text;
	to[len] = '\0';
	lower(to);
}

bool
rdap_has_status(const struct rdap_domain *domain, const char *status)
{
	char wanted[64], has[64];

	plain(status, wanted, sizeof(wanted));
	for (size_t i = 0; i < domain->status_count; i++) {
		plain(domain->status[i], has, sizeof(has));
		if (strcmp(wanted, has) == 0)
			return true;
	}
	return false;
}

/* ---- the answer ---- */

static void
read_status(const json_t *answer, struct rdap_domain *ret)
{
	const json_t *list = json_object_get(answer, "status"), *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (ret->status_count == RDAP_STATUS_MAX)
			break;
		if (json_is_string(one))
			str_show(str_bytes(json_string_value(one), json_string_length(one)),
			    ret->status[ret->status_count++], sizeof(ret->status[0]));
	}
}

static void
read_servers(const json_t *answer, struct rdap_domain *ret)
{
	const json_t *list = json_object_get(answer, "nameservers"), *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		char *to;

		if (ret->server_count == RDAP_SERVERS_MAX)
			break;
		to = ret->server[ret->server_count];
		rdap_put_text(one, "ldhName", to, sizeof(ret->server[0]));
		lower(to);
		if (str_ends(str_of(to), STR(".")))
			to[strlen(to) - 1] = '\0';
		if (*to)
			ret->server_count++;
	}
}

static void
read_events(const json_t *answer, struct rdap_domain *ret)
{
	const json_t *list = json_object_get(answer, "events"), *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		struct rdap_event *event;

		if (ret->event_count == RDAP_EVENTS_MAX)
			break;
		event = &ret->event[ret->event_count];
		rdap_put_text(one, "eventAction", event->action, sizeof(event->action));
		rdap_put_text(one, "eventDate", event->date, sizeof(event->date));
		(void)rdap_time(str_of(event->date), &event->at);
		if (*event->action)
			ret->event_count++;
	}
}

static void
read_signed(const json_t *answer, struct rdap_domain *ret)
{
	const json_t *is =
	    json_object_get(json_object_get(answer, "secureDNS"), "delegationSigned");

	ret->tells_signed = json_is_boolean(is);
	ret->is_signed = json_is_true(is);
}

/* RFC 9083 writes roles in lower case; some servers do not. */
static bool
has_role(const json_t *entity, const char *role)
{
	const json_t *list = json_object_get(entity, "roles"), *one;
	size_t i;

	json_array_foreach(list, i,
	    one) if (json_is_string(one) &&
		     str_eq_nocase(str_of(json_string_value(one)), str_of(role))) return true;
	return false;
}

static const json_t *
entity_of(const json_t *answer, const char *role)
{
	const json_t *list = json_object_get(answer, "entities"), *one;
	size_t i;

	json_array_foreach(list, i, one) if (has_role(one, role)) return one;
	return NULL;
}

static void
read_registrar_id(const json_t *entity, struct rdap_domain *ret)
{
	const json_t *list = json_object_get(entity, "publicIds"), *one;
	char kind[64];
	size_t i;

	json_array_foreach(list, i, one)
	{
		rdap_put_text(one, "type", kind, sizeof(kind));
		if (str_eq_nocase(str_of(kind), STR("IANA Registrar ID")))
			rdap_put_text(
			    one, "identifier", ret->registrar_id, sizeof(ret->registrar_id));
	}
}

static void
read_contacts(const json_t *answer, struct rdap_domain *ret)
{
	const json_t *registrant = entity_of(answer, "registrant"),
		     *registrar = entity_of(answer, "registrar");

	ret->has_registrant = registrant != NULL;
	ret->has_registrar = registrar != NULL;
	if (registrant)
		rdap_read_contact(registrant, &ret->registrant);
	if (registrar)
		rdap_read_contact(registrar, &ret->registrar);
	read_registrar_id(registrar, ret);
}

/* RD-01: where a registry keeps no contacts, it says who does. */
static void
read_related(const json_t *answer, struct rdap_domain *ret)
{
	const json_t *list = json_object_get(answer, "links"), *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		char kind[32], type[64], href[RDAP_URL_SIZE];

		rdap_put_text(one, "rel", kind, sizeof(kind));
		rdap_put_text(one, "type", type, sizeof(type));
		rdap_put_text(one, "href", href, sizeof(href));
		if (strcmp(kind, "related") != 0 || strcmp(type, "application/rdap+json") != 0 ||
		    strlen(href) + 1 >= sizeof(href))
			continue;
		copy_bytes(ret->related, href, sizeof(href));
		return;
	}
}

static enum rdap_outcome
outcome_of(const json_t *answer, const struct rdap_domain *domain)
{
	if (json_is_integer(json_object_get(answer, "errorCode")))
		return RDAP_SAYS_ERROR;
	if (strcmp(domain->object_class, "domain") == 0)
		return RDAP_OK;
	if (*domain->object_class)
		return RDAP_NOT_A_DOMAIN;
	return json_object_get(answer, "entities") || json_object_get(answer, "ldhName")
	           ? RDAP_FRAGMENT
	           : RDAP_NOT_A_DOMAIN;
}

void
rdap_read(struct str bytes, struct rdap_domain *ret)
{
	/* Of a member that comes twice the last one counts, as for everybody who reads RDAP: answers
	 * that are put together from two sources have some. */
	CLEAN(json_free)
	json_t *answer =
	    bytes.len > RDAP_ANSWER_MAX ? NULL : json_loadb(bytes.p, bytes.len, 0, NULL);

	*ret = (struct rdap_domain){ .outcome = RDAP_MALFORMED };
	if (!json_is_object(answer))
		return;
	rdap_put_text(answer, "objectClassName", ret->object_class, sizeof(ret->object_class));
	rdap_put_text(answer, "handle", ret->handle, sizeof(ret->handle));
	rdap_put_text(answer, "ldhName", ret->ldh_name, sizeof(ret->ldh_name));
	rdap_put_text(answer, "unicodeName", ret->unicode_name, sizeof(ret->unicode_name));
	ret->error_code = json_integer_value(json_object_get(answer, "errorCode"));
	ret->outcome = outcome_of(answer, ret);
	read_status(answer, ret);
	read_servers(answer, ret);
	read_events(answer, ret);
	read_signed(answer, ret);
	read_contacts(answer, ret);
	read_related(answer, ret);
	rdap_read_redaction(answer, ret);
}
