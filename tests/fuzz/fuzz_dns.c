/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What name servers answer (check/dns_wire.h), and the verdict made of it (check/dns_judge.c); and
 * CAA records (check/caa_wire.c), with what a CA must do (check/caa_judge.c).
 *
 * Holds: an alias is a name that can be asked for in turn; the report is one JSON object, of words; a
 * CA that is allowed is named in a record; one that must refuse is told why.
 *
 * Answers one behind the other, each: length (2 bytes), flags (2), records in each section (6), and
 * what follows the question; number and question are put in so that it is an answer to ours. Up to
 * two servers say something of the name, and if that is an alias, of the next.
 *
 * The same bytes once more as CAA records: length (1 byte) and data of each; the first byte of all also
 * says whether a wildcard is asked for, and whether the account is known.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "check/caa_internal.h"
#include "check/dns_wire.h"

#define HEAD 12 /* RFC 1035 section 4.1.1: number, flags, four counts */

static struct str
take(struct str *rest, size_t len)
{
	struct str part = str_bytes(rest->p, len < rest->len ? len : rest->len);

	*rest = str_drop(*rest, len);
	return part;
}

/* The answer as it would come over the wire. */
static void
put_answer(const struct dns_question *q, struct str said, struct buf *to)
{
	static const char one[2] = { 0, 1 };
	struct str asked = str_drop(str_bytes(q->wire, q->wire_len), HEAD);

	buf_put(to, q->wire, 2);
	buf_put_str(to, take(&said, 2));
	buf_put(to, one, 2);
	buf_put_str(to, take(&said, 6));
	buf_put_str(to, asked);
	buf_put_str(to, said);
}

static void
hear(const char *name, enum dns_type type, struct str *rest, struct dns_reply *ret)
{
	CLEAN(dns_question_fini) struct dns_question q;
	CLEAN(buf_fini) struct buf message = BUF(1u << 17);
	struct str length = take(rest, 2);
	bool cut;

	*ret = (struct dns_reply){ .kind = REPLY_SILENT };
	MUST_HOLD(dns_question_init(&q, name, type, false));
	if (length.len < 2)
		return;
	put_answer(
	    &q, take(rest, (size_t)(uint8_t)length.p[0] << 8 | (uint8_t)length.p[1]), &message);
	if (!dns_answer_read(&q, buf_str(&message), ret, &cut))
		ret->kind = REPLY_GARBLED;
}

static const char *
hear_hop(struct dns_trace *trace, const char *name, struct str *rest)
{
	struct dns_hop *hop = &trace->hop[trace->hop_count++];

	(void)str_copy(str_of(name), hop->name, sizeof(hop->name));
	hop->view_count = 2;
	for (size_t i = 0; i < hop->view_count; i++) {
		hop->view[i].server = (struct dns_server){ .name = "ns.contoso.com", .port = 53 };
		hear(name, DNS_TYPE_A, rest, &hop->view[i].a);
		hear(name, DNS_TYPE_AAAA, rest, &hop->view[i].aaaa);
	}
	return dns_view_failed(&hop->view[0]) ? "" : dns_view_alias(&hop->view[0]);
}

static void
check_report(const struct dns_report *report)
{
	CLEAN(buf_fini) struct buf text = BUF(1u << 20);

	MUST_HOLD(fuzz_is_words(str_of(report->chain)));
	for (size_t i = 0; i < report->server_count; i++)
		MUST_HOLD(fuzz_is_words(str_of(report->server[i].answer)));
	MUST_HOLD(dns_report_json(report, &text) == 0);
	json_decref(fuzz_object(buf_str(&text)));
}

#define CAA_MOST 64

static void
read_entries(struct str rest, struct caa_level *to)
{
	to->kind = LEVEL_RECORDS;
	to->record = alloc_array(CAA_MOST, sizeof(*to->record));
	while (rest.len > 0 && to->record_count < CAA_MOST) {
		struct str length = take(&rest, 1);

		to->record[to->record_count++] = caa_record_read(take(&rest, (uint8_t)length.p[0]));
	}
}

static bool
names(const struct caa_level *level, const struct ca *ca)
{
	for (size_t i = 0; i < level->record_count; i++) {
		struct caa_issuer issuer;

		if (!level->record[i].broken && caa_issuer_read(level->record[i].value, &issuer) &&
		    ca_accepts(ca, issuer.domain))
			return true;
	}
	return false;
}

static void
check_caa_report(const struct caa_report *report)
{
	CLEAN(buf_fini) struct buf text = BUF(1u << 20);

	MUST_HOLD(findings_block(&report->findings) == (report->verdict == CAA_FORBIDDEN));
	MUST_HOLD((*report->record != '\0') == (report->verdict == CAA_FORBIDDEN));
	for (size_t i = 0; i < report->line_count; i++)
		MUST_HOLD(fuzz_is_words(str_of(report->line[i])));
	MUST_HOLD(caa_report_json(report, &text) == 0);
	json_decref(fuzz_object(buf_str(&text)));
}

static void
ask_a_ca(struct str bytes)
{
	CLEAN(caa_trace_free) struct caa_trace *trace = alloc_zero(sizeof(*trace));
	struct caa_report *report = alloc_zero(sizeof(*report));
	const struct ca ca = { .name = "A", .caa = { .name = { "a.example" }, .count = 1 } };
	const uint8_t choice = bytes.len > 0 ? (uint8_t)bytes.p[0] : 0;
	const struct caa_question question = { .host = "owa.contoso.com",
		.wildcard = choice & 1,
		.ca = &ca,
		.account = choice & 2 ? "https://a.example/1" : "",
		.method = choice & 2 ? "http-01" : "" };

	trace->level_count = 1;
	trace->reached = true;
	(void)str_copy(STR("contoso.com"), trace->level[0].name, DNS_NAME_SIZE);
	read_entries(str_drop(bytes, 1), &trace->level[0]);
	caa_judge(trace, &question, report);
	MUST_HOLD(report->verdict != CAA_ALLOWED || names(&trace->level[0], &ca));
	check_caa_report(report);
	free(report);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_bytes(data, size);
	struct dns_trace *trace = alloc_zero(sizeof(*trace));
	struct dns_report *report = alloc_zero(sizeof(*report));
	struct addr ours;
	const char *alias;

	MUST_HOLD(addr_parse(STR("203.0.113.5"), &ours));
	trace->timeout = SECONDS(3);
	trace->reached = true;
	alias = hear_hop(trace, "owa.contoso.com", &rest);
	if (*alias)
		(void)hear_hop(trace, alias, &rest);
	dns_judge(
	    trace, &(struct dns_terms){ .ours = &ours, .our_names = "lb.provider.net" }, report);
	check_report(report);
	free(report);
	free(trace);
	ask_a_ca(str_bytes(data, size));
	return 0;
}
