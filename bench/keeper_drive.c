/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays certdeskd and worker to one real certdesk-keeper and asks it for keys with requests:
 *
 *     keeper_drive KEEPER CONFIG KIND COUNT ROUNDS HOST COUNTRY STATE CITY ORGANIZATION
 *
 * A round is COUNT questions, one after the other. A kind that is kept in stock is asked for once
 * the stock is full, and a round is over when it is full again: so each round's CPU is that of
 * exactly COUNT keys and COUNT requests. Prints one JSON object; trouble goes to stderr.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "tool.h"

#include "config/config.h"
#include "ipc/hello.h"
#include "ipc/key_make.h"
#include "sys/file.h"
#include "sys/net.h"
#include "sys/spawn.h"
#include "sys/world.h"

#define FULL_MOST MINUTES(30) /* on a busy machine: the stock is made of what nobody else wants */
#define PATIENCE  SECONDS(10)

struct drive {
	struct config config;
	struct key_order order;
	struct channel *boss, *keeper;
	int worker_end; /* the keeper's end of the channel to us as its worker, until it is passed */
	pid_t pid;
	atomic_bool ready, full, over;
	pthread_t ear;
	int64_t *micros;
	size_t count, later;
};

/* "stock_rsa2048=12/12" in a report */
static void
note_stock(struct drive *d, struct str report)
{
	char name[64];
	struct str line, here;

	snprintf(name, sizeof(name), "stock_%s=", key_kind_name(d->order.kind));
	while (str_next(&report, '\n', &line))
		if (str_starts(line, str_of(name))) {
			line = str_drop(line, strlen(name));
			atomic_store(&d->full, str_next(&line, '/', &here) && str_eq(here, line));
		}
}

static void
greet(struct drive *d, const struct frame *hello)
{
	CLEAN(buf_fini) struct buf slice = BUF_SECRET(1 << 18);
	CLEAN(buf_fini) struct buf peer = BUF(16);

	config_put_slice(&d->config, CONFIG_FOR_KEEPER, &slice);
	role_put(&peer, ROLE_WORKER);
	must(channel_answer(d->boss, hello, &slice) == 0 &&
		 channel_tell(d->boss, MESSAGE_PEER, &peer, d->worker_end) == 0,
	    "the keeper does not listen");
	close_fd(d->worker_end);
}

static void *
hear(void *argument)
{
	struct drive *d = argument;

	while (!atomic_load(&d->over)) {
		CLEAN(frame_fini) struct frame frame = { .fd = -1 };
		int r = channel_receive(d->boss, MILLIS(100), &frame);

		if (r == CHANNEL_E_TIMEOUT)
			continue;
		must(r == 0, "the keeper is gone");
		if (frame.type == MESSAGE_HELLO)
			greet(d, &frame);
		else if (frame.type == MESSAGE_READY)
			atomic_store(&d->ready, true);
		else if (frame.type == MESSAGE_REPORT)
			note_stock(d, buf_str(&frame.payload));
	}
	return NULL;
}

static void
wait_until(const atomic_bool *flag, when most, const char *what)
{
	when deadline = world_ticks() + most;

	while (!atomic_load(flag)) {
		must(world_ticks() < deadline, what);
		world_rest(MILLIS(5));
	}
}

static bool
from_stock(const struct drive *d)
{
	return d->order.kind == KEY_RSA2048 || d->order.kind == KEY_RSA3072 ||
	       d->order.kind == KEY_RSA4096;
}

/* A report may be two seconds old: only one that came after the last question counts. */
static void
wait_full(struct drive *d)
{
	if (!from_stock(d))
		return;
	atomic_store(&d->full, false);
	wait_until(&d->full, FULL_MOST, "the stock does not fill");
}

static void
start(struct drive *d, const char *program)
{
	static const char *const nothing[] = { NULL };
	int boss[2], worker[2];

	must(net_pair(boss) == 0 && net_pair(worker) == 0, "no channels");
	d->worker_end = worker[1];
	must(
	    spawn_child(
		&(struct spawn){
		    .program = program, .environment = nothing, .channel_fd = boss[1], .user = "" },
		&d->pid) == 0,
	    "the keeper cannot be started");
	d->boss = channel_new(boss[0], ROLE_CERTDESKD, ROLE_KEEPER);
	d->keeper = channel_new(worker[0], ROLE_WORKER, ROLE_KEEPER);
	must(pthread_create(&d->ear, NULL, hear, d) == 0, "no thread");
	wait_until(&d->ready, PATIENCE, "the keeper does not get ready");
}

static void
stop(struct drive *d)
{
	atomic_store(&d->over, true);
	pthread_join(d->ear, NULL);
	channel_free(d->keeper);
	channel_free(d->boss);
	kill(d->pid, SIGTERM);
	waitpid(d->pid, NULL, 0);
}

static void
ask_once(struct drive *d)
{
	when began = world_ticks();
	int r = KEY_MAKE_E_LATER;

	while (r == KEY_MAKE_E_LATER) {
		CLEAN(key_made_fini) struct key_made made = { .later_ms = 0 };

		d->order.key = world_id(world_real());
		r = key_make_ask(d->keeper, &d->order, &made);
		if (r == KEY_MAKE_E_LATER) {
			d->later++;
			world_rest(MILLIS(made.later_ms));
		}
	}
	must(r == 0, "the keeper refused or went away");
	d->micros[d->count++] = world_ticks() - began;
}

static double
work(struct drive *d, int64_t count, int64_t rounds)
{
	clockid_t clock;
	double before;

	must(clock_getcpuclockid(d->pid, &clock) == 0, "the keeper's CPU time cannot be read");
	wait_full(d);
	ask_once(d); /* the first one finds the keeper looking for its channel now and then */
	d->count = d->later = 0;
	wait_full(d);
	before = cpu(clock);
	for (int64_t round = 0; round < rounds; round++) {
		for (int64_t i = 0; i < count; i++)
			ask_once(d);
		wait_full(d);
	}
	return cpu(clock) - before;
}

static void
print(const struct drive *d, double spent)
{
	printf("{\"cpu_seconds\": %.6f, \"later\": %zu, \"micros\": [", spent, d->later);
	for (size_t i = 0; i < d->count; i++)
		printf("%s%lld", i ? "," : "", (long long)d->micros[i]);
	printf("]}\n");
}

int
main(int argc, char *argv[])
{
	static struct drive drive;
	struct config_mistakes mistakes;
	int64_t count, rounds;

	must_have_arguments(argc == 11);
	must(config_read(argv[2], &drive.config, &mistakes) == 0, "the configuration is not good");
	must(key_kind_parse(str_of(argv[3]), &drive.order.kind), "no such kind of key");
	count = number(argv[4], 1);
	rounds = number(argv[5], 1);
	must(count * rounds <= NUMBER_MOST, "that is too many");
	drive.order.customer = world_id(world_real());
	drive.order.site = world_id(world_real());
	drive.order.names[drive.order.name_count++] = str_of(argv[6]);
	drive.order.subject = (struct csr_subject){ .country = str_of(argv[7]),
		.state = str_of(argv[8]),
		.locality = str_of(argv[9]),
		.organization = str_of(argv[10]) };
	drive.micros = alloc_array((size_t)(count * rounds), sizeof(*drive.micros));
	start(&drive, argv[1]);
	print(&drive, work(&drive, count, rounds));
	stop(&drive);
	free(drive.micros);
	return 0;
}
