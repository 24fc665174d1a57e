/* SPDX-License-Identifier: Apache-2.0 */
#include "names/alike_internal.h"

#include "names/host_words.h"
#include "names/pairs.h"

#define HOST_LEAST 3

static void
compare_host(struct alike_search *s, struct str host)
{
	char words[MISTAKE_WORDS];
	struct letters typed, known;
	enum name_mistake mistake;

	letters_of(s->parts.host, &typed);
	letters_of(host, &known);
	mistake = mistake_between(&typed, &known, words);
	if (known.count >= HOST_LEAST && !letters_differ_in_number(&typed, &known))
		alike_offer(s, mistake, host, s->parts.domain, words);
}

/* "" of a bare domain. */
static struct str
host_of(const struct known_name *name)
{
	return str_bytes(name->whole.p,
	    name->whole.len > name->domain.len ? name->whole.len - name->domain.len - 1 : 0);
}

static void
seen_host(void *to, const struct known_name *seen)
{
	struct alike_search *s = to;

	if (str_eq(seen->domain, s->parts.domain))
		compare_host(s, host_of(seen));
}

/* A host as it would be with one letter instead of two that look like it. */
struct host_look {
	struct alike_search *search;
	struct letters host;
	const char *words;
};

static void
seen_host_look(void *to, const struct known_name *seen)
{
	const struct host_look *look = to;
	struct alike_search *s = look->search;
	struct str host = host_of(seen);
	struct letters letters;

	letters_of(host, &letters);
	if (str_eq(seen->domain, s->parts.domain) && letters_eq(&letters, &look->host))
		alike_offer(s, MISTAKE_LOOK, host, s->parts.domain, look->words);
}

static void
look_at_host_pairs(struct alike_search *s, const struct letters *typed)
{
	char words[MISTAKE_WORDS];
	struct host_look look = { .search = s, .words = words };

	for (size_t at = 0; at < typed->count; at++)
		for (size_t pair = 0; pair < PAIRS; pair++) {
			if (!pair_put(typed, at, pair, &look.host))
				continue;
			pair_words(pair, words);
			known_names_under(s->known,
			    known_key(KNOWN_HOST, known_sum(&look.host), s->parts.domain),
			    seen_host_look, &look);
		}
}

/* Hosts that most customers have, whether known yet or not; long enough to be mistyped and
 * recognized. */
static const struct str services[] = { STR_INIT("autodiscover"), STR_INIT("exchange"),
	STR_INIT("extranet"), STR_INIT("intranet"), STR_INIT("outlook"), STR_INIT("sharepoint"),
	STR_INIT("webmail") };

void
alike_look_for_host(struct alike_search *s)
{
	struct str host = s->parts.host;
	struct letters letters;

	if (host.len < HOST_LEAST - 1 || host.len >= LETTERS_MAX ||
	    host_word_is_usual(str_bytes(host.p, str_find(host, STR(".")))))
		return;
	letters_of(host, &letters);
	known_names_near(s->known, KNOWN_HOST, &letters, s->parts.domain, seen_host, s);
	look_at_host_pairs(s, &letters);
	for (size_t i = 0; i < COUNT_OF(services); i++)
		compare_host(s, services[i]);
}
