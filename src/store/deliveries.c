/* SPDX-License-Identifier: Apache-2.0 */
#include "store/deliveries.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "store/db.h"
#include "store/detail.h"
#include "store/events.h"
#include "store/orders.h"

#define BYTES_MAX (8u << 20)

static const char *const states[] = {
	[DELIVERED_FETCHING] = "fetching",
	[DELIVERED_REVIEW] = "review",
	[DELIVERED_ACCEPTED] = "accepted",
	[DELIVERED_DISCARDED] = "discarded",
};
static_assert(COUNT_OF(states) == DELIVERED_STATE_MAX, "a name for each state");

const char *
delivered_state_name(enum delivered_state state)
{
	return (size_t)state < COUNT_OF(states) ? states[state] : "unknown";
}

void
delivered_bytes_init(struct delivered_bytes *bytes)
{
	*bytes = (struct delivered_bytes){ .leaf = BUF(BYTES_MAX),
		.chain = BUF(BYTES_MAX),
		.wrapped = BUF(BYTES_MAX),
		.differences = BUF(BYTES_MAX),
		.given = BUF(BYTES_MAX) };
}

void
delivered_bytes_fini(struct delivered_bytes *bytes)
{
	buf_fini(&bytes->leaf);
	buf_fini(&bytes->chain);
	buf_fini(&bytes->wrapped);
	buf_fini(&bytes->differences);
	buf_fini(&bytes->given);
}

static void
json_free(json_t *json)
{
	json_decref(json);
}
CLEAN_DEFINE(json_free, json_t *);

static json_t *
finding_to_json(const struct finding *finding)
{
	json_t *params = json_object();

	for (size_t i = 0; i < finding->param_count; i++)
		json_object_set_new(
		    params, finding->param[i].name, detail_string(finding->param[i].value));
	return json_pack("{s:s, s:s, s:s, s:o}", "code", finding_rule(finding->code)->code,
	    "severity", severity_name(finding->severity), "field", finding->field, "params",
	    params);
}

static int
findings_to_json(const struct findings *findings, struct buf *to)
{
	CLEAN(json_free) json_t *list = json_array();
	char *text;

	for (size_t i = 0; i < findings->count; i++)
		json_array_append_new(list, finding_to_json(&findings->list[i]));
	text = json_dumps(list, JSON_COMPACT);
	if (!text)
		return error_origin(ENOMEM);
	buf_put_text(to, text);
	free(text);
	return buf_failed(to) ? error_origin(EMSGSIZE) : 0;
}

static bool
finding_from_json(const json_t *from, struct finding *to)
{
	const char *code = json_string_value(json_object_get(from, "code")),
		   *severity = json_string_value(json_object_get(from, "severity")),
		   *field = json_string_value(json_object_get(from, "field")), *name;
	json_t *value;

	*to = (struct finding){ 0 };
	if (!code || !severity || !field || !finding_code_parse(str_of(code), &to->code) ||
	    !severity_parse(str_of(severity), &to->severity) ||
	    !str_copy(str_of(field), to->field, sizeof(to->field)))
		return false;
	json_object_foreach(json_object_get(from, "params"), name, value)
	    finding_param(to, name, "%s", json_string_value(value));
	return true;
}

static int
findings_from_json(struct str text, struct findings *to)
{
	CLEAN(json_free) json_t *list = json_loadb(text.p, text.len, 0, NULL);
	size_t i;
	json_t *item;

	*to = (struct findings){ 0 };
	if (!json_is_array(list) || json_array_size(list) > FINDINGS_MAX)
		return error_origin(EBADMSG);
	json_array_foreach(list, i, item)
	{
		if (!finding_from_json(item, &to->list[i]))
			return error_origin(EBADMSG);
		to->count++;
	}
	return 0;
}

int
store_delivered_drop(struct store *s, struct id order)
{
	struct delivered open;
	int r = store_delivered_open(s, order, &open);

	if (r)
		return r == STORE_E_ABSENT ? 0 : r;
	return store_delivered_end(s, open.id, DELIVERED_DISCARDED);
}

