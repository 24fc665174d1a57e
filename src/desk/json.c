/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/json.h"

#include <stdio.h>
#include <string.h>

#include "desk/answer.h"

#define TEXT_MAX     4096
#define MISTAKES_MAX 20

void
form_fini(struct form *form)
{
	json_decref(form->root);
	form->root = NULL;
}

static const char *
type_words(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "text";
	case JSON_INTEGER:
		return "a whole number";
	case JSON_REAL:
		return "a number with a fraction";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_NULL:
		return "null";
	}
	return "something else";
}

static const char *
kind_words(enum field_kind kind)
{
	switch (kind) {
	case FIELD_TEXT:
		return "text";
	case FIELD_NUMBER:
		return "a whole number, 0 or more,";
	case FIELD_OBJECT:
		return "an object";
	case FIELD_LIST:
		return "a list";
	}
	return "something";
}

static bool
is_kind(const json_t *value, enum field_kind kind)
{
	switch (kind) {
	case FIELD_TEXT:
		return json_is_string(value);
	case FIELD_NUMBER:
		return json_is_integer(value) && json_integer_value(value) >= 0;
	case FIELD_OBJECT:
		return json_is_object(value);
	case FIELD_LIST:
		return json_is_array(value);
	}
	return false;
}

static void
mistake(json_t *mistakes, const char *prefix, const char *name, const char *words)
{
	char field[320];

	snprintf(field, sizeof(field), "%s%s%s", prefix, prefix[0] ? "." : "", name);
	if (json_array_size(mistakes) < MISTAKES_MAX)
		json_array_append_new(mistakes, json_pack("{s:o, s:o}", "field", json_text(field), "words", json_text(words)));
}

static const struct field *
find(const struct field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static void
say_unknown(json_t *mistakes, const char *prefix, const char *name, const struct field *fields, size_t count)
{
	char words[256], shown[80];
	const char *best = NULL;
	size_t least = 3;

	for (size_t i = 0; i < count; i++) {
		size_t away = str_distance(str_of(name), str_of(fields[i].name));

		if (away < least) {
			least = away;
			best = fields[i].name;
		}
	}
	str_show(str_of(name), shown, sizeof(shown));
	if (best)
		snprintf(words, sizeof(words), "There is no field \"%s\"; did you mean \"%s\"?", shown, best);
	else
		snprintf(words, sizeof(words), "There is no field \"%s\" here.", shown);
	mistake(mistakes, prefix, shown, words);
}

static void
check_value(json_t *mistakes, const char *prefix, const struct field *field, const json_t *value)
{
	size_t max = field->max ? field->max : TEXT_MAX;
	char words[256];

	if (!is_kind(value, field->kind)) {
		snprintf(words, sizeof(words), "Needed is %s; found was %s.", kind_words(field->kind), type_words(value));
		mistake(mistakes, prefix, field->name, words);
	} else if (field->kind == FIELD_TEXT && json_string_length(value) >= max) {
		snprintf(words, sizeof(words), "The text has %zu bytes; fewer than %zu are allowed.", json_string_length(value), max);
		mistake(mistakes, prefix, field->name, words);
	}
}

static json_t *
check_object(json_t *object, const char *prefix, const struct field *fields, size_t count)
{
	json_t *mistakes = json_array(), *value;
	const char *name;

	json_object_foreach(object, name, value)
	{
		const struct field *field = find(fields, count, name);

		if (field)
			check_value(mistakes, prefix, field, value);
		else
			say_unknown(mistakes, prefix, name, fields, count);
	}
	for (size_t i = 0; i < count; i++)
		if (fields[i].needed && !json_object_get(object, fields[i].name))
			mistake(mistakes, prefix, fields[i].name, "This field is needed.");
	return mistakes;
}

/* Takes over `mistakes`. */
static bool
tell(json_t *mistakes, struct answer *answer)
{
	json_t *first = json_array_get(mistakes, 0), *problem;

	if (!first) {
		json_decref(mistakes);
		return true;
	}
	problem = json_pack("{s:s, s:s, s:i, s:o, s:s, s:o}", "type", "about:blank", "title", "The request has mistakes", "status", 422, "detail",
	    json_sprintf("%s: %s", json_string_value(json_object_get(first, "field")), json_string_value(json_object_get(first, "words"))),
	    "code", "FIELDS", "errors", mistakes);
	if (answer_json(answer, 422, problem) != 0)
		answer->status = 500;
	return false;
}

bool
form_read_member(json_t *object, const char *prefix, const struct field *fields, size_t count, struct answer *answer)
{
	return tell(check_object(object, prefix, fields, count), answer);
}

bool
form_read(const struct request *request, const struct field *fields, size_t count, struct form *ret, struct answer *answer)
{
	json_error_t error;
	json_t *root = request->body.len == 0 ? json_object()
					      : json_loadb(request->body.p, request->body.len, JSON_REJECT_DUPLICATES, &error);

	if (!root)
		return answer_no(answer, 400, "NOT_JSON", "The body is not JSON: %s (line %d, column %d).", error.text, error.line, error.column);
	if (!json_is_object(root)) {
		const char *found = type_words(root);

		json_decref(root);
		return answer_no(answer, 422, "FIELDS", "The body must be an object; it is %s.", found);
	}
	if (!tell(check_object(root, "", fields, count), answer)) {
		json_decref(root);
		return false;
	}
	ret->root = root;
	return true;
}

bool
form_has(const struct form *form, const char *name)
{
	return json_object_get(form->root, name) != NULL;
}

struct str
form_str(const struct form *form, const char *name)
{
	const json_t *value = json_object_get(form->root, name);

	return value ? str_bytes(json_string_value(value), json_string_length(value)) : STR("");
}

int64_t
form_number(const struct form *form, const char *name, int64_t absent)
{
	const json_t *value = json_object_get(form->root, name);

	return value ? json_integer_value(value) : absent;
}

void
form_copy(const struct form *form, const char *name, char *to, size_t size)
{
	if (form_has(form, name))
		(void)str_copy(form_str(form, name), to, size);
}

json_t *
json_text(const char *text)
{
	json_t *json = json_string(text);
	char shown[4096];

	if (json)
		return json;
	str_show(str_of(text), shown, sizeof(shown));
	return json_string(shown);
}

json_t *
json_id(struct id id)
{
	char text[ID_TEXT_SIZE];

	return id_is_none(id) ? json_null() : json_string(id_text(id, text));
}

json_t *
json_when(when w)
{
	char text[WHEN_RFC3339_SIZE];

	return w == 0 ? json_null() : json_string(when_rfc3339(w, text));
}

json_t *
json_hex(const void *bytes, size_t len)
{
	CLEAN(buf_fini) struct buf hex = BUF(1024);

	buf_put_hex(&hex, bytes, len);
	return json_string(buf_text(&hex));
}
