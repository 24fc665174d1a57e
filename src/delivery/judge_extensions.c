/* SPDX-License-Identifier: Apache-2.0 */
/* What the certificate may be used for, and what it demands of those who meet it. */
#include <openssl/x509v3.h>

#include "delivery/judge_internal.h"

#define OCTETS_MOST  20 /* V-06 */
#define OCTETS_LEAST 5  /* 64 random bits come out shorter once in a billion */

/* V-07 */
void
check_version(struct judging *j)
{
	if (j->facts.version != 3)
		finding_param(judge_find(j, FINDING_CERT_VERSION), "found", "%d", j->facts.version);
}

/* E-01: a web server's certificate says so. */
void
check_purpose(struct judging *j)
{
	if (j->facts.for_server || j->facts.version != 3)
		return;
	if (!j->facts.has_purposes)
		(void)judge_find(j, FINDING_CERT_PURPOSE_UNSTATED);
	else
		finding_param(
		    judge_find(j, FINDING_CERT_PURPOSE), "purpose", "%s", j->facts.purposes);
}

/* E-01: from 2027-03-15 on for web servers alone. */
void
check_purposes(struct judging *j)
{
	const struct certificate_facts *facts = &j->facts;
	when end;

	if (!facts->for_server)
		return;
	if (facts->for_any || facts->for_other)
		finding_param(
		    judge_find(j, FINDING_CERT_PURPOSE_MORE), "purpose", "%s", facts->purposes);
	if (!facts->for_client || !when_parse(STR("2027-03-15T00:00:00Z"), &end))
		return;
	if (facts->not_before >= end)
		judge_put_date(
		    judge_find(j, FINDING_CERT_CLIENT_AUTH_BANNED), "date", facts->not_before);
	else
		(void)judge_find(j, FINDING_CERT_CLIENT_AUTH);
}

/* "digital signature, key encipherment" */
static void
put_usage(const struct judging *j, struct finding *to)
{
	static const struct {
		uint32_t bit;
		const char *words;
	} bits[] = { { KU_DIGITAL_SIGNATURE, "digital signature" },
		{ KU_NON_REPUDIATION, "non repudiation" },
		{ KU_KEY_ENCIPHERMENT, "key encipherment" },
		{ KU_DATA_ENCIPHERMENT, "data encipherment" },
		{ KU_KEY_AGREEMENT, "key agreement" }, { KU_KEY_CERT_SIGN, "certificate signing" },
		{ KU_CRL_SIGN, "CRL signing" }, { KU_ENCIPHER_ONLY, "encipher only" },
		{ KU_DECIPHER_ONLY, "decipher only" } };
	CLEAN(buf_fini) struct buf words = BUF(FINDING_VALUE_SIZE);

	for (size_t i = 0; i < COUNT_OF(bits); i++)
		if (j->facts.key_usage & bits[i].bit)
			buf_printf(&words, "%s%s", words.len > 0 ? ", " : "", bits[i].words);
	finding_param(to, "found", "%s", words.len > 0 ? buf_text(&words) : "nothing");
}

/* E-02, X-02: both TLS 1.3 and fresh keys need a signature. */
void
check_usage(struct judging *j)
{
	if (j->facts.has_key_usage && !(j->facts.key_usage & KU_DIGITAL_SIGNATURE) &&
	    !j->facts.is_ca)
		put_usage(j, judge_find(j, FINDING_CERT_USAGE_SIGNING));
}

/* I-19, V-07: what every program must refuse. */
void
check_demands(struct judging *j)
{
	const struct certificate_details *d = &j->details;

	if (*d->critical)
		finding_param(
		    judge_find(j, FINDING_CERT_EXTENSION_CRITICAL), "found", "%s", d->critical);
	if (*d->twice)
		finding_param(judge_find(j, FINDING_CERT_EXTENSION_TWICE), "found", "%s", d->twice);
}

/* E-03, F-06 */
void
check_staple(struct judging *j)
{
	if (j->details.must_staple)
		(void)judge_find(j, j->details.ocsp.count > 0 ? FINDING_CERT_MUST_STAPLE
							      : FINDING_CERT_MUST_STAPLE_BROKEN);
}

static void
check_odd_usage(struct judging *j)
{
	const uint32_t for_cas = KU_KEY_CERT_SIGN | KU_CRL_SIGN;
	const uint32_t for_rsa = KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT;
	bool is_ec = strcmp(j->facts.key_algorithm, "EC") == 0;
	struct finding *finding;

	if (!j->facts.has_key_usage)
		(void)judge_find(j, FINDING_CERT_USAGE_NONE);
	if ((j->facts.key_usage & for_cas) && !j->facts.is_ca)
		put_usage(j, judge_find(j, FINDING_CERT_USAGE_CA));
	if (j->facts.key_usage & (is_ec ? for_rsa : KU_KEY_AGREEMENT)) {
		finding = judge_find(j, FINDING_CERT_USAGE_ODD);
		put_usage(j, finding);
		finding_param(finding, "kind", "%s", j->facts.key_algorithm);
	}
}

/* E-03; V-05 frees what lives for a week at most. */
static void
check_places(struct judging *j)
{
	const struct certificate_details *d = &j->details;
	bool short_lived = j->facts.not_after - j->facts.not_before + SECONDS(1) <= DAYS(7);

	if (d->issuer.count == 0)
		(void)judge_find(j, FINDING_CERT_NO_ISSUER_URL);
	else if (!d->issuer.is_http)
		finding_param(
		    judge_find(j, FINDING_CERT_ISSUER_URL_FORM), "found", "%s", d->issuer.first);
	if (d->crl.count == 0 && d->ocsp.count == 0 && !short_lived)
		(void)judge_find(j, FINDING_CERT_NO_REVOCATION);
}

/* E-02 to E-05 */
void
check_extensions(struct judging *j)
{
	check_odd_usage(j);
	check_places(j);
	if (j->facts.aki_len == 0)
		(void)judge_find(j, FINDING_CERT_NO_ISSUER_KEY);
	if (j->facts.path_length >= 0 && !j->facts.is_ca)
		(void)judge_find(j, FINDING_CERT_PATH_LENGTH);
	if (j->details.has_name_constraints && !j->facts.is_ca)
		(void)judge_find(j, FINDING_CERT_CONSTRAINTS);
}

/* V-06 */
void
check_serial(struct judging *j)
{
	const struct certificate_details *d = &j->details;

	if (d->serial_sign <= 0)
		finding_param(
		    judge_find(j, FINDING_CERT_SERIAL_SIGN), "found", "%s", j->facts.serial);
	else if (d->serial_octets > OCTETS_MOST)
		finding_param(
		    judge_find(j, FINDING_CERT_SERIAL_LONG), "octets", "%zu", d->serial_octets);
	else if (d->serial_octets < OCTETS_LEAST)
		finding_param(
		    judge_find(j, FINDING_CERT_SERIAL_SHORT), "found", "%s", j->facts.serial);
}
