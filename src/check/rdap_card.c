/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A contact's jCard (RFC 7095): ["vcard", [[name, parameters, type, value], …]]. What is built
 * otherwise is no card, and its entity has the handle alone.
 */
#include <stdlib.h>

#include "check/rdap_internal.h"

/* Of a card that is a list within a list, or has something else than properties, nothing is taken. */
static const json_t *
properties_of(const json_t *entity)
{
	const json_t *card = json_object_get(entity, "vcardArray"), *list = json_array_get(card, 1),
		     *one;
	size_t i;

	if (!json_is_string(json_array_get(card, 0)) || json_array_size(card) != 2 ||
	    !json_is_array(list))
		return NULL;
	json_array_foreach(list, i, one) if (!json_is_string(json_array_get(one, 0))) return NULL;
	return list;
}

/* The first property of that name. */
static const json_t *
property(const json_t *properties, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(
	    properties, i, one) if (str_eq_nocase(str_of(json_string_value(json_array_get(one, 0))),
					str_of(name))) return one;
	return NULL;
}

/* A text, or the texts of a list with a comma between. */
static void
put_value(const json_t *value, char *to, size_t size)
{
	CLEAN(buf_fini) struct buf all = BUF(RDAP_ANSWER_MAX);
	const json_t *one;
	size_t i;

	if (json_is_string(value))
		buf_put(&all, json_string_value(value), json_string_length(value));
	json_array_foreach(value, i, one) if (json_string_length(one) > 0)
	    buf_printf(&all, "%s%s", all.len > 0 ? ", " : "", json_string_value(one));
	str_show(str_trim(buf_str(&all)), to, size);
}

/* Of an organization with its units (RFC 6350 section 6.6.4) the organization alone. */
static void
read_field(const json_t *properties, const char *name, struct rdap_field *field)
{
	const json_t *value = json_array_get(property(properties, name), 3);

	if (json_is_array(value))
		value = json_array_get(value, 0);
	put_value(value, field->text, sizeof(field->text));
	field->state = *field->text == '\0'               ? RDAP_ABSENT
	               : rdap_is_placeholder(field->text) ? RDAP_PLACEHOLDER
	                                                  : RDAP_PRESENT;
}

static void
read_address(const json_t *properties, struct rdap_contact *ret)
{
	const json_t *address = property(properties, "adr"),
		     *parameters = json_array_get(address, 1), *value = json_array_get(address, 3);
	char *const parts[] = { ret->post_box, ret->extended, ret->street, ret->city, ret->region,
		ret->postal_code, ret->country };

	for (size_t i = 0; json_is_array(value) && i < COUNT_OF(parts); i++)
		put_value(json_array_get(value, i), parts[i], RDAP_TEXT_SIZE);
	rdap_put_text(parameters, "cc", ret->country_code, sizeof(ret->country_code));
	rdap_put_text(parameters, "label", ret->label, sizeof(ret->label));
}

/* What registries said before there was RFC 9537, and many say still: a remark on the contact. */
static bool
remarks_hide(const json_t *entity)
{
	const json_t *list = json_object_get(entity, "remarks"), *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		char title[64], type[64];

		rdap_put_text(one, "title", title, sizeof(title));
		rdap_put_text(one, "type", type, sizeof(type));
		if (str_starts(str_of(title), STR("REDACTED")) ||
		    str_starts(str_of(type), STR("object redacted")) ||
		    str_starts(str_of(type), STR("object truncated")))
			return true;
	}
	return false;
}

void
rdap_read_contact(const json_t *entity, struct rdap_contact *ret)
{
	const json_t *properties = properties_of(entity);
	bool hidden = remarks_hide(entity);

	ret->has_card = properties != NULL;
	rdap_put_text(entity, "handle", ret->handle, sizeof(ret->handle));
	put_value(json_array_get(property(properties, "kind"), 3), ret->kind, sizeof(ret->kind));
	read_field(properties, "fn", &ret->name);
	read_field(properties, "org", &ret->organization);
	read_field(properties, "email", &ret->email);
	ret->name.hidden = ret->organization.hidden = ret->email.hidden = hidden;
	read_address(properties, ret);
}
