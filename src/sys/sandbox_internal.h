/* SPDX-License-Identifier: Apache-2.0 */
/* The techniques behind sandbox.h, one file each. A technique that the kernel lacks says so in the
 * report and returns 0. */
#pragma once

#include "sys/sandbox.h"

int sandbox_limits(struct buf *report) MUST_USE; /* no new privileges, no dumps, no tracing */
int sandbox_capabilities(const struct sandbox_profile *profile, struct buf *report) MUST_USE;
int sandbox_landlock(const struct sandbox_profile *profile, struct buf *report) MUST_USE;
int sandbox_seccomp(const struct sandbox_profile *profile, struct buf *report) MUST_USE;
