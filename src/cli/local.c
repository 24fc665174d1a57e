/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that need no server. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/error.h"
#include "cli/cli.h"
#include "order/order.h"
#include "pki/kek_file.h"
#include "store/tokens.h"
#include "sys/file.h"
#include "sys/world.h"

static int
print(const struct buf *text)
{
	return fputs(buf_text(text), stdout) < 0 ? EXIT_INTERNAL : EXIT_DONE;
}

int
run_config_defaults(struct cli *cli UNUSED)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 18);

	config_print_defaults(&text);
	return print(&text);
}

int
run_config_manual(struct cli *cli UNUSED)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 18);

	config_print_manual(&text);
	return print(&text);
}

static int
tell_mistakes(const struct config_mistakes *mistakes)
{
	for (size_t i = 0; i < mistakes->count; i++)
		fprintf(stderr, "%s:%zu:%zu: %s\n", mistakes->list[i].file, mistakes->list[i].line, mistakes->list[i].column, mistakes->list[i].words);
	return EXIT_FINDINGS;
}

static int
read_config(const char *path, struct config *ret)
{
	struct config_mistakes *mistakes = alloc_zero(sizeof(*mistakes));
	int r = config_read(path, ret, mistakes);

	if (r == CONFIG_E_ABSENT)
		r = cli_fail(EXIT_USAGE, "there is no configuration %s", path);
	else if (r == CONFIG_E_MISTAKES)
		r = tell_mistakes(mistakes);
	else if (r)
		r = cli_fail(EXIT_USAGE, "%s cannot be read: %s", path, error_words(r));
	free(mistakes);
	return r;
}

int
run_config_check(struct cli *cli)
{
	struct config *config = alloc_zero(sizeof(*config));
	int r = read_config(cli->config_path, config);

	if (r == 0)
		printf("%s is in order: %zu load balancer(s), API at %s\n", cli->config_path, config->balancer_count, config->desk_listen);
	free(config);
	return r;
}

int
run_manual_stages(struct cli *cli)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 18);

	if (cli_value(cli, "dot"))
		order_diagram_dot(&text);
	else
		order_diagram_text(&text);
	return print(&text);
}

int
run_version(struct cli *cli UNUSED)
{
	return puts("certdesk " CERTDESK_VERSION) < 0 ? EXIT_INTERNAL : EXIT_DONE;
}

/* Nouns first, then each noun's verbs, then the verb's flags; files for the rest. */
int
run_completion(struct cli *cli UNUSED)
{
	puts("_certdesk() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} noun=${COMP_WORDS[1]} verb=${COMP_WORDS[2]}\n\tlocal words=\n"
	     "\tcase $COMP_CWORD:$noun:$verb in");
	printf("\t1:*) words='");
	for (size_t i = 0; i < verb_count; i++)
		if (i == 0 || strcmp(verbs[i].noun, verbs[i - 1].noun) != 0)
			printf("%s ", verbs[i].noun);
	puts("' ;;");
	for (size_t i = 0; i < verb_count; i++) {
		if (verbs[i].verb[0] && (i == 0 || strcmp(verbs[i].noun, verbs[i - 1].noun) != 0)) {
			printf("\t2:%s:*) words='", verbs[i].noun);
			for (size_t j = i; j < verb_count && strcmp(verbs[i].noun, verbs[j].noun) == 0; j++)
				printf("%s ", verbs[j].verb);
			puts("' ;;");
		}
	}
	for (size_t i = 0; i < verb_count; i++) {
		printf("\t*:%s:%s) words='--json --help ", verbs[i].noun, verbs[i].verb[0] ? verbs[i].verb : "*");
		for (size_t p = 0; p < PARAMS_MAX && verbs[i].params[p].name; p++)
			if (verbs[i].params[p].flag)
				printf("%s ", verbs[i].params[p].flag);
		puts("' ;;");
	}
	puts("\tesac\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -o default -F _certdesk certdesk");
	return EXIT_DONE;
}

/* ---- init ---- */

static void
told(const char *what, const char *path, bool made)
{
	printf("%-22s %s  %s\n", what, path, made ? "made" : "was there, kept");
}

static bool
exists(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0;
}

static void
put_replaced(struct str text, struct str what, const char *by, struct buf *to)
{
	while (text.len > 0) {
		size_t at = str_find(text, what);

		buf_put(to, text.p, at);
		if (at == text.len)
			return;
		buf_put_text(to, by);
		text = str_drop(text, at + what.len);
	}
}

