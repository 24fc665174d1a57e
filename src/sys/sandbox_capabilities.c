/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities (capabilities(7)), which a process that was started as root and became nobody else
 * has all of: with them it could raise its own limits, trace, or configure the network. Kept are
 * those that let root read and replace files of others, for who has files at all. The kernel knows
 * them per thread, so this comes before there is a second one.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/sandbox_internal.h"

#define FOR_FILES \
	(1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH | 1u << CAP_FOWNER)

int
sandbox_capabilities(const struct sandbox_profile *profile, struct buf *report)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct has[_LINUX_CAPABILITY_U32S_3] = { 0 };
	struct __user_cap_data_struct keeps[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &head, has) != 0)
		return error_origin(errno);
	if (profile->calls & SANDBOX_FILES)
		keeps[0].effective = keeps[0].permitted = has[0].permitted & FOR_FILES;
	if (syscall(SYS_capset, &head, keeps) != 0)
		return error_origin(errno);
	buf_printf(report, "capabilities=%s\n", keeps[0].permitted ? "files" : "none");
	return 0;
}
