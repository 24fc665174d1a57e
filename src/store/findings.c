/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "store/detail.h"
#include "store/lists.h"
#include "store/orders.h"

void
found_list_fini(struct found_list *list)
{
	free(list->row);
	*list = (struct found_list){ 0 };
}

int
finding_params_to_json(const struct finding *finding, struct buf *to)
{
	json_t *object = json_object();
	char *text = NULL;

	for (size_t i = 0; object && i < finding->param_count; i++)
		if (json_object_set_new(object, finding->param[i].name,
			detail_string(finding->param[i].value)) != 0) {
			json_decref(object);
			return error_origin(EILSEQ);
		}
	if (object)
		text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (!text)
		return error_origin(ENOMEM);
	buf_put_text(to, text);
	free(text);
	return 0;
}

int
finding_params_from_json(struct str json, struct finding *finding)
{
	json_t *object = json_loadb(json.p, json.len, JSON_REJECT_DUPLICATES, NULL), *value;
	const char *name;
	int r = json_is_object(object) ? 0 : error_origin(EBADMSG);

	finding->param_count = 0;
	json_object_foreach(object, name, value)
	{
		if (finding->param_count == FINDING_PARAMS_MAX || !json_is_string(value)) {
			r = error_origin(EBADMSG);
			break;
		}
		finding_param(finding, name, "%s", json_string_value(value));
	}
	json_decref(object);
	return r;
}

static int
close_gate(struct store *s, struct id order, enum gate gate)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "UPDATE findings SET closed=$3 WHERE order_id=$1 AND gate=$2 AND closed=0");

	query_id(&q, 1, order);
	query_text(&q, 2, gate_name(gate));
	query_int(&q, 3, world_now(s->world));
	return query_run(&q);
}

static int
add(struct store *s, struct id order, enum gate gate, const struct finding *finding)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO findings (id, order_id, gate, code, severity, field, params, found, closed) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,0)");
	CLEAN(buf_fini) struct buf params = BUF(1 << 16);
	int r = finding_params_to_json(finding, &params);

	if (r)
		return r;
	query_id(&q, 1, db_id(s));
	query_id(&q, 2, order);
	query_text(&q, 3, gate_name(gate));
	query_text(&q, 4, finding_rule(finding->code)->code);
	query_text(&q, 5, severity_name(finding->severity));
	query_text(&q, 6, finding->field);
	query_str(&q, 7, buf_str(&params));
	query_int(&q, 8, world_now(s->world));
	return query_run(&q);
}

/* The row says what *finding says. */
static int
compare(struct query *q, const struct finding *finding, bool *ret_same)
{
	CLEAN(buf_fini) struct buf params = BUF(1 << 16);
	struct str code = column_str(q), severity = column_str(q), field = column_str(q),
		   is = column_str(q);
	int r = finding_params_to_json(finding, &params);

	if (r)
		return r;
	*ret_same = str_eq(code, str_of(finding_rule(finding->code)->code)) &&
	            str_eq(severity, str_of(severity_name(finding->severity))) &&
	            str_eq(field, str_of(finding->field)) && str_eq(is, buf_str(&params));
	return 0;
}

/* An order that waits is looked at every hour: while its findings stay the same no rows are
 * written, and each keeps the time since when it is so. */
static int
are_open(
    struct store *s, struct id order, enum gate gate, const struct findings *findings, bool *ret)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT code, severity, field, params FROM findings WHERE order_id=$1 AND gate=$2 AND closed=0 ORDER BY id");
	size_t count = 0;
	bool same = true;
	int r;

	query_id(&q, 1, order);
	query_text(&q, 2, gate_name(gate));
	for (; (r = query_row(&q)) == 0 && same; count++) {
		same = count < findings->count;
		r = same ? compare(&q, &findings->list[count], &same) : 0;
		if (r)
			return r;
	}
	if (r == 0 || r == STORE_E_ABSENT)
		*ret = same && count == findings->count;
	return r == STORE_E_ABSENT ? 0 : r;
}

int
store_findings_replace(
    struct store *s, struct id order, enum gate gate, const struct findings *findings)
{
	bool same = false;
	int r = are_open(s, order, gate, findings, &same);

	if (r == 0 && !same)
		r = close_gate(s, order, gate);
	for (size_t i = 0; r == 0 && !same && i < findings->count; i++)
		r = add(s, order, gate, &findings->list[i]);
	return r;
}

static void
read_found(struct query *q, void *row)
{
	CLEAN(buf_fini) struct buf params = BUF(1 << 16);
	struct found *f = row;
	char gate[32], code[64], severity[16];

	f->id = column_id(q);
	f->order = column_id(q);
	column_text(q, gate, sizeof(gate));
	column_text(q, code, sizeof(code));
	column_text(q, severity, sizeof(severity));
	column_text(q, f->finding.field, sizeof(f->finding.field));
	column_buf(q, &params);
	f->found = column_int(q);
	f->closed = column_int(q);
	if (!gate_parse(str_of(gate), &f->gate) ||
	    !finding_code_parse(str_of(code), &f->finding.code) ||
	    !severity_parse(str_of(severity), &f->finding.severity) ||
	    finding_params_from_json(buf_str(&params), &f->finding) != 0)
		q->error = error_origin(EBADMSG);
}

int
store_findings_open(struct store *s, struct id order, struct found_list *ret)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT id, order_id, gate, code, severity, field, params, found, closed FROM findings WHERE order_id=$1 AND closed=0 ORDER BY id LIMIT $2");
	struct rows rows;
	int r;

	query_id(&q, 1, order);
	query_int(&q, 2, LIST_LIMIT_MAX + 1);
	r = list_read(&q, sizeof(struct found), LIST_LIMIT_MAX, read_found, &rows);
	if (r == 0)
		*ret =
		    (struct found_list){ .row = rows.row, .count = rows.count, .more = rows.more };
	return r;
}
