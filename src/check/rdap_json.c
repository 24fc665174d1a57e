/* SPDX-License-Identifier: Apache-2.0 */
/* An answer that was read, as JSON for programs; what is not there is left out. */
#include "check/rdap.h"
#include "check/rdap_internal.h"
#include "check/registration.h"

static void
put(json_t *to, const char *member, const char *text)
{
	if (*text)
		json_object_set_new(to, member, json_string(text));
}

static void
put_time(json_t *to, const char *member, when at)
{
	char text[WHEN_RFC3339_SIZE];

	put(to, member, when_rfc3339(at, text));
}

static json_t *
address_json(const struct rdap_contact *c)
{
	json_t *to = json_object();

	put(to, "post_box", c->post_box);
	put(to, "extended", c->extended);
	put(to, "street", c->street);
	put(to, "city", c->city);
	put(to, "region", c->region);
	put(to, "postal_code", c->postal_code);
	put(to, "country", c->country);
	put(to, "country_code", c->country_code);
	put(to, "label", c->label);
	return to;
}

static json_t *
contact_json(const struct rdap_contact *c)
{
	json_t *to = json_object();

	put(to, "handle", c->handle);
	put(to, "kind", c->kind);
	put(to, "name", c->name.text);
	put(to, "organization", c->organization.text);
	put(to, "email", c->email.text);
	json_object_set_new(to, "address", address_json(c));
	json_object_set_new(to, "has_card", json_boolean(c->has_card));
	return to;
}

static json_t *
events_json(const struct rdap_domain *domain)
{
	json_t *list = json_array();

	for (size_t i = 0; i < domain->event_count; i++) {
		json_t *one = json_object();

		put(one, "action", domain->event[i].action);
		put(one, "date", domain->event[i].date);
		put_time(one, "at", domain->event[i].at);
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *
redacted_json(const struct rdap_domain *domain)
{
	json_t *list = json_array();

	for (size_t i = 0; i < domain->redacted_count; i++) {
		json_t *one = json_object();

		put(one, "name", domain->redacted[i].name);
		put(one, "method", domain->redacted[i].method);
		json_array_append_new(list, one);
	}
	return list;
}

static void
put_states(json_t *to, const struct rdap_contact *c)
{
	put(to, "registrant_organization_state", rdap_state_words(c->organization.state));
	put(to, "registrant_name_state", rdap_state_words(c->name.state));
	put(to, "registrant_email_state", rdap_state_words(c->email.state));
}

json_t *
rdap_report_json(const struct rdap_report *report)
{
	char ends[WHEN_RFC3339_SIZE], again[WHEN_RFC3339_SIZE];

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o}", "found",
	    rdap_found_name(report->found), "words", report->what.words, "again",
	    when_rfc3339(report->what.again, again), "asked", report->url, "asked_registrar",
	    report->registrar_url, "ends", when_rfc3339(registration_ends(&report->domain), ends),
	    "owner_from_registrar", report->by_registrar, "answer", rdap_json(&report->domain));
}

json_t *
rdap_json(const struct rdap_domain *domain)
{
	json_t *to = json_object(), *status = json_array(), *servers = json_array();

	for (size_t i = 0; i < domain->status_count; i++)
		json_array_append_new(status, json_string(domain->status[i]));
	for (size_t i = 0; i < domain->server_count; i++)
		json_array_append_new(servers, json_string(domain->server[i]));
	put(to, "outcome", rdap_outcome_name(domain->outcome));
	if (domain->outcome == RDAP_SAYS_ERROR)
		json_object_set_new(to, "error_code", json_integer(domain->error_code));
	put(to, "object_class", domain->object_class);
	put(to, "name", domain->ldh_name);
	put(to, "unicode_name", domain->unicode_name);
	put(to, "handle", domain->handle);
	json_object_set_new(to, "status", status);
	json_object_set_new(to, "name_servers", servers);
	json_object_set_new(to, "events", events_json(domain));
	if (domain->tells_signed)
		json_object_set_new(to, "signed", json_boolean(domain->is_signed));
	json_object_set_new(to, "registrant",
	    domain->has_registrant ? contact_json(&domain->registrant) : json_null());
	json_object_set_new(to, "registrar",
	    domain->has_registrar ? contact_json(&domain->registrar) : json_null());
	put(to, "registrar_id", domain->registrar_id);
	json_object_set_new(to, "lists_redacted", json_boolean(domain->lists_redacted));
	json_object_set_new(to, "redacted", redacted_json(domain));
	put(to, "related", domain->related);
	put_states(to, &domain->registrant);
	return to;
}
