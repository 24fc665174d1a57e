/* SPDX-License-Identifier: Apache-2.0 */
#include "names/alike.h"

#include <stdio.h>

#include "names/host_words.h"
#include "names/parts.h"

#define DOMAIN_LEAST 3 /* letters: of shorter ones everything is one slip away */
#define HOST_LEAST   3
#define HOST_SURE    5 /* in a shorter host any other letter makes another host */

struct search {
	const struct known_names *known;
	struct str typed;
	struct name_parts parts;
	struct letters plain, skeleton; /* of the domain's label */
	struct name_alike *best;
};

/* A piece of what was typed that may be the label of a known domain. */
struct piece {
	struct search *search;
	struct letters skeleton;
	struct str host;   /* what stands in front of the domain then */
	struct str front;  /* what the piece was cut off, and must be a host; "" = nothing */
	struct str ending; /* which the domain must have; "" = any */
	enum name_mistake mistake;
	const char *words;
};

/* ---- what is found ---- */

static void
offer(struct search *s, enum name_mistake mistake, struct str host, struct str domain,
    const char *words)
{
	struct host_name meant;
	int len = snprintf(meant.text, sizeof(meant.text), "%.*s%s%.*s", STR_ARG(host),
	    host.len > 0 ? "." : "", STR_ARG(domain));

	if (mistake == MISTAKE_NONE || (size_t)len >= sizeof(meant.text) ||
	    str_eq(str_of(meant.text), s->typed) ||
	    (s->best->mistake != MISTAKE_NONE && s->best->mistake <= mistake))
		return;
	s->best->mistake = mistake;
	s->best->meant = meant;
	snprintf(s->best->words, sizeof(s->best->words), "%s", words);
}

static bool
is_digit(uint32_t letter)
{
	return letter >= '0' && letter <= '9';
}

static struct letters
without_digits(const struct letters *letters)
{
	struct letters rest = { 0 };

	for (size_t i = 0; i < letters->count; i++)
		if (!is_digit(letters->at[i]))
			rest.at[rest.count++] = letters->at[i];
	return rest;
}

static bool
differ_in_number(const struct letters *a, const struct letters *b)
{
	struct letters rest_a = without_digits(a), rest_b = without_digits(b);

	return letters_eq(&rest_a, &rest_b);
}

/* ---- the domain, one slip away ---- */

static void
seen_domain(void *to, const struct known_name *seen)
{
	struct search *s = to;
	char words[MISTAKE_WORDS];
	enum name_mistake mistake;
	struct letters known;

	letters_of(seen->label, &known);
	if (!str_eq(seen->ending, s->parts.ending))
		return;
	mistake = mistake_between(&s->plain, &known, words);
	if (mistake != MISTAKE_LOOK &&
	    (known.count < DOMAIN_LEAST || s->plain.count < DOMAIN_LEAST))
		return;
	/* firma1.de is not firma2.de */
	if (mistake != MISTAKE_LOOK && s->plain.count == known.count &&
	    differ_in_number(&s->plain, &known))
		return;
	offer(s, mistake, s->parts.host, seen->domain, words);
}

static void
look_at_slips(struct search *s)
{
	uint64_t key = known_key(KNOWN_DOMAIN, known_sum(&s->skeleton), s->parts.ending);

	known_names_under(s->known, key, seen_domain, s);
	known_names_near(s->known, KNOWN_DOMAIN, &s->skeleton, s->parts.ending, seen_domain, s);
}

/* ---- the domain, in pieces ---- */

static bool
is_host_of(const struct search *s, struct str front, struct str domain)
{
	struct host_name name;

	if (host_word_is_usual(front))
		return true;
	return (size_t)snprintf(name.text, sizeof(name.text), "%.*s.%.*s", STR_ARG(front),
		   STR_ARG(domain)) < sizeof(name.text) &&
	       known_names_has(s->known, name.text);
}

static void
seen_piece(void *to, const struct known_name *seen)
{
	const struct piece *piece = to;
	struct letters plain, known;

	letters_of(seen->label, &plain);
	letters_skeleton(&plain, &known);
	if (!letters_eq(&known, &piece->skeleton) ||
	    (piece->ending.len > 0 && !str_eq(seen->ending, piece->ending)) ||
	    (piece->front.len > 0 && !is_host_of(piece->search, piece->front, seen->domain)))
		return;
	offer(piece->search, piece->mistake, piece->host, seen->domain, piece->words);
}

