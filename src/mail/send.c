/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One letter to the configured SMTP server, through libcurl, which also builds the MIME. What the
 * server says last is kept as the outcome's words. A connection that breaks after the text was
 * handed over is LATER: the letter may come twice, under the same Message-ID.
 */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "mail/mail_internal.h"
#include "sys/file.h"

#define SEND_TIMEOUT SECONDS(60)
#define CONNECT_MOST SECONDS(10)
#define SAID_SIZE    400
#define HEADER_SIZE  4096
#define LINE_MOST    900 /* bytes: 998 is the limit of RFC 5322 section 2.1.1 */

struct sending {
	CURL *easy;
	curl_mime *mime;
	struct curl_slist *headers, *recipients;
	struct buf body, password; /* body: with CRLF */
	char from[512], to[512];   /* in angle brackets */
	char error[CURL_ERROR_SIZE];
	char said[SAID_SIZE]; /* the server's last line, but for its goodbye */
};

static void
sending_fini(struct sending *s)
{
	curl_easy_cleanup(s->easy);
	curl_mime_free(s->mime);
	curl_slist_free_all(s->headers);
	curl_slist_free_all(s->recipients);
	buf_fini(&s->body);
	buf_fini(&s->password);
}
CLEAN_DEFINE_FINI(sending_fini, struct sending);

/* Only lines the server sent to us: what we send holds the letter and perhaps a password. */
static int
listen_in(CURL *easy, curl_infotype type, char *bytes, size_t len, void *context)
{
	struct sending *s = context;
	struct str line = str_trim(str_bytes(bytes, len));

	(void)easy;
	if (type == CURLINFO_HEADER_IN && line.len >= 3 && !str_starts(line, STR("221")))
		str_show(line, s->said, sizeof(s->said));
	return 0;
}

static bool
add_header(struct sending *s, struct buf *line)
{
	struct curl_slist *longer =
	    buf_failed(line) ? NULL : curl_slist_append(s->headers, buf_text(line));

	if (longer)
		s->headers = longer;
	buf_clear(line);
	return longer != NULL;
}

/* The name of what cannot be sent, or NULL. */
static const char *
add_headers(struct sending *s, const struct mail_letter *letter)
{
	CLEAN(buf_fini) struct buf line = BUF(HEADER_SIZE);
	bool answers = *letter->in_reply_to != '\0';

	if (!mail_header_mailbox("From", letter->from, &line) || !add_header(s, &line))
		return "the sender";
	if (!mail_header_mailbox("To", letter->to, &line) || !add_header(s, &line))
		return "the recipient";
	if (!mail_header_text("Subject", letter->subject, &line) || !add_header(s, &line))
		return "the subject";
	mail_header_date(letter->date, &line);
	if (!add_header(s, &line))
		return "the date";
	if (!mail_header_id("Message-ID", letter->message_id, &line) || !add_header(s, &line))
		return "the message id";
	if (answers &&
	    (!mail_header_id("In-Reply-To", letter->in_reply_to, &line) || !add_header(s, &line) ||
		!mail_header_id("References", letter->in_reply_to, &line) || !add_header(s, &line)))
		return "the message it answers";
	buf_put_text(&line, "Auto-Submitted: auto-generated"); /* RFC 3834 section 5 (M-B) */
	if (!add_header(s, &line))
		return "a header";
	buf_put_text(&line, "X-Auto-Response-Suppress: All");
	return add_header(s, &line) ? NULL : "a header";
}

/* LF, CR and CRLF become CRLF; *ret_plain: ASCII in lines of ordinary length. */
static void
put_crlf(struct str text, struct buf *to, bool *ret_plain)
{
	size_t column = 0;

	*ret_plain = true;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];

		if (c == '\r' && i + 1 < text.len && text.p[i + 1] == '\n')
			continue;
		if (c == '\n' || c == '\r') {
			buf_put_text(to, "\r\n");
			column = 0;
			continue;
		}
		buf_put_byte(to, (uint8_t)c);
		if ((unsigned char)c >= 0x80 || ++column > LINE_MOST)
			*ret_plain = false;
	}
}

static bool
add_text(struct sending *s, const struct mail_letter *letter)
{
	curl_mimepart *part = curl_mime_addpart(s->mime);
	bool plain;

	put_crlf(str_of(letter->body), &s->body, &plain);
	return part && !buf_failed(&s->body) &&
	       curl_mime_data(part, buf_text(&s->body), s->body.len) == CURLE_OK &&
	       curl_mime_type(part, "text/plain; charset=utf-8") == CURLE_OK &&
	       curl_mime_encoder(part, plain ? "7bit" : "quoted-printable") == CURLE_OK;
}

static bool
add_attachment(struct sending *s, const struct mail_letter *letter)
{
	curl_mimepart *part;

	if (*letter->attachment == '\0')
		return true;
	part = curl_mime_addpart(s->mime);
	return part && curl_mime_data(part, letter->attachment, CURL_ZERO_TERMINATED) == CURLE_OK &&
	       curl_mime_type(part, letter->attachment_type) == CURLE_OK &&
	       curl_mime_filename(part, letter->attachment_name) == CURLE_OK &&
	       curl_mime_encoder(part, "base64") == CURLE_OK;
}

