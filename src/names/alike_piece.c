/* SPDX-License-Identifier: Apache-2.0 */
#include "names/alike_internal.h"

#include <stdio.h>

#include "names/host_words.h"

void
alike_piece_set(struct alike_piece *piece, struct str label)
{
	struct letters plain;

	letters_of(label, &plain);
	letters_skeleton(&plain, &piece->skeleton);
}

static bool
is_host_of(const struct alike_search *s, struct str front, struct str domain)
{
	struct host_name name;

	if (host_word_is_usual(front))
		return true;
	return (size_t)snprintf(name.text, sizeof(name.text), "%.*s.%.*s", STR_ARG(front),
		   STR_ARG(domain)) < sizeof(name.text) &&
	       known_names_has(s->known, name.text);
}

void
alike_piece_offer(const struct alike_piece *piece, const struct known_name *seen, const char *words)
{
	struct letters plain, known;

	letters_of(seen->label, &plain);
	letters_skeleton(&plain, &known);
	if (letters_eq(&known, &piece->skeleton))
		alike_offer(piece->search, piece->mistake, piece->host, seen->domain, words);
}

static void
seen_piece(void *to, const struct known_name *seen)
{
	const struct alike_piece *piece = to;

	if (str_eq(seen->ending, piece->ending) &&
	    (piece->front.len == 0 || is_host_of(piece->search, piece->front, seen->domain)))
		alike_piece_offer(piece, seen, piece->words);
}

void
alike_piece_look(struct alike_piece *piece)
{
	uint64_t key = known_key(KNOWN_DOMAIN, known_sum(&piece->skeleton), piece->ending);

	if (piece->skeleton.count >= DOMAIN_LEAST)
		known_names_under(piece->search->known, key, seen_piece, piece);
}

struct str
alike_last_label(struct str *host)
{
	size_t at = host->len;
	struct str label;

	while (at > 0 && host->p[at - 1] != '.')
		at--;
	label = str_drop(*host, at);
	host->len = at > 0 ? at - 1 : 0;
	return label;
}

void
alike_look_at_dots(struct alike_search *s)
{
	char joined[LETTERS_MAX], words[MISTAKE_WORDS];
	struct alike_piece piece = { .search = s,
		.host = s->parts.host,
		.ending = s->parts.ending,
		.mistake = MISTAKE_DOT_MORE,
		.words = words };
	struct str front = alike_last_label(&piece.host);

	if (front.len == 0 || front.len + s->parts.label.len >= sizeof(joined))
		return;
	snprintf(joined, sizeof(joined), "%.*s%.*s", STR_ARG(front), STR_ARG(s->parts.label));
	snprintf(words, sizeof(words), "there is a dot too many, in \"%.*s.%.*s\"", STR_ARG(front),
	    STR_ARG(s->parts.label));
	alike_piece_set(&piece, str_of(joined));
	alike_piece_look(&piece);
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
	const struct alike_piece *piece = to;

	if (is_glued(seen->ending, piece->front))
		alike_piece_offer(piece, seen, piece->words);
}

/* contosocom.de, contoso-com.de, owa.contosocom */
static void
look_for_ending_in(struct alike_search *s, struct str host, struct str label)
{
	char words[MISTAKE_WORDS];
	struct alike_piece piece = {
		.search = s, .host = host, .mistake = MISTAKE_DOT, .words = words
	};

	for (size_t at = DOMAIN_LEAST; at + 2 <= label.len; at++) {
		piece.front = str_drop(label, at);
		alike_piece_set(&piece, str_bytes(label.p, at));
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
look_behind(struct alike_search *s, struct str front, struct str rest)
{
	char host[sizeof(((struct host_name *)0)->text)], words[MISTAKE_WORDS];
	bool hyphen = front.p[front.len - 1] == '-';
	struct alike_piece piece = { .search = s,
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
	alike_piece_set(&piece, rest);
	if (front.len > 0 && rest.p[0] != '-')
		alike_piece_look(&piece);
}

/* contoso-login.com, contosologin.com */
static void
look_in_front(struct alike_search *s, struct str front, struct str rest)
{
	char words[MISTAKE_WORDS];
	struct alike_piece piece = { .search = s,
		.host = s->parts.host,
		.ending = s->parts.ending,
		.mistake = MISTAKE_WORD,
		.words = words };

	if (!host_word_is_usual(rest.p[0] == '-' ? str_drop(rest, 1) : rest))
		return;
	snprintf(words, sizeof(words), "\"%.*s\" stands behind it", STR_ARG(rest));
	alike_piece_set(&piece, front);
	alike_piece_look(&piece);
}

void
alike_look_for_words(struct alike_search *s)
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
