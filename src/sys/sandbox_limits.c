/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/error.h"
#include "sys/sandbox_internal.h"

int
sandbox_begin(void)
{
	const struct rlimit none = { 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return error_origin(errno);
#ifndef CERTDESK_SANITIZED /* the leak checker attaches to its own process */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return error_origin(errno);
#endif
	return 0;
}

int
sandbox_limits(struct buf *report)
{
	int r = sandbox_begin();

	if (r == 0)
		buf_put_text(report, "no_new_privs=on\ndumps=off\n");
	return r;
}
