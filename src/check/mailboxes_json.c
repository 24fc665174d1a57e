/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a control panel answers: a JSON text, and in it, where the operator says, a number or a list.
 * The panel is fetched from over HTTPS alone, its certificate verified; it is the operator's own, so
 * it may lie inside, where nothing that strangers write is fetched from (check/fetch.h). No redirect is
 * followed, as it could lead where the operator did not say.
 */
#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "check/mailboxes_internal.h"

#define URL_SIZE    2048
#define HEADERS_MAX (16u * 1024)

static void
json_free(json_t *json)
{
	json_decref(json);
}
CLEAN_DEFINE(json_free, json_t *);

/* One token of a pointer, "~1" and "~0" undone (RFC 6901 section 4). False: it does not fit. */
static bool
unescape(struct str token, char *to, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < token.len; i++) {
		char sign = token.p[i];

		if (sign == '~' && i + 1 < token.len)
			sign = token.p[++i] == '1' ? '/' : '~';
		if (len + 1 >= size)
			return false;
		to[len++] = sign;
	}
	to[len] = '\0';
	return true;
}

static const json_t *
step(const json_t *json, struct str token)
{
	char name[CONFIG_TEXT_SIZE];
	int64_t index;

	if (json_is_array(json))
		return str_to_i64(token, &index) && index >= 0 ? json_array_get(json, (size_t)index)
		                                               : NULL;
	return unescape(token, name, sizeof(name)) ? json_object_get(json, name) : NULL;
}

/* NULL: nothing is there. "" is the whole. */
static const json_t *
value_at(const json_t *json, const char *pointer)
{
	struct str rest = str_of(pointer), token;

	if (rest.len == 0)
		return json;
	rest = str_drop(rest, 1); /* the first '/' */
	while (json && str_next(&rest, '/', &token))
		json = step(json, token);
	return json;
}

static struct str
text_of(const json_t *json)
{
	return str_bytes(json_string_value(json), json_string_length(json));
}

static struct str
member_text(const json_t *item, const char *name)
{
	return text_of(json_object_get(item, name));
}

/* "true", a text, or a number: whatever a panel marks its mailboxes with. */
static bool
is_counted(const json_t *item, const struct mailbox_rule *rule)
{
	const json_t *value = json_object_get(item, rule->column);
	char number[32];

	if (json_is_boolean(value))
		return mailbox_value_counts(rule, json_is_true(value) ? STR("true") : STR("false"));
	if (!json_is_integer(value))
		return json_is_string(value) && mailbox_value_counts(rule, text_of(value));
	snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
	return mailbox_value_counts(rule, str_of(number));
}

static int
judge_item(const json_t *item, size_t number, const struct mailbox_rule *rule,
    struct mailbox_tally *tally, struct mailbox_fault *fault)
{
	struct str name = json_is_string(item) ? text_of(item) : member_text(item, rule->name);

	if (json_is_object(item) && *rule->customer_column &&
	    !str_eq_nocase(member_text(item, rule->customer_column), str_of(rule->customer)))
		return 0;
	if (*rule->column && !is_counted(item, rule))
		mailbox_tally_leave_out(tally, "item %zu: %.*s: \"%s\" is none of %s", number,
		    STR_ARG(name), rule->column, rule->values);
	else if (name.len == 0)
		return mailbox_fault_at(
		    fault, 0, 0, "item %zu of the list has no \"%s\"", number, rule->name);
	else
		mailbox_tally_add(tally, name);
	return 0;
}

static int
judge_list(const json_t *list, const struct mailbox_rule *rule, struct mailbox_tally *tally,
    struct mailbox_fault *fault)
{
	const json_t *item;
	size_t i;
	int r;

	if (json_array_size(list) > MAILBOXES_MOST)
		return mailbox_fault_at(
		    fault, 0, 0, "the list has more than %d items", MAILBOXES_MOST);
	json_array_foreach(list, i, item)
	{
		r = judge_item(item, i + 1, rule, tally, fault);
		if (r)
			return r;
	}
	return 0;
}

static int
judge_number(json_int_t number, const char *pointer, struct mailbox_tally *tally,
    struct mailbox_fault *fault)
{
	if (number < 0 || number > MAILBOXES_MOST)
		return mailbox_fault_at(fault, 0, 0, "%lld at \"%s\" is no number of mailboxes",
		    (long long)number, pointer);
	tally->counted = number;
	return 0;
}

int
mailboxes_read_json(struct str bytes, const char *pointer, const struct mailbox_rule *rule,
    struct mailbox_tally *tally, struct mailbox_fault *fault)
{
	json_error_t error;
	CLEAN(json_free)
	json_t *json =
	    json_loadb(bytes.p, bytes.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	const json_t *value;

	if (!json)
		return mailbox_fault_at(fault, error.line > 0 ? (size_t)error.line : 0,
		    error.column > 0 ? (size_t)error.column : 0, "not JSON: %s", error.text);
	value = value_at(json, pointer);
	if (json_is_integer(value))
		return judge_number(json_integer_value(value), pointer, tally, fault);
	if (json_is_array(value))
		return judge_list(value, rule, tally, fault);
	return mailbox_fault_at(fault, 0, 0, "at \"%s\" is %s, neither a number nor a list",
	    pointer, value ? "something else" : "nothing");
}

struct visit {
	CURL *easy;
	struct curl_slist *headers;
	struct buf body, url, authorization;
	size_t header_bytes;
	bool goes_on; /* it says that the list has a next page (RFC 8288) */
	char error[CURL_ERROR_SIZE];
};

static void
visit_fini(struct visit *visit)
{
	curl_easy_cleanup(visit->easy);
	curl_slist_free_all(visit->headers);
	buf_fini(&visit->body);
	buf_fini(&visit->url);
	buf_fini(&visit->authorization);
}
CLEAN_DEFINE_FINI(visit_fini, struct visit);

static size_t
take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct visit *visit = context;

