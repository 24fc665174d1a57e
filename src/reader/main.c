/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certdesk-reader: opens what customers send and what was fetched. Sees hostile files and nothing
 * else: no network, no files after start, no database, no keys of ours. Every question is answered
 * by a child of its own
 * (sys/room.h), so that one customer's file never meets another's, and a file that breaks the
 * reader breaks only its own answer: CERT_READER_FAILED.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "ipc/process.h"
#include "pki/data.h"
#include "reader/answer.h"
#include "sys/failpoint.h"
#include "sys/file.h"
#include "sys/log.h"

#define ASKING (1u << ROLE_DESK | 1u << ROLE_WORKER)

static int
tell_unread(const char *file, int r, const char *words)
{
	LOG(LOG_ERROR, "trust.unreadable", LOG_TEXT("file", file),
	    LOG_TEXT("problem", r == TRUST_E_NONE ? "no certificate is in it" : words));
	return r < 0 ? r : error_origin(EINVAL);
}

/* What is configured must be there: a list that is missing would judge more kindly. */
static int
load_trust(const struct config *config, struct trust *trust)
{
	const char *roots = *config->trust_file ? config->trust_file : TRUST_FILE;
	char words[DISTRUST_TEXT_SIZE] = "it cannot be read";
	int r = trust_read_roots(trust, roots);

	if (r)
		return tell_unread(roots, r, words);
	if (*config->intermediates_file)
		r = trust_read_intermediates(trust, config->intermediates_file);
	if (r)
		return tell_unread(config->intermediates_file, r, words);
	r = trust_read_distrust(trust, config->distrust_file, words);
	if (r)
		return tell_unread(config->distrust_file, r, words);
	LOG(LOG_NOTICE, "trust.loaded", LOG_TEXT("file", roots),
	    LOG_NUMBER("roots", (int64_t)shelf_count(trust->roots)),
	    LOG_NUMBER("intermediates",
		trust->intermediates ? (int64_t)shelf_count(trust->intermediates) : 0),
	    LOG_NUMBER("distrusted", (int64_t)distrust_count(trust->distrust)));
	return 0;
}

static int
load_ct_logs(const struct config *config, struct ct_logs **ret)
{
	CLEAN(buf_fini) struct buf json = BUF(CT_LOGS_FILE_MAX);
	const char *path = config->ct_logs_file;
	char dated[WHEN_RFC3339_SIZE];
	int r = *path ? file_read(path, &json) : 0;

	if (r == 0)
		r = ct_logs_new(*path ? buf_str(&json) : data_ct_logs, ret);
	if (r) {
		LOG(LOG_ERROR, "ct_logs.unreadable", LOG_TEXT("file", path));
		return r < 0 ? r : error_origin(EINVAL);
	}
	LOG(LOG_NOTICE, "ct_logs.loaded", LOG_NUMBER("logs", (int64_t)ct_logs_count(*ret)),
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
	struct reader *reader = alloc_zero(sizeof(*reader));
	bool legacy = false;
	int r;

	p->self = reader;
	r = load_trust(p->config, &reader->trust);
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
	if (p->config->foreign_keys)
		reader->keeper = p->peer[ROLE_KEEPER];
	answer_warm_up(reader);
	return 0;
}

/* Takes of a question what is there: who stops in the middle of one keeps nobody else waiting. */
static void
serve_one(struct reader *reader, struct channel *from)
{
	CLEAN(frame_fini) struct frame frame = { .fd = -1 };
	CLEAN(buf_fini) struct buf answer = BUF(message_rule(MESSAGE_READ)->max_answer);
	int r = channel_receive(from, 0, &frame);

	if (r)
		return; /* the rest is to come; or closed: certdeskd brings a new one */
	FAILPOINT("reader.asked");
	if (frame.type != MESSAGE_READ || answer_question(reader, buf_str(&frame.payload), &answer))
		r = channel_refuse(from, &frame);
	else
		r = channel_answer(from, &frame, &answer);
	if (r)
		LOG(LOG_WARNING, "peer.lost", LOG_TEXT("while", "answering"));
}

static int
reader_run(struct process *p)
{
	bool end = false;
	enum role who;
	int r = process_await_any(p, ASKING, &who, &end);

	while (r == 0 && !end) {
		serve_one(p->self, p->peer[who]);
		r = process_await_any(p, ASKING, &who, &end);
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
		.peers = ASKING | 1u << ROLE_KEEPER,
		.profile = { .calls = SANDBOX_FORK | SANDBOX_PASS_FD },
		.open = reader_open,
		.run = reader_run,
		.report = reader_report,
	};

	if (delivery_strict_memory())
		return EXIT_FAILURE; /* cannot be: nothing was done yet */
	return process_run(&rule);
}
