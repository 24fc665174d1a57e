/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MESSAGE_READ, desk -> reader: "what is in these files, and may it be installed for this order?".
 * The reader opens them in a child of its own, judges them by the rules of I-08 and answers with
 * findings of the catalogue, the leaf, and the chain to serve. It sees no database: what it must
 * know about the customer's keys is in the question.
 *
 * Trust: the question's files come from the Internet; the answer comes from the process that
 * touched them, so the desk takes it as facts about this one delivery and nothing more.
 *
 * Errors of read_delivery_ask(): below; each is to be shown as CERT_READER_FAILED or CERT_LIMIT.
 */
#pragma once

#include "ipc/channel.h"
#include "ipc/key_make.h"
#include "ipc/wire.h"
#include "order/finding.h"
#include "pki/key_kind.h"
#include "pki/revocation_state.h"

#define READ_FILES_MAX       16
#define READ_FILE_MAX        (1024u * 1024)      /* bytes of one file (I-07) */
#define READ_TOTAL_MAX       (15u * 1024 * 1024) /* bytes of all files: they must fit one frame */
#define READ_FILE_NAME_SIZE  160
#define READ_PASSWORD_MAX    1024
#define READ_HOST_SIZE       254
#define READ_KEYS_MAX        1024
#define READ_CHAIN_MAX       8
#define READ_CERTIFICATE_MAX (128u * 1024) /* bytes of one certificate we go on with */
#define READ_KEYS_SEEN_MAX   16
#define READ_CONTAINER_SIZE  96
#define READ_URLS_MAX        3
#define READ_URL_SIZE        512
#define READ_GIVEN_MAX       (1024u * 1024)     /* bytes of all certificates of an incomplete one */
#define READ_KNOWN_MAX       16                 /* what is handed along to complete a chain */
#define READ_STATUS_MAX      16                 /* CRLs and OCSP responses that are handed along */
#define READ_STATUS_FILE_MAX (4u * 1024 * 1024) /* bytes of one of them */
#define READ_LOOKUPS_MAX     8
#define READ_REQUEST_MAX     512 /* bytes of an OCSP request */
#define READ_WHY_SIZE        160
#define READ_CSR_MAX         (16u * 1024)
#define READ_DIFFERENCES_MAX 12
#define READ_TIMEOUT         SECONDS(30) /* the child's 10 s, and a queue of two before it */

enum {
	READ_E_UNAVAILABLE =
	    1, /* no reader now (it died or is being restarted): nothing was decided, ask again */
	READ_E_TIMEOUT, /* no answer in time; the channel is being replaced */
	READ_E_LIMIT,   /* the question is beyond the limits above; nothing was sent */
};

struct read_file {
	char name[READ_FILE_NAME_SIZE]; /* for people only; read_file_name() makes it presentable */
	struct str bytes;               /* borrowed */
};

/* Another key of the customer: tells "made from the previous request" from "unknown" (I-09). */
struct read_key {
	uint8_t spki_sha256[32];
	int64_t order_number; /* the order it was made for; 0 = not made here */
	bool retired;
	bool same_site;    /* an older generation of the site this order is for */
	bool is_customers; /* as key_is_customers */
};

/* May a private key that came along be taken (docs/decisions/0012)? Ids are set for READ_TAKE. */
enum read_wish_kind {
	READ_REFUSE,   /* the provider's policy says no */
	READ_MAY_TAKE, /* it would, but the customer has not accepted the risk */
	READ_TAKE,     /* both said yes */
	READ_WISH_MAX
};

struct read_wish {
	enum read_wish_kind kind;
	struct id key, customer, site; /* what the wrapped key will be bound to; `key` is new */
};

/* What was ordered: compared with what came. "" = not stated. */
struct read_order {
	char organization[512], city[512], state[512], country[3];
	enum key_kind key_kind;
	struct str csr; /* DER of the request, borrowed; "" = none. Without an order
	                   (`has_order`) it alone is compared with what came */
};

struct delivery_question {
	size_t file_count;
	struct read_file files[READ_FILES_MAX];
	bool has_password;   /* a present password may be empty; absent is something else (I-05) */
	struct str password; /* UTF-8, borrowed, from memory that its owner wipes */
	char host[READ_HOST_SIZE]; /* the order's name, as stored: lower case A-labels; "" = none:
	                              names are not judged */
	bool has_key;              /* false: no order's key is known, keys are not judged */
	uint8_t spki_sha256[32];   /* of this order's key */
	bool key_is_customers;     /* it was not made here: if it comes again, nothing has leaked */
	struct read_wish wish;
	size_t key_count;
	struct read_key keys[READ_KEYS_MAX];
	when now;
	bool
	    is_served; /* what visitors get: nothing completes the chain, and no link is asked for */
	size_t known_count;
	struct str known[READ_KNOWN_MAX]; /* CA certificates to complete the chain with, in any
	                                     format; borrowed */
	size_t status_count;
	struct str status[READ_STATUS_MAX]; /* what issuers publish of revocation: CRLs and OCSP
	                                       responses, in any order; borrowed */
	bool has_accepted;
	uint8_t accepted_sha256[32]; /* the certificate this order has accepted already, if any
	                                (I-20) */
	bool has_in_use;             /* the site serves one, from an earlier order */
	uint8_t in_use_sha256[32];
	when in_use_until;
	bool has_order;
	struct read_order order;
};

