/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the provider says before an installation (docs/decisions/0018): a second person approves it,
 * somebody lets it through a closed window.
 */
#include <stdlib.h>

#include "desk/access.h"
#include "desk/answer.h"
#include "desk/handlers.h"
#include "desk/json.h"
#include "desk/order_change.h"
#include "store/certificates.h"
#include "store/sites.h"

/* clang-format off */
static const struct field approve_fields[] = {
	{ "certificate", FIELD_TEXT, 65, true, NULL },
};
static const struct field install_fields[] = {
	{ "now",    FIELD_BOOL, 0,   true, NULL },
	{ "reason", FIELD_TEXT, 256, true, NULL },
};
/* clang-format on */

/* Has it approved what it looked at? (docs/decisions/0011) */
static int
is_meant(struct request *request, const struct order *o, struct str sha256, bool *ret)
{
	CLEAN(buf_fini) struct buf is = BUF(80);
	struct certificate c;
	int r = store_certificate_get(request->store, o->certificate, &c);

	if (r)
		return r;
	buf_put_hex(&is, c.sha256, sizeof(c.sha256));
	*ret = str_eq(buf_str(&is), sha256);
	return 0;
}

/* A balancer that does not ask for a second person any more takes the first one's word. */
static int
is_second(struct request *request, const struct order *o, bool *ret)
{
	const struct config_balancer *balancer;
	struct site site;
	bool first = false;
	int r = store_site_get(request->store, o->site, &site);

	if (r == 0)
		r = store_order_accepted_by_us(request->store, o->id, &first);
	if (r)
		return r;
	balancer = config_balancer(request->desk->config, site.balancer);
	*ret = !first || (balancer && !balancer->approval);
	return 0;
}

/* Read again under the write lock: what is approved is what is installed. */
static int
approve(struct request *request, struct answer *answer, const struct order *seen, struct str sha256)
{
	bool meant = false, second = false;
	struct order o;
	int r = store_begin(request->store);

	if (r == 0)
		r = store_order_get(request->store, seen->id, &o);
	if (r)
		return r;
	if (!o.facts.fact[FACT_UNAPPROVED])
		return order_change_settle(
		    request, answer, &o, STORE_E_NOT_NOW, "no installation waits for an approval.");
	r = is_meant(request, &o, sha256, &meant);
	if (r == 0)
		r = is_second(request, &o, &second);
	if (r)
		return r;
	if (!meant)
		return answer_problem(answer, 409, "CHANGED",
		    "The certificate to be installed is another one. Look at the order again.");
	if (!second)
		return answer_problem(answer, 403, "SAME_PERSON",
		    "\"%.128s\" accepted this certificate; somebody else of the provider has to "
		    "approve its installation.",
		    request_author(request));
	r = store_order_event(request->store, o.id, EVENT_APPROVED, "");
	return order_change_settle(request, answer, &o, r, "it was approved already.");
}

int
orders_approve(struct request *request, struct answer *answer)
{
	CLEAN(form_fini) struct form form = { 0 };
	struct order o;

	if (!access_order(request, answer, &o) ||
	    !form_read(request, approve_fields, COUNT_OF(approve_fields), &form, answer) ||
	    !form_is_good(&form, answer))
		return 0;
	return approve(request, answer, &o, form_str(&form, "certificate"));
}

static void
put_reason(const struct form *form, struct buf *to)
{
	json_t *detail = json_pack("{s:O}", "reason", json_object_get(form->root, "reason"));
	char *text = json_dumps(detail, JSON_COMPACT);

	json_decref(detail);
	if (!text)
		out_of_memory();
	buf_put_text(to, text);
	free(text);
}

int
orders_install(struct request *request, struct answer *answer)
{
	CLEAN(form_fini) struct form form = { 0 };
	CLEAN(buf_fini) struct buf detail = BUF(4096);
	struct order o;
	int r;

	if (!access_order(request, answer, &o) ||
	    !form_read(request, install_fields, COUNT_OF(install_fields), &form, answer))
		return 0;
	if (form_has(&form, "now") && !form_bool(&form, "now"))
		form_mistake(&form, "now",
		    "Needed is true: without it, it is installed when the load balancer may be changed.");
	if (form_has(&form, "reason") && str_trim(form_str(&form, "reason")).len == 0)
		form_mistake(
		    &form, "reason", "It stands in the audit log: say why it cannot wait.");
	if (!form_is_good(&form, answer))
		return 0;
	put_reason(&form, &detail);
	r = store_begin(request->store);
	if (r == 0)
		r = store_order_let_through(request->store, o.id, buf_text(&detail));
	return order_change_settle(request, answer, &o, r,
	    "nothing of it is due at the load balancer. (What waits for an approval needs that first.)");
}
