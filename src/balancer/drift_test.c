/* SPDX-License-Identifier: Apache-2.0 */
/* Record against device, difference by difference; and what is proposed of what is foreign. */
#include "balancer/drift.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "balancer/proposal.h"

#define NOW SECONDS(1800000000)

/* Sites 1, 2 … have the certificates 11, 12 …; a digest is that number in its first byte. */
static struct id
number(uint8_t n)
{
	struct id id = ID_NONE;

	id.b[15] = n;
	return id;
}

struct told {
	struct drift_source source; /* first */
	json_t *rows;
};

static int
digests(const struct drift_source *self UNUSED, struct id certificate, struct drift_digests *ret)
{
	*ret = (struct drift_digests){ 0 };
	ret->sha256[0] = ret->sha1[0] = ret->pem_sha1[0] = ret->all_sha256[0] = ret->chain_sha1[0] =
	    certificate.b[15];
	return 0;
}

/* Newest first: what will be, what is (10 + site), what was. */
static int
certificates(const struct drift_source *self UNUSED, struct id site, struct id *to, size_t max,
    size_t *ret_count)
{
	assert_true(max >= 3);
	to[0] = number((uint8_t)(site.b[15] + 20));
	to[1] = number((uint8_t)(site.b[15] + 10));
	to[2] = number(site.b[15]);
	*ret_count = 3;
	return 0;
}

static int
tell(const struct drift_source *self, json_t *row)
{
	json_array_append_new(((const struct told *)(const void *)self)->rows, row);
	return 0;
}

static const struct config_balancer bigip = { .name = "edge",
	.driver = "bigip",
	.partition = "Common",
	.https_port = 443,
	.redirect_rule = "/Common/rule" };
static const struct config_balancer haproxy = {
	.name = "edge", .driver = "haproxy", .https_port = 443, .redirect_rule = "/Common/rule"
};

/* One site that should be served, one that should not. */
static struct drift *
begin(const struct config_balancer *config, struct told *t)
{
	struct site_record_list records = { .row = alloc_array(2, sizeof(struct site_record)),
		.count = 2 };

	*t = (struct told){ .source = { digests, certificates, tell, NULL }, .rows = json_array() };
	records.row[0] = (struct site_record){ .site = number(1),
		.host = "owa.contoso.com",
		.address = "192.0.2.7",
		.backend = "exchange",
		.certificate = number(11),
		.sha256 = { 11 } };
	records.row[1] = (struct site_record){ .site = number(2), .host = "new.contoso.com" };
	return drift_new(config, &t->source, &records);
}

/* What one row tells, as "CODE CODE:who"; "" = no row for that host. */
static const char *
codes_of(const struct told *t, const char *host, char to[static 256])
{
	const json_t *row, *one;
	size_t i, j, len = 0;

	to[0] = '\0';
	json_array_foreach(t->rows, i, row)
	{
		if (strcmp(json_string_value(json_object_get(row, "host")), host) != 0)
			continue;
		json_array_foreach(json_object_get(row, "differences"), j, one)
		{
			const char *who = json_string_value(json_object_get(one, "differs"));

			assert_true(*json_string_value(json_object_get(one, "words")) != '\0');
			len += (size_t)snprintf(to + len, 256 - len, "%s%s%s%s", len ? " " : "",
			    json_string_value(json_object_get(one, "code")), who ? ":" : "",
			    who ? who : "");
		}
	}
	return to;
}

#define NO_WORDS .names = "", .subject = "", .issuer = "", .organization = ""

static const struct surveyed https = { NO_WORDS, .owner = SURVEYED_OURS, .our_name = true,
	.site = { { [15] = 1 } }, .host = "owa.contoso.com", .address = "192.0.2.7", .port = 443,
	.sha256 = { 11 }, .pool = "/Common/exchange", .certificate = "/Common/c",
	.profile = "/Common/p", .virtual = "/Common/v" };
static const struct surveyed http = { NO_WORDS, .host = "", .pool = "", .certificate = "",
	.profile = "", .owner = SURVEYED_OURS, .site = { { [15] = 1 } }, .address = "192.0.2.7",
	.port = 80, .virtual = "/Common/v80" };

enum change {
	NONE,
	GONE,
	LEAF,
	SHA1,
	DISABLED,
	UNROUTED,
	ADDRESS,
	DOMAIN,
	POOL,
	NO_POOL,
	UNMARKED,
	PEM,
	SILENT,
	PORT,
	CHAIN,
	NAME
};

