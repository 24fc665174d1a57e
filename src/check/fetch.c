/* SPDX-License-Identifier: Apache-2.0 */
#include "check/fetch.h"

#include <curl/curl.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <unbound.h>

#include "base/error.h"
#include "check/dns_internal.h"
#include "check/fetch_url.h"
#include "sys/net.h"

#define REDIRECTS_MAX 3
#define HEADERS_MAX   (16u * 1024)
#define URL_SIZE      2048

#define WAIT_SECONDS_MAX (366 * 86400)

struct fetch {
	const struct config *config;
	struct buf *to;
	when deadline;
	CURL *easy;
	struct addr address; /* with the port: the only place to connect to */
	uint16_t port;
	enum fetch_end end;
	const struct fetch_wish *wish;
	struct str body; /* to be sent; "" = GET */
	struct curl_slist *header;
	bool secure; /* the address in `url` is https */
	struct fetch_answer answer;
	size_t headers;
	char url[URL_SIZE];
	char error[CURL_ERROR_SIZE];
};

static bool
take_addresses(const struct ub_result *result, uint8_t family, struct addr *ret)
{
	size_t len = family == 4 ? 4 : 16;

	for (size_t i = 0; result && result->havedata && result->data[i]; i++)
		if ((size_t)result->len[i] == len) {
			*ret = (struct addr){ .family = family };
			copy_bytes(ret->bytes, result->data[i], len);
			return true;
		}
	return false;
}

/* The first address of the name, version 4 before 6. */
static bool
look_up(struct fetch *f, const char *host, struct addr *ret)
{
	struct lookup v4 = { 0 }, v6 = { 0 };
	struct resolver *resolver = NULL;
	bool found;

	if (resolver_new(f->config, false, &resolver))
		return false;
	resolver_start(resolver, host, LDNS_RR_TYPE_A, &v4);
	resolver_start(resolver, host, LDNS_RR_TYPE_AAAA, &v6);
	resolver_wait(resolver, &v4, f->deadline);
	found = take_addresses(v4.result, 4, ret);
	if (!found) {
		resolver_wait(resolver, &v6, f->deadline);
		found = take_addresses(v6.result, 6, ret);
	}
	resolver_free(resolver); /* before its lookups go */
	lookup_fini(&v4);
	lookup_fini(&v6);
	return found;
}

static size_t
take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct fetch *f = context;

	buf_put(f->to, bytes, size * count);
	return buf_failed(f->to) ? 0 : size * count;
}

static size_t
take_header(char *bytes UNUSED, size_t size, size_t count, void *context)
{
	struct fetch *f = context;

	f->headers += size * count;
	return f->headers > HEADERS_MAX ? 0 : size * count;
}

/* curl connects where this list says, whatever the name has become meanwhile. */
static struct curl_slist *
pin(const struct fetch *f)
{
	char text[ADDR_TEXT_SIZE], line[ADDR_TEXT_SIZE + 16];
	bool six = f->address.family == 6;

	snprintf(line, sizeof(line), "::%s%s%s:%u", six ? "[" : "", addr_text(&f->address, text),
	    six ? "]" : "", f->port);
	return curl_slist_append(NULL, line);
}

/* The last word: should curl read an address in another way than we did, it gets no socket. */
static curl_socket_t
open_socket(void *context, curlsocktype purpose UNUSED, struct curl_sockaddr *at)
{
	struct fetch *f = context;
	int fd;

	if (!net_leads_to(&at->addr, at->addrlen, &f->address, f->port)) {
		f->end = FETCH_FORBIDDEN;
		return CURL_SOCKET_BAD;
	}
	return net_socket(&f->address, &fd) == 0 ? fd : CURL_SOCKET_BAD;
}

static bool
set_up(struct fetch *f, struct curl_slist *pinned)
{
	long left = (long)((f->deadline - world_ticks()) / MILLIS(1));
	CURL *e = f->easy;

	curl_easy_reset(e);
	return left > 0 && curl_easy_setopt(e, CURLOPT_URL, f->url) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_CONNECT_TO, pinned) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, f) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, f->secure ? "https" : "http") ==
	           CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, left) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_ERRORBUFFER, f->error) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_USERAGENT, "certdesk/" CERTDESK_VERSION) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HEADERDATA, f) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_WRITEDATA, f) == CURLE_OK;
}

/* libcurl verifies name and chain unless it is told otherwise, which it is not. */
static bool
set_up_roots(struct fetch *f)
{
	const char *file = f->wish->ca_file;

	return !f->secure || !file || !*file ||
	       curl_easy_setopt(f->easy, CURLOPT_CAINFO, file) == CURLE_OK;
}

static bool
set_up_form(struct fetch *f)
{
	if (f->header && curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->header) != CURLE_OK)
		return false;
	return f->body.len == 0 ||
	       (curl_easy_setopt(f->easy, CURLOPT_POSTFIELDSIZE, (long)f->body.len) == CURLE_OK &&
		   curl_easy_setopt(f->easy, CURLOPT_POSTFIELDS, f->body.p) == CURLE_OK);
}

