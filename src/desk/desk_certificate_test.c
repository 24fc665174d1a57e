/* SPDX-License-Identifier: Apache-2.0 */
/* Deliveries over HTTP, with a reader that says what the test wants. */
#include "desk/desk_test_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "order/foreign_key.h"
#include "review/review.h"
#include "store/certificates.h"
#include "store/keys.h"

#define PATH  "/api/v1/orders/1001/certificate"
#define FILES "{\"files\":[{\"name\":\"cert.pem\",\"content\":\"-----BEGIN\"}]}"

static struct order
waiting_order(struct lab *lab)
{
	struct order o;

	lab_key(lab, lab_order(lab, &lab->contoso, "owa.contoso.com"));
	lab_event(lab, 1001, EVENT_ASKED);
	OK(store_order_by_number(lab->store, 1001, &o));
	return o;
}

static struct order
order_now(struct lab *lab)
{
	struct order o;

	OK(store_order_by_number(lab->store, 1001, &o));
	return o;
}

static void
accepted(void **state)
{
	struct lab *lab = *state;
	struct order o = waiting_order(lab);

	CLEAN(reply_fini)
	struct reply reply = lab_post(lab, PATH, "%s",
	    "{\"files\":[{\"name\":\"dir/cert.pem\",\"content\":\"-----BEGIN\"},"
	    "{\"name\":\"chain.p7b\",\"content_base64\":\"AAEC\\nAwQ=\"}],"
	    "\"password\":\"secret word\"}");
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply_text(&reply, "accepted"), "true");
	assert_string_equal(reply_text(&reply, "certificate.names.0"), "owa.contoso.com");
	assert_null(strstr(reply.body, "secret word"));
	assert_int_equal(lab->seen.file_count, 2);
	assert_string_equal(lab->seen.files[0].name, "cert.pem");
	assert_int_equal(lab->seen_bytes, strlen("-----BEGIN") + 5);
	assert_string_equal(lab->seen_password, "secret word");
	assert_string_equal(lab->seen.host, "owa.contoso.com");
	assert_int_equal(lab->seen.spki_sha256[0], 1001 & 0xff);
	assert_false(lab->seen.has_accepted);
	o = order_now(lab);
	assert_false(id_is_none(o.certificate));
	assert_true(o.facts.fact[FACT_CERTIFIED] && o.facts.valid_from);
	CLEAN(reply_fini) struct reply shown = lab_get(lab, PATH);
	assert_string_equal(reply_text(&shown, "issuer"), "CN=Test CA");
	CLEAN(reply_fini) struct reply events = lab_get(lab, "/api/v1/events?limit=200");
	assert_non_null(strstr(events.body, "order.certified"));
	assert_null(strstr(events.body, "secret word"));
}

static void
refused(void **state)
{
	struct lab *lab = *state;

	waiting_order(lab);
	lab->reading = READING_BAD;
	CLEAN(reply_fini)
	struct reply reply = lab_ask(lab, &(struct ask){ .token = lab->provider,
					      .method = "POST",
					      .path = PATH,
					      .body = FILES,
					      .header = "Idempotency-Key: k" });
	assert_int_equal(reply.status, 422);
	assert_string_equal(reply_text(&reply, "code"), "CERT_KEY_UNKNOWN");
	assert_false(reply_has_header(&reply, "Idempotency-Replayed: true"));
	assert_true(id_is_none(order_now(lab).certificate));
	CLEAN(reply_fini) struct reply found = lab_get(lab, "/api/v1/orders/1001/findings");
	assert_string_equal(reply_text(&found, "items.0.code"), "AUTODISCOVER_MISSING");
	assert_string_equal(reply_text(&found, "items.2.code"), "CERT_KEY_UNKNOWN");
	CLEAN(reply_fini) struct reply events = lab_get(lab, "/api/v1/orders/1001/events");
	assert_non_null(strstr(events.body, "{\"codes\":[\"CERT_KEY_UNKNOWN\"]}"));
	CLEAN(reply_fini)
	struct reply again = lab_ask(lab, &(struct ask){ .token = lab->provider,
					      .method = "POST",
					      .path = PATH,
					      .body = FILES,
					      .header = "Idempotency-Key: k" });
	assert_int_equal(again.status, 422);
	assert_true(reply_has_header(&again, "Idempotency-Replayed: true"));
	assert_true(reply_has_header(&again, "Content-Type: application/problem+json"));
}

