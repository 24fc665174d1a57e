/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/route.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "desk/answer.h"
#include "desk/handlers.h"
#include "sys/log.h"

#define PREFIX STR("/api/v1")

/* clang-format off */
const struct route routes[] = {
	{ "GET",    "/status",                  false, status_show,        "How certdesk is: processes, queue, orders by stage" },
	{ "GET",    "/metrics",                 false, metrics_show,       "Figures in Prometheus' text format" },
	{ "GET",    "/findings",                true,  catalogue_show,     "The catalogue of findings" },
	{ "GET",    "/customers",               true,  customers_list,     "List customers" },
	{ "POST",   "/customers",               false, customers_add,      "Add a customer" },
	{ "GET",    "/customers/{id}",          true,  customers_show,     "Show a customer" },
	{ "PATCH",  "/customers/{id}",          false, customers_change,   "Change a customer" },
	{ "POST",   "/customers/{id}/mailboxes", false, mailboxes_add,     "Record a count of full-access mailboxes" },
	{ "POST",   "/customers/{id}/waivers",  false, waivers_add,        "Waive the mailbox minimum" },
	{ "GET",    "/customers/{id}/services", true,  services_list,      "List a customer's services" },
	{ "POST",   "/customers/{id}/services", false, services_add,       "Add a service" },
	{ "GET",    "/services/{id}",           true,  services_show,      "Show a service" },
	{ "GET",    "/balancers",               false, balancers_list,     "List the load balancers of the configuration" },
	{ "GET",    "/pools",                   false, pools_list,         "List address pools" },
	{ "POST",   "/pools",                   false, pools_add,          "Add an address pool" },
	{ "GET",    "/orders",                  true,  orders_list,        "List orders" },
	{ "POST",   "/orders",                  true,  orders_add,         "Order a certificate for a host name" },
	{ "GET",    "/orders/{ref}",            true,  orders_show,        "Show an order" },
	{ "GET",    "/orders/{ref}/csr",        true,  orders_csr,         "The certificate signing request" },
	{ "GET",    "/orders/{ref}/certificate", true, orders_certificate, "The accepted certificate" },
	{ "POST",   "/orders/{ref}/certificate", true, certificate_add,    "Deliver the certificate" },
	{ "POST",   "/orders/{ref}/dns-check",  true,  orders_look,        "Look at the DNS now" },
	{ "POST",   "/orders/{ref}/go-on",      false, orders_go_on,       "Let an order that was set aside go on" },
	{ "POST",   "/orders/{ref}/cancel",     true,  orders_cancel,      "Cancel an order, or close its live site" },
	{ "GET",    "/orders/{ref}/findings",   true,  orders_findings,    "Open findings of an order" },
	{ "GET",    "/orders/{ref}/messages",   true,  orders_messages,    "Mails of an order" },
	{ "GET",    "/orders/{ref}/tasks",      false, orders_tasks,       "Open tasks of an order" },
	{ "GET",    "/orders/{ref}/events",     true,  orders_events,      "What happened to an order" },
	{ "GET",    "/orders/{ref}/tests",      true,  orders_tests,       "The latest look at the DNS and the site tests" },
	{ "GET",    "/sites",                   true,  sites_list,         "List sites" },
	{ "GET",    "/sites/{ref}",             true,  sites_show,         "Show a site" },
	{ "GET",    "/events",                  false, events_list,        "The audit log" },
	{ "GET",    "/events/verify",           false, events_verify,      "Verify the audit log's chain" },
	{ "GET",    "/tokens",                  false, tokens_list,        "List API tokens" },
	{ "POST",   "/tokens",                  false, tokens_add,         "Make an API token" },
	{ "DELETE", "/tokens/{id}",             false, tokens_revoke,      "Revoke an API token" },
};
/* clang-format on */
const size_t route_count = COUNT_OF(routes);

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 3986 section 2.1; a NUL or a broken escape is no reference. */
static bool
percent_decode(struct str from, char *to, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < from.len; i++) {
		int c = (unsigned char)from.p[i];

		if (c == '%') {
			int high = i + 2 < from.len ? hex_value(from.p[i + 1]) : -1;
			int low = i + 2 < from.len ? hex_value(from.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = high * 16 + low;
			i += 2;
		}
		if (c == '\0' || len + 1 >= size)
			return false;
		to[len++] = (char)c;
	}
	to[len] = '\0';
	return len > 0;
}

/* Segment by segment; "{…}" takes any one segment. */
static bool
matches(struct str pattern, struct str path, char *ref, size_t size)
{
	struct str want, have;

	ref[0] = '\0';
	for (;;) {
		bool more_wanted = str_next(&pattern, '/', &want), more = str_next(&path, '/', &have);

		if (!more_wanted || !more)
			return more_wanted == more;
		if (want.len > 0 && want.p[0] == '{') {
			if (!percent_decode(have, ref, size))
				return false;
		} else if (!str_eq(want, have)) {
			return false;
		}
	}
}

