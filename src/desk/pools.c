/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pools.h"

#include <errno.h>

#include "desk/handlers.h"
#include "desk/list.h"
#include "desk/window_json.h"

/* clang-format off */
static const struct field fields[] = {
	{ "name",     FIELD_TEXT, 64, true, NULL },
	{ "balancer", FIELD_TEXT, 64, true, NULL },
	{ "prefix",   FIELD_TEXT, 64, true, NULL },
};
/* clang-format on */

static json_t *
pool_json(const struct pool *p)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o}", "id", json_id(p->id),
	    "name", json_text(p->name), "balancer", json_text(p->balancer), "prefix",
	    json_text(p->prefix), "free", (json_int_t)p->free, "reserved", (json_int_t)p->reserved,
	    "in_use", (json_int_t)p->in_use, "quarantine", (json_int_t)p->quarantine, "created",
	    json_when(p->created));
}

static int
add(struct request *request, struct answer *answer, struct pool *p)
{
	int r = store_begin(request->store);

	if (r == 0)
		r = store_pool_add(request->store, p);
	if (r == -E2BIG) {
		(void)answer_no_field(answer, "prefix",
		    "%s has more than 65,536 addresses; make several pools.", p->prefix);
		return 0;
	}
	if (r == STORE_E_TAKEN)
		return answer_problem(answer, 409, "TAKEN",
		    "There is a pool \"%.64s\", or one of its addresses is in another pool.",
		    p->name);
	if (r == 0)
		r = answer_json(answer, 201, pool_json(p));
	return r ? r : request_commit(request, answer, "desk.pool");
}

int
pools_add(struct request *request, struct answer *answer)
{
	CLEAN(form_fini) struct form form = { 0 };
	struct addr_prefix prefix;
	struct pool p = { 0 };

	if (!form_read(request, fields, COUNT_OF(fields), &form, answer))
		return 0;
	form_copy(&form, "name", p.name, sizeof(p.name));
	form_copy(&form, "balancer", p.balancer, sizeof(p.balancer));
	form_copy(&form, "prefix", p.prefix, sizeof(p.prefix));
	if (str_trim(str_of(p.name)).len == 0)
		form_mistake(&form, "name", "A pool needs a name.");
	if (!addr_prefix_parse(str_of(p.prefix), &prefix))
		form_mistake(&form, "prefix",
		    "Needed is a prefix like 192.0.2.0/24, with the host bits 0; found was "
		    "\"%.64s\".",
		    p.prefix);
	if (!config_balancer(request->desk->config, p.balancer))
		form_mistake(
		    &form, "balancer", "There is no \"%.64s\" in the configuration.", p.balancer);
	return form_is_good(&form, answer) ? add(request, answer, &p) : 0;
}

int
pools_list(struct request *request, struct answer *answer)
{
	CLEAN(pool_list_fini) struct pool_list list = { 0 };
	struct page page;
	json_t *items;
	int r;

	if (!request_page(request, answer, &page))
		return 0;
	r = store_pool_list(request->store, page, &list);
	if (r)
		return r;
	items = json_array();
	for (size_t i = 0; i < list.count; i++)
		json_array_append_new(items, pool_json(&list.row[i]));
	return answer_list(
	    answer, items, list.more, list.count ? list.row[list.count - 1].id : ID_NONE);
}

int
balancers_list(struct request *request, struct answer *answer)
{
	const struct config *config = request->desk->config;
	json_t *items = json_array();

	for (size_t i = 0; i < config->balancer_count; i++) {
		json_t *item = json_pack("{s:s, s:s}", "name", config->balancers[i].name, "driver",
		    config->balancers[i].driver);

		window_put_json(request->desk, &config->balancers[i], item);
		json_array_append_new(items, item);
	}
	return answer_list(answer, items, false, ID_NONE);
}