#define ACCEPT PATH "/accept"

/* K-08: what was looked at is what is accepted, by its number; once. */
static void
looked_at_before(void **state)
{
	struct lab *lab = *state;
	char first[80], number[80];

	waiting_order(lab);
	snprintf(lab->config.review, sizeof(lab->config.review), "always");
	CLEAN(reply_fini) struct reply none = lab_post(lab, ACCEPT, "%s", "{\"review\":\"00\"}");
	assert_int_equal(none.status, 404);
	assert_string_equal(reply_text(&none, "code"), "CERT_REVIEW_NONE");
	CLEAN(reply_fini) struct reply one = lab_post(lab, PATH, "%s", FILES);
	assert_int_equal(one.status, 200);
	assert_string_equal(reply_text(&one, "accepted"), "false");
	snprintf(first, sizeof(first), "%s", reply_text(&one, "review"));
	assert_true(id_is_none(order_now(lab).certificate));
	assert_true(order_now(lab).facts.fact[FACT_DELIVERED] != 0);
	lab->leaf = 7;
	CLEAN(reply_fini) struct reply two = lab_post(lab, PATH, "%s", FILES);
	CLEAN(reply_fini)
	struct reply stale = lab_post(lab, ACCEPT, "{\"review\":\"%s\"}", first);
	assert_int_equal(stale.status, 409);
	assert_string_equal(reply_text(&stale, "code"), "CERT_REVIEW_CHANGED");
	CLEAN(reply_fini) struct reply shown = lab_get(lab, PATH "/review");
	assert_string_equal(reply_text(&shown, "certificate.issuer"), "CN=Test CA");
	snprintf(number, sizeof(number), "%s", reply_text(&shown, "review"));
	CLEAN(reply_fini)
	struct reply good = lab_post(lab, ACCEPT, "{\"review\":\"%s\"}", number);
	assert_int_equal(good.status, 200);
	assert_string_equal(reply_text(&good, "accepted"), "true");
	assert_true(order_now(lab).facts.fact[FACT_CERTIFIED] != 0);
	CLEAN(reply_fini)
	struct reply again = lab_post(lab, ACCEPT, "{\"review\":\"%s\"}", number);
	assert_int_equal(again.status, 404);
}

/* A worker that has found what was missing, or has not. */
struct fetcher {
	struct lab *lab;
	struct store *store;
	bool finds;
	struct id before; /* not this one: it was there already */
};

static void *
fetch(void *of)
{
	struct fetcher *f = of;
	struct read_report report;
	struct delivered open;
	struct order o;

	lab_must(store_order_by_number(f->store, 1001, &o) == 0, "order", __FILE__, __LINE__);
	while (store_delivered_open(f->store, o.id, &open) != 0 ||
	       open.state != DELIVERED_FETCHING || id_eq(open.id, f->before))
		world_rest(MILLIS(5));
	read_report_init(&report);
	report.accepted = true;
	findings_add(
	    &report.findings, f->finds ? FINDING_CERT_CHAIN_COMPLETED : FINDING_CERT_CHAIN, "");
	lab_must(store_begin(f->store) == 0, "begin", __FILE__, __LINE__);
	lab_must((f->finds ? review_keep(f->store, &o, &report, false, &open)
			   : review_refuse(f->store, &o, &open, &report.findings)) == 0,
	    "fetched", __FILE__, __LINE__);
	lab_must(store_commit(f->store, "test.fetched") == 0, "commit", __FILE__, __LINE__);
	read_report_fini(&report);
	return NULL;
}

