/* SPDX-License-Identifier: Apache-2.0 */
/* How answers look to people: tables, an order's picture, findings as what, why, next. */
#pragma once

#include "cli/cli.h"

struct column {
	const char *title, *path; /* "dns.pointed" */
};

void show_table(
    const struct cli *cli, const json_t *items, const struct column *columns, size_t count);
/* Says so when the list goes on, and how to see the rest. */
void show_more(const struct cli *cli, const json_t *answer);
void show_object(const struct cli *cli, const json_t *object);
/* A host name so that a slip is seen: in big letters if wanted, letter by letter where it has others
 * than a-z. */
void show_host(const struct cli *cli, const char *name, bool big_too);
void show_names(const struct cli *cli, const json_t *names); /* of a certificate */
void show_findings(const struct cli *cli, const json_t *findings);
void show_problem(const struct cli *cli, const json_t *problem);
/* The text at a dotted path: numbers, booleans ("yes", "no") and null ("") as text too. */
const char *show_text(const json_t *object, const char *path, char *space, size_t size);
/* Wraps to the terminal, indented; the first line begins with `label`. */
void show_wrapped(const struct cli *cli, const char *label, const char *text);
const char *show_paint(const struct cli *cli, const char *code); /* an escape sequence, or "" */

void show_cas(const struct cli *cli, const json_t *answer);
void show_customers(const struct cli *cli, const json_t *answer);
void show_mailbox_counts(const struct cli *cli, const json_t *answer);
void show_mailboxes(const struct cli *cli, const json_t *answer);
void show_waivers(const struct cli *cli, const json_t *answer);
void show_services(const struct cli *cli, const json_t *answer);
void show_pools(const struct cli *cli, const json_t *answer);
void show_balancers(const struct cli *cli, const json_t *answer);
void show_surveys(const struct cli *cli, const json_t *answer);
void show_survey(const struct cli *cli, const json_t *answer);
void show_orders(const struct cli *cli, const json_t *answer);
void show_order(const struct cli *cli, const json_t *answer);
void show_order_findings(const struct cli *cli, const json_t *answer);
void show_messages(const struct cli *cli, const json_t *answer);
void show_tasks(const struct cli *cli, const json_t *answer);
void show_events(const struct cli *cli, const json_t *answer);
void show_sites(const struct cli *cli, const json_t *answer);
void show_tokens(const struct cli *cli, const json_t *answer);
void show_status(const struct cli *cli, const json_t *answer);
void show_catalogue(const struct cli *cli, const json_t *answer);
void show_plan(const struct cli *cli, const json_t *answer);
void show_tests(const struct cli *cli, const json_t *answer);
void show_verified(const struct cli *cli, const json_t *answer);
