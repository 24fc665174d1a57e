/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db.h"

#include "store/store_test_kit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/certificates.h"
#include "store/domain_keys.h"
#include "store/domains.h"
#include "store/eligibility.h"
#include "store/events.h"
#include "store/keys.h"
#include "store/messages.h"
#include "store/purchases.h"
#include "store/pools.h"
#include "store/surveys.h"
#include "store/tasks.h"

static void
what_is_not_committed_is_not_there(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com"), back;

	OK(store_begin(lab->s));
	OK(store_order_event(lab->s, o.id, EVENT_CHECKED, ""));
	store_free(lab->s);
	lab->s = reopen(lab);
	OK(store_order_get(lab->s, o.id, &back));
	assert_int_equal(back.facts.fact[FACT_CHECKED], 0);
	assert_false(has_task(lab, o.id, TASK_KEY));
}

struct racer {
	struct lab *lab;
	struct addr got[20];
	size_t count;
};

static void *
race(void *arg)
{
	struct racer *me = arg;
	struct store *s = reopen(me->lab);

	for (int i = 0; i < 20; i++) {
		struct id id;

		OK(store_begin(s));
		if (store_address_reserve(s, "race", world_id(&fake), &id, &me->got[me->count]) ==
		    0)
			me->count++;
		OK(store_commit(s, "test.race"));
	}
	store_free(s);
	return NULL;
}

static void
two_never_get_one_address(void **state)
{
	struct lab *lab = *state;
	struct pool pool = { .name = "race", .balancer = "edge", .prefix = "198.51.100.0/26" };
	struct racer racers[4] = { 0 };
	pthread_t threads[4];

	OK(store_begin(lab->s));
	OK(store_pool_add(lab->s, &pool));
	OK(store_commit(lab->s, "test.pool"));
	for (int i = 0; i < 4; i++) {
		racers[i].lab = lab;
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(racers[0].count + racers[1].count + racers[2].count + racers[3].count, 62);
	for (int a = 0; a < 4; a++)
		for (size_t i = 0; i < racers[a].count; i++)
			for (int b = 0; b < 4; b++)
				for (size_t j = 0; j < racers[b].count; j++)
					if (a != b || i != j)
						assert_false(
						    addr_eq(&racers[a].got[i], &racers[b].got[j]));
}

static void
the_audit_chain_shows_changes(void **state)
{
	static const struct {
		const char *name, *sql;
		int64_t broken; /* 0 = behind the last one left */
	} cases[] = {
		{ "actor", "UPDATE events SET actor='someone' WHERE sequence=2", 2 },
		{ "actor no reader takes",
		    "UPDATE events SET actor=hex(zeroblob(4000)) WHERE sequence=2", 2 },
		{ "detail", "UPDATE events SET detail='{}' WHERE sequence=3", 3 },
		{ "detail behind a NUL",
		    "UPDATE events SET detail=detail||char(0)||'x' WHERE sequence=3", 3 },
		{ "time", "UPDATE events SET at=at+1 WHERE sequence=4", 4 },
		{ "order", "UPDATE events SET order_id=object_id WHERE sequence=1", 1 },
		{ "text moved to the next field",
		    "UPDATE events SET actor=actor||'c', action=substr(action,2) WHERE sequence=2",
		    2 },
		{ "hash", "UPDATE events SET hash=zeroblob(32) WHERE sequence=2", 2 },
		{ "short hash", "UPDATE events SET hash=zeroblob(1) WHERE sequence=2", 2 },
		{ "first removed", "DELETE FROM events WHERE sequence=1", 2 },
		{ "one removed", "DELETE FROM events WHERE sequence=2", 3 },
		{ "removed, the rest moved up",
		    "DELETE FROM events WHERE sequence=2; UPDATE events SET sequence=-sequence WHERE sequence>2;"
		    " UPDATE events SET sequence=-sequence-1 WHERE sequence<0",
		    2 },
		{ "end removed", "DELETE FROM events WHERE sequence>3", 4 },
		{ "all removed", "DELETE FROM events", 1 },
		{ "two swapped",
		    "UPDATE events SET sequence=-2 WHERE sequence=2; UPDATE events SET sequence=2 WHERE sequence=3;"
		    " UPDATE events SET sequence=3 WHERE sequence=-2",
		    2 },
		{ "inserted",
		    "INSERT INTO events SELECT MAX(sequence)+1, 1, 'a', 'b', 'c', NULL, NULL, '', zeroblob(32) FROM events",
		    0 },
	};
	struct lab *lab = *state;
	int64_t sequence, count;

	make_order(lab, "owa.contoso.com");
	OK(store_event_verify(lab->s, &count));
	assert_int_equal(count, count_of(lab, "SELECT COUNT(*) FROM events"));
	assert_true(count > 4);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		print_message("  %s\n", cases[i].name);
		tamper(lab, "BEGIN");
		tamper(lab, cases[i].sql);
		assert_int_equal(store_event_verify(lab->s, &sequence), STORE_E_BROKEN);
		assert_int_equal(sequence, cases[i].broken ? cases[i].broken : count + 1);
		tamper(lab, "ROLLBACK");
	}
	OK(store_event_verify(lab->s, &sequence));
}

