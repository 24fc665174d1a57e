/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Balancers that are managed over HTTPS, as the keeper knows them: where they are, what their
 * certificate is held against, and the password of the user that signs in there
 * (docs/decisions/0013). All of it is read before the sandbox closes.
 */
#pragma once

#include "config/config.h"
#include "ipc/carry.h"

#define DEVICE_PASSWORD_MAX 256
#define DEVICE_TIME         SECONDS(8) /* for one request, its answer included */

struct device {
	const struct config_balancer *balancer;
	char *password;          /* terminated, in the secure heap */
	struct buf ca;           /* PEM; or "", and the balancer has a pin */
	_Atomic when held_until; /* world_ticks: no sign-in before */
};

struct devices;

/* What is configured must be there, and private: else the log says what to do, and we do not start.
 * Needs memory_protect() before; `config` stays the caller's. */
int devices_read(const struct config *config, struct devices **ret) MUST_USE;
struct devices *devices_free(struct devices *devices);
CLEAN_DEFINE(devices_free, struct devices *);

/* NULL for one that is not configured, or is not managed over HTTPS; or without any devices. */
struct device *device_named(struct devices *devices, const char *balancer);

/* A request to that unit of it but for path, headers and body. */
struct carry device_request(const struct device *device, size_t unit);
/* What signs in there, as JSON. False: user or password are no UTF-8. */
bool device_put_sign_in(const struct device *device, const char *provider, struct buf *to) MUST_USE;
