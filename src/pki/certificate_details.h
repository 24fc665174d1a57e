/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rest of what a certificate says: what only its judgement needs, next to certificate.h's facts.
 * Bounded throughout: more of a thing than fits is counted or flagged, not kept. Nothing here
 * judges.
 */
#pragma once

#include "pki/certificate.h"
#include "pki/rsa_check.h"

#define CERTIFICATE_ATTRIBUTES_MAX 24
#define CERTIFICATE_VALUE_SIZE     256
#define CERTIFICATE_SCTS_MAX       16
#define CERTIFICATE_URL_SIZE       256
#define CERTIFICATE_WORDS_SIZE     192

enum certificate_type {
	CERTIFICATE_UNTYPED,
	CERTIFICATE_DV, /* only the domain was checked */
	CERTIFICATE_OV, /* and the organization */
	CERTIFICATE_IV, /* and the person */
	CERTIFICATE_EV,
	CERTIFICATE_TYPE_MAX
};

/* One entry of the subject. */
struct certificate_attribute {
	int nid;                           /* NID_undef: none that OpenSSL knows */
	char name[32];                     /* "O", "CN"; an OID when it has no name */
	char text[CERTIFICATE_VALUE_SIZE]; /* UTF-8, fit for eyes, cut at a character */
	size_t characters;                 /* of the whole value */
	bool is_usual;                     /* UTF8String or PrintableString, and valid (S-06) */
	bool has_blanks;                   /* in front or behind */
	bool has_entities;                 /* "&amp;" */
	bool is_mixed_up;                  /* UTF-8 that was taken for Latin-1: "MÃ¼ller" */
};

struct certificate_sct {
	uint8_t log[32];
	when at;     /* 0 = before 1970 or beyond reason */
	int version; /* 0 = v1 */
};

struct certificate_url {
	size_t count; /* all of them */
	char first[CERTIFICATE_URL_SIZE];
	bool is_http; /* one of them begins with http:// */
};

struct certificate_details {
	size_t attribute_count;
	bool attributes_left_out;
	struct certificate_attribute attribute[CERTIFICATE_ATTRIBUTES_MAX];
	enum certificate_type type;            /* S-04; of several the highest */
	size_t type_count;                     /* different ones of the four */
	char policies[CERTIFICATE_WORDS_SIZE]; /* OIDs, comma between */
	size_t common_names;
	char other_names[CERTIFICATE_WORDS_SIZE]; /* kinds in the SAN beside DNS and IP, in words */
	char addresses[CERTIFICATE_WORDS_SIZE];   /* iPAddresses, comma between */
	char private_addresses[CERTIFICATE_WORDS_SIZE]; /* those of them that nobody can reach */
	bool has_sct_list;                              /* the extension is there */
	size_t sct_count; /* all of them; 0 with has_sct_list: it cannot be read */
	struct certificate_sct sct[CERTIFICATE_SCTS_MAX];
	struct certificate_url issuer, ocsp, crl; /* caIssuers, OCSP, distribution points */
	bool must_staple;                         /* TLS feature 5 (RFC 7633) */
	bool has_name_constraints;
	size_t serial_octets;
	int serial_sign;         /* -1, 0, 1 */
	bool has_odd_dates;      /* not in RFC 5280's form, section 4.1.2.5 */
	bool has_fixed_key_form; /* AlgorithmIdentifier exactly as K-01 writes it */
	bool is_plain_signature; /* one of A-01's algorithms, with their parameters */
	bool has_bad_exponent,
	    has_odd_exponent;     /* K-02: even or below 3; outside 2^16+1 … 2^256-1 */
	enum rsa_fault key_fault; /* K-02, K-03 */
	char critical[CERTIFICATE_WORDS_SIZE]; /* critical extensions that nobody knows */
	char twice[CERTIFICATE_WORDS_SIZE];    /* extensions that stand there more than once */
};

void certificate_look_closer(const X509 *x509, struct certificate_details *ret);

const char *certificate_type_name(enum certificate_type type);  /* "dv" … "" for none */
const char *certificate_type_words(enum certificate_type type); /* "domain-validated (DV)" */

/* The first attribute of this kind, or NULL. */
const struct certificate_attribute *certificate_attribute(
    const struct certificate_details *details, int nid);