static struct reply
deliver_and_fetch(struct lab *lab, bool finds)
{
	struct fetcher fetcher = { .lab = lab, .finds = finds };
	struct delivered open;
	pthread_t thread;
	struct reply reply;
	char path[128];

	snprintf(path, sizeof(path), "%s/certdesk.db", lab->folder);
	OK(store_open(path, world_real(), &fetcher.store));
	if (store_delivered_open(lab->store, order_now(lab).id, &open) == 0)
		fetcher.before = open.id;
	OK(pthread_create(&thread, NULL, fetch, &fetcher));
	reply = lab_post(lab, PATH, "%s", FILES);
	OK(pthread_join(thread, NULL));
	store_free(fetcher.store);
	return reply;
}

/* I-16: what the issuer publishes is fetched while the customer waits; or goes on without him. */
static void
what_is_missing_is_fetched(void **state)
{
	struct lab *lab = *state;
	struct delivered open;

	waiting_order(lab);
	lab->reading = READING_LACKS;
	lab->desk.patience = MILLIS(200);
	CLEAN(reply_fini) struct reply slow = lab_post(lab, PATH, "%s", FILES);
	assert_int_equal(slow.status, 202);
	assert_true(reply_found(&slow, "CERT_FETCHING"));
	assert_true(order_now(lab).facts.fact[FACT_FETCHING] != 0);
	OK(store_delivered_open(lab->store, order_now(lab).id, &open));
	assert_true(open.by_mail);
	lab->desk.patience = SECONDS(20);
	CLEAN(reply_fini) struct reply good = deliver_and_fetch(lab, true);
	assert_int_equal(good.status, 200);
	assert_true(reply_found(&good, "CERT_CHAIN_COMPLETED"));
	assert_string_equal(reply_text(&good, "accepted"), "false");
	assert_true(order_now(lab).facts.fact[FACT_DELIVERED] != 0);
	CLEAN(reply_fini) struct reply bad = deliver_and_fetch(lab, false);
	assert_int_equal(bad.status, 422);
	assert_string_equal(reply_text(&bad, "code"), "CERT_CHAIN");
	assert_true(order_now(lab).facts.fact[FACT_FETCHING] == 0);
}

static void
accepted_beforehand(void **state)
{
	struct lab *lab = *state;

	waiting_order(lab);
	snprintf(lab->config.review, sizeof(lab->config.review), "always");
	CLEAN(reply_fini)
	struct reply reply = lab_post(lab, PATH, "%s",
	    "{\"files\":[{\"name\":\"cert.pem\",\"content\":\"-----BEGIN\"}],\"accept\":true}");
	assert_string_equal(reply_text(&reply, "accepted"), "true");
	CLEAN(reply_fini)
	struct reply wrong = lab_post(
	    lab, PATH, "%s", "{\"files\":[{\"name\":\"c\",\"content\":\"x\"}],\"accept\":\"yes\"}");
	assert_int_equal(wrong.status, 422);
}

static void
bare_bytes(void **state)
{
	struct lab *lab = *state;
	static const char bytes[] = "0\x82\0\x01";

	waiting_order(lab);
	CLEAN(reply_fini)
	struct reply reply = lab_ask(lab, &(struct ask){ .token = lab->contoso.token,
					      .method = "POST",
					      .path = PATH "?name=my%20cert.cer",
					      .body = bytes,
					      .body_size = 4,
					      .type = "application/octet-stream" });
	assert_int_equal(reply.status, 200);
	assert_string_equal(lab->seen.files[0].name, "my cert.cer");
	assert_int_equal(lab->seen_bytes, 4);
}

