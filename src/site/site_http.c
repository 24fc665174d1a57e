/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request at the address, as a browser would make it: Host is the name, redirects are
 * looked at but not followed. The connection counts only if the leaf is the one wanted, whatever
 * its chain: that was judged before.
 */
#include <curl/curl.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "site/site_internal.h"

#define HEADER_MAX (64u * 1024)
#define BODY_MAX   (64u * 1024)

static void
easy_free(CURL *easy)
{
	curl_easy_cleanup(easy);
}
CLEAN_DEFINE(easy_free, CURL *);

static void
list_free(struct curl_slist *list)
{
	curl_slist_free_all(list);
}
CLEAN_DEFINE(list_free, struct curl_slist *);

static void
url_free(CURLU *url)
{
	curl_url_cleanup(url);
}
CLEAN_DEFINE(url_free, CURLU *);

static void
part_free(char *part)
{
	curl_free(part);
}
CLEAN_DEFINE(part_free, char *);

/* What a peer sends counts to a limit only; behind it the transfer ends, and the status is known by
 * then. */
static size_t
count_bytes(char *bytes, size_t size, size_t count, void *context)
{
	size_t *left = context, len = size * count;

	(void)bytes;
	if (len > *left)
		return 0;
	*left -= len;
	return len;
}

static int
is_wanted_leaf(X509_STORE_CTX *ctx, void *context)
{
	const struct site_target *target = context;
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);
	uint8_t sha256[32];
	unsigned len = sizeof(sha256);

	return leaf && X509_digest(leaf, EVP_sha256(), sha256, &len) == 1 &&
	       memcmp(sha256, target->leaf_sha256, sizeof(sha256)) == 0;
}

static CURLcode
pin_leaf(CURL *easy, void *ctx, void *context)
{
	(void)easy;
	SSL_CTX_set_cert_verify_callback(ctx, is_wanted_leaf, context);
	return CURLE_OK;
}

struct request {
	CURL *easy;
	const struct site_target *target;
	struct curl_slist *connect_to;
	size_t header_left, body_left;
	char error[CURL_ERROR_SIZE];
};

static bool
set_up(struct request *q)
{
	char url[512], to[ADDR_TEXT_SIZE + 16], address[ADDR_TEXT_SIZE];
	CURL *e = q->easy;
	void *target = (void *)(uintptr_t)q->target; /* only read again in is_wanted_leaf() */
	bool good;

	addr_text(&q->target->address, address);
	snprintf(to, sizeof(to), q->target->address.family == 6 ? "::[%s]:%u" : "::%s:%u", address,
	    q->target->port);
	q->connect_to = curl_slist_append(NULL, to);
	good =
	    snprintf(url, sizeof(url), "https://%s%s", q->target->name.text, q->target->path) <
		(int)sizeof(url) &&
	    q->connect_to && curl_easy_setopt(e, CURLOPT_URL, url) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_CONNECT_TO, q->connect_to) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK && /* the leaf is pinned */
	    curl_easy_setopt(e, CURLOPT_CAINFO, NULL) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, pin_leaf) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, target) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_USERAGENT, "certdesk-site-test/" CERTDESK_VERSION) ==
		CURLE_OK;
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(q->target->timeout / MILLIS(1)));
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, count_bytes);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, &q->header_left);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, count_bytes);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, &q->body_left);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, q->error);
	return good;
}

static struct finding *
blame(const struct site_target *target, enum finding_code code, struct site_report *report,
    const char *found)
{
	struct finding *f = site_blame(target, code, report);
	char shown[SITE_REASON_SIZE];

	str_show(str_of(found), shown, sizeof(shown));
	finding_param(f, "path", "%s", target->path);
	finding_param(f, "found", "%s", shown);
	return f;
}

/* Is this URL on https at the name? Otherwise *ret says where it leads. */
static bool
leads_to_us(const struct site_target *target, const char *url, char *ret, size_t size)
{
	CLEAN(url_free) CURLU *u = curl_url();
	CLEAN(part_free) char *scheme = NULL;
	CLEAN(part_free) char *host = NULL;

	if (!u || curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
		snprintf(ret, size, "%s", url);
		return false;
	}
	if (strcmp(scheme, "https") == 0)
		snprintf(ret, size, "%s", host);
	else
		snprintf(ret, size, "%s://%s", scheme, host);
	return str_eq_nocase(str_of(ret), str_of(target->name.text));
}

/* OWA's sign-in page carries the address to come back to; a wrong one there is a redirect one click
 * later. */
static bool
comes_back_to_us(const struct site_target *target, const char *url, char *ret, size_t size)
{
	const char *found = strstr(url, "url=");
	CLEAN(part_free) char *back = NULL;
	struct str value;
	int len = 0;

	if (!found || found == url || (found[-1] != '?' && found[-1] != '&'))
		return true;
	value = str_of(found + 4);
	value.len = str_find(value, STR("&"));
	back = curl_easy_unescape(NULL, value.p, value.len > 4096 ? 4096 : (int)value.len, &len);
	if (!back || !str_starts(str_of(back), STR("http")))
		return true;
	return leads_to_us(target, back, ret, size);
}

void
site_judge_redirect(const struct site_target *target, const char *to, struct site_report *report)
{
	char found[SITE_REASON_SIZE];

	if (!leads_to_us(target, to, found, sizeof(found)) ||
	    !comes_back_to_us(target, to, found, sizeof(found)))
		blame(target, FINDING_SITE_REDIRECT_HOST, report, found);
}

/* 401 and 403 are a service that wants to know who we are. */
static bool
is_alive(long status)
{
	return (status >= 200 && status < 400) || status == 401 || status == 403;
}

static void
judge_status(const struct site_target *target, CURL *easy, long status, struct site_report *report)
{
	char words[512];
	char *to = NULL;

	snprintf(words, sizeof(words), "status %ld", status);
	if (!is_alive(status)) {
		blame(target, FINDING_SITE_HTTP, report, words);
		return;
	}
	snprintf(words, sizeof(words), "GET %s was answered with status %ld", target->path, status);
	site_pass(target, "HTTP", words, report);
	if (curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &to) == CURLE_OK && to)
		site_judge_redirect(target, to, report);
}

int
site_judge_http(const struct site_target *target, struct site_report *report, long *ret_status)
{
	CLEAN(easy_free) CURL *easy = curl_easy_init();
	CLEAN(list_free) struct curl_slist *connect_to = NULL;
	struct request q = {
		.easy = easy, .target = target, .header_left = HEADER_MAX, .body_left = BODY_MAX
	};
	long status = 0;
	bool ready = easy && set_up(&q);
	CURLcode code;

	connect_to = q.connect_to;
	if (!ready)
		return error_origin(ENOMEM);
	code = curl_easy_perform(easy);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	/* a body over its limit ends in a write error, but by then the status and all of the header
	 * are known */
	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && q.body_left < BODY_MAX)) {
		judge_status(target, easy, status, report);
		*ret_status = status;
	} else {
		blame(target, FINDING_SITE_HTTP, report,
		    q.error[0] ? q.error : curl_easy_strerror(code));
		*ret_status = 0;
	}
	return 0;
}
