/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/judge.h"

#include <assert.h>
#include <openssl/sha.h>
#include <stdio.h>

#include "pki/revocation.h"
#include "delivery/judge_internal.h"

static_assert(READ_FILES_MAX == DELIVERY_FILES_MAX, "as many files as can be opened");
static_assert(READ_CERTIFICATE_MAX == CERTIFICATE_MAX, "what is read fits the report");
static_assert(READ_KEYS_SEEN_MAX == DELIVERY_KEYS_MAX, "every key seen fits the report");
static_assert(DELIVERY_CERTIFICATES_MAX <= CHAIN_GIVEN_MAX, "all of them can be in a chain");
static_assert(READ_STATUS_FILE_MAX == REVOCATION_FILE_MAX, "what is handed along can be read");
static_assert(READ_REQUEST_MAX == REVOCATION_REQUEST_MAX, "every OCSP request fits the report");
static_assert(READ_WHY_SIZE == REVOCATION_WHY_SIZE, "and every reason");
static_assert(READ_URLS_MAX == CHAIN_URLS_MAX && READ_URL_SIZE == CHAIN_URL_SIZE, "URLs too");
static_assert(READ_CHAIN_MAX == CHAIN_DEPTH_MAX, "every chain fits the report");

/* What a check speaks about; where it is not there, the check is passed over. */
enum {
	NEEDS_LEAF = 1,
	NEEDS_HOST = 2, /* the order's host name */
	NEEDS_KEY = 4,  /* the order's key */
};

/* Whom the requirement binds: every certificate, or those of public authorities alone. */
enum { ALL, PUBLIC };

struct check {
	const char *rules;
	unsigned needs;
	int binds;
	void (*check)(struct judging *);
};

/* clang-format off */
static const struct check checks[] = { /* in the order of I-08 */
	{ "I-11 R-01",                NEEDS_KEY,               ALL,    check_leak },
	{ "I-01 I-02 I-05 I-07 E-05", 0,                       ALL,    check_leaf },
	{ "I-20",                     NEEDS_LEAF,              ALL,    check_duplicate },
	{ "I-09 I-10 I-12",           NEEDS_LEAF | NEEDS_KEY,  ALL,    check_key },
	{ "I-11",                     0,                       ALL,    check_private_keys },
	{ "N-01 N-02 N-08",           NEEDS_LEAF | NEEDS_HOST, ALL,    check_names },
	{ "I-14 V-02 V-04",           NEEDS_LEAF,              ALL,    check_dates },
	{ "I-20",                     NEEDS_LEAF,              ALL,    check_age },
	{ "V-01 V-02 V-05",           NEEDS_LEAF,              PUBLIC, check_lifetime },
	{ "I-15 I-16 I-17 I-19",      NEEDS_LEAF,              ALL,    check_chain },
	{ "I-15",                     NEEDS_LEAF,              ALL,    check_issuer },
	{ "V-07",                     NEEDS_LEAF,              ALL,    check_version },
	{ "A-01",                     NEEDS_LEAF,              ALL,    check_signature },
	{ "K-01 K-02 K-03",           NEEDS_LEAF,              ALL,    check_key_kind },
	{ "E-01",                     NEEDS_LEAF,              ALL,    check_purpose },
	{ "E-02 X-02",                NEEDS_LEAF,              ALL,    check_usage },
	{ "I-19 V-07",                NEEDS_LEAF,              ALL,    check_demands },
	{ "E-03 F-06",                NEEDS_LEAF,              ALL,    check_staple },
	{ "T-03",                     NEEDS_LEAF,              ALL,    check_precertificate },
	{ "T-01 T-02",                NEEDS_LEAF,              PUBLIC, check_ct },
	{ "E-01",                     NEEDS_LEAF,              PUBLIC, check_purposes },
	{ "R-01 R-03 R-04 I-19 V-05", NEEDS_LEAF,              ALL,    check_revocation },
	{ "D-15 K-08",                NEEDS_LEAF | NEEDS_HOST, ALL,    check_extra_names },
	{ "N-04 N-05 N-06 N-07",      NEEDS_LEAF,              PUBLIC, check_name_forms },
	{ "N-01 N-06",                NEEDS_LEAF,              PUBLIC, check_other_names },
	{ "N-02",                     NEEDS_LEAF,              PUBLIC, check_common_name },
	{ "N-08 K-08",                NEEDS_LEAF | NEEDS_HOST, ALL,    check_wildcard },
	{ "V-02 V-04",                NEEDS_LEAF,              PUBLIC, check_dates_public },
	{ "K-01 K-02",                NEEDS_LEAF,              PUBLIC, check_key_form },
	{ "E-02 E-03 E-04 E-05",      NEEDS_LEAF,              PUBLIC, check_extensions },
	{ "V-06",                     NEEDS_LEAF,              PUBLIC, check_serial },
	{ "S-01 S-02 S-03 S-04 N-09", NEEDS_LEAF,              PUBLIC, check_type },
	{ "S-02 S-05 S-08 S-10",      NEEDS_LEAF,              PUBLIC, check_owner },
	{ "S-06 S-07 L-01",           NEEDS_LEAF,              PUBLIC, check_owner_text },
	{ "D-12 I-21 S-09",           NEEDS_LEAF,              ALL,    check_order },
	{ "I-17 I-18",                NEEDS_LEAF,              ALL,    check_left_out },
};
/* clang-format on */

