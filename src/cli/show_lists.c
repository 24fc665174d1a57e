/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of the API, each as people read it. */
#include <stdio.h>

#include "cli/show.h"

#define ITEMS(answer) json_object_get((answer), "items")
#define TABLE(name, ...)                                                    \
	void show_##name(const struct cli *cli, const json_t *answer)       \
	{                                                                   \
		static const struct column columns[] = { __VA_ARGS__ };     \
                                                                            \
		show_table(cli, ITEMS(answer), columns, COUNT_OF(columns)); \
		show_more(cli, answer);                                     \
	}                                                                   \
	struct macro_swallow_semicolon

/* clang-format off */
TABLE(customers, { "NAME", "name" }, { "ORGANIZATION", "organization" }, { "CONTACT", "contact_mail" }, { "ID", "id" });
TABLE(mailbox_counts, { "COUNTED", "counted" }, { "MAILBOXES", "mailboxes" }, { "SOURCE", "source" }, { "WHO", "author" }, { "LISTED", "listed" },
      { "LEFT OUT", "left_out" }, { "ASKED", "asked" }, { "ID", "id" });
TABLE(mailboxes, { "NO", "number" }, { "MAILBOX", "name" });
TABLE(waivers, { "PROPOSED", "given" }, { "WHO", "author" }, { "CONFIRMED", "confirmed" }, { "BY", "second" }, { "EXPIRES", "expires" },
      { "REASON", "reason" }, { "ID", "id" });
TABLE(services, { "NAME", "name" }, { "KIND", "kind" }, { "POOL", "pool" }, { "BACKEND", "backend" }, { "PROTECTION", "protection" }, { "BACKEND TLS", "backend_tls" }, { "URL", "url" }, { "ID", "id" });
TABLE(pools, { "NAME", "name" }, { "BALANCER", "balancer" }, { "PREFIX", "prefix" }, { "FREE", "free" }, { "RESERVED", "reserved" },
      { "IN USE", "in_use" }, { "QUARANTINE", "quarantine" });
TABLE(balancers, { "NAME", "name" }, { "DRIVER", "driver" }, { "WINDOWS", "windows" }, { "OPENS", "opens" }, { "FROZEN UNTIL", "frozen_until" },
      { "APPROVAL", "approval" });
TABLE(surveys, { "ASKED", "asked" }, { "KIND", "kind" }, { "STATE", "state" }, { "ROWS", "rows" }, { "WHO", "author" }, { "WORDS", "words" }, { "ID", "id" });
TABLE(orders, { "ORDER", "number" }, { "HOST", "host" }, { "KIND", "kind" }, { "STAGE", "stage" }, { "TURN", "waits_for" },
      { "ADDRESS", "address" }, { "CHANGED", "changed" });
TABLE(messages, { "SENT", "sent" }, { "TO", "to" }, { "SUBJECT", "subject" }, { "SERVER SAID", "words" });
TABLE(tasks, { "TASK", "kind" }, { "DUE", "due" }, { "TRIED", "attempts" }, { "OUTCOME", "outcome" }, { "WORDS", "words" });
TABLE(events, { "NO", "sequence" }, { "AT", "at" }, { "WHO", "actor" }, { "WHAT", "action" }, { "OBJECT", "object_id" });
TABLE(sites, { "HOST", "host" }, { "ADDRESS", "address" }, { "BALANCER", "balancer" }, { "VALID UNTIL", "not_after" }, { "RETIRED", "retired" });
TABLE(tokens, { "NAME", "name" }, { "ROLE", "role" }, { "CREATED", "created" }, { "REVOKED", "revoked" }, { "ID", "id" });
TABLE(catalogue, { "CODE", "code" }, { "SEVERITY", "severity" }, { "OWNER", "owner" }, { "TITLE", "title" });
/* clang-format on */

void
show_order_findings(const struct cli *cli, const json_t *answer)
{
	show_findings(cli, ITEMS(answer));
}

static void
line(const struct cli *cli, const char *label, const char *text)
{
	if (text[0] != '\0')
		printf("  %s%-12s%s %s\n", show_paint(cli, "\x1b[2m"), label,
		    show_paint(cli, "\x1b[0m"), text);
}

static const char *
stage_colour(const char *stage)
{
	if (strcmp(stage, "live") == 0)
		return "\x1b[1;32m";
	return strcmp(stage, "refused") == 0 || strcmp(stage, "retired") == 0 ? "\x1b[31m"
	                                                                      : "\x1b[1;33m";
}

static void
show_dns(const struct cli *cli, const json_t *order)
{
	char name[300], type[8], value[64], mode[8], text[512];
	bool last = strcmp(show_text(order, "dns.when", mode, sizeof(mode)), "last") == 0;
	bool pointed = strcmp(show_text(order, "dns.pointed", text, sizeof(text)), "yes") == 0;
	bool tested = json_object_get(json_object_get(order, "facts"), "tested") != NULL;

	snprintf(text, sizeof(text), "%s. %s %s  (%s)",
	    show_text(order, "dns.record.name", name, sizeof(name)),
	    show_text(order, "dns.record.type", type, sizeof(type)),
	    show_text(order, "dns.record.value", value, sizeof(value)),
	    pointed           ? "set: it points at our address"
	    : last && !tested ? "do not change it yet: a site answers there today"
			      : "not set yet");
	line(cli, "dns record", text);
}

