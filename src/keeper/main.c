/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certdesk-keeper: the process that holds private keys. After start it opens nothing: no file, no
 * connection; it talks with the worker, where the policy says so with the reader, where a balancer
 * needs it with the courier, and writes into descriptors that it is handed (keeper/keeper.h).
 */
#include <stdlib.h>

#include "ipc/lanes.h"
#include "keeper/kek_read.h"
#include "keeper/keeper.h"
#include "keeper/memory.h"
#include "sys/log.h"

#define FRAME_TIMEOUT SECONDS(2)
#define ASKING        (1u << ROLE_WORKER | 1u << ROLE_READER)

/* One question of each of the worker's hands at a time. */
static size_t
lane_count(const struct config *config)
{
	return (size_t)config->worker_threads;
}

static size_t
key_count(const struct config *config)
{
	return (size_t)(config->stock_rsa2048 + config->stock_rsa3072 + config->stock_rsa4096) +
	       lane_count(config);
}

static int
open_keeper(struct process *p)
{
	CLEAN(kek_fini) struct kek kek = { 0 };
	CLEAN(keeper_free) struct keeper *keeper = NULL;
	CLEAN(devices_free) struct devices *devices = NULL;
	bool locked = false;
	int r = memory_protect(key_count(p->config), &locked);

	if (!r)
		r = kek_read(p->config->kek_file, &kek);
	if (!r)
		r = devices_read(p->config, &devices);
	if (!r)
		r = keeper_new(p->world, p->config, &kek, &keeper);
	if (r)
		return r;
	if (!locked)
		LOG(LOG_WARNING, "memory.unlocked",
		    LOG_TEXT("why", "secrets may reach the swap space"),
		    LOG_TEXT("do", "raise LimitMEMLOCK= of the service, or switch swap off"));
	keeper->locked = locked;
	keeper->devices = TAKE(devices);
	keeper->courier = p->peer[ROLE_COURIER];
	p->self = TAKE(keeper);
	return 0;
}

static void
tell_failed(struct channel *peer)
{
	LOG(LOG_WARNING, "peer.failed", LOG_TEXT("peer", role_name(channel_peer(peer))),
	    LOG_TEXT("what", "a question could not be read or answered"));
}

static void
serve(void *keeper, size_t lane UNUSED, struct channel *from, const struct frame *question)
{
	if (keeper_handle(keeper, from, question) < 0)
		tell_failed(from);
}

static bool
waits_for_a_balancer(const struct frame *question)
{
	return question->type == MESSAGE_KEY_EXPORT || question->type == MESSAGE_SIGN_IN;
}

/* The reader, which touches hostile files, must not hold up the worker: not by half a question, and
 * not by answers that it leaves unread. */
static void
serve_one(struct keeper *keeper, struct lanes *lanes, struct channel *peer)
{
	CLEAN(frame_fini) struct frame question = { .fd = -1 };
	when patience = channel_peer(peer) == ROLE_WORKER ? FRAME_TIMEOUT : 0;
	int r;

	if (channel_peer(peer) != ROLE_WORKER && channel_hang_up_if_full(peer))
		return;
	r = channel_receive(peer, patience, &question);
	if (r < 0) /* a closed channel is renewed by the skeleton */
		tell_failed(peer);
	else if (r == 0 && waits_for_a_balancer(&question))
		lanes_give(lanes, peer, &question);
	else if (r == 0)
		serve(keeper, 0, peer, &question);
}

/* Ends without waiting for keys in the making: the process takes them along. */
static int
run_keeper(struct process *p)
{
	struct keeper *keeper = p->self;
	CLEAN(lanes_free) struct lanes *lanes = lanes_new(lane_count(p->config), serve, keeper);
	enum role who;
	bool end = false;
	int r = stock_start(keeper->stock);

	if (r == 0)
		r = lanes_start(lanes);
	if (r == 0)
		r = process_await_any(p, ASKING, &who, &end);
	while (r == 0 && !end) {
		serve_one(keeper, lanes, p->peer[who]);
		r = process_await_any(p, ASKING, &who, &end);
	}
	return r;
}

static void
report_keeper(struct process *p, struct buf *to)
{
	keeper_report(p->self, to);
}

int
main(void)
{
	const struct process_rule rule = {
		.role = ROLE_KEEPER,
		.peers = ASKING | 1u << ROLE_COURIER,
		.profile = { .calls = SANDBOX_PASS_FD },
		.open = open_keeper,
		.run = run_keeper,
		.report = report_keeper,
	};

	return process_run(&rule);
}
