/* SPDX-License-Identifier: Apache-2.0 */
/* "GmbH", "Ltd.", "S.p.A.": what stands beside the name of a company, in its usual writings. */
#pragma once

#include "pki/fold.h"

/* Takes the legal forms at the name's end and front off, unless nothing would be left. `country`: two
 * capitals, "" = of all. Returns the form by its usual name, "" = none; it lives on. */
const char *legal_form_take(struct folded *name, const char *country);
