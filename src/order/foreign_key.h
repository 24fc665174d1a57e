/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a customer accepts who wants a private key used that was not made here (I-12, K-05, K-06;
 * docs/decisions/0012): this sentence, word for word, so that nobody accepts it by a switch that
 * was left on. It is shown by the command, written down in docs/openapi.yaml, and kept in the
 * audit log.
 */
#pragma once

#define FOREIGN_KEY_STATEMENT                                                                      \
	"I know that this private key was not made by the provider, that anybody who has seen it " \
	"can pretend to be this site, and that the certificate must be revoked if a copy comes "   \
	"out. I accept this risk."
#define FOREIGN_KEY_AUTHOR_SIZE 128