const char *
judge_check_rules(size_t at)
{
	return at < COUNT_OF(checks) ? checks[at].rules : NULL;
}

struct finding *
judge_find_in(struct judging *j, enum finding_code code, size_t file)
{
	struct finding *finding = findings_add(&j->report->findings, code, "");
	const char *name = file < j->delivery->file_count ? j->delivery->file[file].name : "";

	if (finding->severity > j->most && !severity_is_set(j->setting->severities, code))
		finding->severity = j->most;
	finding_param(finding, "fqdn", "%s", j->question->host);
	finding_param(finding, "file", "%s", *name ? name : "the delivery");
	return finding;
}

struct finding *
judge_find(struct judging *j, enum finding_code code)
{
	return judge_find_in(j, code, j->has_leaf ? j->delivery->certificate[j->leaf].file : 0);
}

struct finding *
judge_told(struct judging *j, enum finding_code code)
{
	struct findings *findings = &j->report->findings;

	for (size_t i = 0; i < findings->count; i++)
		if (findings->list[i].code == code)
			return &findings->list[i];
	return NULL;
}

void
judge_put_date(struct finding *finding, const char *name, when at)
{
	char words[WHEN_WORDS_SIZE];

	finding_param(finding, name, "%s", when_words(at, words));
}

void
judge_put_names(const struct judging *j, struct finding *to)
{
	char names[FINDING_VALUE_SIZE];

	certificate_names_text(&j->facts, names, sizeof(names));
	finding_param(to, "names", "%s", *names ? names : j->facts.subject);
}

void
judge_subjects(const struct judging *j, const size_t at[], size_t count, char *to, size_t size)
{
	size_t put = 0;

	*to = '\0';
	for (size_t i = 0; i < count; i++) {
		char subject[160];
		int more;

		certificate_name_text(X509_get_subject_name(j->delivery->certificate[at[i]].x509),
		    subject, sizeof(subject));
		more = snprintf(to + put, size - put, "%s\"%s\"", i > 0 ? ", " : "", subject);
		if (more < 0 || (size_t)more >= size - put) {
			snprintf(
			    to + put, size - put, "%s", put + sizeof(" …") <= size ? " …" : "");
			return;
		}
		put += (size_t)more;
	}
}

/* "PEM text and PKCS#12": each kind once. */
static void
report_container(const struct delivery *delivery, struct read_report *report)
{
	CLEAN(buf_fini) struct buf words = BUF(sizeof(report->container) - 1);

	for (size_t i = 0; i < delivery->file_count; i++) {
		const char *container = delivery->file[i].container;

		if (*container && str_find(buf_str(&words), str_of(container)) == words.len)
			buf_printf(&words, "%s%s", words.len > 0 ? " and " : "", container);
	}
	str_copy(buf_str(&words), report->container, sizeof(report->container));
}

