/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/route.h"

#include <stdio.h>

#include "desk/answer.h"
#include "desk/handlers.h"
#include "desk/repeat.h"
#include "sys/log.h"

#define KEY_MOST 200 /* characters of an Idempotency-Key */

/* clang-format off */
const struct route routes[] = {
	{ "GET",    "/status",                    false, "",             status_show,          "How certdesk is: processes, queue, orders by stage" },
	{ "GET",    "/metrics",                   false, "",             metrics_show,         "Figures in Prometheus' text format" },
	{ "GET",    "/findings",                  true,  "",             catalogue_show,       "The catalogue of findings" },
	{ "GET",    "/cas",                       true,  "",             cas_list,             "List certificate authorities, and how orders went there" },
	{ "GET",    "/customers",                 true,  "cursor limit", customers_list,       "List customers" },
	{ "POST",   "/customers",                 false, "",             customers_add,        "Add a customer" },
	{ "GET",    "/customers/{id}",            true,  "",             customers_show,       "Show a customer" },
	{ "PATCH",  "/customers/{id}",            false, "",             customers_change,     "Change a customer" },
	{ "GET",    "/customers/{id}/mailboxes",  true,  "cursor limit", mailboxes_list,       "List the counts of a customer's mailboxes" },
	{ "POST",   "/customers/{id}/mailboxes",  false, "",             mailboxes_add,        "Record a count of full-access mailboxes" },
	{ "GET",    "/customers/{id}/mailboxes/list", true, "count cursor limit", mailboxes_names, "List the mailboxes that were counted" },
	{ "GET",    "/customers/{id}/waivers",    false, "cursor limit", waivers_list,         "List waivers of the mailbox minimum" },
	{ "POST",   "/customers/{id}/waivers",    false, "",             waivers_add,          "Propose to waive the mailbox minimum" },
	{ "POST",   "/waivers/{id}/confirm",      false, "",             waivers_confirm,      "Confirm a waiver that somebody else proposed" },
	{ "GET",    "/customers/{id}/services",   true,  "cursor limit", services_of_customer, "List a customer's services" },
	{ "POST",   "/customers/{id}/services",   false, "",             services_add,         "Add a service" },
	{ "GET",    "/services",                  true,  "customer cursor limit", services_list, "List services" },
	{ "GET",    "/services/{id}",             true,  "",             services_show,        "Show a service" },
	{ "PATCH",  "/services/{id}",             false, "",             services_change,      "Change a service" },
	{ "GET",    "/balancers",                 false, "",             balancers_list,       "List the load balancers of the configuration" },
	{ "GET",    "/balancers/{ref}/surveys",   false, "cursor limit", surveys_list,         "List the surveys of a load balancer" },
	{ "POST",   "/balancers/{ref}/surveys",   false, "",             surveys_add,          "Ask for a survey of a load balancer" },
	{ "GET",    "/surveys/{id}",              false, "",             surveys_show,         "Show a survey" },
	{ "GET",    "/surveys/{id}/rows",         false, "cursor limit", surveys_rows,         "List what a survey found" },
	{ "GET",    "/pools",                     false, "cursor limit", pools_list,           "List address pools" },
	{ "POST",   "/pools",                     false, "",             pools_add,            "Add an address pool" },
	{ "GET",    "/orders",                    true,  "customer stage cursor limit", orders_list, "List orders" },
	{ "POST",   "/orders",                    true,  "",             orders_add,           "Order a certificate for a host name" },
	{ "GET",    "/orders/{ref}",              true,  "",             orders_show,          "Show an order" },
	{ "GET",    "/orders/{ref}/question",     true,  "",             question_show,        "What is odd about an order and has to be confirmed" },
	{ "POST",   "/orders/{ref}/confirm",      true,  "",             orders_confirm,       "Confirm that what is odd is meant" },
	{ "GET",    "/orders/{ref}/cas",          true,  "",             orders_cas,           "List whom an order's certificate may be bought from" },
	{ "POST",   "/orders/{ref}/ca",           true,  "",             orders_buy_at,        "Say where an order's certificate is bought" },
	{ "GET",    "/orders/{ref}/csr",          true,  "",             orders_csr,           "The certificate signing request" },
	{ "GET",    "/orders/{ref}/certificate",  true,  "",             orders_certificate,   "The accepted certificate" },
	{ "POST",   "/orders/{ref}/certificate",  true,  "name accept",  certificate_add,      "Deliver the certificate" },
	{ "GET",    "/orders/{ref}/certificate/review", true, "",       review_show,          "What was delivered and waits to be accepted" },
	{ "POST",   "/orders/{ref}/certificate/accept", true, "",       review_accepted,      "Accept what was delivered" },
	{ "POST",   "/orders/{ref}/approve",      false, "",             orders_approve,       "Approve the installation of an accepted certificate" },
	{ "POST",   "/orders/{ref}/install",      false, "",             orders_install,       "Let an installation through a closed window" },
	{ "POST",   "/orders/{ref}/dns-check",    true,  "",             orders_look,          "Look at the DNS now" },
	{ "POST",   "/orders/{ref}/go-on",        false, "",             orders_go_on,         "Let an order that was set aside go on" },
	{ "POST",   "/orders/{ref}/done",         false, "",             orders_done,          "Say that what waited for people is done" },
	{ "POST",   "/orders/{ref}/cancel",       true,  "",             orders_cancel,        "Cancel an order, or close its live site" },
	{ "GET",    "/orders/{ref}/findings",     true,  "",             orders_findings,      "Open findings of an order" },
	{ "GET",    "/orders/{ref}/messages",     true,  "cursor limit", orders_messages,      "Mails of an order" },
	{ "GET",    "/orders/{ref}/tasks",        false, "",             orders_tasks,         "Open tasks of an order" },
	{ "GET",    "/orders/{ref}/events",       true,  "cursor limit", orders_events,        "What happened to an order" },
	{ "GET",    "/orders/{ref}/tests",        true,  "",             orders_tests,         "The latest looks at DNS and registry, and the site tests" },
	{ "GET",    "/orders/{ref}/plan",         false, "",             orders_plan,          "What an order's installation does on the load balancer" },
	{ "GET",    "/sites",                     true,  "customer cursor limit", sites_list,  "List sites" },
	{ "GET",    "/sites/{ref}",               true,  "",             sites_show,           "Show a site" },
	{ "GET",    "/events",                    false, "cursor limit", events_list,          "The audit log" },
	{ "GET",    "/events/verify",             false, "",             events_verify,        "Verify the audit log's chain" },
	{ "GET",    "/tokens",                    false, "cursor limit", tokens_list,          "List API tokens" },
	{ "POST",   "/tokens",                    false, "",             tokens_add,           "Make an API token" },
	{ "DELETE", "/tokens/{id}",               false, "",             tokens_revoke,        "Revoke an API token" },
};
/* clang-format on */
const size_t route_count = COUNT_OF(routes);

