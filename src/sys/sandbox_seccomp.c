/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls a process may make after it has opened what it needs. Anything else traps: the handler writes the
 * call's number to stderr and ends the process, so that a forgotten call is found in the log and not by guessing (a plain kill
 * would leave only "signal 31"). A thief who avoids the handler gains nothing: the call is not made.
 */
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/sandbox_internal.h"

#define CALL(name) SCMP_SYS(name)

/* clang-format off */
/* Memory, time, threads, what is open already, the way out. */
static const int always[] = {
	CALL(brk), CALL(mmap), CALL(munmap), CALL(mremap), CALL(mprotect), CALL(madvise), CALL(mlock), CALL(munlock), CALL(mlock2),
	CALL(clock_gettime), CALL(clock_nanosleep), CALL(clock_getres), CALL(nanosleep), CALL(gettimeofday), CALL(time), CALL(alarm),
	CALL(clone), CALL(clone3), CALL(set_robust_list), CALL(rseq), CALL(futex), CALL(membarrier), CALL(gettid), CALL(getpid),
	CALL(sched_yield), CALL(sched_getaffinity), CALL(sched_setscheduler), CALL(sched_getparam), CALL(sched_getscheduler),
	CALL(setpriority), CALL(getpriority), CALL(prctl), CALL(arch_prctl), CALL(set_tid_address),
	CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(sigaltstack), CALL(rt_sigtimedwait), CALL(tgkill), CALL(kill),
	CALL(read), CALL(write), CALL(readv), CALL(writev), CALL(close), CALL(fcntl), CALL(fstat), CALL(newfstatat), CALL(statx), CALL(lseek),
	CALL(dup), CALL(dup3), CALL(pipe2), CALL(eventfd2), CALL(poll), CALL(ppoll), CALL(pselect6), CALL(select),
	CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_pwait2),
	CALL(sendto), CALL(recvfrom), CALL(sendmsg), CALL(recvmsg), CALL(shutdown), CALL(ioctl),
	CALL(getrandom), CALL(getuid), CALL(geteuid), CALL(getgid), CALL(getegid), CALL(getppid), CALL(uname), CALL(sysinfo), CALL(getrusage),
	CALL(prlimit64), CALL(getrlimit), CALL(exit), CALL(exit_group), CALL(restart_syscall),
};
static const int files[] = {
	CALL(openat), CALL(open), CALL(stat), CALL(lstat), CALL(access), CALL(faccessat), CALL(faccessat2), CALL(readlink), CALL(readlinkat),
	CALL(getcwd), CALL(getdents64), CALL(pread64), CALL(pwrite64), CALL(fsync), CALL(fdatasync), CALL(ftruncate), CALL(fallocate), CALL(flock),
	CALL(rename), CALL(renameat), CALL(renameat2), CALL(unlink), CALL(unlinkat), CALL(mkdir), CALL(mkdirat), CALL(fchmod), CALL(fchmodat), CALL(chmod),
	CALL(umask), CALL(statfs), CALL(fstatfs), CALL(utimensat), CALL(sync_file_range), CALL(fchown), CALL(msync),
};
static const int connecting[] = {
	CALL(socket), CALL(connect), CALL(bind), CALL(getsockname), CALL(getpeername), CALL(getsockopt), CALL(setsockopt), CALL(sendmmsg), CALL(recvmmsg),
	CALL(socketpair),
};
static const int accepting[] = {
	CALL(accept4), CALL(accept), CALL(getsockname), CALL(getpeername), CALL(getsockopt), CALL(setsockopt), CALL(sendfile),
};
static const int forking[] = {
	CALL(fork), CALL(vfork), CALL(wait4), CALL(waitid), CALL(setrlimit), CALL(close_range), CALL(dup2), CALL(pidfd_open), CALL(setitimer),
};
static const int passing[] = { CALL(getsockname), CALL(getpeername), CALL(getsockopt) };

static const struct {
	uint32_t group; /* 0 = always */
	const int *calls;
	size_t count;
} groups[] = {
	{ 0, always, COUNT_OF(always) },
	{ SANDBOX_FILES, files, COUNT_OF(files) },
	{ SANDBOX_CONNECT, connecting, COUNT_OF(connecting) },
	{ SANDBOX_ACCEPT, accepting, COUNT_OF(accepting) },
	{ SANDBOX_FORK, forking, COUNT_OF(forking) },
	{ SANDBOX_PASS_FD, passing, COUNT_OF(passing) },
};
/* Libraries try these and live with a no. */
static const int declined[] = {
	CALL(openat), CALL(open), CALL(access), CALL(faccessat), CALL(faccessat2), CALL(stat), CALL(readlink), CALL(socket), CALL(connect), CALL(getcwd),
};
/* clang-format on */

static void
say_which(int signal, siginfo_t *info, void *context)
{
	char line[] = "sandbox: a system call that is not allowed: 0000\n";
	int number = info->si_syscall;
	ssize_t written;

	(void)signal;
	(void)context;
	for (size_t at = sizeof(line) - 3; number > 0 && at > sizeof(line) - 7; at--, number /= 10)
		line[at] = (char)('0' + number % 10);
	written = write(2, line, sizeof(line) - 1);
	(void)written;
	_exit(99);
}

static int
allow(scmp_filter_ctx filter, uint32_t wanted)
{
	for (size_t g = 0; g < COUNT_OF(groups); g++) {
		if (groups[g].group && !(wanted & groups[g].group))
			continue;
		for (size_t i = 0; i < groups[g].count; i++)
			if (groups[g].calls[i] != __NR_SCMP_ERROR && seccomp_rule_add(filter, SCMP_ACT_ALLOW, groups[g].calls[i], 0) < 0)
				return error_origin(EINVAL);
	}
	return 0;
}

static bool
is_allowed(uint32_t wanted, int call)
{
	for (size_t g = 0; g < COUNT_OF(groups); g++)
		for (size_t i = 0; i < groups[g].count && (!groups[g].group || (wanted & groups[g].group)); i++)
			if (groups[g].calls[i] == call)
				return true;
	return false;
}

static int
decline(scmp_filter_ctx filter, uint32_t wanted)
{
	for (size_t i = 0; i < COUNT_OF(declined); i++)
		if (!is_allowed(wanted, declined[i]) && seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), declined[i], 0) < 0)
			return error_origin(EINVAL);
	return 0;
}

static int
load(scmp_filter_ctx filter, uint32_t wanted)
{
	int r = allow(filter, wanted);

	if (r == 0)
		r = decline(filter, wanted);
	if (r == 0 && seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) < 0)
		r = error_origin(EINVAL);
	if (r == 0 && seccomp_load(filter) < 0)
		r = error_origin(EPERM);
	return r;
}

int
sandbox_seccomp(const struct sandbox_profile *profile, struct buf *report)
{
	const struct sigaction act = { .sa_sigaction = say_which, .sa_flags = SA_SIGINFO };
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	int r;

	if (!filter)
		return error_origin(ENOMEM);
	sigaction(SIGSYS, &act, NULL);
	r = load(filter, profile->calls);
	seccomp_release(filter);
	if (r == 0)
		buf_put_text(report, "seccomp=on\n");
	return r;
}
