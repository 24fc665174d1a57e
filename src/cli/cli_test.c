/* SPDX-License-Identifier: Apache-2.0 */
/* The table of verbs, held against itself and against docs/openapi.yaml; the command line;
 * requests. */
#include "cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/file.h"

static bool
is_switch_for(const char *flag)
{
	static const char *const globals[] = { "--json", "--config", "--server", "--token-file",
		"--help" };

	for (size_t i = 0; i < COUNT_OF(globals); i++)
		if (strcmp(flag, globals[i]) == 0)
			return true;
	return false;
}

static void
rows_are_sound(void **state UNUSED)
{
	for (size_t i = 0; i < verb_count; i++) {
		const struct verb *v = &verbs[i];

		assert_true((v->method && v->path) || v->run);
		assert_true(v->summary[0] && v->summary[strlen(v->summary) - 1] != '.');
		for (size_t j = 0; j < i; j++)
			assert_false(strcmp(v->noun, verbs[j].noun) == 0 &&
				     strcmp(v->verb, verbs[j].verb) == 0);
		for (size_t p = 0; p < PARAMS_MAX && v->params[p].name; p++) {
			assert_true(v->params[p].help && v->params[p].help[0]);
			assert_true(
			    v->params[p].flag || (v->params[p].value && v->params[p].needed));
			if (!v->params[p].flag)
				continue;
			assert_false(is_switch_for(v->params[p].flag));
			for (size_t q = 0; q < p; q++)
				assert_true(!v->params[q].flag ||
					    strcmp(v->params[p].flag, v->params[q].flag) != 0);
		}
	}
}

/* The path of a row as the description writes it: its parameter is {id} or {ref} there. */
static bool
is_described(struct str yaml, const char *method, const char *path)
{
	static const char *const names[] = { "{ref}", "{id}" };

	for (size_t n = 0; n < COUNT_OF(names); n++) {
		const char *open = strchr(path, '{'), *close = strchr(path, '}');
		char line[256];
		size_t at, end;

		snprintf(line, sizeof(line), "\n  %.*s%s%s:\n",
		    open ? (int)(open - path) : (int)strlen(path), path, open ? names[n] : "",
		    close ? close + 1 : "");
		at = str_find(yaml, str_of(line));
		if (at == yaml.len)
			continue;
		yaml = str_drop(yaml, at + strlen(line));
		end = str_find(yaml, STR("\n  /"));
		snprintf(line, sizeof(line), "    %s:\n", method);
		for (size_t i = 0; line[i]; i++)
			line[i] =
			    line[i] >= 'A' && line[i] <= 'Z' ? (char)(line[i] | 0x20) : line[i];
		return str_find(str_bytes(yaml.p, end), str_of(line)) < end;
	}
	return false;
}

static void
rows_are_in_the_description(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf yaml = BUF(1 << 20);

	assert_int_equal(file_read("docs/openapi.yaml", &yaml), 0);
	for (size_t i = 0; i < verb_count; i++) {
		if (!verbs[i].path)
			continue;
		if (!is_described(buf_str(&yaml), verbs[i].method, verbs[i].path))
			print_error("%s %s\n", verbs[i].method, verbs[i].path);
		assert_true(is_described(buf_str(&yaml), verbs[i].method, verbs[i].path));
	}
	assert_false(is_described(buf_str(&yaml), "PUT", "/orders"));
	assert_false(is_described(buf_str(&yaml), "GET", "/nothing"));
}

/* Splits at spaces. */
static int
understand(struct cli *cli, char *line)
{
	char *argv[32] = { NULL };
	int argc = 0;

	for (char *p = line; p && argc < 31;) {
		argv[argc++] = p;
		p = strchr(p, ' ');
		if (p)
			*p++ = '\0';
	}
	return cli_understand(cli, argc, argv);
}

