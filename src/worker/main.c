/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certdesk-worker(8): runs the tasks. Connects out, never listens; holds no key.
 */
#include "worker/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "ipc/wake.h"
#include "store/pools.h"
#include "store/surveys.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/net.h"

#define HANDS_MAX 64

struct crew {
	struct worker worker;
	struct hand hand[HANDS_MAX];
	pthread_t thread[HANDS_MAX];
	pthread_t ear;
	struct market *market;
	size_t count;
};

static void
wake_all(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->woken++;
	pthread_cond_broadcast(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
}

/* Hears the desk say that something is due. */
static void *
listen_to_desk(void *arg)
{
	struct worker *worker = arg;
	struct channel *desk = worker->process->peer[ROLE_DESK];

	while (!atomic_load(&worker->stop)) {
		CLEAN(frame_fini) struct frame frame = { .fd = -1 };
		int r = channel_receive(desk, SECONDS(1), &frame);

		if (r == 0 && frame.type == MESSAGE_WAKE)
			wake_all(worker);
	}
	return NULL;
}

static int
open_hand(struct crew *crew, size_t i)
{
	struct hand *hand = &crew->hand[i];
	struct worker *worker = &crew->worker;
	char path[CONFIG_PATH_SIZE + 16];
	int r;

	hand->worker = worker;
	snprintf(hand->name, sizeof(hand->name), "worker/%zu", i);
	snprintf(path, sizeof(path), "%s/certdesk.db", worker->config->data);
	r = store_open(path, worker->world, &hand->store);
	if (r) {
		LOG(LOG_ERROR, "store.unusable", LOG_TEXT("path", path), LOG_NUMBER("error", r));
		return error_fold(r);
	}
	store_set_actor(hand->store, "worker");
	/* What an earlier life of this hand had claimed is due again at once. */
	r = store_tasks_free(hand->store, hand->name);
	if (r == 0)
		r = store_surveys_free(hand->store, hand->name);
	if (r)
		return error_fold(r);
	return error_fold(dns_new(worker->config, worker->world, &hand->dns));
}

static int
open_calendars(struct worker *worker)
{
	char words[CONFIG_TEXT_SIZE];

	worker->calendars = calendars_load(worker->config, words);
	if (worker->calendars)
		return 0;
	LOG(LOG_ERROR, "calendar.unusable", LOG_TEXT("words", words));
	return error_origin(-EINVAL);
}

/* The store only names balancers; the names are brought up to date with the configuration, and who
 * waits for a window asks the new one. */
static int
adopt_balancers(struct crew *crew)
{
	const struct config *config = crew->worker.config;
	struct store *store = crew->hand[0].store;
	int r = store_begin(store);

	for (size_t i = 0; r == 0 && i < config->balancer_count; i++)
		r = store_balancer_name(
		    store, config->balancers[i].name, config->balancers[i].driver);
	if (r == 0)
		r = store_orders_look_again(store);
	return error_fold(r ? r : store_commit(store, "worker.balancers"));
}

static int
worker_open(struct process *process)
{
	struct crew *crew = alloc_zero(sizeof(*crew));
	struct worker *worker = &crew->worker;

	int r;

	process->self = crew;
	worker->process = process;
	worker->config = process->config;
	worker->world = process->world;
	worker->keeper = process->peer[ROLE_KEEPER];
	worker->reader = process->peer[ROLE_READER];
	worker->turns = queue_new();
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->wake, NULL);
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		return error_origin(-ENOMEM);
	r = site_trust_load(worker->config->trust_file, &worker->trust);
	if (r) {
		LOG(LOG_ERROR, "trust.unusable", LOG_TEXT("file", worker->config->trust_file),
		    LOG_NUMBER("error", r));
		return error_fold(r);
	}
	r = open_calendars(worker);
	if (r == 0)
		r = market_open(worker->config, &crew->market);
	if (r)
		return r;
	worker->market = crew->market;
	if (*worker->config->rdap_cache)
		(void)!file_make_folder(
		    worker->config->rdap_cache, 0755); /* without it, nothing is kept */
	crew->count = (size_t)worker->config->worker_threads;
	for (size_t i = 0; i < crew->count; i++) {
		r = open_hand(crew, i);
		if (r)
			return r;
	}
	return adopt_balancers(crew);
}

