/* SPDX-License-Identifier: Apache-2.0 */
/* When and by whom a balancer may be changed, as the API shows it. */
#pragma once

#include "desk/desk.h"

/* Adds the members to the balancer's object. */
void window_put_json(const struct desk *desk, const struct config_balancer *balancer, json_t *to);