static void
look_at_piece(struct piece *piece)
{
	const struct known_names *known = piece->search->known;
	uint64_t sum = known_sum(&piece->skeleton);

	if (piece->skeleton.count < DOMAIN_LEAST)
		return;
	if (piece->ending.len > 0)
		known_names_under(
		    known, known_key(KNOWN_DOMAIN, sum, piece->ending), seen_piece, piece);
	else
		known_names_under(known, known_key(KNOWN_LABEL, sum, STR("")), seen_piece, piece);
}

static void
set_label(struct piece *piece, struct str label)
{
	struct letters plain;

	letters_of(label, &plain);
	letters_skeleton(&plain, &piece->skeleton);
}

/* Two letters that together look like another one; either may have been meant. */
static const struct {
	struct str two;
	char one;
} pairs[] = { { STR_INIT("rn"), 'm' }, { STR_INIT("cl"), 'd' }, { STR_INIT("vv"), 'w' },
	{ STR_INIT("lc"), 'k' } };

static bool
pair_at(const struct letters *letters, size_t at, size_t pair)
{
	return at + 1 < letters->count && letters->at[at] == (uint32_t)pairs[pair].two.p[0] &&
	       letters->at[at + 1] == (uint32_t)pairs[pair].two.p[1];
}

/* With the pair at `at` instead of the one letter, or the other way round; false: neither is there. */
static bool
put_pair(const struct letters *from, size_t at, size_t pair, struct letters *to)
{
	if (pair_at(from, at, pair)) {
		*to = letters_drop(from, at);
		to->at[at] = (uint32_t)pairs[pair].one;
		return true;
	}
	if (from->at[at] != (uint32_t)pairs[pair].one || from->count >= LETTERS_MAX)
		return false;
	*to = *from;
	copy_bytes(to->at + at + 1, from->at + at, (from->count - at) * sizeof(to->at[0]));
	to->at[at] = (uint32_t)pairs[pair].two.p[0];
	to->at[at + 1] = (uint32_t)pairs[pair].two.p[1];
	to->count++;
	return true;
}

static void
look_at_pairs(struct search *s)
{
	char words[MISTAKE_WORDS];
	struct piece piece = { .search = s,
		.host = s->parts.host,
		.ending = s->parts.ending,
		.mistake = MISTAKE_LOOK,
		.words = words };

	for (size_t at = 0; at < s->skeleton.count; at++)
		for (size_t pair = 0; pair < COUNT_OF(pairs); pair++) {
			if (!put_pair(&s->skeleton, at, pair, &piece.skeleton))
				continue;
			snprintf(words, sizeof(words), "\"%s\" and \"%c\" look alike",
			    pairs[pair].two.p, pairs[pair].one);
			look_at_piece(&piece);
		}
}

static void
seen_ending(void *to, const struct known_name *seen)
{
	struct piece *piece = to;
	char words[MISTAKE_WORDS];

	snprintf(words, sizeof(words), "it ends in \".%.60s\", not in \".%.60s\"",
	    piece->search->parts.ending.p, seen->ending.p);
	piece->words = words;
	seen_piece(piece, seen);
}

static void
look_under(struct search *s, struct str host, struct str label)
{
	struct piece piece = { .search = s, .host = host, .mistake = MISTAKE_ENDING };

	set_label(&piece, label);
	if (piece.skeleton.count >= DOMAIN_LEAST)
		known_names_under(s->known,
		    known_key(KNOWN_LABEL, known_sum(&piece.skeleton), STR("")), seen_ending,
		    &piece);
}

/* Cuts the last label off: "mail.berlin" gives "berlin", and "mail" stays. */
static struct str
last_label(struct str *host)
{
	size_t at = host->len;
	struct str label;

	while (at > 0 && host->p[at - 1] != '.')
		at--;
	label = str_drop(*host, at);
	host->len = at > 0 ? at - 1 : 0;
	return label;
}