static void
the_same_and_a_better_one(void **state)
{
	struct lab *lab = *state;
	struct order first, second;

	waiting_order(lab);
	CLEAN(reply_fini) struct reply one = lab_post(lab, PATH, "%s", FILES);
	first = order_now(lab);
	CLEAN(reply_fini) struct reply same = lab_post(lab, PATH, "%s", FILES);
	assert_int_equal(same.status, 200);
	assert_true(reply_found(&same, "CERT_DUPLICATE"));
	assert_true(lab->seen.has_accepted);
	second = order_now(lab);
	assert_true(id_eq(first.certificate, second.certificate));
	assert_true(first.version == second.version);
	lab->reading = READING_BAD; /* the accepted one stays, and what was found about it */
	CLEAN(reply_fini) struct reply bad = lab_post(lab, PATH, "%s", FILES);
	assert_int_equal(bad.status, 422);
	CLEAN(reply_fini) struct reply found = lab_get(lab, "/api/v1/orders/1001/findings");
	assert_null(strstr(found.body, "CERT_KEY_UNKNOWN"));
	lab->reading = READING_GOOD;
	lab->leaf = 7;
	CLEAN(reply_fini) struct reply better = lab_post(lab, PATH, "%s", FILES);
	assert_int_equal(better.status, 200);
	second = order_now(lab);
	assert_false(id_eq(first.certificate, second.certificate));
}

/* While one is read, another one wins; `leaf` says which. */
static void
deliver_another(struct lab *lab, uint8_t leaf)
{
	struct order o = order_now(lab);
	struct certificate c = { .order = o.id, .site = o.site, .key = o.key };

	memset(c.sha256, leaf, sizeof(c.sha256));
	OK(store_begin(lab->store));
	OK(store_certificate_add(lab->store, &c, STR("other"), STR("")));
	OK(store_order_point(lab->store, o.id, ID_NONE, ID_NONE, c.id, ID_NONE));
	OK(store_order_event(lab->store, o.id, EVENT_CERTIFIED, ""));
	OK(store_commit(lab->store, "test.other"));
}

static void
deliver_a_different_one(struct lab *lab)
{
	deliver_another(lab, 99);
}

static void
deliver_the_same(struct lab *lab)
{
	deliver_another(lab, lab->leaf);
}

static void
retire(struct lab *lab)
{
	lab_event(lab, 1001, EVENT_RETIRED);
}

static void
two_at_a_time(void **state)
{
	struct lab *lab = *state;
	struct id winner;

	waiting_order(lab);
	lab->meanwhile = deliver_a_different_one;
	CLEAN(reply_fini) struct reply late = lab_post(lab, PATH, "%s", FILES);
	assert_int_equal(late.status, 409);
	assert_string_equal(reply_text(&late, "code"), "CHANGED");
	winner = order_now(lab).certificate;
	lab->leaf = 5;
	lab->meanwhile = deliver_the_same;
	CLEAN(reply_fini) struct reply same = lab_post(lab, PATH, "%s", FILES);
	assert_int_equal(same.status, 200);
	assert_true(reply_found(&same, "CERT_DUPLICATE"));
	assert_false(id_eq(winner, order_now(lab).certificate));
}

static void
the_order_went_on(void **state)
{
	struct lab *lab = *state;

	waiting_order(lab);
	lab->meanwhile = retire;
	CLEAN(reply_fini) struct reply meanwhile = lab_post(lab, PATH, "%s", FILES);
	CLEAN(reply_fini) struct reply after = lab_post(lab, PATH, "%s", FILES);
	assert_int_equal(meanwhile.status, 409);
	assert_int_equal(after.status, 409);
	assert_true(reply_found(&meanwhile, "CERT_NOT_AWAITED"));
	assert_true(reply_found(&after, "CERT_NOT_AWAITED"));
	assert_true(id_is_none(order_now(lab).certificate));
}

static void
too_early(void **state)
{
	struct lab *lab = *state;

	lab_order(lab, &lab->contoso, "owa.contoso.com");
	CLEAN(reply_fini) struct reply reply = lab_post(lab, PATH, "%s", FILES);
	assert_int_equal(reply.status, 409);
	assert_true(reply_found(&reply, "CERT_NOT_AWAITED"));
}

static void
die(struct lab *lab)
{
	(void)shutdown(channel_fd(lab->reader), SHUT_RDWR);
}

