/* SPDX-License-Identifier: Apache-2.0 */
#include "names/alike_internal.h"

#include <stdio.h>

bool
name_alike_is_better(const struct name_alike *a, const struct name_alike *b)
{
	if (a->mistake == MISTAKE_NONE || b->mistake == MISTAKE_NONE)
		return a->mistake != MISTAKE_NONE;
	return a->mistake < b->mistake || (a->mistake == b->mistake && a->away < b->away);
}

/* A site that is known comes before a name that would be new below a known domain. */
static size_t
away_from(const struct alike_search *s, struct str ending, const char *meant)
{
	return 2 * str_distance(s->parts.ending, ending) + !known_names_has(s->known, meant);
}

void
alike_offer(struct alike_search *s, enum name_mistake mistake, struct str host, struct str domain,
    const char *words)
{
	struct name_alike found = { .mistake = mistake };
	int len = snprintf(found.meant.text, sizeof(found.meant.text), "%.*s%s%.*s", STR_ARG(host),
	    host.len > 0 ? "." : "", STR_ARG(domain));

	if (mistake == MISTAKE_NONE || (size_t)len >= sizeof(found.meant.text) ||
	    str_eq(str_of(found.meant.text), s->typed))
		return;
	found.away =
	    away_from(s, str_drop(domain, str_find(domain, STR(".")) + 1), found.meant.text);
	snprintf(found.words, sizeof(found.words), "%s", words);
	if (name_alike_is_better(&found, s->best))
		*s->best = found;
}

/* ---- the name as a whole ---- */

static void
offer_whole(struct alike_search *s, enum name_mistake mistake, struct str name, const char *words)
{
	alike_offer(s, mistake, STR(""), name, words);
}

/* contoso.com.com; whose last part may stand at both places only if a known domain remains. */
static void
look_for_twice(struct alike_search *s)
{
	char words[MISTAKE_WORDS];

	for (size_t len = 1; len < s->typed.len / 2; len++) {
		struct str tail = str_drop(s->typed, s->typed.len - len);
		struct host_name once = { "" };

		if (tail.p[-1] != '.' || !str_copy(str_bytes(s->typed.p, s->typed.len - len - 1),
					     once.text, sizeof(once.text)))
			continue;
		if (!str_ends(str_of(once.text), tail) ||
		    !known_names_has_domain(s->known, name_parts_of(once.text).domain))
			continue;
		snprintf(words, sizeof(words), "\"%.*s\" is there twice", STR_ARG(tail));
		offer_whole(s, MISTAKE_TWICE, str_of(once.text), words);
	}
}

static void
look_for_www(struct alike_search *s)
{
	const struct str www = STR("www.");

	/* of a bare domain it is the usual name */
	if (s->parts.host.len > www.len && str_starts(s->typed, www) &&
	    known_names_has(s->known, s->typed.p + www.len))
		offer_whole(
		    s, MISTAKE_WWW, str_drop(s->typed, www.len), "\"www.\" stands in front of it");
}

/* owa.contoso.com.somewhere.de */
static void
look_inside(struct alike_search *s)
{
	char words[MISTAKE_WORDS];
	struct host_name front;

	for (size_t at = 1; at < s->typed.len; at++) {
		struct name_parts parts;

		if (s->typed.p[at] != '.' ||
		    !str_copy(str_bytes(s->typed.p, at), front.text, sizeof(front.text)))
			continue;
		parts = name_parts_of(front.text);
		if (parts.ending.len == 0 || !known_names_has_domain(s->known, parts.domain))
			continue;
		snprintf(words, sizeof(words), "it goes on behind \"%.60s\"", parts.domain.p);
		offer_whole(s, MISTAKE_NOT_AT_END, str_of(front.text), words);
	}
}

void
name_alike_find(
    const struct known_names *known, const char *typed, bool right, struct name_alike *ret)
{
	struct alike_search s = {
		.known = known, .typed = str_of(typed), .parts = name_parts_of(typed), .best = ret
	};

	*ret = (struct name_alike){ 0 };
	if (known_names_has(known, typed))
		return;
	look_for_twice(&s);
	look_for_www(&s);
	if (right || known_names_has_domain(known, s.parts.domain))
		alike_look_for_host(&s);
	else
		alike_look_for_domain(&s);
	if (!right)
		look_inside(&s);
}

bool
name_is_doubled(const char *typed, struct name_alike *ret)
{
	struct name_parts parts = name_parts_of(typed);

	*ret = (struct name_alike){ 0 };
	if (!str_ends(parts.host, parts.domain) ||
	    (parts.host.len > parts.domain.len &&
		parts.host.p[parts.host.len - parts.domain.len - 1] != '.') ||
	    !str_copy(parts.host, ret->meant.text, sizeof(ret->meant.text)))
		return false;
	ret->mistake = MISTAKE_TWICE;
	snprintf(ret->words, sizeof(ret->words), "\"%.*s\" is there twice", STR_ARG(parts.domain));
	return true;
}
