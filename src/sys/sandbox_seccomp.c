/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls a process may make after it has opened what it needs. Anything else traps: the
 * handler writes the call's number to stderr and ends the process, so that a forgotten call is
 * found in the log and not by guessing (a plain kill would leave only "signal 31"). A thief who
 * avoids the handler gains nothing: the call is not made.
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/sandbox_internal.h"

#define CALL(name) SCMP_SYS(name)

/* clang-format off */
/* Memory, time, threads, what is open already, the way out. */
static const int always[] = {
	CALL(brk), CALL(munmap), CALL(mremap), CALL(madvise), CALL(mlock), CALL(munlock), CALL(mlock2),
	CALL(clock_gettime), CALL(clock_nanosleep), CALL(clock_getres), CALL(nanosleep), CALL(gettimeofday), CALL(time), CALL(alarm),
	CALL(set_robust_list), CALL(rseq), CALL(futex), CALL(membarrier), CALL(gettid), CALL(getpid),
	CALL(sched_yield), CALL(sched_getaffinity), CALL(sched_setscheduler), CALL(sched_getparam), CALL(sched_getscheduler),
	CALL(setpriority), CALL(getpriority), CALL(arch_prctl), CALL(set_tid_address),
	CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(sigaltstack), CALL(rt_sigtimedwait),
	CALL(read), CALL(write), CALL(readv), CALL(writev), CALL(close), CALL(fcntl), CALL(fstat), CALL(newfstatat), CALL(statx), CALL(lseek),
	CALL(dup), CALL(dup3), CALL(pipe2), CALL(eventfd2), CALL(poll), CALL(ppoll), CALL(pselect6), CALL(select),
	CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_pwait2),
	CALL(sendto), CALL(recvfrom), CALL(sendmsg), CALL(recvmsg), CALL(shutdown),
	CALL(getrandom), CALL(getuid), CALL(geteuid), CALL(getgid), CALL(getegid), CALL(getppid), CALL(uname), CALL(sysinfo), CALL(getrusage),
	CALL(getrlimit), CALL(exit), CALL(exit_group), CALL(restart_syscall),
};
static const int files[] = {
	CALL(openat), CALL(open), CALL(stat), CALL(lstat), CALL(access), CALL(faccessat), CALL(faccessat2), CALL(readlink), CALL(readlinkat),
	CALL(getcwd), CALL(getdents64), CALL(pread64), CALL(pwrite64), CALL(fsync), CALL(fdatasync), CALL(ftruncate), CALL(fallocate), CALL(flock),
	CALL(rename), CALL(renameat), CALL(renameat2), CALL(unlink), CALL(unlinkat), CALL(mkdir), CALL(mkdirat), CALL(fchmod), CALL(fchmodat), CALL(chmod),
	CALL(mmap), CALL(mprotect), CALL(umask), CALL(statfs), CALL(fstatfs), CALL(utimensat), CALL(sync_file_range), CALL(fchown), CALL(msync),
};
static const int connecting[] = {
	CALL(connect), CALL(bind), CALL(getsockname), CALL(getpeername), CALL(getsockopt), CALL(setsockopt), CALL(sendmmsg), CALL(recvmmsg),
	CALL(socketpair),
};
static const int accepting[] = {
	CALL(accept4), CALL(accept), CALL(getsockname), CALL(getpeername), CALL(getsockopt), CALL(setsockopt), CALL(sendfile),
};
static const int forking[] = {
	CALL(fork), CALL(vfork), CALL(kill), CALL(tgkill), CALL(prlimit64), CALL(wait4), CALL(waitid), CALL(setrlimit), CALL(close_range), CALL(dup2), CALL(pidfd_open), CALL(setitimer),
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

#define NEW_NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

/* Calls that are harmless with some values of one argument only. */
static const struct {
	uint32_t only_with, not_with; /* groups; 0 = whatever they are */
	int call;
	struct scmp_arg_cmp when;
} bounded[] = {
	/* a thread, and not a process; clone3 hides its flags behind a pointer, see `declined` */
	{ 0, SANDBOX_FORK,  CALL(clone),     { 0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD } },
	{ SANDBOX_FORK, 0,  CALL(clone),     { 0, SCMP_CMP_MASKED_EQ, NEW_NAMESPACES, 0 } },
	/* no new code, for those that load no libraries any more */
	{ 0, SANDBOX_FILES, CALL(mmap),      { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } },
	{ 0, SANDBOX_FILES, CALL(mprotect),  { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } },
	/* a terminal on stderr takes typed input (TIOCSTI) from whoever asks */
	{ 0, 0,             CALL(ioctl),     { 1, SCMP_CMP_EQ, FIONBIO, 0 } },
	{ 0, 0,             CALL(ioctl),     { 1, SCMP_CMP_EQ, FIONREAD, 0 } },
	{ 0, 0,             CALL(ioctl),     { 1, SCMP_CMP_EQ, TCGETS, 0 } },
	{ 0, 0,             CALL(prctl),     { 0, SCMP_CMP_EQ, PR_SET_NAME, 0 } },
	{ 0, 0,             CALL(prctl),     { 0, SCMP_CMP_EQ, PR_GET_NAME, 0 } },
	{ 0, 0,             CALL(prctl),     { 0, SCMP_CMP_EQ, PR_SET_VMA, 0 } },
	{ SANDBOX_FORK, 0,  CALL(prctl),     { 0, SCMP_CMP_EQ, PR_SET_PDEATHSIG, 0 } },
	{ 0, SANDBOX_FORK,  CALL(prlimit64), { 0, SCMP_CMP_EQ, 0, 0 } }, /* ourselves */
	{ SANDBOX_CONNECT, 0, CALL(socket),  { 0, SCMP_CMP_EQ, AF_INET, 0 } },
	{ SANDBOX_CONNECT, 0, CALL(socket),  { 0, SCMP_CMP_EQ, AF_INET6, 0 } },
	{ SANDBOX_CONNECT, 0, CALL(socket),  { 0, SCMP_CMP_EQ, AF_UNIX, 0 } },
	{ SANDBOX_CONNECT, 0, CALL(socket),  { 0, SCMP_CMP_EQ, AF_NETLINK, 0 } }, /* getaddrinfo: which addresses have we */
};

/* Libraries try these and live with a no. */
static const struct {
	uint32_t only_with, unless; /* groups; 0 = whatever they are */
	int call, error;
} declined[] = {
	{ 0, 0,               CALL(clone3),     ENOSYS }, /* the C library falls back to clone */
	{ 0, SANDBOX_FILES,   CALL(openat),     EACCES },
	{ 0, SANDBOX_FILES,   CALL(open),       EACCES },
	{ 0, SANDBOX_FILES,   CALL(access),     EACCES },
	{ 0, SANDBOX_FILES,   CALL(faccessat),  EACCES },
	{ 0, SANDBOX_FILES,   CALL(faccessat2), EACCES },
	{ 0, SANDBOX_FILES,   CALL(stat),       EACCES },
	{ 0, SANDBOX_FILES,   CALL(readlink),   EACCES },
	{ 0, SANDBOX_FILES,   CALL(getcwd),     EACCES },
	{ 0, SANDBOX_CONNECT, CALL(socket),     EACCES },
	{ 0, SANDBOX_CONNECT | SANDBOX_CONNECTED, CALL(connect), EACCES },
	{ SANDBOX_CONNECTED, SANDBOX_CONNECT, CALL(connect), EINPROGRESS },
	{ 0, SANDBOX_CONNECT, CALL(socketpair), EACCES }, /* libcurl: to be woken up by other threads */
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
	_exit(SANDBOX_TRAPPED);
}

static bool
is_here(int call)
{
	return call != __NR_SCMP_ERROR; /* not every machine has every call */
}

static int
allow(scmp_filter_ctx filter, uint32_t wanted)
{
	for (size_t g = 0; g < COUNT_OF(groups); g++) {
		if (groups[g].group && !(wanted & groups[g].group))
			continue;
		for (size_t i = 0; i < groups[g].count; i++)
			if (is_here(groups[g].calls[i]) &&
			    seccomp_rule_add(filter, SCMP_ACT_ALLOW, groups[g].calls[i], 0) < 0)
				return error_origin(EINVAL);
	}
	return 0;
}

static int
allow_some(scmp_filter_ctx filter, int call, const struct scmp_arg_cmp *when)
{
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, when) < 0
	           ? error_origin(EINVAL)
	           : 0;
}

static int
allow_bounded(scmp_filter_ctx filter, uint32_t wanted)
{
	/* ourselves only: the whole process, or one of its threads */
	const struct scmp_arg_cmp own = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid());
	int r = wanted & SANDBOX_FORK ? 0 : allow_some(filter, CALL(tgkill), &own);

	for (size_t i = 0; r == 0 && i < COUNT_OF(bounded); i++)
		if ((!bounded[i].only_with || (wanted & bounded[i].only_with)) &&
		    !(wanted & bounded[i].not_with))
			r = allow_some(filter, bounded[i].call, &bounded[i].when);
	return r;
}

static int
decline(scmp_filter_ctx filter, uint32_t wanted)
{
	for (size_t i = 0; i < COUNT_OF(declined); i++)
		if (is_here(declined[i].call) && !(wanted & declined[i].unless) &&
		    (!declined[i].only_with || (wanted & declined[i].only_with)) &&
		    seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)declined[i].error),
			declined[i].call, 0) < 0)
			return error_origin(EINVAL);
	return 0;
}

static int
load(scmp_filter_ctx filter, uint32_t wanted)
{
	int r = allow(filter, wanted);

	if (r == 0)
		r = allow_bounded(filter, wanted);
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
