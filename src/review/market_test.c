/* SPDX-License-Identifier: Apache-2.0 */
#include "review/offers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/purchases.h"
#include "store/store_test_kit.h"

static struct market *
open_market(struct config *config)
{
	struct market *market = NULL;

	config_defaults(config);
	snprintf(config->resellers, sizeof(config->resellers), " Vienna Trust ,Alpine Certs,");
	OK(market_open(config, &market));
	return market;
}

static void
what_is_typed_is_understood(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *typed, *name, *next; int code; } cases[] = {
		{ "", "", NULL, -1 }, { "  thawte ", "DigiCert", NULL, -1 }, { "ca.example.com", "ca.example.com", NULL, -1 },
		{ "Sektigo", "", "Did you mean Sectigo? Choose", FINDING_CA_UNKNOWN }, { "Foo", "", "Choose one", FINDING_CA_UNKNOWN },
		{ "Entrust", "Entrust", NULL, FINDING_CA_DISTRUSTED },
	};
	/* clang-format on */
	struct config *config = alloc_zero(sizeof(*config));
	CLEAN(market_free) struct market *market = open_market(config);

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf next = BUF(4096);
		struct findings *findings = alloc_zero(sizeof(*findings));
		char name[CA_TEXT_SIZE];

		market_judge(
		    market, str_of(cases[i].typed), "owa.contoso.com", fake_time, findings, name);
		assert_string_equal(name, cases[i].name);
		assert_int_equal(findings->count, cases[i].code >= 0);
		if (findings->count)
			assert_int_equal(findings->list[0].code, cases[i].code);
		if (cases[i].next)
			finding_render(&findings->list[0], FINDING_NEXT, &next);
		if (cases[i].next && !str_starts(buf_str(&next), str_of(cases[i].next)))
			fail_msg("%s", buf_text(&next));
		free(findings);
	}
	free(config);
}

static void
resellers_are_those_of_the_configuration(void **state UNUSED)
{
	struct config *config = alloc_zero(sizeof(*config));
	CLEAN(market_free) struct market *market = open_market(config);
	char name[64];

	assert_true(market_reseller(market, STR(" vienna TRUST"), name, sizeof(name)));
	assert_string_equal(name, "Vienna Trust");
	assert_false(market_reseller(market, STR("Vienna"), name, sizeof(name)));
	assert_string_equal(name, "");
	assert_false(market_reseller(market, STR(""), name, sizeof(name)));
	assert_true(market_reseller_at(market, 1, name, sizeof(name)));
	assert_false(market_reseller_at(market, 2, name, sizeof(name)));
	free(config);
}

/* A renewal of the site, accepted after so many days; `refusal`: the first delivery was refused for
 * it. */
static void
buy(struct lab *lab, const struct order *site, const char *ca, const char *reseller, int days,
    enum finding_code refusal)
{
	struct order o = make_renewal(lab, site);

	event(lab, o.id, EVENT_CHECKED);
	event(lab, o.id, EVENT_KEYED);
	event(lab, o.id, EVENT_ASKED);
	OK(store_begin(lab->s));
	OK(store_order_set_ca(lab->s, o.id, ca, reseller));
	if (refusal < FINDING_MAX)
		OK(store_order_refused(lab->s, o.id, refusal));
	OK(store_commit(lab->s, "test.bought"));
	fake_time += DAYS(days);
	event(lab, o.id, EVENT_CERTIFIED);
	event(lab, o.id, EVENT_RETIRED);
}

static const struct offer *
offer_of(const struct offers *offers, const char *label)
{
	for (size_t i = 0; i < offers->count; i++)
		if (strcmp(offers->list[i].label, label) == 0)
			return &offers->list[i];
	fprintf(stderr, "no offer of %s\n", label);
	abort();
}

static void
say(const struct offers *offers, const char *words)
{
	CLEAN(buf_fini) struct buf text = BUF(4096);

	offers_words(offers, &text);
	if (!strstr(buf_text(&text), words))
		fail_msg("\"%s\" is not in: %s", words, buf_text(&text));
}

