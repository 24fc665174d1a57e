/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/late_curl.h"
#include "sys/file.h"

#define ANSWER_MAX (16 * 1024 * 1024)
#define TIMEOUT_S  120L

static size_t
collect(char *data, size_t size, size_t count, void *to)
{
	buf_put(to, data, size * count);
	return buf_failed(to) ? 0 : size * count;
}

static int
read_token(const struct cli *cli, struct buf *header)
{
	CLEAN(buf_fini) struct buf text = BUF_SECRET(4096);
	int r = file_read_secret(cli->token_file, &text);

	if (r == FILE_E_ABSENT && !cli->config)
		return cli_fail(EXIT_USAGE,
		    "there is no configuration to be read in %s and no token in %s; `certdesk init` makes both",
		    cli->config_path, cli->token_file);
	if (r == FILE_E_ABSENT)
		return cli_fail(EXIT_USAGE,
		    "there is no token in %s; `certdesk init` or `certdesk token add` makes one",
		    cli->token_file);
	if (r == FILE_E_MODE)
		return cli_fail(
		    EXIT_USAGE, "%s can be read by others; make it mode 0600", cli->token_file);
	if (r)
		return cli_fail(EXIT_USAGE, "the token in %s cannot be read", cli->token_file);
	buf_printf(header, "Authorization: Bearer %.*s", STR_ARG(str_trim(buf_str(&text))));
	return 0;
}

/* "127.0.0.1:8780", "unix:/path" or a URL. */
static void
set_url(const struct late_curl *lib, CURL *curl, const struct cli *cli, const char *path)
{
	CLEAN(buf_fini) struct buf url = BUF(8192);
	struct str server = str_of(cli->server);

	if (str_starts(server, STR("unix:"))) {
		lib->easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, cli->server + 5);
		server = STR("http://localhost");
	}
	while (str_ends(server, STR("/")))
		server.len--;
	if (!str_starts(server, STR("http://")) && !str_starts(server, STR("https://")))
		buf_put_text(&url, "http://");
	buf_printf(&url, "%.*s/api/v1%s", STR_ARG(server), path);
	lib->easy_setopt(curl, CURLOPT_URL, buf_text(&url));
}

static int
perform(const struct late_curl *lib, CURL *curl, const struct cli *cli, struct buf *answer,
    long *ret_status)
{
	char error[CURL_ERROR_SIZE] = "";
	CURLcode r;

	lib->easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
	lib->easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	lib->easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	lib->easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
	lib->easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 5L);
	lib->easy_setopt(curl, CURLOPT_PROXY, "");
	lib->easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	r = lib->easy_perform(curl);
	if (r != CURLE_OK)
		return cli_fail(EXIT_UNREACHABLE, "certdesk does not answer at %s: %s", cli->server,
		    error[0] ? error : lib->easy_strerror(r));
	lib->easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
	return 0;
}

static int
call(struct cli *cli, const char *method, const char *path, const char *body, const char *accept,
    struct buf *answer, long *ret_status)
{
	CLEAN(buf_fini) struct buf token = BUF_SECRET(4096);
	struct curl_slist *headers = NULL;
	const char *words = "it cannot be used";
	struct late_curl lib;
	CURL *curl = NULL;
	int r = read_token(cli, &token);

	if (r)
		return r;
	if (late_curl_load(&lib, &words) == 0)
		curl = lib.easy_init();
	if (!curl)
		return cli_fail(EXIT_INTERNAL, "requests need libcurl: %s", words);
	headers = lib.slist_append(headers, buf_text(&token));
	headers = lib.slist_append(headers, "Content-Type: application/json");
	headers = lib.slist_append(headers, accept);
	headers = lib.slist_append(headers, "Expect:");
	lib.easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	lib.easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	if (body)
		lib.easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	set_url(&lib, curl, cli, path);
	r = perform(&lib, curl, cli, answer, ret_status);
	lib.slist_free_all(headers);
	lib.easy_cleanup(curl);
	return r;
}

int
cli_call(struct cli *cli, const char *method, const char *path, json_t *body, long *ret_status,
    json_t **ret)
{
	CLEAN(buf_fini) struct buf answer = BUF(ANSWER_MAX);
	char *text = body                          ? json_dumps(body, JSON_COMPACT)
	             : strcmp(method, "POST") == 0 ? alloc_text("{}")
	                                           : NULL;
	int r = call(cli, method, path, text, "Accept: application/json", &answer, ret_status);

	free(text);
	*ret = NULL;
	if (r)
		return r;
	*ret = json_loadb(buf_text(&answer), answer.len, 0, NULL);
	return *ret ? 0
	            : cli_fail(EXIT_INTERNAL,
			  "the answer (%ld) is not JSON; is %s certdesk's address?", *ret_status,
			  cli->server);
}

int
cli_call_text(
    struct cli *cli, const char *path, const char *accept, struct buf *ret_text, long *ret_status)
{
	char header[80];

	snprintf(header, sizeof(header), "Accept: %s", accept);
	return call(cli, "GET", path, NULL, header, ret_text, ret_status);
}
