/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/mail_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static const char csr[] = "-----BEGIN CERTIFICATE REQUEST-----\n"
			  "MIICijCCAXICAQAwRTELMAkGA1UEBhMCREUxEzARBgNVBAgMClNvbWUtU3RhdGUx\n"
			  "ITAfBgNVBAoMGEludGVybmV0IFdpZGdpdHMgUHR5IEx0ZA==\n"
			  "-----END CERTIFICATE REQUEST-----\n";

static struct mail_facts
facts_of(void)
{
	return (struct mail_facts){
		.provider = "Example Hosting",
		.platform = "F5 BIG-IP",
		.advice = " Take DigiCert.",
		.contact_name = "J\xc3\xbcrgen M\xc3\xbcller",
		.order = 1042,
		.fqdn = "owa.contoso.com",
		.address = "203.0.113.5",
		.record_type = "A",
		.organization = "Contoso GmbH & Co. KG",
		.city = "M\xc3\xbcnchen",
		.state = "Bayern",
		.country = "DE",
		.key_kind_words = "RSA, 2048 bits",
		.csr_pem = csr,
		.issuer = "DigiCert TLS CA1",
		.not_after = "11 June 2027, 23:59 UTC",
		.names = "owa.contoso.com, autodiscover.contoso.com",
		.finding_what = "The certificate was issued for mail.contoso.com.",
		.finding_why = "Browsers compare the names.",
		.finding_next = "Ask the seller for a reissue.",
		.api_hint = "certdesk order certificate 1042 FILE",
		.accept_hint = "certdesk order accept 1042",
		.confirm_hint = "certdesk order confirm 1042",
		.finding_more = "The domain is new to us.",
		.spelled = "o w a . c o n t o s o . c o m",
	};
}

static size_t
columns(struct str line)
{
	size_t characters = 0;

	assert_true(str_utf8_length(line, &characters));
	return characters;
}

/* No placeholder is left, no line is too long unless it is to be copied, no line ends in a space.
 */
static void
check_layout(struct str body)
{
	struct str line;

	while (str_next(&body, '\n', &line)) {
		if (columns(line) > 76 && !str_starts(line, STR("    ")) &&
		    str_find(line, STR(" ")) < line.len)
			fail_msg("%.*s", STR_ARG(line));
		assert_int_equal(str_find(line, STR("{")), line.len);
		assert_false(str_ends(line, STR(" ")));
		assert_int_equal(str_find(line, STR("\r")), line.len);
	}
}

static void
every_purpose_makes_a_mail(void **state UNUSED)
{
	for (int p = 0; p < MAIL_PURPOSE_MAX; p++)
		for (int variant = 0; variant < 4; variant++) {
			CLEAN(mail_draft_fini) struct mail_draft draft = { 0 };
			struct mail_facts facts = facts_of();

			facts.dns_last = variant & 1;
			if (variant & 2)
				facts.contact_name = facts.api_hint = facts.state =
				    facts.finding_what = "";
			assert_int_equal(mail_compose((enum mail_purpose)p, &facts, &draft), 0);
			assert_true(str_ends(buf_str(&draft.subject), STR(" [#1042]")));
			assert_null(strchr(buf_text(&draft.subject), '{'));
			check_layout(buf_str(&draft.body));
			assert_true(str_ends(buf_str(&draft.body), STR("\nExample Hosting\n")));
			assert_true(strstr(buf_text(&draft.body), "appens next") ||
				    strstr(buf_text(&draft.body), "HAPPENS NEXT"));
			assert_int_equal(draft.attachment.len > 0, p == MAIL_CSR);
			assert_string_not_equal(mail_purpose_name((enum mail_purpose)p), "unknown");
		}
}