static void
report_keys(const struct delivery *delivery, struct read_report *report)
{
	report->key_count = (uint32_t)delivery->key_count;
	for (size_t i = 0; i < delivery->key_count; i++)
		if (delivery->key[i].readable)
			copy_bytes(report->keys[report->keys_readable++],
			    delivery->key[i].spki_sha256, 32);
}

static void
report_leaf(const struct judging *j)
{
	struct read_certificate *to = &j->report->certificate;
	const struct certificate_facts *facts = &j->facts;

	j->report->has_leaf = true;
	copy_bytes(to->sha256, facts->sha256, 32);
	copy_bytes(to->spki_sha256, facts->spki_sha256, 32);
	/* More than the 20 octets of V-06 is cut: no public certificate has it. */
	str_show(str_of(facts->serial), to->serial, sizeof(to->serial));
	str_show(str_of(facts->subject), to->subject, sizeof(to->subject));
	str_show(str_of(facts->issuer), to->issuer, sizeof(to->issuer));
	str_show(str_of(facts->issuer_organization), to->issuer_organization,
	    sizeof(to->issuer_organization));
	certificate_names_text(facts, to->names, sizeof(to->names));
	to->name_count = (uint32_t)facts->name_count;
	to->not_before = facts->not_before;
	to->not_after = facts->not_after;
	buf_put_str(&j->report->leaf, j->delivery->certificate[j->leaf].der);
}

/* What it takes to find it again when somebody else lacks it. */
static void
describe_link(const struct judging *j, const struct chain_link *link, struct read_link *to)
{
	CLEAN(certificate_facts_fini) struct certificate_facts facts = { 0 };
	struct str der =
	    link->at == CHAIN_KNOWN ? link->der : j->delivery->certificate[link->at].der;

	if (certificate_describe(der, &facts))
		return;
	copy_bytes(to->sha256, facts.sha256, sizeof(to->sha256));
	SHA256(
	    (const unsigned char *)facts.raw_subject.p, facts.raw_subject.len, to->subject_sha256);
	str_show(str_of(facts.subject), to->subject, sizeof(to->subject));
	to->not_after = facts.not_after;
}

static void
report_chain(const struct judging *j)
{
	struct read_report *report = j->report;

	for (size_t i = 1; i < j->chain.count; i++) {
		const struct chain_link *link = &j->chain.served[i];

		buf_put_str(&report->chain,
		    link->at == CHAIN_KNOWN ? link->der : j->delivery->certificate[link->at].der);
	}
	for (size_t i = 1; i < j->chain.count; i++)
		describe_link(j, &j->chain.served[i], &report->link[i - 1]);
	report->chain_length = j->chain.count > 0 ? (uint32_t)j->chain.count - 1 : 0;
	report->order_repaired = j->chain.order_repaired;
	report->root_dropped = j->chain.root_count > 0;
	report->extras_dropped = j->chain.extra_count > 0;
}

/* What is to be judged once more, with what was fetched. */
static bool
report_given(const struct judging *j)
{
	struct buf *to = &j->report->given;

	for (size_t i = 0; i < j->delivery->certificate_count; i++) {
		struct str der = j->delivery->certificate[i].der;

		buf_put_text(to, "-----BEGIN CERTIFICATE-----\n");
		buf_put_base64(to, der.p, der.len);
		buf_put_text(to, "\n-----END CERTIFICATE-----\n");
	}
	if (!buf_failed(to))
		return true;
	buf_clear(to);
	return false;
}

/* One issuer away from being accepted? Then the link is worth fetching (I-16). */
static void
report_gap(const struct judging *j)
{
	struct read_report *report = j->report;
	size_t refusals = 0;

	for (size_t i = 0; i < report->findings.count; i++)
		refusals += report->findings.list[i].severity == SEVERITY_REJECT;
	if (j->question->is_served || !*j->chain.missing || refusals != 1 || !report_given(j))
		return;
	report->is_incomplete = true;
	copy_bytes(report->missing, j->chain.missing_sha256, sizeof(report->missing));
	copy_bytes(report->urls, j->chain.urls, sizeof(report->urls));
}

