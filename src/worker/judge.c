/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A delivery judged with all that can be fetched about it: the links that it lacks (AIA, I-16), then
 * what its issuers say of revocation (CRL, OCSP, R-04). Everything that comes is opened by the
 * reader, which is asked again with it.
 */
#include "worker/judge.h"

#include "check/fetch.h"
#include "sys/log.h"

#define LINK_MAX  (64u * 1024) /* bytes of a certificate or a bag of them (I-16) */
#define ROUNDS    2            /* of lookups: a revoked issuer may show another way */
#define OCSP_TYPE "application/ocsp-request"

/* Whoever wrote that address wants to see what is inside; or our own CA is, and fetch.allow lacks it
 * (AIA_SSRF_BLOCKED). */
static void
note(const struct hand *hand, const char *url, enum fetch_end end, const struct outcome *what)
{
	if (end == FETCH_FORBIDDEN)
		LOG(LOG_WARNING, "fetch.forbidden", LOG_ID("order", hand->task->order),
		    LOG_TEXT("url", url), LOG_TEXT("words", what->words));
}

/* The first address that gives something; what failed last is kept for people. */
static bool
fetch_link(struct hand *hand, struct judgement *j)
{
	struct buf *to = &j->held.der[j->question.known_count];

	for (size_t i = 0; i < READ_URLS_MAX && *j->report.urls[i]; i++) {
		buf_fini(to);
		*to = BUF(LINK_MAX);
		note(hand, j->report.urls[i],
		    fetch_get(hand->worker->config, j->report.urls[i], to, &j->last), &j->last);
		if (j->last.kind == OUTCOME_DONE) {
			j->question.known[j->question.known_count++] = buf_str(to);
			return true;
		}
	}
	return false;
}

static int
ask(struct hand *hand, struct judgement *j)
{
	return review_ask(hand->store, hand->worker->reader, &j->question, &j->held, &j->report);
}

/* Until the chain is whole, or a link cannot be had, or what came was not it. */
static int
complete_chain(struct hand *hand, struct judgement *j)
{
	uint8_t missing[32];
	int r = ask(hand, j);

	for (int i = 0; r == 0 && j->report.is_incomplete && i < READ_CHAIN_MAX; i++) {
		copy_bytes(missing, j->report.missing, sizeof(missing));
		if (j->question.known_count == READ_KNOWN_MAX || !fetch_link(hand, j))
			return 0;
		r = ask(hand, j);
		if (r == 0 && memcmp(missing, j->report.missing, sizeof(missing)) == 0)
			return 0;
	}
	return r;
}

/* One more status file for the question; an empty one, where nothing came, says that it was tried. */
static void
fetch_status(struct hand *hand, const struct read_lookup *lookup, struct judgement *j)
{
	struct buf *to = &j->held.status[j->question.status_count];
	struct outcome what = { 0 };
	enum fetch_end end;

	*to = BUF(READ_STATUS_FILE_MAX);
	if (lookup->request_len > 0)
		end = fetch_post(hand->worker->config, lookup->url, OCSP_TYPE,
		    str_bytes(lookup->request, lookup->request_len), to, &what);
	else
		end = fetch_get(hand->worker->config, lookup->url, to, &what);
	note(hand, lookup->url, end, &what);
	j->question.status[j->question.status_count++] = buf_str(to);
}

static int
look_up_status(struct hand *hand, struct judgement *j)
{
	int r = 0;

	for (int round = 0; r == 0 && j->report.lookup_count > 0 && round < ROUNDS; round++) {
		size_t count = j->report.lookup_count;
		size_t before = j->question.status_count;

		for (size_t i = 0; i < count && j->question.status_count < READ_STATUS_MAX; i++)
			if (!judgement_has_tried(j, j->report.lookup[i].url)) {
				judgement_tried(j, j->report.lookup[i].url);
				fetch_status(hand, &j->report.lookup[i], j);
			}
		if (j->question.status_count == before)
			break;
		r = ask(hand, j);
	}
	return r;
}

void
judgement_tried(struct judgement *j, const char *url)
{
	if (j->tried_count < COUNT_OF(j->tried))
		(void)str_copy(str_of(url), j->tried[j->tried_count++], sizeof(j->tried[0]));
}

bool
judgement_has_tried(const struct judgement *j, const char *url)
{
	for (size_t i = 0; i < j->tried_count; i++)
		if (strcmp(j->tried[i], url) == 0)
			return true;
	return false;
}

int
judgement_make(struct hand *hand, struct judgement *j)
{
	int r = complete_chain(hand, j);

	return r ? r : look_up_status(hand, j);
}

void
judgement_init(struct judgement *j)
{
	*j = (struct judgement){ 0 };
	delivered_bytes_init(&j->bytes);
	read_report_init(&j->report);
}

void
judgement_fini(struct judgement *j)
{
	delivered_bytes_fini(&j->bytes);
	review_held_fini(&j->held);
	read_report_fini(&j->report);
}
