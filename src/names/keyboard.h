/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys lie side by side, on the layouts that are common in Europe and America. Pure. */
#pragma once

#include "base/str.h"

/* On at least one of qwerty, qwertz and azerty. */
bool keys_are_neighbours(uint32_t a, uint32_t b);
