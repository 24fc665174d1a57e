/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host names: whatever people paste becomes a validated value, or a reason why not (rules
 * H-01…H-14, N-01…N-10, D-14). Pure: the public suffix list is the one built into libpsl.
 */
#pragma once

#include "base/str.h"

/* Hold one and it is valid: lower case, A-labels, no trailing dot, below a public suffix. */
struct host_name {
	char text[254];
};

enum {
	NAME_E_EMPTY = 1,
	NAME_E_CHARS,      /* report: position, bad (the character in words) */
	NAME_E_LENGTH,     /* report: reason */
	NAME_E_INCOMPLETE, /* a single label, or a public suffix; report: reason */
	NAME_E_INTERNAL, /* special use, or no public top-level domain; report: reason (".local") */
	NAME_E_IS_ADDRESS,
	NAME_E_IS_MAIL,       /* report: domain */
	NAME_E_WILDCARD,      /* report: domain */
	NAME_E_PUNYCODE,      /* report: reason */
	NAME_E_MIXED_SCRIPTS, /* report: reason (the scripts), ascii form in `ascii` */
};

struct name_report {
	bool changed;      /* by more than upper and lower case: ask for a look (H-01) */
	char removed[256]; /* what was taken off, in words: "https://, the path /owa/"; "" */
	size_t position;   /* of the bad character, from 1 */
	char bad[64];      /* "an underscore" */
	char reason[256];
	char ascii[256];  /* the A-label form, where there is one */
	char domain[254]; /* registrable domain (ICANN and PRIVATE sections of the list), "" if none
	                   */
	bool
	    no_such_ending; /* of NAME_E_INTERNAL: not special use, but a name like owa.contoso.con */
	bool is_apex;       /* the name is the registrable domain itself (H-12) */
	bool has_www;       /* begins with "www." */
	bool is_long;       /* more than 64 characters: no CN (N-03) */
};

/* *report is filled in all cases. */
int host_name_parse(struct str pasted, struct host_name *ret, struct name_report *report) MUST_USE;

/* Does a certificate's dNSName cover the host? A wildcard stands for exactly one leftmost label
 * (N-08); ASCII case does not count. */
bool host_name_matches(struct str san, const struct host_name *host);

/* The registrable domain of an A-label name; false (and "") if it is a public suffix or has none.
 */
bool host_name_registrable(const char *name, char *to, size_t size);

/* The part of it that a registry of the Internet has registered: "contoso.github.io" is registrable
 * at a company, "github.io" at a registry (the ICANN section of the list alone). False (and "") as
 * above. */
bool host_name_at_registry(const char *name, char *to, size_t size);
