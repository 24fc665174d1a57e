/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the KEK at start; what is wrong with its file is said in the log, with what to do about it.
 */
#pragma once

#include "pki/kek_file.h"

int kek_read(const char *path, struct kek *ret) MUST_USE;
