/* SPDX-License-Identifier: Apache-2.0 */
/* What hosts are usually called: a front like these is meant as it stands, and where one is glued to
 * a domain a dot is missing. Pure. */
#pragma once

#include "base/str.h"

bool host_word_is_usual(struct str word);