/* More events than one page of the walk. */
static void
a_long_chain_verifies(void **state)
{
	struct lab *lab = *state;
	int64_t before, sequence;

	OK(store_event_verify(lab->s, &before));
	OK(store_begin(lab->s));
	for (int i = 0; i < 2500; i++)
		OK(store_event_add(lab->s, "test.happened", "test", ID_NONE, ID_NONE, ""));
	OK(store_commit(lab->s, "test.events"));
	OK(store_event_verify(lab->s, &sequence));
	assert_int_equal(sequence, before + 2500);
	tamper(lab, "UPDATE events SET at=1 WHERE sequence=2222");
	assert_int_equal(store_event_verify(lab->s, &sequence), STORE_E_BROKEN);
	assert_int_equal(sequence, 2222);
}

static void
a_full_disk_changes_nothing(void **state)
{
	struct lab *lab = *state;
	int r = 0;

	tamper(lab, "PRAGMA max_page_count=1");
	OK(store_begin(lab->s));
	for (int i = 0; i < 2000 && r == 0; i++) {
		struct customer c = { 0 };

		fake_time += MILLIS(1);
		snprintf(c.name, sizeof(c.name), "Customer %d", i);
		r = store_customer_add(lab->s, &c);
	}
	assert_int_equal(r, STORE_E_FULL);
	store_abandon(lab->s);
	tamper(lab, "PRAGMA max_page_count=1000000");
	make_order(lab, "after.contoso.com");
}

static void
a_newer_database_is_refused(void **state)
{
	struct lab *lab = *state;
	struct store *s = NULL;
	int64_t version;

	OK(store_schema_version(lab->s, &version));
	assert_true(version >= 1);
	tamper(lab, "UPDATE schema_version SET value=999");
	assert_int_equal(store_open(lab->path, &fake, &s), STORE_E_NEWER);
}

static void *
open_one(void *arg)
{
	const struct lab *fresh = arg;

	store_free(reopen(fresh));
	return NULL;
}

/* A new database, made by several at the same moment: each gets in, and its steps are run once. */
static void
many_may_make_it_at_once(void **state)
{
	struct lab *lab = *state, fresh = *lab;

	for (int round = 0; round < 5; round++) {
		static const char *const ends[] = { "", "-wal", "-shm" };
		pthread_t threads[4];

		snprintf(fresh.path, sizeof(fresh.path), "%s/fresh", lab->folder);
		for (int i = 0; i < 4; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, open_one, &fresh), 0);
		for (int i = 0; i < 4; i++)
			pthread_join(threads[i], NULL);
		fresh.s = reopen(&fresh);
		assert_int_equal(count_of(&fresh, "SELECT COUNT(*) FROM counters"), 3);
		assert_int_equal(count_of(&fresh, "SELECT COUNT(*) FROM schema_version"), 1);
		store_free(fresh.s);
		for (size_t i = 0; i < COUNT_OF(ends); i++) {
			char path[128];

			snprintf(path, sizeof(path), "%s%s", fresh.path, ends[i]);
			unlink(path);
		}
	}
}

