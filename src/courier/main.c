/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certdesk-courier: takes one request with a secret in it to a balancer behind TLS
 * (courier/courier.h). Runs only where a balancer needs it, knows no balancer, and opens nothing: the
 * keeper hands it the connection with each question.
 */
#include <stdlib.h>

#include "courier/courier.h"
#include "courier/send.h"
#include "ipc/process.h"
#include "sys/log.h"

#define FRAME_TIMEOUT SECONDS(2)

static int
open_courier(struct process *p)
{
	p->self = alloc_zero(sizeof(struct courier));
	return send_prepare();
}

static void
serve_one(struct courier *courier, struct channel *keeper)
{
	CLEAN(frame_fini) struct frame question = { .fd = -1 };
	int r = channel_receive(keeper, FRAME_TIMEOUT, &question);

	if (r)
		return; /* the rest is to come; or closed: certdeskd brings a new one */
	if (courier_handle(courier, keeper, &question))
		LOG(LOG_WARNING, "peer.lost", LOG_TEXT("while", "answering"));
}

static int
run_courier(struct process *p)
{
	bool end = false;
	int r = process_await(p, ROLE_KEEPER, &end);

	while (r == 0 && !end) {
		serve_one(p->self, p->peer[ROLE_KEEPER]);
		r = process_await(p, ROLE_KEEPER, &end);
	}
	return r;
}

static void
report_courier(struct process *p, struct buf *to)
{
	courier_report(p->self, to);
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
