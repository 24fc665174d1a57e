/* SPDX-License-Identifier: Apache-2.0 */
/* The key, and how the certificate is signed. */
#include "delivery/judge_internal.h"

/* */
void
check_signature(struct judging *j)
{
	const struct certificate_facts *facts = &j->facts;

	if (facts->signature_is_weak)
		finding_param(
		    judge_find(j, FINDING_CERT_WEAK), "weak", "the signature %s", facts->signature);
	else if (!j->details.is_plain_signature)
		finding_param(
		    judge_find(j, FINDING_CERT_SIGNATURE_KIND), "found", "%s", facts->signature);
}

static const char *
fault_words(enum rsa_fault fault)
{
	switch (fault) {
	case RSA_SMALL_FACTOR:
		return "Its modulus has a small factor";
	case RSA_CLOSE_PRIMES:
		return "Its two primes lie so close together that they can be computed";
	case RSA_ROCA:
		return "It bears the marks of a chip whose keys can be computed (ROCA, CVE-2017-15361)";
	case RSA_FINE:
	case RSA_EXPONENT: /* has_bad_exponent says it */
	case RSA_FAULT_MAX:
		break;
	}
	return "";
}

/* K-01, K-02, K-03: RSA of 2048 bits or more, in whole octets, of sound numbers. */
static void
check_rsa(struct judging *j)
{
	const struct certificate_details *d = &j->details;

	if (j->facts.key_bits < 2048 || j->facts.key_bits % 8 != 0)
		finding_param(
		    judge_find(j, FINDING_CERT_KEY_SHORT), "bits", "%d", j->facts.key_bits);
	if (d->has_bad_exponent)
		(void)judge_find(j, FINDING_CERT_KEY_EXPONENT);
	if (d->key_fault != RSA_FINE)
		finding_param(judge_find(j, FINDING_CERT_KEY_BROKEN), "found", "%s",
		    fault_words(d->key_fault));
}

static bool
is_good_curve(const char *curve)
{
	return strcmp(curve, "P-256") == 0 || strcmp(curve, "P-384") == 0 ||
	       strcmp(curve, "P-521") == 0;
}

/* K-01: RSA, or P-256, P-384, P-521 by name; nothing else. */
void
check_key_kind(struct judging *j)
{
	const struct certificate_facts *facts = &j->facts;

	if (strcmp(facts->key_algorithm, "RSA") == 0)
		check_rsa(j);
	else if (strcmp(facts->key_algorithm, "EC") != 0)
		finding_param(
		    judge_find(j, FINDING_CERT_KEY_KIND), "found", "%s", facts->key_algorithm);
	else if (!is_good_curve(facts->curve))
		finding_param(judge_find(j, FINDING_CERT_KEY_CURVE), "found", "%s%s",
		    *facts->curve ? "the curve " : "a curve of its own making", facts->curve);
}

/* K-01, K-02: what works all the same. */
void
check_key_form(struct judging *j)
{
	bool is_rsa = strcmp(j->facts.key_algorithm, "RSA") == 0;
	bool is_good =
	    is_rsa || (strcmp(j->facts.key_algorithm, "EC") == 0 && is_good_curve(j->facts.curve));

	if (is_good && !j->details.has_fixed_key_form)
		(void)judge_find(j, FINDING_CERT_KEY_FORM);
	if (is_rsa && j->details.has_odd_exponent && !j->details.has_bad_exponent)
		(void)judge_find(j, FINDING_CERT_KEY_EXPONENT_ODD);
}