static void
an_older_database_is_brought_up_to_date(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "owa.contoso.com");
	struct message letter = {
		.order = o.id, .purpose = "csr", .message_id = "<1@x>", .body = alloc_text("one")
	};
	CLEAN(known_names_free) struct known_names *known = known_names_new();
	int64_t events, tasks, version;

	OK(store_begin(lab->s));
	OK(store_message_add(lab->s, &letter));
	OK(store_commit(lab->s, "test.letter"));
	message_fini(&letter);
	OK(store_event_verify(lab->s, &events));
	tasks = count_of(lab, "SELECT COUNT(*) FROM tasks");
	tamper(lab,
	    "ALTER TABLE services DROP COLUMN protection; ALTER TABLE services DROP COLUMN backend_tls;"
	    "DROP INDEX sites_of_domain; DROP INDEX sites_live_in_domain; ALTER TABLE sites DROP COLUMN domain;"
	    "ALTER TABLE orders DROP COLUMN rests; ALTER TABLE orders DROP COLUMN resting;"
	    "DROP INDEX orders_of_ca; ALTER TABLE orders DROP COLUMN ca; ALTER TABLE orders DROP COLUMN reseller;"
	    "ALTER TABLE orders DROP COLUMN first_refusal;");
	tamper(lab,
	    "DROP TABLE mailbox_names; ALTER TABLE waivers DROP COLUMN second; ALTER TABLE waivers DROP COLUMN confirmed;"
	    "ALTER TABLE mailbox_counts DROP COLUMN asked; ALTER TABLE mailbox_counts DROP COLUMN listed;"
	    "ALTER TABLE mailbox_counts DROP COLUMN others;"
	    "ALTER TABLE customers DROP COLUMN mailbox_source; ALTER TABLE customers DROP COLUMN mailbox_key;");
	tamper(lab,
	    "ALTER TABLE keys DROP COLUMN origin; ALTER TABLE orders DROP COLUMN fact_rechained; ALTER TABLE orders DROP COLUMN purged;"
	    "DROP INDEX orders_held; ALTER TABLE orders DROP COLUMN opens; ALTER TABLE orders DROP COLUMN through;"
	    "ALTER TABLE orders DROP COLUMN fact_doubted; ALTER TABLE orders DROP COLUMN fact_questioned;"
	    "ALTER TABLE orders DROP COLUMN fact_unapproved; ALTER TABLE orders DROP COLUMN fact_approved;"
	    "ALTER TABLE orders DROP COLUMN watched; ALTER TABLE orders DROP COLUMN fact_fetching; ALTER TABLE orders DROP COLUMN fact_delivered;"
	    "ALTER TABLE orders DROP COLUMN fact_unanswered; ALTER TABLE messages RENAME TO new; CREATE TABLE messages (id BLOB PRIMARY KEY,"
	    " order_id BLOB, incoming INTEGER, purpose TEXT, sender TEXT, recipient TEXT, subject TEXT, message_id TEXT, words TEXT,"
	    " created INTEGER, sent INTEGER, body TEXT, attachment_name TEXT, attachment_type TEXT, attachment TEXT);"
	    "INSERT INTO messages SELECT id, order_id, incoming, purpose, sender, recipient, subject, message_id, words, created, sent, body,"
	    " attachment_name, attachment_type, attachment FROM new; DROP TABLE new;"
	    "DROP TABLE deliveries; DROP TABLE intermediates; DROP TABLE survey_rows; DROP TABLE surveys; DROP TABLE customer_domains; DROP TABLE domain_keys; DROP INDEX sites_of_balancer;"
	    "DROP INDEX orders_of_customer_in_stage; DROP INDEX tasks_leased;"
	    "DELETE FROM counters WHERE name IN ('task', 'event'); UPDATE schema_version SET value=1");
	store_free(lab->s);
	lab->s = reopen(lab);
	OK(store_schema_version(lab->s, &version));
	assert_int_equal(version, 15);
	assert_int_equal(count_of(lab, "SELECT value FROM counters WHERE name='task'"), tasks);
	assert_int_equal(count_of(lab, "SELECT COUNT(*) FROM sites WHERE domain='contoso.com'"), 1);
	OK(store_domains_like(lab->s, o.id, "owa.contosso.com", known));
	assert_true(known_names_has(known, "contoso.com"));
	OK(store_event_verify(lab->s, &version));
	assert_int_equal(version, events);
	OK(store_message_get(lab->s, o.id, "csr", o.id, &letter));
	assert_string_equal(letter.body, "one");
	message_fini(&letter);
	event(lab, o.id, EVENT_CHECKED);
	store_free(lab->s);
	lab->s = reopen(lab); /* once more changes nothing */
	OK(store_event_verify(lab->s, &version));
	assert_int_equal(version, events + 1);
}

