/* SPDX-License-Identifier: Apache-2.0 */
/* certdesk-desk(8): the HTTP API. Cannot connect out and has no channel to the keeper. */
#include "desk/http.h"
#include "sys/net.h"

struct house_desk {
	struct desk desk;
	struct http *http;
};

static int
desk_open(struct process *process)
{
	struct house_desk *self = alloc_zero(sizeof(*self));
	int r;

	process->self = self;
	r = desk_init(&self->desk, process);
	return r ? r : http_open(&self->desk, &self->http);
}

static int
desk_run(struct process *process)
{
	struct house_desk *self = process->self;
	int r = http_start(self->http);

	while (r == 0 && net_wait(process->stop_fd, false, HOURS(1)) == NET_E_TIMEOUT)
		continue;
	self->http = http_free(self->http);
	return r;
}

static void
desk_report(struct process *process, struct buf *to)
{
	struct house_desk *self = process->self;
	struct desk *desk = &self->desk;

	buf_printf(to, "listen=%s\nrequests=%llu\nrefused=%llu\nfaults=%llu\n",
	    desk->config->desk_listen, (unsigned long long)atomic_load(&desk->requests),
	    (unsigned long long)atomic_load(&desk->refused),
	    (unsigned long long)atomic_load(&desk->faults));
}

static void
desk_shape(const struct process *process, struct sandbox_profile *profile)
{
	sandbox_allow_path(profile, process->config->data, true);
}

static const struct process_rule rule = {
	.role = ROLE_DESK,
	.peers = 1u << ROLE_READER | 1u << ROLE_WORKER,
	.profile = { .calls = SANDBOX_FILES | SANDBOX_ACCEPT | SANDBOX_PASS_FD },
	.open = desk_open,
	.shape = desk_shape,
	.run = desk_run,
	.report = desk_report,
};

int
main(void)
{
	return process_run(&rule);
}
