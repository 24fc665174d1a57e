/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/json.h"

#include <stdarg.h>
#include <stdio.h>

#include "desk/answer.h"

#define TEXT_MAX     4096
#define MISTAKES_MAX 20
#define DEPTH_MAX    16

void
form_fini(struct form *form)
{
	json_decref(form->root);
	json_decref(form->mistakes);
	*form = (struct form){ 0 };
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
		return json_integer_value(value) < 0 ? "a number below 0" : "a whole number";
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
		return "a whole number, 0 or more";
	case FIELD_BOOL:
		return "true or false";
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
	case FIELD_BOOL:
		return json_is_boolean(value);
	case FIELD_OBJECT:
		return json_is_object(value);
	case FIELD_LIST:
		return json_is_array(value);
	}
	return false;
}

static bool
is_full(const struct form *form)
{
	return json_array_size(form->mistakes) >= MISTAKES_MAX;
}

static bool
is_told(const struct form *form, const char *field)
{
	const json_t *item;
	size_t i;

	json_array_foreach(form->mistakes, i, item)
	{
		if (strcmp(json_string_value(json_object_get(item, "field")), field) == 0)
			return true;
	}
	return false;
}

void
form_mistake(struct form *form, const char *field, const char *format, ...)
{
	char detail[512];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	if (!is_full(form) && !is_told(form, field))
		json_array_append_new(form->mistakes,
		    json_pack("{s:o, s:o}", "field", json_text(field), "words", json_text(detail)));
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
say_unknown(
    struct form *form, const char *path, const char *name, const struct field *fields, size_t count)
{
	const char *best = NULL;
	size_t least = 3;

	if (is_full(form)) /* comparing names costs more than all else here */
		return;
	for (size_t i = 0; i < count; i++) {
		size_t away = str_distance(str_of(name), str_of(fields[i].name));

		if (away < least) {
			least = away;
			best = fields[i].name;
		}
	}
	if (best)
		form_mistake(
		    form, path, "There is no field of this name; did you mean \"%s\"?", best);
	else
		form_mistake(form, path, "There is no field of this name here.");
}

static bool
is_choice(const char *choices, struct str text)
{
	struct str rest = str_of(choices), choice;

	while (str_next(&rest, ' ', &choice))
		if (str_eq(choice, text))
			return true;
	return false;
}

static void
check_text(struct form *form, const char *path, const struct field *field, const json_t *value)
{
	struct str text = str_bytes(json_string_value(value), json_string_length(value));
	size_t max = field->max ? field->max : TEXT_MAX;
	char shown[80];

	if (text.len >= max) {
		form_mistake(form, path, "The text has %zu bytes; at most %zu are taken.", text.len,
		    max - 1);
	} else if (field->choices && !is_choice(field->choices, text)) {
		str_show(text, shown, sizeof(shown));
		form_mistake(
		    form, path, "Needed is one of: %s; found was \"%s\".", field->choices, shown);
	}
}

static void
check_value(struct form *form, const char *path, const struct field *field, const json_t *value)
{
	if (!is_kind(value, field->kind))
		form_mistake(form, path, "Needed is %s; found was %s.", kind_words(field->kind),
		    type_words(value));
	else if (field->kind == FIELD_TEXT)
		check_text(form, path, field, value);
	else if (field->kind == FIELD_LIST && field->max && json_array_size(value) > field->max)
		form_mistake(form, path, "The list has %zu items; at most %zu are taken.",
		    json_array_size(value), field->max);
}

static const char *
path_of(const char *prefix, const char *name, char *to, size_t size)
{
	char shown[80];

	str_show(str_of(name), shown, sizeof(shown));
	snprintf(to, size, "%s%s%s", prefix, prefix[0] ? "." : "", shown);
	return to;
}

void
form_check_object(
    struct form *form, const char *prefix, json_t *object, const struct field *fields, size_t count)
{
	char path[256];
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		const struct field *field = find(fields, count, name);

		path_of(prefix, name, path, sizeof(path));
		if (field)
			check_value(form, path, field, value);
		else
			say_unknown(form, path, name, fields, count);
	}
	for (size_t i = 0; i < count; i++)
		if (fields[i].needed && !json_object_get(object, fields[i].name))
			form_mistake(form, path_of(prefix, fields[i].name, path, sizeof(path)),
			    "This field is needed.");
}

/* No form of ours is deeper than three; jansson alone would follow 2048 levels. */
static bool
is_too_deep(struct str text)
{
	bool in_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > DEPTH_MAX)
			return true;
	}
	return false;
}

bool
form_read(const struct request *request, const struct field *fields, size_t count, struct form *ret,
    struct answer *answer)
{
	json_error_t error = { .line = 0 };

	if (is_too_deep(request->body))
		return answer_no(answer, 400, "NOT_JSON",
		    "The body is nested more than %d levels deep.", DEPTH_MAX);
	ret->mistakes = json_array();
	ret->root = request->body.len == 0 ? json_object()
	                                   : json_loadb(request->body.p, request->body.len,
						 JSON_REJECT_DUPLICATES, &error);
	if (!ret->root)
		return answer_no(answer, 400, "NOT_JSON",
		    "The body is not JSON: %s (line %d, column %d).", error.text, error.line,
		    error.column);
	if (!json_is_object(ret->root))
		return answer_no_field(
		    answer, "", "The body must be an object; it is %s.", type_words(ret->root));
	form_check_object(ret, "", ret->root, fields, count);
	return true;
}

bool
form_is_good(struct form *form, struct answer *answer)
{
	if (json_array_size(form->mistakes) == 0)
		return true;
	if (answer_mistakes(answer, TAKE(form->mistakes)) != 0)
		answer->status = 500;
	return false;
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

	return str_bytes(json_string_value(value), json_string_length(value));
}

int64_t
form_number(const struct form *form, const char *name, int64_t absent)
{
	const json_t *value = json_object_get(form->root, name);

	return json_is_integer(value) ? json_integer_value(value) : absent;
}

bool
form_bool(const struct form *form, const char *name)
{
	return json_is_true(json_object_get(form->root, name));
}

json_t *
form_object(const struct form *form, const char *name)
{
	json_t *value = json_object_get(form->root, name);

	return json_is_object(value) ? value : NULL;
}

void
form_copy(const struct form *form, const char *name, char *to, size_t size)
{
	struct str text = form_str(form, name);

	if (form_has(form, name) && text.len < size)
		(void)str_copy(text, to, size);
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

json_t *
json_text_or_null(const char *text)
{
	return text[0] ? json_text(text) : json_null();
}

json_t *
json_inside(const struct request *request, const char *text)
{
	return request_is_provider(request) && text[0] ? json_text(text) : json_null();
}
