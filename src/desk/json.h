/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON in and out. In: a body is an object whose members a table names, with their type and size;
 * every mistake is kept with its field, what was found and what is needed, and all of them are told
 * in one answer. Out: small helpers for rows.
 *
 *     if (!form_read(request, fields, COUNT_OF(fields), &form, answer))
 *             return 0;                                     not JSON, or no object
 *     if (!is_word(…))
 *             form_mistake(&form, "backend", "One word is needed.");
 *     if (!form_is_good(&form, answer))
 *             return 0;                                     all mistakes are in the answer
 */
#pragma once

#include "desk/desk.h"

enum field_kind {
	FIELD_TEXT,
	FIELD_NUMBER, /* a whole number, 0 or more */
	FIELD_BOOL,
	FIELD_OBJECT,
	FIELD_LIST,
};

struct field {
	const char *name;
	enum field_kind kind;
	size_t max; /* text: bytes with the NUL; 0 = 4096. Lists: items */
	bool needed;
	const char *choices; /* text: one of these words, space between; NULL = any text */
};

struct form {
	json_t *root;     /* an object once read */
	json_t *mistakes; /* list of {field, words} */
};
void form_fini(struct form *form);
CLEAN_DEFINE_FINI(form_fini, struct form);

/* Reads the request's body by the table. False: the answer is filled. An empty body is an empty
 * object. */
bool form_read(const struct request *request, const struct field *fields, size_t count,
    struct form *ret, struct answer *answer) MUST_USE;
/* Holds a member, or an item of a list, that is an object against a table of its own; mistakes are
 * kept as "prefix.name". */
void form_check_object(struct form *form, const char *prefix, json_t *object,
    const struct field *fields, size_t count);
/* Adds one mistake; a field's first one counts. */
void form_mistake(struct form *form, const char *field, const char *format, ...) PRINTF_LIKE(3, 4);
bool form_is_good(struct form *form, struct answer *answer) MUST_USE;

bool form_has(const struct form *form, const char *name);
struct str form_str(const struct form *form, const char *name); /* "" when absent or no text */
int64_t form_number(const struct form *form, const char *name, int64_t absent);
bool form_bool(const struct form *form, const char *name);      /* false when absent */
json_t *form_object(const struct form *form, const char *name); /* NULL when absent or none */
/* Copies a text member; leaves `to` alone when it is absent or does not fit (which is a mistake
 * already). */
void form_copy(const struct form *form, const char *name, char *to, size_t size);

json_t *json_text(const char *text);         /* what is not UTF-8 becomes "?" */
json_t *json_text_or_null(const char *text); /* null for "" */
json_t *json_id(struct id id);               /* null for none */
json_t *json_when(when w);                   /* null for 0 */
json_t *json_hex(const void *bytes, size_t len);
/* What customers are not shown: names inside the provider's house. Null for their tokens, and for
 * "". */
json_t *json_inside(const struct request *request, const char *text);
