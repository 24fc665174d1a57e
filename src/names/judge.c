/* SPDX-License-Identifier: Apache-2.0 */
#include "names/judge.h"

#include <stdio.h>

#include "names/parts.h"
#include "order/intake.h"

#define DOMAINS_TOLD   3
#define CONFLICT_LEAST 5 /* letters of a domain's label */

struct trial {
	const struct name_question *question;
	struct findings *findings;
	struct name_judgement *said;
	const char *name;
	bool own; /* known, the host of the service, or below an accepted domain */
};

static bool
is_service_host(const struct name_question *question, const char *name)
{
	struct name_report report;
	struct host_name host;

	return question->service_url[0] &&
	       host_name_parse(str_of(question->service_url), &host, &report) == 0 &&
	       strcmp(host.text, name) == 0;
}

static bool
has_domains(const struct name_question *question)
{
	return question->domains && known_names_count(question->domains) > 0;
}

static struct finding *
say(struct trial *t, enum finding_code code)
{
	struct finding *f = findings_add(t->findings, code, "host");

	finding_param(f, "fqdn", "%s", t->name);
	finding_param(f, "domain", "%s", t->said->domain);
	return f;
}

/* ---- alike ---- */

static void
look_among(const struct known_names *known, struct trial *t)
{
	struct name_alike found;

	if (!known)
		return;
	name_alike_find(known, t->name, t->own, &found);
	if (name_alike_is_better(&found, &t->said->alike))
		t->said->alike = found;
}

/* It would be the same question twice. */
static void
drop_www(struct findings *findings)
{
	size_t kept = 0;

	for (size_t i = 0; i < findings->count; i++)
		if (findings->list[i].code != FINDING_FQDN_WWW)
			findings->list[kept++] = findings->list[i];
	findings->count = kept;
}

static bool
is_known(const struct trial *t)
{
	const struct name_question *question = t->question;

	return (question->known && known_names_has(question->known, t->name)) ||
	       (question->domains && known_names_has(question->domains, t->name));
}

/* `refused`: there is nothing to confirm, but something to send instead. */
static bool
judge_alike(struct trial *t, bool refused)
{
	struct name_alike *alike = &t->said->alike;
	struct finding *f;

	if (is_known(t) || is_service_host(t->question, t->name))
		return false;
	if (!name_is_doubled(t->name, alike)) {
		look_among(t->question->domains, t);
		look_among(t->question->known, t);
	}
	if (alike->mistake == MISTAKE_NONE)
		return false;
	if (alike->mistake == MISTAKE_WWW)
		drop_www(t->findings);
	f = say(t, refused ? FINDING_FQDN_MEANT : FINDING_FQDN_ALIKE);
	finding_param(f, "meant", "%s", alike->meant.text);
	finding_param(f, "mistake", "%s", alike->words);
	return true;
}

/* ---- whose ---- */

static void
put_domains(const struct known_names *domains, struct buf *to)
{
	size_t count = known_names_count(domains);

	for (size_t i = 0; i < count && i < DOMAINS_TOLD; i++)
		buf_printf(to, "%s%s", i > 0 ? ", " : "", known_names_at(domains, i));
	if (count > DOMAINS_TOLD)
		buf_printf(to, " and %zu more", count - DOMAINS_TOLD);
}

static void
judge_owner(struct trial *t)
{
	CLEAN(buf_fini) struct buf known = BUF(FINDING_VALUE_SIZE * DOMAINS_TOLD);

	if (t->own || !has_domains(t->question))
		return;
	put_domains(t->question->domains, &known);
	finding_param(say(t, FINDING_FQDN_NOT_YOURS), "known", "%s", buf_text(&known));
}

/* Many firms of one name have it under other endings, with other words, or with a hyphen; and
 * somebody among many has a short one that is a letter away. */
static bool
is_conflict(const struct name_alike *alike)
{
	static const bool usual[MISTAKE_MAX] = { [MISTAKE_NONE] = true,
		[MISTAKE_ENDING] = true,
		[MISTAKE_WORD] = true,
		[MISTAKE_HYPHEN] = true };

	return !usual[alike->mistake] &&
	       (alike->mistake == MISTAKE_LOOK ||
		   name_parts_of(alike->meant.text).label.len >= CONFLICT_LEAST);
}

static void
judge_others(struct trial *t)
{
	const struct known_names *others = t->question->others;
	struct name_alike alike = { 0 };

	if (!others || t->own)
		return;
	if (!known_names_cover(others, t->name))
		name_alike_find(others, t->name, false, &alike);
	if (is_conflict(&alike) || known_names_cover(others, t->name))
		say(t, FINDING_FQDN_OTHERS);
}