static void
the_reader_dies(void **state)
{
	struct lab *lab = *state;
	struct order before = waiting_order(lab), after;

	lab->reading = READING_REFUSED;
	CLEAN(reply_fini) struct reply fault = lab_post(lab, PATH, "%s", FILES);
	assert_int_equal(fault.status, 500);
	assert_string_equal(reply_text(&fault, "code"), "FAULT");
	lab->reading = READING_GOOD;
	lab->dies = true;
	lab->meanwhile = die;
	CLEAN(reply_fini) struct reply reply = lab_post(lab, PATH, "%s", FILES);
	assert_int_equal(reply.status, 503);
	assert_string_equal(reply_text(&reply, "code"), "CERT_READER_FAILED");
	assert_true(reply_has_header(&reply, "Retry-After: 3"));
	after = order_now(lab);
	assert_true(id_is_none(after.certificate) && before.version == after.version);
}

/* The thread that reads is this one: it could not read another. */
static void
deliver_one_too_many(struct lab *lab)
{
	CLEAN(reply_fini) struct reply reply = lab_post(lab, PATH, "%s", FILES);
	CLEAN(reply_fini) struct reply other = lab_get(lab, "/api/v1/orders/1001");

	OK(reply.status != 503);
	OK(strcmp(reply_text(&reply, "findings.0.params.problem"),
	    "others are being read; send it again in a moment"));
	OK(!reply_has_header(&reply, "Retry-After: 3"));
	OK(other.status != 200);
}

static void
those_who_wait_leave_threads_to_others(void **state)
{
	struct lab *lab = *state;

	assert_int_equal(lab->desk.reading_most, lab->config.desk_threads / 2);
	lab->desk.reading_most = 1;
	waiting_order(lab);
	lab->meanwhile = deliver_one_too_many;
	CLEAN(reply_fini) struct reply reply = lab_post(lab, PATH, "%s", FILES);
	assert_int_equal(reply.status, 200);
	assert_int_equal(lab->desk.reading, 0);
}

static void
deliveries_with_mistakes(void **state)
{
	struct lab *lab = *state;
	static const struct {
		const char *body;
		const char *field;
	} cases[] = {
		{ "{}", "files" },
		{ "{\"files\":\"x\"}", "files" },
		{ "{\"files\":[]}", "files" },
		{ "{\"files\":[5]}", "files[0]" },
		{ "{\"files\":[{\"name\":\"x\"}]}", "files[0]" },
		{ "{\"files\":[{\"content\":\"x\",\"content_base64\":\"eA==\"}]}", "files[0]" },
		{ "{\"files\":[{\"content_base64\":\"!!!\"}]}", "files[0]" },
		{ "{\"files\":[{\"content\":\"x\",\"nmae\":\"y\"}]}", "files[0].nmae" },
		{ "{\"files\":[{\"content\":7}]}", "files[0].content" },
		{ "{\"files\":[{\"content\":\"x\"}],\"password\":5}", "password" },
		{ "{\"files\":[{\"content\":\"x\"}],\"pasword\":\"y\"}", "pasword" },
		{ "{\"files\":[{\"content\":\"\"},{\"content\":\"\"},{\"content\":\"\"},{\"content\":\"\"},"
		  "{\"content\":\"\"},{\"content\":\"\"},{\"content\":\"\"},{\"content\":\"\"},"
		  "{\"content\":\"\"},{\"content\":\"\"},{\"content\":\"\"},{\"content\":\"\"},"
		  "{\"content\":\"\"},{\"content\":\"\"},{\"content\":\"\"},{\"content\":\"\"},"
		  "{\"content\":\"\"}]}",
		    "files" },
	};

	waiting_order(lab);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(reply_fini) struct reply reply = lab_post(lab, PATH, "%s", cases[i].body);

		if (strcmp(reply_text(&reply, "errors.0.field"), cases[i].field) != 0)
			print_error("%s: %s\n", cases[i].body, reply.body);
		assert_int_equal(reply.status, 422);
		assert_string_equal(reply_text(&reply, "errors.0.field"), cases[i].field);
	}
	assert_int_equal(lab->seen.file_count, 0); /* none of it reached the reader */
}

