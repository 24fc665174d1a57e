/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tokens.h"

#include <sodium.h>

#include "desk/access.h"
#include "desk/handlers.h"
#include "desk/list.h"

/* clang-format off */
static const struct field fields[] = {
	{ "name",     FIELD_TEXT, 128, true,  NULL },
	{ "role",     FIELD_TEXT, 16,  true,  "provider customer" },
	{ "customer", FIELD_TEXT, 256, false, NULL },
};
/* clang-format on */

static json_t *
token_json(const struct token *t)
{
	return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o}", "id", json_id(t->id), "name",
	    json_text(t->name), "role", token_role_name(t->role), "customer", json_id(t->customer),
	    "created", json_when(t->created), "revoked", json_when(t->revoked));
}

static int
show_once(struct answer *answer, const struct token *t, const char *secret)
{
	json_t *json = token_json(t);

	json_object_set_new(json, "token", json_string(secret));
	return answer_json(answer, 201, json);
}

/* The secret is shown once and stored nowhere: what is kept for the Idempotency-Key is the answer
 * without it. */
static int
add(struct request *request, struct answer *answer, struct token *t)
{
	char secret[TOKEN_SECRET_SIZE];
	int r = store_begin(request->store);

	if (r == 0)
		r = store_token_add(request->store, t, secret);
	if (r == 0)
		r = answer_json(answer, 201, token_json(t));
	if (r == 0)
		r = request_commit(request, answer, "desk.token");
	if (r == 0)
		r = show_once(answer, t, secret);
	sodium_memzero(secret, sizeof(secret));
	return r;
}

int
tokens_add(struct request *request, struct answer *answer)
{
	CLEAN(form_fini) struct form form = { 0 };
	struct token t = { 0 };
	struct customer c;

	if (!form_read(request, fields, COUNT_OF(fields), &form, answer))
		return 0;
	form_copy(&form, "name", t.name, sizeof(t.name));
	(void)token_role_parse(form_str(&form, "role"), &t.role); /* the table has its choices */
	if (str_trim(str_of(t.name)).len == 0)
		form_mistake(&form, "name", "A token needs a name: it is what the audit log says.");
	if ((t.role == TOKEN_CUSTOMER) != form_has(&form, "customer"))
		form_mistake(&form, "customer",
		    "A customer's token names its customer, a provider's does not.");
	if (!form_is_good(&form, answer))
		return 0;
	if (t.role == TOKEN_CUSTOMER) {
		if (!access_customer(request, answer, form_str(&form, "customer"), &c))
			return 0;
		t.customer = c.id;
	}
	return add(request, answer, &t);
}

int
tokens_list(struct request *request, struct answer *answer)
{
	CLEAN(token_list_fini) struct token_list list = { 0 };
	struct page page;
	json_t *items;
	int r;

	if (!request_page(request, answer, &page))
		return 0;
	r = store_token_list(request->store, page, &list);
	if (r)
		return r;
	items = json_array();
	for (size_t i = 0; i < list.count; i++)
		json_array_append_new(items, token_json(&list.row[i]));
	return answer_list(
	    answer, items, list.more, list.count ? list.row[list.count - 1].id : ID_NONE);
}

/* A token cannot revoke itself: so one that may make others is always left. */
int
tokens_revoke(struct request *request, struct answer *answer)
{
	struct id id;
	int r;

	if (!id_parse(str_of(request->ref), &id))
		return answer_not_found(answer, "token");
	if (id_eq(id, request->token.id))
		return answer_problem(answer, 409, "OWN_TOKEN",
		    "A token cannot revoke itself; use another one for it.");
	r = store_begin(request->store);
	if (r == 0)
		r = store_token_revoke(request->store, id);
	if (r == 0)
		r = answer_json(
		    answer, 200, json_pack("{s:o, s:b}", "id", json_id(id), "revoked", 1));
	return r ? r : request_commit(request, answer, "desk.token_revoked");
}
