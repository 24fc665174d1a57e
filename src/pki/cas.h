/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate authorities that customers buy from: a data file, because brands are sold and
 * names change (G-14). Of each: the names it accepts in a CAA record (the first one is the one to
 * advise), its brands, how it writes its organization in certificates where that is another name, whether it is known to issue by ACME, what its order form calls our platform,
 * and how the roots are called that browsers stopped trusting, which stand with their dates in the
 * list of pki/distrust.h and nowhere else. docs/man/certdesk-data.7 describes the file.
 */
#pragma once

#include "base/buf.h"
#include "base/when.h"
#include "pki/distrust.h"

#define CAS_MAX        200
#define CAS_FILE_MAX   (1024u * 1024)
#define CAS_WORDS_SIZE 128
#define CA_NAMES_MAX   16 /* of each kind */
#define CA_TEXT_SIZE   64

enum { CAS_E_MALFORMED = 1 };

struct ca_names {
	char name[CA_NAMES_MAX][CA_TEXT_SIZE];
	size_t count;
};

struct ca {
	char name[CA_TEXT_SIZE];
	struct ca_names caa;         /* host names; one at least */
	struct ca_names brands;      /* other names it sells under */
	struct ca_names issuers;     /* organizations in its certificates that are none of these */
	struct ca_names roots;       /* how names of its distrusted roots begin */
	char platform[CA_TEXT_SIZE]; /* "" = its order form is not known to ask */
	bool acme;
};

struct cas;

/* CAS_E_MALFORMED: `words` say which row and what is wrong with it; nothing is loaded. */
int cas_new(struct str json, char words[static CAS_WORDS_SIZE], struct cas **ret) MUST_USE;
struct cas *cas_free(struct cas *cas);
CLEAN_DEFINE(cas_free, struct cas *);

when cas_dated(const struct cas *cas); /* when the file was made */
size_t cas_count(const struct cas *cas);
const struct ca *cas_at(const struct cas *cas, size_t at);
/* By its name, a brand, or a name in CAA; only letters and digits count ("lets encrypt"). NULL =
 * none. */
const struct ca *cas_find(const struct cas *cas, struct str name);
/* One that is in no list is known by the name it accepts in CAA. False: that is no such name, or so
 * near to one of the list that this was meant. */
bool cas_named(const struct cas *cas, struct str typed, struct ca *ret);
/* By the organization in the issuer of a certificate; NULL = none. */
const struct ca *cas_of_issuer(const struct cas *cas, struct str organization);
/* The name, brand or name in CAA that is nearest to what was typed, if near enough to be meant; NULL
 * else. */
const char *cas_like(const struct cas *cas, struct str typed);
/* Does it accept this name in a CAA record? */
bool ca_accepts(const struct ca *ca, struct str issuer);
/* Why browsers refuse what it issues now; NULL = they do not. */
const struct distrust_row *ca_distrusted(
    const struct ca *ca, const struct distrust *distrust, when now);
