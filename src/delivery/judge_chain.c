/* SPDX-License-Identifier: Apache-2.0 */
/* The way from the leaf to a root, and what was done to the delivery on it (I-15 to I-19, R-05). */
#include "delivery/judge_internal.h"

/* A file that is damaged or beyond a limit may have held the link that is missing. */
static void
tell_damage(struct judging *j)
{
	for (size_t i = 0; i < j->delivery->file_count; i++) {
		const struct delivery_file *file = &j->delivery->file[i];

		if (file->error == DELIVERY_MALFORMED || file->error == DELIVERY_LIMIT) {
			finding_param(judge_find_in(j,
					  file->error == DELIVERY_LIMIT ? FINDING_CERT_LIMIT
									: FINDING_CERT_DAMAGED,
					  i),
			    "problem", "%s", file->words);
			return;
		}
	}
}

/* */
static void
tell_distrust(struct judging *j, const struct distrust_row *row)
{
	struct finding *finding = judge_find(j, FINDING_CERT_DISTRUSTED);
	char words[WHEN_WORDS_SIZE];

	finding_param(finding, "root", "%s", row->name);
	finding_param(finding, "programs", "%s", row->programs);
	if (row->since)
		finding_param(finding, "since", "since %s", when_words(row->since, words));
	else
		finding_param(finding, "since", "when they were issued after %s",
		    when_words(row->issued_after, words));
}

int
judge_build_chain(struct judging *j, const uint8_t (*without)[32], size_t count, struct chain *ret)
{
	struct trust alone = { .roots = j->trust->roots, .distrust = j->trust->distrust };
	bool is_served = j->question->is_served;
	X509 *given[DELIVERY_CERTIFICATES_MAX];
	struct chain_ask ask = { .given = given,
		.count = delivery_x509s(j->delivery, given),
		.leaf = j->leaf,
		.trust = is_served ? &alone : j->trust,
		.known = is_served ? NULL : j->known,
		.now = j->question->now,
		.issued = j->facts.issued,
		.without = without,
		.without_count = count };

	return chain_build(&ask, ret);
}

/* I-15, I-16, I-19: a way to a root that we trust. */
void
check_chain(struct judging *j)
{
	struct chain *chain = &j->chain;
	int r = judge_build_chain(j, NULL, 0, chain);

	j->is_chained = r == 0;
	switch (r) {
	case 0:
		break;
	case CHAIN_E_INCOMPLETE:
		tell_damage(j);
		finding_param(judge_find(j, FINDING_CERT_CHAIN), "issuer", "%s", chain->missing);
		break;
	case CHAIN_E_UNTRUSTED:
		finding_param(judge_find(j, FINDING_CERT_PRIVATE_CA), "issuer", "%s", chain->root);
		break;
	case CHAIN_E_SELF_SIGNED:
		judge_put_names(j, judge_find(j, FINDING_CERT_SELF_SIGNED));
		break;
	case CHAIN_E_DISTRUSTED:
		tell_distrust(j, chain->distrusted);
		break;
	default:
		finding_param(judge_find(j, FINDING_CERT_CHAIN_BAD), "reason", "%s", chain->reason);
		break;
	}
}

static void
tell_left_out(struct judging *j, enum finding_code code, const size_t at[], size_t count)
{
	char names[FINDING_VALUE_SIZE];

	if (count == 0)
		return;
	judge_subjects(j, at, count, names, sizeof(names));
	finding_param(judge_find(j, code), "names", "%s", names);
}

/* I-17, I-18: what was done to the delivery, for people to know. */
void
check_left_out(struct judging *j)
{
	const struct chain *chain = &j->chain;

	if (!j->is_chained)
		return;
	if (chain->order_repaired)
		(void)judge_find(j, FINDING_CERT_ORDER_REPAIRED);
	if (chain->completed > 0)
		finding_param(
		    judge_find(j, FINDING_CERT_CHAIN_COMPLETED), "count", "%zu", chain->completed);
	if (chain->ends && chain->ends < j->facts.not_after)
		judge_put_date(judge_find(j, FINDING_CERT_CHAIN_ENDS), "date", chain->ends);
	tell_left_out(j, FINDING_CERT_ROOT_DROPPED, chain->roots, chain->root_count);
	tell_left_out(j, FINDING_CERT_EXTRAS_DROPPED, chain->extras, chain->extra_count);
}
