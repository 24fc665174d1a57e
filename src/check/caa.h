/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May this certificate authority issue for this name? What a CA asks DNS before it issues (RFC 8659,
 * RFC 8657; rules G-09…G-16), asked before the money is spent. The records are looked up as a CA
 * does it, from the name upwards, by a validating resolver; a level that fails is asked about at its
 * servers directly, so that the report can say what is wrong with which of them. Answers are hostile
 * input; everything is bounded.
 *
 * caa_check() always yields a verdict in words, also when nothing answers.
 */
#pragma once

#include "config/config.h"
#include "order/finding.h"
#include "pki/cas.h"
#include "pki/name.h"

#define CAA_LEVELS_MAX  127 /* labels of a name, RFC 1035 section 2.3.4 */
#define CAA_LINES_MAX   32
#define CAA_ISSUER_SIZE 256

enum caa_verdict {
	CAA_OPEN,      /* nothing restricts: every CA may */
	CAA_ALLOWED,   /* this CA may: it is named; without one, some may */
	CAA_FORBIDDEN, /* it must refuse */
	CAA_FAILING,   /* it must refuse, because the servers fail or the signatures are broken */
	CAA_UNKNOWN,   /* could not be asked from here: says nothing about the customer's DNS */
	CAA_VERDICT_MAX
};
/* "open", "allowed", "forbidden", "failing", "unknown" */
const char *caa_verdict_name(enum caa_verdict verdict);

struct caa_question {
	const char *host;    /* without "*." */
	bool wildcard;       /* a certificate for "*." and the host */
	const struct ca *ca; /* NULL: none was chosen yet, and whom the DNS allows is told */
	const struct distrust_row *distrusted; /* of ca_distrusted(); NULL = browsers accept it */
	/* RFC 8657, where certdesk orders itself; "" = the customer does, and nobody knows: */
	const char *account; /* the ACME account's URL */
	const char *method;  /* "http-01" */
};

struct caa_level_report {
	char name[254];
	char answer[320]; /* "no entries", "2 entries", "SERVFAIL", "signatures are broken" */
};

struct caa_report {
	enum caa_verdict verdict;
	struct findings findings; /* at most one cause; and CAA_LIMITED, CAA_CHOICE, CA_DISTRUSTED,
	                             DNS_SECOND_HAND */
	/* The resolver in the name servers' place; "" = they were asked themselves, or whom the
	 * configuration names. */
	char asked_instead[ADDR_TEXT_SIZE + 16];
	bool unchecked;  /* that resolver does not pass signatures on: nobody has checked them */
	char place[254]; /* where the entries stand that count; "" when there are none */
	char record
	    [512]; /* the entry to add, as in a zone file; "" = none would help, or is needed */
	char line[CAA_LINES_MAX][256]; /* the entries that count: 0 issue "digicert.com" */
	size_t line_count, record_count;
	bool restricts; /* only who is named may issue: */
	char issuer[CAA_LINES_MAX][CA_TEXT_SIZE];
	size_t issuer_count;
	struct caa_level_report level[CAA_LEVELS_MAX]; /* as far as they count, from the name up */
	size_t level_count;
	bool secure;  /* validated by DNSSEC */
	unsigned ede; /* RFC 8914's number of what is wrong with the signatures; 0 = nothing */
};

int caa_check(const struct config *config, const struct caa_question *question,
    struct caa_report *ret) MUST_USE;
/* The report as one JSON object. */
int caa_report_json(const struct caa_report *report, struct buf *to) MUST_USE;
