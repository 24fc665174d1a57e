/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a host name by the public suffix list: mail.berlin.contoso.co.uk is the host
 * "mail.berlin" of the domain "contoso.co.uk", whose label is "contoso" and whose ending "co.uk".
 * Pure.
 */
#pragma once

#include "base/str.h"

struct name_parts {
	struct str host; /* without the dot behind it; "" of a bare domain */
	struct str domain, label, ending;
};

/* `name`: as in struct host_name, or a mistyped one whose ending does not exist; that is taken for
 * one. They borrow from it. */
struct name_parts name_parts_of(const char *name);