static void
only_its_owner_may_read_it(void **state)
{
	static const char *const files[] = { "db", "db-wal", "db-shm" };
	struct lab *lab = *state;

	for (size_t i = 0; i < COUNT_OF(files); i++) {
		char path[128];
		struct stat about;

		snprintf(path, sizeof(path), "%s/%s", lab->folder, files[i]);
		OK(stat(path, &about));
		assert_int_equal(about.st_mode & 0777, 0600);
	}
}

static void
what_cannot_be_opened_says_why(void **state)
{
	struct lab *lab = *state;
	struct store *s = NULL;
	char path[128], target[128];

	snprintf(path, sizeof(path), "%s/nowhere/db", lab->folder);
	assert_int_equal(store_open(path, &fake, &s), -ENOENT);
	snprintf(path, sizeof(path), "%s/link", lab->folder);
	snprintf(target, sizeof(target), "%s/db", lab->folder);
	OK(symlink(target, path));
	assert_int_equal(store_open(path, &fake, &s), -ELOOP);
	unlink(path);
	assert_null(s);
}

/* A commit nobody named is no commit. */
static void
a_change_needs_a_transaction(void **state)
{
	struct lab *lab = *state;
	struct customer c = { .name = "Fabrikam" };

	assert_int_equal(store_customer_add(lab->s, &c), -EPERM);
	assert_int_equal(store_customer_by_name(lab->s, "Fabrikam", &c), STORE_E_ABSENT);
}

static void *
hold_the_lock(void *arg)
{
	struct store *s = arg;

	world_rest(MILLIS(50));
	store_abandon(s);
	return NULL;
}

static void
a_second_writer_waits(void **state)
{
	struct lab *lab = *state;
	CLEAN(store_free) struct store *other = reopen(lab);
	pthread_t thread;

	OK(store_begin(other));
	assert_int_equal(pthread_create(&thread, NULL, hold_the_lock, other), 0);
	OK(store_begin(lab->s));
	pthread_join(thread, NULL);
	assert_false(other->begun);
}

/* What is made in one millisecond keeps its order, also when the clock is set back. */
static void
ids_grow(void **state)
{
	struct lab *lab = *state;
	struct id last = db_id(lab->s);

	for (int i = 0; i < 1000; i++) {
		struct id id = db_id(lab->s);

		assert_true(memcmp(last.b, id.b, sizeof(id.b)) < 0);
		last = id;
		fake_time -= i == 500 ? HOURS(1) : 0;
	}
	memset(last.b + 9, 0xff, 7);
	lab->s->last_id = last;
	last.b[8]++;
	memset(last.b + 9, 0, 7);
	assert_true(id_eq(db_id(lab->s), last));
}

