/* SPDX-License-Identifier: Apache-2.0 */
/* Each case is a trace as caa_collect() would make it, and what must come of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "check/caa_internal.h"

/* What a level says: "-" nothing, "servfail", "silent", "bogus WHY", else entries with '|' between:
 * flags, tag, value; "broken" is one that cannot be read. */
struct seen {
	const char *name, *says, *target;
};

struct caa_case {
	const char *what;
	bool nobody, wildcard, unreached, distrusted;
	const char *account, *method;
	struct seen level[4];
	const char *server
	    [3]; /* what those of the failing level say: "notimp", "silent", "fine", "=alias" */
	enum caa_verdict verdict;
	int cause; /* -1 = none */
	const char *record, *words;
};

#define CAUSE(code) FINDING_##code
#define NONE        -1
#define HOST        "owa.contoso.com"
#define ACCOUNT     "https://acme.digicert.com/acct/7"
#define LONG \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

/* clang-format off */
static const struct caa_case cases[] = {
	{ .what = "nothing anywhere", .level = { { HOST, "-" }, { "contoso.com", "-" }, { "com", "-" } }, .verdict = CAA_OPEN, .cause = NONE },
	{ .what = "allowed at the name", .level = { { HOST, "0 issue digicert.com" }, { "contoso.com", "0 issue sectigo.com" } },
	  .verdict = CAA_ALLOWED, .cause = NONE },
	{ .what = "allowed above", .level = { { HOST, "-" }, { "contoso.com", "0 issue digicert.com" } }, .verdict = CAA_ALLOWED, .cause = NONE },
	{ .what = "allowed under another of its names", .level = { { "contoso.com", "0 issue Thawte.com" } }, .verdict = CAA_ALLOWED, .cause = NONE },
	{ .what = "allowed by one of several", .level = { { "contoso.com", "0 issue sectigo.com|0 issue ;|0 ISSUE digicert.com|0 issue %%%" } },
	  .verdict = CAA_ALLOWED, .cause = NONE },
	{ .what = "allowed with a parameter nobody knows", .level = { { "contoso.com", "0 issue digicert.com; policy=ev" } }, .verdict = CAA_ALLOWED, .cause = NONE },
	{ .what = "others alone", .level = { { HOST, "-" }, { "contoso.com", "0 issue letsencrypt.org|0 issue sectigo.com" } },
	  .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_FORBIDS), .record = "contoso.com. IN CAA 0 issue \"digicert.com\"",
	  .words = "At contoso.com there are CAA entries that allow only: letsencrypt.org, sectigo.com. DigiCert is not among them." },
	{ .what = "nearer entries hide those above", .level = { { HOST, "0 issue sectigo.com" }, { "contoso.com", "0 issue digicert.com" } },
	  .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_FORBIDS), .record = HOST ". IN CAA 0 issue \"digicert.com\"" },
	{ .what = "nearer entries that say nothing of issuing hide them too", .level = { { HOST, "0 iodef mailto:a@b" }, { "contoso.com", "0 issue sectigo.com" } },
	  .verdict = CAA_OPEN, .cause = NONE },
	{ .what = "entries of a top-level domain", .level = { { HOST, "-" }, { "contoso.com", "-" }, { "com", "0 issue sectigo.com" } },
	  .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_FORBIDS), .record = "contoso.com. IN CAA 0 issue \"digicert.com\"" },
	{ .what = "entries behind an alias", .level = { { HOST, "0 issue sectigo.com", "lb.b.net" }, { "contoso.com", "0 issue digicert.com" } },
	  .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_FORBIDS), .record = "lb.b.net. IN CAA 0 issue \"digicert.com\"", .words = "At lb.b.net there" },
	{ .what = "nobody", .level = { { "contoso.com", "0 issue ;" } }, .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_NOBODY), .words = "It counts beside" },
	{ .what = "nobody, empty", .level = { { "contoso.com", "0 issue " } }, .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_NOBODY) },
	{ .what = "a wildcard by issue", .wildcard = true, .level = { { "contoso.com", "0 issue digicert.com" } }, .verdict = CAA_ALLOWED, .cause = NONE },
	{ .what = "a wildcard forbidden by issuewild", .wildcard = true, .level = { { "contoso.com", "0 issue digicert.com|0 issuewild ;" } },
	  .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_NOBODY), .record = "contoso.com. IN CAA 0 issuewild \"digicert.com\"", .words = "*.owa.contoso.com" },
	{ .what = "a wildcard allowed by issuewild", .wildcard = true, .level = { { "contoso.com", "0 issue ;|0 issuewild digicert.com" } },
	  .verdict = CAA_ALLOWED, .cause = NONE },
	{ .what = "issuewild means nothing to a single name", .level = { { "contoso.com", "0 issuewild ;" } }, .verdict = CAA_OPEN, .cause = NONE },
	{ .what = "critical and unknown", .level = { { "contoso.com", "0 issue digicert.com|128 tbs x" } }, .verdict = CAA_FORBIDDEN,
	  .cause = CAUSE(CAA_CRITICAL), .words = "128 tbs \"x\"" },
	{ .what = "critical and unknown, another bit beside", .level = { { "contoso.com", "130 tbs x" } }, .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_CRITICAL) },
	{ .what = "critical, the other way round", .level = { { "contoso.com", "1 tbs x" } }, .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_CRITICAL) },
	{ .what = "critical and known", .level = { { "contoso.com", "128 issue digicert.com|128 iodef x" } }, .verdict = CAA_ALLOWED, .cause = NONE },
	{ .what = "unknown and not critical", .level = { { "contoso.com", "0 tbs x|64 tbs x" } }, .verdict = CAA_OPEN, .cause = NONE },
	{ .what = "no issuer can be read", .level = { { "contoso.com", "0 issue %%%%%" } }, .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_UNREADABLE),
	  .words = "0 issue \"%%%%%\"" },
	{ .what = "two names in one entry", .level = { { "contoso.com", "0 issue digicert.com sectigo.com" } }, .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_UNREADABLE) },
	{ .what = "an entry of one byte", .level = { { "contoso.com", "broken" } }, .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_UNREADABLE), .words = "cannot be read" },
	{ .what = "another's account", .account = ACCOUNT, .level = { { "contoso.com", "0 issue digicert.com; accounturi=https://a/1" } },
	  .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_ACCOUNT), .record = "contoso.com. IN CAA 0 issue \"digicert.com; accounturi=" ACCOUNT "\"",
	  .words = "accounturi=https://a/1. We order with account " ACCOUNT },
	{ .what = "our account", .account = ACCOUNT, .method = "http-01", .level = { { "contoso.com", "0 issue digicert.com; accounturi=" ACCOUNT } },
	  .verdict = CAA_ALLOWED, .cause = NONE },
	{ .what = "our account, twice", .account = ACCOUNT, .level = { { "contoso.com", "0 issue digicert.com; accounturi=" ACCOUNT "; accounturi=" ACCOUNT } },
	  .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_ACCOUNT) },
	{ .what = "an entry for all accounts beside one for another", .account = ACCOUNT, .method = "http-01",
	  .level = { { "contoso.com", "0 issue digicert.com; accounturi=https://a/1|0 issue digicert.com" } }, .verdict = CAA_ALLOWED, .cause = NONE },
	{ .what = "an account, and nobody knows which is the customer's", .level = { { "contoso.com", "0 issue digicert.com; accounturi=https://a/1" } },
	  .verdict = CAA_ALLOWED, .cause = CAUSE(CAA_LIMITED), .words = "only with accounturi=https://a/1" },
	{ .what = "a long one", .level = { { "contoso.com", "0 issue digicert.com; accounturi=https://a/" LONG LONG LONG } },
	  .verdict = CAA_ALLOWED, .cause = CAUSE(CAA_LIMITED), .words = "only with accounturi=https://a/0123" },
	{ .what = "such an entry, and one without a condition", .level = { { "contoso.com", "0 issue digicert.com; accounturi=https://a/1|0 issue thawte.com" } },
	  .verdict = CAA_ALLOWED, .cause = NONE },
	{ .what = "an entry without a condition, and such a one", .level = { { "contoso.com", "0 issue thawte.com|0 issue digicert.com; accounturi=https://a/1" } },
	  .verdict = CAA_ALLOWED, .cause = NONE },
	{ .what = "ways of proof without ours", .account = ACCOUNT, .method = "http-01", .level = { { "contoso.com", "0 issue digicert.com; validationmethods=dns-01,tls-alpn-01" } },
	  .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_ACCOUNT), .words = "validationmethods=dns-01,tls-alpn-01" },
	{ .what = "ways of proof with ours", .account = ACCOUNT, .method = "http-01", .level = { { "contoso.com", "0 issue digicert.com; validationmethods=dns-01,http-01" } },
	  .verdict = CAA_ALLOWED, .cause = NONE },
	{ .what = "a failure nearer than the entries", .level = { { HOST, "servfail" }, { "contoso.com", "0 issue digicert.com" } }, .server = { "notimp", "silent" },
	  .verdict = CAA_FAILING, .cause = CAUSE(DNS_SERVER_FAIL), .words = "ns0.contoso.com (192.0.2.1): NOTIMP; ns1.contoso.com (192.0.2.2): no answer in 3 s" },
	{ .what = "a failure above the entries", .level = { { HOST, "0 issue digicert.com" }, { "contoso.com", "servfail" } }, .verdict = CAA_ALLOWED, .cause = NONE },
	{ .what = "one server fails", .level = { { HOST, "servfail" } }, .server = { "fine", "notimp" }, .verdict = CAA_FAILING, .cause = CAUSE(DNS_SERVER_FAIL),
	  .words = "questions of type CAA" },
	{ .what = "the servers behind an alias fail", .level = { { HOST, "servfail" } }, .server = { "=lb.b.net" }, .verdict = CAA_FAILING,
	  .cause = CAUSE(DNS_SERVER_FAIL), .words = "name servers of lb.b.net" },
	{ .what = "a zone without a living server", .level = { { HOST, "servfail" } }, .verdict = CAA_FAILING, .cause = CAUSE(DNS_SERVER_FAIL), .words = "none of them" },
	{ .what = "all servers answer us", .level = { { HOST, "servfail" } }, .server = { "fine" }, .verdict = CAA_UNKNOWN, .cause = CAUSE(DNS_UNREACHABLE) },
	{ .what = "nobody answers", .unreached = true, .level = { { HOST, "silent" } }, .verdict = CAA_UNKNOWN, .cause = CAUSE(DNS_UNREACHABLE) },
	{ .what = "nobody chosen, nothing against anybody", .nobody = true, .level = { { HOST, "-" } }, .verdict = CAA_OPEN, .cause = NONE },
	{ .what = "nobody chosen, and some are allowed", .nobody = true, .level = { { HOST, "-" }, { "contoso.com", "0 issue sectigo.com|0 issue digicert.com" } },
	  .verdict = CAA_ALLOWED, .cause = CAUSE(CAA_CHOICE), .words = "allow only: sectigo.com, digicert.com" },
	{ .what = "nobody chosen, and nobody is allowed", .nobody = true, .level = { { "contoso.com", "0 issue ;" } }, .verdict = CAA_FORBIDDEN, .cause = CAUSE(CAA_NOBODY),
	  .words = "add: contoso.com. IN CAA 0 issue \"(the name that the authority states)\"" },
	{ .what = "nobody chosen, and an entry that cannot be read", .nobody = true, .level = { { "contoso.com", "0 issue %%%" } }, .verdict = CAA_FORBIDDEN,
	  .cause = CAUSE(CAA_UNREADABLE), .words = "so your authority would refuse" },
	{ .what = "allowed, and distrusted", .distrusted = true, .level = { { HOST, "0 issue digicert.com" } }, .verdict = CAA_ALLOWED, .cause = CAUSE(CA_DISTRUSTED),
	  .words = "Chrome stopped trusting what DigiCert issues from its own roots after 12 November 2024" },
	{ .what = "bogus", .level = { { HOST, "bogus signature expired" }, { "contoso.com", "0 issue digicert.com" } }, .verdict = CAA_FAILING, .cause = CAUSE(DNS_BOGUS),
	  .words = "(signature expired). The signatures have expired" },
};
/* clang-format on */

