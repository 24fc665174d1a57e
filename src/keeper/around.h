/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may stand around a private key that leaves (ipc/key_export.h has the rules for callers). The
 * worker is presumed captured: with free choice of the text it could make the balancer run commands
 * (HAProxy executes what follows an empty line), or store the key as something that can be read
 * back.
 */
#pragma once

#include "ipc/key_export.h"

/* NULL when all is well, else what is wrong, in words. `folder`: where the balancer's certificates
 * lie. */
const char *around_fault(
    enum key_form form, const char *folder, struct str before, struct str after);
