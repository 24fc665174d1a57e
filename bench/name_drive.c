/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bench/name measures in C; one line of JSON.
 *
 *   name_drive search KNOWN TYPED          looks for each name of TYPED among those of KNOWN
 *   name_drive scan KNOWN TYPED            the peer: compares each of them with all, by the same comparison
 *   name_drive judge CUSTOMERS NAMES       judges NAMES, for customers whose domains and sites are in CUSTOMERS
 *
 * KNOWN and TYPED have a name a line. CUSTOMERS: domains and sites of one customer a line, as in
 * bench/data. NAMES: number of the customer (- = a new one) and the name, a tab between; the answer has
 * a list of [verdict, meant] in their order.
 */
#include <jansson.h>
#include <stdio.h>

#include "tool.h"
#include "names/judge.h"
#include "names/list.h"
#include "names/parts.h"
#include "sys/file.h"

#define FILE_MOST      (256u << 20)
#define CUSTOMERS_MOST 10000

static struct str
read_all(const char *path, struct buf *to)
{
	*to = BUF(FILE_MOST);
	must(file_read(path, to) == 0, path);
	return buf_str(to);
}

static struct known_names *
known_of(struct str list)
{
	struct known_names *known = known_names_new();
	struct name_list_mistake mistake;

	must(name_list_read(list, known, &mistake) == 0, "a list with a line that is no name");
	return known;
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static json_t *
spread(double *micros, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += micros[i];
	qsort(micros, count, sizeof(*micros), compare_doubles);
	return json_pack("{s:f, s:f, s:f, s:f}", "mean", sum / (double)count, "p50",
	    micros[count / 2], "p99", micros[count * 99 / 100], "max", micros[count - 1]);
}

/* ---- one way to look, and the other ---- */

static bool
look(const struct known_names *known, const char *typed)
{
	struct name_alike found;

	name_alike_find(known, typed, false, &found);
	return found.mistake != MISTAKE_NONE;
}

/* As somebody would without an index: the same comparison with the label of every name under the same
 * ending. The names are taken apart before the clock runs. */
static bool
scan(const struct name_parts *parts, size_t count, const char *typed)
{
	struct name_parts mine = name_parts_of(typed);
	struct letters letters, other;
	char words[MISTAKE_WORDS];
	size_t found = 0;

	letters_of(mine.label, &letters);
	for (size_t i = 0; i < count; i++) {
		if (!str_eq(parts[i].ending, mine.ending))
			continue;
		letters_of(parts[i].label, &other);
		found += mistake_between(&letters, &other, words) != MISTAKE_NONE;
	}
	return found > 0;
}

static struct name_parts *
take_apart(const struct known_names *known)
{
	size_t count = known_names_count(known);
	struct name_parts *parts = alloc_array(count + 1, sizeof(*parts));

	for (size_t i = 0; i < count; i++)
		parts[i] = name_parts_of(known_names_at(known, i));
	return parts;
}

static json_t *
measure(const struct known_names *known, bool scanning, struct str typed)
{
	struct name_parts *parts = scanning ? take_apart(known) : NULL;
	double *micros = alloc_array(NUMBER_MOST, sizeof(*micros)), begin;
	size_t count = 0, found = 0;
	struct str line;
	json_t *said;

	while (str_next(&typed, '\n', &line) && count < NUMBER_MOST) {
		struct host_name name;

		if (line.len == 0)
			continue;
		must(str_copy(line, name.text, sizeof(name.text)), "a name that is too long");
		begin = cpu(CLOCK_PROCESS_CPUTIME_ID);
		found += scanning ? scan(parts, known_names_count(known), name.text)
		                  : look(known, name.text);
		micros[count++] = (cpu(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e6;
	}
	must(count > 0, "no names to look for");
	said = json_pack("{s:i, s:i, s:o}", "asked", (int)count, "found", (int)found, "micros",
	    spread(micros, count));
	free(micros);
	free(parts);
	return said;
}

static json_t *
search(const char *known_path, const char *typed_path, bool scanning)
{
	struct buf list, typed;
	double begin = cpu(CLOCK_PROCESS_CPUTIME_ID), built;
	struct known_names *known = known_of(read_all(known_path, &list));
	json_t *said;

	buf_fini(&list);
	built = cpu(CLOCK_PROCESS_CPUTIME_ID) - begin;
	said = measure(known, scanning, read_all(typed_path, &typed));
	json_object_set_new(said, "known", json_integer((json_int_t)known_names_count(known)));
	json_object_set_new(said, "bytes", json_integer((json_int_t)known_names_bytes(known)));
	json_object_set_new(said, "build_s", json_real(built));
	buf_fini(&typed);
	known_names_free(known);
	return said;
}

/* ---- judging ---- */

struct customer {
	struct known_names *domains, *sites;
};

/* "contoso.com contoso.de / mail.contoso.com owa.contoso.de" */
static void
read_customer(struct str line, struct customer *ret, struct known_names *all)
{
	struct known_names *to;
	struct str word;

	*ret = (struct customer){ known_names_new(), known_names_new() };
	to = ret->domains;
	while (str_next(&line, ' ', &word)) {
		struct name_report report;
		struct host_name name;

		if (str_eq(word, STR("/"))) {
			to = ret->sites;
			continue;
		}
		must(host_name_parse(word, &name, &report) == 0, "a customer's name that is none");
		must(known_names_add(to, &name) == 0 && known_names_add(all, &name) == 0, "full");
	}
}

static json_t *
judge(const struct customer *customer, const struct known_names *all, struct str pasted)
{
	static const char *const verdicts[] = { "fine", "refused", "confirm" };
	struct findings *findings = alloc_zero(sizeof(*findings));
	struct name_judgement said;
	const struct name_question question = { .pasted = pasted,
		.service = "",
		.service_url = "",
		.domains = customer ? customer->domains : NULL,
		.known = customer ? customer->sites : NULL,
		.others = all };
	int r = name_judge(&question, findings, &said);
	json_t *answer = json_pack("[s, s]", verdicts[r], said.alike.meant.text);

	free(findings);
	return answer;
}

static json_t *
judge_all(const char *customers_path, const char *names_path)
{
	struct customer *customer = alloc_array(CUSTOMERS_MOST, sizeof(*customer));
	struct known_names *all = known_names_new();
	struct buf customers, names;
	struct str rest = read_all(customers_path, &customers), line, who;
	json_t *answers = json_array();
	size_t count = 0;

	while (str_next(&rest, '\n', &line) && count < CUSTOMERS_MOST)
		if (line.len > 0 && line.p[0] != '#')
			read_customer(line, &customer[count++], all);
	rest = read_all(names_path, &names);
	while (str_next(&rest, '\n', &line)) {
		int64_t n = 0;

		if (!str_next(&line, '\t', &who) || !line.p)
			continue;
		must(str_eq(who, STR("-")) || (str_to_i64(who, &n) && n >= 0 && n < (int64_t)count),
		    "no such customer");
		json_array_append_new(
		    answers, judge(str_eq(who, STR("-")) ? NULL : &customer[n], all, line));
	}
	for (size_t i = 0; i < count; i++) {
		known_names_free(customer[i].domains);
		known_names_free(customer[i].sites);
	}
	free(customer);
	known_names_free(all);
	buf_fini(&customers);
	buf_fini(&names);
	return answers;
}

int
main(int argc, char **argv)
{
	json_t *said;

	must_have_arguments(argc == 4);
	if (strcmp(argv[1], "judge") == 0)
		said = judge_all(argv[2], argv[3]);
	else
		said = search(argv[2], argv[3], strcmp(argv[1], "scan") == 0);
	json_dumpf(said, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(said);
	return 0;
}
