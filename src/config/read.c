/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML to struct config: libyaml makes the nodes, with their places; the table says what they mean.
 */
#include "config/options.h"

#include <errno.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "base/error.h"
#include "sys/file.h"

#define FILE_MAX (1024 * 1024)
#define DEPTH    4

struct reading {
	const char *path;
	yaml_document_t document;
	struct config *config;
	struct config_mistakes *mistakes;
	bool seen[128]; /* by place in config_options */
};

static PRINTF_LIKE(3, 4) void mistake(
    struct reading *reading, yaml_mark_t mark, const char *format, ...)
{
	struct config_mistake *m;
	va_list args;

	if (reading->mistakes->count == CONFIG_MISTAKES_MAX)
		return;
	m = &reading->mistakes->list[reading->mistakes->count++];
	snprintf(m->file, sizeof(m->file), "%s", reading->path);
	m->line = mark.line + 1;
	m->column = mark.column + 1;
	va_start(args, format);
	vsnprintf(m->words, sizeof(m->words), format, args);
	va_end(args);
}

static struct str
scalar(const yaml_node_t *node)
{
	return str_bytes(node->data.scalar.value, node->data.scalar.length);
}

static const char *
kind_words(const yaml_node_t *node)
{
	switch (node->type) {
	case YAML_SCALAR_NODE:
		return "a single value";
	case YAML_SEQUENCE_NODE:
		return "a list";
	case YAML_MAPPING_NODE:
		return "a group of options";
	case YAML_NO_NODE:
		break;
	}
	return "nothing";
}

/* The group of options whose name is nearest to a single word. */
static bool
group_like(struct str name, char *to, size_t size)
{
	size_t least = name.len / 3 + 1;
	bool found = false;

	for (size_t i = 0; i < config_option_count; i++) {
		struct str group = str_of(config_options[i].name);

		group.len = str_find(group, STR("."));
		if (str_distance(name, group) <= least && str_copy(group, to, size)) {
			least = str_distance(name, group);
			found = true;
		}
	}
	return found;
}

static void
unknown_key(struct reading *reading, yaml_mark_t mark, struct str name, const struct option *table,
    size_t count)
{
	const struct option *like = option_like(table, count, name);
	char shown[128], group[64];

	str_show(name, shown, sizeof(shown));
	if (like)
		mistake(reading, mark, "unknown option \"%s\" (did you mean \"%s\"?)", shown,
		    like->name);
	else if (table == config_options && group_like(name, group, sizeof(group)))
		mistake(
		    reading, mark, "unknown option \"%s\" (did you mean \"%s\"?)", shown, group);
	else
		mistake(reading, mark, "unknown option \"%s\"", shown);
}

static void
read_scalar(
    struct reading *reading, const struct option *option, void *base, const yaml_node_t *node)
{
	char words[CONFIG_TEXT_SIZE];

	if (node->type != YAML_SCALAR_NODE)
		mistake(reading, node->start_mark, "%s: a single value is needed, this is %s",
		    option->name, kind_words(node));
	else if (!option_set(option, base, scalar(node), words))
		mistake(reading, node->start_mark, "%s", words);
}

struct place {
	struct reading *reading;
	yaml_mark_t mark;
};

static void
tell_mistake(void *to, const char *words)
{
	const struct place *place = to;

	mistake(place->reading, place->mark, "%s", words);
}

