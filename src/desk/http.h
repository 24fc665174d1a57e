/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API's door: libmicrohttpd on the address of the configuration. A body is collected up to its
 * limit, and only for a token we know; everything that comes in is hostile.
 */
#pragma once

#include "desk/desk.h"

struct http;

/* Binds the socket; nothing is served before http_start(). */
int http_open(struct desk *desk, struct http **ret) MUST_USE;
int http_start(struct http *http) MUST_USE;
struct http *http_free(struct http *http); /* finishes what is being answered */
CLEAN_DEFINE(http_free, struct http *);
