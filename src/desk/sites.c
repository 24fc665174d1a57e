/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/access.h"
#include "desk/handlers.h"
#include "desk/list.h"

static json_t *
site_json(const struct request *request, const struct site *t)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
	    json_id(t->id), "customer", json_id(t->customer), "service", json_id(t->service),
	    "host", t->host, "address",
	    t->address_text[0] ? json_string(t->address_text) : json_null(), "balancer",
	    json_inside(request, t->balancer), "certificate", json_id(t->certificate), "order",
	    json_id(t->live_order), "not_after", json_when(t->not_after), "created",
	    json_when(t->created), "retired", json_when(t->retired));
}

int
sites_list(struct request *request, struct answer *answer)
{
	CLEAN(site_list_fini) struct site_list list = { 0 };
	struct id customer;
	struct page page;
	json_t *items;
	int r;

	if (!access_list(request, answer, &customer) || !request_page(request, answer, &page))
		return 0;
	r = store_site_list(request->store, customer, page, &list);
	if (r)
		return r;
	items = json_array();
	for (size_t i = 0; i < list.count; i++)
		json_array_append_new(items, site_json(request, &list.row[i]));
	return answer_list(
	    answer, items, list.more, list.count ? list.row[list.count - 1].id : ID_NONE);
}

int
sites_show(struct request *request, struct answer *answer)
{
	struct site t;

	return access_site(request, answer, &t) ? answer_json(answer, 200, site_json(request, &t))
	                                        : 0;
}
