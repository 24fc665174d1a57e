/* SPDX-License-Identifier: Apache-2.0 */
#include "store/detail.h"

#include <errno.h>
#include <stdlib.h>

#include "store/events.h"

void
detail_fini(struct detail *d)
{
	json_decref(d->object);
	d->object = NULL;
}

json_t *
detail_string(const char *value)
{
	json_t *string = json_string(value);
	size_t size = strlen(value) + 1;
	CLEAN(free_text) char *shown = string ? NULL : alloc_array(size, 1);

	if (string)
		return string;
	str_show(str_of(value), shown, size);
	return json_string(shown);
}

static void
put(struct detail *d, const char *name, json_t *value)
{
	if (!d->object)
		d->object = json_object();
	json_object_set_new(d->object, name, value);
}

void
detail_text(struct detail *d, const char *name, const char *value)
{
	if (value[0] != '\0')
		put(d, name, detail_string(value));
}

void
detail_number(struct detail *d, const char *name, int64_t value)
{
	put(d, name, json_integer(value));
}

void
detail_change(struct detail *d, const char *name, const char *before, const char *after)
{
	json_t *both;

	if (strcmp(before, after) == 0)
		return;
	both = json_object();
	json_object_set_new(both, "before", detail_string(before));
	json_object_set_new(both, "after", detail_string(after));
	put(d, name, both);
}

int
detail_event(const struct detail *d, struct store *s, const char *action, const char *object,
    struct id object_id, struct id order)
{
	char *text;
	int r;

	if (!d->object)
		return store_event_add(s, action, object, object_id, order, "");
	text = json_dumps(d->object, JSON_COMPACT);
	if (!text)
		return error_origin(ENOMEM);
	r = store_event_add(s, action, object, object_id, order, text);
	free(text);
	return r;
}
