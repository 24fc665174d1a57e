/* SPDX-License-Identifier: Apache-2.0 */
/* What came, and whose key it is: the first half of I-08. */
#include <assert.h>

#include "delivery/leaf.h"
#include "delivery/judge_internal.h"

/* How a file's problem is told. `explains`: it may be the reason why the leaf is missing. */
struct problem_rule {
	enum finding_code code;
	const char *param; /* which placeholder takes the file's words; NULL = none */
	bool explains;
};

/* clang-format off */
static const struct problem_rule problem_rules[] = {
	[DELIVERY_FINE]                  = { FINDING_CERT_NONE,             NULL,        false },
	[DELIVERY_EMPTY]                 = { FINDING_CERT_EMPTY,            NULL,        false },
	[DELIVERY_UNKNOWN_FORMAT]        = { FINDING_CERT_FORMAT,           "detected",  false },
	[DELIVERY_UNSUPPORTED_FORMAT]    = { FINDING_CERT_FORMAT,           "detected",  false },
	[DELIVERY_MALFORMED]             = { FINDING_CERT_DAMAGED,          "problem",   true  },
	[DELIVERY_PASSWORD_REQUIRED]     = { FINDING_CERT_PASSWORD_MISSING, NULL,        true  },
	[DELIVERY_PASSWORD_WRONG]        = { FINDING_CERT_PASSWORD_WRONG,   NULL,        true  },
	[DELIVERY_UNSUPPORTED_ALGORITHM] = { FINDING_CERT_ALGORITHM,        "algorithm", true  },
	[DELIVERY_NO_CERTIFICATE]        = { FINDING_CERT_NONE,             NULL,        false },
	[DELIVERY_LIMIT]                 = { FINDING_CERT_LIMIT,            "problem",   true  },
};
/* clang-format on */
static_assert(COUNT_OF(problem_rules) == DELIVERY_ERROR_MAX, "a finding for every problem");

static void
tell_problem(struct judging *j, size_t file)
{
	const struct delivery_file *from = &j->delivery->file[file];
	const struct problem_rule *rule = &problem_rules[from->error];
	struct finding *finding = judge_find_in(j, from->has_code ? from->code : rule->code, file);

	if (rule->param)
		finding_param(finding, rule->param, "%s", from->words);
	else if (from->has_code)
		finding_param(finding, "detected", "%s", from->words);
}

/* The first file with a problem, of those that explain a missing leaf or of the others. */
static bool
tell_first_problem(struct judging *j, bool that_explains)
{
	for (size_t i = 0; i < j->delivery->file_count; i++) {
		enum delivery_error error = j->delivery->file[i].error;

		if (error != DELIVERY_FINE && problem_rules[error].explains == that_explains) {
			tell_problem(j, i);
			return true;
		}
	}
	return false;
}

static void
tell_only_ca(struct judging *j)
{
	size_t all[DELIVERY_CERTIFICATES_MAX], count = j->delivery->certificate_count;
	struct finding *finding = judge_find(j, FINDING_CERT_ONLY_CA);
	char names[FINDING_VALUE_SIZE];

	for (size_t i = 0; i < count; i++)
		all[i] = i;
	judge_subjects(j, all, count, names, sizeof(names));
	finding_param(finding, "count", "%zu", count);
	finding_param(finding, "names", "%s", names);
}

static void
tell_several(struct judging *j)
{
	size_t at[DELIVERY_CERTIFICATES_MAX];
	size_t count = leaf_candidates(j->delivery, at, COUNT_OF(at));
	struct finding *finding = judge_find(j, FINDING_CERT_SEVERAL);
	char names[FINDING_VALUE_SIZE];

	judge_subjects(j, at, count, names, sizeof(names));
	finding_param(finding, "count", "%zu", count);
	finding_param(finding, "names", "%s", names);
}

static size_t
file_of_csr(const struct delivery *delivery)
{
	for (size_t i = 0; i < delivery->file_count; i++)
		if (delivery->file[i].csrs > 0)
			return i;
	return 0;
}

/* No end-entity certificate: what came instead, the most telling first. */
static void
tell_no_leaf(struct judging *j)
{
	if (tell_first_problem(j, true))
		return;
	if (j->delivery->certificate_count > 0)
		tell_only_ca(j);
	else if (delivery_csrs(j->delivery) > 0)
		(void)judge_find_in(j, FINDING_CERT_IS_CSR, file_of_csr(j->delivery));
	else if (j->delivery->key_count > 0)
		(void)judge_find_in(j, FINDING_CERT_IS_KEY, j->delivery->key[0].file);
	else if (!tell_first_problem(j, false))
		(void)judge_find(j, FINDING_CERT_NONE);
}

/* I-08: readable, and the end-entity certificate in it; ours before any other. */
void
check_leaf(struct judging *j)
{
	const struct delivery_certificate *leaf;
	int r;

	r = leaf_choose(
	    j->delivery, j->question->has_key ? j->question->spki_sha256 : NULL, &j->leaf);
	if (r == LEAF_E_SEVERAL) {
		tell_several(j);
		return;
	}
	if (r) {
		tell_no_leaf(j);
		return;
	}
	leaf = &j->delivery->certificate[j->leaf];
	r = certificate_describe(leaf->der, &j->facts);
	if (r) {
		finding_param(judge_find_in(j, FINDING_CERT_DAMAGED, leaf->file), "problem",
		    "its dates or names make no sense");
		return;
	}
	certificate_look_closer(leaf->x509, &j->details);
	j->has_leaf = true;
	if (j->facts.is_ca)
		tell_only_ca(j);
}