/* ---- what its service needs ---- */

/* A host that the domain's mailboxes are found by, and that no site has yet. */
static bool
lacks_autodiscover(const struct trial *t, const char *domain)
{
	struct host_name wanted;
	int len = snprintf(wanted.text, sizeof(wanted.text), "autodiscover.%s", domain);

	return (size_t)len < sizeof(wanted.text) &&
	       !(t->question->known && known_names_has(t->question->known, wanted.text));
}

/* The mail domain to be told of first: the one that the name lies in. Where none is known, it is
 * taken for one. NULL: nothing lacks. */
static const char *
first_to_discover(const struct trial *t)
{
	const struct known_names *domains = t->question->domains;
	const char *own = t->said->domain;

	if (!has_domains(t->question) || known_names_has(domains, own))
		if (own[0] && lacks_autodiscover(t, own))
			return own;
	for (size_t i = 0; has_domains(t->question) && i < known_names_count(domains); i++)
		if (lacks_autodiscover(t, known_names_at(domains, i)))
			return known_names_at(domains, i);
	return NULL;
}

/* "; the same holds for contoso.at, contoso.de" */
static void
put_more_to_discover(const struct trial *t, const char *first, struct buf *to)
{
	CLEAN(known_names_free) struct known_names *more = known_names_new();
	const struct known_names *domains = t->question->domains;

	for (size_t i = 0; has_domains(t->question) && i < known_names_count(domains); i++) {
		const char *domain = known_names_at(domains, i);
		struct host_name name;

		if (strcmp(domain, first) != 0 && lacks_autodiscover(t, domain) &&
		    str_copy(str_of(domain), name.text, sizeof(name.text)))
			(void)!known_names_add(more, &name);
	}
	if (known_names_count(more) == 0)
		return;
	buf_printf(to, "; the same holds for ");
	put_domains(more, to);
}

static void
judge_autodiscover(struct trial *t)
{
	CLEAN(buf_fini) struct buf more = BUF(FINDING_VALUE_SIZE * DOMAINS_TOLD);
	const char *domain = first_to_discover(t);
	struct finding *f;

	/* the record would name a host that may not be the one */
	if (!domain || t->question->again || t->said->alike.mistake != MISTAKE_NONE ||
	    str_starts(str_of(t->name), STR("autodiscover.")))
		return;
	put_more_to_discover(t, domain, &more);
	f = findings_add(t->findings, FINDING_AUTODISCOVER_MISSING, "host");
	finding_param(f, "fqdn", "%s", t->name);
	finding_param(f, "domain", "%s", domain);
	finding_param(f, "more", "%s", buf_text(&more));
}

static void
judge_protection(struct trial *t)
{
	const struct name_question *question = t->question;

	if (question->protection == TOLD_ON)
		say(t, question->backend_tls == TOLD_OFF ? FINDING_PROTECTION_OFFLOAD
							 : FINDING_PROTECTION_ON);
	else if (question->protection == TOLD_UNKNOWN && !question->again)
		say(t, FINDING_PROTECTION_UNKNOWN);
}

static void
judge_service(struct trial *t)
{
	if (strcmp(t->question->service, "owa") != 0)
		return;
	judge_autodiscover(t);
	judge_protection(t);
}

void
name_judge_known(const struct name_question *question, const struct host_name *name, bool refused,
    struct findings *findings, struct name_judgement *ret)
{
	struct trial t = { .question = question, .findings = findings, .said = ret };

	*ret = (struct name_judgement){ .host = *name };
	t.name = ret->host.text;
	(void)str_copy(name_parts_of(t.name).domain, ret->domain, sizeof(ret->domain));
	t.own = is_service_host(question, t.name) || is_known(&t) ||
	        (question->domains && known_names_cover(question->domains, t.name));
	if (!judge_alike(&t, refused) && !refused) {
		judge_owner(&t);
		judge_others(&t);
	}
	if (!refused)
		judge_service(&t);
}

int
name_judge(
    const struct name_question *question, struct findings *findings, struct name_judgement *ret)
{
	struct name_report report;
	struct host_name name;
	int r =
	    order_intake_name(question->pasted, question->service_url, findings, &name, &report);

	*ret = (struct name_judgement){ 0 };
	/* of one that is refused, what could be read */
	if (r && (!strchr(report.ascii, '.') ||
		     !str_copy(str_of(report.ascii), name.text, sizeof(name.text))))
		name.text[0] = '\0';
	if (name.text[0])
		name_judge_known(question, &name, r != 0, findings, ret);
	if (findings_refuse(findings))
		return NAME_JUDGE_E_REFUSED;
	return findings_block(findings) ? NAME_JUDGE_E_HELD : 0;
}
