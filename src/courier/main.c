/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certdesk-courier: takes one request with a secret in it to a balancer behind TLS
 * (courier/courier.h). Runs only where a balancer needs it, knows no balancer, and opens nothing: the
 * keeper hands it the connection with each question.
 */
#include "courier/crew.h"
#include "courier/send.h"
#include "ipc/lanes.h"
#include "ipc/process.h"

#define FRAME_TIMEOUT SECONDS(2)

/* One for each question that the worker's hands can have the keeper ask. */
static size_t
lane_count(const struct process *p)
{
	return (size_t)p->config->worker_threads;
}

static int
open_courier(struct process *p)
{
	struct crew *crew = NULL;
	int r = crew_new(lane_count(p), &crew);

	p->self = crew;
	return r ? r : send_prepare();
}

static void
serve_one(struct lanes *lanes, struct channel *keeper)
{
	CLEAN(frame_fini) struct frame question = { .fd = -1 };

	if (channel_receive(keeper, FRAME_TIMEOUT, &question) == 0)
		lanes_give(lanes, keeper, &question);
	/* else the rest is to come; or closed: certdeskd brings a new one */
}

static int
run_courier(struct process *p)
{
	CLEAN(lanes_free) struct lanes *lanes = lanes_new(lane_count(p), crew_serve, p->self);
	bool end = false;
	int r = crew_start(p->self);

	if (r == 0)
		r = lanes_start(lanes);
	if (r == 0)
		r = process_await(p, ROLE_KEEPER, &end);
	while (r == 0 && !end) {
		serve_one(lanes, p->peer[ROLE_KEEPER]);
		r = process_await(p, ROLE_KEEPER, &end);
	}
	return r;
}

static void
report_courier(struct process *p, struct buf *to)
{
	crew_report(p->self, to);
}

int
main(void)
{
	const struct process_rule rule = {
		.role = ROLE_COURIER,
		.peers = 1u << ROLE_KEEPER,
		.profile = courier_profile,
		.open = open_courier,
		.run = run_courier,
		.report = report_courier,
	};

	return process_run(&rule);
}
