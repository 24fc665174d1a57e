/* SPDX-License-Identifier: Apache-2.0 */
/* Where an order is bought, as a form says it. */
#pragma once

#include "desk/json.h"

/* The member "reseller", in the spelling of the configuration; a mistake of the form when it is not
 * there. */
void cas_read_reseller(const struct request *request, struct form *form, char *to, size_t size);
