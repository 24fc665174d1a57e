/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order, request and certificate side by side (D-12, I-21, K-08): a table for people, and findings
 * where a difference may mean a mistake. The request is our own, but it comes in the question, so it
 * is read as strictly as the rest.
 */
#include <stdio.h>

#include "delivery/judge_internal.h"
#include "pki/csr_read.h"

#define NAMES_SIZE 512

/* What it should be like: what was ordered, or without an order what was requested. */
static const char *
wanted(const struct judging *j, const struct read_difference *row)
{
	return j->question->has_order ? row->ordered : row->requested;
}

static struct read_difference *
add_row(struct judging *j, const char *field)
{
	struct read_report *report = j->report;
	struct read_difference *row = &report->differences[report->difference_count];

	if (report->difference_count + 1 < READ_DIFFERENCES_MAX)
		report->difference_count++;
	*row = (struct read_difference){ .same = true };
	str_copy(str_of(field), row->field, sizeof(row->field));
	return row;
}

/* Letters and digits alone, small: "Contoso GmbH" and "CONTOSO G.m.b.H." are one company (S-09). */
static void
fold(const char *from, char *to, size_t size)
{
	size_t put = 0;

	for (; *from && put + 1 < size; from++) {
		unsigned char c = (unsigned char)*from;

		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c + 32);
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80)
			to[put++] = (char)c;
	}
	to[put] = '\0';
}

static bool
is_alike(const char *a, const char *b)
{
	char left[512], right[512];

	fold(a, left, sizeof(left));
	fold(b, right, sizeof(right));
	return strcmp(left, right) == 0;
}

/* One row per part of the owner. */
struct owner_part {
	const char *field;
	int nid;
	size_t ordered;   /* in struct read_order */
	size_t requested; /* in struct csr_facts */
	enum finding_code code;
	const char *words;
};

#define AT(member) offsetof(struct read_order, member), offsetof(struct csr_facts, member)

/* clang-format off */
static const struct owner_part owner_parts[] = {
	{ "organization", NID_organizationName,    AT(organization), FINDING_CERT_ORGANIZATION_OTHER, "The organization" },
	{ "city",         NID_localityName,        AT(city),         FINDING_CERT_PLACE_OTHER,        "The city" },
	{ "state",        NID_stateOrProvinceName, AT(state),        FINDING_CERT_PLACE_OTHER,        "The state" },
	{ "country",      NID_countryName,         AT(country),      FINDING_CERT_COUNTRY_OTHER,      "The country" },
};
/* clang-format on */

static void
compare_part(struct judging *j, const struct csr_facts *asked, const struct owner_part *p)
{
	const struct certificate_attribute *has = certificate_attribute(&j->details, p->nid);
	struct read_difference *row = add_row(j, p->field);
	struct finding *finding;

	str_show(str_of((const char *)&j->question->order + p->ordered), row->ordered,
	    sizeof(row->ordered));
	str_copy(
	    str_of((const char *)asked + p->requested), row->requested, sizeof(row->requested));
	if (has)
		str_copy(str_of(has->text), row->delivered, sizeof(row->delivered));
	row->same = is_alike(wanted(j, row), row->delivered);
	if (!has || !*row->ordered || row->same || judge_told(j, p->code))
		return;
	finding = judge_find(j, p->code);
	finding_param(finding, "name", "%s", p->words);
	finding_param(finding, "found", "%s", row->delivered);
	finding_param(finding, "ordered", "%s", row->ordered);
}

static void
put_host(const struct judging *j, struct read_difference *row)
{
	if (j->question->has_order)
		str_copy(str_of(j->question->host), row->ordered, sizeof(row->ordered));
}

static void
compare_common_name(struct judging *j, const struct csr_facts *asked)
{
	struct read_difference *row = add_row(j, "common_name");

	put_host(j, row);
	str_copy(str_of(asked->common_name), row->requested, sizeof(row->requested));
	str_show(j->facts.common_name, row->delivered, sizeof(row->delivered));
	row->same = str_eq_nocase(str_of(wanted(j, row)), str_of(row->delivered));
}

