/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order, request and certificate side by side (D-12, I-21, K-08): a table for people, and findings
 * where a difference may mean a mistake. The request is our own, but it comes in the question, so it
 * is read as strictly as the rest.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "delivery/judge_internal.h"

#define NAMES_SIZE 512

static void
req_free(X509_REQ *req)
{
	X509_REQ_free(req);
}
CLEAN_DEFINE(req_free, X509_REQ *);

static void
names_free(GENERAL_NAMES *names)
{
	GENERAL_NAMES_free(names);
}
CLEAN_DEFINE(names_free, GENERAL_NAMES *);

static X509_REQ *
request_of(const struct judging *j)
{
	struct str der = j->question->order.csr;
	const unsigned char *at = (const unsigned char *)der.p;
	X509_REQ *req = der.len > 0 ? d2i_X509_REQ(NULL, &at, (long)der.len) : NULL;

	ERR_clear_error();
	return req;
}

static GENERAL_NAMES *
names_of(X509_REQ *req)
{
	STACK_OF(X509_EXTENSION) *extensions = req ? X509_REQ_get_extensions(req) : NULL;
	GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);

	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	ERR_clear_error();
	return names;
}

static void
put_part(X509_REQ *req, int nid, char *to, size_t size)
{
	const X509_NAME *subject = req ? X509_REQ_get_subject_name(req) : NULL;
	int at = subject ? X509_NAME_get_index_by_NID(subject, nid, -1) : -1;
	unsigned char *text = NULL;
	int len = at >= 0 ? ASN1_STRING_to_UTF8(
				&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)))
	                  : 0;

	str_show(str_bytes(text, len > 0 ? (size_t)len : 0), to, size);
	OPENSSL_free(text);
	ERR_clear_error();
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
	size_t offset; /* in struct read_order */
	enum finding_code code;
	const char *words;
};

#define ORDERED(member) offsetof(struct read_order, member)

/* clang-format off */
static const struct owner_part owner_parts[] = {
	{ "organization", NID_organizationName,    ORDERED(organization), FINDING_CERT_ORGANIZATION_OTHER, "The organization" },
	{ "city",         NID_localityName,        ORDERED(city),         FINDING_CERT_PLACE_OTHER,        "The city" },
	{ "state",        NID_stateOrProvinceName, ORDERED(state),        FINDING_CERT_PLACE_OTHER,        "The state" },
	{ "country",      NID_countryName,         ORDERED(country),      FINDING_CERT_COUNTRY_OTHER,      "The country" },
};
/* clang-format on */

static void
compare_part(struct judging *j, X509_REQ *req, const struct owner_part *p)
{
	const struct certificate_attribute *has = certificate_attribute(&j->details, p->nid);
	struct read_difference *row = add_row(j, p->field);
	struct finding *finding;

	str_show(str_of((const char *)&j->question->order + p->offset), row->ordered,
	    sizeof(row->ordered));
	put_part(req, p->nid, row->requested, sizeof(row->requested));
	if (has)
		str_copy(str_of(has->text), row->delivered, sizeof(row->delivered));
	row->same = is_alike(row->ordered, row->delivered);
	if (!has || !*row->ordered || row->same || judge_told(j, p->code))
		return;
	finding = judge_find(j, p->code);
	finding_param(finding, "name", "%s", p->words);
	finding_param(finding, "found", "%s", row->delivered);
	finding_param(finding, "ordered", "%s", row->ordered);
}

static void
compare_common_name(struct judging *j, X509_REQ *req)
{
	struct read_difference *row = add_row(j, "common_name");

	str_copy(str_of(j->question->host), row->ordered, sizeof(row->ordered));
	put_part(req, NID_commonName, row->requested, sizeof(row->requested));
	str_show(j->facts.common_name, row->delivered, sizeof(row->delivered));
	row->same = str_eq_nocase(str_of(row->ordered), str_of(row->delivered));
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

static struct str
dns_name(const GENERAL_NAMES *names, int at)
{
	const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, at);

	if (name->type != GEN_DNS)
		return STR("");
	return str_bytes(
	    ASN1_STRING_get0_data(name->d.dNSName), (size_t)ASN1_STRING_length(name->d.dNSName));
}

static bool
is_requested(const GENERAL_NAMES *names, struct str san)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		if (str_eq_nocase(dns_name(names, i), san))
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
compare_names(struct judging *j, const GENERAL_NAMES *asked)
{
	struct read_difference *row = add_row(j, "names");
	struct read_difference missing = { .field = "names_missing" };
	struct read_difference added = { .field = "names_added" };

	str_copy(str_of(j->question->host), row->ordered, sizeof(row->ordered));
	for (int i = 0; i < sk_GENERAL_NAME_num(asked); i++) {
		struct str name = dns_name(asked, i);

		add_name(row->requested, name);
		if (name.len > 0 && !is_delivered(j, name))
			add_name(missing.requested, name);
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
compare_key(struct judging *j)
{
	const struct certificate_facts *facts = &j->facts;
	struct read_difference *row = add_row(j, "key");

	str_copy(str_of(key_kind_words(j->question->order.key_kind)), row->ordered,
	    sizeof(row->ordered));
	str_copy(str_of(row->ordered), row->requested, sizeof(row->requested));
	if (*facts->curve)
		snprintf(row->delivered, sizeof(row->delivered), "%s", facts->curve);
	else
		snprintf(row->delivered, sizeof(row->delivered), "%s, %d bits",
		    facts->key_algorithm, facts->key_bits);
	row->same = str_starts(str_of(row->ordered), str_of(row->delivered)) ||
	            str_ends(str_of(row->ordered), str_of(row->delivered));
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
	CLEAN(req_free) X509_REQ *req = NULL;
	CLEAN(names_free) GENERAL_NAMES *asked = NULL;

	if (!j->question->has_order)
		return;
	req = request_of(j);
	asked = names_of(req);
	compare_common_name(j, req);
	if (asked)
		compare_names(j, asked);
	for (size_t i = 0; i < COUNT_OF(owner_parts); i++)
		compare_part(j, req, &owner_parts[i]);
	compare_key(j);
	check_lower_type(j);
}
