/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "check/dns_way.h"
#include "check/resolv_conf.h"
#include "cli/host.h"
#include "cli/show.h"
#include "delivery/inspect.h"
#include "sys/sandbox.h"

/* Of two operators, for whom there is nothing to be set up. */
static const char *const public_views[] = { "1.1.1.1", "8.8.8.8" };

int
look_host(const struct cli *cli, struct host_name *ret, bool *ret_wildcard)
{
	const char *host = cli_value(cli, "host");
	bool wildcard = ret_wildcard && strncmp(host, "*.", 2) == 0;

	if (ret_wildcard)
		*ret_wildcard = wildcard;
	return cli_host(wildcard ? host + 2 : host, "", ret);
}

static int
take_list(const char *option, const char *text, struct config_resolvers *to)
{
	struct str rest = str_of(text), one;

	*to = (struct config_resolvers){ 0 };
	if (strcmp(text, "none") == 0)
		return 0;
	while (str_next(&rest, ',', &one))
		if (!config_resolver_add(to, str_trim(one)))
			return cli_fail(EXIT_USAGE,
			    "%s: \"%.*s\" is no IP address, or one too many; write 192.0.2.1, or 192.0.2.1@5353",
			    option, STR_ARG(one));
	return 0;
}

static void
be_on_any_machine(struct config *config)
{
	config_defaults(config);
	config->dns_root_anchors = true;
	config->dns_way = DNS_WAY_TO_FIND;
	for (size_t i = 0; i < COUNT_OF(public_views); i++)
		(void)config_resolver_add(&config->dns_views, str_of(public_views[i]));
	resolv_conf_read(NULL, &config->dns_inside);
}

int
look_config(const struct cli *cli, struct config *ret)
{
	const char *resolver = cli_value(cli, "resolver"), *views = cli_value(cli, "views");
	int r = 0;

	if (strcmp(cli->config_path, CLI_CONFIG) != 0) /* one was named */
		r = cli_read_config(cli->config_path, ret);
	else
		be_on_any_machine(ret);
	if (resolver)
		ret->dns_way = DNS_WAY_SERVERS;
	if (r == 0 && resolver)
		r = take_list("--resolver", resolver, &ret->dns_resolvers);
	if (r == 0 && views)
		r = take_list("--views", views, &ret->dns_views);
	return r;
}

int
look_begin(struct config *config)
{
	struct sandbox_profile profile = { .calls = SANDBOX_FILES | SANDBOX_CONNECT,
		.any_tcp_connect = true };
	CLEAN(buf_fini) struct buf report = BUF(4096);
	int r;

	sandbox_allow_path(&profile, "/dev/urandom", false);
	if (config->dns_anchor_file[0])
		sandbox_allow_path(&profile, config->dns_anchor_file, false);
	r = sandbox_begin();
	if (r == 0)
		r = sandbox_enter(&profile, &report);
	sandbox_forget_paths(&profile, 0);
	if (r)
		return cli_fail(EXIT_INTERNAL, "the sandbox: %s", error_words(r));
	if (isatty(2))
		fputs(
		    "Asking the name servers; half a minute where they do not answer ...", stderr);
	if (config->dns_way == DNS_WAY_TO_FIND)
		dns_way_find(config);
	return 0;
}

void
look_end(void)
{
	if (isatty(2))
		fputs("\r\x1b[K", stderr);
}

json_t *
look_told(const char *host, struct str text, const struct findings *findings)
{
	json_t *told = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, NULL),
	       *list = json_array();

	for (size_t i = 0; i < findings->count; i++)
		json_array_append_new(list, inspect_finding(&findings->list[i]));
	json_object_set_new(told, "host", json_string(host));
	json_object_set_new(told, "findings", list);
	return told;
}

void
look_print(const json_t *told)
{
	json_dumpf(told, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
}

void
look_asked(const struct inspect_view *view, const char *resolver, bool unchecked)
{
	char text[256];

	snprintf(text, sizeof(text), "%s, in place of the name servers%s", resolver,
	    unchecked ? "; signatures were not checked" : "");
	inspect_field(view, " ", "asked", "", *resolver ? text : "");
}

void
look_verdict(const struct inspect_view *view, enum inspect_mark mark, const char *text)
{
	inspect_mark(view, mark);
	printf(" %s%s", show_paint(view->cli, BOLD), show_paint(view->cli, inspect_colour(mark)));
	(void)inspect_wrapped(view, 2, "  ", 2, text);
	printf("%s\n", show_paint(view->cli, PLAIN));
}

static size_t
label_width(const struct inspect_view *view, const struct look_row *rows, size_t count)
{
	size_t width = 0, most = (size_t)(view->cli->width > 40 ? view->cli->width : 40) / 2;

	for (size_t i = 0; i < count; i++)
		width = strlen(rows[i].label) > width ? strlen(rows[i].label) : width;
	return width < most ? width : most;
}

void
look_rows(const struct inspect_view *view, const struct look_row *rows, size_t count)
{
	size_t width = label_width(view, rows, count), indent = 4 + width + 2;
	char behind[512];

	snprintf(behind, sizeof(behind), "%*s", (int)indent, "");
	for (size_t i = 0; i < count; i++) {
		printf("  ");
		if (rows[i].mark < MARK_MAX)
			inspect_mark(view, rows[i].mark);
		else
			putchar(' ');
		printf(" %-*.*s  ", (int)width, (int)width, rows[i].label);
		(void)inspect_wrapped(view, indent, behind, indent, rows[i].text);
		putchar('\n');
	}
}
