/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema, as numbered steps. A step that was released is never changed; the next one changes
 * what it made. Each runs in a transaction of its own with its number, so a crash leaves a whole
 * schema of some version.
 */
#include "store/db.h"

#include <stdio.h>

#include "store/domain_keys.h"

/* clang-format off */
static const char *const steps[] = {
	/* 1: the whole path */
	"CREATE TABLE counters (name TEXT PRIMARY KEY, value @int NOT NULL) @strict;"
	"INSERT INTO counters VALUES ('order', 1000);"
	"CREATE TABLE stage_counts (stage TEXT PRIMARY KEY, orders @int NOT NULL) @strict;"

	"CREATE TABLE customers (id @blob PRIMARY KEY, name TEXT NOT NULL UNIQUE, organization TEXT NOT NULL, division TEXT NOT NULL,"
	" city TEXT NOT NULL, state TEXT NOT NULL, country TEXT NOT NULL, contact_name TEXT NOT NULL, contact_mail TEXT NOT NULL,"
	" created @int NOT NULL, changed @int NOT NULL, version @int NOT NULL) @strict;"
	"CREATE TABLE mailbox_counts (id @blob PRIMARY KEY, customer @blob NOT NULL REFERENCES customers, mailboxes @int NOT NULL,"
	" source TEXT NOT NULL, author TEXT NOT NULL, counted @int NOT NULL) @strict;"
	"CREATE INDEX mailbox_counts_latest ON mailbox_counts (customer, id);"
	"CREATE TABLE waivers (id @blob PRIMARY KEY, customer @blob NOT NULL REFERENCES customers, author TEXT NOT NULL,"
	" reason TEXT NOT NULL, given @int NOT NULL, expires @int NOT NULL) @strict;"
	"CREATE INDEX waivers_latest ON waivers (customer, id);"

	"CREATE TABLE balancers (id @blob PRIMARY KEY, name TEXT NOT NULL UNIQUE, driver TEXT NOT NULL, created @int NOT NULL) @strict;"
	"CREATE TABLE pools (id @blob PRIMARY KEY, name TEXT NOT NULL UNIQUE, balancer TEXT NOT NULL REFERENCES balancers (name),"
	" prefix TEXT NOT NULL, free @int NOT NULL, reserved @int NOT NULL, in_use @int NOT NULL, quarantine @int NOT NULL,"
	" created @int NOT NULL) @strict;"
	"CREATE TABLE services (id @blob PRIMARY KEY, customer @blob NOT NULL REFERENCES customers, kind TEXT NOT NULL, name TEXT NOT NULL,"
	" url TEXT NOT NULL, backend TEXT NOT NULL, pool TEXT NOT NULL REFERENCES pools (name), created @int NOT NULL,"
	" changed @int NOT NULL, version @int NOT NULL, UNIQUE (customer, name)) @strict;"
	"CREATE INDEX services_of_customer ON services (customer, id);"

	"CREATE TABLE sites (id @blob PRIMARY KEY, customer @blob NOT NULL REFERENCES customers, service @blob NOT NULL REFERENCES services,"
	" host TEXT NOT NULL, address @blob, balancer TEXT NOT NULL REFERENCES balancers (name), certificate @blob, live_order @blob,"
	" not_after @int NOT NULL, created @int NOT NULL, retired @int NOT NULL) @strict;"
	"CREATE UNIQUE INDEX sites_host ON sites (host) WHERE retired = 0;"
	"CREATE INDEX sites_any_host ON sites (host, id);"
	"CREATE INDEX sites_of_customer ON sites (customer, id);"
	"CREATE TABLE addresses (id @blob PRIMARY KEY, pool @blob NOT NULL REFERENCES pools, balancer TEXT NOT NULL, place @int NOT NULL,"
	" address TEXT NOT NULL, state TEXT NOT NULL, site @blob, free_again @int NOT NULL, UNIQUE (balancer, address)) @strict;"
	"CREATE INDEX addresses_free ON addresses (pool, place) WHERE state = 'free';"
	"CREATE INDEX addresses_quarantine ON addresses (pool, free_again) WHERE state = 'quarantine';"

	"CREATE TABLE orders (id @blob PRIMARY KEY, number @int NOT NULL UNIQUE, site @blob NOT NULL REFERENCES sites,"
	" customer @blob NOT NULL REFERENCES customers, service @blob NOT NULL REFERENCES services, organization TEXT NOT NULL,"
	" division TEXT NOT NULL, city TEXT NOT NULL, state TEXT NOT NULL, country TEXT NOT NULL, key_kind TEXT NOT NULL,"
	" mailboxes @int NOT NULL, waiver @blob, key @blob, csr @blob, certificate @blob, installation @blob, kind TEXT NOT NULL,"
	" dns_when TEXT NOT NULL, valid_from @int NOT NULL, dns_looked @int NOT NULL, dns_looks @int NOT NULL, withdrawn @int NOT NULL,"
	" fact_checked @int NOT NULL, fact_refused @int NOT NULL, fact_keyed @int NOT NULL, fact_asked @int NOT NULL,"
	" fact_certified @int NOT NULL, fact_installed @int NOT NULL, fact_tested @int NOT NULL, fact_dns_asked @int NOT NULL,"
	" fact_pointed @int NOT NULL, fact_confirmed @int NOT NULL, fact_told @int NOT NULL, fact_stuck @int NOT NULL,"
	" fact_superseded @int NOT NULL, fact_retired @int NOT NULL, stage TEXT NOT NULL, waits_for TEXT NOT NULL, trouble TEXT NOT NULL,"
	" created @int NOT NULL, changed @int NOT NULL, version @int NOT NULL) @strict;"
	"CREATE INDEX orders_of_site ON orders (site, id);"
	"CREATE INDEX orders_of_customer ON orders (customer, id);"
	"CREATE INDEX orders_in_stage ON orders (stage, id);"
	"CREATE UNIQUE INDEX orders_open ON orders (site) WHERE fact_confirmed = 0 AND fact_refused = 0 AND fact_retired = 0;"

	"CREATE TABLE keys (id @blob PRIMARY KEY, customer @blob NOT NULL REFERENCES customers, site @blob NOT NULL REFERENCES sites,"
	" kind TEXT NOT NULL, state TEXT NOT NULL, generation @int NOT NULL, spki_sha256 @blob NOT NULL, wrapped @blob NOT NULL,"
	" created @int NOT NULL, UNIQUE (site, generation)) @strict;"
	"CREATE INDEX keys_of_customer ON keys (customer, id);"
	"CREATE TABLE csrs (id @blob PRIMARY KEY, order_id @blob NOT NULL REFERENCES orders, key @blob NOT NULL REFERENCES keys,"
	" der @blob NOT NULL, created @int NOT NULL) @strict;"
	"CREATE INDEX csrs_of_key ON csrs (key, id);"
	"CREATE TABLE certificates (id @blob PRIMARY KEY, order_id @blob NOT NULL REFERENCES orders, site @blob NOT NULL REFERENCES sites,"
	" key @blob NOT NULL REFERENCES keys, sha256 @blob NOT NULL, serial TEXT NOT NULL, subject TEXT NOT NULL, issuer TEXT NOT NULL,"
	" names TEXT NOT NULL, chain_length @int NOT NULL, not_before @int NOT NULL, not_after @int NOT NULL, accepted @int NOT NULL,"
	" leaf @blob NOT NULL, chain @blob NOT NULL) @strict;"
	"CREATE INDEX certificates_of_site ON certificates (site, id);"
	"CREATE TABLE installations (id @blob PRIMARY KEY, order_id @blob NOT NULL REFERENCES orders, site @blob NOT NULL REFERENCES sites,"
	" certificate @blob NOT NULL REFERENCES certificates, key @blob NOT NULL REFERENCES keys,"
	" balancer TEXT NOT NULL REFERENCES balancers (name), state TEXT NOT NULL, words TEXT NOT NULL, planned @int NOT NULL,"
	" changed @int NOT NULL, UNIQUE (certificate, balancer)) @strict;"

	"CREATE TABLE findings (id @blob PRIMARY KEY, order_id @blob NOT NULL REFERENCES orders, gate TEXT NOT NULL, code TEXT NOT NULL,"
	" severity TEXT NOT NULL, field TEXT NOT NULL, params TEXT NOT NULL, found @int NOT NULL, closed @int NOT NULL) @strict;"
	"CREATE INDEX findings_open ON findings (order_id, id) WHERE closed = 0;"
	"CREATE TABLE looks (order_id @blob NOT NULL REFERENCES orders, kind TEXT NOT NULL, good @int NOT NULL, words TEXT NOT NULL,"
	" report TEXT NOT NULL, at @int NOT NULL, PRIMARY KEY (order_id, kind)) @strict;"
	"CREATE TABLE tasks (id @blob PRIMARY KEY, order_id @blob NOT NULL REFERENCES orders, kind TEXT NOT NULL, due @int NOT NULL,"
	" leased_until @int NOT NULL, again @int NOT NULL, worker TEXT NOT NULL, attempts @int NOT NULL, outcome TEXT NOT NULL, words TEXT NOT NULL,"
	" created @int NOT NULL, UNIQUE (order_id, kind)) @strict;"
	"CREATE INDEX tasks_due ON tasks (due, id);"
	"CREATE TABLE messages (id @blob PRIMARY KEY, order_id @blob NOT NULL REFERENCES orders, incoming @int NOT NULL, purpose TEXT NOT NULL,"
	" sender TEXT NOT NULL, recipient TEXT NOT NULL, subject TEXT NOT NULL, message_id TEXT NOT NULL, words TEXT NOT NULL,"
	" created @int NOT NULL, sent @int NOT NULL, body TEXT NOT NULL, attachment_name TEXT, attachment_type TEXT, attachment TEXT,"
	" UNIQUE (order_id, purpose)) @strict;"

	"CREATE TABLE events (sequence @int PRIMARY KEY, at @int NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL,"
	" object_id @blob, order_id @blob, detail TEXT NOT NULL, hash @blob NOT NULL) @strict;"
	"CREATE INDEX events_of_order ON events (order_id, sequence);"
	"CREATE TABLE tokens (id @blob PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, customer @blob REFERENCES customers,"
	" hash @blob NOT NULL UNIQUE, created @int NOT NULL, revoked @int NOT NULL) @strict;"
	"CREATE TABLE answers (token @blob NOT NULL, key TEXT NOT NULL, request @blob NOT NULL, status @int NOT NULL, body TEXT NOT NULL,"
	" at @int NOT NULL, PRIMARY KEY (token, key)) @strict;"
	"CREATE INDEX answers_age ON answers (at);",

	/* 2: costs that do not grow with the number of sites; the audit chain's length */
	"CREATE INDEX orders_of_customer_in_stage ON orders (customer, stage, id);"
	"CREATE INDEX tasks_leased ON tasks (worker, leased_until) WHERE leased_until > 0;"
	"INSERT INTO counters SELECT 'task', COUNT(*) FROM tasks;"
	"INSERT INTO counters SELECT 'event', COALESCE(MAX(sequence), 0) FROM events;",

	/* 3: what was delivered and judged, until it is accepted */
	"ALTER TABLE orders ADD COLUMN fact_fetching @int NOT NULL DEFAULT 0;"
	"ALTER TABLE orders ADD COLUMN watched @int NOT NULL DEFAULT 0;"
	"ALTER TABLE orders ADD COLUMN fact_delivered @int NOT NULL DEFAULT 0;"
	"CREATE TABLE deliveries (id @blob PRIMARY KEY, order_id @blob NOT NULL REFERENCES orders, state TEXT NOT NULL, container TEXT NOT NULL,"
	" accept_clean @int NOT NULL, review @blob NOT NULL, sha256 @blob NOT NULL, serial TEXT NOT NULL, subject TEXT NOT NULL,"
	" issuer TEXT NOT NULL, names TEXT NOT NULL, chain_length @int NOT NULL, not_before @int NOT NULL, not_after @int NOT NULL,"
	" leaf @blob NOT NULL, chain @blob NOT NULL, given @blob NOT NULL, findings TEXT NOT NULL, differences TEXT NOT NULL,"
	" created @int NOT NULL, ended @int NOT NULL) @strict;"
	"CREATE UNIQUE INDEX deliveries_open ON deliveries (order_id) WHERE ended = 0;"
	"CREATE INDEX deliveries_of_order ON deliveries (order_id, id);"
	/* CA certificates that completed somebody's chain: found by the name they are missed under */
	"CREATE TABLE intermediates (sha256 @blob PRIMARY KEY, subject_sha256 @blob NOT NULL, subject TEXT NOT NULL, not_after @int NOT NULL,"
	" source TEXT NOT NULL, der @blob NOT NULL, found @int NOT NULL) @strict;"
	"CREATE INDEX intermediates_by_subject ON intermediates (subject_sha256, not_after);",

	/* 4: answers by mail to a delivery that was judged when its sender had gone */
	"ALTER TABLE orders ADD COLUMN fact_unanswered @int NOT NULL DEFAULT 0;"
	"ALTER TABLE deliveries ADD COLUMN by_mail @int NOT NULL DEFAULT 0;"
	"ALTER TABLE messages RENAME TO messages_3;"
	"CREATE TABLE messages (id @blob PRIMARY KEY, order_id @blob NOT NULL REFERENCES orders, about @blob NOT NULL, incoming @int NOT NULL,"
	" purpose TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL, subject TEXT NOT NULL, message_id TEXT NOT NULL,"
	" words TEXT NOT NULL, created @int NOT NULL, sent @int NOT NULL, body TEXT NOT NULL, attachment_name TEXT, attachment_type TEXT,"
	" attachment TEXT, UNIQUE (order_id, purpose, about)) @strict;"
	"INSERT INTO messages SELECT id, order_id, order_id, incoming, purpose, sender, recipient, subject, message_id, words, created, sent,"
	" body, attachment_name, attachment_type, attachment FROM messages_3;"
	"DROP TABLE messages_3;",

	/* 5: keys that were not made here; one waits with its delivery until that is accepted */
	"ALTER TABLE keys ADD COLUMN origin TEXT NOT NULL DEFAULT 'here';"
	"ALTER TABLE deliveries ADD COLUMN key @blob;"
	"ALTER TABLE deliveries ADD COLUMN key_kind TEXT;"
	"ALTER TABLE deliveries ADD COLUMN key_spki @blob;"
	"ALTER TABLE deliveries ADD COLUMN key_wrapped @blob;",

	/* 6: a live site's chain is replaced */
	"ALTER TABLE orders ADD COLUMN fact_rechained @int NOT NULL DEFAULT 0;",

	/* 7: what an order replaced goes off the balancer, some days later */
	"ALTER TABLE orders ADD COLUMN purged @int NOT NULL DEFAULT 0;",

	/* 8: what load balancers were asked: a queue of its own, as no order is behind it */
	"CREATE TABLE surveys (id @blob PRIMARY KEY, balancer TEXT NOT NULL REFERENCES balancers (name), kind TEXT NOT NULL, state TEXT NOT NULL,"
	" author TEXT NOT NULL, asked @int NOT NULL, ended @int NOT NULL, due @int NOT NULL, leased_until @int NOT NULL, worker TEXT NOT NULL,"
	" attempts @int NOT NULL, looked @int NOT NULL, told @int NOT NULL, result TEXT NOT NULL, words TEXT NOT NULL) @strict;"
	"CREATE UNIQUE INDEX surveys_open ON surveys (balancer, kind) WHERE ended = 0;"
	"CREATE INDEX surveys_due ON surveys (due, id) WHERE ended = 0;"
	"CREATE INDEX surveys_of_balancer ON surveys (balancer, id);"
	"CREATE TABLE survey_rows (survey @blob NOT NULL REFERENCES surveys, number @int NOT NULL, content TEXT NOT NULL,"
	" PRIMARY KEY (survey, number)) @strict;"
	"CREATE INDEX sites_of_balancer ON sites (balancer, id);",

	/* 9: an installation waits for a second person, and for the balancer's window */
	"ALTER TABLE orders ADD COLUMN fact_unapproved @int NOT NULL DEFAULT 0;"
	"ALTER TABLE orders ADD COLUMN fact_approved @int NOT NULL DEFAULT 0;"
	"ALTER TABLE orders ADD COLUMN opens @int NOT NULL DEFAULT 0;"
	"ALTER TABLE orders ADD COLUMN through @int NOT NULL DEFAULT 0;"
	"CREATE INDEX orders_held ON orders (opens) WHERE opens > 0;",

	/* 10: what is odd before the purchase waits for somebody to say that it is meant */
	"ALTER TABLE orders ADD COLUMN fact_doubted @int NOT NULL DEFAULT 0;"
	"ALTER TABLE orders ADD COLUMN fact_questioned @int NOT NULL DEFAULT 0;",

	/* 11: the domains of customers, which the names of their sites are held against */
	"CREATE TABLE customer_domains (customer @blob NOT NULL REFERENCES customers, domain TEXT NOT NULL, PRIMARY KEY (customer, domain)) @strict;"
	"CREATE INDEX customer_domains_by_domain ON customer_domains (domain, customer);"
	/* what they are found by when something like them is typed: docs/decisions/0021 */
	"CREATE TABLE domain_keys (key @int NOT NULL, customer @blob NOT NULL REFERENCES customers, domain TEXT NOT NULL,"
	" PRIMARY KEY (key, customer, domain)) @strict;"
	"CREATE INDEX domain_keys_of_customer ON domain_keys (customer);",

	/* 12: mailboxes are counted at a source, with the list that was counted; two people waive. A waiver of one
	 * person holds no more: it was never confirmed. */
	"ALTER TABLE customers ADD COLUMN mailbox_source TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE customers ADD COLUMN mailbox_key TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE mailbox_counts ADD COLUMN asked TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE mailbox_counts ADD COLUMN listed @int NOT NULL DEFAULT 0;"
	"ALTER TABLE mailbox_counts ADD COLUMN others @int NOT NULL DEFAULT 0;"
	"CREATE TABLE mailbox_names (counted_by @blob NOT NULL REFERENCES mailbox_counts, number @int NOT NULL, name TEXT NOT NULL,"
	" PRIMARY KEY (counted_by, number)) @strict;"
	"ALTER TABLE waivers ADD COLUMN second TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE waivers ADD COLUMN confirmed @int NOT NULL DEFAULT 0;",

	/* 13: at whom the certificate is bought, and why the first delivery was refused; each authority's latest orders */
	"ALTER TABLE orders ADD COLUMN ca TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE orders ADD COLUMN reseller TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE orders ADD COLUMN first_refusal TEXT NOT NULL DEFAULT '';"
	"CREATE INDEX orders_of_ca ON orders (ca, reseller, number);",

	/* 14: an address rests until its name has left it; what was released before is free again by its day */
	"ALTER TABLE orders ADD COLUMN rests @int NOT NULL DEFAULT 0;"
	"ALTER TABLE orders ADD COLUMN resting @blob;",

	/* 15: what is known of the servers behind a service; the domains of sites are found as those of customers are:
	 * keys are a domain's, whoever has it (docs/decisions/0028) */
	"ALTER TABLE services ADD COLUMN protection TEXT NOT NULL DEFAULT 'unknown';"
	"ALTER TABLE services ADD COLUMN backend_tls TEXT NOT NULL DEFAULT 'unknown';"
	"ALTER TABLE sites ADD COLUMN domain TEXT NOT NULL DEFAULT '';"
	"CREATE INDEX sites_of_domain ON sites (domain, customer) WHERE retired = 0;"
	"CREATE INDEX sites_live_in_domain ON sites (domain) WHERE retired = 0 AND live_order IS NOT NULL;"
	"ALTER TABLE domain_keys RENAME TO domain_keys_14;"
	"CREATE TABLE domain_keys (key @int NOT NULL, domain TEXT NOT NULL, PRIMARY KEY (key, domain)) @strict;"
	"INSERT INTO domain_keys SELECT DISTINCT key, domain FROM domain_keys_14;"
	"DROP TABLE domain_keys_14;"
	"CREATE INDEX domain_keys_of_domain ON domain_keys (domain);",
};
/* clang-format on */

