/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The question before the purchase (docs/decisions/0024): what is odd about an order, under a number
 * that names exactly this; who says that it is meant says the number again.
 */
#include <stdlib.h>

#include "desk/access.h"
#include "desk/answer.h"
#include "desk/handlers.h"
#include "desk/json.h"
#include "desk/order_change.h"
#include "names/spell.h"
#include "review/doubt.h"

/* clang-format off */
static const struct field fields[] = {
	{ "question", FIELD_TEXT, 65, true, NULL },
};
/* clang-format on */

static json_t *
letters_json(const char *host)
{
	struct name_letter letters[sizeof(((struct host_name *)0)->text)];
	size_t count = name_spell_letters(host, letters, COUNT_OF(letters));
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(
		    list, json_pack("{s:o, s:o}", "letter", json_text(letters[i].text), "script",
			      json_text(letters[i].script)));
	return list;
}

static json_t *
question_json(const struct order *o, const struct doubt *doubt)
{
	return json_pack("{s:o, s:s, s:o, s:s, s:s, s:s, s:s, s:o}", "question",
	    json_hex(doubt->number, sizeof(doubt->number)), "host", o->host, "letters",
	    letters_json(o->host), "organization", o->organization, "city", o->city, "state",
	    o->state, "country", o->country, "findings", findings_json(&doubt->findings));
}

int
question_show(struct request *request, struct answer *answer)
{
	struct doubt *doubt;
	struct order o;
	int r;

	if (!access_order(request, answer, &o))
		return 0;
	if (!o.facts.fact[FACT_DOUBTED])
		return answer_problem(
		    answer, 404, "NO_QUESTION", "Nothing about this order has to be confirmed.");
	doubt = alloc_zero(sizeof(*doubt));
	r = doubt_read(request->store, &o, doubt);
	if (r == 0)
		r = answer_json(answer, 200, question_json(&o, doubt));
	free(doubt);
	return r;
}

static bool
is_number_of(const struct doubt *doubt, struct str number)
{
	CLEAN(buf_fini) struct buf is = BUF(80);

	buf_put_hex(&is, doubt->number, sizeof(doubt->number));
	return str_eq(buf_str(&is), number);
}

static int
settle(struct request *request, struct answer *answer, const struct order *o,
    const struct doubt *doubt, struct str number)
{
	int r;

	if (!request_is_provider(request) && doubt_is_the_providers(doubt))
		return answer_problem(answer, 403, "PROVIDER_ONLY",
		    "This has to be decided by the provider, who was told of it.");
	if (!is_number_of(doubt, number))
		return answer_problem(answer, 409, "CHANGED",
		    "What is to be confirmed has changed meanwhile. Look at it again.");
	r = store_order_event(request->store, o->id, EVENT_ASSURED, "");
	return order_change_settle(request, answer, o, r, "it was confirmed already.");
}

/* Read again under the write lock: what is confirmed is what was looked at. */
static int
confirm(struct request *request, struct answer *answer, const struct order *seen, struct str number)
{
	struct doubt *doubt;
	struct order o;
	int r = store_begin(request->store);

	if (r == 0)
		r = store_order_get(request->store, seen->id, &o);
	if (r)
		return r;
	if (!o.facts.fact[FACT_DOUBTED])
		return order_change_settle(
		    request, answer, &o, STORE_E_NOT_NOW, "nothing has to be confirmed.");
	doubt = alloc_zero(sizeof(*doubt));
	r = doubt_read(request->store, &o, doubt);
	if (r == 0)
		r = settle(request, answer, &o, doubt, number);
	free(doubt);
	return r;
}

int
orders_confirm(struct request *request, struct answer *answer)
{
	CLEAN(form_fini) struct form form = { 0 };
	struct order o;

	if (!access_order(request, answer, &o) ||
	    !form_read(request, fields, COUNT_OF(fields), &form, answer) ||
	    !form_is_good(&form, answer))
		return 0;
	return confirm(request, answer, &o, form_str(&form, "question"));
}
