/* SPDX-License-Identifier: Apache-2.0 */
#include "store/domains.h"

#include <stdio.h>

#include "store/domain_keys.h"
#include "store/events.h"
#include "store/store_test_kit.h"

static void
set_domains(struct lab *lab, struct host_name *row, size_t count)
{
	OK(store_begin(lab->s));
	OK(store_domains_set(lab->s, lab->customer.id, &(struct domain_list){ row, count }));
	OK(store_commit(lab->s, "test.domains"));
}

static void
domains_are_replaced(void **state)
{
	struct lab *lab = *state;
	CLEAN(known_names_free) struct known_names *known = known_names_new();
	struct host_name rows[] = { { "contoso.de" }, { "contoso.com" }, { "contoso.de" } };
	CLEAN(event_list_fini) struct event_list events = { 0 };
	CLEAN(domain_list_fini) struct domain_list list = { 0 };
	const struct id other = { .b = { 1 } };
	size_t last;
	bool theirs;

	set_domains(lab, rows, COUNT_OF(rows));
	OK(store_domains_get(lab->s, lab->customer.id, &list));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.row[0].text, "contoso.com");
	OK(store_domains_of_others(lab->s, other, "a.owa.contoso.de", &theirs));
	assert_true(theirs);
	OK(store_domains_of_others(lab->s, other, "mycontoso.de", &theirs));
	assert_false(theirs);
	OK(store_domains_of_others(lab->s, lab->customer.id, "owa.contoso.de", &theirs));
	assert_false(theirs);
	OK(store_domains_like(lab->s, other, "owa.contsoo.com", known));
	assert_true(known_names_count(known) == 1 && known_names_has(known, "contoso.com"));
	OK(store_domains_like(lab->s, lab->customer.id, "contosso.de", known));
	OK(store_domains_like(lab->s, other, "northwind.de", known));
	assert_int_equal(known_names_count(known), 1);
	set_domains(lab, rows, 2); /* the same: nothing to tell */
	set_domains(lab, rows, 1);
	OK(store_domains_like(lab->s, other, "contoso.at", known));
	assert_true(known_names_has(known, "contoso.de"));
	OK(store_event_list(lab->s, ID_NONE, 0, 100, &events));
	last = events.count - 1;
	assert_string_equal(events.row[last].action, "customer.domains");
	assert_string_equal(events.row[last].detail,
	    "{\"domains\":{\"before\":\"contoso.com contoso.de\",\"after\":\"contoso.de\"}}");
	assert_string_equal(events.row[last - 1].action, "customer.domains");
	assert_string_not_equal(events.row[last - 2].action, "customer.domains");
}

/* One more customer, with a site that is not live yet. */
static struct id
move_in(struct lab *lab, const char *name, const char *host, struct site *ret)
{
	struct customer c = { 0 };
	struct service v = { .pool = "edge-1", .backend = "b", .name = "mail" };

	snprintf(c.name, sizeof(c.name), "%s", name);
	*ret = (struct site){ .balancer = "edge" };
	snprintf(ret->host, sizeof(ret->host), "%s", host);
	OK(store_begin(lab->s));
	OK(store_customer_add(lab->s, &c));
	v.customer = ret->customer = c.id;
	OK(store_service_add(lab->s, &v));
	ret->service = v.id;
	OK(store_site_add(lab->s, ret));
	OK(store_commit(lab->s, "test.moved_in"));
	return c.id;
}

static void
retire(struct lab *lab, struct id site)
{
	OK(store_begin(lab->s));
	OK(store_site_retire(lab->s, site));
	OK(store_commit(lab->s, "test.retired"));
}

/* What of others is like the name: the first of them, or "". */
static void
assert_like(struct lab *lab, struct id customer, const char *host, const char *like)
{
	CLEAN(known_names_free) struct known_names *known = known_names_new();

	OK(store_domains_like(lab->s, customer, host, known));
	assert_int_equal(known_names_count(known), like[0] != '\0');
	if (like[0])
		assert_string_equal(known_names_at(known, 0), like);
}

