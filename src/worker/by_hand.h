/* SPDX-License-Identifier: Apache-2.0 */
/* Installations that wait for people (docs/decisions/0016). */
#pragma once

#include "worker/worker.h"

/* The order rests until somebody says that it is done: `certdesk order done`. */
int by_hand_note(struct hand *hand, struct id installation, const struct outcome *what) MUST_USE;
/* What people were asked for in a window is begun: that they have done it is only looked at. */
int by_hand_is_begun(struct hand *hand, const struct order *order, bool *ret) MUST_USE;
