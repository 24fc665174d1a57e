/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in the files a customer sends: bytes in, certificates out (DER, each once), and what else
 * came along. Formats are told by content, never by name (I-01); one table in delivery.c lists
 * them, so that a new one is a row. What is recognised but not read is answered as what it is.
 *
 * A delivery holds files, and files hold files: what is found in an archive or a mail becomes a row of
 * its own behind the one it came in ("chain.zip: owa.crt"). Members that are nothing of ours leave no
 * row.
 *
 * A damaged part does not hide the good ones; it stays in its file's `error` for when nothing else
 * explains what is missing. Private keys are looked at only for their fingerprint and wiped at
 * once, but where `keeps_keys` says so.
 *
 * Input is as hostile as it gets: call it only where a crash or a loop hurts nobody (src/reader's
 * children, the command). Limits: I-07. The password is used and never kept.
 */
#pragma once

#include <openssl/x509.h>

#include "base/buf.h"
#include "order/finding.h"

#define DELIVERY_FILES_MAX        16 /* that are sent */
#define DELIVERY_ROWS_MAX         64 /* those, and what is inside of them */
#define DELIVERY_FILE_MAX         (1024u * 1024)
#define DELIVERY_CERTIFICATES_MAX 50
#define DELIVERY_KEYS_MAX         16
#define DELIVERY_ITERATIONS_MAX   10000000 /* of all password derivations of one delivery */
#define DELIVERY_STATUS_MAX       16
#define DELIVERY_CSRS_MAX         8
#define DELIVERY_WORDS_SIZE       192
#define DELIVERY_NAME_SIZE        160

/* Why a file, or a part of it, gave nothing; `words` of the file say more. */
enum delivery_error {
	DELIVERY_FINE = 0,
	DELIVERY_EMPTY,
	DELIVERY_UNKNOWN_FORMAT,
	DELIVERY_UNSUPPORTED_FORMAT, /* words: what it is, "a Java key store (JKS)" */
	DELIVERY_MALFORMED,          /* words: which part and what is wrong with it */
	DELIVERY_PASSWORD_REQUIRED,
	DELIVERY_PASSWORD_WRONG,
	DELIVERY_UNSUPPORTED_ALGORITHM, /* words: its name */
	DELIVERY_NO_CERTIFICATE,        /* readable, and none in it */
	DELIVERY_LIMIT,                 /* words: which */
	DELIVERY_ERROR_MAX
};

const char *delivery_error_name(enum delivery_error error); /* "password_wrong" … */

struct delivery_certificate {
	X509 *x509;
	struct str der; /* owned */
	uint8_t sha256[32];
	uint8_t key_sha256[32]; /* key_fingerprint() of its key; of the encoded one when it cannot
	                           be decoded */
	size_t file;            /* in which file it was first */
};

struct delivery_key {
	bool readable; /* else: encrypted and not opened, or of a kind we do not read */
	uint8_t spki_sha256[32], key_sha256[32];
	size_t file;
	enum delivery_error error; /* why an encrypted one stayed closed; of other kinds FINE */
	char words[DELIVERY_WORDS_SIZE];
	EVP_PKEY *kept; /* the key itself; NULL unless `keeps_keys` */
};

struct delivery_file {
	char name[DELIVERY_NAME_SIZE];         /* for people only; "" = it came without */
	const char *container;                 /* "PEM text", "PKCS#12" …; "" = not recognised */
	size_t certificates, keys, csrs, crls; /* seen, twice the same counted twice */
	enum delivery_error error;             /* the first problem */
	char words[DELIVERY_WORDS_SIZE];
	bool has_code; /* a finding speaks of just this problem, else of all of its kind */
	enum finding_code code;
};

struct delivery {
	bool keeps_keys; /* set before the first file where one may be taken (judge_and_offer()) */
	size_t certificate_count;
	struct delivery_certificate certificate[DELIVERY_CERTIFICATES_MAX];
	size_t key_count;
	struct delivery_key key[DELIVERY_KEYS_MAX];
	size_t status_count; /* of CRLs and OCSP responses; further ones are passed over */
	struct str status[DELIVERY_STATUS_MAX]; /* DER, owned */
	size_t csr_count; /* of signing requests; further ones are counted with their file alone */
	struct str csr[DELIVERY_CSRS_MAX]; /* DER, owned */
	size_t given;                      /* how often delivery_add() was called */
	size_t file_count;
	struct delivery_file file[DELIVERY_ROWS_MAX];
	uint64_t iterations; /* spent or promised so far, over all files (I-07) */
	size_t unpacked;     /* bytes that came out of archives and mails */
	size_t loosened;     /* bytes that were tried as dressed-up text */
};

void delivery_fini(struct delivery *delivery); /* of a zeroed one is fine */
CLEAN_DEFINE_FINI(delivery_fini, struct delivery);

/*
 * First thing in main(), before OpenSSL is used: without memory the process dies at once, in
 * libraries as in our own code. They would go on with less: a key that was not seen is not refused,
 * and a customer is told that his file is damaged. -EBUSY: OpenSSL holds memory already.
 */
int delivery_strict_memory(void) MUST_USE;

/*
 * OpenSSL with what old exports need (RC2-40, RC4, DES: the legacy provider), in a library context
 * of its own so that nothing else in the process can use them (I-05). Made before the sandbox
 * closes. `ret_legacy` false: the provider is not installed, such files are answered
 * UNSUPPORTED_ALGORITHM.
 */
struct delivery_tools;
int delivery_tools_new(struct delivery_tools **ret, bool *ret_legacy) MUST_USE;
struct delivery_tools *delivery_tools_free(struct delivery_tools *tools);
CLEAN_DEFINE(delivery_tools_free, struct delivery_tools *);

/* Reads one more file. `name` is shown and never looked at. `password` NULL = none was given, which
 * is not the same as an empty one. A file too many is counted in the last file's error. */
void delivery_add(struct delivery *delivery, const struct delivery_tools *tools, struct str name,
    struct str bytes, const struct str *password);

/* FINE when any certificate, key or request was found; else the first file's reason. */
enum delivery_error delivery_error(const struct delivery *delivery);
/* The first file that has a problem, or NULL. */
const struct delivery_file *delivery_problem(const struct delivery *delivery);
size_t delivery_csrs(const struct delivery *delivery);
/* Its certificates, in their order: what chains are built from. */
size_t delivery_x509s(const struct delivery *delivery, X509 *ret[static DELIVERY_CERTIFICATES_MAX]);
