/* SPDX-License-Identifier: Apache-2.0 */
/* What CRLs and OCSP responses share. For revocation*.c alone. */
#pragma once

#include "pki/revocation.h"

void revocation_say(struct revocation *to, enum revocation_state state, const char *why);
/* `reason`: of CRLReason; -1 = none stated. */
void revocation_say_revoked(struct revocation *to, const ASN1_TIME *since, long reason);

/* Current: has begun, and promises not to be over. Says why not. */
bool revocation_is_current(
    const ASN1_TIME *from, const ASN1_TIME *until, when now, struct revocation *to);
/* made with SHA-256, SHA-384 or SHA-512. */
bool revocation_is_signed_well(const X509_ALGOR *algorithm);
