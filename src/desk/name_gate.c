/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/name_gate.h"

#include "base/error.h"
#include "config/config.h"
#include "store/domains.h"

/* Of one customer; further sites are not compared with. */
#define SITES_KNOWN 1000

static int
take_domains(struct request *request, struct id customer, struct known_names *to)
{
	CLEAN(domain_list_fini) struct domain_list list = { 0 };
	int r = store_domains_get(request->store, customer, &list);

	for (size_t i = 0; r == 0 && i < list.count; i++)
		r = error_fold(known_names_add(to, &list.row[i]));
	return r;
}

/* Of a name that was meant for sure people were told all that is told once. */
static bool
was_told(const struct site *site, const struct service *service, const struct known_names *domains)
{
	return id_eq(site->service, service->id) &&
	       (!id_is_none(site->live_order) || known_names_count(domains) == 0 ||
		   known_names_cover(domains, site->host));
}

static int
take_sites(struct request *request, const struct service *service,
    const struct known_names *domains, struct known_names *to, bool *ret_told)
{
	CLEAN(site_list_fini) struct site_list list = { 0 };
	struct page page = { .limit = SITES_KNOWN };
	int r = store_site_list(request->store, service->customer, page, &list);

	for (size_t i = 0; r == 0 && i < list.count; i++) {
		const struct site *site = &list.row[i];
		struct host_name name;

		if (site->retired || !str_copy(str_of(site->host), name.text, sizeof(name.text)))
			continue;
		*ret_told |= was_told(site, service, domains);
		r = error_fold(known_names_add(to, &name));
	}
	return r;
}

/* Of others' domains and sites those are loaded that it lies below, or may be like. A domain with
 * sites that are live has proved that it is meant: nobody is asked twice, nor each customer for its
 * name below the provider's own. */
static int
take_others(struct request *request, struct id customer, const struct host_name *host,
    struct known_names *to)
{
	bool theirs, proved = false;
	int r = store_domains_of_others(request->store, customer, host->text, &theirs);

	if (r == 0 && theirs)
		return error_fold(known_names_add(to, host));
	if (r == 0)
		r = store_domain_is_live(request->store, host->text, &proved);
	return r || proved ? r : store_domains_like(request->store, customer, host->text, to);
}

int
name_gate_judge(struct request *request, const struct service *service, enum order_kind kind,
    const struct host_name *host, struct findings *findings)
{
	CLEAN(known_names_free) struct known_names *domains = known_names_new();
	CLEAN(known_names_free) struct known_names *sites = known_names_new();
	CLEAN(known_names_free) struct known_names *others = known_names_new();
	struct name_question question = { .service = service_kind_name(service->kind),
		.service_url = service->url,
		.protection = service->protection,
		.backend_tls = service->backend_tls,
		.again = kind != ORDER_FIRST,
		.domains = domains,
		.known = sites,
		.others = others };
	struct name_judgement judgement;
	int r = take_domains(request, service->customer, domains);

	if (r == 0)
		r = take_sites(request, service, domains, sites, &question.again);
	if (r == 0)
		r = take_others(request, service->customer, host, others);
	if (r)
		return r;
	findings->policy = &request->desk->config->severities;
	name_judge_known(&question, host, false, findings, &judgement);
	findings->policy = NULL;
	return 0;
}
