/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/delivery_in.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/answer.h"

/* clang-format off */
static const struct field fields[] = {
	{ "files",    FIELD_LIST, READ_FILES_MAX,    true,  NULL },
	{ "password", FIELD_TEXT, READ_PASSWORD_MAX, false, NULL },
	{ "accept",   FIELD_BOOL, 0,                 false, NULL },
	{ "foreign_key", FIELD_OBJECT, 0,            false, NULL },
};
static const struct field foreign_key_fields[] = {
	{ "author",    FIELD_TEXT, FOREIGN_KEY_AUTHOR_SIZE, true, NULL },
	{ "statement", FIELD_TEXT, 1024,                    true, NULL },
};
static const struct field file_fields[] = {
	{ "name",           FIELD_TEXT, 512,                        false, NULL },
	{ "content",        FIELD_TEXT, READ_FILE_MAX + 1,          false, NULL },
	{ "content_base64", FIELD_TEXT, READ_FILE_MAX / 2 * 3,      false, NULL },
};
/* clang-format on */

struct delivery_in *
delivery_in_new(void)
{
	struct delivery_in *in = alloc_zero(sizeof(*in));

	read_report_init(&in->report);
	return in;
}

/* jansson's own copy; the body's is wiped with the request */
static void
wipe_text(const json_t *object, const char *name)
{
	json_t *text = json_object_get(object, name);

	if (json_is_string(text))
		sodium_memzero(
		    (void *)(uintptr_t)json_string_value(text), json_string_length(text));
}

struct delivery_in *
delivery_in_free(struct delivery_in *in)
{
	size_t i;
	json_t *item;

	if (!in)
		return NULL;
	wipe_text(in->form.root, "password");
	json_array_foreach(json_object_get(in->form.root, "files"), i, item)
	{
		wipe_text(item, "content");
		wipe_text(item, "content_base64");
	}
	form_fini(&in->form);
	for (i = 0; i < READ_FILES_MAX; i++)
		buf_fini(&in->content[i]);
	review_held_fini(&in->held);
	read_report_fini(&in->report);
	free(in);
	return NULL;
}

/* Lines may be broken, as base64(1) does it. */
static bool
decode(struct str text, struct buf *to)
{
	CLEAN(buf_fini) struct buf dense = BUF_SECRET(READ_FILE_MAX / 2 * 3);

	for (size_t i = 0; i < text.len; i++)
		if (!strchr(" \t\r\n", text.p[i]))
			buf_put_byte(&dense, (uint8_t)text.p[i]);
	return buf_put_from_base64(to, buf_str(&dense));
}

static struct str
member(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return str_bytes(json_string_value(value), json_string_length(value));
}

static void
read_file(struct delivery_in *in, const char *path, json_t *item)
{
	struct read_file *file = &in->question.files[in->question.file_count];
	struct buf *content = &in->content[in->question.file_count];
	bool as_text = json_object_get(item, "content"),
	     as_base64 = json_object_get(item, "content_base64");

	form_check_object(&in->form, path, item, file_fields, COUNT_OF(file_fields));
	if (as_text == as_base64)
		form_mistake(
		    &in->form, path, "A file has either content (text) or content_base64.");
	*content = BUF_SECRET(READ_FILE_MAX);
	if (as_text)
		buf_put_str(content, member(item, "content"));
	else if (as_base64 && !decode(member(item, "content_base64"), content))
		form_mistake(
		    &in->form, path, "content_base64 is no base64, or more than a mebibyte.");
	read_file_name(member(item, "name"), file->name);
	file->bytes = buf_str(content);
	in->question.file_count++;
}

/* The sentence is compared word for word: nobody accepts this by accident. */
static void
read_foreign_key(struct delivery_in *in)
{
	json_t *given = form_object(&in->form, "foreign_key");
	struct str author;

	if (!given)
		return;
	form_check_object(
	    &in->form, "foreign_key", given, foreign_key_fields, COUNT_OF(foreign_key_fields));
	author = str_trim(member(given, "author"));
	if (author.len == 0)
		form_mistake(&in->form, "foreign_key.author", "Say who accepts the risk.");
	if (!str_eq(member(given, "statement"), STR(FOREIGN_KEY_STATEMENT)))
		form_mistake(&in->form, "foreign_key.statement",
		    "The risk is accepted in exactly these words: %s", FOREIGN_KEY_STATEMENT);
	str_show(author, in->foreign_key_author, sizeof(in->foreign_key_author));
}

static bool
read_files(struct delivery_in *in, struct answer *answer)
{
	json_t *list = json_object_get(in->form.root, "files"), *item;
	size_t i;

	if (json_is_array(list) && json_array_size(list) == 0)
		form_mistake(&in->form, "files", "At least one file is needed.");
	json_array_foreach(list, i, item)
	{
		char path[32];

		snprintf(path, sizeof(path), "files[%zu]", i);
		if (!json_is_object(item))
			form_mistake(&in->form, path,
			    "A file is an object with name and content or content_base64.");
		else if (in->question.file_count < READ_FILES_MAX)
			read_file(in, path, item);
	}
	in->question.has_password = form_has(&in->form, "password");
	in->question.password = form_str(&in->form, "password");
	in->accept_clean = form_bool(&in->form, "accept");
	read_foreign_key(in);
	return form_is_good(&in->form, answer);
}

static bool
is_json(const char *content_type)
{
	struct str type = str_of(content_type), rest = type;

	(void)str_next(&rest, ';', &type);
	return str_eq_nocase(str_trim(type), STR("application/json"));
}

/* JSON with files and password, or the bare bytes of one file. */
bool
delivery_in_read(struct delivery_in *in, struct request *request, struct answer *answer)
{
	if (is_json(request->content_type))
		return form_read(request, fields, COUNT_OF(fields), &in->form, answer) &&
		       read_files(in, answer);
	read_file_name(str_of(request_query(request, "name")), in->question.files[0].name);
	in->question.files[0].bytes = request->body;
	in->question.file_count = 1;
	in->accept_clean = str_eq(str_of(request_query(request, "accept")), STR("true"));
	return true;
}
