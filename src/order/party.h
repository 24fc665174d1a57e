/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is, and who may cause a thing: the parties of the process. */
#pragma once

#include "base/str.h"

enum party { PARTY_NOBODY, PARTY_CUSTOMER, PARTY_CA, PARTY_PROVIDER, PARTY_MACHINE, PARTY_MAX };

const char *party_name(enum party party); /* "nobody", "customer", "ca", "provider", "machine" */
bool party_parse(struct str s, enum party *ret);