/* What in the letter cannot be sent as it is; NULL when nothing. Filled into *s on the way. */
static const char *
write_letter(struct sending *s, const struct mail_letter *letter)
{
	char address[256];
	size_t characters;

	if (!mail_address_of(letter->from, address, sizeof(address)))
		return "the sender";
	snprintf(s->from, sizeof(s->from), "<%s>", address);
	if (!mail_address_of(letter->to, address, sizeof(address)))
		return "the recipient";
	snprintf(s->to, sizeof(s->to), "<%s>", address);
	if (!str_utf8_length(str_of(letter->body), &characters))
		return "the text";
	if (*letter->attachment && (!mail_token_is_plain(letter->attachment_name) ||
				       !mail_token_is_plain(letter->attachment_type)))
		return "the attachment's name or type";
	return add_headers(s, letter);
}

static bool
set_server(struct sending *s, const struct config *config, when timeout)
{
	CURL *e = s->easy;
	when connecting = timeout < CONNECT_MOST ? timeout : CONNECT_MOST;
	bool good =
	    curl_easy_setopt(e, CURLOPT_URL, config->smtp_url) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_USE_SSL,
		config->smtp_starttls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK;

	if (good && config->smtp_ca_file[0])
		good = curl_easy_setopt(e, CURLOPT_CAINFO, config->smtp_ca_file) == CURLE_OK &&
		       curl_easy_setopt(e, CURLOPT_CAPATH, NULL) == CURLE_OK;
	if (good && config->smtp_user[0])
		good = curl_easy_setopt(e, CURLOPT_USERNAME, config->smtp_user) == CURLE_OK &&
		       curl_easy_setopt(e, CURLOPT_PASSWORD, buf_text(&s->password)) == CURLE_OK;
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)(connecting / MILLIS(1)));
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(timeout / MILLIS(1)));
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, s->error);
	curl_easy_setopt(e, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, listen_in);
	curl_easy_setopt(e, CURLOPT_DEBUGDATA, s);
	return good;
}

static bool
set_letter(struct sending *s, const struct mail_letter *letter)
{
	s->mime = curl_mime_init(s->easy);
	s->recipients = curl_slist_append(NULL, s->to);
	return s->mime && s->recipients && add_text(s, letter) && add_attachment(s, letter) &&
	       curl_easy_setopt(s->easy, CURLOPT_MAIL_FROM, s->from) == CURLE_OK &&
	       curl_easy_setopt(s->easy, CURLOPT_MAIL_RCPT, s->recipients) == CURLE_OK &&
	       curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->headers) == CURLE_OK &&
	       curl_easy_setopt(s->easy, CURLOPT_MIMEPOST, s->mime) == CURLE_OK;
}

/* Failures that our side has to repair, whatever the server's last line was. */
static bool
is_for_a_human(CURLcode code)
{
	return code == CURLE_USE_SSL_FAILED || code == CURLE_SSL_CONNECT_ERROR ||
	       code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
	       code == CURLE_LOGIN_DENIED || code == CURLE_URL_MALFORMAT ||
	       code == CURLE_UNSUPPORTED_PROTOCOL;
}

static void
judge(const struct sending *s, CURLcode code, struct outcome *what)
{
	const char *error = s->error[0] ? s->error : curl_easy_strerror(code);
	bool timed_out = code == CURLE_OPERATION_TIMEDOUT;
	long reply = 0;

	curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &reply);
	if (code == CURLE_OK)
		outcome_set(what, OUTCOME_DONE, "%s", s->said);
	else if (is_for_a_human(code))
		outcome_set(what, OUTCOME_HUMAN, "%s%s%s", error,
		    s->said[0] ? "; the mail server's last words: " : "", s->said);
	else if (reply >= 500 && reply < 600 && !timed_out)
		outcome_set(what, OUTCOME_REFUSED, "%s", s->said);
	else if (reply >= 400 && reply < 500 && !timed_out)
		outcome_set(what, OUTCOME_LATER, "%s", s->said);
	else
		outcome_set(what, OUTCOME_LATER, "%s", error);
}

static int
read_password(const struct config *config, struct sending *s, struct outcome *what)
{
	int r;

	if (config->smtp_user[0] == '\0' || config->smtp_password_file[0] == '\0')
		return 0;
	r = file_read_secret(config->smtp_password_file, &s->password);
	if (r == 0)
		buf_truncate(&s->password, str_find(buf_str(&s->password), STR("\n")));
	else if (r > 0)
		outcome_set(what, OUTCOME_HUMAN,
		    "the file with the mail server's password cannot be used (absent, too large, or readable by others)");
	return r;
}

int
mail_send_within(const struct config *config, const struct mail_letter *letter, when timeout,
    struct outcome *what)
{
	CLEAN(sending_fini)
	struct sending s = {
		.easy = curl_easy_init(), .body = BUF(1 << 20), .password = BUF_SECRET(1024)
	};
	const char *bad = write_letter(&s, letter);
	int r;

	if (bad) {
		outcome_set(what, OUTCOME_REFUSED, "%s holds what cannot be in a mail", bad);
		return 0;
	}
	r = read_password(config, &s, what);
	if (r)
		return r > 0 ? 0 : r;
	if (!s.easy || !set_server(&s, config, timeout) || !set_letter(&s, letter))
		return error_origin(ENOMEM);
	judge(&s, curl_easy_perform(s.easy), what);
	return 0;
}

int
mail_send(const struct config *config, const struct mail_letter *letter, struct outcome *what)
{
	return mail_send_within(config, letter, SEND_TIMEOUT, what);
}