/* Members of one item: each known, each once, the needed ones there. */
static void
read_item(struct reading *reading, const struct option *list, void *base, const yaml_node_t *node)
{
	const struct option_items *items = list->items;
	struct place place = { reading, node->start_mark };
	uint64_t seen = 0;

	option_defaults(items->members, items->member_count, base);
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
	     p++) {
		const yaml_node_t *key = yaml_document_get_node(&reading->document, p->key);
		const yaml_node_t *value = yaml_document_get_node(&reading->document, p->value);
		const struct option *member =
		    key->type == YAML_SCALAR_NODE
			? option_named(items->members, items->member_count, scalar(key))
			: NULL;

		if (!member) {
			unknown_key(reading, key->start_mark,
			    key->type == YAML_SCALAR_NODE ? scalar(key) : STR("?"), items->members,
			    items->member_count);
			continue;
		}
		if (seen >> (member - items->members) & 1u)
			mistake(reading, key->start_mark, "%s: given twice", member->name);
		seen |= UINT64_C(1) << (member - items->members);
		read_scalar(reading, member, base, value);
	}
	for (size_t i = 0; i < items->member_count; i++)
		if (!items->members[i].fallback && !(seen >> i & 1u))
			mistake(reading, node->start_mark, "%s: an entry needs \"%s\"", list->name,
			    items->members[i].name);
	if (items->check)
		items->check(base, tell_mistake, &place);
}

static void
read_items(struct reading *reading, const struct option *list, const yaml_node_t *node)
{
	const struct option_items *items = list->items;
	char *config = (char *)reading->config;
	size_t count = 0;

	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++) {
		const yaml_node_t *item = yaml_document_get_node(&reading->document, *i);

		if (item->type != YAML_MAPPING_NODE)
			mistake(reading, item->start_mark,
			    "%s: an entry is a group of options, this is %s", list->name,
			    kind_words(item));
		else if (count == items->max)
			mistake(reading, item->start_mark, "%s: more than %zu entries", list->name,
			    items->max);
		else
			read_item(
			    reading, list, config + items->offset + items->stride * count++, item);
	}
	memcpy(config + items->count_offset, &count, sizeof(count));
}

static void
read_resolvers(struct reading *reading, const struct option *option, const yaml_node_t *node)
{
	struct config_resolvers *to = (void *)((char *)reading->config + option->offset);

	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++) {
		const yaml_node_t *item = yaml_document_get_node(&reading->document, *i);
		struct str text = item->type == YAML_SCALAR_NODE ? scalar(item) : STR("?");
		char shown[80];

		if (config_resolver_add(to, text))
			continue;
		str_show(text, shown, sizeof(shown));
		if (to->count == CONFIG_RESOLVERS_MAX)
			mistake(reading, item->start_mark, "%s: more than %d entries", option->name,
			    CONFIG_RESOLVERS_MAX);
		else
			mistake(reading, item->start_mark, "%s: \"%s\" is not an IP address",
			    option->name, shown);
	}
}

/* The place of a mistake is the code's, or the severity's when the code is known. */
static void
read_severity(struct reading *reading, const yaml_node_t *key, const yaml_node_t *value)
{
	char words[CONFIG_TEXT_SIZE];
	enum finding_code code;

	if (key->type != YAML_SCALAR_NODE || value->type != YAML_SCALAR_NODE) {
		mistake(reading, value->start_mark,
		    "policy.severities: a code and a severity are needed, this is %s",
		    kind_words(value));
		return;
	}
	if (finding_code_parse(scalar(key), &code) &&
	    severity_is_set(&reading->config->severities, code))
		mistake(reading, key->start_mark, "policy.severities: %s is given twice",
		    finding_rule(code)->code);
	else if (!option_set_severity(
		     &reading->config->severities, scalar(key), scalar(value), words))
		mistake(reading,
		    finding_code_parse(scalar(key), &code) ? value->start_mark : key->start_mark,
		    "%s", words);
}

static void
read_severities(struct reading *reading, const yaml_node_t *node)
{
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
	     p++)
		read_severity(reading, yaml_document_get_node(&reading->document, p->key),
		    yaml_document_get_node(&reading->document, p->value));
}

