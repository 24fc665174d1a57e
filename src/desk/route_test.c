/* SPDX-License-Identifier: Apache-2.0 */
/* The route table and docs/openapi.yaml say the same, both ways. Runs in the source's root. */
#include "desk/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

static int
load(void **state)
{
	yaml_document_t *doc = alloc_zero(sizeof(*doc));
	FILE *file = fopen("docs/openapi.yaml", "rb");
	yaml_parser_t parser;

	assert_non_null(file);
	assert_int_equal(yaml_parser_initialize(&parser), 1);
	yaml_parser_set_input_file(&parser, file);
	assert_int_equal(yaml_parser_load(&parser, doc), 1);
	yaml_parser_delete(&parser);
	fclose(file);
	*state = doc;
	return 0;
}

static int
unload(void **state)
{
	yaml_document_delete(*state);
	free(*state);
	return 0;
}

static const char *
text_of(const yaml_node_t *node)
{
	return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : "";
}

static yaml_node_t *
member(yaml_document_t *doc, const yaml_node_t *node, const char *name)
{
	if (!node || node->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
	     p++)
		if (strcmp(text_of(yaml_document_get_node(doc, p->key)), name) == 0)
			return yaml_document_get_node(doc, p->value);
	return NULL;
}

static yaml_node_t *
operation(yaml_document_t *doc, const struct route *route)
{
	yaml_node_t *paths = member(doc, yaml_document_get_root_node(doc), "paths");
	char method[16];
	size_t i = 0;

	for (; route->method[i] && i + 1 < sizeof(method); i++)
		method[i] = (char)(route->method[i] | 0x20);
	method[i] = '\0';
	return member(doc, member(doc, paths, route->path), method);
}

/* What "#/components/parameters/…" stands for. */
static yaml_node_t *
parameter(yaml_document_t *doc, yaml_node_t *item)
{
	yaml_node_t *root = yaml_document_get_root_node(doc);
	const char *ref = text_of(member(doc, item, "$ref"));
	const char *name = strrchr(ref, '/');

	if (!name)
		return item;
	return member(doc, member(doc, member(doc, root, "components"), "parameters"), name + 1);
}

/* The names of an operation's parameters that are `in` the query (or a header), space between. */
static void
parameters(yaml_document_t *doc, const yaml_node_t *op, const char *in, struct buf *to)
{
	const yaml_node_t *list = member(doc, op, "parameters");

	if (!list)
		return;
	for (yaml_node_item_t *i = list->data.sequence.items.start;
	     i < list->data.sequence.items.top; i++) {
		yaml_node_t *p = parameter(doc, yaml_document_get_node(doc, *i));

		assert_non_null(p);
		if (strcmp(text_of(member(doc, p, "in")), in) == 0)
			buf_printf(to, "%s%s", to->len ? " " : "", text_of(member(doc, p, "name")));
	}
}

static void
every_route_is_described(void **state)
{
	yaml_document_t *doc = *state;

	for (size_t i = 0; i < route_count; i++) {
		const struct route *route = &routes[i];
		const yaml_node_t *op = operation(doc, route);
		CLEAN(buf_fini) struct buf query = BUF(1024);
		CLEAN(buf_fini) struct buf headers = BUF(1024);

		if (!op)
			print_error("%s %s is not described\n", route->method, route->path);
		assert_non_null(op);
		assert_string_equal(text_of(member(doc, op, "summary")), route->summary);
		assert_int_equal(strcmp(text_of(member(doc, op, "x-for-customers")), "true") == 0,
		    route->for_customers);
		parameters(doc, op, "query", &query);
		assert_string_equal(buf_text(&query), route->query);
		parameters(doc, op, "header", &headers);
		assert_string_equal(
		    buf_text(&headers), strcmp(route->method, "POST") == 0    ? "Idempotency-Key"
					: strcmp(route->method, "PATCH") == 0 ? "If-Match"
									      : "");
	}
}

static bool
is_routed(const char *path, const char *method)
{
	for (size_t i = 0; i < route_count; i++)
		if (strcmp(routes[i].path, path) == 0 &&
		    str_eq_nocase(str_of(routes[i].method), str_of(method)))
			return true;
	return false;
}

static void
everything_described_is_routed(void **state)
{
	yaml_document_t *doc = *state;
	yaml_node_t *paths = member(doc, yaml_document_get_root_node(doc), "paths");

	assert_non_null(paths);
	for (yaml_node_pair_t *p = paths->data.mapping.pairs.start;
	     p < paths->data.mapping.pairs.top; p++) {
		const char *path = text_of(yaml_document_get_node(doc, p->key));
		yaml_node_t *methods = yaml_document_get_node(doc, p->value);

		for (yaml_node_pair_t *m = methods->data.mapping.pairs.start;
		     m < methods->data.mapping.pairs.top; m++) {
			const char *method = text_of(yaml_document_get_node(doc, m->key));

			if (strcmp(method, "parameters") == 0)
				continue;
			if (!is_routed(path, method))
				print_error("%s %s is described, not routed\n", method, path);
			assert_true(is_routed(path, method));
		}
	}
}

static void
escapes(void **state UNUSED)
{
	static const struct {
		const char *from, *to; /* NULL: refused */
	} cases[] = {
		{ "owa.contoso.com", "owa.contoso.com" }, { "A%20B", "A B" },
		{ "%e4%B8%ad", "\xe4\xb8\xad" }, { "a%2Fb", "a/b" }, { "%2541", "%41" }, { "", "" },
		{ "%", NULL }, { "%4", NULL }, { "%zz", NULL }, { "a%00b", NULL },
		{ "123456789", NULL }, /* does not fit */
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char to[16] = "", small[9];

		if (i + 1 == COUNT_OF(cases)) {
			assert_false(percent_decode(str_of(cases[i].from), small, sizeof(small)));
			continue;
		}
		assert_int_equal(
		    percent_decode(str_of(cases[i].from), to, sizeof(to)), cases[i].to != NULL);
		if (cases[i].to)
			assert_string_equal(to, cases[i].to);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_is_described),
		cmocka_unit_test(everything_described_is_routed),
		cmocka_unit_test(escapes),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
