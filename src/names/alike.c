/* SPDX-License-Identifier: Apache-2.0 */
#include "names/alike.h"

#include <stdio.h>

#include "names/host_words.h"
#include "names/parts.h"

#define DOMAIN_LEAST 3 /* letters: of shorter ones everything is one slip away */
#define DOMAIN_SURE  5 /* in a shorter one any other letter makes somebody else's */
#define HOST_LEAST   3

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
	struct str front;  /* what the piece was cut off; "" = nothing */
	struct str ending; /* which the domain must have */
	enum name_mistake mistake;
	const char *words;
};

/* ---- what is found ---- */

bool
name_alike_is_better(const struct name_alike *a, const struct name_alike *b)
{
	if (a->mistake == MISTAKE_NONE || b->mistake == MISTAKE_NONE)
		return a->mistake != MISTAKE_NONE;
	return a->mistake < b->mistake || (a->mistake == b->mistake && a->away < b->away);
}

/* A site that is known comes before a name that would be new below a known domain. */
static size_t
away_from(const struct search *s, struct str ending, const char *meant)
{
	return 2 * str_distance(s->parts.ending, ending) + !known_names_has(s->known, meant);
}

static void
offer(struct search *s, enum name_mistake mistake, struct str host, struct str domain,
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

static bool
is_digit(uint32_t letter)
{
	return letter >= '0' && letter <= '9';
}

static size_t
without_number(const struct letters *letters)
{
	size_t count = letters->count;

	while (count > 0 && is_digit(letters->at[count - 1]))
		count--;
	return count;
}

/* mail and mail2; firma1 and firma2. */
static bool
differ_in_number(const struct letters *a, const struct letters *b)
{
	size_t count = without_number(a);

	return count == without_number(b) && memcmp(a->at, b->at, count * sizeof(a->at[0])) == 0;
}

static bool
is_slip_of_domain(
    enum name_mistake mistake, const struct letters *typed, const struct letters *known)
{
	size_t fewer = typed->count < known->count ? typed->count : known->count;

	if (mistake == MISTAKE_LOOK)
		return true;
	/* a number that is other, not one that is there or not: that is what impostors take */
	if (fewer < DOMAIN_LEAST ||
	    (typed->count == known->count && differ_in_number(typed, known)))
		return false;
	return fewer >= DOMAIN_SURE || (mistake != MISTAKE_OTHER && mistake != MISTAKE_MORE);
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
	if (is_slip_of_domain(mistake, &s->plain, &known))
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
offer_piece(const struct piece *piece, const struct known_name *seen, const char *words)
{
	struct letters plain, known;

	letters_of(seen->label, &plain);
	letters_skeleton(&plain, &known);
	if (letters_eq(&known, &piece->skeleton))
		offer(piece->search, piece->mistake, piece->host, seen->domain, words);
}

static void
seen_piece(void *to, const struct known_name *seen)
{
	const struct piece *piece = to;

	if (str_eq(seen->ending, piece->ending) &&
	    (piece->front.len == 0 || is_host_of(piece->search, piece->front, seen->domain)))
		offer_piece(piece, seen, piece->words);
}

static void
look_at_piece(struct piece *piece)
{
	uint64_t key = known_key(KNOWN_DOMAIN, known_sum(&piece->skeleton), piece->ending);

	if (piece->skeleton.count >= DOMAIN_LEAST)
		known_names_under(piece->search->known, key, seen_piece, piece);
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
pair_words(size_t pair, char words[static MISTAKE_WORDS])
{
	snprintf(words, MISTAKE_WORDS, "\"%s\" and \"%c\" look alike", pairs[pair].two.p,
	    pairs[pair].one);
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
			pair_words(pair, words);
			look_at_piece(&piece);
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
	struct piece *piece = to;
	char words[MISTAKE_WORDS];

	/* cut out of the host: then what is behind it must be an ending */
	if (piece->front.len > 0 && !is_ending_of_two(piece->front, seen->ending))
		return;
	snprintf(words, sizeof(words), "it ends in \".%.60s\", not in \".%.60s\"",
	    piece->front.len > 0 ? piece->front.p : piece->search->parts.ending.p, seen->ending.p);
	offer_piece(piece, seen, words);
}

static void
look_under(struct search *s, struct str host, struct str label, struct str front)
{
	struct piece piece = {
		.search = s, .host = host, .front = front, .mistake = MISTAKE_ENDING
	};

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
	struct str host = s->parts.host, label = last_label(&host);

	look_under(s, s->parts.host, s->parts.label, STR(""));
	if (label.len > 0)
		look_under(s, host, label, s->parts.domain);
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
	const struct piece *piece = to;

	if (is_glued(seen->ending, piece->front))
		offer_piece(piece, seen, piece->words);
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

static void
compare_host(struct search *s, struct str host)
{
	char words[MISTAKE_WORDS];
	struct letters typed, known;
	enum name_mistake mistake;

	letters_of(s->parts.host, &typed);
	letters_of(host, &known);
	mistake = mistake_between(&typed, &known, words);
	if (known.count >= HOST_LEAST && !differ_in_number(&typed, &known))
		offer(s, mistake, host, s->parts.domain, words);
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
	struct search *s = to;

	if (str_eq(seen->domain, s->parts.domain))
		compare_host(s, host_of(seen));
}

/* A host as it would be with one letter instead of two that look like it. */
struct host_look {
	struct search *search;
	struct letters host;
	const char *words;
};

static void
seen_host_look(void *to, const struct known_name *seen)
{
	const struct host_look *look = to;
	struct search *s = look->search;
	struct str host = host_of(seen);
	struct letters letters;

	letters_of(host, &letters);
	if (str_eq(seen->domain, s->parts.domain) && letters_eq(&letters, &look->host))
		offer(s, MISTAKE_LOOK, host, s->parts.domain, look->words);
}

static void
look_at_host_pairs(struct search *s, const struct letters *typed)
{
	char words[MISTAKE_WORDS];
	struct host_look look = { .search = s, .words = words };

	for (size_t at = 0; at < typed->count; at++)
		for (size_t pair = 0; pair < COUNT_OF(pairs); pair++) {
			if (!put_pair(typed, at, pair, &look.host))
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
	look_at_host_pairs(s, &letters);
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
