/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dying on purpose: in a build with -Dfailpoints=true, FAILPOINT("worker.install.applied") kills
 * the process by SIGKILL when the environment's CERTDESK_FAILPOINT says that name, with ":2" for
 * the second time it is passed. certdeskd hands the variable only to the first life of its
 * children. In any other build the macro is nothing. `certdeskd --failpoints` lists all names of
 * the programs it starts; certdesk(1) lists its own when the variable says "list".
 *
 * Every use leaves its name in a section of the program, so the list cannot miss one. The name is a
 * string literal.
 */
#pragma once

#include "base/buf.h"

#ifdef CERTDESK_FAILPOINTS
#define FAILPOINT(name)                                                              \
	do {                                                                         \
		static const char *failpoint_here                                    \
		    __attribute__((used, section("certdesk_failpoints"))) = "" name; \
		failpoint_pass(failpoint_here);                                      \
	} while (0)
/* The same in two steps, where the pass happens in a function called: registers the name and yields
 * it. */
#define FAILPOINT_NAME(name)                                                         \
	(__extension__({                                                             \
		static const char *failpoint_here                                    \
		    __attribute__((used, section("certdesk_failpoints"))) = "" name; \
		failpoint_here;                                                      \
	}))
void failpoint_pass(const char *name);
#else
#define FAILPOINT(name)      ((void)0)
#define FAILPOINT_NAME(name) ((const char *)NULL)
static inline void
failpoint_pass(const char *name UNUSED)
{
}
#endif

/* True when the environment's CERTDESK_FAILPOINT is "list": the program shall name its failpoints
 * and end. */
bool failpoint_list_wanted(void);
/* The names in this program, one line each; nothing in a build without failpoints. */
void failpoint_list(struct buf *to);
