/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/send.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "sys/file.h"
#include "sys/net.h"

#define HEADERS_MAX (16u * 1024)
#define URL_SIZE    (CONFIG_HOST_SIZE + CARRY_PATH_MAX + 32)

CLEAN_DEFINE(curl_easy_cleanup, CURL *);
CLEAN_DEFINE(curl_slist_free_all, struct curl_slist *);

struct sending {
	const struct carry *question;
	CURL *easy;
	struct curl_slist *header, *nowhere;
	struct buf *answer;
	size_t headers; /* bytes of the answer's */
	int device;     /* -1 once libcurl has it */
	char url[URL_SIZE];
	char error[CURL_ERROR_SIZE];
};

static curl_socket_t
hand_over(void *context, curlsocktype purpose UNUSED, struct curl_sockaddr *at UNUSED)
{
	struct sending *s = context;
	int fd = s->device;

	s->device = -1; /* one connection, one request */
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int
say_connected(void *context UNUSED, curl_socket_t fd UNUSED, curlsocktype purpose UNUSED)
{
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static size_t
take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct sending *s = context;

	buf_put(s->answer, bytes, size * count);
	return buf_failed(s->answer) || s->answer->len > CARRY_ANSWER_MAX ? 0 : size * count;
}

static size_t
take_header(char *bytes UNUSED, size_t size, size_t count, void *context)
{
	struct sending *s = context;

	s->headers += size * count;
	return s->headers > HEADERS_MAX ? 0 : size * count;
}

static void
put_url(struct sending *s)
{
	bool six = strchr(s->question->host, ':') != NULL;

	snprintf(s->url, sizeof(s->url), "https://%s%s%s:%u%s", six ? "[" : "", s->question->host,
	    six ? "]" : "", s->question->port, s->question->path);
}

/* The header lines; "Expect:" keeps libcurl from asking whether it may go on. The other list has
 * libcurl look up no name: the connection is there already. */
static bool
put_lists(struct sending *s)
{
	struct curl_slist *longer = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; longer && i < s->question->header_count; i++) {
		char line[CARRY_HEADER_MAX + 1];

		s->header = longer;
		longer = str_copy(s->question->header[i], line, sizeof(line))
		             ? curl_slist_append(s->header, line)
		             : NULL;
	}
	if (longer)
		s->header = longer;
	s->nowhere = curl_slist_append(NULL, "::127.0.0.1:1");
	return longer && s->nowhere;
}

/* The pin alone, or the CA and the name: never nothing. */
static bool
set_trust(CURL *e, const struct carry *q)
{
	bool pinned = q->pin[0] != '\0';
	struct curl_blob ca = {
		.data = (void *)(uintptr_t)q->ca.p, .len = q->ca.len, .flags = CURL_BLOB_NOCOPY
	};

	return curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_CAINFO, NULL) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, pinned ? 0L : 1L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, pinned ? 0L : 2L) == CURLE_OK &&
	       (pinned ? curl_easy_setopt(e, CURLOPT_PINNEDPUBLICKEY, q->pin)
		       : curl_easy_setopt(e, CURLOPT_CAINFO_BLOB, &ca)) == CURLE_OK;
}

/* TCP_NODELAY would be a call that the sandbox knows nothing of; the worker set it, or not. */
static bool
set_connection(struct sending *s)
{
	CURL *e = s->easy;

	return curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, hand_over) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, s) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, say_connected) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_CONNECT_TO, s->nowhere) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 0L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)s->question->time_ms) == CURLE_OK;
}

static bool
set_request(struct sending *s)
{
	CURL *e = s->easy;

	return curl_easy_setopt(e, CURLOPT_URL, s->url) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_USERAGENT, "certdesk/" CERTDESK_VERSION) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HTTPHEADER, s->header) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)s->question->body.len) ==
	           CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_POSTFIELDS, s->question->body.p) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_ERRORBUFFER, s->error) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HEADERDATA, s) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_WRITEDATA, s) == CURLE_OK;
}

/* Had the request begun to go out? If so, any end of it leaves open what the device has done. */
static bool
was_begun(const struct sending *s)
{
	long sent = 0;

	return curl_easy_getinfo(s->easy, CURLINFO_REQUEST_SIZE, &sent) == CURLE_OK && sent > 0;
}

static int
reason_of(const struct sending *s, CURLcode code)
{
	if (!was_begun(s))
		return code == CURLE_PEER_FAILED_VERIFICATION ||
		               code == CURLE_SSL_PINNEDPUBKEYNOTMATCH ||
		               code == CURLE_SSL_CACERT_BADFILE
		           ? CARRY_E_UNTRUSTED
		           : CARRY_E_UNREACHABLE;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return CARRY_E_TIMEOUT;
	return code == CURLE_WRITE_ERROR ? CARRY_E_TOO_LONG : CARRY_E_CUT;
}

static void
tell(const struct sending *s, CURLcode code, struct carried *ret)
{
	long status = 0;

	if (code == CURLE_OK)
		curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 100 && status <= 599) {
		carried_end(ret, 0, "");
		ret->status = (uint16_t)status;
		ret->body = buf_str(s->answer);
	} else if (code == CURLE_OK) {
		carried_end(ret, CARRY_E_CUT, "it answers with a status that there is not");
	} else if (code == CURLE_WRITE_ERROR) {
		carried_end(ret, CARRY_E_TOO_LONG, "its answer is longer than 16 KiB");
	} else {
		carried_end(
		    ret, reason_of(s, code), s->error[0] ? s->error : curl_easy_strerror(code));
	}
}

void
send_request(const struct carry *question, int device, struct buf *answer, struct carried *ret)
{
	struct sending s = {
		.question = question, .device = device, .answer = answer, .easy = curl_easy_init()
	};
	CURLcode code = CURLE_OUT_OF_MEMORY;

	put_url(&s);
	if (s.easy && put_lists(&s) && set_trust(s.easy, question) && set_connection(&s) &&
	    set_request(&s))
		code = curl_easy_perform(s.easy);
	if (s.easy)
		tell(&s, code, ret);
	else
		carried_end(ret, CARRY_E_UNREACHABLE, "no memory");
	curl_easy_cleanup(s.easy);
	curl_slist_free_all(s.header);
	curl_slist_free_all(s.nowhere);
	close_fd(s.device);
}

int
send_prepare(void)
{
	static const struct carry to_nobody = { .host = "127.0.0.1",
		.port = 443,
		.ca = STR_INIT(""),
		.pin = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		.path = "/",
		.body = STR_INIT("-"),
		.time_ms = 1000 };
	CLEAN(buf_fini) struct buf answer = BUF(CARRY_ANSWER_MAX);
	struct carried nothing;
	int ends[2], r;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_origin(ENOMEM);
	r = net_pair(ends);
	if (r)
		return error_fold(r);
	close_fd(ends[1]);
	send_request(&to_nobody, ends[0], &answer, &nothing);
	return 0;
}
