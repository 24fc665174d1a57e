/* SPDX-License-Identifier: Apache-2.0 */
/* Surveys as a queue, their rows, and what is believed to be served. */
#include "store/surveys.h"

#include "store/store_test_kit.h"

#include <stdio.h>

#include "store/certificates.h"
#include "store/pools.h"

#define LEASE SECONDS(60)

static struct survey
ask(struct lab *lab, const char *balancer, enum survey_kind kind, int wanted)
{
	struct survey v = { .kind = kind, .author = "operator" };

	snprintf(v.balancer, sizeof(v.balancer), "%s", balancer);
	OK(store_begin(lab->s));
	assert_int_equal(store_survey_add(lab->s, &v), wanted);
	OK(store_commit(lab->s, "test.ask"));
	return v;
}

static void
end(struct lab *lab, const struct survey *v, enum survey_state state)
{
	OK(store_begin(lab->s));
	OK(store_survey_end(lab->s, v, state, STR("{\"same\":1}"), "all is well"));
	OK(store_commit(lab->s, "test.end"));
}

static void
name_balancer(struct lab *lab, const char *name)
{
	OK(store_begin(lab->s));
	OK(store_balancer_name(lab->s, name, "haproxy"));
	OK(store_commit(lab->s, "test.name"));
}

static void
one_of_a_kind_is_open(void **state)
{
	struct lab *lab = *state;
	struct survey first = ask(lab, "edge", SURVEY_DRIFT, 0), claimed;
	struct survey same = ask(lab, "edge", SURVEY_DRIFT, STORE_E_ALREADY);

	assert_true(id_eq(first.id, same.id));
	(void)ask(lab, "edge", SURVEY_PROBE, 0);
	OK(store_survey_claim(lab->s, "w1", LEASE, &claimed));
	assert_true(id_eq(claimed.id, first.id) && claimed.kind == SURVEY_DRIFT);
	end(lab, &claimed, SURVEY_DONE);
	assert_false(id_eq(ask(lab, "edge", SURVEY_DRIFT, 0).id, first.id));
}

static void
a_balancer_is_surveyed_once_at_a_time(void **state)
{
	struct lab *lab = *state;
	struct survey one, other, none;

	name_balancer(lab, "west");
	(void)ask(lab, "edge", SURVEY_DRIFT, 0);
	(void)ask(lab, "edge", SURVEY_PROBE, 0);
	(void)ask(lab, "west", SURVEY_PROBE, 0);
	OK(store_survey_claim(lab->s, "w1", LEASE, &one));
	OK(store_survey_claim(lab->s, "w2", LEASE, &other));
	assert_string_equal(one.balancer, "edge");
	assert_string_equal(other.balancer, "west");
	assert_int_equal(store_survey_claim(lab->s, "w3", LEASE, &none), STORE_E_ABSENT);
	end(lab, &one, SURVEY_FAILED);
	OK(store_survey_claim(lab->s, "w3", LEASE, &none));
	assert_int_equal(none.kind, SURVEY_PROBE);
}

/* What its first worker found is gone with the second attempt, and the first one can write nothing
 * more. */
static void
a_second_attempt_begins_anew(void **state)
{
	struct lab *lab = *state;
	struct survey asked = ask(lab, "edge", SURVEY_IMPORT, 0), first, second, shown;
	CLEAN(survey_rows_fini) struct survey_rows rows = { 0 };
	CLEAN(buf_fini) struct buf result = BUF(SURVEY_RESULT_MAX);

	OK(store_survey_claim(lab->s, "w1", LEASE, &first));
	OK(store_begin(lab->s));
	OK(store_survey_hold(lab->s, &first, LEASE * 2));
	OK(store_survey_tell(lab->s, &first, STR("{\"a\":1}")));
	OK(store_commit(lab->s, "test.tell"));
	fake_time += LEASE + 1;
	assert_int_equal(store_survey_claim(lab->s, "w2", LEASE, &second), STORE_E_ABSENT);
	fake_time += LEASE;
	OK(store_survey_claim(lab->s, "w2", LEASE, &second));
	assert_int_equal(second.attempts, 2);
	OK(store_begin(lab->s));
	assert_int_equal(store_survey_hold(lab->s, &first, LEASE), STORE_E_STALE);
	assert_int_equal(
	    store_survey_end(lab->s, &first, SURVEY_DONE, STR("{}"), ""), STORE_E_STALE);
	assert_int_equal(store_survey_postpone(lab->s, &first, "", fake_time), STORE_E_STALE);
	second.looked = 7;
	OK(store_survey_tell(lab->s, &second, STR("{\"b\":1}")));
	OK(store_survey_tell(lab->s, &second, STR("{\"b\":2}")));
	OK(store_survey_hold(lab->s, &second, LEASE));
	OK(store_commit(lab->s, "test.tell"));
	end(lab, &second, SURVEY_DONE);
	OK(store_survey_get(lab->s, asked.id, &shown, &result));
	assert_int_equal(shown.state, SURVEY_DONE);
	assert_int_equal(shown.looked, 7);
	assert_int_equal(shown.told, 2);
	assert_string_equal(shown.words, "all is well");
	assert_string_equal(buf_text(&result), "{\"same\":1}");
	OK(store_survey_rows(lab->s, asked.id, 1, 10, &rows));
	assert_int_equal(rows.count, 1);
	assert_string_equal(rows.row[0].content, "{\"b\":2}");
}

