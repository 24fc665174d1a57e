/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certdesk init: what a first start needs. What is there is kept and never overwritten; what does
 * not belong together is told.
 */
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/error.h"
#include "cli/cli.h"
#include "pki/kek_file.h"
#include "store/tokens.h"
#include "sys/file.h"
#include "sys/world.h"

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

/* The defaults; below one folder if that was wished, and then without a port that another one may
 * have. */
static void
write_config_text(const char *dir, struct buf *to)
{
	CLEAN(buf_fini) struct buf defaults = BUF(1 << 18);
	CLEAN(buf_fini) struct buf half = BUF(1 << 18);
	CLEAN(buf_fini) struct buf most = BUF(1 << 18);
	char data[CONFIG_PATH_SIZE], kek[CONFIG_PATH_SIZE], listen[CONFIG_PATH_SIZE];

	config_print_defaults(&defaults);
	if (!dir) {
		buf_put_str(to, buf_str(&defaults));
		return;
	}
	snprintf(data, sizeof(data), "%s/data", dir);
	snprintf(kek, sizeof(kek), "%s/kek", dir);
	put_replaced(buf_str(&defaults), STR("/var/lib/certdesk"), data, &half);
	snprintf(listen, sizeof(listen), "unix:%s/api", dir);
	put_replaced(buf_str(&half), STR("/etc/certdesk/kek"), kek, &most);
	put_replaced(buf_str(&most), STR("127.0.0.1:8780"), listen, to);
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

static void
database_of(const struct config *config, char *to, size_t size)
{
	snprintf(to, size, "%s/certdesk.db", config->data);
}

/* A new KEK beside an old database would look well and open none of its keys. */
static int
refuse_lost_kek(const struct config *config)
{
	char database[CONFIG_PATH_SIZE + 16];

	database_of(config, database, sizeof(database));
	if (exists(config->kek_file) || !exists(database))
		return 0;
	return cli_fail(EXIT_FINDINGS,
	    "%s is there, but the key-encryption key %s is not: bring it back from its copy (a new one cannot open "
	    "the keys in the database), or move the database away",
	    database, config->kek_file);
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
		return cli_fail(
		    EXIT_INTERNAL, "%s cannot be written: %s", config->kek_file, error_words(r));
	told("key-encryption key", config->kek_file, !there);
	return 0;
}

/* Dying in between leaves a token that nobody knows; the next init makes another one. */
static int
make_token(struct store *store, const char *path)
{
	struct token token = { .name = "init", .role = TOKEN_PROVIDER };
	CLEAN(buf_fini) struct buf text = BUF_SECRET(256);
	char secret[TOKEN_SECRET_SIZE] = "";
	int r = store_begin(store);

	if (r == 0)
		r = store_token_add(store, &token, secret);
	if (r == 0)
		buf_printf(&text, "%s\n", secret);
	if (r == 0)
		r = store_commit(store, "init.token");
	if (r == 0)
		r = file_write(path, buf_str(&text), 0600);
	sodium_memzero(secret, sizeof(secret));
	return r;
}

static int
check_token(struct store *store, const char *path)
{
	CLEAN(buf_fini) struct buf text = BUF_SECRET(4096);
	struct token token;
	int r = file_read_secret(path, &text);

	if (r == FILE_E_MODE)
		return cli_fail(EXIT_FINDINGS, "%s can be read by others; make it mode 0600", path);
	if (r)
		return cli_fail(EXIT_FINDINGS, "%s cannot be read", path);
	r = store_token_find(store, str_trim(buf_str(&text)), &token);
	if (r == STORE_E_ABSENT)
		return cli_fail(EXIT_FINDINGS,
		    "the token in %s does not open this database; move it away and run init again for a new one",
		    path);
	return r ? cli_fail(EXIT_INTERNAL, "the token in %s cannot be looked up", path) : 0;
}

static int
make_store(const struct config *config, const char *token_file)
{
	CLEAN(store_free) struct store *store = NULL;
	char path[CONFIG_PATH_SIZE + 16];
	bool there, token_there = exists(token_file);
	int r = file_make_folder(config->data, 0700);

	database_of(config, path, sizeof(path));
	there = exists(path);
	if (r == 0)
		r = store_open(path, world_real(), &store);
	if (r)
		return cli_fail(EXIT_INTERNAL, "the database %s cannot be opened: %s", path,
		    r == STORE_E_NEWER ? "made by a newer certdesk" : error_words(r));
	store_set_actor(store, "init");
	told("database", path, !there);
	if (token_there)
		r = check_token(store, token_file);
	else if (make_token(store, token_file) != 0)
		r = cli_fail(EXIT_INTERNAL, "the first token cannot be made in %s", token_file);
	if (r)
		return r;
	told("provider's token", token_file, !token_there);
	return 0;
}

static int
make_all(const char *config_path, const char *token_path, const char *dir)
{
	struct config *config = alloc_zero(sizeof(*config));
	int r = make_config(config_path, dir);

	if (r == 0)
		r = cli_read_config(config_path, config);
	if (r == 0)
		r = refuse_lost_kek(config);
	if (r == 0)
		r = make_kek(config);
	if (r == 0)
		r = make_store(config, token_path);
	if (r == 0)
		printf(
		    "\nKeep a copy of the key-encryption key apart from the database's: without it no key can be used again.\n"
		    "Start it with: certdeskd --config %s\n",
		    config_path);
	free(config);
	return r;
}

/* Paths in a configuration are absolute. */
static int
make_dir(const char *wished, char to[static PATH_MAX])
{
	int r = file_make_folder(wished, 0700);

	if (r == 0 && !realpath(wished, to))
		r = error_origin(errno);
	if (r)
		return cli_fail(EXIT_INTERNAL, "%s cannot be made: %s", wished, error_words(r));
	return strlen(to) < CONFIG_PATH_SIZE / 2
	           ? 0
	           : cli_fail(EXIT_USAGE, "--dir: %s is too long", to);
}

int
run_init(struct cli *cli)
{
	const char *wished = cli_value(cli, "dir");
	char dir[PATH_MAX], config[CONFIG_PATH_SIZE], token[CONFIG_PATH_SIZE + 8];
	int r;

	if (!wished) { /* the first token lies beside the configuration, whatever token this call
		          would use */
		folder_of(cli->config_path, config, sizeof(config));
		snprintf(token, sizeof(token), "%s/token", config);
		return make_all(cli->config_path, token, NULL);
	}
	r = make_dir(wished, dir);
	if (r)
		return r;
	snprintf(config, sizeof(config), "%.128s/certdesk.yaml", dir);
	snprintf(token, sizeof(token), "%.128s/token", dir);
	return make_all(config, token, dir);
}
