/* SPDX-License-Identifier: Apache-2.0 */
#include "names/alike_internal.h"

#include <stdio.h>

#include "names/pairs.h"

#define DOMAIN_SURE 5 /* in a shorter one any other letter makes somebody else's */

static bool
is_slip_of_domain(
    enum name_mistake mistake, const struct letters *typed, const struct letters *known)
{
	size_t fewer = typed->count < known->count ? typed->count : known->count;

	if (mistake == MISTAKE_LOOK)
		return true;
	/* a number that is other, not one that is there or not: that is what impostors take */
	if (fewer < DOMAIN_LEAST ||
	    (typed->count == known->count && letters_differ_in_number(typed, known)))
		return false;
	return fewer >= DOMAIN_SURE || (mistake != MISTAKE_OTHER && mistake != MISTAKE_MORE);
}

static void
seen_domain(void *to, const struct known_name *seen)
{
	struct alike_search *s = to;
	char words[MISTAKE_WORDS];
	enum name_mistake mistake;
	struct letters known;

	letters_of(seen->label, &known);
	if (!str_eq(seen->ending, s->parts.ending))
		return;
	mistake = mistake_between(&s->plain, &known, words);
	if (is_slip_of_domain(mistake, &s->plain, &known))
		alike_offer(s, mistake, s->parts.host, seen->domain, words);
}

static void
look_at_slips(struct alike_search *s)
{
	uint64_t key = known_key(KNOWN_DOMAIN, known_sum(&s->skeleton), s->parts.ending);

	known_names_under(s->known, key, seen_domain, s);
	known_names_near(s->known, KNOWN_DOMAIN, &s->skeleton, s->parts.ending, seen_domain, s);
}

static void
look_at_pairs(struct alike_search *s)
{
	char words[MISTAKE_WORDS];
	struct alike_piece piece = { .search = s,
		.host = s->parts.host,
		.ending = s->parts.ending,
		.mistake = MISTAKE_LOOK,
		.words = words };

	for (size_t at = 0; at < s->skeleton.count; at++)
		for (size_t pair = 0; pair < PAIRS; pair++) {
			if (!pair_put(&s->skeleton, at, pair, &piece.skeleton))
				continue;
			pair_words(pair, words);
			alike_piece_look(&piece);
		}
}

/* "co.uk" as it is typed when its dot is in the middle of the label: co.ku, c.uk, co.com. */
static bool
is_ending_of_two(struct str typed, struct str known)
{
	static const struct str second[] = { STR_INIT("co."), STR_INIT("com."), STR_INIT("ac."),
		STR_INIT("or."), STR_INIT("org."), STR_INIT("net."), STR_INIT("gv.") };

	for (size_t i = 0; i < COUNT_OF(second); i++)
		if (str_starts(typed, second[i]))
			return true;
	return str_distance(typed, known) <= 1;
}

static void
seen_ending(void *to, const struct known_name *seen)
{
	struct alike_piece *piece = to;
	char words[MISTAKE_WORDS];

	/* cut out of the host: then what is behind it must be an ending */
	if (piece->front.len > 0 && !is_ending_of_two(piece->front, seen->ending))
		return;
	snprintf(words, sizeof(words), "it ends in \".%.60s\", not in \".%.60s\"",
	    piece->front.len > 0 ? piece->front.p : piece->search->parts.ending.p, seen->ending.p);
	alike_piece_offer(piece, seen, words);
}

static void
look_under(struct alike_search *s, struct str host, struct str label, struct str front)
{
	struct alike_piece piece = {
		.search = s, .host = host, .front = front, .mistake = MISTAKE_ENDING
	};

	alike_piece_set(&piece, label);
	if (piece.skeleton.count >= DOMAIN_LEAST)
		known_names_under(s->known,
		    known_key(KNOWN_LABEL, known_sum(&piece.skeleton), STR("")), seen_ending,
		    &piece);
}

/* contoso.con; and contoso.co.ku, which the list takes for the domain co.ku. */
static void
look_at_endings(struct alike_search *s)
{
	struct str host = s->parts.host, label = alike_last_label(&host);

	look_under(s, s->parts.host, s->parts.label, STR(""));
	if (label.len > 0)
		look_under(s, host, label, s->parts.domain);
}

void
alike_look_for_domain(struct alike_search *s)
{
	letters_of(s->parts.label, &s->plain);
	letters_skeleton(&s->plain, &s->skeleton);
	look_at_slips(s);
	look_at_pairs(s);
	look_at_endings(s);
	alike_look_at_dots(s);
	alike_look_for_words(s);
}