/* Segment by segment; "{…}" takes any one segment that is not empty. */
static bool
matches(struct str pattern, struct str path, char *ref, size_t size)
{
	struct str want, have;

	ref[0] = '\0';
	for (;;) {
		bool more_wanted = str_next(&pattern, '/', &want);
		bool more = str_next(&path, '/', &have);

		if (!more_wanted || !more)
			return more_wanted == more;
		if (want.len > 0 && want.p[0] == '{') {
			if (have.len == 0 || !percent_decode(have, ref, size))
				return false;
		} else if (!str_eq(want, have)) {
			return false;
		}
	}
}

static void
allow(struct answer *answer, const char *method)
{
	size_t len = strlen(answer->allow);

	snprintf(answer->allow + len, sizeof(answer->allow) - len, "%s%s%s", len ? ", " : "",
	    method, strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

/* NULL: no such path (nothing in answer->allow), or not with this method. */
static const struct route *
find(struct request *request, struct answer *answer)
{
	bool head = strcmp(request->method, "HEAD") == 0;
	struct str path = str_of(request->path);
	const struct route *found = NULL;

	if (!str_starts(path, STR(ROUTE_PREFIX)))
		return NULL;
	path = str_drop(path, strlen(ROUTE_PREFIX));
	for (size_t i = 0; i < route_count; i++) {
		char ref[sizeof(request->ref)];

		if (!matches(str_of(routes[i].path), path, ref, sizeof(ref)))
			continue;
		allow(answer, routes[i].method);
		if (strcmp(routes[i].method, head ? "GET" : request->method) == 0) {
			found = &routes[i];
			memcpy(request->ref, ref, sizeof(ref));
		}
	}
	if (answer->allow[0])
		allow(answer, "OPTIONS");
	return found;
}

int
route_know_token(struct request *request)
{
	struct str given = str_of(request->credentials);
	const size_t scheme = strlen("Bearer ");

	if (given.len <= scheme || !str_eq_nocase(str_bytes(given.p, scheme), STR("Bearer ")))
		return STORE_E_ABSENT;
	return store_token_find(request->store, str_trim(str_drop(given, scheme)), &request->token);
}

int
request_commit_at(
    struct request *request, const struct answer *answer, const char *before, const char *after)
{
	int r = repeat_is_wanted(request) ? repeat_keep(request, answer) : 0;

	if (r == 0)
		r = store_commit_at(request->store, before, after);
	request->committed = r == 0;
	return r;
}

static bool
knows_query(const struct route *route, const char *name)
{
	struct str rest = str_of(route->query), known;

	while (str_next(&rest, ' ', &known))
		if (known.len > 0 && str_eq(known, str_of(name)))
			return true;
	return false;
}

/* A parameter nobody reads would be a filter that does not filter. */
static bool
is_query_sound(const struct route *route, const struct request *request, struct answer *answer)
{
	if (request->query_overflow)
		return answer_no(answer, 422, "FIELDS",
		    "The query cannot be read: at most %d parameters of 255 bytes each are taken.",
		    QUERIES_MAX);
	for (size_t i = 0; i < request->query_count; i++)
		if (!knows_query(route, request->query[i].name))
			return answer_no_field(answer, request->query[i].name,
			    route->query[0] ? "There is no such parameter here; there is: %s."
					    : "There are no parameters here.%s",
			    route->query);
	return true;
}

/* Who comes second under the same key, at the same time, loses in the handler: the first one's
 * answer is there by then. */
static int
handle_repeatable(const struct route *route, struct request *request, struct answer *answer)
{
	bool known = false;
	int r = repeat_find(request, answer, &known), again;

	if (r || known)
		return r;
	r = route->handle(request, answer);
	store_abandon(request->store);
	if (request->committed || r < 0)
		return r;
	again = repeat_find(request, answer, &known);
	return again || known ? again : r;
}

static int
serve(const struct route *route, struct request *request, struct answer *answer)
{
	char actor[160];

	if (request->token.role == TOKEN_CUSTOMER && !route->for_customers)
		return answer_problem(
		    answer, 403, "NOT_ALLOWED", "This is for the provider's tokens only.");
	if (!is_query_sound(route, request, answer))
		return 0;
	if (strlen(request->idempotency_key) > KEY_MOST)
		return answer_problem(answer, 400, "IDEMPOTENCY",
		    "An Idempotency-Key has at most %d characters.", KEY_MOST);
	snprintf(actor, sizeof(actor), "token:%s", request->token.name);
	store_set_actor(request->store, actor);
	return repeat_is_wanted(request) ? handle_repeatable(route, request, answer)
	                                 : route->handle(request, answer);
}

static int
serve_path(const struct route *route, struct request *request, struct answer *answer)
{
	if (route) {
		answer->allow[0] = '\0';
		return serve(route, request, answer);
	}
	if (answer->allow[0] == '\0')
		return answer_not_found(answer, "resource");
	if (strcmp(request->method, "OPTIONS") == 0)
		return answer_text(answer, 204, NULL, STR(""));
	return answer_problem(answer, 405, "METHOD", "%.20s is not possible here; %s is.",
	    request->method, answer->allow);
}

void
route_serve(struct request *request, struct answer *answer)
{
	int r = route_know_token(request);

	if (r == STORE_E_ABSENT)
		r = answer_problem(answer, 401, "TOKEN",
		    "Send a token that is not revoked: Authorization: Bearer cd_…; `certdesk token "
		    "add` makes one.");
	else if (r == 0)
		r = serve_path(find(request, answer), request, answer);
	store_abandon(request->store);
	if (r < 0) {
		atomic_fetch_add(&request->desk->faults, 1);
		LOG(LOG_ERROR, "request.fault", LOG_TEXT("path", request->path),
		    LOG_NUMBER("error", r), LOG_TEXT("words", error_words(r)));
	}
	if (r) {
		answer->location[0] = answer->etag[0] = '\0';
		r = answer_fault(answer, r);
	}
	if (r || answer->status == 0)
		answer->status = 500;
}