#define ONE_FILE "{\"files\":[{\"name\":\"a.pfx\",\"content\":\"x\"}],\"accept\":true"
#define WITH_KEY \
	ONE_FILE \
	",\"foreign_key\":{\"author\":\"Eva Lindt\",\"statement\":\"" FOREIGN_KEY_STATEMENT "\"}}"

/* Provider and customer must both say yes, the customer word for word (I-12). */
static void
a_wish_for_the_key(void **state)
{
	struct lab *lab = *state;
	/* clang-format off */
	static const struct { bool policy; const char *type, *body; enum read_wish_kind wish; } cases[] = {
		{ false, NULL,         ONE_FILE "}", READ_REFUSE },
		{ false, NULL,         WITH_KEY,     READ_REFUSE },
		{ true,  NULL,         ONE_FILE "}", READ_MAY_TAKE },
		{ true,  "text/plain", WITH_KEY,     READ_MAY_TAKE }, /* bare bytes accept nothing */
		{ true,  NULL,         WITH_KEY,     READ_TAKE },
	};
	/* clang-format on */
	struct order o = waiting_order(lab);

	lab->reading = READING_BAD;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		lab->config.foreign_keys = cases[i].policy;
		CLEAN(reply_fini)
		struct reply reply = lab_ask(lab, &(struct ask){ .token = lab->contoso.token,
						      .method = "POST",
						      .path = PATH,
						      .body = cases[i].body,
						      .type = cases[i].type });
		const struct read_wish *wish = &lab->seen.wish;

		assert_int_equal(reply.status, 422);
		assert_int_equal(wish->kind, cases[i].wish);
		assert_int_equal(id_is_none(wish->key), cases[i].wish != READ_TAKE);
		if (cases[i].wish == READ_TAKE)
			assert_true(id_eq(wish->customer, o.customer) &&
				    id_eq(wish->site, o.site) && !id_eq(wish->key, o.key));
	}
}

static void
not_accepted_by_accident(void **state)
{
	struct lab *lab = *state;
	/* clang-format off */
	static const struct { const char *with, *field; } cases[] = {
		{ "true",                                                              "foreign_key" },
		{ "{}",                                                                "foreign_key.author" },
		{ "{\"author\":\"Eva\"}",                                              "foreign_key.statement" },
		{ "{\"author\":\"Eva\",\"statement\":\"yes\"}",                        "foreign_key.statement" },
		{ "{\"author\":\"Eva\",\"statement\":\"" FOREIGN_KEY_STATEMENT " \"}", "foreign_key.statement" },
		{ "{\"author\":\" \",\"statement\":\"" FOREIGN_KEY_STATEMENT "\"}",    "foreign_key.author" },
		{ "{\"author\":\"Eva\",\"statment\":\"" FOREIGN_KEY_STATEMENT "\"}",   "foreign_key.statment" },
	};
	/* clang-format on */
	waiting_order(lab);
	lab->config.foreign_keys = true;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(reply_fini)
		struct reply reply =
		    lab_post(lab, PATH, ONE_FILE ",\"foreign_key\":%s}", cases[i].with);

		assert_int_equal(reply.status, 422);
		if (!strstr(reply.body, cases[i].field))
			fail_msg("%s: %s", cases[i].with, reply.body);
	}
	assert_int_equal(lab->seen.file_count, 0);
}

