/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A password as the program that protected a file may have written it down: one set of characters
 * became different octets in the course of the years (I-05). For the readers of this folder alone.
 * A spelling is wiped with its owner.
 */
#pragma once

#include "base/buf.h"

#define PASSWORD_SPELLINGS 4 /* numbers to try, 0 first */
#define PASSWORD_MAX       1024

/* What the derivation makes a key from. */
enum password_form {
	PASSWORD_CHARACTERS, /* PKCS#12's own: OpenSSL makes a BMPString of UTF-8 */
	PASSWORD_OCTETS,     /* PBES1, PBES2, PBMAC1, old PEM: whatever the program had */
};

struct password {
	struct buf text;
	const char *p; /* as OpenSSL wants it: NULL = absent, "" = empty */
	int len;
};

void password_fini(struct password *password);
CLEAN_DEFINE_FINI(password_fini, struct password);

/* The spelling with this number; false where there is none that differs from those before. `given`
 * NULL or empty: absent, then empty. */
bool password_spell(
    const struct str *given, enum password_form form, size_t at, struct password *ret);
