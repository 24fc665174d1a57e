/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A balancer behind HTTPS, one request at a time (docs/decisions/0013): drivers ask through
 * `exchange` and know of no sockets, so a test can put recorded answers behind it.
 *
 * device_open() puts libcurl there: one kept connection, TLS 1.2 or newer, the device's certificate
 * pinned or verified by the configured CA, no redirects, cookies or proxy, bounded answers.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/when.h"

#define DEVICE_ANSWER_MAX (8u << 20) /* bytes: a page of a list of a large device */

enum {
	DEVICE_E_UNREACHABLE = 1, /* nothing arrived there */
	DEVICE_E_LOST,            /* it was sent, and no answer came: done or not */
	DEVICE_E_UNTRUSTED,       /* it has not the certificate that was configured */
	DEVICE_E_TOO_LARGE,       /* more than DEVICE_ANSWER_MAX; done or not */
};
const char *device_words(int r);

struct device_request {
	const char *method, *path; /* from "/mgmt" on, encoded */
	const char *token;         /* "" = none */
	const char *coordination;  /* the transaction it is queued in; "" = none */
	const json_t *json;        /* borrowed; NULL = see `bytes` */
	struct str bytes;          /* a file's, whole; "" = no body */
	when timeout;              /* 0 = the place's */
};

struct device {
	/* Appends the answer's body. 0, DEVICE_E_… with words of its own in `problem`, or negative. */
	int (*exchange)(struct device *self, const struct device_request *request, long *ret_status,
	    struct buf *body) MUST_USE;
	void (*close)(struct device *self);
	char problem[256];
};

struct device_place {
	const char *address; /* a literal */
	int64_t port;
	const char *ca_file; /* "" = see `pin` */
	const char *pin;     /* "sha256//…", of its public key */
	when timeout;        /* of one request; longer than the device waits for itself: 90 s */
};
int device_open(const struct device_place *place, struct device **ret) MUST_USE;
struct device *device_close(struct device *device);
CLEAN_DEFINE(device_close, struct device *);
