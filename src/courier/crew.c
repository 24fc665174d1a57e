/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/crew.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "ipc/lanes.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/net.h"
#include "sys/spawn.h"

#define PATIENCE (CARRY_TIME_MAX + SECONDS(5)) /* the room's bound is nearer */
#define REST     HOURS(1)

struct crew {
	struct courier *shared; /* between processes */
	size_t count;
	struct {
		int theirs;
		struct channel *ours; /* as the keeper's end of one */
	} lane[];
};

int
crew_new(size_t count, struct crew **ret)
{
	CLEAN(crew_free)
	struct crew *crew = alloc_zero(sizeof(*crew) + count * sizeof(crew->lane[0]));
	void *shared = mmap(NULL, sizeof(struct courier), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return error_origin(errno);
	crew->shared = shared;
	for (; crew->count < count; crew->count++) {
		int fds[2], r = net_pair(fds);

		if (r)
			return error_fold(r);
		crew->lane[crew->count].ours = channel_new(fds[0], ROLE_KEEPER, ROLE_COURIER);
		crew->lane[crew->count].theirs = fds[1];
	}
	*ret = TAKE(crew);
	return 0;
}

struct crew *
crew_free(struct crew *crew)
{
	if (!crew)
		return NULL;
	for (size_t i = 0; i < crew->count; i++) {
		channel_free(crew->lane[i].ours);
		close_fd(crew->lane[i].theirs);
	}
	if (crew->shared)
		(void)munmap(crew->shared, sizeof(*crew->shared));
	free(crew);
	return NULL;
}

static void
be_courier(void *courier, int fd)
{
	CLEAN(channel_free) struct channel *keeper = channel_new(fd, ROLE_COURIER, ROLE_KEEPER);
	int r = 0;

	channel_renew_no_more(keeper);
	while (r == 0 || r == CHANNEL_E_TIMEOUT) {
		CLEAN(frame_fini) struct frame question = { .fd = -1 };

		r = channel_receive(keeper, REST, &question);
		if (r == 0)
			r = courier_handle(courier, keeper, &question);
	}
}

int
crew_start(struct crew *crew)
{
	for (size_t i = 0; i < crew->count; i++) {
		int r = spawn_copy(crew->lane[i].theirs, be_courier, crew->shared);

		if (r)
			return r;
		channel_renew_no_more(crew->lane[i].ours);
		close_fd(crew->lane[i].theirs);
		crew->lane[i].theirs = -1;
	}
	return 0;
}

void
crew_serve(void *self, size_t lane, struct channel *keeper, const struct frame *question)
{
	const struct crew *crew = self;
	CLEAN(buf_fini) struct buf answer = BUF_SECRET(message_rule(MESSAGE_CARRY)->max_answer);
	int r = CHANNEL_E_REFUSED;

	if (question->type == MESSAGE_CARRY)
		r = channel_call(crew->lane[lane].ours, MESSAGE_CARRY, &question->payload,
		    question->fd, PATIENCE, &answer);
	if (r != 0 && r != CHANNEL_E_REFUSED) {
		LOG(LOG_ERROR, "courier.lost", LOG_TEXT("effect", "all of them start anew"));
		_exit(EXIT_FAILURE);
	}
	r = r == 0 ? channel_answer(keeper, question, &answer) : channel_refuse(keeper, question);
	if (r)
		LOG(LOG_WARNING, "peer.lost", LOG_TEXT("while", "answering"));
}

void
crew_report(const struct crew *crew, struct buf *to)
{
	buf_printf(to, "lanes=%zu\n", crew->count);
	courier_report(crew->shared, to);
}