static void
read_option(struct reading *reading, const struct option *option, const yaml_node_t *key,
    const yaml_node_t *value)
{
	size_t place = (size_t)(option - config_options);

	if (reading->seen[place])
		mistake(reading, key->start_mark, "%s: given twice", option->name);
	reading->seen[place] = true;
	if (option_is_scalar(option))
		read_scalar(reading, option, reading->config, value);
	else if (option->kind == OPTION_SEVERITIES && value->type == YAML_MAPPING_NODE)
		read_severities(reading, value);
	else if (option->kind == OPTION_SEVERITIES)
		mistake(reading, value->start_mark,
		    "%s: codes and their severities are needed, this is %s", option->name,
		    kind_words(value));
	else if (value->type != YAML_SEQUENCE_NODE)
		mistake(reading, value->start_mark, "%s: a list is needed, this is %s",
		    option->name, kind_words(value));
	else if (option->kind == OPTION_ITEMS)
		read_items(reading, option, value);
	else
		read_resolvers(reading, option, value);
}

/* Is there an option below this dotted name? */
static bool
is_group(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < config_option_count; i++)
		if (strncmp(config_options[i].name, name, len) == 0 &&
		    config_options[i].name[len] == '.')
			return true;
	return false;
}

static void read_group(
    struct reading *reading, const char *prefix, const yaml_node_t *node, int depth);

static void
read_pair(struct reading *reading, const char *prefix, const yaml_node_t *key,
    const yaml_node_t *value, int depth)
{
	char name[256];
	const struct option *option;

	if (key->type != YAML_SCALAR_NODE || key->data.scalar.length > 64) {
		mistake(reading, key->start_mark, "an option's name is needed here");
		return;
	}
	snprintf(name, sizeof(name), "%s%s%s", prefix, prefix[0] ? "." : "",
	    (const char *)key->data.scalar.value);
	option = option_named(config_options, config_option_count, str_of(name));
	if (option)
		read_option(reading, option, key, value);
	else if (!is_group(name))
		unknown_key(
		    reading, key->start_mark, str_of(name), config_options, config_option_count);
	else if (value->type == YAML_MAPPING_NODE && depth < DEPTH)
		read_group(reading, name, value, depth + 1);
	else if (value->type != YAML_SCALAR_NODE || value->data.scalar.length > 0)
		mistake(reading, value->start_mark, "%s: a group of options is needed, this is %s",
		    name, kind_words(value));
}

static bool
is_same_key(const yaml_node_t *a, const yaml_node_t *b)
{
	return a->type == YAML_SCALAR_NODE && b->type == YAML_SCALAR_NODE &&
	       str_eq(scalar(a), scalar(b));
}

static void
read_group(struct reading *reading, const char *prefix, const yaml_node_t *node, int depth)
{
	yaml_node_pair_t *first = node->data.mapping.pairs.start;

	for (yaml_node_pair_t *p = first; p < node->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(&reading->document, p->key);

		for (yaml_node_pair_t *q = first; q < p; q++)
			if (is_same_key(key, yaml_document_get_node(&reading->document, q->key)))
				mistake(reading, key->start_mark, "\"%s\": given twice",
				    (const char *)key->data.scalar.value);
		read_pair(reading, prefix, key,
		    yaml_document_get_node(&reading->document, p->value), depth);
	}
}

static void
check_templates(struct reading *reading, const yaml_node_t *root)
{
	const struct config *c = reading->config;

	for (size_t i = 0; i < c->template_count; i++) {
		const struct config_template *t = &c->templates[i];

		for (size_t j = 0; j < i; j++)
			if (strcmp(t->name, c->templates[j].name) == 0)
				mistake(reading, root->start_mark,
				    "templates: two are named \"%s\"", t->name);
		if (*t->balancer && !config_balancer(c, t->balancer))
			mistake(reading, root->start_mark,
			    "templates: %s is for the balancer \"%s\", which is not there", t->name,
			    t->balancer);
	}
}

static void
check_sources(struct reading *reading, const yaml_node_t *root)
{
	const struct config *c = reading->config;

	for (size_t i = 0; i < c->mailbox_source_count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(c->mailbox_sources[i].name, c->mailbox_sources[j].name) == 0)
				mistake(reading, root->start_mark,
				    "mailbox_sources: two are named \"%s\"",
				    c->mailbox_sources[i].name);
	if (*c->mailbox_source && !config_mailbox_source(c, c->mailbox_source))
		mistake(reading, root->start_mark,
		    "policy.mailbox_source: \"%s\" is not among mailbox_sources",
		    c->mailbox_source);
}