static void
leases_of_an_earlier_life_are_freed(void **state)
{
	struct lab *lab = *state;
	struct survey v;

	(void)ask(lab, "edge", SURVEY_PROBE, 0);
	OK(store_survey_claim(lab->s, "w1", LEASE, &v));
	OK(store_surveys_free(lab->s, "w2"));
	assert_int_equal(store_survey_claim(lab->s, "w1", LEASE, &v), STORE_E_ABSENT);
	OK(store_surveys_free(lab->s, "w1"));
	OK(store_survey_claim(lab->s, "w1", LEASE, &v));
	OK(store_begin(lab->s));
	OK(store_survey_postpone(lab->s, &v, "not now", fake_time + SECONDS(5)));
	OK(store_commit(lab->s, "test.postpone"));
	assert_int_equal(store_survey_claim(lab->s, "w1", LEASE, &v), STORE_E_ABSENT);
	fake_time += SECONDS(5);
	OK(store_survey_claim(lab->s, "w1", LEASE, &v));
	assert_string_equal(v.words, "not now");
}

static void
old_ones_are_forgotten(void **state)
{
	struct lab *lab = *state;
	CLEAN(survey_list_fini) struct survey_list list = { 0 };
	struct survey first = { 0 }, v;

	for (int i = 0; i < SURVEYS_KEPT + 3; i++) {
		(void)ask(lab, "edge", SURVEY_DRIFT, 0);
		OK(store_survey_claim(lab->s, "w1", LEASE, &v));
		OK(store_begin(lab->s));
		OK(store_survey_tell(lab->s, &v, STR("{}")));
		OK(store_commit(lab->s, "test.tell"));
		end(lab, &v, SURVEY_DONE);
		first = i == 0 ? v : first;
	}
	assert_int_equal(store_survey_get(lab->s, first.id, &v, NULL), STORE_E_ABSENT);
	OK(store_survey_list(lab->s, "edge", (struct page){ .limit = 100 }, &list));
	assert_int_equal(list.count, SURVEYS_KEPT);
	assert_int_equal(count_of(lab, "SELECT COUNT(*) FROM survey_rows"), SURVEYS_KEPT);
}

/* As the worker leaves it when a certificate was verified on the balancer. */
static void
verify(struct lab *lab, const struct order *o)
{
	struct installation i = { .order = o->id, .site = o->site, .certificate = o->certificate };
	struct certificate c;

	OK(store_certificate_get(lab->s, o->certificate, &c));
	i.key = c.key;
	snprintf(i.balancer, sizeof(i.balancer), "edge");
	fake_time += SECONDS(1);
	OK(store_begin(lab->s));
	OK(store_installation_plan(lab->s, &i));
	OK(store_installation_set(lab->s, i.id, INSTALLATION_VERIFIED, ""));
	OK(store_commit(lab->s, "test.verified"));
}

static struct site_record
record(struct lab *lab, size_t wanted)
{
	CLEAN(site_record_list_fini) struct site_record_list list = { 0 };

	OK(store_site_records(lab->s, "edge", (struct page){ .limit = 10 }, &list));
	assert_int_equal(list.count, wanted);
	return wanted ? list.row[0] : (struct site_record){ 0 };
}

/* What was verified last counts, unless its order was taken back. */
static void
the_record(void **state)
{
	struct lab *lab = *state;
	struct order first = make_order(lab, "owa.contoso.com"), second;
	struct site_record r = record(lab, 1);
	struct id had[4];
	size_t count;

	assert_true(id_is_none(r.certificate) && !r.under_way);
	live(lab, &first);
	verify(lab, &first);
	assert_true(record(lab, 1).under_way); /* its task is there still */
	tamper(lab, "DELETE FROM tasks");
	r = record(lab, 1);
	assert_true(id_eq(r.certificate, first.certificate));
	assert_string_equal(r.host, "owa.contoso.com");
	assert_string_equal(r.backend, lab->service.backend);
	assert_true(r.address[0] != '\0' && !r.under_way);
	second = make_renewal(lab, &first);
	give_certificate(lab, &second);
	verify(lab, &second);
	assert_true(id_eq(record(lab, 1).certificate, second.certificate));
	assert_false(record(lab, 1).under_way);
	event(lab, second.id, EVENT_RETIRED);
	assert_true(id_eq(record(lab, 1).certificate, first.certificate));
	OK(store_certificates_of_site(lab->s, first.site, had, COUNT_OF(had), &count));
	assert_int_equal(count, 2);
	assert_true(id_eq(had[0], second.certificate));
	OK(store_begin(lab->s));
	OK(store_site_retire(lab->s, first.site));
	OK(store_commit(lab->s, "test.retired"));
	(void)record(lab, 0);
}

static void
whose_an_address_is(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com");
	struct site site;
	struct addr taken, other;
	char pool[64];
	bool is_free;

	OK(store_site_get(lab->s, o.site, &site));
	assert_true(addr_parse(str_of(site.address_text), &taken));
	OK(store_address_find(lab->s, "edge", &taken, pool, &is_free));
	assert_string_equal(pool, "edge-1");
	assert_false(is_free);
	assert_true(addr_parse(STR("192.0.2.6"), &other));
	OK(store_address_find(lab->s, "edge", &other, pool, &is_free));
	assert_true(is_free);
	assert_int_equal(
	    store_address_find(lab->s, "west", &other, pool, &is_free), STORE_E_ABSENT);
	OK(store_begin(lab->s));
	OK(store_address_release(lab->s, site.address));
	OK(store_commit(lab->s, "test.release"));
	OK(store_address_find(lab->s, "edge", &taken, pool, &is_free));
	assert_true(is_free);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LAB(one_of_a_kind_is_open),
		IN_LAB(a_balancer_is_surveyed_once_at_a_time),
		IN_LAB(a_second_attempt_begins_anew),
		IN_LAB(leases_of_an_earlier_life_are_freed),
		IN_LAB(old_ones_are_forgotten),
		IN_LAB(the_record),
		IN_LAB(whose_an_address_is),
	};

	return cmocka_run_group_tests_name("surveys", tests, NULL, NULL);
}
