/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command `certdesk`: a table of verbs over the API (verbs.c). A row names the request it
 * makes, its parameters and how its answer is shown; --help and the shell completion are printed
 * from the same rows.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "config/config.h"

#define CLI_CONFIG "/etc/certdesk/certdesk.yaml"

enum { EXIT_DONE = 0, EXIT_FINDINGS = 1, EXIT_USAGE = 2, EXIT_UNREACHABLE = 3, EXIT_INTERNAL = 4 };
#define CLI_HELPED (-1) /* of cli_understand(): help was asked for and printed */

#define PARAMS_MAX 16
#define MANY_MAX   64
#define FILES_ANY  SIZE_MAX

struct param {
	const char *name;           /* member of the body, or {name} in the path */
	const char *flag;           /* "--prefix"; NULL = by its place */
	const char *value;          /* "PREFIX", for --help; NULL = a switch */
	bool needed, number, query; /* query: goes behind ? */
	bool many; /* may be given several times; one such row at most: cli->many */
	const char *help;
};

struct cli;
typedef int verb_fn(struct cli *cli);

struct verb {
	const char *noun, *verb;
	const char *summary;
	const char *method, *path; /* below /api/v1; NULL: `run` does all */
	struct param params[PARAMS_MAX];
	size_t files; /* takes so many file names behind its parameters, "-" among them */
	bool alone;   /* needs neither configuration nor server */
	verb_fn *run; /* NULL: request, then show */
	void (*show)(const struct cli *cli, const json_t *answer); /* NULL: key and value lines */
};

extern const struct verb verbs[];
extern const size_t verb_count;

struct cli {
	const struct verb *verb;
	const char *value[PARAMS_MAX]; /* by place in verb->params; NULL = not given */
	const char *many[MANY_MAX];    /* all values of the row that may have several */
	size_t many_count;
	char **file; /* in argv, whose front is not needed any more */
	size_t file_count;
	const char *config_path, *server, *token_file;
	char **argv; /* all of it */
	bool json;
	bool terminal, colour, utf8; /* what standard output is, and shows */
	int width;                   /* of the terminal */
	struct config *config;       /* NULL: could not be read */
};

const char *cli_value(const struct cli *cli, const char *name); /* NULL = not given */
/* A point in time as `option` takes it, now for NULL; or EXIT_USAGE and words. */
int cli_time(const char *at, const char *option, when *ret) MUST_USE;
/* A sentence on stderr; returns `status`. */
int cli_fail(int status, const char *format, ...) PRINTF_LIKE(2, 3) MUST_USE;

/* Finds the verb and its values. EXIT_USAGE and words on stderr, or CLI_HELPED. */
int cli_understand(struct cli *cli, int argc, char **argv) MUST_USE;
/* The request of the verb's row: path with its query, and the body (NULL for GET). EXIT_USAGE and
 * words. */
int cli_compose(const struct cli *cli, struct buf *path, json_t **ret_body) MUST_USE;
/* The request of the verb's row; the answer is shown, or the problem. An exit status. */
int cli_request(struct cli *cli) MUST_USE;
/* Text from the command line as JSON; NULL and words for what is not UTF-8. */
json_t *cli_json_text(const char *what, const char *text);
/* As one segment of a path, or the value of a query. */
void cli_put_escaped(struct buf *to, struct str text);
/* One request: *ret_status and the answer (NULL if it has none). EXIT_… and words on stderr when
 * nobody answers. */
int cli_call(struct cli *cli, const char *method, const char *path, json_t *body, long *ret_status,
    json_t **ret) MUST_USE;
/* The same for what is no JSON; `accept` is a media type. */
int cli_call_text(struct cli *cli, const char *path, const char *accept, struct buf *ret_text,
    long *ret_status) MUST_USE;
/* Shows what came back: the answer by the row, or the problem with its findings. Takes over
 * nothing. */
int cli_show(struct cli *cli, long status, json_t *answer) MUST_USE;

/* EXIT_… and every mistake on stderr. */
int cli_read_config(const char *path, struct config *ret) MUST_USE;

/* own verbs */
verb_fn run_init, run_config_check, run_config_defaults, run_config_manual, run_manual_command,
    run_manual_findings, run_manual_stages, run_findings, run_completion, run_version, run_inspect,
    run_name;
/* Those that ask the world outside: done by certdesk-look, which has the libraries for it
 * (docs/decisions/0023). */
verb_fn run_caa, run_dns, run_org;
/* "/orders/REF" and what is behind it. */
void cli_order_path(const struct cli *cli, const char *behind, struct buf *to);
/* Asks for what is behind the order, or tells it {member: text}, which `option` gave; what is made of
 * the answer is the exit status. */
typedef int cli_answer_fn(struct cli *cli, long status, json_t *answer);
int cli_order_get(struct cli *cli, const char *behind, cli_answer_fn *then) MUST_USE;
int cli_order_post(struct cli *cli, const char *behind, const char *option, const char *member,
    const char *text, cli_answer_fn *then) MUST_USE;
verb_fn run_survey, run_survey_again, run_mailboxes_file, run_mailboxes_count;
/* Asked only where a person sits; anything but yes is no. */
bool cli_says_yes(const char *question);
verb_fn run_order_add, run_order_accept, run_order_approve, run_order_certificate,
    run_order_confirm, run_order_csr, run_order_wait;
