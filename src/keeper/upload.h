/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FORM_HTTPS_UPLOAD: a key on its way to a balancer behind TLS, as one request that the courier
 * sends (docs/decisions/0013). Name and token are the worker's, who is presumed captured: they may
 * become nothing but a file of ours in the device's folder of uploads, and one header.
 */
#pragma once

#include "ipc/key_export.h"
#include "keeper/device.h"

/* NULL when all is well with what belongs to the form, and what does not is not there; else what is
 * wrong, in words. */
const char *upload_fault(const struct key_export *q);

/* As carry_ask(). */
int upload_carry(struct channel *courier, const struct device *device, const struct key_export *q,
    int vessel, struct str pem, struct buf *answer, struct carried *ret) MUST_USE;
