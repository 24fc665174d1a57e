/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/data_file.h"

#include <stdio.h>

static void
json_free(json_t *json)
{
	json_decref(json);
}
CLEAN_DEFINE(json_free, json_t *);

struct str
data_file_text(const json_t *value)
{
	return str_bytes(json_string_value(value), json_string_length(value));
}

static int
read_rows(const json_t *list, const struct data_file_form *form, void *to,
    char words[static DATA_FILE_WORDS_SIZE])
{
	size_t count = json_array_size(list);

	if (!json_is_array(list) || count < form->least || count > form->most) {
		snprintf(words, DATA_FILE_WORDS_SIZE, "\"rows\" must be a list of %zu to %zu",
		    form->least, form->most);
		return DATA_FILE_E_MALFORMED;
	}
	for (size_t i = 0; i < count; i++) {
		const char *wrong = form->read_row(to, json_array_get(list, i));

		if (wrong) {
			snprintf(words, DATA_FILE_WORDS_SIZE, "row %zu: %s", i + 1, wrong);
			return DATA_FILE_E_MALFORMED;
		}
	}
	return 0;
}

int
data_file_read(struct str json, const struct data_file_form *form, void *to, when *ret_dated,
    char words[static DATA_FILE_WORDS_SIZE])
{
	json_error_t error;
	CLEAN(json_free)
	json_t *root = json_loadb(json.p, json.len, JSON_REJECT_DUPLICATES, &error);

	if (!root) {
		snprintf(words, DATA_FILE_WORDS_SIZE, "line %d, column %d: %.80s", error.line,
		    error.column, error.text);
		return DATA_FILE_E_MALFORMED;
	}
	if (!when_parse(data_file_text(json_object_get(root, "dated")), ret_dated)) {
		snprintf(words, DATA_FILE_WORDS_SIZE, "\"dated\" is no time (RFC 3339)");
		return DATA_FILE_E_MALFORMED;
	}
	return read_rows(json_object_get(root, "rows"), form, to, words);
}
