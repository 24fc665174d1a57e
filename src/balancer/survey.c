/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/survey.h"

#include <assert.h>
#include <stdio.h>

#include "base/buf.h"

static const char *const states[] = {
	[SURVEYED_LIVE] = "live",
	[SURVEYED_DISABLED] = "disabled",
	[SURVEYED_NOT_ROUTED] = "not_routed",
	[SURVEYED_UNUSED] = "unused",
};
static_assert(COUNT_OF(states) == SURVEYED_STATE_MAX, "a name for each state");

static const char *const owners[] = {
	[SURVEYED_OURS] = "certdesk",
	[SURVEYED_FOREIGN] = "foreign",
	[SURVEYED_AS3] = "as3",
	[SURVEYED_IAPP] = "iapp",
};
static_assert(COUNT_OF(owners) == SURVEYED_OWNER_MAX, "a name for each owner");

const char *
surveyed_state_name(enum surveyed_state state)
{
	return (size_t)state < COUNT_OF(states) ? states[state] : "unknown";
}

const char *
surveyed_owner_name(enum surveyed_owner owner)
{
	return (size_t)owner < COUNT_OF(owners) ? owners[owner] : "unknown";
}

struct surveyed
surveyed_nothing(void)
{
	return (struct surveyed){ .host = "",
		.names = "",
		.address = "",
		.subject = "",
		.issuer = "",
		.organization = "",
		.pool = "",
		.certificate = "",
		.profile = "",
		.virtual = "" };
}

bool
surveyed_has(const uint8_t *digest, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (digest[i])
			return true;
	return false;
}

json_t *
survey_text(const char *text)
{
	json_t *json = json_string(text);
	char shown[SURVEY_NAMES_MAX + 1];

	if (json)
		return json;
	str_show(str_of(text), shown, sizeof(shown));
	return json_string(shown);
}

static void
put_text(json_t *to, const char *name, const char *text)
{
	if (*text)
		json_object_set_new(to, name, survey_text(text));
}

static void
put_digest(json_t *to, const char *name, const uint8_t *digest, size_t size)
{
	CLEAN(buf_fini) struct buf hex = BUF(80);

	if (!surveyed_has(digest, size))
		return;
	buf_put_hex(&hex, digest, size);
	json_object_set_new(to, name, json_string(buf_text(&hex)));
}

json_t *
surveyed_json(const struct surveyed *e)
{
	const struct {
		const char *name, *text;
	} texts[] = { { "host", e->host }, { "names", e->names }, { "address", e->address },
		{ "subject", e->subject }, { "issuer", e->issuer }, { "pool", e->pool },
		{ "certificate", e->certificate }, { "profile", e->profile },
		{ "virtual", e->virtual } };
	char time[WHEN_RFC3339_SIZE];
	json_t *to = json_pack("{s:s, s:s}", "state", surveyed_state_name(e->state), "owner",
	    surveyed_owner_name(e->owner));

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		put_text(to, texts[i].name, texts[i].text);
	if (e->port > 0)
		json_object_set_new(to, "port", json_integer(e->port));
	put_text(to, "not_after", when_rfc3339(e->not_after, time));
	put_digest(to, "sha256", e->sha256, sizeof(e->sha256));
	put_digest(to, "sha1", e->sha1, sizeof(e->sha1));
	return to;
}

void
survey_names(struct str list, char *to, size_t size)
{
	static const struct str dns = STR_INIT("DNS:");
	struct str name;
	size_t len = 0;

	to[0] = '\0';
	while (str_next(&list, ',', &name)) {
		char text[256];

		name = str_trim(name);
		if (!str_starts(name, dns) ||
		    !str_copy(str_drop(name, dns.len), text, sizeof(text)))
			continue;
		if (len + strlen(text) + 2 > size)
			return;
		len += (size_t)snprintf(to + len, size - len, "%s%s", len ? " " : "", text);
	}
}