/* A site's domain is found as a customer's is, as long as somebody has it. */
static void
domains_of_sites(void **state)
{
	struct lab *lab = *state;
	const struct id me = lab->customer.id;
	struct host_name theirs = { "contoso.com" };
	struct site first, second, mine;
	struct id contoso = move_in(lab, "Contoso 2", "mail.contoso.com", &first);
	struct id kontoso = move_in(lab, "Kontoso", "a.mail.contoso.com", &second);

	assert_like(lab, me, "mail.contosso.com", "contoso.com");
	assert_like(lab, contoso, "mail.contosso.com", "contoso.com"); /* the other one's */
	assert_like(lab, me, "owa.contoso.com", "");                   /* beside it */
	assert_like(lab, me, "owa.northwind.com", "");
	retire(lab, first.id);
	assert_like(lab, me, "mail.contosso.com", "contoso.com");
	assert_like(lab, kontoso, "mail.contosso.com", ""); /* its own, and nobody else's */
	retire(lab, second.id);
	assert_like(lab, me, "mail.contosso.com", "");
	assert_int_equal(count_of(lab, "SELECT COUNT(*) FROM domain_keys"), 0);

	move_in(lab, "Later", "www.contoso.com", &mine);
	set_domains(lab, &theirs, 1);
	retire(lab, mine.id);
	assert_like(lab, contoso, "mail.contosso.com", "contoso.com"); /* a customer's still */
	set_domains(lab, NULL, 0);
	assert_like(lab, contoso, "mail.contosso.com", "");
	assert_int_equal(count_of(lab, "SELECT COUNT(*) FROM domain_keys"), 0);
}

/* What the migration does, for more sites than it reads at once; and however many lie under one
 * domain, what is looked through is no more. */
static void
sites_without_domains_get_them(void **state)
{
	struct lab *lab = *state;
	struct site site;

	move_in(lab, "Contoso 2", "0.contoso.com", &site);
	OK(store_begin(lab->s));
	for (int i = 1; i <= 1100; i++) {
		site.id = ID_NONE;
		snprintf(site.host, sizeof(site.host), "%d.contoso.com", i);
		OK(store_site_add(lab->s, &site));
	}
	OK(store_site_retire(lab->s, site.id));
	OK(store_commit(lab->s, "test.sites"));
	tamper(lab, "DELETE FROM domain_keys; UPDATE sites SET domain=''");
	OK(store_begin(lab->s));
	OK(domains_of_sites_fill(lab->s));
	OK(store_commit(lab->s, "test.filled"));
	assert_int_equal(
	    count_of(lab, "SELECT COUNT(*) FROM sites WHERE domain='contoso.com'"), 1100);
	assert_int_equal(count_of(lab, "SELECT COUNT(*) FROM domain_keys"), KNOWN_KEYS);
	assert_like(lab, lab->customer.id, "mail.contosso.com", "contoso.com");
}

static void
a_domain_with_live_sites(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "mail.contoso.com");
	bool proved = true;

	OK(store_domain_is_live(lab->s, "owa.contoso.com", &proved));
	assert_false(proved);
	live(lab, &o);
	OK(store_begin(lab->s));
	OK(store_site_set_live(lab->s, o.site, o.certificate, o.id, fake_time + DAYS(90)));
	OK(store_commit(lab->s, "test.live"));
	OK(store_domain_is_live(lab->s, "owa.contoso.com", &proved));
	assert_true(proved);
	OK(store_domain_is_live(lab->s, "owa.contosso.com", &proved));
	assert_false(proved);
	OK(store_domain_is_live(lab->s, "com", &proved));
	assert_false(proved);
	retire(lab, o.site);
	OK(store_domain_is_live(lab->s, "owa.contoso.com", &proved));
	assert_false(proved);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LAB(domains_are_replaced),
		IN_LAB(domains_of_sites),
		IN_LAB(sites_without_domains_get_them),
		IN_LAB(a_domain_with_live_sites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
