/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks share. For judge*.c alone. */
#pragma once

#include "pki/certificate.h"
#include "pki/chain.h"
#include "delivery/judge.h"

struct judging {
	const struct delivery_question *question;
	const struct trust *trust;
	const struct delivery *delivery;
	struct shelf *known; /* what the question brings along to complete the chain */
	struct read_report *report;
	bool has_leaf;
	size_t leaf;                       /* position in delivery->certificate */
	struct certificate_facts facts;    /* of the leaf */
	bool is_key_told;                  /* a finding speaks of the private key that came along */
	const struct delivery_key *wanted; /* the leaf's own key, which may be taken; or NULL */
	bool is_chained;
	struct chain chain;
};

/* Adds a finding with the parameters that nearly all sentences use: fqdn and file. */
struct finding *judge_find(struct judging *j, enum finding_code code);
/* The same about one file of the delivery. */
struct finding *judge_find_in(struct judging *j, enum finding_code code, size_t file);
/* "names": the leaf's dNSNames, or its subject when there are none. */
void judge_put_names(const struct judging *j, struct finding *to);
void judge_put_date(struct finding *finding, const char *name, when at);
/* Subjects of certificates, a comma between. */
void judge_subjects(
    const struct judging *j, const size_t at[], size_t count, char *to, size_t size);

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
void check_chain(struct judging *j);
void check_weakness(struct judging *j);
void check_purpose(struct judging *j);
void check_precertificate(struct judging *j);
void check_extra_names(struct judging *j);
void check_left_out(struct judging *j);