static struct ca
digicert(void)
{
	struct ca ca = { .name = "DigiCert", .caa.count = 2 };

	assert_true(str_copy(STR("digicert.com"), ca.caa.name[0], CA_TEXT_SIZE));
	assert_true(str_copy(STR("thawte.com"), ca.caa.name[1], CA_TEXT_SIZE));
	return ca;
}

static struct caa_record
record_of(struct str text)
{
	struct caa_record record = { .broken = true };
	struct str flags;
	int64_t n;

	if (str_eq(text, STR("broken")))
		return record;
	record.broken = false;
	assert_true(str_next(&text, ' ', &flags) && str_to_i64(flags, &n));
	record.flags = (uint8_t)n;
	assert_true(str_next(&text, ' ', &record.tag));
	record.value = text;
	return record;
}

static void
build_level(const struct seen *seen, struct caa_level *to)
{
	struct str rest = str_of(seen->says), one;

	str_copy(str_of(seen->name), to->name, sizeof(to->name));
	str_copy(str_of(seen->target), to->target, sizeof(to->target));
	if (strcmp(seen->says, "-") == 0)
		return;
	if (strcmp(seen->says, "silent") == 0 || strcmp(seen->says, "servfail") == 0) {
		to->kind = LEVEL_FAILED;
		to->rcode = seen->says[1] == 'e' ? 2 : 0;
	} else if (str_starts(rest, STR("bogus "))) {
		to->kind = LEVEL_BOGUS;
		str_copy(str_drop(rest, 6), to->reason, sizeof(to->reason));
	} else {
		to->kind = LEVEL_RECORDS;
		to->record = alloc_array(8, sizeof(*to->record));
		while (str_next(&rest, '|', &one))
			to->record[to->record_count++] = record_of(one);
	}
}

