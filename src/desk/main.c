/* SPDX-License-Identifier: Apache-2.0 */
/* certdesk-desk(8): the HTTP API. Cannot connect out and has no channel to the keeper. */
#include "desk/desk.h"

#include <stdio.h>
#include <stdlib.h>

#include "desk/http.h"
#include "store/pools.h"
#include "sys/log.h"
#include "sys/net.h"

struct house_desk {
	struct desk desk; /* first: the handlers' view */
	struct http *http;
};

static int
open_store(const struct desk *desk, struct store **ret)
{
	char path[CONFIG_PATH_SIZE + 16];
	int r;

	snprintf(path, sizeof(path), "%s/certdesk.db", desk->config->data);
	r = store_open(path, desk->process->world, ret);
	if (r)
		LOG(LOG_ERROR, "store.unusable", LOG_TEXT("path", path), LOG_NUMBER("error", r),
		    LOG_TEXT("words", r == STORE_E_NEWER ? "made by a newer certdesk" : r == STORE_E_FULL ? "the disk is full" : error_words(r)));
	return error_fold(r);
}

struct store *
desk_take_store(struct desk *desk)
{
	struct store *store = NULL;

	pthread_mutex_lock(&desk->lock);
	if (desk->idle_count > 0)
		store = desk->idle[--desk->idle_count];
	pthread_mutex_unlock(&desk->lock);
	if (!store && open_store(desk, &store) != 0)
		abort();
	return store;
}

void
desk_put_store(struct desk *desk, struct store *store)
{
	bool full;

	pthread_mutex_lock(&desk->lock);
	full = desk->idle_count == STORES_MAX;
	if (!full)
		desk->idle[desk->idle_count++] = store;
	pthread_mutex_unlock(&desk->lock);
	if (full)
		store_free(store);
}

/* The store only names balancers; pools refer to them, so the names must be there before the first request. */
static int
name_balancers(struct desk *desk, struct store *store)
{
	int r = store_begin(store);

	for (size_t i = 0; r == 0 && i < desk->config->balancer_count; i++)
		r = store_balancer_name(store, desk->config->balancers[i].name, desk->config->balancers[i].driver);
	if (r == 0)
		return error_fold(store_commit(store, "desk.balancers"));
	store_abandon(store);
	return error_fold(r);
}

static int
desk_open(struct process *process)
{
	struct house_desk *self = alloc_zero(sizeof(*self));
	struct store *store = NULL;
	int r;

	process->self = self;
	self->desk.process = process;
	self->desk.config = process->config;
	self->desk.reader = process->peer[ROLE_READER];
	self->desk.worker = process->peer[ROLE_WORKER];
	pthread_mutex_init(&self->desk.lock, NULL);
	r = open_store(&self->desk, &store);
	if (r)
		return r;
	r = name_balancers(&self->desk, store);
	desk_put_store(&self->desk, store);
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
	struct desk *desk = process->self;

	buf_printf(to, "listen=%s\nrequests=%llu\nrefused=%llu\nfaults=%llu\n", desk->config->desk_listen,
	    (unsigned long long)atomic_load(&desk->requests), (unsigned long long)atomic_load(&desk->refused),
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
