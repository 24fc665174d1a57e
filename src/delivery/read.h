/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of single formats, and what they share. For delivery*.c alone. */
#pragma once

#include <openssl/pkcs12.h>
#include <locale.h>

#include "delivery/delivery.h"
#include "delivery/password.h"

#define INTAKE_DEPTH_MAX 4 /* containers in containers: PEM in text, PKCS#7 in PEM … */

struct delivery_tools {
	OSSL_LIB_CTX *library;
	OSSL_PROVIDER *standard, *legacy;
	locale_t text; /* UTF-8; (locale_t)0 = not to be had, then odd names are not shown */
};

/* I-07, of one sent file with all that is packed in it; bytes are of the whole delivery */
#define INTAKE_MEMBERS_MAX  64
#define INTAKE_UNPACKED_MAX (8u * 1024 * 1024)
#define INTAKE_LOOSENED_MAX (2u * 1024 * 1024) /* some 0.7 s; 50 certificates are a tenth of it */
#define INTAKE_ARCHIVES_MAX 1                  /* around each other */
#define INTAKE_MAILS_MAX    3

/* What has been taken out of archives and mails so far. */
struct unpacked {
	size_t members;
	unsigned archives, mails; /* that we are inside of */
};

/* The file that is being read. */
struct intake {
	struct delivery *delivery;
	struct delivery_file *file;
	size_t number;
	const struct delivery_tools *tools;
	const struct str *password; /* NULL = none given */
	char
	    part[64]; /* what `words` begin with: "block 2 (CERTIFICATE): "; "" = the file itself */
	unsigned depth;
	struct unpacked unpacked;
	bool holds_files;  /* it is an archive or a mail: its members tell what came */
	const char *aside; /* what else was there, of no use to anybody when it is alone; NULL */
};

/* Remembers a problem; the first one stays. */
void intake_problem(struct intake *in, enum delivery_error error, const char *words, ...)
    PRINTF_LIKE(3, 4);
/* The same of something that has a finding of its own. */
void intake_answer(struct intake *in, enum delivery_error error, enum finding_code code,
    const char *words, ...) PRINTF_LIKE(4, 5);
/* Takes a certificate's DER (copied); a damaged one is remembered as such. */
void intake_certificate(struct intake *in, struct str der);
/* Takes note of a private key; `key` NULL: one that stays closed. */
void intake_key(struct intake *in, EVP_PKEY *key);
/* The same of one that is encrypted, with the reason why it was not opened. */
void intake_closed_key(struct intake *in, enum delivery_error error, const char *words);

/* One DER or BER structure of whatever kind, decided by what is in it (I-03). `name` is what to
 * call it. */
void intake_der(struct intake *in, struct str der);
bool intake_tells_der(struct str bytes);
void intake_pem(struct intake *in, struct str text);
bool intake_tells_pem(struct str text);
bool intake_tells_base64(struct str text);
void intake_base64(struct intake *in, struct str text);
bool intake_tells_tar(struct str bytes);
void intake_archive(struct intake *in, struct str bytes); /* any that libarchive opens */
bool intake_tells_mail(struct str text);
void intake_mail(struct intake *in, struct str text);
void intake_pkcs12(struct intake *in, struct str der);
void intake_pkcs7(struct intake *in, struct str der);
void intake_keystore(struct intake *in, struct str bytes);
/* What came instead of a certificate. */
bool intake_tells_outlook(struct str bytes);
bool intake_tells_picture(struct str bytes);
bool intake_tells_program(struct str bytes);
bool intake_tells_listing(struct str bytes);
bool intake_tells_thumbprint(struct str bytes);
bool intake_tells_link(struct str bytes);
bool intake_tells_text(struct str bytes);
/* Encrypted private keys: PKCS#8, and PEM with header fields (its "Proc-Type" and "DEK-Info"
 * lines). */
void intake_encrypted_key(struct intake *in, struct str der);
void intake_headed_key(struct intake *in, struct str header, struct str body);

/* The MAC of a PKCS#12 that has one, against each spelling of the password; of the one that fits,
 * the number. */
enum mac_verdict {
	MAC_NOT_CHECKED, /* and a problem is remembered */
	MAC_FITS,
	MAC_DIFFERS,
};
enum mac_verdict pkcs12_mac_check(struct intake *in, PKCS12 *p12, size_t *ret_spelling);

/* Iterations of a password derivation, and whether we have all it takes. */
bool pbe_may_open(struct intake *in, const X509_ALGOR *algorithm);
/* What it makes its key from. */
enum password_form pbe_form(const X509_ALGOR *algorithm);
/* Counts derivations against the limit; false (and remembered) once it is passed. */
bool pbe_count(struct intake *in, uint64_t iterations);
/* The same of a number in a file, which may make no sense. */
bool pbe_count_integer(struct intake *in, const ASN1_INTEGER *number);
/* An algorithm's parameters, decoded; NULL when they are no such sequence. */
void *pbe_params(const X509_ALGOR *algorithm, const ASN1_ITEM *item);

/* A file of a limited size, told by its content and read. */
void intake_file(struct intake *in, struct str bytes);

/* What is found inside of a file, read as a row of its own; of what is nothing of ours no row
 * stays. `name` is as hostile as the bytes. */
void intake_member(struct intake *in, struct str name, struct str bytes);
/* After the last member: whether anything came (else `empty` is the finding), and no complaint about
 * leaflets beside certificates. */
void intake_settle(struct intake *in, enum finding_code empty);
/* Whether the file or a member of it gave a certificate, a key or a request. */
bool intake_has_found(const struct intake *in);
/* Whether a problem is remembered for one of these. */
bool intake_has_told(const struct intake *in);
/* Counts bytes that were unpacked; false (and remembered) once they are too many. */
bool intake_unpacked(struct intake *in, size_t bytes);

/* Counts text that is to be tried as dressed up; false once it is too much. What comes then is taken
 * as it stands: real deliveries are far below. */
bool intake_may_loosen(struct intake *in, size_t bytes);

/* True when only white space and NULs are left. */
bool intake_is_blank(struct str s);