/* The defaults; below one folder if that was wished. */
static void
write_config_text(const char *dir, struct buf *to)
{
	CLEAN(buf_fini) struct buf defaults = BUF(1 << 18);
	CLEAN(buf_fini) struct buf half = BUF(1 << 18);
	char data[CONFIG_PATH_SIZE], kek[CONFIG_PATH_SIZE];

	config_print_defaults(&defaults);
	if (!dir) {
		buf_put_str(to, buf_str(&defaults));
		return;
	}
	snprintf(data, sizeof(data), "%s/data", dir);
	snprintf(kek, sizeof(kek), "%s/kek", dir);
	put_replaced(buf_str(&defaults), STR("/var/lib/certdesk"), data, &half);
	put_replaced(buf_str(&half), STR("/etc/certdesk/kek"), kek, to);
}

static void
folder_of(const char *path, char *to, size_t size)
{
	const char *slash = strrchr(path, '/');

	snprintf(to, size, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
}

static int
make_config(const char *path, const char *dir)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 18);
	char folder[CONFIG_PATH_SIZE];
	bool there = exists(path);
	int r;

	folder_of(path, folder, sizeof(folder));
	r = file_make_folder(folder, 0755);
	write_config_text(dir, &text);
	if (r == 0 && !there)
		r = file_write(path, buf_str(&text), 0644);
	if (r)
		return cli_fail(EXIT_INTERNAL, "%s cannot be written: %s", path, error_words(r));
	told("configuration", path, !there);
	return 0;
}

static int
make_kek(const struct config *config)
{
	CLEAN(buf_fini) struct buf text = BUF_SECRET(4096);
	char folder[CONFIG_PATH_SIZE];
	bool there = exists(config->kek_file);
	int r;

	folder_of(config->kek_file, folder, sizeof(folder));
	r = file_make_folder(folder, 0755);
	kek_make(world_real(), &text);
	if (r == 0 && !there)
		r = file_write(config->kek_file, buf_str(&text), 0600);
	if (r)
		return cli_fail(EXIT_INTERNAL, "%s cannot be written: %s", config->kek_file, error_words(r));
	told("key-encryption key", config->kek_file, !there);
	return 0;
}

static int
make_token(struct store *store, const char *path)
{
	struct token token = { .name = "init", .role = TOKEN_PROVIDER };
	CLEAN(buf_fini) struct buf text = BUF_SECRET(256);
	char secret[TOKEN_SECRET_SIZE];
	int r = store_begin(store);

	if (r == 0)
		r = store_token_add(store, &token, secret);
	if (r == 0)
		buf_printf(&text, "%s\n", secret);
	if (r == 0)
		r = file_write(path, buf_str(&text), 0600);
	return r ? r : store_commit(store, "init.token");
}

static int
make_store(const struct config *config, const char *token_file)
{
	CLEAN(store_free) struct store *store = NULL;
	char path[CONFIG_PATH_SIZE + 16];
	bool there, token_there = exists(token_file);
	int r = file_make_folder(config->data, 0700);

	snprintf(path, sizeof(path), "%s/certdesk.db", config->data);
	there = exists(path);
	if (r == 0)
		r = store_open(path, world_real(), &store);
	if (r)
		return cli_fail(EXIT_INTERNAL, "the database %s cannot be opened: %s", path, r == STORE_E_NEWER ? "made by a newer certdesk" : error_words(r));
	store_set_actor(store, "init");
	told("database", path, !there);
	r = token_there ? 0 : make_token(store, token_file);
	if (r)
		return cli_fail(EXIT_INTERNAL, "the first token cannot be made");
	told("provider's token", token_file, !token_there);
	return 0;
}

int
run_init(struct cli *cli)
{
	struct config *config = alloc_zero(sizeof(*config));
	const char *dir = cli_value(cli, "dir");
	char path[CONFIG_PATH_SIZE], token[CONFIG_PATH_SIZE + 16];
	int r;

	snprintf(path, sizeof(path), "%s%s", dir ? dir : cli->config_path, dir ? "/certdesk.yaml" : "");
	snprintf(token, sizeof(token), "%s%s", dir ? dir : cli->token_file, dir ? "/token" : "");
	r = make_config(path, dir);
	if (r == 0)
		r = read_config(path, config);
	if (r == 0)
		r = make_kek(config);
	if (r == 0)
		r = make_store(config, token);
	if (r == 0)
		printf("\nKeep a copy of the key-encryption key apart from the database's: without it no key can be used again.\n"
		       "Start it with: certdeskd --config %s\n", path);
	free(config);
	return r;
}