static void
show_certificate(const struct cli *cli, const json_t *order)
{
	const json_t *certificate = json_object_get(order, "certificate");
	char issuer[300], until[40], text[512];

	if (!json_is_object(certificate))
		return;
	snprintf(text, sizeof(text), "by %s, until %s",
	    show_text(certificate, "issuer", issuer, sizeof(issuer)),
	    show_text(certificate, "not_after", until, sizeof(until)));
	line(cli, "certificate", text);
}

/* What the one whose turn it is does next, as commands. */
static void
show_next(const struct cli *cli, const json_t *order)
{
	const json_t *facts = json_object_get(order, "facts");
	char number[24], turn[16], state[16], text[256];

	show_text(order, "installation.state", state, sizeof(state));
	show_text(order, "number", number, sizeof(number));
	show_text(order, "waits_for", turn, sizeof(turn));
	text[0] = '\0';
	if (strcmp(turn, "provider") == 0 && strcmp(state, "by_hand") == 0)
		snprintf(text, sizeof(text),
		    "do what certdesk order plan %s says, then: certdesk order done %s", number,
		    number);
	else if (json_object_get(facts, "unapproved") && !json_object_get(facts, "stuck"))
		snprintf(text, sizeof(text),
		    "somebody who did not accept it: certdesk order approve %s", number);
	else if (json_object_get(facts, "doubted"))
		snprintf(text, sizeof(text),
		    "look and confirm, or cancel: certdesk order confirm %s", number);
	else if (strcmp(turn, "provider") == 0)
		snprintf(text, sizeof(text), "see to the trouble, then: certdesk order go-on %s",
		    number);
	else if (strcmp(turn, "customer") == 0 && !json_object_get(facts, "certified"))
		snprintf(text, sizeof(text),
		    "buy with: certdesk order csr %s; then: certdesk order certificate %s FILE...",
		    number, number);
	else if (strcmp(turn, "customer") == 0)
		snprintf(
		    text, sizeof(text), "set the DNS record, then: certdesk order dns %s", number);
	line(cli, "next", text);
}

static void
show_key(const struct cli *cli, const json_t *order)
{
	char words[64], origin[32], space[128];

	show_text(order, "key.words", words, sizeof(words));
	show_text(order, "key.origin", origin, sizeof(origin));
	snprintf(space, sizeof(space), "%s%s", words,
	    strcmp(origin, "customer") == 0 ? ", not made here: it came with the certificate" : "");
	line(cli, "key", space);
}

void
show_order(const struct cli *cli, const json_t *order)
{
	static const struct {
		const char *label, *path;
	} before[] = { { "turn", "waits_for" }, { "trouble", "trouble" } },
	  middle[] = { { "kind", "kind" }, { "address", "address" }, { "balancer", "balancer" } },
	  after[] = { { "installed", "facts.installed" }, { "tested", "facts.tested" },
		  { "live since", "facts.confirmed" }, { "for", "organization" },
		  { "bought at", "ca" }, { "from", "reseller" }, { "ordered", "created" },
		  { "withdrawn", "withdrawn" }, { "rests until", "rests" } };
	char number[24], host[300], stage[32], space[1024];

	show_text(order, "stage", stage, sizeof(stage));
	printf("order %s  %s  %s%s%s\n", show_text(order, "number", number, sizeof(number)),
	    show_text(order, "host", host, sizeof(host)), show_paint(cli, stage_colour(stage)),
	    stage, show_paint(cli, "\x1b[0m"));
	show_wrapped(cli, "  ", show_text(order, "waiting", space, sizeof(space)));
	for (size_t i = 0; i < COUNT_OF(before); i++)
		line(cli, before[i].label, show_text(order, before[i].path, space, sizeof(space)));
	show_next(cli, order);
	for (size_t i = 0; i < COUNT_OF(middle); i++)
		line(cli, middle[i].label, show_text(order, middle[i].path, space, sizeof(space)));
	show_dns(cli, order);
	show_key(cli, order);
	show_certificate(cli, order);
	for (size_t i = 0; i < COUNT_OF(after); i++)
		line(cli, after[i].label, show_text(order, after[i].path, space, sizeof(space)));
	if (json_array_size(json_object_get(order, "findings")) > 0)
		putchar('\n');
	show_findings(cli, json_object_get(order, "findings"));
}

void
show_tests(const struct cli *cli, const json_t *answer)
{
	static const char *const kinds[] = { "dns", "caa", "registration", "test_address",
		"test_name" };

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const json_t *look = json_object_get(answer, kinds[i]);
		char words[1024], at[40];
		bool good = json_is_true(json_object_get(look, "good"));

		if (!json_is_object(look)) {
			printf("%-13s not looked at yet\n", kinds[i]);
			continue;
		}
		printf("%-13s %s%s%s  %s\n", kinds[i],
		    show_paint(cli, good ? "\x1b[32m" : "\x1b[33m"), good ? "good" : "not yet",
		    show_paint(cli, "\x1b[0m"), show_text(look, "at", at, sizeof(at)));
		show_wrapped(cli, "              ", show_text(look, "words", words, sizeof(words)));
		show_findings(cli, json_object_get(json_object_get(look, "report"), "findings"));
	}
}

