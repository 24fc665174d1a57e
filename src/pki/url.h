/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses that certificates name: issuers (AIA), revocation lists, OCSP responders. Which of them
 * are worth being handed to whoever fetches; where one leads is that one's to look at (I-16).
 */
#pragma once

#include "base/str.h"

#define URL_SIZE 512

/* http only (what is fetched is signed, and https would need what is being fetched), plain ASCII
 * without blanks, and fits URL_SIZE with its NUL. */
bool url_is_plain_http(struct str url);
