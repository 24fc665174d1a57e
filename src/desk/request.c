/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/answer.h"

bool
request_is_provider(const struct request *request)
{
	return request->token.role == TOKEN_PROVIDER;
}

const char *
request_author(const struct request *request)
{
	return request->token.name;
}

const char *
request_query(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->query_count; i++)
		if (strcmp(request->query[i].name, name) == 0)
			return request->query[i].value;
	return NULL;
}

bool
request_limit(const struct request *request, struct answer *answer, size_t *ret)
{
	const char *limit = request_query(request, "limit");
	int64_t number = PAGE_DEFAULT;

	if (limit && (!str_to_i64(str_of(limit), &number) || number < 1 || number > PAGE_MOST))
		return answer_no_field(answer, "limit",
		    "Needed is a whole number from 1 to %d; found was \"%.40s\".", PAGE_MOST,
		    limit);
	*ret = (size_t)number;
	return true;
}

bool
request_page(const struct request *request, struct answer *answer, struct page *ret)
{
	const char *cursor = request_query(request, "cursor");

	*ret = (struct page){ .after = ID_NONE };
	if (!request_limit(request, answer, &ret->limit))
		return false;
	return !cursor || id_parse(str_of(cursor), &ret->after) ||
	       answer_no_field(
		   answer, "cursor", "Send back what \"next\" of the page before said.");
}

bool
request_sequence(
    const struct request *request, struct answer *answer, int64_t *ret_after, size_t *ret_limit)
{
	const char *cursor = request_query(request, "cursor");

	*ret_after = 0;
	if (!request_limit(request, answer, ret_limit))
		return false;
	return !cursor || (str_to_i64(str_of(cursor), ret_after) && *ret_after >= 0) ||
	       answer_no_field(
		   answer, "cursor", "Needed is the number that \"next\" of the page before said.");
}

bool
request_version(const struct request *request, struct answer *answer, int64_t *version)
{
	struct str tag = str_of(request->if_match);

	return tag.len == 0 || str_eq(tag, STR("*")) ||
	       (tag.len > 2 && tag.p[0] == '"' && tag.p[tag.len - 1] == '"' &&
		   str_to_i64(str_bytes(tag.p + 1, tag.len - 2), version)) ||
	       answer_no(answer, 400, "IF_MATCH", "If-Match: send back the ETag you were given.");
}
