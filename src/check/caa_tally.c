/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the entries of one name allow, all of them together (RFC 8659 section 4, RFC 8657). Pure. */
#include <stdio.h>

#include "check/caa_internal.h"

enum caa_tag
caa_property(const struct caa_level *level, const struct caa_question *question)
{
	for (size_t i = 0; question->wildcard && i < level->record_count; i++)
		if (!level->record[i].broken && caa_record_tag(&level->record[i]) == TAG_ISSUEWILD)
			return TAG_ISSUEWILD;
	return TAG_ISSUE;
}

static void
append(char *list, size_t size, struct str what)
{
	size_t len = strlen(list);
	char text[CAA_ISSUER_SIZE];

	str_show(what, text, sizeof(text));
	if (len + strlen(text) + 3 < size)
		snprintf(list + len, size - len, "%s%s", len > 0 ? ", " : "", text);
}

static bool
lists(struct str methods, const char *method)
{
	struct str one;

	while (str_next(&methods, ',', &one))
		if (str_eq(str_trim(one), str_of(method)))
			return true;
	return false;
}

/* RFC 8657: each parameter must fit, and one that is there twice fits nobody. Where nobody knows
 * the account it is taken to fit, and told. */
static bool
fits(const struct caa_question *question, const struct caa_parameter *p)
{
	if (str_eq_nocase(p->tag, STR("accounturi")))
		return !*question->account || str_eq(p->value, str_of(question->account));
	if (str_eq_nocase(p->tag, STR("validationmethods")))
		return !*question->method || lists(p->value, question->method);
	return true;
}

static bool
is_limit(const struct caa_parameter *p)
{
	return str_eq_nocase(p->tag, STR("accounturi")) ||
	       str_eq_nocase(p->tag, STR("validationmethods"));
}

static bool
is_repeated(const struct caa_issuer *issuer, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (str_eq_nocase(issuer->parameter[i].tag, issuer->parameter[at].tag))
			return true;
	return false;
}

static void
count_grant(
    const struct caa_question *question, const struct caa_issuer *issuer, struct caa_tally *tally)
{
	bool fit = true;
	char limits[sizeof(tally->limits)] = "";

	for (size_t i = 0; i < issuer->parameter_count; i++) {
		const struct caa_parameter *p = &issuer->parameter[i];
		char text[sizeof(limits) / 2]; /* the first one is told, however long */

		if (!is_limit(p))
			continue;
		fit &= fits(question, p) && !is_repeated(issuer, i);
		snprintf(text, sizeof(text), "%.*s=%.*s", STR_ARG(p->tag), STR_ARG(p->value));
		append(limits, sizeof(limits), str_of(text));
	}
	if (tally->granted && !*tally->limits) /* it is allowed without limits already */
		return;
	if (fit || !tally->granted)
		(void)str_copy(str_of(limits), tally->limits, sizeof(tally->limits));
	tally->granted |= fit;
	tally->limited |= !fit;
}

static void
count_issuer(
    const struct caa_question *question, const struct caa_record *record, struct caa_tally *tally)
{
	struct caa_issuer issuer;

	tally->counted++;
	if (!caa_issuer_read(record->value, &issuer)) {
		tally->unread = record;
		return;
	}
	if (issuer.domain.len == 0)
		return;
	append(tally->allowed, sizeof(tally->allowed), issuer.domain);
	if (tally->issuer_count < CAA_LINES_MAX && issuer.domain.len < CA_TEXT_SIZE)
		str_show(issuer.domain, tally->issuer[tally->issuer_count++], CA_TEXT_SIZE);
	if (question->ca && ca_accepts(question->ca, issuer.domain))
		count_grant(question, &issuer, tally);
}

void
caa_tally(const struct caa_level *level, const struct caa_question *question, struct caa_tally *ret)
{
	enum caa_tag property = caa_property(level, question);

	*ret = (struct caa_tally){ 0 };
	for (size_t i = 0; i < level->record_count; i++) {
		const struct caa_record *record = &level->record[i];
		enum caa_tag tag;

		if (record->broken) {
			ret->counted++;
			ret->unread = record;
			continue;
		}
		tag = caa_record_tag(record);
		if (tag == TAG_UNKNOWN && caa_record_critical(record))
			ret->critical = record;
		if (tag == property)
			count_issuer(question, record, ret);
	}
}
