/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock (Linux 5.13 and newer): paths that may be used, and TCP from ABI 4 on (Linux 6.7).
 * Debian 12's headers know ABI 2 only, so the newer names are here.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/file.h"
#include "sys/sandbox_internal.h"

#define FS_TRUNCATE (1ull << 14) /* ABI 3 */
#define FS_IOCTL    (1ull << 15) /* ABI 5 */
#define NET_BIND    (1ull << 0)  /* ABI 4 */
#define NET_CONNECT (1ull << 1)

#define SCOPE_ALL 3ull /* ABI 6: abstract unix sockets and signals of others */

struct ruleset { /* struct landlock_ruleset_attr as of ABI 6 */
	uint64_t fs, net, scope;
};

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* No MAKE_SOCK: the keeper knows a balancer's socket by the path it was bound to, so nobody in here
 * may bind another one there. */
#define FS_WRITE                                                          \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	    LANDLOCK_ACCESS_FS_MAKE_REG)
/* All that ABI 1 can forbid. */
#define FS_ALL (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1)
/* What a rule for a file, not a folder, may say. */
#define FS_OF_FILES \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL)

static int
allow_path(int rules, const struct sandbox_path *allowed, uint64_t handled)
{
	struct landlock_path_beneath_attr attr = { .allowed_access = FS_READ };
	struct stat about;
	CLEAN(close_fd) int fd = open(allowed->path, O_PATH | O_CLOEXEC);

	if (fd < 0) /* what is not there needs no permission */
		return errno == ENOENT || errno == ENOTDIR ? 0 : error_origin(errno);
	if (fstat(fd, &about) != 0)
		return error_origin(errno);
	if (allowed->write)
		attr.allowed_access |= FS_WRITE | FS_TRUNCATE;
	attr.allowed_access &= handled;
	if (!S_ISDIR(about.st_mode))
		attr.allowed_access &= FS_OF_FILES;
	attr.parent_fd = fd;
	return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &attr, 0) == 0
	           ? 0
	           : error_origin(errno);
}

static struct ruleset
ruleset_for(const struct sandbox_profile *profile, long abi)
{
	struct ruleset set = { .fs = FS_ALL };

	if (abi >= 2)
		set.fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		set.fs |= FS_TRUNCATE;
	if (abi >= 4)
		set.net = NET_BIND | (profile->any_tcp_connect ? 0 : NET_CONNECT);
	if (abi >= 6)
		set.scope = SCOPE_ALL;
	return set;
}

/* What a kernel does not know yet it must not be given. */
static size_t
size_for(long abi)
{
	return abi >= 6   ? sizeof(struct ruleset)
	       : abi >= 4 ? offsetof(struct ruleset, scope)
	                  : offsetof(struct ruleset, net);
}

/* Landlock binds the thread that enters and those it starts later, not those that run already. */
static bool
is_alone(void)
{
	struct stat tasks;

	return stat("/proc/self/task", &tasks) != 0 || tasks.st_nlink == 3;
}

int
sandbox_landlock(const struct sandbox_profile *profile, struct buf *report)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset set = ruleset_for(profile, abi);
	CLEAN(close_fd) int rules = -1;

	if (abi < 1) {
		buf_put_text(report, "landlock=off (the kernel has none)\n");
		return 0;
	}
	if (!is_alone())
		return error_origin(EBUSY);
	rules = (int)syscall(SYS_landlock_create_ruleset, &set, size_for(abi), 0);
	if (rules < 0)
		return error_origin(errno);
	for (size_t i = 0; i < profile->path_count; i++) {
		int r = allow_path(rules, &profile->paths[i], set.fs);

		if (r)
			return r;
	}
	if (syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		return error_origin(errno);
	buf_printf(report, "landlock=abi %ld, %zu paths%s\n", abi, profile->path_count,
	    abi < 4                    ? ", TCP not covered"
	    : profile->any_tcp_connect ? ", TCP connect only"
				       : ", no TCP");
	return 0;
}
