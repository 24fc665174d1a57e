/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom the browsers have stopped trusting, and since when: a data file, because it
 * changes between our releases. Two kinds of rows:
 *   issued_after  certificates issued later than this are refused (Chrome's SCTNotAfter); older
 *                 ones live on
 *   since         from this day on nothing below it is accepted
 * A row names a CA's certificate by SHA-256, or its key (all cross-signed forms) by that of its
 * SubjectPublicKeyInfo. docs/man/certdesk-data.7 describes the file and how to renew it.
 */
#pragma once

#include <openssl/x509.h>

#include "base/buf.h"
#include "base/when.h"

#define DISTRUST_ROWS_MAX  2000
#define DISTRUST_FILE_MAX  (4u * 1024 * 1024)
#define DISTRUST_TEXT_SIZE 128

enum { DISTRUST_E_MALFORMED = 1 };

struct distrust_row {
	uint8_t sha256[32]; /* of the certificate, or of its key */
	bool by_key;
	char name[DISTRUST_TEXT_SIZE];     /* of the CA, for people */
	char programs[DISTRUST_TEXT_SIZE]; /* "Chrome, Mozilla" */
	when issued_after, since;          /* one of them; 0 = not this way */
};

struct distrust;

/* DISTRUST_E_MALFORMED: `words` say which row and what is wrong with it; nothing is loaded. */
int distrust_new(
    struct str json, char words[static DISTRUST_TEXT_SIZE], struct distrust **ret) MUST_USE;
struct distrust *distrust_free(struct distrust *distrust);
CLEAN_DEFINE(distrust_free, struct distrust *);

size_t distrust_count(const struct distrust *distrust);
when distrust_dated(const struct distrust *distrust); /* when the file was made */
/* The row that speaks against a path through `ca` for a leaf issued at `issued`; NULL = none. */
const struct distrust_row *distrust_find(
    const struct distrust *distrust, const X509 *ca, when issued, when now);
/* Since when what its CA issues is refused, in one way or the other. */
when distrust_since(const struct distrust_row *row);
/* The first row whose CA's name begins so and that speaks against a leaf issued at `now`; NULL =
 * none. */
const struct distrust_row *distrust_named(
    const struct distrust *distrust, struct str begins, when now);
