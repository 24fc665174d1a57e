/* SPDX-License-Identifier: Apache-2.0 */
/* A host name from the command line, understood as that of an order form. */
#pragma once

#include "pki/name.h"

/* What is no host name there is none here: EXIT_USAGE, and the first reason with `before` in front of
 * it. */
int cli_host(const char *text, const char *before, struct host_name *ret) MUST_USE;
