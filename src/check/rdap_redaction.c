/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept back, and how the answer says so: by RFC 9537's list, whose entries are named
 * ("Registrant Organization", the names of ICANN's profile) or point at it by a JSON path, or by
 * texts in the value's place.
 */
#include <assert.h>

#include "check/rdap_internal.h"

/* In lower case; as registrars and privacy services write them. */
static const char *const placeholders[] = {
	"redacted", "privacy", "withheld", "not disclosed", "undisclosed", "data protected",
	"statutory masking", "gdpr mask", "non-public data", "not available from registry",
	"registration private", "query the rdds service", /* ICANN's words for mail addresses */
};

const char *
rdap_state_words(enum rdap_state state)
{
	static const char *const words[] = {
		[RDAP_NOBODY] = "no registrant entity",
		[RDAP_ABSENT] = "absent",
		[RDAP_PRESENT] = "present",
		[RDAP_REDACTED] = "redacted (RFC 9537)",
		[RDAP_PARTIAL] = "partial (declared redacted)",
		[RDAP_PLACEHOLDER] = "placeholder text",
	};
	static_assert(COUNT_OF(words) == RDAP_STATE_MAX, "words for each state");

	return (size_t)state < COUNT_OF(words) ? words[state] : "unknown";
}

bool
rdap_is_placeholder(const char *text)
{
	for (size_t i = 0; i < COUNT_OF(placeholders); i++)
		if (strcasestr(text, placeholders[i]))
			return true;
	return false;
}

/* Where the field stands: in prePath before it was taken out, in postPath or replacementPath where
 * something stands still (RFC 9537 section 4.2). */
static const char *
path_of(const json_t *entry)
{
	static const char *const members[] = { "prePath", "postPath", "replacementPath" };

	for (size_t i = 0; i < COUNT_OF(members); i++)
		if (json_is_string(json_object_get(entry, members[i])))
			return json_string_value(json_object_get(entry, members[i]));
	return "";
}

/* 'org' or "org": a path may have either. */
static bool
quotes(const char *path, const char *word)
{
	const char *at = strstr(path, word);

	return at && at > path && strchr("'\"", at[-1]) && at[strlen(word)] == at[-1];
}

/* No path is evaluated: that it leads to all entities or the registrant's, and there to this property
 * or to nothing further, is enough to know that something is kept back. */
static bool
path_hides(const char *path, const char *property)
{
	bool whose = quotes(path, "registrant") || strstr(path, "entities[*]");
	const char *in_card = strstr(path, "vcardArray");

	return whose && (in_card ? quotes(in_card, property) : str_ends(str_of(path), STR("]")));
}

/* `name` is the entry's: {"type": …} if it is registered with IANA, else {"description": …}. */
static void
put_name(const json_t *entry, char *to, size_t size)
{
	const json_t *name = json_object_get(entry, "name");

	rdap_put_text(name, "type", to, size);
	if (*to == '\0')
		rdap_put_text(name, "description", to, size);
}

static void
apply(struct rdap_field *field, const char *wanted, const char *property,
    const struct rdap_redacted *entry, const char *path)
{
	bool named = str_eq_nocase(str_of(entry->name), str_of(wanted));

	if (named)
		field->state = *field->text ? RDAP_PARTIAL : RDAP_REDACTED;
	if (named || path_hides(path, property))
		field->hidden = true;
}

static void
apply_all(const json_t *entry, const struct rdap_redacted *redacted, struct rdap_contact *to)
{
	const char *path = path_of(entry);

	apply(&to->name, "Registrant Name", "fn", redacted, path);
	apply(&to->organization, "Registrant Organization", "org", redacted, path);
	apply(&to->email, "Registrant Email", "email", redacted, path);
}

/* Nobody is named: of the three fields only whether they are kept back is known. */
static void
say_nobody(struct rdap_contact *contact)
{
	contact->name.state = RDAP_NOBODY;
	contact->organization.state = RDAP_NOBODY;
	contact->email.state = RDAP_NOBODY;
}

/* RFC 9537 section 4: who speaks of it in this way says so, also where nothing is kept back. */
static bool
conforms(const json_t *answer)
{
	const json_t *list = json_object_get(answer, "rdapConformance"), *one;
	size_t i;

	json_array_foreach(
	    list, i, one) if (json_is_string(one) &&
			      strcmp(json_string_value(one), "redacted") == 0) return true;
	return false;
}

void
rdap_read_redaction(const json_t *answer, struct rdap_domain *ret)
{
	const json_t *list = json_object_get(answer, "redacted"), *one;
	size_t i;

	ret->lists_redacted = json_is_array(list) || conforms(answer);
	json_array_foreach(list, i, one)
	{
		struct rdap_redacted *to;

		if (ret->redacted_count == RDAP_REDACTED_MAX)
			break;
		to = &ret->redacted[ret->redacted_count];
		put_name(one, to->name, sizeof(to->name));
		rdap_put_text(one, "method", to->method, sizeof(to->method));
		apply_all(one, to, &ret->registrant);
		ret->redacted_count++;
	}
	if (!ret->has_registrant)
		say_nobody(&ret->registrant);
}
