/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's part of what goes to a balancer behind TLS with a secret in it (docs/decisions/0013):
 * it makes the connection, and hands it to the keeper with the question. Results are the balancer's
 * (BALANCER_E_…), told in *what; the device's answer is appended.
 */
#pragma once

#include "balancer/balancer.h"
#include "ipc/key_export.h"

int carry_sign_in(struct channel *keeper, const struct config_balancer *to, size_t unit,
    long *ret_status, struct buf *answer, struct outcome *what) MUST_USE;
/* `question`: but for the form, the name and the token; to the unit that it names. */
int carry_upload(struct channel *keeper, const struct config_balancer *to,
    const struct key_export *question, const char *name, const char *token, long *ret_status,
    struct buf *answer, struct outcome *what) MUST_USE;
