/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of orders that are more than one request. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/show.h"
#include "order/order.h"
#include "sys/world.h"

#define LOOK_EVERY 200 /* milliseconds */

/* One page of services; of them those of that name. *ret_next: the next page's path, "" when it was
 * the last. */
static int
look_through(struct cli *cli, struct buf *path, struct str name, char *id, size_t size,
    size_t *ret_count, bool *ret_more)
{
	json_t *answer = NULL, *item;
	const char *next;
	long status = 0;
	size_t i;
	int r = cli_call(cli, "GET", buf_text(path), NULL, &status, &answer);

	if (r == 0 && status >= 400)
		r = cli_show(cli, status, answer);
	json_array_foreach(r == 0 ? json_object_get(answer, "items") : NULL, i, item)
	{
		const char *have = json_string_value(json_object_get(item, "name")),
			   *its = json_string_value(json_object_get(item, "id"));

		if (!have || !its || !str_eq(name, str_of(have)))
			continue;
		snprintf(id, size, "%s", its);
		(*ret_count)++;
	}
	next = json_string_value(json_object_get(answer, "next"));
	*ret_more = r == 0 && next;
	if (*ret_more) {
		size_t cursor = str_find(buf_str(path), STR("&cursor="));

		buf_truncate(path, cursor);
		buf_printf(path, "&cursor=%s", next);
	}
	json_decref(answer);
	return r;
}

/* "mail" or "Contoso/mail" to the service's id, into `to`; an id is one already. */
static int
find_service(struct cli *cli, const char *text, char *to, size_t size)
{
	CLEAN(buf_fini) struct buf path = BUF(4096);
	struct str name = str_of(text), customer = STR("");
	size_t slash = str_find(name, STR("/")), count = 0;
	bool more = true;
	struct id id;
	int r = 0;

	if (!str_copy(name, to, size))
		return cli_fail(EXIT_USAGE, "--service: that is no service's name");
	if (id_parse(name, &id))
		return 0;
	if (slash < name.len) {
		customer = str_bytes(name.p, slash);
		name = str_drop(name, slash + 1);
	}
	buf_put_text(&path, "/services?limit=200");
	if (customer.len > 0) {
		buf_put_text(&path, "&customer=");
		cli_put_escaped(&path, customer);
	}
	while (r == 0 && more)
		r = look_through(cli, &path, name, to, size, &count, &more);
	if (r == 0 && count == 0)
		return cli_fail(EXIT_FINDINGS,
		    "there is no service \"%s\"; `certdesk service list` shows what there is",
		    text);
	if (r == 0 && count > 1)
		return cli_fail(EXIT_USAGE, "%zu services are called \"%s\"; write CUSTOMER/%s",
		    count, text, text);
	return r;
}

static int
put_members(const struct cli *cli, json_t *body)
{
	static const char *const texts[] = { "host", "kind", "key", "organization", "division",
		"city", "state", "country", "ca", "reseller" };
	const char *mailboxes = cli_value(cli, "mailboxes");
	int64_t number = 0;

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (cli_value(cli, texts[i]) &&
		    json_object_set_new(
			body, texts[i], cli_json_text(texts[i], cli_value(cli, texts[i]))) != 0)
			return EXIT_USAGE;
	if (mailboxes && !str_to_i64(str_of(mailboxes), &number))
		return cli_fail(EXIT_USAGE, "--mailboxes: \"%s\" is not a whole number", mailboxes);
	if (mailboxes)
		json_object_set_new(body, "mailboxes", json_integer(number));
	return 0;
}

static int
order_body(const struct cli *cli, const char *service, json_t **ret)
{
	json_t *body = json_object();
	int r = put_members(cli, body);

	json_object_set_new(body, "service", json_string(service));
	if (r)
		json_decref(body);
	else
		*ret = body;
	return r;
}

int
run_order_add(struct cli *cli)
{
	char service[256];
	json_t *body = NULL, *answer = NULL;
	long status = 0;
	int r = find_service(cli, cli_value(cli, "service"), service, sizeof(service));

	if (r == 0)
		r = order_body(cli, service, &body);
	if (r == 0)
		r = cli_call(cli, "POST", "/orders", body, &status, &answer);
	if (r == 0)
		r = cli_show(cli, status, answer);
	json_decref(body);
	json_decref(answer);
	return r;
}

void
cli_order_path(const struct cli *cli, const char *behind, struct buf *to)
{
	buf_put_text(to, "/orders/");
	cli_put_escaped(to, str_of(cli_value(cli, "ref")));
	buf_put_text(to, behind);
}