static int
worker_run(struct process *process)
{
	struct crew *crew = process->self;

	if (pthread_create(&crew->ear, NULL, listen_to_desk, &crew->worker) != 0)
		return error_origin(-EAGAIN);
	for (size_t i = 0; i < crew->count; i++)
		if (pthread_create(&crew->thread[i], NULL, hand_serve, &crew->hand[i]) != 0)
			return error_origin(-EAGAIN);
	while (net_wait(process->stop_fd, false, HOURS(1)) == NET_E_TIMEOUT)
		continue;
	atomic_store(&crew->worker.stop, true);
	wake_all(&crew->worker);
	for (size_t i = 0; i < crew->count; i++)
		pthread_join(crew->thread[i], NULL);
	pthread_join(crew->ear, NULL);
	return 0;
}

static void
worker_report(struct process *process, struct buf *to)
{
	struct crew *crew = process->self;

	buf_printf(to, "hands=%zu\ntasks_done=%llu\ntasks_postponed=%llu\n", crew->count,
	    (unsigned long long)atomic_load(&crew->worker.done),
	    (unsigned long long)atomic_load(&crew->worker.postponed));
}

static void
allow(struct sandbox_profile *profile, const char *path, bool write)
{
	if (path[0] != '\0')
		sandbox_allow_path(profile, path, write);
}

/* The folder a file lies in, as its replacement is written beside it. */
static void
allow_folder_of(struct sandbox_profile *profile, const char *file)
{
	const char *slash = strrchr(file, '/');
	char *folder;

	if (!slash || slash == file)
		return;
	folder = str_dup(str_bytes(file, (size_t)(slash - file)));
	sandbox_allow_path(profile, folder, true);
	free(folder);
}

/* Exports are replaced by new files, and the key may be part of a name: it is their folder that is
 * read. */
static void
allow_source(struct sandbox_profile *profile, const struct config_mailbox_source *source)
{
	struct str fixed = str_of(source->file);
	char *folder;
	size_t len;

	allow(profile, source->ca_file, false);
	allow(profile, source->password_file, false);
	len = str_find(fixed, STR("{customer}"));
	while (len > 0 && fixed.p[len - 1] != '/')
		len--;
	folder = str_dup(str_bytes(fixed.p, len));
	allow(profile, folder, false);
	free(folder);
}

static void
worker_shape(const struct process *process, struct sandbox_profile *profile)
{
	const struct config *config = process->config;

	allow(profile, config->data, true);
	allow(profile, config->trust_file, false);
	allow(profile, config->smtp_ca_file, false);
	allow(profile, config->smtp_password_file, false);
	allow(profile, config->dns_anchor_file, false);
	allow(profile, config->rdap_ca_file, false);
	allow(profile, config->rdap_cache, true);
	if (config->rdap_bootstrap[0] == '/')
		allow(profile, config->rdap_bootstrap, false);
	for (size_t i = 0; i < config->mailbox_source_count; i++)
		allow_source(profile, &config->mailbox_sources[i]);
	for (size_t i = 0; i < config->balancer_count; i++) {
		allow(profile, config->balancers[i].certificates, true);
		allow_folder_of(profile, config->balancers[i].crt_list);
		allow_folder_of(profile, config->balancers[i].hosts_map);
		allow(profile, config->balancers[i].ca_file, false);
		allow(profile, config->balancers[i].folder, true);
	}
}

static const struct process_rule rule = {
	.role = ROLE_WORKER,
	.peers = 1u << ROLE_KEEPER | 1u << ROLE_DESK | 1u << ROLE_READER,
	.profile = {
		.calls = SANDBOX_FILES | SANDBOX_CONNECT | SANDBOX_PASS_FD,
		.any_tcp_connect = true,
		.paths = {
			{ "/etc/resolv.conf", false }, { "/etc/hosts", false }, { "/etc/nsswitch.conf", false },
			{ "/etc/host.conf", false }, { "/etc/gai.conf", false }, { "/etc/services", false },
			{ "/etc/ssl", false }, { "/usr/lib/ssl", false }, { "/usr/share/ca-certificates", false },
			{ "/usr/lib", false }, { "/lib", false }, { "/etc/ld.so.cache", false }, { "/dev/urandom", false },
		},
		.path_count = 13,
	},
	.open = worker_open,
	.shape = worker_shape,
	.run = worker_run,
	.report = worker_report,
};

int
main(void)
{
	return process_run(&rule);
}
