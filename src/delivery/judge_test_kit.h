/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests alone: what a certificate of a public authority has, and a list of logs to judge it by;
 * and a small stage on which one certificate after the other is judged.
 */
#pragma once

#include "delivery/judge.h"
#include "pki/ca_test_kit.h"

#define TEST_NOW  ((when)1780272000 * 1000000) /* 2026-06-01 */
#define TEST_HOST "owa.contoso.com"

/* Extensions: OV, and where its issuer and its revocations are. */
#define TEST_PUBLIC                                                      \
	"certificatePolicies=2.23.140.1.2.2",                            \
	    "authorityInfoAccess=caIssuers;URI:http://ca.example/i.crt", \
	    "crlDistributionPoints=URI:http://ca.example/1.crl"

/* Entries of three logs of two operators. */
#define TEST_SCTS(at)             \
	{ 1, (at) }, { 2, (at) }, \
	{                         \
		3, (at)           \
	}

#define TEST_GOOD                                                                                  \
	.name = TEST_HOST, .subject = "C=AT|L=Salzburg|O=Contoso GmbH|CN=" TEST_HOST,              \
	.alternatives = "DNS:" TEST_HOST, .purposes = "serverAuth", .extensions = { TEST_PUBLIC }, \
	.scts = { TEST_SCTS(TEST_NOW - DAYS(10)) }, .from = TEST_NOW - DAYS(10),                   \
	.until = TEST_NOW + DAYS(180)

/*
 * Logs by their id (32 times the number): 1 usable, A; 2 usable, B; 3 usable, A; 4 retired a year
 * before TEST_NOW, C; 5 retired five days before TEST_NOW, C; 6 and 7 usable of the newer kind, A
 * and B; 8 rejected, C; 9 without a state. Anything else is unknown. Dated TEST_NOW - 30 days.
 */
struct str test_logs(void);

struct judge_stage {
	struct test_certificate root, issuing;
	EVP_PKEY *key; /* the order's */
	struct trust trust;
	struct ct_logs *logs;
	struct delivery_tools *tools;
	struct judge_setting setting; /* public rules, with the logs */
};

void stage_up(struct judge_stage *stage);
void stage_down(struct judge_stage *stage);

/* A question about the order of TEST_HOST, as of TEST_NOW, without a file. */
struct delivery_question *stage_question(const struct judge_stage *stage);
/* Judges the certificate (with the issuing one beside it); the caller frees with stage_done(). `by`
 * NULL = issuing. With spec->key NULL it is the order's. */
struct read_report *stage_judge(const struct judge_stage *stage, const struct test_spec *spec,
    const struct test_certificate *by, struct delivery_question *question);
void stage_done(struct read_report *report);
const struct finding *report_finding(const struct read_report *report, enum finding_code code);

/* One change of a good certificate, and the finding it must cause. */
struct stage_case {
	const char *name;
	struct test_spec spec;
	enum finding_code code; /* FINDING_MAX = none at all */
	enum finding_severity severity;
	const char *param, *value; /* NULL = not looked at */
};
/* Judges it, prints what was found, and holds it against the row; every sentence must be whole. */
void stage_expect(const struct judge_stage *stage, const struct stage_case *row);
