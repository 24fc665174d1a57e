/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/answer.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>

#include "base/error.h"
#include "ipc/channel.h"
#include "ipc/read_delivery.h"
#include "reader/offer.h"
#include "sys/log.h"
#include "sys/world.h"

/* I-07: ten million rounds of PBKDF2-SHA256 are about 4 s of one CPU. */
static const struct room usual_room = {
	.time = SECONDS(10),
	.cpu_seconds = 5,
	.memory = (size_t)768 * 1024 * 1024,
};

static void
question_free(struct delivery_question *question)
{
	free(question);
}
CLEAN_DEFINE(question_free, struct delivery_question *);

static void
report_free(struct read_report *report)
{
	if (report)
		read_report_fini(report);
	free(report);
}
CLEAN_DEFINE(report_free, struct read_report *);

static struct read_report *
report_new(void)
{
	struct read_report *report = alloc_zero(sizeof(*report));

	read_report_init(report);
	return report;
}

static struct judge_setting
setting_of(const struct reader *reader)
{
	return (struct judge_setting){
		.trust = &reader->trust,
		.ct_logs = reader->ct_logs,
		.public_rules = reader->public_rules,
		.severities = &reader->severities,
	};
}

static int
work(const void *about, struct buf *answer)
{
	CLEAN(report_free) struct read_report *report = report_new();
	CLEAN(key_offer_fini) struct key_offer offer;
	const struct answer_work *on = about;
	const struct judge_setting setting = setting_of(on->reader);

	judge_and_offer(on->question, on->reader->tools, &setting, report, &offer);
	offer_put(report, &offer, answer);
	return buf_failed(answer) ? error_origin(EMSGSIZE) : 0;
}

/* The child has seen hostile bytes: what it says is taken apart and put together again before it
 * goes on. */
static bool
understand(struct str bytes, const struct delivery_question *question, struct read_report *report,
    struct key_offer *offer)
{
	if (offer_get(bytes, report, offer) && offer_is_wanted(question, report, offer))
		return true;
	key_offer_fini(offer);
	read_report_fini(report);
	read_report_init(report);
	return false;
}

/* One line by which the file can be found again; its content is logged nowhere. */
static void
log_failure(const struct delivery_question *question, const char *problem)
{
	CLEAN(buf_fini) struct buf hash = BUF(80);
	uint8_t sha256[32];

	if (question->file_count > 0) {
		SHA256((const unsigned char *)question->files[0].bytes.p,
		    question->files[0].bytes.len, sha256);
		buf_put_hex(&hash, sha256, sizeof(sha256));
	}
	LOG(LOG_ERROR, "reader.failed", LOG_TEXT("problem", problem),
	    LOG_TEXT("host", question->host), LOG_NUMBER("files", (int64_t)question->file_count),
	    LOG_TEXT("first_sha256", buf_text(&hash)));
}

/* Too much work is a limit of ours that the customer can heed; a crash is ours to look into. */
static void
report_failure(const struct delivery_question *question, int r, struct read_report *report)
{
	bool limit = r == ROOM_E_TIMEOUT;
	struct finding *finding = findings_add(
	    &report->findings, limit ? FINDING_CERT_LIMIT : FINDING_CERT_READER_FAILED, "");

	finding_param(finding, "fqdn", "%s", question->host);
	finding_param(finding, "file", "%s",
	    question->file_count == 1 && *question->files[0].name ? question->files[0].name
								  : "The delivery");
	finding_param(finding, "problem", "%s", room_words(r));
	log_failure(question, room_words(r));
}

/* Not where policy.severities refuses what would come of it. */
static bool
takes_keys(const struct reader *reader)
{
	return reader->keeper &&
	       severity_by(&reader->severities, FINDING_CERT_FOREIGN_KEY_TAKEN) != SEVERITY_REJECT;
}

int
answer_in_room(struct reader *reader, struct str bytes, const struct room *room,
    int (*what)(const void *about, struct buf *answer), struct buf *answer)
{
	CLEAN(question_free) struct delivery_question *question = alloc_zero(sizeof(*question));
	CLEAN(report_free) struct read_report *report = report_new();
	CLEAN(buf_fini) struct buf said = BUF_SECRET(answer->max + OFFER_MAX);
	CLEAN(key_offer_fini) struct key_offer offer = { 0 };
	struct answer_work on = { .reader = reader, .question = question };
	when began = world_ticks();
	int r;

	r = read_question_get(bytes, question);
	if (r)
		return r;
	if (!takes_keys(reader))
		question->wish.kind = READ_REFUSE; /* whatever the desk says */
	r = room_run(room, what, &on, &said);
	if (r == 0 && !understand(buf_str(&said), question, report, &offer))
		r = ROOM_E_DIED;
	if (r == 0 && offer.is_made)
		offer_hand_over(reader->keeper, question, &offer, report);
	if (r)
		report_failure(question, r, report);
	read_report_put(report, answer);
	atomic_fetch_add(&reader->questions, 1);
	atomic_fetch_add(&reader->accepted, report->accepted ? 1 : 0);
	atomic_fetch_add(&reader->failed, r ? 1 : 0);
	LOG(LOG_INFO, "delivery.read", LOG_TEXT("host", question->host),
	    LOG_NUMBER("files", (int64_t)question->file_count),
	    LOG_TEXT("container", report->container), LOG_NUMBER("accepted", report->accepted),
	    LOG_NUMBER("ms", (world_ticks() - began) / MILLIS(1)));
	return 0;
}

int
answer_question(struct reader *reader, struct str question, struct buf *answer)
{
	return answer_in_room(reader, question, &usual_room, work, answer);
}

void
answer_warm_up(const struct reader *reader)
{
	struct delivery_question *question = alloc_zero(sizeof(*question));
	struct read_report *report = report_new();
	const struct judge_setting setting = setting_of(reader);

	question->file_count = 1;
	question->files[0].bytes =
	    STR("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
	judge_question(question, reader->tools, &setting, report);
	report_free(report);
	free(question);
}

static void
put_list_age(const struct ct_logs *logs, when now, struct buf *to)
{
	char dated[WHEN_RFC3339_SIZE];

	if (logs)
		buf_printf(to, "ct_logs=%zu\nct_logs_dated=%s\nct_logs_days=%lld\n",
		    ct_logs_count(logs), when_rfc3339(ct_logs_dated(logs), dated),
		    (long long)((now - ct_logs_dated(logs)) / DAYS(1)));
	else
		buf_put_text(to, "ct_logs=none\n");
}

void
answer_report(const struct reader *reader, when now, struct buf *to)
{
	char dated[WHEN_RFC3339_SIZE];

	buf_printf(to, "roots=%zu\nintermediates=%zu\ndistrusted=%zu\ndistrust_dated=%s\n",
	    shelf_count(reader->trust.roots),
	    reader->trust.intermediates ? shelf_count(reader->trust.intermediates) : 0,
	    reader->trust.distrust ? distrust_count(reader->trust.distrust) : 0,
	    reader->trust.distrust ? when_rfc3339(distrust_dated(reader->trust.distrust), dated)
				   : "never");
	buf_printf(to, "questions=%lld\naccepted=%lld\nfailed=%lld\n",
	    (long long)atomic_load(&reader->questions), (long long)atomic_load(&reader->accepted),
	    (long long)atomic_load(&reader->failed));
	put_list_age(reader->ct_logs, now, to);
}
