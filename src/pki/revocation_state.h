/* SPDX-License-Identifier: Apache-2.0 */
/* What can be known of a certificate's revocation. The numbers are sent: append only. */
#pragma once

/* The larger says more: of two answers about one certificate it is the one that counts. */
enum revocation_state {
	REVOCATION_UNSEEN,   /* nothing that was looked at speaks about it */
	REVOCATION_NEEDLESS, /* a short-lived one (V-05), or a root */
	REVOCATION_UNKNOWN,  /* something speaks about it, but does not tell */
	REVOCATION_GOOD,
	REVOCATION_REVOKED,
	REVOCATION_STATE_MAX
};

/* How it is published. */
enum revocation_kind {
	REVOCATION_CRL,  /* GET */
	REVOCATION_OCSP, /* POST of the request */
	REVOCATION_KIND_MAX
};
