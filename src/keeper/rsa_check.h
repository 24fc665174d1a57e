/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CAs must reject in an RSA modulus (K-02, K-03), looked for in our own before its CSR leaves.
 * A sound generator fails none of these; they are here for the day it is not sound. Debian's weak
 * keys of 2008 and lists of known keys are not looked at: a fresh key of a good generator is in
 * none.
 */
#pragma once

#include <gmp.h>

#include "base/macro.h"

enum rsa_fault {
	RSA_FINE,
	RSA_SMALL_FACTOR, /* below 752 */
	RSA_CLOSE_PRIMES, /* found by 110 rounds of Fermat's method */
	RSA_ROCA,         /* has the fingerprint of CVE-2017-15361 */
	RSA_EXPONENT,     /* said by rsa_complete(): even, or below 65537 (K-02) */
	RSA_FAULT_MAX
};

enum rsa_fault rsa_check(const mpz_t modulus);