static int
insert(struct store *s, const struct delivered *d, const struct delivered_bytes *bytes,
    struct str findings)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO deliveries (id, order_id, state, container, accept_clean, review, sha256, serial, subject, issuer, names,"
	    " chain_length, not_before, not_after, leaf, chain, given, findings, differences, created, ended,"
	    " key, key_kind, key_spki, key_wrapped)"
	    " VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$20,$19,0,$21,$22,$23,$24)");

	query_id(&q, 1, d->id);
	query_id(&q, 2, d->order);
	query_text(&q, 3, delivered_state_name(d->state));
	query_text(&q, 4, d->container);
	query_int(&q, 5, d->accept_clean);
	query_blob(&q, 6, str_bytes(d->review, sizeof(d->review)));
	query_blob(&q, 7, str_bytes(d->sha256, sizeof(d->sha256)));
	query_text(&q, 8, d->serial);
	query_text(&q, 9, d->subject);
	query_text(&q, 10, d->issuer);
	query_text(&q, 11, d->names);
	query_int(&q, 12, d->chain_length);
	query_int(&q, 13, d->not_before);
	query_int(&q, 14, d->not_after);
	query_blob(&q, 15, buf_str(&bytes->leaf));
	query_blob(&q, 16, buf_str(&bytes->chain));
	query_blob(&q, 17, buf_str(&bytes->given));
	query_str(&q, 18, findings);
	query_int(&q, 19, d->created);
	query_str(&q, 20, buf_str(&bytes->differences));
	query_id(&q, 21, d->key);
	query_text(&q, 22, id_is_none(d->key) ? "" : key_kind_name(d->key_kind));
	query_blob(&q, 23, str_bytes(d->key_spki, id_is_none(d->key) ? 0 : sizeof(d->key_spki)));
	query_blob(&q, 24, buf_str(&bytes->wrapped));
	return query_run(&q);
}

int
store_delivered_add(struct store *s, struct delivered *d, const struct delivered_bytes *bytes,
    const struct findings *findings)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 20);
	int r = findings_to_json(findings, &text);

	if (r == 0)
		r = store_delivered_drop(s, d->order); /* the next one takes its place */
	if (r)
		return r;
	d->id = db_id(s);
	d->created = world_now(s->world);
	d->ended = 0;
	return insert(s, d, bytes, buf_str(&text));
}

#define DELIVERED_COLUMNS                                                                        \
	"id, order_id, state, container, accept_clean, review, sha256, serial, subject, issuer," \
	" names, chain_length, not_before, not_after, created, ended, by_mail, key, key_kind, key_spki"

static int
read_key(struct query *q, struct delivered *to)
{
	char kind[32] = "";

	to->key = column_id(q);
	column_text(q, kind, sizeof(kind));
	if (id_is_none(to->key))
		return 0;
	column_bytes(q, to->key_spki, sizeof(to->key_spki));
	return key_kind_parse(str_of(kind), &to->key_kind) ? 0 : error_origin(EBADMSG);
}

static int
read_delivered(struct query *q, struct delivered *ret)
{
	struct delivered d = { 0 };
	int r = query_row(q);

	if (r)
		return r;
	d.id = column_id(q);
	d.order = column_id(q);
	d.state = (enum delivered_state)column_name(q, states, COUNT_OF(states));
	column_text(q, d.container, sizeof(d.container));
	d.accept_clean = column_bool(q);
	column_bytes(q, d.review, sizeof(d.review));
	column_bytes(q, d.sha256, sizeof(d.sha256));
	column_text(q, d.serial, sizeof(d.serial));
	column_text(q, d.subject, sizeof(d.subject));
	column_text(q, d.issuer, sizeof(d.issuer));
	column_text(q, d.names, sizeof(d.names));
	d.chain_length = column_int(q);
	d.not_before = column_int(q);
	d.not_after = column_int(q);
	d.created = column_int(q);
	d.ended = column_int(q);
	d.by_mail = column_bool(q);
	r = read_key(q, &d);
	if (r)
		return r;
	r = query_result(q);
	if (r == 0)
		*ret = d;
	return r;
}