static void
tell_failure(const struct fetch *f, CURLcode code, struct outcome *what)
{
	if (f->end == FETCH_FORBIDDEN)
		outcome_set(what, OUTCOME_REFUSED, "it leads elsewhere than its name did");
	else if (buf_failed(f->to))
		outcome_set(what, OUTCOME_REFUSED, "it is larger than %zu bytes", f->to->max);
	else if (code == CURLE_WRITE_ERROR)
		outcome_set(what, OUTCOME_REFUSED, "its header never ends");
	else
		outcome_set(
		    what, OUTCOME_LATER, "%s", f->error[0] ? f->error : curl_easy_strerror(code));
}

/* True: a redirect; f->url is the next one. */
static bool
judge_answer(struct fetch *f, struct outcome *what)
{
	const char *next = NULL;
	long status = 0;
	curl_off_t wait = 0;

	curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(f->easy, CURLINFO_REDIRECT_URL, &next);
	curl_easy_getinfo(f->easy, CURLINFO_RETRY_AFTER, &wait);
	f->answer = (struct fetch_answer){ .status = status,
		.wait = wait > 0 && wait < WAIT_SECONDS_MAX ? SECONDS(wait) : 0 };
	if (status / 100 == 3 && next && str_copy(str_of(next), f->url, sizeof(f->url)))
		return true;
	if (status == 200)
		outcome_set(what, OUTCOME_DONE, "%s", "");
	else
		outcome_set(what, status >= 500 || status == 429 ? OUTCOME_LATER : OUTCOME_REFUSED,
		    "it answers with status %ld", status);
	return false;
}

static bool
talk(struct fetch *f, struct outcome *what)
{
	struct curl_slist *pinned = pin(f);
	CURLcode code = CURLE_OPERATION_TIMEDOUT;
	bool again = false;

	f->headers = 0;
	f->error[0] = '\0';
	buf_clear(f->to);
	if (pinned && set_up(f, pinned) && set_up_roots(f) && set_up_form(f))
		code = curl_easy_perform(f->easy);
	if (code == CURLE_OK)
		again = judge_answer(f, what);
	else
		tell_failure(f, code, what);
	curl_slist_free_all(pinned);
	return again;
}

/* One address and what it answers; true: go on with f->url. */
static bool
visit(struct fetch *f, struct outcome *what)
{
	char text[ADDR_TEXT_SIZE];
	struct fetch_url url;

	if (!fetch_url_parse(f->url, f->wish->secure, &url, what))
		return false;
	if (f->secure && !url.secure)
		return outcome_set(
		    what, OUTCOME_REFUSED, "it leads from https to http, which is not followed");
	f->secure = url.secure;
	f->address = url.address;
	f->port = url.port;
	if (!url.is_address && !look_up(f, url.host, &f->address)) {
		outcome_set(what, OUTCOME_LATER, "%s has no address", url.host);
		return false;
	}
	if (!fetch_may(f->config, &f->address, f->port, f->secure)) {
		f->end = FETCH_FORBIDDEN;
		outcome_set(what, OUTCOME_REFUSED,
		    "it leads to %s, port %u, and only port %u of public addresses is fetched from",
		    addr_text(&f->address, text), f->port, fetch_port(f->secure));
		return false;
	}
	return talk(f, what);
}

static enum fetch_end
fetch(struct fetch *f, const char *url, struct outcome *what)
{
	bool again;
	int hops = 0;

	f->deadline = world_ticks() + (f->wish->time ? f->wish->time : FETCH_TIME);
	f->easy = curl_easy_init();
	if (!f->easy || !str_copy(str_of(url), f->url, sizeof(f->url))) {
		outcome_set(what, OUTCOME_REFUSED, "it is too long");
	} else {
		do
			again = visit(f, what);
		while (again && hops++ < REDIRECTS_MAX);
		if (again)
			outcome_set(what, OUTCOME_REFUSED, "it sends us on and on");
	}
	if (what->kind != OUTCOME_DONE)
		buf_clear(f->to);
	curl_easy_cleanup(f->easy);
	return f->end;
}

static const struct fetch_wish usual = { 0 };

enum fetch_end
fetch_get(const struct config *config, const char *url, struct buf *to, struct outcome *what)
{
	struct fetch f = { .config = config, .wish = &usual, .to = to };

	return fetch(&f, url, what);
}

enum fetch_end
fetch_get_as(const struct config *config, const struct fetch_wish *wish, const char *url,
    struct buf *to, struct fetch_answer *ret, struct outcome *what)
{
	struct fetch f = { .config = config, .wish = wish, .to = to };
	enum fetch_end end;
	char line[128];

	snprintf(line, sizeof(line), "Accept: %s", wish->accept ? wish->accept : "*/*");
	f.header = curl_slist_append(NULL, line);
	end = fetch(&f, url, what);
	curl_slist_free_all(f.header);
	*ret = f.answer;
	return end;
}

enum fetch_end
fetch_post(const struct config *config, const char *url, const char *content_type, struct str body,
    struct buf *to, struct outcome *what)
{
	struct fetch f = { .config = config, .wish = &usual, .to = to, .body = body };
	enum fetch_end end;
	char line[128];

	snprintf(line, sizeof(line), "Content-Type: %s", content_type);
	f.header = curl_slist_append(NULL, line);
	end = fetch(&f, url, what);
	curl_slist_free_all(f.header);
	return end;
}
