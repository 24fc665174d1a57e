/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `certdesk dns` and `certdesk caa` share: they ask the DNS from here, without a server and
 * without a configuration; --config takes the options of the group dns from one. What strangers
 * answer is shown str_show()n, and looked at behind a sandbox that has the network and no files.
 */
#pragma once

#include "cli/inspect_line.h"
#include "pki/name.h"

/* The host of the first parameter; `*ret_wildcard` (NULL: there may be none): it began with "*.".
 * EXIT_USAGE and words. */
int look_host(const struct cli *cli, struct host_name *ret, bool *ret_wildcard) MUST_USE;
/* From --config, --resolver and --views, or as is best on any machine: from the root down,
 * validated by its keys, where that can be. EXIT_… and words. */
int look_config(const struct cli *cli, struct config *ret) MUST_USE;
/* From here on there is the network alone, and whoever sits at the terminal is told that it may
 * take a while, until look_end(). Where nobody has said whom to ask, it is found out. EXIT_… and
 * words. */
int look_begin(struct config *config) MUST_USE;
void look_end(void);

/* A line that says so where a resolver ("" = none was) had to stand for the name servers. */
void look_asked(const struct inspect_view *view, const char *resolver, bool unchecked);

/* Adds host and findings to what `text` says (one JSON object), and takes it over; NULL: it is
 * none. */
json_t *look_told(const char *host, struct str text, const struct findings *findings) MUST_USE;
/* The JSON as it is asked for with --json. */
void look_print(const json_t *told);

/* The verdict in one line. */
void look_verdict(const struct inspect_view *view, enum inspect_mark mark, const char *text);

struct look_row {
	enum inspect_mark mark; /* MARK_MAX = none */
	char label[320], text[1024];
};
/* Lines with a mark, side by side with their labels, which are cut to half the line. */
void look_rows(const struct inspect_view *view, const struct look_row *rows, size_t count);
