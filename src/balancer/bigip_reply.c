/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/bigip_reply.h"

#include <assert.h>
#include <stdlib.h>

struct reply_rule {
	long status;      /* 0: any that is no success */
	uint32_t number;  /* 0: any */
	const char *part; /* what the body holds; NULL: anything */
	enum bigip_answer answer;
	when rest;
};

/* clang-format off */
/* The first row that fits decides. */
static const struct reply_rule rules[] = {
	{ 202, 0, NULL,                                BIGIP_UNSURE,   SECONDS(5) }, /* it does it some time */
	{ 503, 0, "active asynchronous task",          BIGIP_BUSY,     SECONDS(10) },
	{ 503, 0, "Configuration operation in progress", BIGIP_BUSY,   SECONDS(10) },
	{ 503, 0, NULL,                                BIGIP_STARTING, SECONDS(30) },
	{ 404, 0, " not registered.",                  BIGIP_STARTING, SECONDS(10) },
	{ 404, 0, "Public URI path not registered",    BIGIP_STARTING, SECONDS(10) },
	{ 404, 0x01020036, NULL,                       BIGIP_ABSENT,   0 },
	{ 404, 0, "Object not found",                  BIGIP_ABSENT,   0 },
	{ 409, 0x01020066, NULL,                       BIGIP_EXISTS,   0 },
	{ 0,   0, "The connection to mcpd has been lost", BIGIP_STARTING, SECONDS(10) },
	{ 0,   0, "java.util.concurrent.TimeoutException", BIGIP_UNSURE, SECONDS(5) },
	{ 0,   0, "AsyncContext timeout",              BIGIP_UNSURE,   SECONDS(5) },
	{ 0,   0, "request failed with null exception", BIGIP_UNSURE,  SECONDS(5) },
	{ 502, 0, NULL,                                BIGIP_UNSURE,   SECONDS(10) },
	{ 504, 0, NULL,                                BIGIP_UNSURE,   SECONDS(10) },
	{ 400, 0x01071003, NULL,                       BIGIP_BUSY,     SECONDS(10) },
	{ 400, 0, "reached maximum active login tokens", BIGIP_CROWDED, 0 },
	{ 401, 0, "X-F5-Auth-Token has expired",       BIGIP_SIGN_IN,  0 },
	{ 401, 0, "X-F5-Auth-Token does not exist",    BIGIP_SIGN_IN,  0 },
	{ 401, 0, "no user authentication header or token detected", BIGIP_SIGN_IN, 0 },
	{ 401, 0, NULL,                                BIGIP_DENIED,   0 },
	{ 403, 0, NULL,                                BIGIP_DENIED,   0 },
	{ 0,   0x01070317, NULL,                       BIGIP_MISMATCH, 0 },
	{ 0,   0x01071349, NULL,                       BIGIP_IN_USE,   0 },
	{ 0,   0x01020066, NULL,                       BIGIP_EXISTS,   0 }, /* at a commit: 400 */
	{ 0,   0x01020036, NULL,                       BIGIP_ABSENT,   0 },
};

static const char *const names[] = {
	[BIGIP_DONE] = "done",         [BIGIP_ABSENT] = "absent",   [BIGIP_EXISTS] = "exists",   [BIGIP_IN_USE] = "in_use",
	[BIGIP_STARTING] = "starting", [BIGIP_BUSY] = "busy",       [BIGIP_UNSURE] = "unsure",   [BIGIP_SIGN_IN] = "sign_in",
	[BIGIP_CROWDED] = "crowded",   [BIGIP_DENIED] = "denied",   [BIGIP_MISMATCH] = "mismatch",
	[BIGIP_REFUSED] = "refused",   [BIGIP_NONSENSE] = "nonsense",
};
/* clang-format on */
static_assert(COUNT_OF(names) == BIGIP_ANSWER_MAX, "a name for each answer");

const char *
bigip_answer_name(enum bigip_answer answer)
{
	return (size_t)answer < COUNT_OF(names) ? names[answer] : "unknown";
}

/* "01020036:3: The requested …", perhaps behind "transaction failed:". */
static uint32_t
number_of(struct str message)
{
	static const struct str commit = STR_INIT("transaction failed:");
	char digits[9] = "";
	char *end;

	if (str_starts(message, commit))
		message = str_drop(message, commit.len);
	message = str_trim(message);
	if (message.len < 9 || message.p[8] != ':')
		return 0;
	copy_bytes(digits, message.p, 8);
	for (size_t i = 0; i < 8; i++)
		if (!strchr("0123456789abcdefABCDEF", digits[i]))
			return 0;
	return (uint32_t)strtoul(digits, &end, 16);
}

/* Of an HTML page the title says most. */
static struct str
title_of(struct str body)
{
	static const struct str begin = STR_INIT("<title>");
	struct str rest = str_drop(body, str_find(body, begin));

	if (rest.len == 0)
		return STR("");
	rest = str_drop(rest, begin.len);
	rest.len = str_find(rest, STR("<"));
	return str_trim(rest);
}

static void
read_words(struct str body, struct bigip_reply *to)
{
	json_t *error = json_loadb(body.p, body.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *message = json_object_get(error, "message");
	struct str words = title_of(body);

	if (json_is_string(message))
		words = str_bytes(json_string_value(message), json_string_length(message));
	str_show(str_trim(words), to->words, sizeof(to->words));
	to->number = number_of(words);
	json_decref(error);
}

static bool
fits(const struct reply_rule *rule, long status, struct str body, uint32_t number)
{
	return (rule->status == 0 || rule->status == status) &&
	       (rule->number == 0 || rule->number == number) &&
	       (!rule->part || str_find(body, str_of(rule->part)) < body.len);
}

/* A status of its own class says who is at fault where no row does. */
static enum bigip_answer
by_class(long status)
{
	return status >= 400 && status < 500   ? BIGIP_REFUSED
	       : status >= 500 && status < 600 ? BIGIP_UNSURE
	                                       : BIGIP_NONSENSE;
}

void
bigip_judge(long status, struct str body, struct bigip_reply *ret)
{
	*ret = (struct bigip_reply){ .answer = BIGIP_DONE };
	if (status >= 200 && status < 300 && status != 202)
		return;
	read_words(body, ret);
	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (fits(&rules[i], status, body, ret->number)) {
			ret->answer = rules[i].answer;
			ret->rest = rules[i].rest;
			return;
		}
	ret->answer = by_class(status);
}

const char *
bigip_text(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return !text || strcmp(text, "none") == 0 ? "" : text;
}

bool
bigip_flag(const json_t *object, const char *member, bool otherwise)
{
	static const struct {
		const char *word;
		bool is;
	} words[] = { { "true", true }, { "enabled", true }, { "yes", true }, { "false", false },
		{ "disabled", false }, { "no", false } };
	const json_t *value = json_object_get(object, member);
	const char *text = json_string_value(value);

	if (json_is_boolean(value))
		return json_is_true(value);
	for (size_t i = 0; text && i < COUNT_OF(words); i++)
		if (strcmp(text, words[i].word) == 0)
			return words[i].is;
	return otherwise;
}

int64_t
bigip_number(const json_t *object, const char *member, int64_t otherwise)
{
	const json_t *value = json_object_get(object, member);
	const char *text = json_string_value(value);
	int64_t number;

	if (json_is_integer(value))
		return json_integer_value(value);
	return text && str_to_i64(str_of(text), &number) ? number : otherwise;
}