/* contoso.con; and contoso.co.ku, which the list takes for the domain co.ku. */
static void
look_at_endings(struct search *s)
{
	static const struct str second[] = { STR_INIT("co"), STR_INIT("com"), STR_INIT("ac"),
		STR_INIT("or"), STR_INIT("org"), STR_INIT("net"), STR_INIT("gv") };
	struct str host = s->parts.host, label;

	look_under(s, host, s->parts.label);
	for (size_t i = 0; host.len > 0 && i < COUNT_OF(second); i++)
		if (str_eq(s->parts.label, second[i])) {
			label = last_label(&host);
			look_under(s, host, label);
			return;
		}
}

/* pay.pal.com */
static void
look_at_dots(struct search *s)
{
	char joined[LETTERS_MAX], words[MISTAKE_WORDS];
	struct piece piece = { .search = s,
		.host = s->parts.host,
		.ending = s->parts.ending,
		.mistake = MISTAKE_DOT_MORE,
		.words = words };
	struct str front = last_label(&piece.host);

	if (front.len == 0 || front.len + s->parts.label.len >= sizeof(joined))
		return;
	snprintf(joined, sizeof(joined), "%.*s%.*s", STR_ARG(front), STR_ARG(s->parts.label));
	snprintf(words, sizeof(words), "there is a dot too many, in \"%.*s.%.*s\"", STR_ARG(front),
	    STR_ARG(s->parts.label));
	set_label(&piece, str_of(joined));
	look_at_piece(&piece);
}

/* "co.uk" was glued on as "couk". */
static bool
is_glued(struct str ending, struct str glued)
{
	size_t at = 0;

	for (size_t i = 0; i < ending.len; i++) {
		if (ending.p[i] == '.')
			continue;
		if (at >= glued.len || glued.p[at++] != ending.p[i])
			return false;
	}
	return at == glued.len;
}

static void
seen_glued(void *to, const struct known_name *seen)
{
	struct piece *piece = to;

	if (is_glued(seen->ending, piece->front)) {
		const struct str glued = piece->front;

		piece->front = STR("");
		seen_piece(piece, seen);
		piece->front = glued;
	}
}

/* contosocom.de, contoso-com.de, owa.contosocom */
static void
look_for_ending_in(struct search *s, struct str host, struct str label)
{
	char words[MISTAKE_WORDS];
	struct piece piece = { .search = s, .host = host, .mistake = MISTAKE_DOT, .words = words };

	for (size_t at = DOMAIN_LEAST; at + 2 <= label.len; at++) {
		piece.front = str_drop(label, at);
		set_label(&piece, str_bytes(label.p, at));
		snprintf(
		    words, sizeof(words), "\"%.*s\" belongs behind a dot", STR_ARG(piece.front));
		if (piece.skeleton.count >= DOMAIN_LEAST)
			known_names_under(s->known,
			    known_key(KNOWN_LABEL, known_sum(&piece.skeleton), STR("")), seen_glued,
			    &piece);
	}
}

/* owacontoso.com: the dot is missing. owa-contoso.com: it may be, or is somebody else's. */
static void
look_behind(struct search *s, struct str front, struct str rest)
{
	char host[sizeof(((struct host_name *)0)->text)], words[MISTAKE_WORDS];
	bool hyphen = front.p[front.len - 1] == '-';
	struct piece piece = { .search = s,
		.ending = s->parts.ending,
		.mistake = hyphen ? MISTAKE_WORD : MISTAKE_DOT,
		.words = words };

	front.len -= hyphen;
	snprintf(words, sizeof(words),
	    hyphen ? "\"%.*s\" stands in front of it" : "a dot is missing behind \"%.*s\"",
	    STR_ARG(front));
	snprintf(host, sizeof(host), "%.*s%s%.*s", STR_ARG(s->parts.host),
	    s->parts.host.len > 0 ? "." : "", STR_ARG(front));
	piece.front = front;
	piece.host = str_of(host);
	set_label(&piece, rest);
	if (front.len > 0 && rest.p[0] != '-')
		look_at_piece(&piece);
}

