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

bool
request_page(const struct request *request, struct answer *answer, struct page *ret)
{
	const char *limit = request->query(request, "limit"), *cursor = request->query(request, "cursor");
	int64_t number = PAGE_DEFAULT;

	*ret = (struct page){ .after = ID_NONE };
	if (limit && (!str_to_i64(str_of(limit), &number) || number < 1 || number > PAGE_MOST))
		return answer_no(answer, 422, "FIELDS", "limit: a whole number from 1 to %d is needed; found was \"%.40s\".", PAGE_MOST, limit);
	if (cursor && !id_parse(str_of(cursor), &ret->after))
		return answer_no(answer, 422, "FIELDS", "cursor: send back what \"next\" of the page before said.");
	ret->limit = (size_t)number;
	return true;
}