static void
build_server(const char *says, size_t at, struct dns_hop *hop)
{
	struct dns_view *view = &hop->view[hop->view_count++];

	snprintf(view->server.name, sizeof(view->server.name), "ns%zu.contoso.com", at);
	view->server.port = 53;
	view->server.address =
	    (struct addr){ .family = 4, .bytes = { 192, 0, 2, (uint8_t)(at + 1) } };
	view->a.kind = strcmp(says, "fine") == 0     ? REPLY_RECORDS
	               : strcmp(says, "silent") == 0 ? REPLY_SILENT
	               : says[0] == '='              ? REPLY_ALIAS
	                                             : REPLY_RCODE;
	view->a.rcode = 4;
	if (says[0] == '=')
		str_copy(str_of(says + 1), view->a.alias, sizeof(view->a.alias));
}

static struct caa_trace *
build(const struct caa_case *c)
{
	struct caa_trace *trace = alloc_zero(sizeof(*trace));

	trace->reached = !c->unreached;
	trace->timeout = SECONDS(3);
	for (size_t i = 0; i < COUNT_OF(c->level) && c->level[i].name; i++)
		build_level(&c->level[i], &trace->level[trace->level_count++]);
	str_copy(STR("contoso.com"), trace->failing.zone, sizeof(trace->failing.zone));
	trace->failing.fate = c->server[0] ? ZONE_FOUND : ZONE_DEAD;
	for (size_t i = 0; i < COUNT_OF(c->server) && c->server[i]; i++)
		build_server(c->server[i], i, &trace->failing);
	return trace;
}