static void
fragments_are_expanded(void **state UNUSED)
{
	static const struct dialect other = {
		.blob = "BYTEA", .number = "BIGINT", .strict = "", .claim = "FOR UPDATE SKIP LOCKED"
	};
	static const struct {
		const char *sql, *expanded;
	} cases[] = {
		{ "", "" },
		{ "a @blob, b @int NOT NULL) @strict;", "a BYTEA, b BIGINT NOT NULL) ;" },
		{ "SELECT 1 @claim", "SELECT 1 FOR UPDATE SKIP LOCKED" },
		{ "'a@b' @ @@int @nothing", "'a@b' @ @BIGINT @nothing" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf got = BUF(1000);

		dialect_expand(&other, cases[i].sql, &got);
		assert_string_equal(buf_text(&got), cases[i].expanded);
	}
}

/* Uses what a site meets in its life, so that each statement of it is prepared. */
static void
live_fully(struct lab *lab)
{
	struct order first = make_order(lab, "owa.contoso.com"), renewal;
	struct order_filter filter = { .customer = lab->customer.id, .by_stage = true };
	CLEAN(order_list_fini) struct order_list orders = { 0 };
	CLEAN(site_list_fini) struct site_list sites = { 0 };
	CLEAN(event_list_fini) struct event_list events = { 0 };
	CLEAN(found_list_fini) struct found_list found = { 0 };
	CLEAN(message_list_fini) struct message_list messages = { 0 };
	struct findings findings = { 0 };
	struct page page = { .limit = 10 };
	struct key_match keys[4];
	struct queue_depth depth;
	struct task task;
	struct site site;
	CLEAN(known_names_free) struct known_names *known = known_names_new();
	struct host_name domain = { "contoso.com" };
	int64_t under_way;
	bool first_eyes, theirs;
	size_t count;
	when next;

	live(lab, &first);
	renewal = make_renewal(lab, &first);
	live(lab, &renewal);
	findings_add(&findings, FINDING_CERT_KEY_UNKNOWN, "files");
	OK(store_begin(lab->s));
	OK(store_findings_replace(lab->s, renewal.id, GATE_CERTIFICATE, &findings));
	OK(store_commit(lab->s, "test.findings"));
	for (int i = 0; i < 4; i++) {
		found_list_fini(&found);
		order_list_fini(&orders);
		filter.customer = i & 1 ? lab->customer.id : ID_NONE;
		filter.by_stage = i & 2;
		OK(store_order_list(lab->s, &filter, page, &orders));
		OK(store_findings_open(lab->s, renewal.id, &found));
	}
	OK(store_begin(lab->s));
	OK(store_domains_set(lab->s, lab->customer.id, &(struct domain_list){ &domain, 1 }));
	OK(store_commit(lab->s, "test.domains"));
	OK(store_domains_of_others(lab->s, renewal.id, "owa.contoso.com", &theirs));
	OK(store_domains_like(lab->s, renewal.id, "owa.contsoo.com", known));
	OK(store_domain_is_live(lab->s, "owa.contoso.com", &theirs));
	OK(store_site_list(lab->s, lab->customer.id, page, &sites));
	OK(store_site_by_host(lab->s, "owa.contoso.com", &site));
	OK(store_order_by_host(lab->s, "owa.contoso.com", &first));
	OK(store_order_by_number(lab->s, 1001, &first));
	OK(store_event_list(lab->s, renewal.id, 0, 10, &events));
	OK(store_message_list(lab->s, renewal.id, page, &messages));
	OK(store_keys_of_customer(lab->s, lab->customer.id, keys, COUNT_OF(keys), &count));
	fake_time += DAYS(8);
	OK(store_task_claim(lab->s, "w", SECONDS(60), &task, &next));
	OK(store_tasks_free(lab->s, "w"));
	OK(store_queue_depth(lab->s, &depth));
	OK(store_orders_under_way(lab->s, lab->customer.id, fake_time - DAYS(1), &under_way));
	OK(store_event_verify(lab->s, &next));
	OK(store_begin(lab->s));
	OK(store_order_looked(lab->s, renewal.id));
	OK(store_task_add(lab->s, renewal.id, TASK_DNS, fake_time));
	OK(store_commit(lab->s, "test.looked"));
	OK(store_tasks_claim_swept(lab->s, "w", SECONDS(60), fake_time, &task, 1, &count));
	assert_int_equal(count, 1);
	OK(store_begin(lab->s));
	OK(store_order_look_closely(lab->s, renewal.id));
	OK(store_task_put_back(lab->s, task.id, "", fake_time));
	OK(store_commit(lab->s, "test.closely"));
	event(lab, renewal.id, EVENT_RETIRED);
	OK(store_begin(lab->s));
	OK(store_order_let_through(lab->s, renewal.id, ""));
	OK(store_orders_look_again(lab->s));
	OK(store_order_accepted_by_us(lab->s, renewal.id, &first_eyes));
	OK(store_commit(lab->s, "test.windows"));
	OK(store_begin(lab->s));
	OK(store_site_set_live(lab->s, site.id, renewal.certificate, renewal.id, 0));
	OK(domains_of_sites_fill(lab->s));
	OK(store_site_retire(lab->s, site.id));
	OK(store_service_change(lab->s, &lab->service));
	OK(store_commit(lab->s, "test.retired"));
}

/* The same of a load balancer's survey. */
static void
survey_fully(struct lab *lab)
{
	CLEAN(survey_list_fini) struct survey_list list = { 0 };
	CLEAN(survey_rows_fini) struct survey_rows rows = { 0 };
	CLEAN(site_record_list_fini) struct site_record_list records = { 0 };
	struct survey v = { .balancer = "edge", .kind = SURVEY_DRIFT };
	struct page page = { .limit = 10 };
	const struct addr nowhere = { .family = 4 };
	char pool[64];
	bool is_free;
	struct id had[2];
	size_t count;

	OK(store_begin(lab->s));
	OK(store_survey_add(lab->s, &v));
	OK(store_commit(lab->s, "test.survey"));
	OK(store_survey_claim(lab->s, "w", SECONDS(60), &v));
	OK(store_surveys_free(lab->s, "w"));
	OK(store_survey_claim(lab->s, "w", SECONDS(60), &v));
	OK(store_begin(lab->s));
	OK(store_survey_hold(lab->s, &v, SECONDS(60)));
	OK(store_survey_tell(lab->s, &v, STR("{}")));
	OK(store_survey_postpone(lab->s, &v, "", fake_time));
	OK(store_commit(lab->s, "test.survey"));
	OK(store_survey_claim(lab->s, "w", SECONDS(60), &v));
	OK(store_begin(lab->s));
	OK(store_survey_end(lab->s, &v, SURVEY_DONE, STR("{}"), ""));
	OK(store_commit(lab->s, "test.survey"));
	OK(store_survey_list(lab->s, "edge", page, &list));
	OK(store_survey_get(lab->s, v.id, &v, NULL));
	OK(store_survey_rows(lab->s, v.id, 0, 10, &rows));
	OK(store_site_records(lab->s, "edge", page, &records));
	assert_int_equal(
	    store_address_find(lab->s, "edge", &nowhere, pool, &is_free), STORE_E_ABSENT);
	OK(store_certificates_of_site(lab->s, v.id, had, COUNT_OF(had), &count));
}

/* And of what makes a customer eligible. */
static void
count_fully(struct lab *lab)
{
	CLEAN(mailbox_count_list_fini) struct mailbox_count_list counts = { 0 };
	CLEAN(mailbox_names_fini) struct mailbox_names names = { 0 };
	CLEAN(waiver_list_fini) struct waiver_list waivers = { 0 };
	struct mailbox_count count = { .customer = lab->customer.id, .mailboxes = 1, .listed = 1 };
	struct waiver waiver = {
		.customer = lab->customer.id, .author = "Eva", .expires = fake_time + DAYS(1)
	};
	struct order o = make_order(lab, "counted.contoso.com");
	struct page page = { .limit = 10 };

	OK(store_begin(lab->s));
	for (int i = 0; i <= MAILBOX_LISTS_KEPT; i++)
		OK(store_mailboxes_add(lab->s, &count, STR("anna"), o.id));
	OK(store_order_counted(lab->s, o.id, 1, ID_NONE));
	OK(store_waiver_add(lab->s, &waiver));
	snprintf(waiver.second, sizeof(waiver.second), "Otto");
	OK(store_waiver_confirm(lab->s, &waiver));
	OK(store_commit(lab->s, "test.counted"));
	OK(store_waiver_valid(lab->s, lab->customer.id, fake_time, &waiver));
	OK(store_waiver_list(lab->s, lab->customer.id, page, &waivers));
	OK(store_mailboxes_list(lab->s, lab->customer.id, page, &counts));
	OK(store_mailboxes_get(lab->s, lab->customer.id, count.id, &count));
	OK(store_mailbox_names(lab->s, count.id, 0, 10, &names));
}

/* What hands take along. */
static void
claim_fully(struct lab *lab)
{
	struct task task = { 0 };
	size_t count;

	OK(store_tasks_claim_for(lab->s, "w", SECONDS(60), "edge", &task, 1, &count));
	OK(store_begin(lab->s));
	OK(store_task_put_back(lab->s, task.id, "edge", fake_time));
	OK(store_commit(lab->s, "test.put_back"));
}

static void
rest_fully(struct lab *lab, const struct order *o)
{
	struct site site;

	OK(store_site_get(lab->s, o->site, &site));
	OK(store_begin(lab->s));
	OK(store_order_rest(lab->s, o->id, site.address, fake_time));
	OK(store_order_rested(lab->s, o->id));
	OK(store_commit(lab->s, "test.rested"));
}

static void
buy_fully(struct lab *lab)
{
	struct order o = make_order(lab, "bought.contoso.com");
	struct purchase *bought = alloc_array(PURCHASES_LATEST, sizeof(*bought));
	size_t count;

	OK(store_begin(lab->s));
	OK(store_order_set_ca(lab->s, o.id, "DigiCert", "Vienna Trust"));
	OK(store_order_refused(lab->s, o.id, FINDING_CERT_KEY_UNKNOWN));
	OK(store_order_refused(lab->s, o.id, FINDING_CERT_EXPIRED));
	OK(store_commit(lab->s, "test.bought"));
	rest_fully(lab, &o);
	OK(store_purchases(lab->s, "DigiCert", "", bought, &count));
	assert_int_equal(count, 0);
	OK(store_purchases(lab->s, "DigiCert", "Vienna Trust", bought, &count));
	assert_int_equal(count, 1);
	assert_int_equal(bought[0].refused, FINDING_CERT_KEY_UNKNOWN);
	assert_false(bought[0].accepted);
	free(bought);
}

/* What a statement may do beside searching an index: its plan begins so, and its text has that in
 * it. */
static bool
is_cheap(struct str plan, const char *sql)
{
	static const struct {
		const char *plan, *sql;
	} cheap[] = {
		{ "SEARCH", "" }, { "SCALAR SUBQUERY", "" },
		{ "LIST SUBQUERY", "" }, /* it has lines of its own */
		{ "CORRELATED SCALAR SUBQUERY", "o.order_id=t.order_id" },
		{ "CORRELATED SCALAR SUBQUERY", "o.id=t.order_id" }, { "SCAN CONSTANT ROW", "" },
		{ "SCAN schema_version", "" }, { "SCAN events", "DESC LIMIT 1" },
		{ "SCAN tasks USING COVERING INDEX tasks_due", "ORDER BY due LIMIT 1" },
		{ "SCAN tasks USING COVERING INDEX tasks_leased",
		    "" },                                        /* only what is leased is in it */
		{ "USE TEMP B-TREE FOR ORDER BY", "t.host=$1" }, /* the orders of one host */
		{ "USE TEMP B-TREE FOR ORDER BY", "FROM messages WHERE order_id=" },
		{ "LIST SUBQUERY", "FROM surveys WHERE balancer=$1 AND kind=$2" },
		{ "CORRELATED SCALAR SUBQUERY", "UPDATE surveys" },
		{ "SCAN surveys USING INDEX surveys_due", "" }, /* only what is open is in it */
		{ "CORRELATED SCALAR SUBQUERY", "o.site=t.id" },
		{ "CORRELATED SCALAR SUBQUERY", "d.domain=k.domain" },
		{ "USE TEMP B-TREE FOR ORDER BY", "had.site=t.id" }, /* what one site ever had */
	};

	for (size_t i = 0; i < COUNT_OF(cheap); i++)
		if (str_starts(plan, str_of(cheap[i].plan)) && strstr(sql, cheap[i].sql))
			return true;
	return false;
}

/* A million sites is normal: no statement may walk a table. */
static void
no_statement_walks_a_table(void **state)
{
	struct lab *lab = *state;

	live_fully(lab);
	survey_fully(lab);
	count_fully(lab);
	buy_fully(lab);
	claim_fully(lab);
	assert_true(lab->s->statement_count > 50);
	for (size_t i = 0; i < lab->s->statement_count; i++) {
		const char *sql = sqlite3_sql(lab->s->statement[i].handle);
		CLEAN(buf_fini) struct buf explain = BUF(1 << 16);
		sqlite3_stmt *stmt = NULL;

		buf_printf(&explain, "EXPLAIN QUERY PLAN %s", sql);
		assert_int_equal(
		    sqlite3_prepare_v2(lab->s->db, buf_text(&explain), -1, &stmt, NULL), SQLITE_OK);
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			const char *plan = (const char *)sqlite3_column_text(stmt, 3);

			if (!is_cheap(str_of(plan), sql))
				fail_msg("%s: %s", sql, plan);
		}
		sqlite3_finalize(stmt);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LAB(many_may_make_it_at_once),
		IN_LAB(an_older_database_is_brought_up_to_date),
		IN_LAB(a_newer_database_is_refused),
		IN_LAB(only_its_owner_may_read_it),
		IN_LAB(what_cannot_be_opened_says_why),
		IN_LAB(what_is_not_committed_is_not_there),
		IN_LAB(a_change_needs_a_transaction),
		IN_LAB(a_second_writer_waits),
		IN_LAB(two_never_get_one_address),
		IN_LAB(a_full_disk_changes_nothing),
		IN_LAB(ids_grow),
		IN_LAB(fragments_are_expanded),
		IN_LAB(no_statement_walks_a_table),
		IN_LAB(the_audit_chain_shows_changes),
		IN_LAB(a_long_chain_verifies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