int
store_delivered_open(struct store *s, struct id order, struct delivered *ret)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "SELECT " DELIVERED_COLUMNS " FROM deliveries WHERE order_id=$1 AND ended=0");

	query_id(&q, 1, order);
	return read_delivered(&q, ret);
}

int
store_delivered_latest(struct store *s, struct id order, struct delivered *ret)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT " DELIVERED_COLUMNS
				  " FROM deliveries WHERE order_id=$1 ORDER BY id DESC LIMIT 1");

	query_id(&q, 1, order);
	return read_delivered(&q, ret);
}

int
store_delivered_by_mail(struct store *s, struct id id)
{
	CLEAN(query_end)
	struct query q = query(s, "UPDATE deliveries SET by_mail=1 WHERE id=$1 AND state=$2");

	query_id(&q, 1, id);
	query_text(&q, 2, delivered_state_name(DELIVERED_FETCHING));
	return query_one(&q);
}

int
store_delivered_refuse(struct store *s, struct id id, const struct findings *findings)
{
	CLEAN(query_end)
	struct query q = query(s, "UPDATE deliveries SET findings=$2 WHERE id=$1");
	CLEAN(buf_fini) struct buf text = BUF(1 << 20);
	int r = findings_to_json(findings, &text);

	if (r)
		return r;
	query_id(&q, 1, id);
	query_str(&q, 2, buf_str(&text));
	r = query_one(&q);
	return r ? r : store_delivered_end(s, id, DELIVERED_DISCARDED);
}

int
store_delivered_bytes(struct store *s, struct id id, struct delivered_bytes *ret)
{
	CLEAN(query_end)
	struct query q = query(
	    s, "SELECT leaf, chain, key_wrapped, given, differences FROM deliveries WHERE id=$1");
	int r;

	query_id(&q, 1, id);
	r = query_row(&q);
	if (r)
		return r;
	column_buf(&q, &ret->leaf);
	column_buf(&q, &ret->chain);
	column_buf(&q, &ret->wrapped);
	column_buf(&q, &ret->given);
	column_buf(&q, &ret->differences);
	return query_result(&q);
}

int
store_delivered_findings(struct store *s, struct id id, struct findings *ret)
{
	CLEAN(query_end) struct query q = query(s, "SELECT findings FROM deliveries WHERE id=$1");
	int r;

	query_id(&q, 1, id);
	r = query_row(&q);
	return r ? r : findings_from_json(column_str(&q), ret);
}

static int
wipe(struct store *s, struct id id, enum delivered_state state)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "UPDATE deliveries SET state=$2, ended=$3, key_wrapped=NULL WHERE id=$1");

	query_id(&q, 1, id);
	query_text(&q, 2, delivered_state_name(state));
	query_int(&q, 3, world_now(s->world));
	return query_one(&q);
}

static int
key_of(struct store *s, struct id id, struct id *ret_key, struct id *ret_order)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT key, order_id FROM deliveries WHERE id=$1");
	int r;

	query_id(&q, 1, id);
	r = query_row(&q);
	if (r)
		return r;
	*ret_key = column_id(&q);
	*ret_order = column_id(&q);
	return query_result(&q);
}

/* A key that came and went is in the audit log, too. */
int
store_delivered_end(struct store *s, struct id id, enum delivered_state state)
{
	struct id key, order;
	int r = key_of(s, id, &key, &order);

	if (r == 0)
		r = wipe(s, id, state);
	if (r || id_is_none(key) || state != DELIVERED_DISCARDED)
		return r;
	return store_event_add(s, "key.discarded", "key", key, order, "");
}

int
store_delivered_key_offered(
    struct store *s, const struct delivered *d, const char *author, const char *statement)
{
	CLEAN(detail_fini) struct detail detail = { 0 };
	CLEAN(buf_fini) struct buf spki = BUF(2 * sizeof(d->key_spki));

	buf_put_hex(&spki, d->key_spki, sizeof(d->key_spki));
	detail_text(&detail, "author", author);
	detail_text(&detail, "statement", statement);
	detail_text(&detail, "kind", key_kind_name(d->key_kind));
	detail_text(&detail, "spki", buf_text(&spki));
	return detail_event(&detail, s, "key.offered", "key", d->key, d->order);
}
