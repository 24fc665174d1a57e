/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of private keys we make (K-01, K-04). The numbers are stored and sent: append only.
 */
#pragma once

#include "base/str.h"

enum key_kind {
	KEY_RSA2048, /* the default: every platform takes it */
	KEY_RSA3072,
	KEY_RSA4096,
	KEY_P256,
	KEY_P384,
	KEY_KIND_MAX
};

const char *key_kind_name(
    enum key_kind kind); /* "rsa2048", as in API, CLI and configuration; "unknown" */
const char *key_kind_words(enum key_kind kind); /* "RSA, 2048 bits", for people */
bool key_kind_parse(struct str name, enum key_kind *ret);

/* Who made a key. The numbers are sealed with it (keeper/wrap.h): append only. */
enum key_origin {
	KEY_MADE_HERE,     /* by the keeper; it never left but into a balancer */
	KEY_FROM_CUSTOMER, /* it came along with its certificate (docs/decisions/0012) */
	KEY_ORIGIN_MAX
};
const char *key_origin_name(enum key_origin origin); /* "here", "customer" */