static unsigned
at_hand(const struct judging *j)
{
	return (j->has_leaf ? NEEDS_LEAF : 0) | (*j->question->host ? NEEDS_HOST : 0) |
	       (j->question->has_key ? NEEDS_KEY : 0);
}

static void
judge(struct judging *j, struct key_offer *offer)
{
	report_container(j->delivery, j->report);
	report_keys(j->delivery, j->report);
	j->report->certificate_count = (uint32_t)j->delivery->certificate_count;
	for (size_t i = 0; i < COUNT_OF(checks); i++)
		if ((checks[i].needs & ~at_hand(j)) == 0) {
			j->most = checks[i].binds == PUBLIC && !j->setting->public_rules
			              ? SEVERITY_INFO
			              : SEVERITY_REJECT;
			checks[i].check(j);
		}
	if (j->has_leaf)
		report_leaf(j);
	if (j->is_chained)
		report_chain(j);
	if (j->has_leaf && !j->is_chained)
		report_gap(j);
	j->report->accepted =
	    j->has_leaf && j->is_chained && !findings_refuse(&j->report->findings);
	if (!j->report->accepted || (j->report->lookup_count > 0 && !report_given(j)))
		j->report->lookup_count = 0; /* not worth a question */
	j->most = SEVERITY_REJECT;
	judge_offer(j, offer);
}

/* What was fetched comes in any format, and is as hostile as what customers send: it works on what
 * they have left of the rounds (I-07). */
static struct shelf *
known_of(const struct delivery_question *question, const struct delivery_tools *tools,
    uint64_t iterations)
{
	struct shelf *known = shelf_new();

	for (size_t i = 0; i < question->known_count; i++) {
		CLEAN(delivery_fini) struct delivery delivery = { .iterations = iterations };

		delivery_add(&delivery, tools, STR(""), question->known[i], NULL);
		iterations = delivery.iterations;
		for (size_t k = 0; k < delivery.certificate_count; k++)
			(void)shelf_add(known, delivery.certificate[k].der);
	}
	return known;
}

static struct judging
judging_begin(const struct delivery_question *question, const struct delivery *delivery,
    const struct delivery_tools *tools, const struct judge_setting *setting,
    struct read_report *report)
{
	report->findings.policy = setting->severities;
	return (struct judging){
		.question = question,
		.setting = setting,
		.trust = setting->trust,
		.delivery = delivery,
		.known = known_of(question, tools, delivery->iterations),
		.report = report,
	};
}

static void
judging_end(struct judging *j)
{
	certificate_facts_fini(&j->facts);
	shelf_free(j->known);
	j->report->findings.policy = NULL;
}

void
judge_delivery(const struct delivery_question *question, const struct delivery *delivery,
    const struct delivery_tools *tools, const struct judge_setting *setting,
    struct read_report *report, struct chain *ret_chain)
{
	CLEAN(key_offer_fini) struct key_offer unused;
	struct judging j = judging_begin(question, delivery, tools, setting, report);

	assert(question->known_count == 0); /* the chain would point into what ends here */
	judge(&j, &unused);
	*ret_chain = j.chain;
	judging_end(&j);
}

void
judge_open(const struct delivery_question *question, const struct delivery_tools *tools,
    struct delivery *ret)
{
	for (size_t i = 0; i < question->file_count; i++)
		delivery_add(ret, tools, str_of(question->files[i].name), question->files[i].bytes,
		    question->has_password ? &question->password : NULL);
}

void
judge_and_offer(const struct delivery_question *question, const struct delivery_tools *tools,
    const struct judge_setting *setting, struct read_report *report, struct key_offer *ret_offer)
{
	CLEAN(delivery_fini)
	struct delivery delivery = { .keeps_keys = question->wish.kind == READ_TAKE };
	struct judging j;

	judge_open(question, tools, &delivery);
	j = judging_begin(question, &delivery, tools, setting, report);
	judge(&j, ret_offer);
	judging_end(&j);
}

void
judge_question(const struct delivery_question *question, const struct delivery_tools *tools,
    const struct judge_setting *setting, struct read_report *report)
{
	CLEAN(key_offer_fini) struct key_offer unused;

	judge_and_offer(question, tools, setting, report, &unused);
}
