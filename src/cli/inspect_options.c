/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#include "pki/data.h"
#include "base/error.h"
#include "cli/host.h"
#include "cli/inspect_session.h"
#include "sys/file.h"
#include "sys/world.h"

/* Whoever looks at the list of processes sees the command line: not for longer than we need. */
static void
take_from_argv(const char *value, struct buf *to)
{
	buf_put_text(to, value);
	OPENSSL_cleanse((char *)(uintptr_t)value, strlen(value));
}

static int
read_password_file(const char *path, struct buf *to)
{
	size_t end;

	if (file_read_given(path, READ_PASSWORD_MAX + 2, to) != 0)
		return cli_fail(EXIT_USAGE, "the password file %s cannot be read", path);
	end = str_find(buf_str(to), STR("\n"));
	if (end > 0 && end < to->len && to->data[end - 1] == '\r')
		end--;
	buf_truncate(to, end);
	return 0;
}

/* How many want to read standard input. */
static size_t
readers_of_stdin(const struct cli *cli)
{
	const char *const options[] = { cli_value(cli, "password_file"), cli_value(cli, "csr") };
	size_t count = 0;

	for (size_t i = 0; i < cli->file_count; i++)
		count += strcmp(cli->file[i], "-") == 0;
	for (size_t i = 0; i < COUNT_OF(options); i++)
		count += options[i] && strcmp(options[i], "-") == 0;
	return count;
}

static int
take_password(struct inspect_session *s)
{
	const char *word = cli_value(s->cli, "password"),
		   *path = cli_value(s->cli, "password_file");
	int r = 0;

	s->password = BUF_SECRET(READ_PASSWORD_MAX + 2);
	if (word)
		take_from_argv(word, &s->password);
	if (word && path)
		return cli_fail(EXIT_USAGE, "--password or --password-file, not both");
	if (readers_of_stdin(s->cli) > 1)
		return cli_fail(EXIT_USAGE, "standard input (-) can be read only once");
	if (path)
		r = read_password_file(path, &s->password);
	if (r == 0 && (buf_failed(&s->password) || s->password.len > READ_PASSWORD_MAX))
		return cli_fail(EXIT_USAGE, "a password has at most %d bytes", READ_PASSWORD_MAX);
	s->question->has_password = word || path;
	s->question->password = buf_str(&s->password);
	return r;
}

static int
take_name(struct inspect_session *s)
{
	const char *name = cli_value(s->cli, "name");
	struct host_name host;
	int r;

	if (!name)
		return 0;
	r = cli_host(name, "--name: ", &host);
	if (r == 0)
		str_copy(str_of(host.text), s->question->host, READ_HOST_SIZE);
	return r;
}

static int
take_time(struct inspect_session *s)
{
	const char *at = cli_value(s->cli, "at");
	char whole[WHEN_RFC3339_SIZE];

	s->question->now = world_now(world_real());
	if (!at)
		return 0;
	snprintf(whole, sizeof(whole), "%s%s", at, strlen(at) == 10 ? "T00:00:00Z" : "");
	return when_parse(str_of(whole), &s->question->now)
	           ? 0
	           : cli_fail(EXIT_USAGE,
			 "--at: \"%s\" is no time; write 2027-03-15 or 2027-03-15T14:00:00Z", at);
}

static int
take_csr(struct inspect_session *s)
{
	const char *path = cli_value(s->cli, "csr");

	s->csr_text = BUF(INSPECT_CSR_MAX);
	if (path && file_read_given(path, INSPECT_CSR_MAX, &s->csr_text) != 0)
		return cli_fail(EXIT_USAGE, "the request %s cannot be read", path);
	s->csr = buf_str(&s->csr_text);
	return 0;
}

/* An input that holds the private key would be lost by it. */
static int
take_fix(struct inspect_session *s)
{
	const struct cli *cli = s->cli;

	s->fix = cli_value(cli, "fix");
	if (!s->fix)
		return 0;
	if (s->each)
		return cli_fail(
		    EXIT_USAGE, "--fix writes one chain, and --each looks at many files");
	if (strcmp(s->fix, "-") == 0)
		return cli_fail(EXIT_USAGE, "--fix needs the name of a file");
	for (size_t i = 0; i < cli->file_count; i++)
		if (file_is_same(s->fix, cli->file[i]))
			return cli_fail(EXIT_USAGE,
			    "--fix would write over %s, which may hold more than the chain",
			    cli->file[i]);
	return 0;
}

static int
tell_trust(const char *what, const char *path, int r)
{
	return cli_fail(EXIT_USAGE, "%s %s: %s", what, path,
	    r == TRUST_E_NONE ? "no certificate is in it" : error_words(r));
}

static int
load_trust(struct inspect_session *s)
{
	const char *roots = cli_value(s->cli, "roots"),
		   *intermediates = cli_value(s->cli, "intermediates");
	char words[DISTRUST_TEXT_SIZE] = "";
	int r = trust_read_roots(&s->trust, roots ? roots : TRUST_FILE);

	if (r)
		return tell_trust("the roots", roots ? roots : TRUST_FILE, r);
	if (intermediates)
		r = trust_read_intermediates(&s->trust, intermediates);
	if (r)
		return tell_trust("the intermediates", intermediates, r);
	r = trust_read_distrust(&s->trust, "", words);
	if (r)
		return cli_fail(EXIT_INTERNAL, "the list of distrusted CAs: %s", words);
	if (ct_logs_new(data_ct_logs, &s->ct_logs))
		return cli_fail(EXIT_INTERNAL, "the list of public logs cannot be read");
	/* Roots of one's own are not public ones (docs/decisions/0008). */
	s->setting = (struct judge_setting){
		.trust = &s->trust, .ct_logs = s->ct_logs, .public_rules = !roots
	};
	return 0;
}

static int
load_tools(struct inspect_session *s)
{
	bool legacy;

	/* The system's OpenSSL configuration costs time and could change the answer. */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 ||
	    delivery_tools_new(&s->tools, &legacy) != 0)
		return cli_fail(EXIT_INTERNAL, "OpenSSL cannot be used");
	return 0;
}

static int
be_strict(struct inspect_session *s UNUSED)
{
	return delivery_strict_memory() ? cli_fail(EXIT_INTERNAL, "OpenSSL is in use already") : 0;
}

int
inspect_prepare(struct inspect_session *s)
{
	int (*const steps[])(struct inspect_session *) = { be_strict, take_password, take_name,
		take_time, take_csr, take_fix, load_trust, load_tools };
	int r = 0;

	s->each = cli_value(s->cli, "each") || s->cli->file_count > DELIVERY_FILES_MAX;
	for (size_t i = 0; r == 0 && i < COUNT_OF(steps); i++)
		r = steps[i](s);
	s->view = (struct inspect_view){
		.cli = s->cli, .now = s->question->now, .all = cli_value(s->cli, "verbose") != NULL
	};
	return r;
}