/* contoso-login.com, contosologin.com */
static void
look_in_front(struct search *s, struct str front, struct str rest)
{
	char words[MISTAKE_WORDS];
	struct piece piece = { .search = s,
		.host = s->parts.host,
		.ending = s->parts.ending,
		.mistake = MISTAKE_WORD,
		.words = words };

	if (!host_word_is_usual(rest.p[0] == '-' ? str_drop(rest, 1) : rest))
		return;
	snprintf(words, sizeof(words), "\"%.*s\" stands behind it", STR_ARG(rest));
	set_label(&piece, front);
	look_at_piece(&piece);
}

static void
look_for_words(struct search *s)
{
	struct str label = s->parts.label;

	for (size_t at = 1; at < label.len && !str_starts(label, STR("xn--")); at++) {
		look_behind(s, str_bytes(label.p, at), str_drop(label, at));
		look_in_front(s, str_bytes(label.p, at), str_drop(label, at));
	}
	look_for_ending_in(s, s->parts.host, label);
	/* without a dot in the ending it may be no ending at all */
	if (str_find(s->parts.ending, STR(".")) == s->parts.ending.len)
		look_for_ending_in(s, str_bytes(s->typed.p, s->typed.len - s->parts.ending.len - 1),
		    s->parts.ending);
}

static void
look_for_domain(struct search *s)
{
	letters_of(s->parts.label, &s->plain);
	letters_skeleton(&s->plain, &s->skeleton);
	look_at_slips(s);
	look_at_pairs(s);
	look_at_endings(s);
	look_at_dots(s);
	look_for_words(s);
}

/* ---- the host, under a domain that is right ---- */

static bool
is_slip_of_host(enum name_mistake mistake, const struct letters *typed, const struct letters *known)
{
	if (known->count < HOST_LEAST || differ_in_number(typed, known))
		return false;
	return known->count >= HOST_SURE || (mistake != MISTAKE_OTHER && mistake != MISTAKE_MORE);
}

static void
compare_host(struct search *s, struct str host)
{
	char words[MISTAKE_WORDS];
	struct letters typed, known;
	enum name_mistake mistake;

	letters_of(s->parts.host, &typed);
	letters_of(host, &known);
	mistake = mistake_between(&typed, &known, words);
	if (is_slip_of_host(mistake, &typed, &known))
		offer(s, mistake, host, s->parts.domain, words);
}

static void
seen_host(void *to, const struct known_name *seen)
{
	struct search *s = to;

	if (str_eq(seen->domain, s->parts.domain) && seen->whole.len > seen->domain.len)
		compare_host(s, str_bytes(seen->whole.p, seen->whole.len - seen->domain.len - 1));
}

/* Hosts that most customers have, whether known yet or not; long enough to be mistyped and
 * recognized. */
static const struct str services[] = { STR_INIT("autodiscover"), STR_INIT("exchange"),
	STR_INIT("extranet"), STR_INIT("intranet"), STR_INIT("outlook"), STR_INIT("sharepoint"),
	STR_INIT("webmail") };

static void
look_for_host(struct search *s)
{
	struct str host = s->parts.host;
	struct letters letters;

	if (host.len < HOST_LEAST - 1 || host.len >= LETTERS_MAX ||
	    host_word_is_usual(str_bytes(host.p, str_find(host, STR(".")))))
		return;
	letters_of(host, &letters);
	known_names_near(s->known, KNOWN_HOST, &letters, s->parts.domain, seen_host, s);
	for (size_t i = 0; i < COUNT_OF(services); i++)
		compare_host(s, services[i]);
}

/* ---- the name as a whole ---- */

static void
offer_whole(struct search *s, enum name_mistake mistake, struct str name, const char *words)
{
	offer(s, mistake, STR(""), name, words);
}

/* contoso.com.com; whose last part may stand at both places only if a known domain remains. */
static void
look_for_twice(struct search *s)
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
look_for_www(struct search *s)
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
look_inside(struct search *s)
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
	struct search s = {
		.known = known, .typed = str_of(typed), .parts = name_parts_of(typed), .best = ret
	};

	*ret = (struct name_alike){ 0 };
	if (known_names_has(known, typed))
		return;
	look_for_twice(&s);
	look_for_www(&s);
	if (right || known_names_has_domain(known, s.parts.domain))
		look_for_host(&s);
	else
		look_for_domain(&s);
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