static void
expect_words(enum mail_purpose purpose, const struct mail_facts *facts, const char *const *there,
    const char *const *absent)
{
	CLEAN(mail_draft_fini) struct mail_draft draft = { 0 };

	assert_int_equal(mail_compose(purpose, facts, &draft), 0);
	for (; *there; there++)
		if (!strstr(buf_text(&draft.body), *there))
			fail_msg("\"%s\" is not in:\n%s", *there, buf_text(&draft.body));
	for (; *absent; absent++)
		if (strstr(buf_text(&draft.body), *absent))
			fail_msg("\"%s\" is in:\n%s", *absent, buf_text(&draft.body));
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NOTHING    ((const char *const[]){ NULL })

static void
the_request_says_all_that_is_needed(void **state UNUSED)
{
	struct mail_facts facts = facts_of();

	expect_words(MAIL_CSR, &facts,
	    WORDS("Dear J\xc3\xbcrgen M\xc3\xbcller,", csr, "F5 BIG-IP", "DigiCert.", "200 days",
		"    Organization:  Contoso GmbH & Co. KG\n", "    State:         Bayern\n",
		"    owa.contoso.com.  A  203.0.113.5\n", "at any time", "not that proof",
		"Another way: certdesk order", "never send a private key"),
	    WORDS("answers at another address today"));
	facts.ca = "Sectigo";
	expect_words(MAIL_CSR, &facts,
	    WORDS("BEFORE YOU BUY", "issued for mail.contoso.com.",
		"Which seller: Sectigo, as far as we know."),
	    WORDS("DigiCert."));
	facts.finding_what = "";
	expect_words(MAIL_CSR, &facts, WORDS("Which seller: Sectigo"), WORDS("BEFORE YOU BUY"));
	facts.dns_last = true;
	facts.state = "";
	facts.contact_name = "";
	expect_words(MAIL_CSR, &facts,
	    WORDS("Good day,", "answers at another address today",
		"    owa.contoso.com.  A  203.0.113.5\n"),
	    WORDS("at any time", "State:", "Dear"));
}

static void
others_say_theirs(void **state UNUSED)
{
	struct mail_facts facts = facts_of();

	expect_words(MAIL_DNS, &facts,
	    WORDS("    owa.contoso.com.  A  203.0.113.5\n", "passed our tests"), NOTHING);
	expect_words(MAIL_LIVE, &facts,
	    WORDS("is ready", "    Issued by:    DigiCert TLS CA1\n", "11 June 2027, 23:59 UTC",
		"reissue"),
	    NOTHING);
	expect_words(MAIL_REVIEW, &facts,
	    WORDS("    Names:        owa.contoso.com, autodiscover.contoso.com\n",
		"    Issued by:    DigiCert TLS CA1\n", "What we noticed: The certificate was",
		"certdesk order accept 1042"),
	    NOTHING);
	expect_words(MAIL_REFUSED, &facts,
	    WORDS("What is wrong: The certificate was issued for mail.contoso.com.\n",
		"Why it matters: Browsers compare the names.\n",
		"What to do: Ask the seller for a reissue.\n"),
	    NOTHING);
	facts.finding_what = "";
	expect_words(MAIL_REVIEW, &facts, WORDS("accept it"), WORDS("noticed", "reissue"));
	expect_words(MAIL_RETIRED, &facts,
	    WORDS(
		"has been cancelled", "no longer used", "leads to 203.0.113.5,\nplease remove it"),
	    WORDS("goes on with"));
	facts.site_stays = true;
	expect_words(MAIL_RETIRED, &facts, WORDS("owa.contoso.com goes on with"),
	    WORDS("203.0.113.5", "given back"));
}

static void
the_request_is_attached(void **state UNUSED)
{
	struct mail_facts facts = facts_of();
	CLEAN(mail_draft_fini) struct mail_draft draft = { 0 };

	assert_int_equal(mail_compose(MAIL_CSR, &facts, &draft), 0);
	assert_string_equal(draft.attachment_name, "owa.contoso.com.csr");
	assert_string_equal(draft.attachment_type, "application/pkcs10");
	assert_string_equal(buf_text(&draft.attachment), csr);
}

/* Line breaks in what a customer typed make no lines of ours. */
static void
values_stay_values(void **state UNUSED)
{
	struct mail_facts facts = facts_of();
	CLEAN(mail_draft_fini) struct mail_draft draft = { 0 };

	facts.fqdn = "owa.contoso.com\r\nBcc: all@contoso.com";
	facts.contact_name = "Eve\n\nWHAT HAPPENS NEXT\n{provider}";
	facts.organization = "Contoso\r\n    Key: none";
	assert_int_equal(mail_compose(MAIL_CSR, &facts, &draft), 0);
	assert_string_equal(buf_text(&draft.subject),
	    "The certificate request for owa.contoso.com Bcc: all@contoso.com [#1042]");
	assert_true(
	    str_starts(buf_str(&draft.body), STR("Dear Eve WHAT HAPPENS NEXT {provider},\n")));
	assert_non_null(
	    strstr(buf_text(&draft.body), "    Organization:  Contoso      Key: none\n"));
	assert_null(strstr(buf_text(&draft.body), "\nBcc"));
}

static void
what_cannot_be_is_refused(void **state UNUSED)
{
	struct mail_facts facts = facts_of();
	struct mail_draft draft = { 0 };
	char *longer = alloc_zero(100000);

	assert_true(mail_compose(MAIL_PURPOSE_MAX, &facts, &draft) < 0);
	memset(longer, 'x', 99999);
	facts.organization = longer;
	assert_true(mail_compose(MAIL_CSR, &facts, &draft) < 0);
	assert_null(draft.body.data);
	free_text(longer);
}

/* clang-format off */
static const struct {
	const char *text, *line; /* NULL = refused */
} texts[] = {
	{ "All is well [#1042]", "Subject: All is well [#1042]" },
	{ "Gr\xc3\xbc\xc3\x9f" "e", "Subject: =?UTF-8?B?R3LDvMOfZQ==?=" },
	{ "=?utf-8?q?a?=", "Subject: =?UTF-8?B?PT91dGYtOD9xP2E/PQ==?=" },
	{ "a\r\nBcc: b@c", NULL },
	{ "a\nb", NULL },
	{ "a\tb", NULL },
	{ "a\x7f" "b", NULL },
	{ "a\xff" "b", NULL },
}, mailboxes[] = {
	{ "a@b.example", "To: a@b.example" },
	{ "Anna Bauer <a@b.example>", "To: \"Anna Bauer\" <a@b.example>" },
	{ "\"Bauer, Anna\" <a@b.example>", "To: \"Bauer, Anna\" <a@b.example>" },
	{ "M\xc3\xbcller <a@b.example>", "To: =?UTF-8?B?TcO8bGxlcg==?= <a@b.example>" },
	{ "a@b.example, c@d.example", NULL },
	{ "a@b.example c@d.example", NULL },
	{ "<a@b.example>,<c@d.example>", NULL },
	{ "a@b@c", NULL },
	{ "@b", NULL },
	{ "a@", NULL },
	{ "a", NULL },
	{ "", NULL },
	{ "Anna <a@b.example", NULL },
	{ "Anna <a@b.example> x", NULL },
	{ "a@b.example\r\nBcc: c@d.example", NULL },
	{ "Anna\r\nBcc: c@d.example\r\n <a@b.example>", NULL },
	{ "m\xc3\xbcller@b.example", NULL },
}, ids[] = {
	{ "<1@b.example>", "Message-ID: <1@b.example>" },
	{ "1@b.example", NULL },
	{ "<1@b.example> <2@b.example>", NULL },
	{ "<1@b.example\r\nBcc: a@b>", NULL },
	{ "", NULL },
};
/* clang-format on */

static void
check_line(bool done, const struct buf *line, const char *text, const char *expected)
{
	if (done != (expected != NULL) || (done && strcmp(buf_text(line), expected) != 0))
		fail_msg("\"%s\" became \"%s\"", text, buf_text(line));
}

static void
headers_are_exact(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		CLEAN(buf_fini) struct buf line = BUF(4096);

		check_line(mail_header_text("Subject", texts[i].text, &line), &line, texts[i].text,
		    texts[i].line);
	}
	for (size_t i = 0; i < COUNT_OF(mailboxes); i++) {
		CLEAN(buf_fini) struct buf line = BUF(4096);

		check_line(mail_header_mailbox("To", mailboxes[i].text, &line), &line,
		    mailboxes[i].text, mailboxes[i].line);
	}
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		CLEAN(buf_fini) struct buf line = BUF(4096);

		check_line(mail_header_id("Message-ID", ids[i].text, &line), &line, ids[i].text,
		    ids[i].line);
	}
}