static int
call_order(
    struct cli *cli, const char *method, const char *behind, json_t *body, cli_answer_fn *then)
{
	CLEAN(buf_fini) struct buf path = BUF(4096);
	json_t *answer = NULL;
	long status = 0;
	int r;

	cli_order_path(cli, behind, &path);
	r = cli_call(cli, method, buf_text(&path), body, &status, &answer);
	if (r == 0)
		r = then(cli, status, answer);
	json_decref(answer);
	return r;
}

int
cli_order_get(struct cli *cli, const char *behind, cli_answer_fn *then)
{
	return call_order(cli, "GET", behind, NULL, then);
}

int
cli_order_post(struct cli *cli, const char *behind, const char *option, const char *member,
    const char *text, cli_answer_fn *then)
{
	json_t *body = json_object();
	int r = json_object_set_new(body, member, cli_json_text(option, text)) == 0
	            ? call_order(cli, "POST", behind, body, then)
	            : EXIT_USAGE;

	json_decref(body);
	return r;
}

static int
show_csr(struct cli *cli, long status, struct buf *text)
{
	json_t *json =
	    status >= 400 || cli->json ? json_loadb(buf_text(text), text->len, 0, NULL) : NULL;
	int r = EXIT_DONE;

	if (json)
		r = cli_show(cli, status, json);
	else if (status < 400 && !cli->json)
		fputs(buf_text(text), stdout);
	else
		r = cli_fail(EXIT_INTERNAL,
		    "the answer (%ld) is not JSON; is %s certdesk's address?", status, cli->server);
	json_decref(json);
	return r;
}

int
run_order_csr(struct cli *cli)
{
	CLEAN(buf_fini) struct buf path = BUF(4096);
	CLEAN(buf_fini) struct buf text = BUF(1 << 20);
	long status = 0;
	int r;

	cli_order_path(cli, "/csr", &path);
	r = cli_call_text(
	    cli, buf_text(&path), cli->json ? "application/json" : "text/plain", &text, &status);
	return r ? r : show_csr(cli, status, &text);
}

/* It is there, or it will never be. */
static bool
is_over(const json_t *order, enum order_stage wanted)
{
	const char *text = json_string_value(json_object_get(order, "stage"));
	enum order_stage stage;

	if (!text || !order_stage_parse(str_of(text), &stage) || stage == wanted)
		return true;
	return stage == STAGE_REFUSED || stage == STAGE_RETIRED || stage == STAGE_SUPERSEDED;
}

static int
show_waited(struct cli *cli, long status, json_t *answer, enum order_stage wanted)
{
	const char *stage = json_string_value(json_object_get(answer, "stage"));
	int r = cli_show(cli, status, answer);

	return r == 0 && (!stage || strcmp(stage, order_stage_name(wanted)) != 0) ? EXIT_FINDINGS
	                                                                          : r;
}

static int
read_wait(const struct cli *cli, enum order_stage *ret_stage, int64_t *ret_seconds)
{
	const char *stage = cli_value(cli, "stage"), *timeout = cli_value(cli, "timeout");

	*ret_stage = STAGE_LIVE;
	*ret_seconds = 300;
	if (stage && !order_stage_parse(str_of(stage), ret_stage))
		return cli_fail(EXIT_USAGE,
		    "--stage: there is no stage \"%s\"; `certdesk manual stages` shows them",
		    stage);
	if (timeout && (!str_to_i64(str_of(timeout), ret_seconds) || *ret_seconds < 0))
		return cli_fail(EXIT_USAGE, "--timeout: \"%s\" is no number of seconds", timeout);
	return 0;
}

int
run_order_wait(struct cli *cli)
{
	CLEAN(buf_fini) struct buf path = BUF(4096);
	enum order_stage wanted;
	bool over = false;
	int64_t seconds;
	when deadline;
	int r = read_wait(cli, &wanted, &seconds);

	deadline = world_ticks() + SECONDS(seconds);
	cli_order_path(cli, "", &path);
	while (r == 0 && !over) {
		json_t *answer = NULL;
		long status = 0;

		r = cli_call(cli, "GET", buf_text(&path), NULL, &status, &answer);
		over = r == 0 &&
		       (status >= 400 || is_over(answer, wanted) || world_ticks() > deadline);
		if (over)
			r = show_waited(cli, status, answer, wanted);
		else if (r == 0)
			world_rest(MILLIS(LOOK_EVERY));
		json_decref(answer);
	}
	return r;
}