static const struct route *
find(struct request *request, struct answer *answer, bool *ret_known_path)
{
	struct str path = str_of(request->path);
	const struct route *found = NULL;

	*ret_known_path = false;
	if (!str_starts(path, PREFIX))
		return NULL;
	path = str_drop(path, PREFIX.len);
	for (size_t i = 0; i < route_count && !found; i++) {
		char ref[sizeof(request->ref)];

		if (!matches(str_of(routes[i].path), path, ref, sizeof(ref)))
			continue;
		if (*ret_known_path)
			snprintf(answer->allow + strlen(answer->allow), sizeof(answer->allow) - strlen(answer->allow), ", ");
		*ret_known_path = true;
		snprintf(answer->allow + strlen(answer->allow), sizeof(answer->allow) - strlen(answer->allow), "%s", routes[i].method);
		if (strcmp(routes[i].method, request->method) == 0) {
			found = &routes[i];
			memcpy(request->ref, ref, sizeof(ref));
		}
	}
	if (found)
		answer->allow[0] = '\0';
	return found;
}

static int
know_token(struct request *request, const char *authorization)
{
	struct str given = str_of(authorization);

	if (!str_starts(given, STR("Bearer ")))
		return STORE_E_ABSENT;
	return store_token_find(request->store, str_trim(str_drop(given, 7)), &request->token);
}

static int
hash_request(const struct request *request, uint8_t ret[static 32])
{
	CLEAN(buf_fini) struct buf all = BUF(BODY_MAX + 4096);
	unsigned size = 32;

	buf_printf(&all, "%s %s\n", request->method, request->path);
	buf_put_str(&all, request->body);
	return !buf_failed(&all) && EVP_Digest(all.data, all.len, ret, &size, EVP_sha256(), NULL) == 1 ? 0 : error_origin(EINVAL);
}

static bool
wants_idempotency(const struct request *request)
{
	return request->idempotency_key[0] != '\0' && strcmp(request->method, "POST") == 0;
}

/* The first answer is given again; 1 when it was. */
static int
replay(struct request *request, struct answer *answer, bool *ret_replayed)
{
	CLEAN(buf_fini) struct buf body = BUF(ANSWER_MAX);
	uint8_t hash[32];
	int64_t status = 0;
	int r = hash_request(request, hash);

	*ret_replayed = false;
	if (r)
		return r;
	r = store_answer_find(request->store, request->token.id, request->idempotency_key, hash, &status, &body);
	if (r == STORE_E_ABSENT)
		return 0;
	*ret_replayed = true;
	if (r == STORE_E_TAKEN)
		return answer_problem(answer, 422, "IDEMPOTENCY", "This Idempotency-Key was used for another request.");
	if (r)
		return r;
	answer->replayed = true;
	return answer_text(answer, (int)status, "application/json", buf_str(&body));
}

int
request_commit_at(struct request *request, const struct answer *answer, const char *before, const char *after)
{
	uint8_t hash[32];
	int r;

	if (wants_idempotency(request)) {
		r = hash_request(request, hash);
		if (r == 0)
			r = store_answer_keep(request->store, request->token.id, request->idempotency_key, hash, answer->status,
			    buf_str(&answer->body));
		if (r)
			return r;
	}
	return store_commit_at(request->store, before, after);
}

static int
serve(const struct route *route, struct request *request, struct answer *answer)
{
	char actor[160];
	bool replayed = false;
	int r = 0;

	if (request->token.role == TOKEN_CUSTOMER && !route->for_customers)
		return answer_problem(answer, 403, "NOT_ALLOWED", "This is for the provider's tokens only.");
	if (strlen(request->idempotency_key) > 200)
		return answer_problem(answer, 400, "IDEMPOTENCY", "An Idempotency-Key has at most 200 characters.");
	snprintf(actor, sizeof(actor), "token:%s", request->token.name);
	store_set_actor(request->store, actor);
	if (wants_idempotency(request))
		r = replay(request, answer, &replayed);
	return r || replayed ? r : route->handle(request, answer);
}

void
route_serve(struct request *request, const char *authorization, struct answer *answer)
{
	bool known_path;
	const struct route *route = find(request, answer, &known_path);
	int r = know_token(request, authorization);

	if (r == STORE_E_ABSENT)
		r = answer_problem(answer, 401, "TOKEN", "Send a token: Authorization: Bearer cd_…; `certdesk token add` makes one.");
	else if (r == 0 && !known_path)
		r = answer_not_found(answer, "resource");
	else if (r == 0 && !route)
		r = answer_problem(answer, 405, "METHOD", "%s is not possible here; %s is.", request->method, answer->allow);
	else if (r == 0)
		r = serve(route, request, answer);
	store_abandon(request->store);
	if (r) {
		atomic_fetch_add(&request->desk->faults, 1);
		LOG(LOG_ERROR, "request.fault", LOG_TEXT("path", request->path), LOG_NUMBER("error", r));
		r = answer_fault(answer, r);
	}
	if (r)
		answer->status = 500;
}
