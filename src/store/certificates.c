/* SPDX-License-Identifier: Apache-2.0 */
#include "store/certificates.h"

#include <assert.h>

#include "store/db.h"
#include "store/events.h"

static const char *const states[] = {
	[INSTALLATION_PLANNED] = "planned",
	[INSTALLATION_BY_HAND] = "by_hand",
	[INSTALLATION_APPLIED] = "applied",
	[INSTALLATION_VERIFIED] = "verified",
	[INSTALLATION_ROLLED_BACK] = "rolled_back",
	[INSTALLATION_REMOVED] = "removed",
};
static_assert(COUNT_OF(states) == INSTALLATION_STATE_MAX, "a name for each state");

#define INSTALLATION_COLUMNS \
	"id, order_id, site, certificate, key, balancer, state, words, planned, changed"

const char *
installation_state_name(enum installation_state state)
{
	return (size_t)state < COUNT_OF(states) ? states[state] : "unknown";
}

int
store_certificate_add(struct store *s, struct certificate *c, struct str leaf, struct str chain)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO certificates (id, order_id, site, key, sha256, serial, subject, issuer, names, chain_length, not_before, not_after,"
	    " accepted, leaf, chain) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)");
	int r;

	c->id = db_id(s);
	c->accepted = world_now(s->world);
	query_id(&q, 1, c->id);
	query_id(&q, 2, c->order);
	query_id(&q, 3, c->site);
	query_id(&q, 4, c->key);
	query_blob(&q, 5, str_bytes(c->sha256, sizeof(c->sha256)));
	query_text(&q, 6, c->serial);
	query_text(&q, 7, c->subject);
	query_text(&q, 8, c->issuer);
	query_text(&q, 9, c->names);
	query_int(&q, 10, c->chain_length);
	query_int(&q, 11, c->not_before);
	query_int(&q, 12, c->not_after);
	query_int(&q, 13, c->accepted);
	query_blob(&q, 14, leaf);
	query_blob(&q, 15, chain);
	r = query_run(&q);
	return r ? r
	         : store_event_add(s, "certificate.accepted", "certificate", c->id, c->order, "");
}

int
store_certificate_get(struct store *s, struct id id, struct certificate *ret)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT id, order_id, site, key, sha256, serial, subject, issuer, names, chain_length, not_before, not_after, accepted"
	    " FROM certificates WHERE id=$1");
	struct certificate c = { 0 };
	int r;

	query_id(&q, 1, id);
	r = query_row(&q);
	if (r)
		return r;
	c.id = column_id(&q);
	c.order = column_id(&q);
	c.site = column_id(&q);
	c.key = column_id(&q);
	column_bytes(&q, c.sha256, sizeof(c.sha256));
	column_text(&q, c.serial, sizeof(c.serial));
	column_text(&q, c.subject, sizeof(c.subject));
	column_text(&q, c.issuer, sizeof(c.issuer));
	column_text(&q, c.names, sizeof(c.names));
	c.chain_length = column_int(&q);
	c.not_before = column_int(&q);
	c.not_after = column_int(&q);
	c.accepted = column_int(&q);
	r = query_result(&q);
	if (r == 0)
		*ret = c;
	return r;
}

int
store_certificate_der(struct store *s, struct id id, struct buf *leaf, struct buf *chain)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT leaf, chain FROM certificates WHERE id=$1");
	int r;

	query_id(&q, 1, id);
	r = query_row(&q);
	if (r)
		return r;
	column_buf(&q, leaf);
	column_buf(&q, chain);
	return query_result(&q);
}

static int
read_installation(struct query *q, struct installation *ret)
{
	struct installation i = { 0 };
	int r = query_row(q);

	if (r)
		return r;
	i.id = column_id(q);
	i.order = column_id(q);
	i.site = column_id(q);
	i.certificate = column_id(q);
	i.key = column_id(q);
	column_text(q, i.balancer, sizeof(i.balancer));
	i.state = (enum installation_state)column_name(q, states, COUNT_OF(states));
	column_text(q, i.words, sizeof(i.words));
	i.planned = column_int(q);
	i.changed = column_int(q);
	r = query_result(q);
	if (r == 0)
		*ret = i;
	return r;
}

int
store_installation_get(struct store *s, struct id id, struct installation *ret)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT " INSTALLATION_COLUMNS " FROM installations WHERE id=$1");

	query_id(&q, 1, id);
	return read_installation(&q, ret);
}

static int
find_installation(
    struct store *s, struct id certificate, const char *balancer, struct installation *ret)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT " INSTALLATION_COLUMNS
				  " FROM installations WHERE certificate=$1 AND balancer=$2");

	query_id(&q, 1, certificate);
	query_text(&q, 2, balancer);
	return read_installation(&q, ret);
}

int
store_installation_plan(struct store *s, struct installation *i)
{
	CLEAN(query_end)
	struct query q = query(s, "INSERT INTO installations (" INSTALLATION_COLUMNS
				  ") VALUES ($1,$2,$3,$4,$5,$6,'planned','',$7,$7)");
	int r = find_installation(s, i->certificate, i->balancer, i);

	if (r != STORE_E_ABSENT)
		return r;
	i->id = db_id(s);
	i->state = INSTALLATION_PLANNED;
	i->planned = i->changed = world_now(s->world);
	query_id(&q, 1, i->id);
	query_id(&q, 2, i->order);
	query_id(&q, 3, i->site);
	query_id(&q, 4, i->certificate);
	query_id(&q, 5, i->key);
	query_text(&q, 6, i->balancer);
	query_int(&q, 7, i->planned);
	r = query_run(&q);
	return r ? r
	         : store_event_add(s, "installation.planned", "installation", i->id, i->order, "");
}

static int
order_of(struct store *s, struct id installation, struct id *ret)
{
	struct installation i;
	int r = store_installation_get(s, installation, &i);

	if (r == 0)
		*ret = i.order;
	return r;
}

int
store_installation_set(
    struct store *s, struct id id, enum installation_state state, const char *words)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "UPDATE installations SET state=$2, words=$3, changed=$4 WHERE id=$1");
	CLEAN(buf_fini) struct buf action = BUF(64);
	struct id order;
	int r = order_of(s, id, &order);

	if (r)
		return r;
	query_id(&q, 1, id);
	query_text(&q, 2, installation_state_name(state));
	query_words(&q, 3, words);
	query_int(&q, 4, world_now(s->world));
	r = query_one(&q);
	buf_printf(&action, "installation.%s", installation_state_name(state));
	return r ? r : store_event_add(s, buf_text(&action), "installation", id, order, "");
}