/* What no SQL can work out, in the transaction of the step of that number. It meets the tables of that
 * step, not of the last one. */
static int (*const fills[COUNT_OF(steps) + 1])(struct store *s) = {
	[15] = domains_of_sites_fill,
};

static int
read_version(struct store *s, int64_t *ret)
{
	CLEAN(query_end) struct query q = query(s, "SELECT value FROM schema_version");
	int r = query_row(&q);

	if (r)
		return r;
	*ret = column_int(&q);
	return query_result(&q);
}

int
store_schema_version(struct store *s, int64_t *ret)
{
	return error_fold(read_version(s, ret));
}

static int
set_version(struct store *s, int64_t version)
{
	CLEAN(query_end) struct query q = query(s, "UPDATE schema_version SET value=$1");

	query_int(&q, 1, version);
	return query_one(&q);
}

/* Another process may have been faster: the version is read again under the write lock. */
static int
take_step(struct store *s, int64_t step)
{
	CLEAN(buf_fini) struct buf sql = BUF(1 << 16);
	int64_t version;
	int r = store_begin(s);

	if (r == 0)
		r = read_version(s, &version);
	if (r == 0 && version < step) {
		dialect_expand(s->dialect, steps[step - 1], &sql);
		r = db_exec(s, buf_text(&sql));
		if (r == 0 && fills[step])
			r = fills[step](s);
		if (r == 0)
			r = set_version(s, step);
	}
	if (r == 0)
		return store_commit(s, "store.migrated");
	store_abandon(s);
	return r;
}

static int
make_version_table(struct store *s)
{
	int r = store_begin(s);

	if (r == 0)
		r = db_exec(s,
		    "CREATE TABLE IF NOT EXISTS schema_version (value INTEGER NOT NULL) STRICT;"
		    "INSERT INTO schema_version SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM schema_version)");
	if (r == 0)
		return store_commit(s, "store.made");
	store_abandon(s);
	return r;
}

static bool
has_version_table(struct store *s)
{
	return sqlite3_table_column_metadata(s->db, "main", "schema_version", "value", NULL, NULL,
		   NULL, NULL, NULL) == SQLITE_OK;
}

int
store_migrate(struct store *s)
{
	int64_t version = 0;
	int r = has_version_table(s) ? 0 : make_version_table(s);

	if (r == 0)
		r = read_version(s, &version);
	if (r)
		return r;
	if (version > (int64_t)COUNT_OF(steps))
		return STORE_E_NEWER;
	for (int64_t step = version + 1; r == 0 && step <= (int64_t)COUNT_OF(steps); step++)
		r = take_step(s, step);
	return r;
}
