/* SPDX-License-Identifier: Apache-2.0 */
#include "review/differences.h"

static json_t *
text_or_null(const char *text)
{
	char shown[600];

	str_show(str_of(text), shown, sizeof(shown));
	return *shown ? json_string(shown) : json_null();
}

json_t *
review_differences(const struct read_report *report)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < report->difference_count; i++) {
		const struct read_difference *row = &report->differences[i];

		json_array_append_new(
		    list, json_pack("{s:s, s:o, s:o, s:o, s:b}", "field", row->field, "ordered",
			      text_or_null(row->ordered), "requested", text_or_null(row->requested),
			      "delivered", text_or_null(row->delivered), "same", row->same));
	}
	return list;
}
