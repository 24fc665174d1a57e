/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_test_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/certificates.h"
#include "store/db.h"
#include "store/keys.h"
#include "store/pools.h"
#include "store/tasks.h"

when fake_time = SECONDS(1800000000);

static when
fake_now(const struct world *world UNUSED)
{
	return fake_time;
}

static void
real_random(const struct world *world UNUSED, void *to, size_t len)
{
	world_real()->random(world_real(), to, len);
}

const struct world fake = { .now = fake_now, .random = real_random };

struct store *
reopen(const struct lab *lab)
{
	struct store *s = NULL;

	OK(store_open(lab->path, &fake, &s));
	store_set_actor(s, "test");
	return s;
}

static void
furnish(struct lab *lab, const char *prefix)
{
	struct pool pool = { .name = "edge-1", .balancer = "edge" };

	snprintf(pool.prefix, sizeof(pool.prefix), "%s", prefix);
	lab->customer = (struct customer){ .name = "Contoso", .contact_mail = "a@contoso.com" };
	OK(store_begin(lab->s));
	OK(store_balancer_name(lab->s, "edge", "haproxy"));
	OK(store_pool_add(lab->s, &pool));
	OK(store_customer_add(lab->s, &lab->customer));
	lab->service = (struct service){
		.customer = lab->customer.id, .name = "mail", .pool = "edge-1", .backend = "b"
	};
	OK(store_service_add(lab->s, &lab->service));
	OK(store_commit(lab->s, "test.furnish"));
}

int
lab_set_up(void **state)
{
	struct lab *lab = alloc_zero(sizeof(*lab));

	fake_time = SECONDS(1800000000);
	snprintf(lab->folder, sizeof(lab->folder), "/tmp/certdesk-store-XXXXXX");
	assert_non_null(mkdtemp(lab->folder));
	snprintf(lab->path, sizeof(lab->path), "%s/db", lab->folder);
	lab->s = reopen(lab);
	furnish(lab, "192.0.2.0/29");
	*state = lab;
	return 0;
}

int
lab_tear_down(void **state)
{
	struct lab *lab = *state;
	static const char *const files[] = { "db", "db-wal", "db-shm", "db-journal" };

	store_free(lab->s);
	for (size_t f = 0; f < COUNT_OF(files); f++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", lab->folder, files[f]);
		unlink(path);
	}
	rmdir(lab->folder);
	free(lab);
	return 0;
}

struct order
make_order(struct lab *lab, const char *host)
{
	struct order o = { .customer = lab->customer.id,
		.service = lab->service.id,
		.country = "AT",
		.mailboxes = 300 };
	struct site site = {
		.customer = lab->customer.id, .service = lab->service.id, .balancer = "edge"
	};
	struct addr addr;

	snprintf(site.host, sizeof(site.host), "%s", host);
	site.id = world_id(&fake);
	OK(store_begin(lab->s));
	OK(store_address_reserve(lab->s, "edge-1", site.id, &site.address, &addr));
	OK(store_site_add(lab->s, &site));
	o.site = site.id;
	OK(store_order_add(lab->s, &o));
	OK(store_commit(lab->s, "test.order"));
	return o;
}

void
event(struct lab *lab, struct id order, enum order_event e)
{
	OK(store_begin(lab->s));
	OK(store_order_event(lab->s, order, e, ""));
	OK(store_commit(lab->s, "test.event"));
}

bool
has_task(struct lab *lab, struct id order, enum task_kind kind)
{
	struct task tasks[16];
	size_t count;

	OK(store_tasks_of_order(lab->s, order, tasks, 16, &count));
	for (size_t i = 0; i < count; i++)
		if (tasks[i].kind == kind)
			return true;
	return false;
}

void
give_certificate(struct lab *lab, struct order *o)
{
	struct key key = {
		.id = world_id(&fake), .customer = o->customer, .site = o->site, .kind = KEY_P256
	};
	struct certificate c = {
		.order = o->id, .site = o->site, .not_after = fake_time + DAYS(199)
	};
	struct id csr;

	OK(store_begin(lab->s));
	OK(store_key_add(lab->s, &key, STR("wrapped")));
	OK(store_csr_add(lab->s, o->id, key.id, STR("der"), &csr));
	c.key = key.id;
	OK(store_certificate_add(lab->s, &c, STR("leaf"), STR("chain")));
	OK(store_order_point(lab->s, o->id, key.id, csr, c.id, ID_NONE));
	OK(store_commit(lab->s, "test.certificate"));
	OK(store_order_get(lab->s, o->id, o));
}

const enum order_event life[] = {
	EVENT_CHECKED,
	EVENT_KEYED,
	EVENT_ASKED,
	EVENT_CERTIFIED,
	EVENT_INSTALLED,
	EVENT_TESTED,
	EVENT_POINTED,
	EVENT_CONFIRMED,
	EVENT_TOLD,
};
const size_t life_length = COUNT_OF(life);

void
live(struct lab *lab, struct order *o)
{
	give_certificate(lab, o);
	for (size_t i = 0; i < life_length; i++)
		event(lab, o->id, life[i]);
	OK(store_order_get(lab->s, o->id, o));
}

struct order
make_renewal(struct lab *lab, const struct order *of)
{
	struct order o = { .site = of->site,
		.customer = of->customer,
		.service = of->service,
		.country = "AT",
		.facts.kind = ORDER_RENEWAL };

	OK(store_begin(lab->s));
	OK(store_order_add(lab->s, &o));
	OK(store_commit(lab->s, "test.renewal"));
	return o;
}

void
tamper(struct lab *lab, const char *sql)
{
	assert_int_equal(sqlite3_exec(lab->s->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

int64_t
count_of(struct lab *lab, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(lab->s->db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}