static bool
change(struct surveyed *e, enum change how, uint8_t value)
{
	switch (how) {
	case NONE:
		break;
	case GONE:
		return false;
	case LEAF:
		e->sha256[0] = value;
		break;
	case SHA1:
		e->sha256[0] = 0;
		e->sha1[0] = value;
		break;
	case PEM:
		e->sha256[0] = 0;
		e->file_sha1[0] = value;
		break;
	case SILENT:
		e->sha256[0] = 0;
		break;
	case DISABLED:
		e->state = SURVEYED_DISABLED;
		break;
	case UNROUTED:
		e->state = SURVEYED_NOT_ROUTED;
		e->virtual = e->address = e->pool = "";
		e->port = 0;
		break;
	case ADDRESS:
		e->address = "192.0.2.8";
		break;
	case DOMAIN:
		e->address = "192.0.2.7%2";
		break;
	case POOL:
		e->pool = "/Common/other";
		break;
	case NO_POOL:
		e->pool = "";
		break;
	case UNMARKED:
		e->owner = SURVEYED_FOREIGN;
		e->site = ID_NONE;
		break;
	case PORT:
		e->port = 8443;
		break;
	case CHAIN:
		e->chain_told = true;
		e->chain_sha1[0] = value;
		break;
	case NAME:
		e->host = "other.contoso.com";
		break;
	}
	return true;
}

/* clang-format off */
static const struct compared {
	const char *name;
	enum change how;
	uint8_t value;
	enum change http;
	const char *codes;
} compared[] = {
	{ "clean",               NONE,     0,  NONE,     "" },
	{ "by SHA-1",            SHA1,     11, NONE,     "" },
	{ "by its file",         PEM,      11, NONE,     "" },
	{ "in a route domain",   DOMAIN,   0,  NONE,     "" },
	{ "gone",                GONE,     0,  NONE,     "missing" },
	{ "all gone",            GONE,     0,  GONE,     "missing" },
	{ "unknown certificate", LEAF,     99, NONE,     "other_certificate:device" },
	{ "unknown, by SHA-1",   SHA1,     99, NONE,     "other_certificate:device" },
	{ "an earlier one",      LEAF,     1,  NONE,     "other_certificate:record" },
	{ "a later one",         LEAF,     21, NONE,     "other_certificate:device" },
	{ "it does not tell",    SILENT,   0,  NONE,     "unknown_certificate" },
	{ "disabled",            DISABLED, 0,  NONE,     "disabled" },
	{ "no virtual server",   UNROUTED, 0,  NONE,     "not_routed" },
	{ "at another port",     PORT,     0,  NONE,     "not_routed" },
	{ "other address",       ADDRESS,  0,  NONE,     "other_address" },
	{ "other pool",          POOL,     0,  NONE,     "other_backend" },
	{ "no pool",             NO_POOL,  0,  NONE,     "other_backend" },
	{ "with its chain",      CHAIN,    11, NONE,     "" },
	{ "another chain",       CHAIN,    1,  NONE,     "other_chain" },
	{ "no chain",            CHAIN,    0,  NONE,     "other_chain" },
	{ "another name",        NAME,     0,  NONE,     "other_name" },
	{ "no redirect",         NONE,     0,  GONE,     "no_redirect" },
	{ "redirect disabled",   NONE,     0,  DISABLED, "disabled" },
	{ "mark taken off",      UNMARKED, 0,  NONE,     "foreign missing" },
};
/* clang-format on */

static void
each_difference(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(compared); i++) {
		const struct compared *c = &compared[i];
		struct surveyed one = https, two = http;
		struct told t;
		CLEAN(drift_free) struct drift *d = begin(&bigip, &t);
		char text[256];

		print_message("%s\n", c->name);
		if (change(&one, c->how, c->value))
			assert_int_equal(drift_take(d, &one), 0);
		if (change(&two, c->http, 0))
			assert_int_equal(drift_take(d, &two), 0);
		assert_int_equal(drift_end(d), 0);
		assert_string_equal(codes_of(&t, "owa.contoso.com", text), c->codes);
		assert_string_equal(codes_of(&t, "new.contoso.com", text), "");
		assert_int_equal(drift_counts(d).sites, 1);
		assert_int_equal(drift_counts(d).same, *c->codes ? 0 : 1);
		json_decref(t.rows);
	}
}

static void
what_no_record_knows(void **state UNUSED)
{
	struct surveyed lost = https, early = https, file = surveyed_nothing(),
			other = surveyed_nothing();
	struct told t;
	CLEAN(drift_free) struct drift *d = begin(&bigip, &t);
	char text[256];

	file.state = SURVEYED_UNUSED;
	file.owner = SURVEYED_OURS;
	file.certificate = "/Common/certdesk_x.crt";
	other.owner = SURVEYED_FOREIGN;
	other.host = "elsewhere.test";
	lost.site = number(9);
	lost.host = "lost.test";
	early.site = number(2);
	assert_int_equal(drift_take(d, &https), 0);
	assert_int_equal(drift_take(d, &http), 0);
	assert_int_equal(drift_take(d, &lost), 0);
	assert_int_equal(drift_take(d, &early), 0);
	assert_int_equal(drift_take(d, &file), 0);
	file.names = "owa.contoso.com";
	file.sha256[0] = 11; /* what it should serve, beside what it does */
	assert_int_equal(drift_take(d, &file), 0);
	assert_int_equal(drift_take(d, &other), 0);
	assert_int_equal(drift_end(d), 0);
	assert_string_equal(codes_of(&t, "lost.test", text), "left_over");
	assert_string_equal(codes_of(&t, "new.contoso.com", text), "left_over");
	assert_string_equal(codes_of(&t, "", text), "left_over");
	assert_int_equal(json_array_size(t.rows), 3);
	assert_int_equal(drift_counts(d).left_over, 2);
	assert_int_equal(drift_counts(d).foreign, 1);
	assert_true(drift_knows(d, &https) && !drift_knows(d, &lost) && !drift_knows(d, &other));
	json_decref(t.rows);
}