/* What the last orders have shown is what is recommended, and never whom the DNS forbids. */
static void
our_own_orders_recommend(void **state)
{
	struct lab *lab = *state;
	struct config *config = alloc_zero(sizeof(*config));
	CLEAN(market_free) struct market *market = open_market(config);
	CLEAN(offers_fini) struct offers before = { 0 }, after = { 0 }, held = { 0 };
	struct order site = make_order(lab, "owa.contoso.com"), o;
	const struct offer *sectigo, *digicert;

	live(lab, &site);
	OK(offers_read(lab->s, market, NULL, fake_time, &before));
	assert_null(before.best);
	say(&before, "not seen enough orders");
	assert_int_equal(before.count, cas_count(market_cas(market)));
	for (int i = 0; i < 11; i++) {
		buy(lab, &site, "Sectigo", "", 2 + i % 3, i < 4 ? FINDING_CERT_CHAIN : FINDING_MAX);
		buy(lab, &site, "DigiCert", "Vienna Trust", 1,
		    i == 0 ? FINDING_CERT_EXPIRED : FINDING_MAX);
	}
	o = make_order(lab, "new.contoso.com");
	OK(offers_read(lab->s, market, &o, fake_time, &after));
	sectigo = offer_of(&after, "Sectigo");
	digicert = offer_of(&after, "DigiCert from Vienna Trust");
	assert_ptr_equal(after.best, digicert);
	say(&after,
	    "DigiCert from Vienna Trust: 10 of 11 certificates were accepted at the first delivery, half of them within 1 day");
	assert_int_equal(sectigo->row.orders, 11);
	assert_int_equal(sectigo->row.accepted_first, 7);
	assert_int_equal(sectigo->line.median, DAYS(3));
	assert_int_equal(sectigo->line.often, FINDING_CERT_CHAIN);
	assert_int_equal(offer_of(&after, "DigiCert")->row.orders, 0);

	OK(store_begin(lab->s));
	OK(store_look_set(lab->s, o.id, LOOK_CAA, true, "",
	    STR("{\"restricts\":true,\"issuers\":[\"comodoca.com\"]}")));
	OK(store_commit(lab->s, "test.caa"));
	OK(offers_read(lab->s, market, &o, fake_time, &held));
	assert_ptr_equal(held.best, offer_of(&held, "Sectigo"));
	assert_int_equal(
	    offer_of(&held, "DigiCert from Vienna Trust")->line.verdict, ADVICE_CAA_FORBIDS);
	free(config);
}

/* What came says where it is from, in the ways that authorities write themselves. */
static void
a_certificate_says_where_it_is_from(void **state)
{
	static const struct {
		const char *organization, *ca;
	} cases[] = { { "DigiCert Inc", "DigiCert" }, { "Sectigo Limited", "Sectigo" },
		{ "Let's Encrypt", "Let's Encrypt" }, { "GlobalSign nv-sa", "GlobalSign" },
		{ "Contoso Private CA", "GlobalSign" /* as before */ } };
	struct lab *lab = *state;
	struct config *config = alloc_zero(sizeof(*config));
	CLEAN(market_free) struct market *market = open_market(config);
	struct read_report *report = alloc_zero(sizeof(*report));
	struct order o = make_order(lab, "owa.contoso.com");

	report->has_leaf = report->accepted = true;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		snprintf(report->certificate.issuer_organization,
		    sizeof(report->certificate.issuer_organization), "%s", cases[i].organization);
		OK(store_begin(lab->s));
		OK(market_note(market, lab->s, &o, report));
		OK(store_commit(lab->s, "test.noted"));
		OK(store_order_get(lab->s, o.id, &o));
		assert_string_equal(o.ca, cases[i].ca);
	}
	report->accepted = false; /* perhaps another order's */
	snprintf(report->certificate.issuer_organization,
	    sizeof(report->certificate.issuer_organization), "Sectigo Limited");
	OK(market_note(market, lab->s, &o, report));
	OK(store_order_get(lab->s, o.id, &o));
	assert_string_equal(o.ca, "GlobalSign");
	free(report);
	free(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_typed_is_understood),
		cmocka_unit_test(resellers_are_those_of_the_configuration),
		IN_LAB(our_own_orders_recommend),
		IN_LAB(a_certificate_says_where_it_is_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
