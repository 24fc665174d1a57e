/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/order_json.h"

#include <stdio.h>

#include "desk/answer.h"
#include "desk/json.h"
#include "store/certificates.h"
#include "store/keys.h"

static json_t *
facts_json(const struct order_facts *facts)
{
	json_t *object = json_object();

	for (int f = 0; f < FACT_MAX; f++)
		if (facts->fact[f])
			json_object_set_new(
			    object, order_fact_name((enum order_fact)f), json_when(facts->fact[f]));
	return object;
}

/* The record the customer is to set, as a DNS form takes it. */
static json_t *
dns_json(const struct order *o, const struct site *site)
{
	const struct order_facts *f = &o->facts;

	return json_pack("{s:s, s:b, s:o, s:{s:s, s:s, s:o}}", "when",
	    f->dns_when == DNS_LAST ? "last" : "now", "pointed", f->fact[FACT_POINTED] != 0,
	    "looked", json_when(f->dns_looked), "record", "name", o->host, "type",
	    strchr(site->address_text, ':') ? "AAAA" : "A", "value",
	    site->address_text[0] ? json_string(site->address_text) : json_null());
}

/* With the time, where it waits for the balancer's window. */
static json_t *
waiting_json(const struct request *request, const struct order *o, const struct site *site)
{
	const struct desk *desk = request->desk;
	const struct calendar *calendar =
	    calendar_named(desk->calendars, desk->config, site->balancer);
	when now = world_now(desk->process->world);
	const char *words = order_waiting_words(&o->facts, now);
	char opens[CALENDAR_WORDS_SIZE], all[512];

	if (!calendar || !order_is_held(&o->facts, now))
		return json_string(words);
	snprintf(all, sizeof(all), "%s That is from %s on.", words,
	    calendar_words(calendar, o->facts.opens, now, opens));
	return json_text(all);
}

json_t *
order_json(const struct request *request, const struct order *o, const struct site *site)
{
	when now = world_now(request->desk->process->world);
	json_t *json = json_pack(
	    "{s:o, s:I, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "id", json_id(o->id), "number", (json_int_t)o->number, "host", o->host, "kind",
	    order_kind_name(o->facts.kind), "stage", order_stage_name(order_stage(&o->facts)),
	    "waits_for", party_name(order_waits_for(&o->facts, now)), "waiting",
	    waiting_json(request, o, site), "customer", json_id(o->customer), "service",
	    json_id(o->service), "site", json_id(o->site), "address",
	    site->address_text[0] ? json_string(site->address_text) : json_null(), "balancer",
	    json_inside(request, site->balancer), "dns", dns_json(o, site), "facts",
	    facts_json(&o->facts), "trouble", json_inside(request, o->trouble), "withdrawn",
	    json_when(o->facts.withdrawn), "rests", json_when(o->facts.rests), "opens",
	    json_when(o->facts.opens > now ? o->facts.opens : 0));

	json_object_update_new(json,
	    json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:I}", "organization",
		json_text(o->organization), "division", json_text(o->division), "city",
		json_text(o->city), "state", json_text(o->state), "country", json_text(o->country),
		"ca", json_text_or_null(o->ca), "reseller", json_text_or_null(o->reseller),
		"mailboxes", (json_int_t)o->mailboxes, "created", json_when(o->created), "changed",
		json_when(o->changed), "version", (json_int_t)o->version));
	return json;
}

/* Two looks at one thing: broken signatures are in the way of both addresses and CAA entries. */
static bool
is_told(const struct found_list *list, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (list->row[i].finding.code == list->row[at].finding.code &&
		    list->row[i].gate != list->row[at].gate)
			return true;
	return false;
}

int
order_findings_json(struct request *request, const struct order *order, json_t **ret)
{
	CLEAN(found_list_fini) struct found_list list = { 0 };
	int r = store_findings_open(request->store, order->id, &list);
	json_t *items;

	if (r)
		return r;
	items = json_array();
	for (size_t i = 0; i < list.count; i++) {
		json_t *item = is_told(&list, i) ? NULL : finding_json(&list.row[i].finding);

		if (!item)
			continue;
		json_object_set_new(item, "found", json_when(list.row[i].found));
		json_array_append_new(items, item);
	}
	*ret = items;
	return 0;
}

json_t *
names_json(const char *names)
{
	struct str rest = str_of(names), name;
	json_t *list = json_array();

	while (str_next(&rest, ' ', &name))
		if (name.len > 0)
			json_array_append_new(list, json_stringn(name.p, name.len));
	return list;
}

int
order_certificate_json(struct request *request, const struct order *order, json_t **ret)
{
	struct certificate c;
	int r;

	*ret = json_null();
	if (id_is_none(order->certificate))
		return 0;
	r = store_certificate_get(request->store, order->certificate, &c);
	if (r)
		return r;
	*ret = json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:I, s:o, s:o, s:o}", "id", json_id(c.id),
	    "sha256", json_hex(c.sha256, sizeof(c.sha256)), "serial", c.serial, "subject",
	    json_text(c.subject), "issuer", json_text(c.issuer), "names", names_json(c.names),
	    "chain_length", (json_int_t)c.chain_length, "not_before", json_when(c.not_before),
	    "not_after", json_when(c.not_after), "accepted", json_when(c.accepted));
	return 0;
}

/* Until there is one, the kind that was ordered. */
static int
key_json(struct request *request, const struct order *order, json_t **ret)
{
	struct key key = { .kind = order->key_kind };
	bool is_there = !id_is_none(order->key);
	int r = is_there ? store_key_get(request->store, order->key, &key) : 0;

	if (r == 0)
		*ret = json_pack("{s:s, s:s, s:o, s:o}", "kind", key_kind_name(key.kind), "words",
		    key_kind_words(key.kind), "id", json_id(order->key), "origin",
		    is_there ? json_string(key_origin_name(key.origin)) : json_null());
	return r;
}

static int
installation_json(struct request *request, const struct order *order, json_t **ret)
{
	struct installation i;
	int r;

	*ret = json_null();
	if (id_is_none(order->installation))
		return 0;
	r = store_installation_get(request->store, order->installation, &i);
	if (r == 0)
		*ret = json_pack("{s:o, s:s, s:o}", "id", json_id(i.id), "state",
		    installation_state_name(i.state), "words", json_inside(request, i.words));
	return r;
}

int
order_json_whole(struct request *request, const struct order *order, json_t **ret)
{
	json_t *json, *key, *findings, *certificate, *installation;
	struct site site;
	int r = store_site_get(request->store, order->site, &site);

	if (r)
		return r;
	r = key_json(request, order, &key);
	if (r)
		return r;
	r = order_findings_json(request, order, &findings);
	if (r) {
		json_decref(key);
		return r;
	}
	r = order_certificate_json(request, order, &certificate);
	if (r) {
		json_decref(key);
		json_decref(findings);
		return r;
	}
	r = installation_json(request, order, &installation);
	if (r) {
		json_decref(key);
		json_decref(findings);
		json_decref(certificate);
		return r;
	}
	json = order_json(request, order, &site);
	json_object_set_new(json, "installation", installation);
	json_object_set_new(json, "key", key);
	json_object_set_new(json, "certificate", certificate);
	json_object_set_new(json, "findings", findings);
	*ret = json;
	return 0;
}
