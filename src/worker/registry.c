/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "check/owner.h"
#include "check/registration.h"

#define REPORT_MAX (256u * 1024)

void
registration_fini(struct registration *registration)
{
	free(registration->report);
}

static void
put_cache_folder(const struct config *config, char *to, size_t size)
{
	if (*config->rdap_cache)
		snprintf(to, size, "%s", config->rdap_cache);
	else
		snprintf(to, size, "%s/rdap", config->data);
}

/* The order's organization was read when it came in. */
static void
take_subject(const struct order *order, struct subject *ret)
{
	*ret = (struct subject){ 0 };
	(void)str_copy(str_of(order->organization), ret->organization, sizeof(ret->organization));
	(void)str_copy(str_of(order->city), ret->city, sizeof(ret->city));
	(void)str_copy(str_of(order->state), ret->state, sizeof(ret->state));
	(void)str_copy(str_of(order->country), ret->country, sizeof(ret->country));
}

static void
judge(const struct order *order, when now, struct registration *r)
{
	struct owner_comparison comparison;
	struct subject subject;

	registration_judge(r->report, r->domain, now, &r->findings);
	if (r->report->found != RDAP_FOUND)
		return;
	take_subject(order, &subject);
	owner_compare(&subject, r->report, &comparison);
	owner_judge(&subject, r->domain, &comparison, &r->findings);
}

void
registration_ask(struct hand *hand, const struct order *order, struct registration *ret)
{
	const struct config *config = hand->worker->config;
	char cache[CONFIG_PATH_SIZE + 8];
	struct rdap_question question = {
		.domain = ret->domain, .server = "", .bootstrap = "", .cache = cache
	};

	*ret = (struct registration){ .findings.policy = &config->severities };
	if (!*config->rdap_bootstrap ||
	    !host_name_at_registry(order->host, ret->domain, sizeof(ret->domain)))
		return;
	put_cache_folder(config, cache, sizeof(cache));
	question.now = world_now(hand->worker->world);
	ret->report = alloc_zero(sizeof(*ret->report));
	rdap_look(config, &question, ret->report);
	judge(order, question.now, ret);
}

static void
put_words(const struct registration *r, struct buf *to)
{
	const struct finding *first = findings_first(&r->findings);
	when ends = registration_ends(&r->report->domain);
	char words[WHEN_WORDS_SIZE];

	if (first)
		finding_render(first, FINDING_WHAT, to);
	else if (ends)
		buf_printf(to, "%s is registered until %s.", r->domain, when_words(ends, words));
	else
		buf_printf(to, "%s is registered.", r->domain);
}

static int
put_report(const struct registration *r, struct buf *to)
{
	json_t *json = rdap_report_json(r->report);
	char *text;

	json_object_set_new(json, "domain", json_string(r->domain));
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (!text)
		return error_origin(ENOMEM);
	buf_put_text(to, text);
	free(text);
	return buf_failed(to) ? error_origin(EMSGSIZE) : 0;
}

int
registration_keep(struct hand *hand, const struct order *order, struct registration *r)
{
	CLEAN(buf_fini) struct buf words = BUF(4096), report = BUF(REPORT_MAX);
	int e;

	if (!r->report)
		return 0;
	put_words(r, &words);
	e = put_report(r, &report);
	if (e == 0)
		e = store_look_set(hand->store, order->id, LOOK_REGISTRATION,
		    !findings_block(&r->findings), buf_text(&words), buf_str(&report));
	return e ? e
	         : store_findings_replace(hand->store, order->id, GATE_REGISTRATION, &r->findings);
}
