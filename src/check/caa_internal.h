/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside check/caa: what was seen (struct caa_trace), collected by caa_collect.c and judged by
 * caa_judge.c, which does no I/O; caa_wire.c reads the bytes of records.
 */
#pragma once

#include "check/caa.h"
#include "check/dns_internal.h"

#define CAA_PARAMETERS_MAX 16

/* One record as it came; borrowed from the answer. */
struct caa_record {
	uint8_t flags;
	struct str tag, value;
	bool broken; /* not even that much could be read (RFC 8659 section 4.1) */
};

/* What stands in an issue or issuewild property. */
struct caa_issuer {
	struct str domain; /* "" = nobody */
	struct caa_parameter {
		struct str tag, value;
	} parameter[CAA_PARAMETERS_MAX];
	size_t parameter_count;
};

enum caa_tag {
	TAG_ISSUE,
	TAG_ISSUEWILD,
	TAG_OTHER, /* known, and not about these certificates */
	TAG_UNKNOWN,
};

/* A record's data. */
struct caa_record caa_record_read(struct str rdata);
enum caa_tag caa_record_tag(const struct caa_record *record);
/* Must who does not know the tag refuse? Bit 1 counts too, as at Let's Encrypt (G-11). */
bool caa_record_critical(const struct caa_record *record);
/* As in a zone file: 0 issue "digicert.com". Fit for people's eyes. */
void caa_record_words(const struct caa_record *record, char *to, size_t size);
/* RFC 8659 section 4.2; false: it is not of that form, and so allows nobody. */
bool caa_issuer_read(struct str value, struct caa_issuer *ret) MUST_USE;

enum caa_level_kind {
	LEVEL_EMPTY,
	LEVEL_RECORDS,
	LEVEL_FAILED, /* no usable answer */
	LEVEL_BOGUS,  /* one that is not to be believed */
	LEVEL_UNASKED /* there was nobody to ask */
};

struct caa_level {
	char name[DNS_NAME_SIZE];
	enum caa_level_kind kind;
	unsigned rcode;             /* of a failed one; 0 = none came */
	char target[DNS_NAME_SIZE]; /* where an alias led to the records; "" = there was none */
	char reason[256];           /* why bogus */
	bool secure;
	struct caa_record *record;
	size_t record_count;
	struct lookup lookup; /* owns what the records borrow */
};

struct caa_trace {
	struct caa_level level[CAA_LEVELS_MAX]; /* from the name up */
	size_t level_count;
	bool reached; /* somebody out there answered something */
	struct dns_relay relay;
	struct dns_hop
	    failing;  /* the first level that failed, asked at its servers; `a` of each view */
	when timeout; /* of one question, for the words */
};

/* What the entries that count say of the CA, all of them together. */
struct caa_tally {
	size_t counted; /* 0: nothing is restricted */
	const struct caa_record *unread, *critical;
	bool granted, limited; /* limited: only to accounts or ways that are not ours */
	char limits[FINDING_VALUE_SIZE / 2];  /* of those, or of the one that grants */
	char allowed[FINDING_VALUE_SIZE - 8]; /* who is named */
	char issuer[CAA_LINES_MAX]
		   [CA_TEXT_SIZE]; /* the same; no authority we know has a longer name */
	size_t issuer_count;
};
/* caa_tally.c */
void caa_tally(
    const struct caa_level *level, const struct caa_question *question, struct caa_tally *ret);
/* The property that counts for the question: issue, or for a wildcard issuewild where there is any. */
enum caa_tag caa_property(const struct caa_level *level, const struct caa_question *question);

void caa_trace_free(struct caa_trace *trace);
CLEAN_DEFINE(caa_trace_free, struct caa_trace *);

/* `port`: where the servers of zones listen, 53 but in tests. */
int caa_collect(
    const struct config *config, const char *host, uint16_t port, struct caa_trace **ret) MUST_USE;

/* Fills all of *ret. Pure. */
void caa_judge(
    const struct caa_trace *trace, const struct caa_question *question, struct caa_report *ret);