/* What differs while somebody is at it is told, and is no drift. */
static void
under_way(void **state UNUSED)
{
	struct site_record_list records = { .row = alloc_array(1, sizeof(struct site_record)),
		.count = 1 };
	struct told t = { .source = { digests, certificates, tell, NULL }, .rows = json_array() };
	char text[256];

	records.row[0] = (struct site_record){
		.site = number(1), .host = "a.test", .certificate = number(11), .under_way = true
	};
	CLEAN(drift_free) struct drift *d = drift_new(&bigip, &t.source, &records);
	assert_int_equal(drift_end(d), 0);
	assert_string_equal(codes_of(&t, "a.test", text), "missing");
	assert_int_equal(drift_counts(d).different, 0);
	assert_int_equal(drift_counts(d).under_way, 1);
	json_decref(t.rows);
}

/* HAProxy marks nothing: the host tells the site. And its disk may hold something else. */
static void
running_and_on_disk(void **state UNUSED)
{
	static const struct {
		uint8_t sha1, disk;
		const char *codes;
	} cases[] = { { 11, 11, "" }, { 11, 1, "other_on_disk" }, { 11, 0, "other_on_disk" },
		{ 1, 11, "other_certificate:record" } };

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct surveyed e = surveyed_nothing();
		struct told t;
		CLEAN(drift_free) struct drift *d = begin(&haproxy, &t);
		char text[256];

		e.host = "owa.contoso.com";
		e.port = 443;
		e.pool = "exchange";
		e.certificate = "/c/owa.contoso.com.pem";
		e.disk_told = true;
		e.sha1[0] = cases[i].sha1;
		e.disk_sha256[0] = cases[i].disk;
		assert_int_equal(drift_take(d, &e), 0);
		assert_int_equal(drift_end(d), 0);
		assert_string_equal(codes_of(&t, "owa.contoso.com", text), cases[i].codes);
		json_decref(t.rows);
	}
}

/* clang-format off */
static const struct proposed {
	const char *host, *names, *organization, *pool;
	enum surveyed_owner owner;
	when not_after;
	const char *customer, *kind, *service, *site;
	size_t remarks;
} proposed[] = {
	{ "owa.contoso.com", "owa.contoso.com", "Contoso GmbH", "/Common/pool_1", SURVEYED_FOREIGN, NOW + 1, "Contoso GmbH", "owa", "pool_1", "owa.contoso.com", 0 },
	{ "", "www.fabrikam.at shop.fabrikam.at", "", "", SURVEYED_FOREIGN, NOW + 1, "fabrikam.at", "web", "web", "www.fabrikam.at", 2 },
	{ "", "x.contoso.com", "Contoso", "/T/App/sharepoint_pool", SURVEYED_AS3, NOW, "Contoso", "sharepoint", "sharepoint_pool", "x.contoso.com", 2 },
	{ "", "localhost.localdomain", "MyCompany", "", SURVEYED_FOREIGN, NOW + 1, "MyCompany", "web", "web", "localhost.localdomain", 1 },
	{ "", "", "", "", SURVEYED_IAPP, NOW + 1, "", "web", "web", "", 3 },
};
/* clang-format on */

static const char *
text_at(const json_t *row, const char *part, const char *name)
{
	return json_string_value(json_object_get(json_object_get(row, part), name));
}

static void
what_is_proposed(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(proposed); i++) {
		const struct proposed *p = &proposed[i];
		struct surveyed e = surveyed_nothing();
		json_t *row;

		e.owner = p->owner;
		e.not_after = p->not_after;
		e.host = p->host;
		e.names = p->names;
		e.organization = p->organization;
		e.pool = p->pool;
		row = proposal_json(&e, NOW);
		assert_string_equal(text_at(row, "customer", "name"), p->customer);
		assert_string_equal(text_at(row, "service", "kind"), p->kind);
		assert_string_equal(text_at(row, "service", "name"), p->service);
		assert_string_equal(text_at(row, "site", "host"), p->site);
		assert_int_equal(json_array_size(json_object_get(row, "remarks")), p->remarks);
		json_decref(row);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_difference),
		cmocka_unit_test(what_no_record_knows),
		cmocka_unit_test(under_way),
		cmocka_unit_test(running_and_on_disk),
		cmocka_unit_test(what_is_proposed),
	};

	return cmocka_run_group_tests_name("drift", tests, NULL, NULL);
}
