/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CAs must reject in an RSA modulus (K-02, K-03): looked for in our own keys before their CSR
 * leaves, and in the keys of certificates that come in. A sound generator fails none of these.
 * Debian's weak keys of 2008 and lists of known keys are not looked at: they are lists, not
 * arithmetic.
 */
#pragma once

#include <gmp.h>
#include <openssl/evp.h>

#include "base/macro.h"

enum rsa_fault {
	RSA_FINE,
	RSA_SMALL_FACTOR, /* below 752 */
	RSA_CLOSE_PRIMES, /* found by 110 rounds of Fermat's method */
	RSA_ROCA,         /* has the fingerprint of CVE-2017-15361 */
	RSA_EXPONENT, /* of a private key: even, or below 65537 (K-02); never said of a modulus */
	RSA_FAULT_MAX
};

#define RSA_CHECK_BITS_MAX 16384 /* larger moduli are not looked at: the work grows with them */

enum rsa_fault rsa_check(const mpz_t modulus);
/* Of any public key: FINE for one that is not RSA, or too large to be looked at. */
enum rsa_fault rsa_check_key(const EVP_PKEY *key);