/* One row of the comparison of order, request and certificate (D-12, I-21, K-08). */
struct read_difference {
	char field[24]; /* "common_name", "names", "names_missing", "names_added", "organization",
	                   "city", "state", "country", "key" */
	char ordered[512], requested[512], delivered[512]; /* "" = not stated */
	bool same; /* delivered as ordered (as requested, without an order), as far as it was */
};

/* The leaf as lists and pages show it; sizes are those of the store's columns. Text is UTF-8, one
 * line. */
struct read_certificate {
	uint8_t sha256[32], spki_sha256[32];
	char serial[48];                /* hex, lower case */
	char subject[512], issuer[512]; /* RFC 2253; cut at a character when longer */
	char issuer_organization[128];  /* the same; "" = none stated */
	char names[2048];               /* dNSNames, space between; cut at a name when longer */
	uint32_t name_count;            /* all of them */
	when not_before, not_after;
};

struct read_link {
	uint8_t sha256[32], subject_sha256[32]; /* of its DER, and of its subject's */
	char subject[512];
	when not_after;
};

/* The leaf's own private key was taken, and is wrapped; its fingerprint is the leaf's. */
struct read_taken {
	bool is_taken;
	enum key_kind kind;
	struct buf wrapped;
};

/* Where the status of a certificate can be had that no handed-along file speaks about. */
struct read_lookup {
	enum revocation_kind kind;
	char url[READ_URL_SIZE];
	uint8_t request[READ_REQUEST_MAX]; /* OCSP: to be POSTed; CRL: none */
	uint32_t request_len;
};

/* Of the leaf first, then of each link. */
struct read_status {
	uint8_t sha256[32];
	enum revocation_state state;
	when since;              /* REVOKED */
	char why[READ_WHY_SIZE]; /* UNSEEN, UNKNOWN */
};

struct read_report {
	bool accepted; /* no finding refuses it, and `leaf` and `chain` may be installed */
	struct findings
	    findings;  /* in the order of I-08; CERT_FUTURE and CERT_DUPLICATE are infos here */
	bool has_leaf; /* the fields below are about a leaf; also when it was refused */
	struct read_certificate certificate;
	struct buf leaf;       /* DER */
	struct buf chain;      /* DERs one behind the other in the order served, without the root */
	uint32_t chain_length; /* certificates in `chain`; 0 unless a chain holds */
	struct read_link link[READ_CHAIN_MAX]; /* what they are, in that order */
	bool root_dropped, order_repaired, extras_dropped;
	uint32_t status_count; /* 0 unless a chain holds, or held before a link was found revoked */
	struct read_status status[READ_CHAIN_MAX];
	uint32_t lookup_count;
	struct read_lookup lookup[READ_LOOKUPS_MAX]; /* the leaf's first */
	bool is_incomplete;  /* it would be accepted, but for an issuer that is not known: */
	uint8_t missing[32]; /* SHA-256 of that issuer's raw name */
	char urls[READ_URLS_MAX][READ_URL_SIZE]; /* where it says it can be had (AIA); "" behind */
	struct buf given;                        /* all certificates as PEM; "" if complete */
	char container[READ_CONTAINER_SIZE];     /* what came, in words: "PKCS#12", "PEM text and
	                                         PKCS#7" */
	uint32_t certificate_count;              /* different ones in the delivery */
	uint32_t key_count;                      /* private keys that came along; never kept */
	uint8_t keys[READ_KEYS_SEEN_MAX][32];    /* SPKI SHA-256 of those that were readable */
	uint32_t keys_readable;
	struct read_taken taken;
	uint32_t
	    difference_count; /* 0 unless the question had an order or a request, and there is a
	                              leaf */
	struct read_difference differences[READ_DIFFERENCES_MAX];
};

void read_report_init(struct read_report *report); /* empty, not accepted */
void read_report_fini(struct read_report *report);
CLEAN_DEFINE_FINI(read_report_fini, struct read_report);

/* A file's name as people may see it: the part behind the last slash or backslash, valid UTF-8, no
 * control characters, cut to fit; "the pasted text" for "". */
void read_file_name(struct str from, char to[static READ_FILE_NAME_SIZE]);

/* Asks the reader and waits. *ret must be initialised; it is filled only on 0. */
int read_delivery_ask(struct channel *reader, const struct delivery_question *question,
    struct read_report *ret) MUST_USE;

/* The codec. Decoded questions borrow from `from`; both answer -EBADMSG to anything ill-formed. */
void read_question_put(const struct delivery_question *question, struct buf *to);
int read_question_get(struct str from, struct delivery_question *ret) MUST_USE;
void read_report_put(const struct read_report *report, struct buf *to);
int read_report_get(struct str from, struct read_report *ret) MUST_USE;
