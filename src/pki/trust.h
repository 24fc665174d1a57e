/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What chains are built from and judged by, besides the certificates at hand: the roots we trust
 * (the system's bundle, or the provider's own), the intermediates we know, and which roots the
 * browsers have stopped trusting, with dates. Read once from files of the configuration,
 * then only looked at.
 */
#pragma once

#include "pki/distrust.h"
#include "pki/shelf.h"

#define TRUST_FILE "/etc/ssl/certs/ca-certificates.crt"

struct trust {
	struct shelf *roots;
	struct shelf *intermediates; /* NULL = none */
	struct distrust *distrust;   /* NULL = nothing known against any root */
};

void trust_fini(struct trust *trust);
CLEAN_DEFINE_FINI(trust_fini, struct trust);

enum {
	TRUST_E_NONE = 1,  /* no certificate in it: an empty list would refuse every certificate */
	TRUST_E_MALFORMED, /* the words say where */
};

/* Each reads one file and adds it; -errno when it cannot be read. Of distrust, "" is the list that
 * was built in. */
int trust_read_roots(struct trust *trust, const char *path) MUST_USE;
/* A PEM file, or a folder of files with PEM or DER each. */
int trust_read_intermediates(struct trust *trust, const char *path) MUST_USE;
int trust_read_distrust(
    struct trust *trust, const char *path, char words[static DISTRUST_TEXT_SIZE]) MUST_USE;

/* Is it one of the roots, byte for byte? */
bool trust_has(const struct trust *trust, const X509 *x509);
