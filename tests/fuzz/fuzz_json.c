/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes over the API before any handler sees it: a body held against a table (desk/json.h), a
 * delivery in JSON or bare (desk/delivery_in.h), percent-encoding (desk/route.h).
 *
 * Holds: either it was read or the answer is a problem, never both or neither; every answer is one
 * JSON object; a delivery that was read fits its message to the reader; decoded text is as long as
 * it says.
 *
 * Choice: bit 0 a delivery instead of a body, bit 1 a delivery that is no JSON.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "desk/answer.h"
#include "desk/delivery_in.h"
#include "desk/route.h"

/* clang-format off */
static const struct field fields[] = {
	{ "name",   FIELD_TEXT,   16, true,  NULL },
	{ "kind",   FIELD_TEXT,   16, false, "first renewal" },
	{ "number", FIELD_NUMBER, 0,  false, NULL },
	{ "object", FIELD_OBJECT, 0,  false, NULL },
	{ "list",   FIELD_LIST,   4,  false, NULL },
};
static const struct field inner[] = {
	{ "author", FIELD_TEXT,   16, true,  NULL },
};
/* clang-format on */

static void
check_answer(const struct answer *answer, bool was_read)
{
	MUST_HOLD(was_read == (answer->status == 0));
	if (answer->status == 0)
		return;
	MUST_HOLD(answer->status >= 400 && answer->status < 500);
	json_decref(fuzz_object(buf_str(&answer->body)));
}

static bool
fill_form(struct request *request, struct answer *answer)
{
	CLEAN(form_fini) struct form form = { 0 };
	char name[16] = "";
	json_t *object;

	if (!form_read(request, fields, COUNT_OF(fields), &form, answer))
		return false;
	object = form_object(&form, "object");
	if (object)
		form_check_object(&form, "object", object, inner, COUNT_OF(inner));
	form_copy(&form, "name", name, sizeof(name));
	MUST_HOLD(form_number(&form, "number", 0) >= 0);
	return form_is_good(&form, answer);
}

static bool
take_delivery(struct request *request, struct answer *answer)
{
	CLEAN(delivery_in_free) struct delivery_in *in = delivery_in_new();
	CLEAN(buf_fini) struct buf message = BUF(READ_TOTAL_MAX + 1024 * 1024);
	struct delivery_question *again;

	if (!delivery_in_read(in, request, answer))
		return false;
	read_question_put(&in->question, &message);
	again = alloc_zero(sizeof(*again));
	MUST_HOLD(!buf_failed(&message) && read_question_get(buf_str(&message), again) == 0);
	free(again);
	return true;
}

static void
decode(struct str text)
{
	char decoded[64];

	if (percent_decode(text, decoded, sizeof(decoded)))
		MUST_HOLD(strlen(decoded) <= text.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct request *request = alloc_zero(sizeof(*request));
	CLEAN(buf_fini) struct buf body = BUF(ANSWER_MAX);
	struct answer answer = { .body = body };

	request->body = input.bytes;
	request->content_type = input.choice & 2 ? "application/octet-stream" : "application/json";
	check_answer(&answer,
	    input.choice & 1 ? take_delivery(request, &answer) : fill_form(request, &answer));
	decode(input.bytes);
	body = answer.body;
	free(request);
	return 0;
}