static void
judge(const struct caa_case *c, struct caa_report *report)
{
	CLEAN(caa_trace_free) struct caa_trace *trace = build(c);
	const struct ca ca = digicert();
	const struct distrust_row distrusted = { .programs = "Chrome",
		.issued_after = SECONDS(1731369600) };
	const struct caa_question question = { .host = HOST,
		.wildcard = c->wildcard,
		.ca = c->nobody ? NULL : &ca,
		.distrusted = c->distrusted ? &distrusted : NULL,
		.account = c->account ? c->account : "",
		.method = c->method ? c->method : "" };

	caa_judge(trace, &question, report);
}

static void
check_words(const struct caa_case *c, const struct finding *finding)
{
	CLEAN(buf_fini) struct buf text = BUF(8192);

	for (int i = FINDING_TITLE; i <= FINDING_NEXT; i++)
		finding_render(finding, (enum finding_text)i, &text);
	if (c->words && !strstr(buf_text(&text), c->words))
		fail_msg("%s: \"%s\" is not in: %s", c->what, c->words, buf_text(&text));
	if (strchr(buf_text(&text), '{'))
		fail_msg("%s: a placeholder is left: %s", c->what, buf_text(&text));
}

static void
every_case_is_judged(void **state UNUSED)
{
	struct caa_report *report = alloc_zero(sizeof(*report));

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct caa_case *c = &cases[i];
		const struct finding *first;

		judge(c, report);
		first = findings_first(&report->findings);
		if (report->verdict != c->verdict || (first ? (int)first->code : -1) != c->cause)
			fail_msg("%s: %s, %s", c->what, caa_verdict_name(report->verdict),
			    first ? finding_rule(first->code)->code : "no cause");
		assert_true(report->findings.count <= 1);
		if (c->record)
			assert_string_equal(report->record, c->record);
		if (report->verdict != CAA_FORBIDDEN)
			assert_string_equal(report->record, "");
		if (first)
			check_words(c, first);
	}
	free(report);
}

