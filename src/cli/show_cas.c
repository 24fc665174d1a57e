/* SPDX-License-Identifier: Apache-2.0 */
/* Whom to buy from, as a table: whom orders are known of first, who must not issue last. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/show.h"

#define SECONDS_A_DAY 86400.0

static json_int_t
number_of(const json_t *item, const char *name)
{
	return json_integer_value(json_object_get(item, name));
}

static bool
may_issue(const json_t *item)
{
	return !json_is_object(json_object_get(item, "distrusted")) &&
	       !json_is_true(json_object_get(item, "caa_forbids"));
}

static const char *
note_of(const json_t *item)
{
	if (json_is_object(json_object_get(item, "distrusted")))
		return "browsers do not accept it any more";
	if (json_is_true(json_object_get(item, "caa_forbids")))
		return "this name's DNS (CAA) does not allow it";
	return number_of(item, "orders") > 0 ? "" : "no orders yet";
}

/* What the table says of it. */
static json_t *
row_of(const json_t *item)
{
	json_int_t median = number_of(item, "median"), orders = number_of(item, "orders");
	char good[48] = "", time[32] = "", name[80], reseller[80], label[192];
	const char *first = json_string_value(json_array_get(json_object_get(item, "caa"), 0));

	show_text(item, "name", name, sizeof(name));
	show_text(item, "reseller", reseller, sizeof(reseller));
	snprintf(label, sizeof(label), "%s%s%s", name, *reseller ? " from " : "", reseller);
	if (orders > 0)
		snprintf(good, sizeof(good), "%lld of %lld",
		    (long long)number_of(item, "accepted_first"), (long long)orders);
	if (median > 0)
		snprintf(time, sizeof(time), "%.1f days", (double)median / SECONDS_A_DAY);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "name", label, "good", good, "time",
	    time, "caa", first ? first : "", "note", note_of(item), "rank",
	    may_issue(item) ? orders : -1);
}

struct row {
	json_t *json;
};

static int
compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	json_int_t of_x = number_of(x->json, "rank"), of_y = number_of(y->json, "rank");

	if (of_x != of_y)
		return of_x < of_y ? 1 : -1;
	return strcmp(json_string_value(json_object_get(x->json, "name")),
	    json_string_value(json_object_get(y->json, "name")));
}

/* The list itself is by name. */
static json_t *
rows_of(const json_t *items)
{
	size_t count = json_array_size(items), i;
	struct row *rows = alloc_array(count + 1, sizeof(*rows));
	json_t *list = json_array();

	for (i = 0; i < count; i++)
		rows[i].json = row_of(json_array_get(items, i));
	qsort(rows, count, sizeof(*rows), compare);
	for (i = 0; i < count; i++)
		json_array_append_new(list, rows[i].json);
	free(rows);
	return list;
}

void
show_cas(const struct cli *cli, const json_t *answer)
{
	static const struct column columns[] = { { "authority", "name" },
		{ "good at once", "good" }, { "median", "time" }, { "name in CAA", "caa" },
		{ "remark", "note" } };
	json_t *rows = rows_of(json_object_get(answer, "items"));
	char recommended[256], words[1024];

	if (show_text(answer, "recommended", recommended, sizeof(recommended))[0])
		printf("recommended: %s\n", recommended);
	show_wrapped(cli, "", show_text(answer, "words", words, sizeof(words)));
	putchar('\n');
	show_table(cli, rows, columns, COUNT_OF(columns));
	json_decref(rows);
}
