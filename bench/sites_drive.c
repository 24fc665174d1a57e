/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bench/name measures of the search for names among other customers' sites, as the server does it,
 * in a database; one line of JSON.
 *
 *   sites_drive FOLDER CUSTOMERS NAMES KNOWN
 *
 * CUSTOMERS and NAMES as in name_drive.c; of customers' domains none is told to the server, so their
 * sites are all that is known. KNOWN has a host a line, of sites of one more customer. No site is live:
 * else what lies in its domain would not be looked for at all. The answer: verdicts, in the names'
 * order, and what one of them takes, in microseconds of CPU.
 */
#include <jansson.h>

#include "names/judge.h"
#include "store/customers.h"
#include "store/domains.h"
#include "store/pools.h"
#include "store/sites.h"
#include "sys/file.h"
#include "sys/world.h"
#include "tool.h"

#define FILE_MOST      (256u << 20)
#define CUSTOMERS_MOST 10000
#define POOL           "edge-1"

static struct str
read_all(const char *path, struct buf *to)
{
	*to = BUF(FILE_MOST);
	must(file_read(path, to) == 0, path);
	return buf_str(to);
}

/* ---- what there is ---- */

static struct service
move_in(struct store *s, size_t number)
{
	struct customer c = { 0 };
	struct service v = { .name = "mail", .backend = "b", .pool = POOL };

	snprintf(c.name, sizeof(c.name), "Customer %zu", number);
	must(store_customer_add(s, &c) == 0, "a customer");
	v.customer = c.id;
	must(store_service_add(s, &v) == 0, "a service");
	return v;
}

static void
add_site(struct store *s, const struct service *of, struct str host)
{
	struct site site = { .customer = of->customer, .service = of->id, .balancer = "edge" };
	int r;

	must(str_copy(host, site.host, sizeof(site.host)), "a host that is too long");
	r = store_site_add(s, &site);
	must(r == 0 || r == STORE_E_TAKEN, "a site");
}

/* "contoso.com contoso.de / mail.contoso.com owa.contoso.de" */
static void
add_customer(struct store *s, size_t number, struct str line, struct id *ret)
{
	struct service service = move_in(s, number);
	bool sites = false;
	struct str word;

	*ret = service.customer;
	while (str_next(&line, ' ', &word)) {
		if (sites)
			add_site(s, &service, word);
		sites |= str_eq(word, STR("/"));
	}
}

static size_t
add_customers(struct store *s, const char *path, struct id *customers)
{
	struct buf text;
	struct str rest = read_all(path, &text), line;
	size_t count = 0;

	while (str_next(&rest, '\n', &line) && count < CUSTOMERS_MOST)
		if (line.len > 0 && line.p[0] != '#') {
			add_customer(s, count, line, &customers[count]);
			count++;
		}
	buf_fini(&text);
	return count;
}

static size_t
add_known(struct store *s, const char *path)
{
	struct service everybody = move_in(s, CUSTOMERS_MOST);
	struct buf text;
	struct str rest = read_all(path, &text), line;
	size_t count = 0;

	for (; str_next(&rest, '\n', &line); count += line.len > 0)
		if (line.len > 0)
			add_site(s, &everybody, line);
	buf_fini(&text);
	return count;
}

/* ---- what is asked ---- */

static const char *
judge(struct store *s, struct id customer, struct str pasted)
{
	struct known_names *others = known_names_new();
	struct findings *findings = alloc_zero(sizeof(*findings));
	const struct name_question question = {
		.pasted = pasted, .service = "", .service_url = "", .others = others
	};
	struct name_judgement said;
	struct name_report report;
	struct host_name host;
	bool proved = false;
	int r = host_name_parse(pasted, &host, &report);

	if (r == 0)
		must(store_domain_is_live(s, host.text, &proved) == 0 && !proved &&
			 store_domains_like(s, customer, host.text, others) == 0,
		    "the search");
	r = name_judge(&question, findings, &said);
	free(findings);
	known_names_free(others);
	return r == NAME_JUDGE_E_REFUSED ? "refused" : r ? "confirm" : "fine";
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static json_t *
judge_all(struct store *s, const char *path, const struct id *customers, size_t count)
{
	const struct id new = world_id(world_real());
	double *micros = alloc_array(NUMBER_MOST, sizeof(*micros)), sum = 0;
	json_t *verdicts = json_array(), *said;
	struct str rest, line, who;
	struct buf names;
	size_t asked = 0;

	rest = read_all(path, &names);
	while (str_next(&rest, '\n', &line) && asked < NUMBER_MOST) {
		double begin = cpu(CLOCK_PROCESS_CPUTIME_ID);
		int64_t n = 0;

		if (!str_next(&line, '\t', &who) || !line.p)
			continue;
		must(str_eq(who, STR("-")) || (str_to_i64(who, &n) && n >= 0 && n < (int64_t)count),
		    "no such customer");
		json_array_append_new(verdicts,
		    json_string(judge(s, str_eq(who, STR("-")) ? new : customers[n], line)));
		micros[asked] = (cpu(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e6;
		sum += micros[asked++];
	}
	must(asked > 0, "no names");
	qsort(micros, asked, sizeof(*micros), compare_doubles);
	said = json_pack("{s:o, s:{s:f, s:f, s:f}}", "verdicts", verdicts, "micros", "mean",
	    sum / (double)asked, "p99", micros[asked * 99 / 100], "max", micros[asked - 1]);
	free(micros);
	buf_fini(&names);
	return said;
}

int
main(int argc, char **argv)
{
	struct id *customers = alloc_array(CUSTOMERS_MOST, sizeof(*customers));
	struct pool pool = { .name = POOL, .balancer = "edge", .prefix = "192.0.2.0/29" };
	struct store *s = NULL;
	double begin = cpu(CLOCK_PROCESS_CPUTIME_ID);
	size_t count, known;
	char path[4096];
	json_t *said;

	must_have_arguments(argc == 5);
	snprintf(path, sizeof(path), "%s/sites.db", argv[1]);
	must(store_open(path, world_real(), &s) == 0 && store_begin(s) == 0, path);
	must(store_balancer_name(s, "edge", "haproxy") == 0 && store_pool_add(s, &pool) == 0,
	    "a pool");
	count = add_customers(s, argv[2], customers);
	known = add_known(s, argv[4]);
	must(store_commit(s, "bench.sites") == 0, "the database");
	begin = cpu(CLOCK_PROCESS_CPUTIME_ID) - begin;
	said = judge_all(s, argv[3], customers, count);
	json_object_set_new(said, "known", json_integer((json_int_t)known));
	json_object_set_new(said, "build_s", json_real(begin));
	json_dumpf(said, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(said);
	free(customers);
	store_free(s);
	return 0;
}