/* I-20: the very certificate this order has already, or the one that the site uses. */
void
check_duplicate(struct judging *j)
{
	const struct delivery_question *question = j->question;

	if (question->has_accepted && memcmp(question->accepted_sha256, j->facts.sha256, 32) == 0)
		(void)judge_find(j, FINDING_CERT_DUPLICATE);
	else if (question->has_in_use && memcmp(question->in_use_sha256, j->facts.sha256, 32) == 0)
		judge_put_date(judge_find(j, FINDING_CERT_IN_USE), "date", j->facts.not_after);
}

static bool
is_ours(const struct delivery_question *question, const uint8_t sha256[static 32])
{
	if (!question->key_is_customers && memcmp(question->spki_sha256, sha256, 32) == 0)
		return true;
	for (size_t i = 0; i < question->key_count; i++)
		if (!question->keys[i].is_customers &&
		    memcmp(question->keys[i].spki_sha256, sha256, 32) == 0)
			return true;
	return false;
}

/* I-11, R-01: a key that was made here and never leaves came back: somebody has a copy, whatever
 * else is sent. */
void
check_leak(struct judging *j)
{
	for (size_t i = 0; i < j->delivery->key_count; i++) {
		const struct delivery_key *key = &j->delivery->key[i];

		if (!key->readable || !is_ours(j->question, key->key_sha256))
			continue;
		(void)judge_find_in(j, FINDING_CERT_OWN_KEY_LEAKED, key->file);
		j->is_key_told = true;
		return;
	}
}

/* The last 8 digits, in the way people compare them. */
static void
put_tail(struct finding *finding, const char *name, const uint8_t sha256[static 32])
{
	finding_param(
	    finding, name, "%02X:%02X:%02X:%02X", sha256[28], sha256[29], sha256[30], sha256[31]);
}

/* A key made here; one that came from the customer counts only as used up (tell_foreign()). */
static const struct read_key *
key_of_customer(const struct delivery_question *question, const struct certificate_facts *facts)
{
	for (size_t i = 0; i < question->key_count; i++)
		if (!question->keys[i].is_customers &&
		    memcmp(question->keys[i].spki_sha256, facts->key_sha256, 32) == 0)
			return &question->keys[i];
	return NULL;
}

/* Did the leaf's own private key come along (I-12)? Then the delivery holds somebody else's pair.
 */
static const struct delivery_key *
its_own_key(const struct judging *j)
{
	for (size_t i = 0; i < j->delivery->key_count; i++)
		if (j->delivery->key[i].readable &&
		    memcmp(j->delivery->key[i].key_sha256, j->facts.key_sha256, 32) == 0)
			return &j->delivery->key[i];
	return NULL;
}

/* This site had it before, and perhaps gave it up because somebody else has it (I-10, R-01). */
static bool
was_used_here(const struct delivery_question *question, const struct delivery_key *own)
{
	for (size_t i = 0; i < question->key_count; i++)
		if (question->keys[i].is_customers && question->keys[i].same_site &&
		    memcmp(question->keys[i].spki_sha256, own->key_sha256, 32) == 0)
			return true;
	return false;
}

/* Refused, unless provider and customer have said yes: then it is up to everything else. */
static void
tell_foreign(struct judging *j, const struct delivery_key *own)
{
	struct finding *finding;

	j->is_key_told = true;
	if (j->question->wish.kind == READ_TAKE && was_used_here(j->question, own)) {
		finding = judge_find_in(j, FINDING_CERT_FOREIGN_KEY_UNFIT, own->file);
		finding_param(finding, "problem",
		    "an earlier certificate of this site had the same one; every certificate needs a fresh key");
		return;
	}
	if (j->question->wish.kind == READ_TAKE) {
		j->wanted = own;
		return;
	}
	finding = judge_find_in(j, FINDING_CERT_FOREIGN_KEY, own->file);
	finding_param(finding, "instead", "%s",
	    j->question->wish.kind == READ_MAY_TAKE
		? ". Only where that cannot be done: send this file again by the API or the command, "
		  "with your acceptance of the risk (foreign_key)"
		: "");
}

/* I-09: made from our request, from an earlier one of this site, from another order's, or from none
 * of ours. */
void
check_key(struct judging *j)
{
	const struct read_key *known = key_of_customer(j->question, &j->facts);
	const struct delivery_key *own = its_own_key(j);
	struct finding *finding;

	if (memcmp(j->facts.key_sha256, j->question->spki_sha256, 32) == 0)
		return;
	if (known) {
		finding = judge_find(
		    j, known->same_site ? FINDING_CERT_KEY_OLD : FINDING_CERT_OTHER_ORDER);
		judge_put_names(j, finding);
		finding_param(finding, "order", "%lld", (long long)known->order_number);
	} else if (own) {
		tell_foreign(j, own);
	} else {
		finding = judge_find(j, FINDING_CERT_KEY_UNKNOWN);
		judge_put_names(j, finding);
		put_tail(finding, "found", j->facts.spki_sha256);
		put_tail(finding, "needed", j->question->spki_sha256);
	}
}

/* I-11: any other private key, readable or not; one line is enough. */
void
check_private_keys(struct judging *j)
{
	if (j->delivery->key_count > 0 && !j->is_key_told)
		(void)judge_find_in(j, FINDING_CERT_KEY_RECEIVED, j->delivery->key[0].file);
}