/* A verdict or a cause nobody can produce is dead. */
static void
every_verdict_and_cause_has_a_case(void **state UNUSED)
{
	for (int v = 0; v < CAA_VERDICT_MAX; v++) {
		bool found = false;

		for (size_t i = 0; i < COUNT_OF(cases); i++)
			found |= (int)cases[i].verdict == v;
		assert_true(found);
	}
	for (int f = 0; f < FINDING_MAX; f++) {
		const char *code = finding_rule((enum finding_code)f)->code;
		bool found = !str_starts(str_of(code), STR("CAA_"));

		for (size_t i = 0; i < COUNT_OF(cases); i++)
			found |= cases[i].cause == f;
		if (!found)
			fail_msg("%s has no case", code);
	}
}

/* A thousand entries, the one that counts the last of them. */
static void
a_large_set_is_told_by_what_counts(void **state UNUSED)
{
	struct caa_report *report = alloc_zero(sizeof(*report));
	struct caa_trace *trace = alloc_zero(sizeof(*trace));
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);
	const struct ca ca = digicert();
	const struct caa_question question = {
		.host = HOST, .ca = &ca, .account = "", .method = ""
	};
	json_t *json;

	trace->level_count = 1;
	str_copy(STR(HOST), trace->level[0].name, DNS_NAME_SIZE);
	trace->level[0].kind = LEVEL_RECORDS;
	trace->level[0].record = alloc_array(1001, sizeof(struct caa_record));
	for (size_t i = 0; i < 1000; i++)
		trace->level[0].record[i] = record_of(STR("0 t \"x\\\""));
	trace->level[0].record[1000] = record_of(STR("0 issue sectigo.com"));
	trace->level[0].record_count = 1001;
	caa_judge(trace, &question, report);
	assert_int_equal(report->verdict, CAA_FORBIDDEN);
	assert_int_equal(report->record_count, 1001);
	assert_int_equal(report->line_count, CAA_LINES_MAX);
	assert_string_equal(report->line[0], "0 issue \"sectigo.com\"");
	assert_int_equal(caa_report_json(report, &text), 0);
	json = json_loads(buf_text(&text), JSON_REJECT_DUPLICATES, NULL);
	assert_string_equal(json_string_value(json_object_get(json, "cause")), "CAA_FORBIDS");
	assert_int_equal(json_integer_value(json_object_get(json, "entry_count")), 1001);
	json_decref(json);
	caa_trace_free(trace);
	free(report);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_is_judged),
		cmocka_unit_test(every_verdict_and_cause_has_a_case),
		cmocka_unit_test(a_large_set_is_told_by_what_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
