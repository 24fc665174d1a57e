/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptor a private key is poured into: opened by the worker, which is presumed captured, so
 * it is held against what the configuration says of the balancer and its `unit`. A stream accepted by the
 * balancer's own listener is known by the name that listener is bound to; one over TCP by the address
 * and port at its other end.
 */
#pragma once

#include <sys/types.h>

#include "config/config.h"
#include "ipc/key_export.h"

/* NULL when the key may go there, else what is wrong, in words. `worker`: a user whose files are
 * fine, too. */
const char *vessel_fault(
    int fd, enum key_form form, const struct config_balancer *balancer, size_t unit, uid_t worker);

/* Not for FORM_HTTPS_UPLOAD. All of it within two seconds: NULL, or why not, in words. */
const char *vessel_pour(int fd, enum key_form form, struct str bytes);

/* Is `bound` what a listener of HAProxy configured as `path` is bound to? It binds
 * "<path>.<pid>.tmp" and renames the file, but a bound socket keeps its name. */
bool vessel_is_bound_to(struct str bound, struct str path);
