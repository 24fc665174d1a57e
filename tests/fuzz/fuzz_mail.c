/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mails made of what people typed: header lines (mail/header.c) and letters (mail/compose.c).
 *
 * Holds: a header value is refused or put whole: what stands in the line, unfolded and decoded, is
 * the value; a line break in it is a fold and nothing else; a composed subject can be sent; a
 * composed body has no control characters but its line ends.
 *
 * Texts with a NUL between: subject, mailbox, message id, then the facts of a letter. Choice: what
 * the letter is about.
 */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "mail/mail_internal.h"

#define LINE_MOST 998 /* RFC 5322 section 2.1.1 */
#define FACT_MAX  253 /* as the longest host name; what the store takes is shorter still */

/* CRLF stands before a space and something to be folded; no other CR, LF or control character. The
 * line without its folds goes to *to. */
static void
unfold(struct str line, struct buf *to)
{
	struct str part;

	while (line.len > 0) {
		size_t end = str_find(line, STR("\r\n"));

		part = str_bytes(line.p, end);
		MUST_HOLD(fuzz_is_words(part) && str_trim(part).len > 0);
		buf_put_str(to, part);
		if (end == line.len)
			return;
		line = str_drop(line, end + 2);
		MUST_HOLD(line.len > 1 && line.p[0] == ' ' && line.p[1] != ' ');
	}
}

static size_t
longest_line(struct str text)
{
	size_t longest = 0;
	struct str line;

	while (str_next(&text, '\n', &line))
		longest = line.len > longest ? line.len : longest;
	return longest;
}

/* Encoded words of RFC 2047 section 2, with a space between. */
static void
decode(struct str words, struct buf *to)
{
	struct str word;

	while (str_next(&words, ' ', &word)) {
		MUST_HOLD(word.len <= 75);
		MUST_HOLD(str_starts(word, STR("=?UTF-8?B?")) && str_ends(word, STR("?=")));
		word = str_drop(word, 10);
		word.len -= 2;
		MUST_HOLD(buf_put_from_base64(to, word));
	}
}

static void
subject(const char *text, bool must_be_sent)
{
	CLEAN(buf_fini) struct buf line = BUF(65536), flat = BUF(65536), decoded = BUF(65536);
	struct str value;

	if (!mail_header_text("Subject", text, &line)) {
		MUST_HOLD(line.len == 0 && !must_be_sent);
		return;
	}
	MUST_HOLD(!buf_failed(&line));
	MUST_HOLD(!must_be_sent || longest_line(buf_str(&line)) <= LINE_MOST);
	unfold(buf_str(&line), &flat);
	MUST_HOLD(str_starts(buf_str(&flat), STR("Subject: ")));
	value = str_drop(buf_str(&flat), strlen("Subject: "));
	if (str_eq(value, str_of(text)))
		return;
	decode(value, &decoded);
	MUST_HOLD(str_eq(buf_str(&decoded), str_of(text)));
}

static void
mailbox(const char *text)
{
	CLEAN(buf_fini) struct buf line = BUF(65536), flat = BUF(65536);
	char address[256], ending[260];

	if (!mail_header_mailbox("To", text, &line)) {
		MUST_HOLD(line.len == 0);
		return;
	}
	unfold(buf_str(&line), &flat);
	MUST_HOLD(mail_address_of(text, address, sizeof(address)));
	MUST_HOLD(strpbrk(address, " ,;<>\"") == NULL && strchr(address, '@'));
	snprintf(ending, sizeof(ending), "<%s>", address);
	MUST_HOLD(str_ends(buf_str(&flat), str_of(ending)) ||
		  str_eq(str_drop(buf_str(&flat), strlen("To: ")), str_of(address)));
}

static void
message_id(const char *text)
{
	CLEAN(buf_fini) struct buf line = BUF(65536);

	if (mail_header_id("Message-ID", text, &line))
		MUST_HOLD(fuzz_is_words(buf_str(&line)) && !strchr(text, ' '));
	else
		MUST_HOLD(line.len == 0);
}

static void
check_body(struct str body)
{
	struct str line;

	while (str_next(&body, '\n', &line))
		MUST_HOLD(fuzz_is_words(line));
}

static void
compose(enum mail_purpose purpose, char *const fact[static 8])
{
	CLEAN(mail_draft_fini) struct mail_draft draft = { 0 };
	const struct mail_facts facts = {
		.provider = "Example Hosting",
		.platform = fact[0],
		.contact_name = fact[1],
		.order = 1042,
		.fqdn = fact[2],
		.address = "203.0.113.5",
		.record_type = "A",
		.organization = fact[3],
		.city = fact[4],
		.state = fact[5],
		.country = fact[6],
		.key_kind_words = "RSA, 2048 bits",
		.csr_pem = "-----BEGIN CERTIFICATE REQUEST-----\n",
		.issuer = fact[7],
		.not_after = "11 June 2027",
		.api_hint = "",
	};

	if (mail_compose(purpose, &facts, &draft) != 0)
		return;
	subject(buf_text(&draft.subject), true);
	check_body(buf_str(&draft.body));
}

/* All facts are UTF-8 by contract and bounded by the store; what is not is left out. */
static char *
next_fact(struct str *rest)
{
	CLEAN(free_text) char *text = fuzz_text(rest);
	size_t characters;

	if (strlen(text) > FACT_MAX || !str_utf8_length(str_of(text), &characters))
		return alloc_text("");
	return TAKE(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct str rest = input.bytes;
	char *text[3], *fact[8];

	for (size_t i = 0; i < COUNT_OF(text); i++)
		text[i] = fuzz_text(&rest);
	for (size_t i = 0; i < COUNT_OF(fact); i++)
		fact[i] = next_fact(&rest);
	subject(text[0], false);
	mailbox(text[1]);
	message_id(text[2]);
	compose((enum mail_purpose)(input.choice % MAIL_PURPOSE_MAX), fact);
	for (size_t i = 0; i < COUNT_OF(text); i++)
		free(text[i]);
	for (size_t i = 0; i < COUNT_OF(fact); i++)
		free(fact[i]);
	return 0;
}