static void
command_lines(void **state UNUSED)
{
	static const struct {
		const char *line;
		int status;
		const char *method, *path, *body; /* of what is understood; NULL = not looked at */
	} cases[] = {
		{ "certdesk", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk --help", CLI_HELPED, NULL, NULL, NULL },
		{ "certdesk order", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk order --help", CLI_HELPED, NULL, NULL, NULL },
		{ "certdesk order show --help", CLI_HELPED, NULL, NULL, NULL },
		{ "certdesk order show x -h", CLI_HELPED, NULL, NULL, NULL },
		{ "certdesk ordr", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk order shwo", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk order show", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk order show 1 2", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk order show 1 --jsn", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk order list --stage", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk order certificate 1001", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk order certificate 1001 a.pem b.pem", 0, NULL, NULL, NULL },
		{ "certdesk order certificate 1001 a.pfx --accept-foreign-key Eva --statement x", 0,
		    NULL, NULL, NULL },
		{ "certdesk order certificate 1001 a.pfx --accept-foreign-key", EXIT_USAGE, NULL,
		    NULL, NULL },
		{ "certdesk --version", 0, NULL, NULL, NULL },
		{ "certdesk order certificate 1 2 3 4 5 6 7 8 9 a b c d e f g h", 0, NULL, NULL,
		    NULL },
		{ "certdesk order certificate 1 2 3 4 5 6 7 8 9 a b c d e f g h i", EXIT_USAGE,
		    NULL, NULL, NULL },
		{ "certdesk inspect", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk inspect 1 2 3 4 5 6 7 8 9 a b c d e f g h i", 0, NULL, NULL, NULL },
		{ "certdesk inspect - --each -v", 0, NULL, NULL, NULL },
		{ "certdesk inspect -x", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk inspect -- -x --json", 0, NULL, NULL, NULL },
		{ "certdesk inspect --password", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk inspect --help", CLI_HELPED, NULL, NULL, NULL },
		{ "certdesk name", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk name owa.contoso.com --domain", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk status", 0, "GET", "/status", NULL },
		{ "certdesk --json --config /x order show owa.contoso.com", 0, "GET",
		    "/orders/owa.contoso.com", NULL },
		{ "certdesk order show a/b?c", 0, "GET", "/orders/a%2Fb%3Fc", NULL },
		{ "certdesk order show \xc3\xb6.at", 0, "GET", "/orders/%C3%B6.at", NULL },
		{ "certdesk order list --stage live --limit 7", 0, "GET",
		    "/orders?stage=live&limit=7", NULL },
		{ "certdesk service list --customer A&B", 0, "GET", "/services?customer=A%26B",
		    NULL },
		{ "certdesk customer add Contoso --mail a@b.at", 0, "POST", "/customers",
		    "{\"contact_mail\":\"a@b.at\",\"name\":\"Contoso\"}" },
		{ "certdesk customer change Contoso --name Fabrikam", 0, "PATCH",
		    "/customers/Contoso", "{\"name\":\"Fabrikam\"}" },
		{ "certdesk mailboxes add Contoso 420", 0, "POST", "/customers/Contoso/mailboxes",
		    "{\"mailboxes\":420}" },
		{ "certdesk order approve 1001 --certificate 00ff", 0, NULL, NULL, NULL },
		{ "certdesk order confirm 1001 --question 00ff", 0, NULL, NULL, NULL },
		{ "certdesk order install 1001 --reason x", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk order install 1001 --now", EXIT_USAGE, NULL, NULL, NULL },
		{ "certdesk order install 1001 --now --reason outage", 0, "POST",
		    "/orders/1001/install", "{\"now\":true,\"reason\":\"outage\"}" },
		{ "certdesk token revoke 7", 0, "DELETE", "/tokens/7", "{}" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(free_text) char *line = alloc_text(cases[i].line);
		CLEAN(buf_fini) struct buf path = BUF(4096);
		struct cli cli = { 0 };
		json_t *body = NULL;
		int r = understand(&cli, line);

		if (r != cases[i].status)
			print_error("%s: %d\n", cases[i].line, r);
		assert_int_equal(r, cases[i].status);
		if (!cases[i].path)
			continue;
		assert_int_equal(cli_compose(&cli, &path, &body), 0);
		assert_string_equal(cli.verb->method, cases[i].method);
		assert_string_equal(buf_text(&path), cases[i].path);
		if (cases[i].body) {
			char *text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);

			assert_string_equal(text, cases[i].body);
			free(text);
		}
		json_decref(body);
	}
}

/* Files stand among the flags, and behind "--" whatever they are called. */
static void
files(void **state UNUSED)
{
	static const char *const wanted[] = { "a", "-", "--json", "--" };
	char words[][12] = { "certdesk", "inspect", "a", "--name", "x", "--each", "-", "--roots",
		"r", "--", "--json", "--" };
	char *argv[COUNT_OF(words)];
	struct cli cli = { 0 };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		argv[i] = words[i];
	assert_int_equal(cli_understand(&cli, COUNT_OF(words), argv), 0);
	assert_int_equal(cli.file_count, COUNT_OF(wanted));
	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		assert_string_equal(cli.file[i], wanted[i]);
	assert_string_equal(cli_value(&cli, "name"), "x");
	assert_string_equal(cli_value(&cli, "roots"), "r");
	assert_non_null(cli_value(&cli, "each"));
	assert_false(cli.json);
}

static void
several_values_of_one_flag(void **state UNUSED)
{
	char words[][16] = { "certdesk", "name", "--domain", "contoso.com", "owa.contoso.de",
		"--domain", "contoso.de" };
	char *few[COUNT_OF(words)], *many[2 + 2 * (MANY_MAX + 1)] = { words[0], words[1] };
	struct cli cli = { 0 };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		few[i] = words[i];
	assert_int_equal(cli_understand(&cli, COUNT_OF(few), few), 0);
	assert_int_equal(cli.many_count, 2);
	assert_string_equal(cli.many[0], "contoso.com");
	assert_string_equal(cli.many[1], "contoso.de");
	assert_string_equal(cli_value(&cli, "host"), "owa.contoso.de");
	for (size_t i = 2; i < COUNT_OF(many); i++)
		many[i] = words[2 + i % 2];
	cli = (struct cli){ 0 };
	assert_int_equal(cli_understand(&cli, COUNT_OF(many), many), EXIT_USAGE);
}

static void
values_that_cannot_be_sent(void **state UNUSED)
{
	static const char *const lines[] = { "certdesk mailboxes add Contoso many",
		"certdesk customer add \xff\xfe" };

	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		CLEAN(free_text) char *line = alloc_text(lines[i]);
		CLEAN(buf_fini) struct buf path = BUF(4096);
		struct cli cli = { 0 };
		json_t *body = NULL;

		assert_int_equal(understand(&cli, line), 0);
		assert_int_equal(cli_compose(&cli, &path, &body), EXIT_USAGE);
		assert_null(body);
	}
}

static void
init_in_a_folder(void **state UNUSED)
{
	static const char *const files[] = { "certdesk.yaml", "kek", "token", "data/certdesk.db" };
	char folder[] = "/tmp/certdesk-cli-XXXXXX", line[128], path[512], before[512], after[512];

	assert_non_null(mkdtemp(folder));
	for (int round = 0; round < 4; round++) {
		struct cli cli = { 0 };
		CLEAN(buf_fini) struct buf token = BUF_SECRET(512);
		int wanted = round < 2 ? EXIT_DONE : EXIT_FINDINGS;

		snprintf(line, sizeof(line), "certdesk init --dir %s", folder);
		snprintf(path, sizeof(path), "%s/%s", folder, round == 2 ? "token" : "kek");
		if (round == 2) /* somebody else's token */
			assert_int_equal(file_write(path, STR("cd_other\n"), 0600), 0);
		if (round == 3)
			assert_int_equal(file_remove(path), 0);
		assert_int_equal(understand(&cli, line), 0);
		assert_int_equal(cli.verb->run(&cli), wanted);
		snprintf(path, sizeof(path), "%s/token", folder);
		assert_int_equal(file_read_secret(path, &token), 0);
		snprintf(round == 0 ? before : after, 512, "%s", buf_text(&token));
		if (round == 1) /* what is there is kept */
			assert_string_equal(before, after);
	}
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		assert_int_equal(access(path, F_OK) == 0, strcmp(files[i], "kek") != 0);
		(void)unlink(path);
	}
	snprintf(path, sizeof(path), "%s/data", folder);
	(void)rmdir(path);
	(void)rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_sound),
		cmocka_unit_test(rows_are_in_the_description),
		cmocka_unit_test(command_lines),
		cmocka_unit_test(files),
		cmocka_unit_test(several_values_of_one_flag),
		cmocka_unit_test(values_that_cannot_be_sent),
		cmocka_unit_test(init_in_a_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
