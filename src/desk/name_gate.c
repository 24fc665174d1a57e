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

static int
take_sites(struct request *request, struct id customer, struct known_names *to)
{
	CLEAN(site_list_fini) struct site_list list = { 0 };
	struct page page = { .limit = SITES_KNOWN };
	int r = store_site_list(request->store, customer, page, &list);

	for (size_t i = 0; r == 0 && i < list.count; i++) {
		struct host_name name;

		if (list.row[i].retired == 0 &&
		    str_copy(str_of(list.row[i].host), name.text, sizeof(name.text)))
			r = error_fold(known_names_add(to, &name));
	}
	return r;
}

/* Of others' domains those are loaded that it lies below, or may be like. */
static int
take_others(struct request *request, struct id customer, const struct host_name *host,
    struct known_names *to)
{
	bool theirs;
	int r = store_domains_of_others(request->store, customer, host->text, &theirs);

	if (r == 0 && theirs)
		return error_fold(known_names_add(to, host));
	return r ? r : store_domains_like(request->store, customer, host->text, to);
}

int
name_gate_judge(struct request *request, const struct service *service,
    const struct host_name *host, struct findings *findings)
{
	CLEAN(known_names_free) struct known_names *domains = known_names_new();
	CLEAN(known_names_free) struct known_names *sites = known_names_new();
	CLEAN(known_names_free) struct known_names *others = known_names_new();
	const struct name_question question = { .service = service_kind_name(service->kind),
		.service_url = service->url,
		.domains = domains,
		.known = sites,
		.others = others };
	struct name_judgement judgement;
	int r = take_domains(request, service->customer, domains);

	if (r == 0)
		r = take_sites(request, service->customer, sites);
	if (r == 0)
		r = take_others(request, service->customer, host, others);
	if (r)
		return r;
	findings->policy = &request->desk->config->severities;
	name_judge_known(&question, host, false, findings, &judgement);
	findings->policy = NULL;
	return 0;
}
