/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/access.h"

#include "desk/answer.h"
#include "pki/name.h"

static bool
may_see(const struct request *request, struct id customer)
{
	switch (request->token.role) {
	case TOKEN_PROVIDER:
		return true;
	case TOKEN_CUSTOMER:
		return !id_is_none(request->token.customer) &&
		       id_eq(request->token.customer, customer);
	case TOKEN_ROLE_MAX:
		break;
	}
	return false;
}

/* Absent and foreign are one answer, so that nobody learns what others have. */
static bool
settle(const struct request *request, struct answer *answer, int r, struct id customer,
    const char *what)
{
	if (r == 0 && may_see(request, customer))
		return true;
	if (r != 0 && r != STORE_E_ABSENT)
		return answer_fault_no(answer, r);
	return answer_no(
	    answer, 404, "NOT_FOUND", "There is no such %s, or it is not yours.", what);
}

bool
access_customer(
    struct request *request, struct answer *answer, struct str ref, struct customer *ret)
{
	char name[sizeof(ret->name)];
	int r = STORE_E_ABSENT;
	struct id id;

	if (id_parse(ref, &id))
		r = store_customer_get(request->store, id, ret);
	else if (str_copy(ref, name, sizeof(name)))
		r = store_customer_by_name(request->store, name, ret);
	return settle(request, answer, r, r == 0 ? ret->id : ID_NONE, "customer");
}

bool
access_service(struct request *request, struct answer *answer, struct str ref, struct service *ret)
{
	struct id id;
	int r = id_parse(ref, &id) ? store_service_get(request->store, id, ret) : STORE_E_ABSENT;

	return settle(request, answer, r, r == 0 ? ret->customer : ID_NONE, "service");
}

/* As people write it: capitals and international letters are the same name. */
static bool
read_host(const struct request *request, struct host_name *ret)
{
	struct name_report report;

	return host_name_parse(str_of(request->ref), ret, &report) == 0;
}

bool
access_order(struct request *request, struct answer *answer, struct order *ret)
{
	struct str ref = str_of(request->ref);
	int r = STORE_E_ABSENT;
	struct host_name host;
	int64_t number;
	struct id id;

	if (id_parse(ref, &id))
		r = store_order_get(request->store, id, ret);
	else if (str_to_i64(ref, &number))
		r = store_order_by_number(request->store, number, ret);
	else if (read_host(request, &host))
		r = store_order_by_host(request->store, host.text, ret);
	return settle(request, answer, r, r == 0 ? ret->customer : ID_NONE, "order");
}

bool
access_site(struct request *request, struct answer *answer, struct site *ret)
{
	int r = STORE_E_ABSENT;
	struct host_name host;
	struct id id;

	if (id_parse(str_of(request->ref), &id))
		r = store_site_get(request->store, id, ret);
	else if (read_host(request, &host))
		r = store_site_by_host(request->store, host.text, ret);
	return settle(request, answer, r, r == 0 ? ret->customer : ID_NONE, "site");
}

bool
access_list(struct request *request, struct answer *answer, struct id *ret_customer)
{
	const char *asked = request_query(request, "customer");
	struct customer c;

	*ret_customer = ID_NONE;
	if (!asked && request_is_provider(request))
		return true;
	if (!asked) {
		*ret_customer = request->token.customer;
		return !id_is_none(*ret_customer) ||
		       answer_no(answer, 404, "NOT_FOUND", "There is no such customer.");
	}
	if (!access_customer(request, answer, str_of(asked), &c))
		return false;
	*ret_customer = c.id;
	return true;
}
