/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.h"

#define CHANNEL_FD 3

#define GROUPS_MAX 64

struct identity {
	uid_t uid;
	gid_t gid;
	gid_t groups[GROUPS_MAX]; /* a balancer's socket may be open to its group only */
	int group_count;
	bool change;
};

/* Looked up before the fork: the child of a fork may not. */
static int
look_up(const char *user, struct identity *ret)
{
	const struct passwd *entry;

	*ret = (struct identity){ 0 };
	if (user[0] == '\0' || geteuid() != 0)
		return 0;
	errno = 0;
	entry = getpwnam(user);
	if (!entry)
		return error_origin(errno ? errno : ENOENT);
	*ret = (struct identity){ .uid = entry->pw_uid,
		.gid = entry->pw_gid,
		.group_count = GROUPS_MAX,
		.change = true };
	return getgrouplist(user, ret->gid, ret->groups, &ret->group_count) < 0
	           ? error_origin(E2BIG)
	           : 0;
}

static bool
become(const struct identity *who)
{
	return !who->change || (setgroups((size_t)who->group_count, who->groups) == 0 &&
				   setgid(who->gid) == 0 && setuid(who->uid) == 0);
}

/* 0: /dev/null, 1 and 2: our stderr, 3: the channel, nothing else. The two go out of the way first:
 * a parent that was started without 0, 1 or 2 has them there. */
static bool
arrange_descriptors(int channel_fd)
{
	int channel = fcntl(channel_fd, F_DUPFD_CLOEXEC, CHANNEL_FD + 1);
	int opened = open("/dev/null", O_RDWR | O_CLOEXEC);
	int null = fcntl(opened, F_DUPFD_CLOEXEC, CHANNEL_FD + 1);

	if (channel < 0 || null < 0 || dup2(null, 0) < 0)
		return false;
	if (opened == 2 || channel_fd == 2 || fcntl(2, F_GETFD) < 0) /* nobody hears us */
		(void)dup2(null, 2);
	return dup2(2, 1) == 1 && dup2(channel, CHANNEL_FD) == CHANNEL_FD &&
	       close_range(CHANNEL_FD + 1, ~0u, 0) == 0;
}

static void
reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static NO_RETURN void
run(const struct spawn *spawn, const struct identity *who)
{
	char *const argv[] = { (char *)(uintptr_t)spawn->program, NULL };

	reset_signals();
	if (!arrange_descriptors(spawn->channel_fd) || !become(who))
		_exit(126);
	execve(spawn->program, argv, (char *const *)(uintptr_t)spawn->environment);
	_exit(127);
}

int
spawn_instead(const char *program, char *const argv[])
{
	execv(program, argv);
	return error_origin(errno);
}

int
spawn_child(const struct spawn *spawn, pid_t *ret_pid)
{
	struct identity who;
	pid_t pid;
	int r = look_up(spawn->user, &who);

	if (r == 0) {
		pid = fork();
		if (pid == 0)
			run(spawn, &who);
		if (pid < 0)
			r = error_origin(errno);
		else
			*ret_pid = pid;
	}
	close(spawn->channel_fd);
	return r;
}

int
spawn_copy(int channel_fd, void (*be)(void *self, int fd), void *self)
{
	pid_t pid = fork();

	if (pid < 0)
		return error_origin(errno);
	if (pid > 0)
		return 0;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(channel_fd, CHANNEL_FD) < 0 || close_range(CHANNEL_FD + 1, ~0U, 0) != 0)
		_exit(EXIT_FAILURE);
	be(self, CHANNEL_FD);
	_exit(EXIT_SUCCESS);
}
