/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certdesk-reader: opens what customers send. Sees hostile files and nothing else: no network, no
 * files after start, no database, no keys. Every question is answered by a child of its own
 * (sys/room.h), so that one customer's file never meets another's, and a file that breaks the
 * reader breaks only its own answer: CERT_READER_FAILED.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "ipc/process.h"
#include "reader/answer.h"
#include "sys/failpoint.h"
#include "sys/file.h"
#include "sys/log.h"

#define FRAME_TIMEOUT SECONDS(5) /* for the rest of a question that has begun to come */

static int
load_trust(const char *path, struct trust **ret)
{
	CLEAN(buf_fini) struct buf pem = BUF(TRUST_FILE_MAX);
	int r = file_read(path, &pem);

	if (r == 0)
		r = trust_new(buf_str(&pem), ret);
	if (r == 0)
		return 0;
	LOG(LOG_ERROR, "trust.unreadable", LOG_TEXT("file", path));
	return r < 0 ? r : error_origin(ENOENT);
}

/* A list is of use, not needed: without one the logs are counted only (CERT_SCT_UNCHECKED). One that
 * was named must be there and whole. */
static int
load_ct_logs(const struct config *config, struct ct_logs **ret)
{
	const char *path = *config->ct_logs ? config->ct_logs : CT_LOGS_FILE;
	CLEAN(buf_fini) struct buf json = BUF(CT_LOGS_FILE_MAX);
	int r = file_read(path, &json);
	char dated[WHEN_RFC3339_SIZE];

	if (r == FILE_E_ABSENT && !*config->ct_logs) {
		LOG(LOG_WARNING, "ct_logs.absent", LOG_TEXT("file", path));
		return 0;
	}
	if (r == 0)
		r = ct_logs_new(buf_str(&json), ret);
	if (r) {
		LOG(LOG_ERROR, "ct_logs.unreadable", LOG_TEXT("file", path));
		return r < 0 ? r : error_origin(EINVAL);
	}
	LOG(LOG_NOTICE, "ct_logs.loaded", LOG_TEXT("file", path),
	    LOG_NUMBER("logs", (int64_t)ct_logs_count(*ret)),
	    LOG_TEXT("dated", when_rfc3339(ct_logs_dated(*ret), dated)));
	return 0;
}

/* docs/decisions/0008: roots that somebody configured are not public ones, unless he says so. */
static bool
binds_public_rules(const struct config *config)
{
	return strcmp(config->public_rules, "auto") == 0 ? !*config->trust_file
	                                                 : strcmp(config->public_rules, "yes") == 0;
}

static int
reader_open(struct process *p)
{
	const char *path = *p->config->trust_file ? p->config->trust_file : TRUST_FILE;
	struct reader *reader = alloc_zero(sizeof(*reader));
	bool legacy = false;
	int r;

	p->self = reader;
	r = load_trust(path, &reader->trust);
	if (r)
		return r;
	r = load_ct_logs(p->config, &reader->ct_logs);
	if (r)
		return r;
	reader->public_rules = binds_public_rules(p->config);
	reader->severities = p->config->severities;
	r = delivery_tools_new(&reader->tools, &legacy);
	if (r)
		return r;
	if (!legacy)
		LOG(LOG_WARNING, "reader.no_legacy_provider",
		    LOG_TEXT("effect", "old PKCS#12 files (RC2, RC4) cannot be opened"));
	answer_warm_up(reader);
	LOG(LOG_NOTICE, "trust.loaded", LOG_TEXT("file", path),
	    LOG_NUMBER("roots", (int64_t)trust_count(reader->trust)));
	return 0;
}

static void
serve_one(struct reader *reader, struct channel *desk)
{
	CLEAN(frame_fini) struct frame frame = { .fd = -1 };
	CLEAN(buf_fini) struct buf answer = BUF(message_rule(MESSAGE_READ)->max_answer);
	int r = channel_receive(desk, FRAME_TIMEOUT, &frame);

	if (r)
		return; /* closed: certdeskd brings a new one */
	FAILPOINT("reader.asked");
	if (frame.type != MESSAGE_READ || answer_question(reader, buf_str(&frame.payload), &answer))
		r = channel_refuse(desk, &frame);
	else
		r = channel_answer(desk, &frame, &answer);
	if (r)
		LOG(LOG_WARNING, "desk.lost", LOG_TEXT("while", "answering"));
}

static int
reader_run(struct process *p)
{
	bool end = false;
	int r = process_await(p, ROLE_DESK, &end);

	while (r == 0 && !end) {
		serve_one(p->self, p->peer[ROLE_DESK]);
		r = process_await(p, ROLE_DESK, &end);
	}
	return r;
}

static void
reader_report(struct process *p, struct buf *to)
{
	answer_report(p->self, world_now(p->world), to);
}

int
main(void)
{
	static const struct process_rule rule = {
		.role = ROLE_READER,
		.peers = 1u << ROLE_DESK,
		.profile = { .calls = SANDBOX_FORK | SANDBOX_PASS_FD },
		.open = reader_open,
		.run = reader_run,
		.report = reader_report,
	};

	return process_run(&rule);
}
