/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files a customer sends (delivery/delivery.h), as the reader's child opens and judges them
 * (delivery/judge.h), and as `certdesk inspect` shows them (delivery/inspect.h).
 *
 * Holds: nothing is accepted for a key that no input can know, and no key taken without that; a report survives its codec
 * unchanged; its findings are words; what inspect prints is one JSON object.
 *
 * Choice: bits 0-2 the password, bit 3 two files instead of one, bit 4 inspect instead of judge, bit
 * 5 a private key that came along would be taken.
 */
#include "fuzz/fuzz_findings.h"

#include <openssl/err.h>
#include <stdlib.h>

#include "delivery/inspect.h"
#include "delivery/judge.h"
#include "sys/file.h"

#define NOW        ((when)1780000000 * SECONDS(1)) /* May 2026 */
#define REPORT_MAX (8u * 1024 * 1024)

static struct delivery_tools *tools;
static struct trust trust;
static struct ct_logs *ct_logs;

/* What fixtures are made with. NULL: none was given. */
static const char *const passwords[8] = { NULL, "", "password", "test", "1234", "foo",
	"cryptography", "Geheim123" };

int
LLVMFuzzerInitialize(int *argc UNUSED, char ***argv UNUSED)
{
	const struct str logs = STR(
	    "{\"log_list_timestamp\":\"2026-05-01T00:00:00Z\",\"operators\":[{\"name\":\"A\",\"logs\":["
	    "{\"log_id\":\"1219ENGn9XfCx+lf1wC/+YLJM1pl4dCzAXMXwMjFaXc=\",\"description\":\"a\"}]}]}");
	bool legacy;

	MUST_HOLD(delivery_tools_new(&tools, &legacy) == 0);
	MUST_HOLD(trust_read_roots(&trust, TRUST_FILE) == 0);
	MUST_HOLD(ct_logs_new(logs, &ct_logs) == 0);
	return 0;
}

static struct delivery_question *
question_of(struct fuzz_input input)
{
	struct delivery_question *q = alloc_zero(sizeof(*q));
	const char *password = passwords[input.choice & 7];
	size_t half = input.choice & 8 ? input.bytes.len / 2 : input.bytes.len;

	q->has_password = password != NULL;
	q->password = str_of(password);
	q->file_count = half < input.bytes.len ? 2 : 1;
	q->files[0].bytes = str_bytes(input.bytes.p, half);
	q->files[1].bytes = str_drop(input.bytes, half);
	q->now = NOW;
	q->has_key = true;
	if (input.choice & 32)
		q->wish = (struct read_wish){ .kind = READ_TAKE,
			.key = { { 1 } },
			.customer = { { 2 } },
			.site = { { 3 } } };
	memset(q->spki_sha256, 0xa5, sizeof(q->spki_sha256));
	(void)str_copy(STR("owa.contoso.com"), q->host, sizeof(q->host));
	return q;
}

static void
check_codec(const struct read_report *report)
{
	struct read_report *again = alloc_zero(sizeof(*again));
	CLEAN(buf_fini) struct buf first = BUF(REPORT_MAX), second = BUF(REPORT_MAX);

	read_report_put(report, &first);
	MUST_HOLD(!buf_failed(&first));
	MUST_HOLD(read_report_get(buf_str(&first), again) == 0);
	read_report_put(again, &second);
	MUST_HOLD(str_eq(buf_str(&first), buf_str(&second)));
	read_report_fini(again);
	free(again);
}

static void
judge(const struct delivery_question *q)
{
	struct read_report *report = alloc_zero(sizeof(*report));
	CLEAN(key_offer_fini) struct key_offer offer;
	const struct judge_setting setting = {
		.trust = &trust,
		.ct_logs = ct_logs,
		.public_rules = true,
	};

	read_report_init(report);
	judge_and_offer(q, tools, &setting, report, &offer);
	MUST_HOLD(!report->accepted && !offer.is_made);
	fuzz_findings(&report->findings);
	check_codec(report);
	read_report_fini(report);
	free(report);
}

static void
inspect(const struct delivery_question *q)
{
	struct delivery *delivery = alloc_zero(sizeof(*delivery));
	CLEAN(buf_fini) struct buf text = BUF(16u * 1024 * 1024);

	for (size_t i = 0; i < q->file_count; i++)
		delivery_add(delivery, tools, str_of(q->files[i].name), q->files[i].bytes,
		    q->has_password ? &q->password : NULL);
	MUST_HOLD(inspect_to_json(delivery, q->has_password, &text) == 0);
	json_decref(fuzz_object(str_trim(buf_str(&text))));
	delivery_fini(delivery);
	free(delivery);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct delivery_question *q = question_of(input);

	if (input.choice & 16)
		inspect(q);
	else
		judge(q);
	ERR_clear_error();
	free(q);
	return 0;
}
