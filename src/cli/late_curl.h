/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, loaded when the first request is made: it brings thirty libraries along, which cost a
 * command that makes none more than its own work (docs/decisions/0009).
 */
#pragma once

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo

#include "base/macro.h"

struct late_curl {
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_perform) *easy_perform;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
};

enum { LATE_CURL_E_ABSENT = 1 };

/* It stays loaded; calling this again costs nothing. `*ret_words` says what is missing. */
int late_curl_load(struct late_curl *ret, const char **ret_words) MUST_USE;
