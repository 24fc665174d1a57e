/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/device.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

#define CONNECT_TIMEOUT SECONDS(10)

struct curl_device {
	struct device device; /* first: the caller's pointer */
	struct device_place place;
	CURL *easy;
	char error[CURL_ERROR_SIZE];
};

/* clang-format off */
static const char *const words[] = {
	[DEVICE_E_UNREACHABLE] = "it cannot be reached",
	[DEVICE_E_LOST]        = "no answer came",
	[DEVICE_E_UNTRUSTED]   = "it has not the certificate that was configured",
	[DEVICE_E_TOO_LARGE]   = "its answer is too long",
};

static const struct ending {
	CURLcode code;
	int result;
} endings[] = {
	{ CURLE_OK,                       0 },
	{ CURLE_COULDNT_CONNECT,          DEVICE_E_UNREACHABLE },
	{ CURLE_SSL_CONNECT_ERROR,        DEVICE_E_UNREACHABLE },
	{ CURLE_PEER_FAILED_VERIFICATION, DEVICE_E_UNTRUSTED },
	{ CURLE_SSL_PINNEDPUBKEYNOTMATCH, DEVICE_E_UNTRUSTED },
	{ CURLE_SSL_CACERT_BADFILE,       DEVICE_E_UNTRUSTED },
	{ CURLE_WRITE_ERROR,              DEVICE_E_TOO_LARGE },
};
/* clang-format on */
static_assert(COUNT_OF(words) == DEVICE_E_TOO_LARGE + 1, "words for each result");

const char *
device_words(int r)
{
	if (r <= 0)
		return error_words(r);
	return (size_t)r < COUNT_OF(words) && words[r] ? words[r] : "it failed";
}

static size_t
take(char *bytes, size_t size, size_t count, void *context)
{
	struct buf *to = context;

	buf_put(to, bytes, size * count);
	return buf_failed(to) ? 0 : size * count;
}

static struct curl_slist *
add_header(struct curl_slist *list, const char *name, const char *value)
{
	char line[1024];
	struct curl_slist *longer;

	if (!*value)
		return list;
	snprintf(line, sizeof(line), "%s: %s", name, value);
	longer = curl_slist_append(list, line);
	return longer ? longer : list;
}

/* An upload of one chunk is all of it (the file's size is in there three times). */
static struct curl_slist *
headers_of(const struct device_request *request)
{
	struct curl_slist *list = NULL;
	char range[96] = "";

	if (request->bytes.len > 0)
		snprintf(
		    range, sizeof(range), "0-%zu/%zu", request->bytes.len - 1, request->bytes.len);
	list = add_header(list, "Content-Type",
	    request->bytes.len > 0 ? "application/octet-stream" : "application/json");
	list = add_header(list, "Content-Range", range);
	list = add_header(list, "X-F5-Auth-Token", request->token);
	return add_header(list, "X-F5-REST-Coordination-Id", request->coordination);
}

static void
set_trust(CURL *easy, const struct device_place *place)
{
	bool pinned = *place->pin != '\0';

	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, pinned ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, pinned ? 0L : 2L);
	if (pinned)
		curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, place->pin);
	else
		curl_easy_setopt(easy, CURLOPT_CAINFO, place->ca_file);
}

static void
set_request(struct curl_device *d, const struct device_request *request, const char *url,
    const char *text, struct curl_slist *headers, struct buf *body)
{
	struct str bytes = request->json ? str_of(text) : request->bytes;

	curl_easy_reset(d->easy); /* keeps the connection */
	curl_easy_setopt(d->easy, CURLOPT_URL, url);
	curl_easy_setopt(d->easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(d->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(d->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(d->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(d->easy, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(d->easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(d->easy, CURLOPT_ERRORBUFFER, d->error);
	curl_easy_setopt(d->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(CONNECT_TIMEOUT / MILLIS(1)));
	curl_easy_setopt(d->easy, CURLOPT_TIMEOUT_MS,
	    (long)((request->timeout ? request->timeout : d->place.timeout) / MILLIS(1)));
	curl_easy_setopt(d->easy, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(d->easy, CURLOPT_WRITEDATA, body);
	if (bytes.len > 0) {
		curl_easy_setopt(d->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bytes.len);
		curl_easy_setopt(d->easy, CURLOPT_POSTFIELDS, bytes.p);
	}
	set_trust(d->easy, &d->place);
}

/* What is not in the table came after the request had begun to go out. */
static int
result_of(struct curl_device *d, CURLcode code)
{
	for (size_t i = 0; i < COUNT_OF(endings); i++)
		if (endings[i].code == code) {
			str_show(str_of(d->error), d->device.problem, sizeof(d->device.problem));
			return endings[i].result;
		}
	str_show(str_of(*d->error ? d->error : curl_easy_strerror(code)), d->device.problem,
	    sizeof(d->device.problem));
	return DEVICE_E_LOST;
}

static int
exchange(
    struct device *self, const struct device_request *request, long *ret_status, struct buf *body)
{
	struct curl_device *d = (struct curl_device *)self;
	bool literal_6 = strchr(d->place.address, ':') != NULL;
	char *text = request->json ? json_dumps(request->json, JSON_COMPACT) : NULL;
	struct curl_slist *headers;
	char url[2048];
	int len = snprintf(url, sizeof(url), "https://%s%s%s:%lld%s", literal_6 ? "[" : "",
	    d->place.address, literal_6 ? "]" : "", (long long)d->place.port, request->path);
	CURLcode code;

	if (len < 0 || (size_t)len >= sizeof(url) || (request->json && !text)) {
		free(text);
		return error_origin(EINVAL);
	}
	headers = headers_of(request);
	*d->error = '\0';
	set_request(d, request, url, text, headers, body);
	code = curl_easy_perform(d->easy);
	if (code == CURLE_OK)
		curl_easy_getinfo(d->easy, CURLINFO_RESPONSE_CODE, ret_status);
	curl_slist_free_all(headers);
	free(text);
	return result_of(d, code);
}

static void
close_curl(struct device *self)
{
	struct curl_device *d = (struct curl_device *)self;

	curl_easy_cleanup(d->easy);
	free(d);
}

int
device_open(const struct device_place *place, struct device **ret)
{
	struct curl_device *d = alloc_zero(sizeof(*d));

	d->device = (struct device){ .exchange = exchange, .close = close_curl };
	d->place = *place;
	d->easy = curl_easy_init();
	if (!d->easy) {
		free(d);
		return error_origin(ENOMEM);
	}
	*ret = &d->device;
	return 0;
}

struct device *
device_close(struct device *device)
{
	if (device)
		device->close(device);
	return NULL;
}