	buf_put(&visit->body, bytes, size * count);
	return buf_failed(&visit->body) ? 0 : size * count;
}

static size_t
take_header(char *bytes, size_t size, size_t count, void *context)
{
	struct visit *visit = context;
	struct str line = str_bytes(bytes, size * count);

	visit->header_bytes += line.len;
	if (line.len > 5 && str_eq_nocase(str_bytes(line.p, 5), STR("Link:")) &&
	    (str_find(line, STR("rel=\"next\"")) < line.len ||
		str_find(line, STR("rel=next")) < line.len))
		visit->goes_on = true;
	return visit->header_bytes > HEADERS_MAX ? 0 : size * count;
}

/* False: HUMAN in *what. */
static bool
add_token(struct visit *visit, const struct config_mailbox_source *source, struct outcome *what)
{
	if (*source->password_file == '\0')
		return true;
	buf_put_text(&visit->authorization, "Authorization: Bearer ");
	if (!mailbox_password(source, &visit->authorization, what))
		return false;
	visit->headers = curl_slist_append(visit->headers, buf_text(&visit->authorization));
	return true;
}

static bool
set_up(struct visit *visit, const struct config_mailbox_source *source)
{
	CURL *e = visit->easy;

	return curl_easy_setopt(e, CURLOPT_URL, buf_text(&visit->url)) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HTTPHEADER, visit->headers) == CURLE_OK &&
	       (*source->ca_file == '\0' ||
		   curl_easy_setopt(e, CURLOPT_CAINFO, source->ca_file) == CURLE_OK) &&
	       curl_easy_setopt(e, CURLOPT_TIMEOUT, (long)source->timeout) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_ERRORBUFFER, visit->error) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_USERAGENT, "certdesk/" CERTDESK_VERSION) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HEADERDATA, visit) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_WRITEDATA, visit) == CURLE_OK;
}

static bool
tell_failure(const struct visit *visit, CURLcode code, const char *asked, struct outcome *what)
{
	if (buf_failed(&visit->body))
		return outcome_set(what, OUTCOME_HUMAN, "%.200s: its answer is larger than %u MiB.",
		    asked, MAILBOX_BYTES_MAX >> 20);
	return outcome_set(what, OUTCOME_LATER, "%.200s gives no answer: %.200s.", asked,
	    visit->error[0] ? visit->error : curl_easy_strerror(code));
}

/* Only 200 is the whole answer: 206 is a part of it, 3xx is elsewhere. */
static bool
judge_status(struct visit *visit, const char *asked, struct outcome *what)
{
	long status = 0;

	curl_easy_getinfo(visit->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return outcome_set(what,
		    status >= 500 || status == 429 ? OUTCOME_LATER : OUTCOME_HUMAN,
		    "%.200s answers with status %ld.", asked, status);
	if (visit->goes_on)
		return outcome_set(what, OUTCOME_HUMAN,
		    "%.200s answers with the first page of several, which would be counted short: "
		    "ask for all in its address, or for a number.",
		    asked);
	return true;
}

static bool
fetch(struct visit *visit, const struct config_mailbox_source *source, const char *asked,
    struct outcome *what)
{
	CURLcode code = CURLE_FAILED_INIT;

	if (!add_token(visit, source, what))
		return false;
	if (visit->easy && !buf_failed(&visit->url) && set_up(visit, source))
		code = curl_easy_perform(visit->easy);
	return code == CURLE_OK ? judge_status(visit, asked, what)
	                        : tell_failure(visit, code, asked, what);
}

bool
mailboxes_ask_json(const struct config_mailbox_source *source, const char *key, when now UNUSED,
    struct mailbox_tally *tally, struct outcome *what)
{
	CLEAN(visit_fini)
	struct visit visit = { .easy = curl_easy_init(),
		.body = BUF(MAILBOX_BYTES_MAX),
		.url = BUF(URL_SIZE),
		.authorization = BUF_SECRET(4096) };
	struct mailbox_rule rule = mailbox_rule_of(source, key);
	struct mailbox_fault fault;

	mailbox_fill(source->url, key, mailbox_escape_url, &visit.url);
	str_show(buf_str(&visit.url), tally->asked, sizeof(tally->asked));
	if (!fetch(&visit, source, tally->asked, what))
		return false;
	return mailboxes_read_json(buf_str(&visit.body), source->pointer, &rule, tally, &fault) ==
	           0 ||
	       mailbox_tell_fault(tally->asked, &fault, what);
}