/* Appends, a space between; what does not fit is left out. */
static void
add_name(char to[static NAMES_SIZE], struct str name)
{
	size_t len = strlen(to);
	char shown[256];

	str_show(name, shown, sizeof(shown));
	if (len + strlen(shown) + 2 <= NAMES_SIZE)
		snprintf(to + len, NAMES_SIZE - len, "%s%s", len > 0 ? " " : "", shown);
}

static bool
is_requested(const struct csr_facts *asked, struct str san)
{
	for (size_t i = 0; i < asked->name_count; i++)
		if (str_eq_nocase(asked->names[i], san))
			return true;
	return false;
}

static bool
is_delivered(const struct judging *j, struct str name)
{
	for (size_t i = 0; i < j->facts.name_count; i++)
		if (str_eq_nocase(j->facts.names[i], name))
			return true;
	return false;
}

/* Names asked for and not there, and the other way round. */
static void
compare_names(struct judging *j, const struct csr_facts *asked)
{
	struct read_difference *row = add_row(j, "names");
	struct read_difference missing = { .field = "names_missing" };
	struct read_difference added = { .field = "names_added" };

	put_host(j, row);
	for (size_t i = 0; i < asked->name_count; i++) {
		add_name(row->requested, asked->names[i]);
		if (!is_delivered(j, asked->names[i]))
			add_name(missing.requested, asked->names[i]);
	}
	for (size_t i = 0; i < j->facts.name_count; i++) {
		add_name(row->delivered, j->facts.names[i]);
		if (!is_requested(asked, j->facts.names[i]))
			add_name(added.delivered, j->facts.names[i]);
	}
	row->same = !*missing.requested && !*added.delivered;
	if (*missing.requested)
		*add_row(j, "names_missing") = missing;
	if (*added.delivered)
		*add_row(j, "names_added") = added;
}

static void
compare_key(struct judging *j, const struct csr_facts *asked)
{
	const struct certificate_facts *facts = &j->facts;
	struct read_difference *row = add_row(j, "key");

	if (j->question->has_order)
		str_copy(str_of(key_kind_words(j->question->order.key_kind)), row->ordered,
		    sizeof(row->ordered));
	str_copy(str_of(asked->key), row->requested, sizeof(row->requested));
	if (*facts->curve)
		snprintf(row->delivered, sizeof(row->delivered), "%s", facts->curve);
	else
		snprintf(row->delivered, sizeof(row->delivered), "%s, %d bits",
		    facts->key_algorithm, facts->key_bits);
	row->same = str_starts(str_of(wanted(j, row)), str_of(row->delivered)) ||
	            str_ends(str_of(wanted(j, row)), str_of(row->delivered));
}

/* I-21: paid for the organization's name perhaps, and got the domain's alone. */
static void
check_lower_type(struct judging *j)
{
	const char *organization = j->question->order.organization;
	struct finding *finding;

	if (!*organization || j->details.type != CERTIFICATE_DV)
		return;
	finding = judge_find(j, FINDING_CERT_TYPE_LOWER);
	finding_param(finding, "type", "%s", certificate_type_words(j->details.type));
	finding_param(finding, "organization", "%s", organization);
}

void
check_order(struct judging *j)
{
	CLEAN(csr_facts_fini) struct csr_facts asked = { 0 };
	bool is_read = csr_describe(j->question->order.csr, &asked) == 0;

	if (!j->question->has_order && !is_read)
		return;
	compare_common_name(j, &asked);
	if (asked.name_count > 0)
		compare_names(j, &asked);
	for (size_t i = 0; i < COUNT_OF(owner_parts); i++)
		compare_part(j, &asked, &owner_parts[i]);
	compare_key(j, &asked);
	if (j->question->has_order)
		check_lower_type(j);
}
