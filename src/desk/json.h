/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON in and out. In: a body is an object whose members a table names, with their type and size; every
 * mistake is told with its field, what was found and what is needed. Out: small helpers for rows.
 */
#pragma once

#include "desk/desk.h"

enum field_kind {
	FIELD_TEXT,
	FIELD_NUMBER, /* a whole number, 0 or more */
	FIELD_OBJECT,
	FIELD_LIST,
};

struct field {
	const char *name;
	enum field_kind kind;
	size_t max;   /* bytes of text; 0 = 4096 */
	bool needed;
};

struct form {
	json_t *root;
};
void form_fini(struct form *form);
CLEAN_DEFINE_FINI(form_fini, struct form);

/* Reads the request's body by the table. False: the answer is filled with all mistakes. An empty body is an empty object. */
bool form_read(const struct request *request, const struct field *fields, size_t count, struct form *ret, struct answer *answer) MUST_USE;
/* The same for a member that is an object. `prefix` is its name. */
bool form_read_member(json_t *object, const char *prefix, const struct field *fields, size_t count, struct answer *answer) MUST_USE;

bool form_has(const struct form *form, const char *name);
struct str form_str(const struct form *form, const char *name); /* "" when absent */
int64_t form_number(const struct form *form, const char *name, int64_t absent);
/* Copies a text member; leaves `to` alone when it is absent. The table has checked its size. */
void form_copy(const struct form *form, const char *name, char *to, size_t size);

json_t *json_text(const char *text);      /* what is not UTF-8 becomes "?" */
json_t *json_id(struct id id);            /* null for none */
json_t *json_when(when w);                /* null for 0 */
json_t *json_hex(const void *bytes, size_t len);
