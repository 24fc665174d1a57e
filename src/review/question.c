/* SPDX-License-Identifier: Apache-2.0 */
#include "review/question.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/certificates.h"
#include "store/keys.h"
#include "store/sites.h"

/* The customer's other keys tell "made from an earlier request" from "unknown" (I-09). */
static int
add_other_keys(struct store *store, const struct order *o, struct delivery_question *question)
{
	struct key_match *keys = alloc_array(READ_KEYS_MAX, sizeof(*keys));
	size_t count = 0;
	int r = store_keys_of_customer(store, o->customer, keys, READ_KEYS_MAX, &count);

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct read_key *to = &question->keys[question->key_count];
		struct key key;

		if (id_eq(keys[i].key, o->key))
			continue;
		r = store_key_get(store, keys[i].key, &key);
		if (r)
			break;
		memcpy(to->spki_sha256, keys[i].spki_sha256, sizeof(to->spki_sha256));
		to->order_number = keys[i].order_number;
		to->retired = keys[i].state != KEY_ACTIVE;
		to->same_site = id_eq(key.site, o->site);
		to->is_customers = keys[i].origin != KEY_MADE_HERE;
		question->key_count++;
	}
	free(keys);
	return r;
}

/* The certificate that the site serves now, from an earlier order (I-20). */
static int
add_in_use(struct store *store, const struct order *o, struct delivery_question *question)
{
	struct certificate in_use;
	struct order live;
	struct site site;
	int r = store_site_get(store, o->site, &site);

	if (r || id_is_none(site.live_order) || id_eq(site.live_order, o->id))
		return r;
	r = store_order_get(store, site.live_order, &live);
	if (r || id_is_none(live.certificate))
		return r;
	r = store_certificate_get(store, live.certificate, &in_use);
	if (r)
		return r;
	question->has_in_use = true;
	memcpy(question->in_use_sha256, in_use.sha256, sizeof(in_use.sha256));
	question->in_use_until = in_use.not_after;
	return 0;
}

/* What was ordered, and our request for it: for the comparison with what came. */
static int
add_order(struct store *store, const struct order *o, struct delivery_question *question,
    struct review_held *held)
{
	struct read_order *to = &question->order;
	int r;

	question->has_order = true;
	memcpy(to->organization, o->organization, sizeof(to->organization));
	memcpy(to->city, o->city, sizeof(to->city));
	memcpy(to->state, o->state, sizeof(to->state));
	memcpy(to->country, o->country, sizeof(to->country));
	to->key_kind = o->key_kind;
	if (id_is_none(o->csr))
		return 0;
	held->csr = BUF(READ_CSR_MAX);
	r = store_csr_get(store, o->csr, &held->csr);
	to->csr = buf_str(&held->csr);
	return r;
}

int
review_question(struct store *store, const struct order *o, when now,
    struct delivery_question *question, struct review_held *held)
{
	struct certificate accepted;
	struct key key;
	int r = store_key_get(store, o->key, &key);

	if (r == 0)
		r = add_other_keys(store, o, question);
	if (r == 0)
		r = add_in_use(store, o, question);
	if (r == 0)
		r = add_order(store, o, question, held);
	if (r)
		return r;
	question->has_key = true;
	memcpy(question->spki_sha256, key.spki_sha256, sizeof(question->spki_sha256));
	question->key_is_customers = key.origin != KEY_MADE_HERE;
	snprintf(question->host, sizeof(question->host), "%s", o->host);
	question->now = now;
	if (id_is_none(o->certificate))
		return 0;
	r = store_certificate_get(store, o->certificate, &accepted);
	if (r)
		return r;
	question->has_accepted = true;
	memcpy(question->accepted_sha256, accepted.sha256, sizeof(accepted.sha256));
	return 0;
}