/* A key that was taken is never accepted beforehand; the order says whose it is once it is. */
static void
a_key_is_taken(void **state)
{
	struct lab *lab = *state;
	struct order before = waiting_order(lab), after;
	struct key key;
	char number[80];

	lab->config.foreign_keys = true;
	snprintf(lab->config.review, sizeof(lab->config.review), "never");
	lab->takes_key = true;
	CLEAN(reply_fini) struct reply kept = lab_post(lab, PATH, "%s", WITH_KEY);
	assert_int_equal(kept.status, 200);
	assert_string_equal(reply_text(&kept, "accepted"), "false");
	assert_true(reply_found(&kept, "CERT_FOREIGN_KEY_TAKEN"));
	assert_non_null(strstr(kept.body, "Eva Lindt has accepted the risk"));
	assert_true(id_eq(order_now(lab).key, before.key));
	CLEAN(reply_fini) struct reply first = lab_get(lab, "/api/v1/orders/1001");
	assert_string_equal(reply_text(&first, "key.origin"), "here");
	snprintf(number, sizeof(number), "%s", reply_text(&kept, "review"));
	lab->config.foreign_keys = false; /* the policy changed meanwhile */
	CLEAN(reply_fini) struct reply off = lab_post(lab, ACCEPT, "{\"review\":\"%s\"}", number);
	assert_int_equal(off.status, 409);
	assert_string_equal(reply_text(&off, "code"), "POLICY");
	assert_true(id_eq(order_now(lab).key, before.key));
	lab->config.foreign_keys = true;
	CLEAN(reply_fini)
	struct reply good = lab_post(lab, ACCEPT, "{\"review\":\"%s\"}", number);
	assert_int_equal(good.status, 200);
	after = order_now(lab);
	assert_true(id_eq(after.key, lab->seen.wish.key));
	OK(store_key_get(lab->store, after.key, &key));
	assert_true(key.origin == KEY_FROM_CUSTOMER && key.state == KEY_ACTIVE);
	CLEAN(reply_fini) struct reply shown = lab_get(lab, "/api/v1/orders/1001");
	assert_string_equal(reply_text(&shown, "key.origin"), "customer");
	assert_string_equal(reply_text(&shown, "key.kind"), "p384");
	lab->takes_key = false;
	CLEAN(reply_fini) struct reply again = lab_post(lab, PATH, "%s", FILES);
	assert_int_equal(again.status, 200);
	assert_true(lab->seen.key_is_customers);
	CLEAN(reply_fini) struct reply events = lab_get(lab, "/api/v1/events?limit=200");
	assert_non_null(strstr(events.body, "key.offered"));
	assert_non_null(strstr(events.body, "key.taken"));
	assert_null(strstr(events.body, "wrapped by the keeper"));
}

/* A captured reader that took what nobody wished for: a fault, and nothing is kept. */
static void
a_key_that_nobody_wished_for(void **state)
{
	struct lab *lab = *state;

	waiting_order(lab);
	lab->config.foreign_keys = true;
	lab->takes_key = true;
	CLEAN(reply_fini) struct reply reply = lab_post(lab, PATH, "%s", FILES);
	assert_int_equal(reply.status, 500);
	assert_int_equal(order_now(lab).facts.fact[FACT_DELIVERED], 0);
	lab->config.foreign_keys = false;
	CLEAN(reply_fini) struct reply off = lab_post(lab, PATH, "%s", WITH_KEY);
	assert_int_equal(off.status, 500);
	assert_int_equal(order_now(lab).facts.fact[FACT_DELIVERED], 0);
}

#define IN_LAB(test) cmocka_unit_test_setup_teardown(test, lab_open, lab_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LAB(accepted),
		IN_LAB(refused),
		IN_LAB(looked_at_before),
		IN_LAB(what_is_missing_is_fetched),
		IN_LAB(accepted_beforehand),
		IN_LAB(bare_bytes),
		IN_LAB(the_same_and_a_better_one),
		IN_LAB(two_at_a_time),
		IN_LAB(the_order_went_on),
		IN_LAB(too_early),
		IN_LAB(the_reader_dies),
		IN_LAB(those_who_wait_leave_threads_to_others),
		IN_LAB(deliveries_with_mistakes),
		IN_LAB(a_wish_for_the_key),
		IN_LAB(not_accepted_by_accident),
		IN_LAB(a_key_is_taken),
		IN_LAB(a_key_that_nobody_wished_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
