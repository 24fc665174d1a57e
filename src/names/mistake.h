/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can go wrong when a name is typed (H-10), and which one slip lies between two parts of names.
 * The order is that of likelihood: of several names that could be meant, the one behind the first
 * kind is offered. Pure.
 */
#pragma once

#include "names/letters.h"

enum name_mistake {
	MISTAKE_NONE,
	MISTAKE_LOOK,       /* other letters, which look the same */
	MISTAKE_TWICE,      /* owa.contoso.com.contoso.com */
	MISTAKE_WWW,        /* www. in front of a name that is known without */
	MISTAKE_DOT,        /* owacontoso.com, contosocom.de */
	MISTAKE_DOT_MORE,   /* con.toso.com */
	MISTAKE_HYPHEN,     /* con-toso.com */
	MISTAKE_ENDING,     /* contoso.con, contoso.co */
	MISTAKE_SWAPPED,    /* ocntoso.com */
	MISTAKE_DOUBLED,    /* conttoso.com */
	MISTAKE_MISSING,    /* cntoso.com */
	MISTAKE_NEIGHBOUR,  /* vontoso.com; conytoso.com: the key beside it, too or instead */
	MISTAKE_MORE,       /* conxtoso.com */
	MISTAKE_OTHER,      /* cantoso.com */
	MISTAKE_NOT_AT_END, /* owa.contoso.com.somewhere.de */
	MISTAKE_WORD,       /* contoso-login.com */
	MISTAKE_MAX
};

#define MISTAKE_WORDS 160

const char *mistake_name(enum name_mistake mistake); /* "look" "twice" … */

/* The one slip that makes `typed` of `meant`; `words` then say which, to stand behind a colon.
 * MISTAKE_NONE: they are the same, or further apart than one slip. */
enum name_mistake mistake_between(
    const struct letters *typed, const struct letters *meant, char words[static MISTAKE_WORDS]);
