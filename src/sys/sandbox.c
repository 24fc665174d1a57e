/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/sandbox.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "sys/sandbox_internal.h"

void
sandbox_allow_path(struct sandbox_profile *profile, const char *path, bool write)
{
	assert(profile->path_count < SANDBOX_PATHS_MAX);
	profile->paths[profile->path_count++] =
	    (struct sandbox_path){ .path = str_dup(str_of(path)), .write = write };
}

void
sandbox_forget_paths(struct sandbox_profile *profile, size_t first)
{
	while (profile->path_count > first)
		free((void *)(uintptr_t)profile->paths[--profile->path_count].path);
}

/* Why seccomp and landlock stay off; NULL when they do not. */
static const char *
why_off(void)
{
#ifdef CERTDESK_SANITIZED
	return "sanitizer build";
#else
	return str_eq(str_of(getenv("CERTDESK_SANDBOX")), STR("none")) ? "CERTDESK_SANDBOX=none"
	                                                               : NULL;
#endif
}

int
sandbox_enter(const struct sandbox_profile *profile, struct buf *report)
{
	const char *off = why_off();
	int r = sandbox_limits(report);

	if (r == 0)
		r = sandbox_capabilities(profile, report);
	if (r)
		return r;
	if (off) {
		buf_printf(report, "landlock=off (%s)\nseccomp=off (%s)\n", off, off);
		return 0;
	}
	r = sandbox_landlock(profile, report);
	return r ? r : sandbox_seccomp(profile, report);
}