static void
dates_have_their_day(void **state UNUSED)
{
	static const struct {
		const char *rfc3339, *line;
	} cases[] = {
		{ "2026-11-24T11:07:49Z", "Date: Tue, 24 Nov 2026 11:07:49 +0000" },
		{ "2028-02-29T23:59:59.5Z", "Date: Tue, 29 Feb 2028 23:59:59 +0000" },
		{ "1970-01-02T00:00:00Z", "Date: Fri, 02 Jan 1970 00:00:00 +0000" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf line = BUF(100);
		when w = 0;

		if (!when_parse(str_of(cases[i].rfc3339), &w))
			continue;
		mail_header_date(w, &line);
		assert_string_equal(buf_text(&line), cases[i].line);
	}
}

static void
long_subjects_are_folded(void **state UNUSED)
{
	char text[400] = "";
	struct str rest, part;
	CLEAN(buf_fini) struct buf line = BUF(4096);

	for (int i = 0; i < 60; i++)
		memcpy(text + 6 * i,
		    "\xc3\xbc\xc3\xbc"
		    "a ",
		    6);
	assert_true(mail_header_text("Subject", text, &line));
	rest = buf_str(&line);
	while (str_next(&rest, '\n', &part))
		assert_true(part.len <= 77); /* with its CR */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_purpose_makes_a_mail),
		cmocka_unit_test(the_request_says_all_that_is_needed),
		cmocka_unit_test(others_say_theirs),
		cmocka_unit_test(the_request_is_attached),
		cmocka_unit_test(values_stay_values),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(headers_are_exact),
		cmocka_unit_test(dates_have_their_day),
		cmocka_unit_test(long_subjects_are_folded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
