/* SPDX-License-Identifier: Apache-2.0 */
#include "check/fetch_url.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "base/macro.h"

uint16_t
fetch_port(bool secure)
{
	return secure ? 443 : 80;
}

static void
url_free(CURLU *url)
{
	curl_url_cleanup(url);
}
CLEAN_DEFINE(url_free, CURLU *);

static bool
has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

static bool
get_part(CURLU *url, CURLUPart part, unsigned flags, char *to, size_t size)
{
	char *text = NULL;
	bool good =
	    curl_url_get(url, part, &text, flags) == CURLUE_OK && str_copy(str_of(text), to, size);

	curl_free(text);
	return good;
}

/* "[2001:db8::1]", and every form of IPv4 that curl has made plain already. */
static void
tell_address(struct fetch_url *to)
{
	struct str host = str_of(to->host);

	if (host.len > 2 && host.p[0] == '[') {
		memmove(to->host, to->host + 1, host.len - 2);
		to->host[host.len - 2] = '\0';
	}
	to->is_address = addr_parse(str_of(to->host), &to->address);
}

bool
fetch_url_parse(const char *text, bool secure, struct fetch_url *ret, struct outcome *what)
{
	CLEAN(url_free) CURLU *url = curl_url();
	char scheme[16], port[8];
	int64_t number = 0;

	*ret = (struct fetch_url){ 0 };
	if (!url || curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK ||
	    !get_part(url, CURLUPART_SCHEME, 0, scheme, sizeof(scheme)) ||
	    !get_part(url, CURLUPART_HOST, 0, ret->host, sizeof(ret->host)) ||
	    !get_part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof(port)) ||
	    !str_to_i64(str_of(port), &number))
		return outcome_set(what, OUTCOME_REFUSED, "that is no address of a web server");
	ret->secure = strcmp(scheme, "https") == 0;
	if (strcmp(scheme, "http") != 0 && !(secure && ret->secure))
		return outcome_set(what, OUTCOME_REFUSED, "it is %s, and only http%s is fetched",
		    scheme, secure ? " and https" : "");
	if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
		return outcome_set(what, OUTCOME_REFUSED, "it asks for a password");
	ret->port = (uint16_t)number;
	tell_address(ret);
	return true;
}

bool
fetch_may(const struct config *config, const struct addr *address, uint16_t port, bool secure)
{
	for (size_t i = 0; i < config->fetch_peer_count; i++) {
		struct addr allowed;

		if (addr_parse(str_of(config->fetch_peers[i].address), &allowed) &&
		    addr_eq(&allowed, address) && config->fetch_peers[i].port == port)
			return true;
	}
	return port == fetch_port(secure) && !addr_is_private(address);
}
