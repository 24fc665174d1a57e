/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate's dNSName that does not cover the order's host name: how far off is it? `san` is
 * hostile bytes, compared as they are (a NUL or a foreign letter simply matches nothing); `host` is
 * ours: lower case, A-labels, no dot at the end.
 */
#pragma once

#include "base/str.h"

/* A mistake that people make: the star one level off, or with and without "www.". */
bool name_is_near(struct str san, struct str host);
/* Below the same registrable domain (public suffix list). */
bool name_same_owner(struct str san, struct str host);