/* The verb once, before the first of its steps. */
void
show_plan(const struct cli *cli, const json_t *answer)
{
	static const char *const colours[] = { "disruptive", "\x1b[31m", "hot", "\x1b[33m" };
	json_t *steps = json_object_get(answer, "steps"), *step;
	char host[300], balancer[80], driver[80], at[40], words[1024], verb[24] = "", now[24],
								       impact[24];
	size_t i;

	printf("%s on %s (%s), planned %s\n", show_text(answer, "host", host, sizeof(host)),
	    show_text(answer, "balancer", balancer, sizeof(balancer)),
	    show_text(answer, "driver", driver, sizeof(driver)),
	    show_text(answer, "at", at, sizeof(at)));
	line(cli, "seen", show_text(answer, "seen", words, sizeof(words)));
	line(cli, "to do", show_text(answer, "summary", words, sizeof(words)));
	json_array_foreach(steps, i, step)
	{
		show_text(step, "verb", now, sizeof(now));
		show_text(step, "impact", impact, sizeof(impact));
		printf("\n%2zu. %s%-9s%s %s", i + 1, show_paint(cli, "\x1b[1m"),
		    strcmp(now, verb) == 0 ? "" : now, show_paint(cli, "\x1b[0m"),
		    show_text(step, "object", words, sizeof(words)));
		snprintf(verb, sizeof(verb), "%s", now);
		for (size_t c = 0; c < COUNT_OF(colours); c += 2)
			if (strcmp(impact, colours[c]) == 0)
				printf("  %s%s%s", show_paint(cli, colours[c + 1]), impact,
				    show_paint(cli, "\x1b[0m"));
		putchar('\n');
		show_wrapped(cli, "              ", show_text(step, "words", words, sizeof(words)));
	}
}

void
show_verified(const struct cli *cli, const json_t *answer)
{
	bool whole = json_is_true(json_object_get(answer, "whole"));
	char number[32];

	if (whole)
		printf("%swhole%s: %s events, each fits the one before it\n",
		    show_paint(cli, "\x1b[32m"), show_paint(cli, "\x1b[0m"),
		    show_text(answer, "events", number, sizeof(number)));
	else
		printf(
		    "%sbroken%s: event %s does not fit; it or the one before it was changed or removed\n",
		    show_paint(cli, "\x1b[31m"), show_paint(cli, "\x1b[0m"),
		    show_text(answer, "broken_at", number, sizeof(number)));
}

static void
show_process(const struct cli *cli, const json_t *p)
{
	char program[40], pid[24], restarts[24], text[512], version[32];
	bool ready = json_is_true(json_object_get(p, "ready"));
	json_t *sandbox = json_object_get(p, "sandbox"), *value;
	const char *name;

	printf("%-16s %s%-10s%s pid %-8s version %-8s restarts %s\n",
	    show_text(p, "program", program, sizeof(program)),
	    show_paint(cli, ready ? "\x1b[32m" : "\x1b[31m"), ready ? "ready" : "not ready",
	    show_paint(cli, "\x1b[0m"), show_text(p, "pid", pid, sizeof(pid)),
	    show_text(p, "version", version, sizeof(version)),
	    show_text(p, "restarts", restarts, sizeof(restarts)));
	printf("                 sandbox:");
	json_object_foreach(sandbox, name, value)
	    printf(" %s=%s", name, show_text(sandbox, name, text, sizeof(text)));
	printf("\n                 ");
	json_object_foreach(json_object_get(p, "report"), name, value) printf(
	    "%s=%s ", name, show_text(json_object_get(p, "report"), name, text, sizeof(text)));
	putchar('\n');
	if (show_text(p, "last_end", text, sizeof(text))[0])
		printf("                 last end: %s\n", text);
}

void
show_status(const struct cli *cli, const json_t *answer)
{
	static const char *const queue[] = { "due", "later", "leased", "stuck" };
	json_t *orders = json_object_get(answer, "orders"), *value;
	const json_t *p;
	const char *name;
	char text[64];
	size_t i;

	printf("certdesk %s\n", show_text(answer, "version", text, sizeof(text)));
	json_array_foreach(json_object_get(answer, "processes"), i, p) show_process(cli, p);
	printf("queue           ");
	for (i = 0; i < COUNT_OF(queue); i++)
		printf(" %s %s", queue[i],
		    show_text(json_object_get(answer, "queue"), queue[i], text, sizeof(text)));
	printf("\norders          ");
	json_object_foreach(orders, name, value) if (json_integer_value(value) > 0)
	    printf(" %s %lld", name, (long long)json_integer_value(value));
	putchar('\n');
}
