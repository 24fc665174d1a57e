/* SPDX-License-Identifier: Apache-2.0 */
/* The chain, and what is only worth a line. */
#include "delivery/judge_internal.h"
#include "delivery/judge_names.h"

#define LONG_NAME 200

/* A damaged file may have held the link that is missing. */
static void
tell_damage(struct judging *j)
{
	for (size_t i = 0; i < j->delivery->file_count; i++)
		if (j->delivery->file[i].error == DELIVERY_MALFORMED) {
			finding_param(judge_find_in(j, FINDING_CERT_DAMAGED, i), "problem", "%s",
			    j->delivery->file[i].words);
			return;
		}
}

/* I-15, I-16, I-19: a way to a root that we trust. */
void
check_chain(struct judging *j)
{
	struct chain *chain = &j->chain;
	X509 *given[DELIVERY_CERTIFICATES_MAX];
	int r = chain_build(
	    given, delivery_x509s(j->delivery, given), j->leaf, j->trust, j->question->now, chain);

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
	default:
		finding_param(judge_find(j, FINDING_CERT_CHAIN_BAD), "reason", "%s", chain->reason);
		break;
	}
}

/* T-03 */
void
check_precertificate(struct judging *j)
{
	if (j->facts.is_precertificate)
		(void)judge_find(j, FINDING_CERT_PRECERT);
}

/* D-15, K-08: names of other owners on a key that lives with us. */
void
check_extra_names(struct judging *j)
{
	CLEAN(buf_fini) struct buf names = BUF(FINDING_VALUE_SIZE - 8);
	struct str host = str_of(j->question->host);
	size_t count = 0;

	for (size_t i = 0; i < j->facts.name_count; i++) {
		char shown[LONG_NAME];

		if (name_same_owner(j->facts.names[i], host))
			continue;
		str_show(j->facts.names[i], shown, sizeof(shown));
		if (!buf_failed(&names) && names.len + strlen(shown) + 2 <= names.max)
			buf_printf(&names, "%s%s", count > 0 ? ", " : "", shown);
		count++;
	}
	if (count > 0)
		finding_param(
		    judge_find(j, FINDING_CERT_EXTRA_NAMES), "names", "%s", buf_text(&names));
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
	tell_left_out(j, FINDING_CERT_ROOT_DROPPED, chain->roots, chain->root_count);
	tell_left_out(j, FINDING_CERT_EXTRAS_DROPPED, chain->extras, chain->extra_count);
}