static void
check_resellers(struct reading *reading, const yaml_node_t *root)
{
	struct str name;
	size_t n = 0;

	for (; config_reseller(reading->config, n, &name); n++)
		if (name.len >= CONFIG_RESELLER_SIZE)
			mistake(reading, root->start_mark,
			    "policy.resellers: \"%.20s...\" is longer than %d bytes", name.p,
			    CONFIG_RESELLER_SIZE - 1);
	if (n > CONFIG_RESELLERS_MAX)
		mistake(reading, root->start_mark, "policy.resellers: %zu are more than %d", n,
		    CONFIG_RESELLERS_MAX);
}

/* What no single option can see. */
static void
check_together(struct reading *reading, const yaml_node_t *root)
{
	const struct config *c = reading->config;

	for (size_t i = 0; i < c->balancer_count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(c->balancers[i].name, c->balancers[j].name) == 0)
				mistake(reading, root->start_mark,
				    "balancers: two are named \"%s\"", c->balancers[i].name);
	check_templates(reading, root);
	check_sources(reading, root);
	check_resellers(reading, root);
	if (strchr(c->mail_from, '@') == NULL || strpbrk(c->mail_from, "\r\n"))
		mistake(reading, root->start_mark, "mail.from: \"%s\" is not a mail address",
		    c->mail_from);
}

static void
syntax(struct reading *reading, const yaml_parser_t *parser)
{
	mistake(reading, parser->problem_mark, "this is not YAML: %s",
	    parser->problem ? parser->problem : "it cannot be read");
}

static void
read_document(struct reading *reading, yaml_parser_t *parser)
{
	yaml_document_t further;
	const yaml_node_t *root;

	if (!yaml_parser_load(parser, &reading->document)) {
		syntax(reading, parser);
		return;
	}
	root = yaml_document_get_root_node(&reading->document);
	if (root && root->type == YAML_MAPPING_NODE) {
		read_group(reading, "", root, 0);
		check_together(reading, root);
	} else if (root) {
		mistake(reading, root->start_mark, "options are needed here, this is %s",
		    kind_words(root));
	}
	yaml_document_delete(&reading->document);
	if (!yaml_parser_load(parser, &further)) {
		syntax(reading, parser);
		return;
	}
	if (yaml_document_get_root_node(&further))
		mistake(
		    reading, further.start_mark, "a second document begins here; only one is read");
	yaml_document_delete(&further);
}

int
config_read(const char *path, struct config *ret, struct config_mistakes *mistakes)
{
	CLEAN(buf_fini) struct buf text = BUF(FILE_MAX);
	struct reading reading = { .path = path, .mistakes = mistakes };
	yaml_parser_t parser;
	int r = file_read(path, &text);

	mistakes->count = 0;
	if (r == FILE_E_ABSENT)
		return CONFIG_E_ABSENT;
	reading.config = alloc_zero(sizeof(*reading.config));
	config_defaults(reading.config);
	if (r == FILE_E_TOO_LARGE) {
		mistake(&reading, (yaml_mark_t){ 0 },
		    "larger than %d bytes: this is no configuration of ours", FILE_MAX);
	} else if (r) {
		free(reading.config);
		return error_fold(r);
	} else if (!yaml_parser_initialize(&parser)) {
		free(reading.config);
		return error_origin(ENOMEM);
	} else {
		yaml_parser_set_input_string(
		    &parser, (const unsigned char *)buf_text(&text), text.len);
		read_document(&reading, &parser);
		yaml_parser_delete(&parser);
	}
	if (mistakes->count == 0)
		*ret = *reading.config;
	free(reading.config);
	return mistakes->count > 0 ? CONFIG_E_MISTAKES : 0;
}
