/* SPDX-License-Identifier: Apache-2.0 */
#include "check/rdap.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "check/fetch.h"
#include "check/rdap_bootstrap.h"
#include "pki/name.h"

#define LOOK_TIME SECONDS(10) /* for one server; registries take their time */
#define WAIT_MOST DAYS(1)     /* however long a server asks to be left alone */

#define NOT_FOUND 404

const char *
rdap_found_name(enum rdap_found found)
{
	static const char *const names[] = {
		[RDAP_FOUND] = "found",
		[RDAP_NO_DOMAIN] = "no_domain",
		[RDAP_NO_SERVICE] = "no_service",
		[RDAP_UNCLEAR] = "unclear",
	};
	static_assert(COUNT_OF(names) == RDAP_FOUND_MAX, "a name for each");

	return (size_t)found < COUNT_OF(names) ? names[found] : "unknown";
}

/* Answers write it with capitals, or with the root's dot; some have it in its own letters alone. */
static bool
is_about(const struct rdap_domain *answer, const char *domain)
{
	struct str name = str_of(answer->ldh_name);
	struct name_report report;
	struct host_name host;

	if (*domain == '\0')
		return true;
	if (name.len == 0)
		return host_name_parse(str_of(answer->unicode_name), &host, &report) == 0 &&
		       strcmp(host.text, domain) == 0;
	if (str_ends(name, STR(".")))
		name.len--;
	return str_eq_nocase(name, str_of(domain));
}

static void
unclear(struct rdap_report *ret, enum outcome_kind kind, const char *words)
{
	ret->found = RDAP_UNCLEAR;
	outcome_set(&ret->what, kind, "%s", words);
}

void
rdap_report_of(struct str answer, const char *domain, struct rdap_report *ret)
{
	const struct rdap_domain *read = &ret->domain;

	rdap_read(answer, &ret->domain);
	ret->found = RDAP_FOUND;
	outcome_set(&ret->what, OUTCOME_DONE, "%s", "");
	if (read->outcome == RDAP_MALFORMED)
		unclear(ret, OUTCOME_REFUSED, "what it answers is no RDAP");
	else if (read->outcome == RDAP_SAYS_ERROR && read->error_code == NOT_FOUND)
		ret->found = RDAP_NO_DOMAIN;
	else if (read->outcome == RDAP_SAYS_ERROR)
		unclear(ret, OUTCOME_REFUSED, "it answers with an error");
	else if (read->outcome == RDAP_NOT_A_DOMAIN)
		unclear(ret, OUTCOME_REFUSED, "what it answers is not about a domain");
	else if (!is_about(read, domain))
		unclear(ret, OUTCOME_REFUSED, "what it answers is about another domain");
}

static void
ask(const struct config *config, const char *url, const struct rdap_question *question,
    struct rdap_report *ret)
{
	CLEAN(buf_fini) struct buf body = BUF(RDAP_ANSWER_MAX);
	const struct fetch_wish wish = { .accept = "application/rdap+json, application/json;q=0.9",
		.secure = true,
		.ca_file = config->rdap_ca_file,
		.time = LOOK_TIME };
	struct fetch_answer answer;

	fetch_get_as(config, &wish, url, &body, &answer, &ret->what);
	if (ret->what.kind == OUTCOME_DONE) {
		rdap_report_of(buf_str(&body), question->domain, ret);
		return;
	}
	ret->found = answer.status == NOT_FOUND ? RDAP_NO_DOMAIN : RDAP_UNCLEAR;
	if (ret->found == RDAP_NO_DOMAIN)
		outcome_set(&ret->what, OUTCOME_DONE, "%s", "");
	else if (answer.wait > 0)
		ret->what.again =
		    question->now + (answer.wait < WAIT_MOST ? answer.wait : WAIT_MOST);
}

static bool
shows_owner(const struct rdap_domain *domain)
{
	return domain->has_registrant &&
	       (*domain->registrant.organization.text || *domain->registrant.name.text);
}

/* RD-01: the thin registries of .com and .net name no owner; the registrar does, if anybody. What
 * state the domain is in the registry knows best. */
static void
ask_registrar(
    const struct config *config, const struct rdap_question *question, struct rdap_report *ret)
{
	struct rdap_report *there;

	if (ret->found != RDAP_FOUND || shows_owner(&ret->domain) || !*ret->domain.related ||
	    !str_starts(str_of(ret->domain.related), STR("https://")) ||
	    strcmp(ret->domain.related, ret->url) == 0)
		return;
	there = alloc_zero(sizeof(*there));
	(void)str_copy(str_of(ret->domain.related), ret->registrar_url, sizeof(ret->registrar_url));
	ask(config, ret->registrar_url, question, there);
	if (there->found == RDAP_FOUND && there->domain.has_registrant) {
		ret->by_registrar = true;
		ret->domain.has_registrant = true;
		ret->domain.registrant = there->domain.registrant;
	}
	free(there);
}

/* False: `ret` says why there is none. */
static bool
find_server(const struct config *config, const struct rdap_question *question, char *base,
    size_t size, struct rdap_report *ret)
{
	CLEAN(buf_fini) struct buf file = BUF(RDAP_BOOTSTRAP_MAX);
	const char *from = *question->bootstrap ? question->bootstrap : config->rdap_bootstrap;
	struct outcome what;
	int r;

	if (*question->server) {
		int len = snprintf(base, size, "%s%s", question->server,
		    str_ends(str_of(question->server), STR("/")) ? "" : "/");

		if (len > 0 && (size_t)len < size)
			return true;
		unclear(ret, OUTCOME_REFUSED, "the server's address is too long");
		return false;
	}
	if (!*from) {
		unclear(ret, OUTCOME_REFUSED, "the configuration names no list of registries");
		return false;
	}
	rdap_bootstrap_get(config, from, question->cache, question->now, &file, &what);
	if (what.kind != OUTCOME_DONE) {
		ret->found = RDAP_UNCLEAR;
		outcome_set(
		    &ret->what, what.kind, "the list of registries cannot be read: %s", what.words);
		return false;
	}
	r = rdap_bootstrap_find(buf_str(&file), question->domain, base, size);
	if (r) {
		unclear(ret, OUTCOME_REFUSED, "the registry of this ending has no RDAP server");
		ret->found = RDAP_NO_SERVICE;
	}
	return r == 0;
}

void
rdap_look(
    const struct config *config, const struct rdap_question *question, struct rdap_report *ret)
{
	char base[RDAP_URL_SIZE];
	int len;

	*ret = (struct rdap_report){ .found = RDAP_UNCLEAR };
	if (!find_server(config, question, base, sizeof(base), ret))
		return;
	len = snprintf(ret->url, sizeof(ret->url), "%sdomain/%s", base, question->domain);
	if (len < 0 || (size_t)len >= sizeof(ret->url)) {
		ret->url[0] = '\0';
		unclear(ret, OUTCOME_REFUSED, "the server's address is too long");
		return;
	}
	ask(config, ret->url, question, ret);
	ask_registrar(config, question, ret);
}
