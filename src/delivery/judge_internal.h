/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks share. For judge*.c alone. */
#pragma once

#include "pki/certificate_details.h"
#include "pki/chain.h"
#include "delivery/judge.h"

struct judging {
	const struct delivery_question *question;
	const struct judge_setting *setting;
	const struct trust *trust;
	const struct delivery *delivery;
	struct shelf *known; /* what the question brings along to complete the chain */
	struct read_report *report;
	bool has_leaf;
	size_t leaf;                    /* position in delivery->certificate */
	struct certificate_facts facts; /* of the leaf */
	struct certificate_details details;
	enum finding_severity
	    most;         /* no finding of this check weighs more, unless the provider said
	                               so itself */
	bool is_key_told; /* a finding speaks of the private key that came along */
	const struct delivery_key *wanted; /* the leaf's own key, which may be taken; or NULL */
	bool is_chained;
	struct chain chain;
};

/* Adds a finding with the parameters that nearly all sentences use: fqdn and file. */
struct finding *judge_find(struct judging *j, enum finding_code code);
/* The same about one file of the delivery. */
struct finding *judge_find_in(struct judging *j, enum finding_code code, size_t file);
/* The finding of this code in the report, or NULL. */
struct finding *judge_told(struct judging *j, enum finding_code code);
void judge_put_date(struct finding *finding, const char *name, when at);
/* "names": the leaf's dNSNames, or its subject when there are none. */
void judge_put_names(const struct judging *j, struct finding *to);
/* Subjects of certificates, a comma between. */
void judge_subjects(
    const struct judging *j, const size_t at[], size_t count, char *to, size_t size);

/* Builds the chain out of all that is at hand, without those whose SHA-256 is listed. As
 * chain_build(). */
int judge_build_chain(
    struct judging *j, const uint8_t (*without)[32], size_t count, struct chain *ret) MUST_USE;

/* Asks for no more look-ups: that the status is unknown is told instead. */
void judge_without_lookups(struct judging *j);
/* At the end: offers the wanted key, or says why not. */
void judge_offer(struct judging *j, struct key_offer *offer);

/* The rows' functions. */
void check_leak(struct judging *j);
void check_leaf(struct judging *j);
void check_duplicate(struct judging *j);
void check_key(struct judging *j);
void check_private_keys(struct judging *j);
void check_names(struct judging *j);
void check_dates(struct judging *j);
void check_lifetime(struct judging *j);
void check_age(struct judging *j);
void check_chain(struct judging *j);
void check_issuer(struct judging *j);
void check_version(struct judging *j);
void check_key_kind(struct judging *j);
void check_signature(struct judging *j);
void check_purpose(struct judging *j);
void check_purposes(struct judging *j);
void check_usage(struct judging *j);
void check_demands(struct judging *j);
void check_staple(struct judging *j);
void check_precertificate(struct judging *j);
void check_ct(struct judging *j);
void check_revocation(struct judging *j);
void check_extra_names(struct judging *j);
void check_wildcard(struct judging *j);
void check_common_name(struct judging *j);
void check_name_forms(struct judging *j);
void check_other_names(struct judging *j);
void check_dates_public(struct judging *j);
void check_key_form(struct judging *j);
void check_extensions(struct judging *j);
void check_serial(struct judging *j);
void check_type(struct judging *j);
void check_owner(struct judging *j);
void check_owner_text(struct judging *j);
void check_order(struct judging *j);
void check_left_out(struct judging *j);
